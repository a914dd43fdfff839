// SPDX-License-Identifier: Apache-2.0
// Connection by distance, ranges of populations, positions, and values for each synapse.
#include <algorithm>
#include <cmath>
#include <crosspike/tests/unit/network_builders.hpp>
#include <crosspike/tests/unit/statistics.hpp>
#include <map>
#include <set>

namespace crosspike {
namespace {

using namespace test;
using Rule = Connectivity::Rule;

ConnectionSpace space(Shape source, Shape target, bool same = false) {
  return {7, "w", std::move(source), std::move(target), same};
}

std::vector<Synapse> all(const Connectivity& c, const ConnectionSpace& s) {
  EXPECT_EQ(trouble(c, s).value_or(""), "");
  std::vector<Synapse> synapses;
  enumerate(c, s, 0, static_cast<std::uint32_t>(volume(s.target)), synapses);
  return synapses;
}

Connectivity by_distance(double probability, double lambda) {
  return {.rule = Rule::distance, .probability = probability, .lambda = lambda};
}

Positions positions(std::vector<double> xyz) { return std::make_shared<const std::vector<double>>(std::move(xyz)); }

// Maass, Natschlaeger and Markram 2002: C exp(-(D / lambda)^2). On a grid D^2 is a whole number: a bin for each.
TEST(Distance, EveryDistanceConnectsWithItsProbability) {
  const Shape grid = {9, 10, 11};
  const double c = 0.7, lambda = 2.5;
  std::map<long, std::pair<double, double>> bins;  // connected, pairs
  const auto squared = [&](std::uint32_t a, std::uint32_t b) {
    const Position p = position_of(a, grid, nullptr), q = position_of(b, grid, nullptr);
    return std::lround((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y) + (p.z - q.z) * (p.z - q.z));
  };
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Synapse& s : all(by_distance(c, lambda), space(grid, grid))) {
    ++bins[squared(s.source, s.target)].first;
    EXPECT_TRUE(pairs.emplace(s.source, s.target).second);
  }
  for (std::uint32_t a = 0; a < 990; ++a)
    for (std::uint32_t b = 0; b < 990; ++b) ++bins[squared(a, b)].second;
  double statistic = 0, freedom = 0, rare = 0, rare_expected = 0;
  for (const auto& [d2, bin] : bins) {
    const double p = c * std::exp(-static_cast<double>(d2) / (lambda * lambda)), expected = bin.second * p;
    if (expected < 20) {  // far away: too few for chi-square, so counted together
      rare += bin.first;
      rare_expected += expected;
      continue;
    }
    statistic += (bin.first - expected) * (bin.first - expected) / (expected * (1 - p));
    ++freedom;
  }
  EXPECT_GT(freedom, 25);
  expect_chi_square(statistic, freedom);
  EXPECT_NEAR(rare, rare_expected, deviations * std::sqrt(rare_expected) + 1);
}

TEST(Distance, AtDistanceZeroTheProbabilityIsC) {
  const ConnectionSpace one_place{
      7, "w", {300}, {300}, false, positions(std::vector<double>(900, 2.5)), positions(std::vector<double>(900, 2.5))};
  for (const double lambda : {1e-200, 1e-3, 1e9}) {
    EXPECT_NEAR(static_cast<double>(all(by_distance(0.3, lambda), one_place).size()), 27'000,
                deviations * std::sqrt(90'000 * 0.21))
        << lambda;
    EXPECT_EQ(all(by_distance(1, lambda), one_place).size(), 90'000u) << lambda;
  }
  EXPECT_TRUE(all(by_distance(0, 1), one_place).empty());
}

TEST(Distance, FarPlacesAreNeverConnectedAndAnyLambdaIsFine) {
  const Connectivity c = by_distance(1, 1);
  const ConnectionSpace far{7, "w", {1}, {1}, false, positions({0, 0, 0}), positions({1e200, -1e200, 0})};
  EXPECT_TRUE(all(c, far).empty());
}

TEST(Distance, PositionsTakeThePlaceOfTheGrid) {
  // Two heaps a hundred apart: only within them.
  std::vector<double> xyz;
  for (int i = 0; i < 40; ++i) xyz.insert(xyz.end(), {i % 2 == 0 ? 0.0 : 100.0, 0, 0});
  const ConnectionSpace heaps{7, "w", {40}, {40}, false, positions(xyz), positions(xyz)};
  const auto synapses = all(by_distance(1, 3), heaps);
  EXPECT_EQ(synapses.size(), 2u * 20 * 20);
  for (const Synapse& s : synapses) EXPECT_EQ(s.source % 2, s.target % 2);
}

TEST(Distance, AutapsesAreLeftOutWhereAskedAndChangeNoOtherDraw) {
  Connectivity c = by_distance(0.8, 2);
  const auto with = all(c, space({5, 5}, {5, 5}, true));
  c.autapses = false;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> expected, found;
  for (const Synapse& s : with)
    if (s.source != s.target) expected.emplace_back(s.source, s.target);
  for (const Synapse& s : all(c, space({5, 5}, {5, 5}, true))) found.emplace_back(s.source, s.target);
  EXPECT_EQ(found, expected);
  EXPECT_LT(found.size(), with.size());
}

TEST(Distance, GridPositionsRunAlongTheLastSideFirst) {
  const auto at = [](std::uint32_t element, const Shape& shape) {
    const Position p = position_of(element, shape, nullptr);
    return std::array{p.x, p.y, p.z};
  };
  EXPECT_EQ(at(5, {7}), (std::array{5.0, 0.0, 0.0}));
  EXPECT_EQ(at(5, {2, 3}), (std::array{2.0, 1.0, 0.0}));
  EXPECT_EQ(at(23, {2, 3, 4}), (std::array{3.0, 2.0, 1.0}));
}

TEST(Distance, WhatCannotBeIsRefused) {
  const auto problem = [](const Connectivity& c, const ConnectionSpace& s) { return trouble(c, s).value_or(""); };
  EXPECT_EQ(problem(by_distance(1.5, 1), space({4}, {4})), "probability = 1.5; allowed: 0 to 1");
  EXPECT_EQ(problem(by_distance(NAN, 1), space({4}, {4})), "probability = nan; allowed: 0 to 1");
  EXPECT_EQ(problem(by_distance(0.5, 0), space({4}, {4})), "lambda = 0; allowed: above 0");
  EXPECT_EQ(problem(by_distance(0.5, INFINITY), space({4}, {4})), "lambda = inf; allowed: above 0");
  EXPECT_EQ(problem(by_distance(0.5, 1), space({2, 2, 2, 2}, {4})),
            "the source has shape [2, 2, 2, 2], and a grid has up to 3 dimensions; give it positions");
  EXPECT_EQ(problem(by_distance(0.5, 1), space({4}, {1, 2, 2, 2})),
            "the target has shape [1, 2, 2, 2], and a grid has up to 3 dimensions; give it positions");
}

std::vector<Connectivity> rules_with_ranges() {
  std::vector<Connectivity> rules(5);
  rules[0].rule = Rule::one_to_one;
  rules[1].rule = Rule::all_to_all;
  rules[2].rule = Rule::fixed_indegree;
  rules[2].indegree = 4;
  rules[3].rule = Rule::pairwise_bernoulli;
  rules[3].probability = 0.5;
  rules[4] = by_distance(1, 10);
  for (Connectivity& c : rules) {
    c.sources = {10, 16};
    c.targets = {3, 9};
    c.weight = Distribution::normal(1, 0.5);
  }
  return rules;
}

TEST(Ranges, OnlyTheirElementsAreConnected) {
  for (const Connectivity& c : rules_with_ranges()) {
    std::set<std::uint32_t> sources, targets;
    for (const Synapse& s : all(c, space({20}, {20}))) {
      sources.insert(s.source);
      targets.insert(s.target);
    }
    EXPECT_EQ(*targets.begin(), 3u) << name(c.rule);
    EXPECT_EQ(*targets.rbegin(), 8u) << name(c.rule);
    EXPECT_GE(*sources.begin(), 10u) << name(c.rule);
    EXPECT_LT(*sources.rbegin(), 16u) << name(c.rule);
  }
}

TEST(Ranges, OneToOneJoinsTheirFirstElements) {
  const auto synapses = all(rules_with_ranges()[0], space({20}, {20}));
  ASSERT_EQ(synapses.size(), 6u);
  for (const Synapse& s : synapses) EXPECT_EQ(s.source, s.target + 7);
}

TEST(Ranges, AnyPartOfTheTargetsIsThePartOfTheWhole) {
  for (const Connectivity& c : rules_with_ranges()) {
    const auto whole = all(c, space({20}, {20}));
    std::vector<Synapse> parts;
    for (const std::uint32_t first : {0u, 5u, 7u, 8u, 15u})
      enumerate(c, space({20}, {20}), first,
                first == 0   ? 5
                : first == 5 ? 7
                : first == 7 ? 8
                : first == 8 ? 15
                             : 20,
                parts);
    ASSERT_EQ(parts.size(), whole.size()) << name(c.rule);
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_EQ(std::tuple(parts[i].source, parts[i].target, parts[i].weight),
                std::tuple(whole[i].source, whole[i].target, whole[i].weight));
  }
}

TEST(Ranges, AutapsesAreThoseOfTheElementNotOfItsPlaceInTheRange) {
  Connectivity c{.rule = Rule::all_to_all, .autapses = false, .sources = {2, 6}, .targets = {4, 8}};
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Synapse& s : all(c, space({10}, {10}, true))) pairs.emplace(s.source, s.target);
  EXPECT_EQ(pairs.size(), 16u - 2);  // 4 to 4 and 5 to 5
  EXPECT_FALSE(pairs.contains({4, 4}) || pairs.contains({5, 5}));
  c.rule = Rule::fixed_indegree;
  c.indegree = 3;
  c.multapses = false;
  for (const Synapse& s : all(c, space({10}, {10}, true))) EXPECT_NE(s.source, s.target);
  c.multapses = true;
  c.indegree = 50;
  for (const Synapse& s : all(c, space({10}, {10}, true))) EXPECT_NE(s.source, s.target);
}

TEST(Ranges, ThatAreNoPartAreRefused) {
  const auto problem = [](Connectivity c) { return trouble(c, space({20}, {10})).value_or(""); };
  EXPECT_EQ(problem({.sources = {5, 21}}),
            "source_range = [5, 21] is no part of a population of 20; write [first, last + 1]");
  EXPECT_EQ(problem({.targets = {5, 11}}),
            "target_range = [5, 11] is no part of a population of 10; write [first, last + 1]");
  EXPECT_EQ(problem({.sources = {5, 5}}),
            "source_range = [5, 5] is no part of a population of 20; write [first, last + 1]");
  EXPECT_EQ(problem({.rule = Rule::one_to_one, .sources = {0, 4}, .targets = {0, 5}}),
            "one_to_one needs equal sizes, the source has 4 and the target 5");
  EXPECT_EQ(problem({.rule = Rule::fixed_indegree, .indegree = 5, .multapses = false, .sources = {0, 4}}),
            "indegree = 5 with multapses = false needs as many sources, there are 4");
  Connectivity listed = edges({.sources = {1}, .targets = {1}});
  listed.sources = {0, 4};
  EXPECT_EQ(problem(listed), "source_range does not go with the rule edges; remove it");
}

TEST(EachSynapse, HasItsOwnWeightAndDelay) {
  Connectivity c{.rule = Rule::one_to_one, .sources = {1, 4}, .targets = {2, 5}};
  c.weight = Distribution::each({10, 20, 30});
  c.delay = Distribution::each({3, 1.5, 2});
  auto synapses = all(c, space({6}, {6}));
  ASSERT_EQ(synapses.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(synapses[i].weight, 10.0 * static_cast<double>(i + 1));
  EXPECT_EQ(std::vector({synapses[0].delay, synapses[1].delay, synapses[2].delay}), (std::vector{3, 2, 2}));
  EXPECT_EQ(c.minimum_delay(), 2);
  c = {.rule = Rule::all_to_all, .sources = {1, 3}, .targets = {2, 5}};
  c.weight = Distribution::each({1, 2, 3, 4, 5, 6});  // a row of two sources for each of three targets
  synapses = all(c, space({6}, {6}));
  ASSERT_EQ(synapses.size(), 6u);
  for (const Synapse& s : synapses) EXPECT_EQ(s.weight, 1 + 2.0 * (s.target - 2) + (s.source - 1));
}

TEST(EachSynapse, KeepsItsValueWhereAutapsesAreLeftOut) {
  Connectivity c{.rule = Rule::all_to_all, .autapses = false};
  c.weight = Distribution::each({0, 1, 2, 10, 11, 12, 20, 21, 22});
  for (const Synapse& s : all(c, space({3}, {3}, true))) EXPECT_EQ(s.weight, 10.0 * s.target + s.source);
}

TEST(EachSynapse, ValuesThatDoNotFitAreRefused) {
  const auto problem = [](Rule rule, std::size_t weights, std::size_t delays) {
    Connectivity c{.rule = rule, .indegree = 1, .probability = 0.5};
    if (weights > 0) c.weight = Distribution::each(std::vector<double>(weights, 1));
    if (delays > 0) c.delay = Distribution::each(std::vector<double>(delays, 1));
    return trouble(c, space({4}, {4})).value_or("");
  };
  EXPECT_EQ(problem(Rule::one_to_one, 4, 4), "");
  EXPECT_EQ(problem(Rule::all_to_all, 16, 16), "");
  EXPECT_EQ(problem(Rule::one_to_one, 3, 0), "weight: 3 values; one_to_one needs 4");
  EXPECT_EQ(problem(Rule::all_to_all, 0, 15),
            "delay: 15 values; all_to_all needs 16, a row of 4 for each of 4 targets");
  EXPECT_EQ(problem(Rule::fixed_indegree, 4, 0),
            "weight: values for each synapse go with the rules one_to_one, all_to_all and edges; write a distribution "
            "or another rule");
  EXPECT_EQ(
      problem(Rule::edges, 4, 0),
      "weight: with the rule edges, values for each synapse stand beside sources and targets: write connect.weights");
  EXPECT_EQ(problem(Rule::pairwise_bernoulli, 0, 16),
            "delay: values for each synapse go with the rules one_to_one, all_to_all and edges; write a distribution "
            "or another rule");
}

}  // namespace
}  // namespace crosspike
