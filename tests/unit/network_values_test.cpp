// SPDX-License-Identifier: Apache-2.0
// Values in parts, positions, ranges and lists in a network's config: what they give, and refusals with their places.
#include <gtest/gtest.h>

#include <algorithm>
#include <crosspike/core/library.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <crosspike/tests/unit/own_data.hpp>
#include <limits>
#include <set>

namespace crosspike {
namespace {

using namespace test;

NetworkModel built(const std::string& lines) {
  static const Library library = builtin();
  return build_network(parse_config("format = 1\nmodel = \"network\"\n" + lines, "a.toml"), library);
}
std::string refusal(const std::string& lines) {
  return message_of([&] { built(lines); });
}
const Node& node(const NetworkModel& model, const char* name) {
  return model.network->node(model.network->require(name));
}
std::string population(const std::string& keys) { return "[populations]\na = { kind = \"lif\", " + keys + " }\n"; }

std::vector<double> parts(const std::string& written, int size) {
  return node(built(population("size = " + std::to_string(size) + ", tau_mem = { parts = " + written + " }")), "a")
      .param("tau_mem")
      .each;
}

const Connectivity& scaled(NetworkModel& model, const std::string& weight, const std::string& rule) {
  model = built(
      "[populations]\na = { kind = \"lif\", size = 2 }\n[projections]\np = { from = \"a\", to = \"a.input\", connect "
      "= " +
      rule + ", weight = " + weight + ", scale = 2.5, delay = 1 }\n");
  return *node(model, "p").connectivity;
}

TEST(Scale, MultipliesEveryWeightOfAProjection) {
  NetworkModel model;
  const std::string all = "{ rule = \"all_to_all\" }";
  EXPECT_EQ(scaled(model, "2", all).weight.a, 5);
  const Distribution normal = scaled(model, "{ normal = [2, 4], min = -2, max = 10 }", all).weight;
  EXPECT_EQ(std::vector({normal.a, normal.b, normal.low, normal.high}), (std::vector<double>{5, 10, -5, 25}));
  EXPECT_EQ(scaled(model, "{ normal = [2, 4], min = 0 }", all).weight.high, std::numeric_limits<double>::infinity());
  const Distribution pair = scaled(model, "{ resistive_pair = 2, mean = 12, deviation = 1, formed = 0.5 }", all).weight;
  EXPECT_EQ(std::vector({pair.a, pair.b, pair.c, pair.formed}), (std::vector<double>{5, 12, 1, 0.5}));
  EXPECT_EQ(scaled(model, "[1, 2, 3, 4]", all).weight.values, (std::vector<double>{2.5, 5, 7.5, 10}));
  const Connectivity& edges =
      *node(model = built(
                "[populations]\na = { kind = \"lif\", size = 2 }\n[projections]\np = { from = \"a\", to = "
                "\"a.input\", connect = { rule = \"edges\", sources = [0, 1], targets = [0, 1], weights = [1, 2], "
                "delays = [1, 1] }, scale = 2.5 }\n"),
            "p")
           .connectivity;
  EXPECT_EQ(edges.edges->weights, (std::vector<double>{2.5, 5}));
}

TEST(Scale, IsNotNegative) {
  EXPECT_EQ(refusal("[populations]\na = { kind = \"lif\", size = 2 }\n[projections]\np = { from = \"a\", to = "
                    "\"a.input\", connect "
                    "= { rule = \"all_to_all\" }, weight = 1, scale = -1 }\n"),
            "a.toml:6:90: projections.p.scale is -1; allowed is at least 0");
}

TEST(Parts, EachHasItsShareInOrder) {
  EXPECT_EQ(parts("[[0.8, 3], [0.2, 2]]", 10), (std::vector<double>{3, 3, 3, 3, 3, 3, 3, 3, 2, 2}));
  EXPECT_EQ(parts("[[0.25, \"1 ms\"], [0.5, 2], [0.25, \"0.003 s\"]]", 4), (std::vector<double>{1, 2, 2, 3}));
  EXPECT_EQ(parts("[[1, 7]]", 3), (std::vector<double>{7, 7, 7}));
  EXPECT_EQ(parts("[[0, 5], [1, 7]]", 2), (std::vector<double>{7, 7}));
}

// A fifth of a size that five does not divide is rounded down, as [liquid] does with its inhibitory neurons.
TEST(Parts, TheLastShareOfAnySizeIsAsManyAsAFifthOfALiquid) {
  for (int size = 1; size < 60; ++size) {
    const std::vector<double> all = parts("[[0.8, 3], [0.2, 2]]", size);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(size));
    EXPECT_EQ(std::count(all.begin(), all.end(), 2), size / 5) << size;
    EXPECT_TRUE(std::is_sorted(all.rbegin(), all.rend()));
  }
}

TEST(Parts, ThatAreNoneAreRefused) {
  const auto with = [](const std::string& written) {
    return refusal(population("size = 4, tau_mem = { parts = " + written + " }"));
  };
  const std::string example = "write pairs of share and value, e.g. { parts = [[0.8, 3], [0.2, 2]] }";
  EXPECT_EQ(with("3"), "a.toml:4:51: populations.a.tau_mem.parts is no list; " + example);
  EXPECT_EQ(with("[]"), "a.toml:4:51: populations.a.tau_mem.parts is no list; " + example);
  EXPECT_EQ(with("[3]"), "a.toml:4:52: populations.a.tau_mem.parts: " + example);
  EXPECT_EQ(with("[[1, 2, 3]]"), "a.toml:4:52: populations.a.tau_mem.parts: " + example);
  EXPECT_EQ(with("[[0.5, 2], [0.4, 3]]"),
            "a.toml:4:51: populations.a.tau_mem.parts: the shares add up to 0.9; 1 is expected");
  EXPECT_EQ(with("[[0.7, 2], [0.7, 3]]"),
            "a.toml:4:51: populations.a.tau_mem.parts: the shares add up to 1.4; 1 is expected");
  EXPECT_EQ(with("[[0.5, 1], [-0.1, 2], [0.6, 3]]"),
            "a.toml:4:63: populations.a.tau_mem.parts: a share is -0.1; 0 to 1 is allowed");
  EXPECT_EQ(with("[[nan, 2]]"), "a.toml:4:53: populations.a.tau_mem.parts: a share is nan; 0 to 1 is allowed");
  EXPECT_EQ(with("[[0.5, 2], [0.5, \"3 mV\"]]"),
            "a.toml:4:68: populations.a.tau_mem.parts: '3 mV' is a voltage, not a time; write e.g. \"20 ms\"");
  EXPECT_EQ(with("[[0.5, 2], [0.5, -3]]"), "a.toml:4:5: a: tau_mem[2] = -3 ms; allowed: 1e-06 ms to 1000000000 ms");
  EXPECT_EQ(with("[[1, 2]], min = 1"), "a.toml:4:61: populations.a.tau_mem has no key 'min'; it knows: parts");
}

TEST(Lists, OfNumbersThatAreNoneAreRefusedAtTheirPlace) {
  EXPECT_EQ(refusal(population("size = 2, tau_mem = [1, nan]")),
            "a.toml:4:45: populations.a.tau_mem: nan is not a finite number");
  EXPECT_EQ(refusal(population("size = 2, positions = [[0, 1], [inf, 2]]")),
            "a.toml:4:53: populations.a.positions: inf is not a finite number");
  EXPECT_EQ(refusal(population("size = 2") + "[projections.p]\nfrom = \"a\"\nto = \"a\"\nconnect = { rule = "
                                             "\"one_to_one\" }\nweight = [-inf, 1]\n"),
            "a.toml:9:11: projections.p.weight: -inf is not a finite number");
}

using Place = std::array<double, 3>;
std::vector<Place> places(const Positions& positions) {
  std::vector<Place> all;
  for (std::size_t i = 0; positions && i < positions->size(); i += 3)
    all.push_back({(*positions)[i], (*positions)[i + 1], (*positions)[i + 2]});
  return all;
}

TEST(PositionsOf, AGridNeedNotBeWritten) {
  EXPECT_EQ(node(built(population("shape = [2, 3]")), "a").positions, nullptr);
  EXPECT_EQ(node(built(population("shape = [2, 3], positions = \"grid\"")), "a").positions, nullptr);
}

TEST(PositionsOf, AShuffledGridIsTheGridInAnOrderThatFollowsSeedAndName) {
  const auto shuffled = [](const std::string& seed, const char* name) {
    return places(node(built(seed + "[populations]\n" + name +
                             " = { kind = \"lif\", shape = [3, 4, 5], positions = \"shuffled_grid\" }"),
                       name)
                      .positions);
  };
  const std::vector<Place> first = shuffled("", "a");
  std::vector<Place> grid, sorted = first;
  for (double z = 0; z < 3; ++z)
    for (double y = 0; y < 4; ++y)
      for (double x = 0; x < 5; ++x) grid.push_back({x, y, z});
  EXPECT_NE(first, grid);
  std::sort(grid.begin(), grid.end());
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, grid);
  EXPECT_EQ(shuffled("", "a"), first);
  EXPECT_NE(shuffled("seed = 2\n", "a"), first);
  EXPECT_NE(shuffled("", "b"), first);
}

class PositionFiles : public OwnFolder {};

TEST_F(PositionFiles, OneToThreeNumbersAnElementLieAlongXyz) {
  EXPECT_EQ(places(node(built(population("size = 2, positions = [4, 5]")), "a").positions),
            (std::vector<Place>{{4, 0, 0}, {5, 0, 0}}));
  EXPECT_EQ(places(node(built(population("size = 2, positions = [[1, 2], [3, 4.5]]")), "a").positions),
            (std::vector<Place>{{1, 2, 0}, {3, 4.5, 0}}));
  write_npy("p.npy", "(2, 3)", {1, 2, 3, 4, 5, -6});
  EXPECT_EQ(places(node(built(population("size = 2, positions = { file = \"p.npy\" }")), "a").positions),
            (std::vector<Place>{{1, 2, 3}, {4, 5, -6}}));
}

TEST_F(PositionFiles, ThatAreNoneAreRefused) {
  const auto with = [](const std::string& positions, const std::string& size = "size = 4") {
    return refusal(population(size + ", positions = " + positions));
  };
  EXPECT_EQ(with("\"gird\""),
            "a.toml:4:43: populations.a.positions is \"gird\"; allowed are grid, shuffled_grid; did you mean 'grid'?");
  EXPECT_EQ(with("3"), "a.toml:4:43: populations.a.positions = 3; allowed: a list or { file = \"x.npy\" }");
  EXPECT_EQ(with("[1, 2, 3]"),
            "a.toml:4:43: populations.a.positions has shape (3); 4 rows of 1 to 3 numbers are expected");
  EXPECT_EQ(with("[[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]"),
            "a.toml:4:43: populations.a.positions has shape (4, 4); 4 rows of 1 to 3 numbers are expected");
  EXPECT_EQ(with("\"shuffled_grid\"", "shape = [1, 2, 3, 4]"),
            "a.toml:4:55: populations.a.positions: a grid has up to 3 dimensions, the shape has 4");
  EXPECT_EQ(with("{ file = \"none.npy\" }"), "a.toml:4:43: populations.a.positions: none.npy: no such file");
  write_npy("p.npy", "(4, 1)", {0, 1, std::numeric_limits<double>::quiet_NaN(), 3});
  EXPECT_EQ(
      with("{ file = \"p.npy\" }"),
      "a.toml:4:43: populations.a.positions: p.npy: element [2, 0] is nan; populations.a.positions must be finite");
}

std::string connected(const std::string& connect) {
  return population("size = 4") + "[projections.p]\nfrom = \"a\"\nto = \"a\"\nconnect = { rule = " + connect +
         " }\nweight = 1\n";
}

TEST(DistanceInAConfig, IsReadWithItsRanges) {
  const Connectivity c =
      *node(built(connected("\"distance\", probability = 0.3, lambda = 2, autapses = false, source_range = [0, 3], "
                            "target_range = [3, 4]")),
            "p")
           .connectivity;
  EXPECT_EQ(c.rule, Connectivity::Rule::distance);
  EXPECT_EQ(std::tuple(c.probability, c.lambda, c.autapses), std::tuple(0.3, 2.0, false));
  EXPECT_EQ(std::tuple(c.sources.first, c.sources.last, c.targets.first, c.targets.last), std::tuple(0u, 3u, 3u, 4u));
}

TEST(DistanceInAConfig, IsRefusedAtItsPlace) {
  const auto distance = [](const std::string& keys) { return refusal(connected("\"distance\"" + keys)); };
  EXPECT_EQ(distance(", lambda = 1"),
            "a.toml:8:11: projections.p.connect has no key 'probability'; add a line such as: probability = 1");
  EXPECT_EQ(distance(", probability = 0.5"),
            "a.toml:8:11: projections.p.connect has no key 'lambda'; add a line such as: lambda = 1");
  EXPECT_EQ(distance(", probability = 1.5, lambda = 1"),
            "a.toml:8:46: projections.p.connect.probability is 1.5; allowed is 0 to 1");
  EXPECT_EQ(distance(", probability = 1, lambda = 0"),
            "a.toml:8:58: projections.p.connect.lambda is 0; allowed is above 0, at most 1000000000");
  EXPECT_EQ(refusal("[populations]\na = { kind = \"lif\", shape = [1, 2, 1, 2] }\n[projections.p]\nfrom = \"a\"\nto = "
                    "\"a\"\nconnect = { rule = \"distance\", probability = 1, lambda = 1 }\nweight = 1\n"),
            "a.toml:5:1: p: the source has shape [1, 2, 1, 2], and a grid has up to 3 dimensions; give it positions");
}

TEST(RangesInAConfig, AreRefusedAtTheirPlace) {
  const auto range = [](const std::string& key) { return refusal(connected("\"all_to_all\", " + key)); };
  const std::string mend = "; write the first element and the one after the last, e.g. [0, 80]";
  EXPECT_EQ(range("source_range = []"), "a.toml:8:49: projections.p.connect.source_range = []" + mend);
  EXPECT_EQ(range("source_range = [2, 1]"), "a.toml:8:49: projections.p.connect.source_range = [2, 1]" + mend);
  EXPECT_EQ(range("target_range = [1, 2, 3]"), "a.toml:8:49: projections.p.connect.target_range = [1, 2, 3]" + mend);
  EXPECT_EQ(range("target_range = [-1, 2]"),
            "a.toml:8:50: projections.p.connect.target_range[0] is -1; allowed is 0 to 4294967295");
  EXPECT_EQ(range("source_range = 3"),
            "a.toml:8:49: projections.p.connect.source_range is 3 (an integer); it takes a list of integers, e.g. "
            "source_range = [1]");
  EXPECT_EQ(range("source_range = [0, 5]"),
            "a.toml:5:1: p: source_range = [0, 5] is no part of a population of 4; write [first, last + 1]");
  EXPECT_EQ(refusal(connected("\"edges\", sources = [0], targets = [0], source_range = [0, 1]")),
            "a.toml:8:59: projections.p.connect has no key 'source_range'; it knows: rule, sources, targets, weights, "
            "delays");
}

}  // namespace
}  // namespace crosspike
