// SPDX-License-Identifier: Apache-2.0
// Weights as integers: no sum can overflow, no finer quantum would do, 16 bits only where they cost nothing, and
// equal choices at any number of threads. Bounds are computed here anew, in 64-bit integers and long double.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/core/quantum.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <random>

namespace crosspike {
namespace {

using namespace test;
using Rule = Connectivity::Rule;

struct Projection {
  const char* name;
  Connectivity connectivity;
  double max_count;
};

// Every projection from its own input of 40 elements to one port of `targets` cells.
Network on_one_port(const std::vector<Projection>& projections, std::uint32_t targets) {
  Network network;
  network.add(cell("out", {targets}));
  for (const Projection& p : projections) {
    network.add(input("from_" + std::string(p.name), {40}, p.max_count));
    network.add(sparse(p.name, {targets}, p.connectivity));
    network.connect("from_" + std::string(p.name), p.name, 1);
    network.connect(p.name, "out.excitatory");
  }
  return network;
}

Quanta choose(const Network& network, int threads = 1) {
  Team team(threads);
  return choose_quanta(network, team);
}

const WeightQuantum& of(const Quanta& quanta, const Network& network, std::string_view name) {
  return quanta.weights.at(network.require(name));
}

// The largest |sum| of integers that a target can receive: every synapse at once, each at its source's max_count.
std::int64_t largest_sum(const Network& network, const Quanta& quanta) {
  std::vector<std::int64_t> sum(network.node(network.require("out")).size(), 0);
  for (const auto& [id, q] : quanta.weights) {
    const auto count = static_cast<std::int64_t>(network.max_count(network.incoming(id).from.node));
    for (const Synapse& s : all_synapses(network, network.node(id).name))
      sum[s.target] += std::abs(std::int64_t{q.stored(s.weight)}) * (std::int64_t{1} << q.shift) * count;
  }
  return *std::max_element(sum.begin(), sum.end());
}

// The same for real weights, each up to half a step of its stored form larger, in quanta of 2^-s.
long double bound(const Network& network, const Quanta& quanta, int s, int bits) {
  std::vector<long double> sum(network.node(network.require("out")).size(), 0);
  for (const auto& [id, q] : quanta.weights) {
    const auto finest = static_cast<int>(std::floor(std::log2((std::ldexp(1.0L, bits - 1) - 0.5L) / q.largest)));
    const long double half_step = std::ldexp(0.5L, -std::min(finest, s));
    for (const Synapse& w : all_synapses(network, network.node(id).name))
      sum[w.target] += (std::abs(static_cast<long double>(w.weight)) + half_step) *
                       static_cast<long double>(network.max_count(network.incoming(id).from.node));
  }
  return std::ldexp(*std::max_element(sum.begin(), sum.end()), s);
}

Network random_network(unsigned seed) {
  std::mt19937 draw(seed);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(draw() % n); };
  std::vector<Projection> projections;
  const char* names[] = {"a", "b", "c"};
  const double size = std::ldexp(1.0, static_cast<int>(below(40)) - 20);
  const unsigned count = 1 + below(3);
  for (unsigned p = 0; p < count; ++p) {
    Connectivity c{.rule = Rule::fixed_indegree, .indegree = 1 + below(100)};
    const double scale = size * (1 + 0.01 * below(200));
    c.weight = below(2) ? Distribution::normal(scale * (below(2) ? 1 : -1), 0.3 * scale)
                        : Distribution::uniform(-scale, scale);
    c.delay = Distribution::uniform(0, below(9));
    projections.push_back({names[p], c, static_cast<double>(1 + below(2) * below(255))});
  }
  Network network = on_one_port(projections, 1 + below(300));
  network.seed = seed;
  network.validate();
  return network;
}

TEST(Quantum, NoSumOverflowsThoughEverySynapseDeliversAtOnce) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const Network network = random_network(seed);
    EXPECT_LT(largest_sum(network, choose(network)), std::int64_t{1} << 31) << seed;
  }
}

TEST(Quantum, OneStepFinerWouldBreakTheBound) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const Network network = random_network(seed);
    const Quanta quanta = choose(network);
    const int s = quanta.exponent.at(network.input("out.excitatory"));
    EXPECT_LT(bound(network, quanta, s, 16), 0x1p31L) << seed;
    EXPECT_GE(bound(network, quanta, s + 1, 16), 0x1p31L - 2) << seed;
  }
}

TEST(Quantum, IsWorkedByHandForOneSynapse) {
  // |w| x max_count = 3 x 255 = 765; 2^21 x 765 < 2^31 <= 2^22 x 765.
  Network network = on_one_port({{"w", edges({.sources = {0}, .targets = {0}, .weights = {-3}}), 255}}, 1);
  network.validate();
  const Quanta quanta = choose(network);
  EXPECT_EQ(quanta.exponent.at(network.input("out.excitatory")), 21);
  const WeightQuantum& q = of(quanta, network, "w");
  EXPECT_EQ(q.bits, 16);
  EXPECT_EQ(q.exponent, 13);  // 3 x 2^13 = 24576 <= 32767 < 3 x 2^14
  EXPECT_EQ(q.shift, 8);
  EXPECT_EQ(q.stored(-3), -24576);
  EXPECT_EQ(q.synapses, 1u);
  EXPECT_EQ(q.mean_magnitude, 3);
}

TEST(Quantum, IsOneWhereAllWeightsAreZero) {
  Network network = on_one_port({{"w", {.weight = Distribution::constant(0)}, 1}}, 2);
  network.validate();
  EXPECT_EQ(choose(network).exponent.at(network.input("out.excitatory")), 0);
}

TEST(Quantum, RoundsHalvesToEven) {
  const WeightQuantum q{.exponent = 1};
  EXPECT_EQ(q.stored(0.25), 0);
  EXPECT_EQ(q.stored(0.75), 2);
  EXPECT_EQ(q.stored(-0.25), 0);
  EXPECT_EQ(q.stored(-0.75), -2);
}

TEST(Quantum, StoresSixteenBitsWhereRoundingIsBelowTheLimitAndElseThirtyTwo) {
  const Connectivity even{.rule = Rule::fixed_indegree, .indegree = 30, .weight = Distribution::uniform(-1, 1)};
  // One weight of 1,000 makes a 16-bit step 2^-5 = 0.03, more than all the others.
  EdgeList heavy{.sources = {}, .targets = {}, .weights = {}};
  for (std::uint32_t e = 0; e < 2000; ++e) {
    heavy.sources.push_back(e % 40);
    heavy.targets.push_back(e / 40);
    heavy.weights.push_back(e == 0 ? 1000 : 0.01 + 1e-6 * e);
  }
  Network network = on_one_port({{"even", even, 1}, {"heavy", edges(heavy), 1}}, 50);
  network.validate();
  const Quanta quanta = choose(network);
  EXPECT_EQ(of(quanta, network, "even").bits, 16);
  EXPECT_LT(of(quanta, network, "even").rms_rounding, of(quanta, network, "even").mean_magnitude / 512);
  EXPECT_EQ(of(quanta, network, "heavy").bits, 32);
  EXPECT_EQ(of(quanta, network, "heavy").shift, 0);
  network.weight_bits = 32;
  EXPECT_EQ(of(choose(network), network, "even").bits, 32);
  network.weight_bits = 16;  // asked for: the loss is accepted
  EXPECT_EQ(of(choose(network), network, "heavy").bits, 16);
  EXPECT_LT(largest_sum(network, choose(network)), std::int64_t{1} << 31);
}

TEST(Quantum, NamesTheProjectionThatForcesTheQuantum) {
  const Connectivity weak{.rule = Rule::one_to_one, .weight = Distribution::constant(0.01)};
  // A single strong synapse, and the many of lesser weight whose sums are what fills the 31 bits.
  EdgeList single{.sources = {0}, .targets = {0}, .weights = {2e4}};
  Connectivity many{.rule = Rule::all_to_all, .weight = Distribution::constant(1e4)};
  Network network = on_one_port({{"weak", weak, 1}, {"strong", edges(single), 1}, {"many", many, 255}}, 40);
  network.validate();
  EXPECT_EQ(message_of([&] { choose(network); }),
            "weak: its weights (mean magnitude 0.01) lose 1 of that to rounding, since the sums of 'many', on the same "
            "port, reach 1.02e+08; allowed: 2^-9; give them separate ports or write run.precision = \"double\"");
  network.precision = Precision::double_;
  EXPECT_EQ(message_of([&] { choose(network); }), "");
}

TEST(Quantum, RefusesWeightsThatNoSumCouldHold) {
  const Connectivity huge{.rule = Rule::one_to_one, .weight = Distribution::constant(-1e300)};
  for (const Precision precision : {Precision::single, Precision::double_}) {
    Network network = on_one_port({{"w", huge, 1}}, 40);
    network.precision = precision;
    network.validate();
    EXPECT_EQ(message_of([&] { choose(network); }), "w: a weight of magnitude 1e+300; allowed: up to 1e+30");
  }
}

TEST(Quantum, RefusesMoreEventsThanASumCanCount) {
  EdgeList two{.sources = {0, 1}, .targets = {0, 0}, .weights = {1, 1}};
  const auto refusal = [&](double max_count, Precision precision) {
    Network network = on_one_port({{"w", edges(two), max_count}}, 2);
    network.precision = precision;
    network.validate();
    return message_of([&] { choose(network); });
  };
  // Rounding adds half a step per event, so that 2 (2^31 - 1) events alone fill a sum below 2^31.
  EXPECT_EQ(
      refusal(2147483647, Precision::single),
      "w: 4294967294 events may reach target 0 in one tick, and a sum counts fewer than 4294967294; lower max_count "
      "or levels of what sends them, or the number of synapses, or write run.precision = \"double\"");
  EXPECT_NE(refusal(2147483646, Precision::single).find("w: its weights (mean magnitude 1) lose 1 of that to rounding"),
            std::string::npos);
  EXPECT_EQ(refusal(2147483647, Precision::double_), "");
}

TEST(Quantum, NamesAProjectionThatForcesItsOwn) {
  // 1 x 2^20 x 2^10 < 2^31 <= 1 x 2^20 x 2^11: the step is 2^-10, and weights of 0.4 steps vanish.
  EdgeList list{.sources = {}, .targets = {}, .weights = {}};
  for (std::uint32_t e = 0; e < 100; ++e) {
    list.sources.push_back(0);
    list.targets.push_back(e);
    list.weights.push_back(e == 0 ? 1 : 0.4 / 1024);
  }
  Network network = on_one_port({{"w", edges(list), 1 << 20}}, 100);
  network.validate();
  // mean = (1 + 99 x 0.000390625) / 100 = 0.010387; rms = 0.000390625 x sqrt(0.99) = 0.0374 of it
  EXPECT_EQ(message_of([&] { choose(network); }),
            "w: its weights (mean magnitude 0.0104) lose 0.037 of that to rounding, since its own sums reach 1.05e+06; "
            "allowed: 2^-9; give them separate ports or write run.precision = \"double\"");
}

TEST(Quantum, DoublePrecisionKeepsThirtyOneBitsAndSumsBelowSixtyTwo) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Network network = random_network(seed);
    network.precision = Precision::double_;
    const Quanta quanta = choose(network);
    EXPECT_LT(largest_sum(network, quanta), std::int64_t{1} << 62) << seed;
    for (const auto& [id, q] : quanta.weights) {
      EXPECT_EQ(q.bits, 32);
      EXPECT_GE(q.shift, 0);
      for (const Synapse& s : all_synapses(network, network.node(id).name))
        EXPECT_NEAR(q.stored(s.weight), std::ldexp(s.weight, q.exponent), 0.5);
    }
  }
  Network one = on_one_port({{"w", edges({.sources = {0}, .targets = {0}, .weights = {0.1}}), 1}}, 1);
  one.precision = Precision::double_;
  one.validate();
  const Quanta quanta = choose(one);
  const WeightQuantum& q = of(quanta, one, "w");
  EXPECT_EQ(q.exponent, 34);  // 0.1 x 2^34 = 1717986918.4 < 2^31 <= 0.1 x 2^35
  EXPECT_EQ(q.stored(0.1), 1717986918);
}

TEST(Quantum, KeepsPortsApart) {
  Network network = on_one_port({{"weak", {.weight = Distribution::constant(0.01)}, 1}}, 4);
  network.add(input("loud", {40}, 255));
  network.add(sparse("strong", {4}, {.weight = Distribution::constant(1e6)}));
  network.connect("loud", "strong", 1);
  network.connect("strong", "out.inhibitory");
  network.validate();
  const Quanta quanta = choose(network);
  EXPECT_EQ(quanta.exponent.at(network.input("out.excitatory")), 32);  // 40 x 0.01 = 0.4 < 1/2
  EXPECT_EQ(quanta.exponent.at(network.input("out.inhibitory")), -3);  // 40 x 255 x 1e6 = 1.02e10 = 1.19 x 2^33
}

TEST(Quantum, GivesWeightsThatMakeValuesAQuantumOfTheirOwn) {
  Network network;
  network.add(cell("out", {1}));
  for (const char* name : {"a", "b"}) {
    Node source = input(std::string("from_") + name, {1});
    source.set("amplitude", name[0] == 'a');
    network.add(source);
    network.add(linear(name, 1, 1, {1}));
    network.connect(source.name, name, 1);
    network.connect(name, "out.excitatory");
  }
  network.validate();
  const Quanta quanta = choose(network);
  EXPECT_EQ(quanta.exponent.count({network.require("a"), 0}), 1u);
  EXPECT_EQ(quanta.exponent.count({network.require("b"), 0}), 0u);
  EXPECT_EQ(quanta.exponent.count(network.input("out.excitatory")), 1u);
}

TEST(Quantum, IsTheSameAtAnyNumberOfThreads) {
  Connectivity c{.rule = Rule::pairwise_bernoulli, .probability = 0.3, .weight = Distribution::normal(1, 0.4)};
  Network network = on_one_port({{"w", c, 3}}, 5000);
  network.validate();
  const Quanta one = choose(network, 1);
  for (const int threads : {2, 3, 7}) {
    const Quanta more = choose(network, threads);
    EXPECT_EQ(more.exponent, one.exponent);
    const WeightQuantum &a = of(one, network, "w"), &b = of(more, network, "w");
    EXPECT_EQ(a.exponent, b.exponent);
    EXPECT_EQ(a.mean_magnitude, b.mean_magnitude);
    EXPECT_EQ(a.rms_rounding, b.rms_rounding);
    EXPECT_EQ(a.synapses, b.synapses);
  }
}

}  // namespace
}  // namespace crosspike
