// SPDX-License-Identifier: Apache-2.0
// Connectivity rules and distributions: exact counts where the rule states them, statistics with a false-alarm rate of
// one in a million per assertion elsewhere, independence of how the targets are asked for, and every refusal.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/core/connectivity/sampling.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <crosspike/tests/unit/statistics.hpp>
#include <map>
#include <set>

namespace crosspike {
namespace {

using namespace test;
using Rule = Connectivity::Rule;

ConnectionSpace space(Shape source, Shape target, bool same = false, std::uint64_t seed = 7) {
  return {seed, "w", std::move(source), std::move(target), same};
}

std::vector<Synapse> all(const Connectivity& c, const ConnectionSpace& s) {
  EXPECT_EQ(trouble(c, s).value_or(""), "");
  std::vector<Synapse> synapses;
  enumerate(c, s, 0, static_cast<std::uint32_t>(volume(s.target)), synapses);
  return synapses;
}

bool same(const Synapse& a, const Synapse& b) {
  return a.source == b.source && a.target == b.target && a.weight == b.weight && a.delay == b.delay;
}

std::vector<Connectivity> one_of_each() {
  std::vector<Connectivity> rules(6);
  rules[0].rule = Rule::one_to_one;
  rules[1].rule = Rule::all_to_all;
  rules[2].rule = Rule::fixed_indegree;
  rules[2].indegree = 9;
  rules[3].rule = Rule::pairwise_bernoulli;
  rules[3].probability = 0.2;
  rules[4].rule = Rule::local;
  rules[4].indegree = 5;
  rules[4].sigma = 2;
  EdgeList list;
  for (std::uint32_t e = 0; e < 300; ++e) {
    list.sources.push_back(e * 7 % 60);
    list.targets.push_back(e / 5);
  }
  rules[5] = edges(list);
  for (Connectivity& c : rules) {
    c.weight = Distribution::normal(1, 0.5);
    c.delay = Distribution::uniform(1, 9);
  }
  return rules;
}

TEST(Connectivity, AnyRangeOfTargetsIsTheSamePartOfTheWhole) {
  const ConnectionSpace ends = space({6, 10}, {60});
  for (const Connectivity& c : one_of_each()) {
    const auto whole = all(c, ends);
    for (const auto& [first, last] : {std::pair(0u, 1u), {13u, 29u}, {59u, 60u}, {20u, 20u}}) {
      std::vector<Synapse> part, expected;
      enumerate(c, ends, first, last, part);
      for (const Synapse& s : whole)
        if (s.target >= first && s.target < last) expected.push_back(s);
      ASSERT_EQ(part.size(), expected.size()) << name(c.rule);
      for (std::size_t i = 0; i < part.size(); ++i) EXPECT_TRUE(same(part[i], expected[i])) << name(c.rule);
    }
  }
}

TEST(Connectivity, DrawsAnewForAnotherSeedOrNodeName) {
  for (const Connectivity& c : one_of_each()) {
    ConnectionSpace renamed = space({6, 10}, {60});
    renamed.node = "v";
    const auto a = all(c, space({6, 10}, {60})), b = all(c, space({6, 10}, {60}, false, 8)), v = all(c, renamed);
    EXPECT_FALSE(a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same)) << name(c.rule);
    EXPECT_FALSE(a.size() == v.size() && std::equal(a.begin(), a.end(), v.begin(), same)) << name(c.rule);
  }
}

TEST(Connectivity, AllToAllConnectsEveryPairOnce) {
  Connectivity c{.rule = Rule::all_to_all};
  EXPECT_EQ(all(c, space({4}, {6})).size(), 24u);
  c.autapses = false;
  const auto synapses = all(c, space({5}, {5}, true));
  EXPECT_EQ(synapses.size(), 20u);
  for (const Synapse& s : synapses) EXPECT_NE(s.source, s.target);
  EXPECT_EQ(all(c, space({5}, {5}, false)).size(), 25u);
}

TEST(Connectivity, OneToOneConnectsEqualNumbers) {
  const auto synapses = all({.rule = Rule::one_to_one}, space({7}, {7}));
  ASSERT_EQ(synapses.size(), 7u);
  for (std::uint32_t i = 0; i < 7; ++i) EXPECT_EQ(std::pair(synapses[i].source, synapses[i].target), std::pair(i, i));
}

TEST(Connectivity, FixedIndegreeIsExactAndItsSourcesEven) {
  const Connectivity c{.rule = Rule::fixed_indegree, .indegree = 50};
  const auto synapses = all(c, space({200}, {1000}));
  ASSERT_EQ(synapses.size(), 50u * 1000);
  std::vector<double> from(200, 0), into(1000, 0);
  for (const Synapse& s : synapses) ++from[s.source], ++into[s.target];
  for (const double count : into) EXPECT_EQ(count, 50);
  double statistic = 0;
  for (const double count : from) statistic += (count - 250) * (count - 250) / 250;
  expect_chi_square(statistic, 199);
}

TEST(Connectivity, FixedIndegreeWithoutAutapsesAndMultapsesHasNone) {
  const Connectivity c{.rule = Rule::fixed_indegree, .indegree = 19, .autapses = false, .multapses = false};
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Synapse& s : all(c, space({20}, {20}, true))) {
    EXPECT_NE(s.source, s.target);
    EXPECT_TRUE(pairs.emplace(s.source, s.target).second);
  }
  EXPECT_EQ(pairs.size(), 19u * 20);
}

// Below and above half of the sources, and with the target left out: each pair with probability k / n, each two sources
// of a target together with k (k - 1) / n (n - 1).
TEST(Connectivity, FixedIndegreeWithoutMultapsesDrawsEachSetOfSourcesAlike) {
  constexpr std::uint32_t sources = 12, draws = 24'000;
  for (const bool autapses : {true, false})
    for (const std::uint32_t indegree : {3u, 9u}) {
      Connectivity c{.rule = Rule::fixed_indegree, .indegree = indegree, .autapses = autapses, .multapses = false};
      std::map<std::pair<std::uint32_t, std::uint32_t>, double> pairs, together;
      for (std::uint32_t seed = 0; seed < draws; ++seed) {
        const std::uint32_t target = seed % sources;
        std::vector<Synapse> synapses;
        enumerate(c, space({sources}, {sources}, true, seed), target, target + 1, synapses);
        ASSERT_EQ(synapses.size(), indegree);
        for (const Synapse& a : synapses) {
          ++pairs[{a.source, a.target}];
          for (const Synapse& b : synapses)
            if (a.source < b.source) ++together[{a.source, b.source}];
        }
      }
      const double n = autapses ? sources : sources - 1, k = indegree;
      const double each = draws / double{sources}, p = k / n;
      double statistic = 0;
      for (const auto& [pair, count] : pairs)
        statistic += (count - each * p) * (count - each * p) / (each * p * (1 - p));
      EXPECT_EQ(pairs.size(), sources * n);
      // k of n without replacement: the n terms of a target have n - 1 degrees of freedom and variance n / (n - 1)
      expect_chi_square(statistic * (n - 1) / n, sources * (n - 1));
      const double both = k * (k - 1) / (n * (n - 1)) * (autapses ? 1 : 1 - 2.0 / sources);
      EXPECT_EQ(together.size(), sources * (sources - 1) / 2);
      for (const auto& [pair, count] : together)  // 66 pairs: one in 66 million each is 5.5 deviations
        EXPECT_NEAR(count, draws * both, 5.5 * std::sqrt(draws * both * (1 - both)));
    }
}

TEST(Connectivity, FixedIndegreeWithoutMultapsesTakesAsManyDrawsAsItsSmallerSide) {
  struct Counting {
    Draws<double> draws{random_key(1, Purpose::connectivity, "w"), 0, 0, 0};
    std::uint32_t calls = 0;
    std::uint32_t below(std::uint32_t n) {
      ++calls;
      return draws.below(n);
    }
  } counting;
  Sampler sampler;
  for (const std::uint32_t k : {0u, 1u, 1000u, 2000u, 3000u, 3999u, 4000u}) {
    counting.calls = 0;
    std::set<std::uint32_t> numbers;
    std::uint32_t visits = 0;
    sampler.sample(k, 4000, counting, [&](std::uint32_t number) {
      ++visits;
      numbers.insert(number);
    });
    EXPECT_EQ(visits, k);
    EXPECT_EQ(numbers.size(), k);
    EXPECT_EQ(counting.calls, std::min(k, 4000 - k));
  }
}

TEST(Connectivity, BernoulliConnectsEveryPairWithItsProbability) {
  for (const double p : {0.02, 0.3, 0.9}) {
    const Connectivity c{.rule = Rule::pairwise_bernoulli, .probability = p};
    constexpr double sources = 400, targets = 500;
    std::vector<double> from(400, 0), into(500, 0);
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (const Synapse& s : all(c, space({400}, {500}))) {
      ++from[s.source], ++into[s.target];
      EXPECT_TRUE(pairs.emplace(s.source, s.target).second);
    }
    const auto total = static_cast<double>(pairs.size()), pairs_possible = sources * targets;
    EXPECT_NEAR(total, p * pairs_possible, deviations * std::sqrt(pairs_possible * p * (1 - p)));
    double by_source = 0, by_target = 0;
    for (const double n : from) by_source += (n - targets * p) * (n - targets * p) / (targets * p * (1 - p));
    for (const double n : into) by_target += (n - sources * p) * (n - sources * p) / (sources * p * (1 - p));
    expect_chi_square(by_source, sources);
    expect_chi_square(by_target, targets);
  }
}

TEST(Connectivity, BernoulliAtItsLimits) {
  EXPECT_EQ(all({.rule = Rule::pairwise_bernoulli, .probability = 1}, space({30}, {40})).size(), 1200u);
  EXPECT_EQ(all({.rule = Rule::pairwise_bernoulli, .probability = 0}, space({30}, {40})).size(), 0u);
  EXPECT_EQ(all({.rule = Rule::pairwise_bernoulli, .probability = 1e-17}, space({30}, {40})).size(), 0u);  // 1 - p == 1
  EXPECT_EQ(all({.rule = Rule::pairwise_bernoulli, .probability = 5e-324}, space({30}, {40})).size(), 0u);
  EXPECT_EQ(
      all({.rule = Rule::pairwise_bernoulli, .probability = 1, .autapses = false}, space({30}, {30}, true)).size(),
      870u);
}

TEST(Connectivity, LocalDrawsAGaussianFieldAroundACentreAnywhere) {
  constexpr double sigma = 3, side = 200, per_target = 20, targets = 1500;
  const Connectivity c{.rule = Rule::local, .indegree = 20, .sigma = sigma};
  const auto synapses = all(c, space({2, 200, 200}, {1500}));
  ASSERT_EQ(synapses.size(), per_target * targets);
  double first_plane = 0, variance = 0, inside = 0, centre = 0;
  for (std::size_t t = 0; t < 1500; ++t)
    for (const bool vertical : {true, false}) {
      std::vector<double> at;
      for (std::size_t i = t * 20; i < (t + 1) * 20; ++i) {
        const std::uint32_t pixel = synapses[i].source % 40000;
        at.push_back(vertical ? pixel / 200 : pixel % 200);
        if (vertical) first_plane += synapses[i].source < 40000;
      }
      double mean = 0, squares = 0;
      for (const double x : at) mean += x / per_target;
      for (const double x : at) squares += (x - mean) * (x - mean);
      centre += mean / (2 * targets);
      if (mean < 30 || mean > side - 30) continue;  // fields that the border cuts are narrower
      variance += squares / (per_target - 1);
      ++inside;
    }
  const double expected = sigma * sigma + 1.0 / 12;  // Sheppard's correction for whole pixels
  EXPECT_NEAR(variance / inside, expected, deviations * expected * std::sqrt(2 / (inside * (per_target - 1))));
  EXPECT_NEAR(centre, (side - 1) / 2, deviations * side / std::sqrt(12 * 2 * targets));
  EXPECT_NEAR(first_plane, per_target * targets / 2, deviations * std::sqrt(per_target * targets) / 2);
}

TEST(Connectivity, LocalWithoutAutapsesNeverDrawsTheTarget) {
  Connectivity c{.rule = Rule::local, .indegree = 40, .sigma = 1, .autapses = false};
  for (const Synapse& s : all(c, space({3, 3}, {3, 3}, true))) EXPECT_NE(s.source, s.target);
}

TEST(Connectivity, DaleGivesEverySourceOneSign) {
  Connectivity c{.rule = Rule::all_to_all, .weight = Distribution::normal(0, 2), .dale_every = 5, .dale_factor = -4};
  Connectivity plain = c;
  plain.dale_every = 0;
  const auto signed_ones = all(c, space({20}, {30})), drawn = all(plain, space({20}, {30}));
  for (std::size_t i = 0; i < drawn.size(); ++i)
    EXPECT_EQ(signed_ones[i].weight, std::abs(drawn[i].weight) * (drawn[i].source % 5 == 4 ? -4 : 1));
}

TEST(Connectivity, RoundsDrawnDelaysHalfUp) {
  Connectivity c{.rule = Rule::one_to_one, .delay = Distribution::constant(2.5)};
  EXPECT_EQ(all(c, space({1}, {1}))[0].delay, 3);
  EXPECT_EQ(c.minimum_delay(), 3);
  c.delay = Distribution::uniform(0.5, 3.5);
  std::map<std::int32_t, double> count;
  for (const Synapse& s : all(c, space({30000}, {30000}))) ++count[s.delay];
  EXPECT_EQ(c.minimum_delay(), 1);
  ASSERT_EQ(count.size(), 3u);  // 1, 2, 3: a third each
  for (const auto& [delay, n] : count) EXPECT_NEAR(n, 10000, deviations * std::sqrt(30000 * 2.0 / 9)) << delay;
}

TEST(Connectivity, EdgesKeepTheirOwnWeightsAndDelays) {
  const EdgeList list{.sources = {2, 0, 1}, .targets = {0, 1, 1}, .weights = {5, -6, 7}, .delays = {4, 2, 3}};
  const Connectivity c = edges(list);
  EXPECT_EQ(c.minimum_delay(), 2);
  const auto synapses = all(c, space({3}, {2}));
  ASSERT_EQ(synapses.size(), 3u);
  EXPECT_TRUE(same(synapses[0], {2, 0, 5, 4}));
  EXPECT_TRUE(same(synapses[1], {0, 1, -6, 2}));
  EXPECT_TRUE(same(synapses[2], {1, 1, 7, 3}));
}

std::string problem(const Connectivity& c, const ConnectionSpace& s) { return trouble(c, s).value_or(""); }

TEST(Connectivity, RefusesRulesThatCannotBeMet) {
  const ConnectionSpace flat = space({4}, {5}), recurrent = space({4}, {4}, true);
  EXPECT_EQ(problem({.rule = Rule::one_to_one}, flat),
            "one_to_one needs equal sizes, the source has 4 and the target 5");
  EXPECT_EQ(problem({.rule = Rule::one_to_one, .autapses = false}, recurrent),
            "one_to_one within a population is all autapses, and autapses = false; write true or another rule");
  EXPECT_EQ(problem({.rule = Rule::fixed_indegree}, flat), "indegree = 0 connects nothing; write 1 or more");
  EXPECT_EQ(problem({.rule = Rule::fixed_indegree, .indegree = 4, .autapses = false, .multapses = false}, recurrent),
            "indegree = 4 with multapses = false needs as many sources, there are 3");
  EXPECT_EQ(problem({.rule = Rule::pairwise_bernoulli, .probability = 1.5}, flat),
            "probability = 1.5; allowed: 0 to 1");
  EXPECT_EQ(problem({.rule = Rule::pairwise_bernoulli, .probability = NAN}, flat),
            "probability = nan; allowed: 0 to 1");
  EXPECT_EQ(problem({.rule = Rule::local, .sigma = 1}, space({4, 4}, {5})),
            "indegree = 0 connects nothing; write 1 or more");
  EXPECT_EQ(problem({.rule = Rule::local, .indegree = 1, .sigma = 1}, flat),
            "local needs a source with a shape [..., height, width], it has [4]");
  EXPECT_EQ(problem({.rule = Rule::local, .indegree = 1, .sigma = -1}, space({3, 4}, {5})),
            "sigma = -1 px; allowed: 0 to 16, four times the longer side");
  EXPECT_EQ(problem({.rule = Rule::local, .indegree = 1, .sigma = INFINITY}, space({3, 4}, {5})),
            "sigma = inf px; allowed: 0 to 16, four times the longer side");
}

TEST(Connectivity, RefusesEdgeListsThatDoNotFit) {
  const ConnectionSpace ends = space({4}, {5});
  EXPECT_EQ(problem({.rule = Rule::edges}, ends), "the rule edges needs an edge list");
  EXPECT_EQ(problem(edges({.sources = {1, 2}, .targets = {1}}), ends), "the edge list has 2 sources and 1 targets");
  EXPECT_EQ(problem(edges({.sources = {1, 2}, .targets = {1, 2}, .weights = {1}}), ends),
            "the edge list has 2 sources and 1 weights");
  EXPECT_EQ(problem(edges({.sources = {1, 2}, .targets = {2, 1}}), ends), "the edge list is not sorted by target");
  EXPECT_EQ(problem(edges({.sources = {1, 4}, .targets = {1, 2}}), ends), "edge 1: source 4 of a population of 4");
  EXPECT_EQ(problem(edges({.sources = {1, 2}, .targets = {1, 5}}), ends), "edge 1: target 5 of a population of 5");
  EXPECT_EQ(problem(edges({.sources = {1}, .targets = {1}, .weights = {NAN}}), ends),
            "edge 0: weight nan is not a finite number");
  EXPECT_EQ(problem(edges({.sources = {1}, .targets = {1}, .delays = {-1}}), ends),
            "edge 0: delay -1 ticks; allowed: 0 to 1000000000");
  EXPECT_EQ(problem(edges({.sources = {1}, .targets = {1}, .delays = {1'000'000'001}}), ends),
            "edge 0: delay 1000000001 ticks; allowed: 0 to 1000000000");
}

TEST(Connectivity, RefusesWeightsAndDelaysThatMakeNoSense) {
  const ConnectionSpace ends = space({4}, {5});
  EXPECT_EQ(problem({.weight = Distribution::normal(1, -1)}, ends), "weight: standard deviation -1 is negative");
  EXPECT_EQ(problem({.delay = Distribution::normal(5, 1)}, ends),
            "delay: values below zero are possible; give the distribution a min");
  EXPECT_EQ(problem({.delay = Distribution::constant(-1)}, ends),
            "delay: values below zero are possible; give the distribution a min");
  EXPECT_EQ(problem({.delay = Distribution::constant(2e9)}, ends),
            "delay: at least 2000000000 ticks; allowed: up to 1000000000");
  EXPECT_EQ(problem({.weight = Distribution::each({1, 2})}, ends),
            "weight: 2 values; all_to_all needs 20, a row of 4 for each of 5 targets");
  EXPECT_EQ(problem({.dale_every = 5, .dale_factor = NAN}, ends),
            "the factor nan of every 5-th source is not a finite number");
}

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments(const Distribution& d, int n) {
  Moments m;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    Draws<double> draws(random_key(3, Purpose::weight, "moments"), static_cast<std::uint32_t>(i), 0, 0);
    const double x = d.draw(draws);
    m.mean += x / n;
    squares += x * x / n;
  }
  m.variance = squares - m.mean * m.mean;
  return m;
}

TEST(Distribution, ResistivePairHasTheMomentsOfItsFormula) {
  // scale (G+ - G-), each G = N(b, c) with probability f, else 0: mean 0, variance 2 scale^2 (f (b^2 + c^2) - f^2 b^2).
  constexpr int n = 200000;
  for (const double f : {0.3, 0.5, 1.0}) {
    const double scale = 2, b = 10, c = 3;
    const double one = f * (b * b + c * c) - f * f * b * b, variance = 2 * scale * scale * one;
    const Moments m = moments(Distribution::resistive_pair(scale, b, c, f), n);
    EXPECT_NEAR(m.mean, 0, deviations * std::sqrt(variance / n));
    // The fourth moment of a difference of two independent G is 2 m4 + 6 one^2, m4 about G's own mean.
    const double g4 = f * (b * b * b * b + 6 * b * b * c * c + 3 * c * c * c * c), g3 = f * (b * b * b + 3 * b * c * c);
    const double g2 = f * (b * b + c * c), g1 = f * b;
    const double m4 = g4 - 4 * g1 * g3 + 6 * g1 * g1 * g2 - 3 * g1 * g1 * g1 * g1;
    const double fourth = std::pow(scale, 4) * (2 * m4 + 6 * one * one);
    EXPECT_NEAR(m.variance, variance, deviations * std::sqrt((fourth - variance * variance) / n));
  }
}

TEST(Distribution, TruncatesByRedraw) {
  // N(0, 1) cut to [0, inf): mean sqrt(2 / pi), variance 1 - 2 / pi.
  constexpr int n = 200000;
  Distribution d = Distribution::normal(0, 1);
  d.low = 0;
  const Moments m = moments(d, n);
  EXPECT_NEAR(m.mean, std::sqrt(2 / M_PI), deviations * std::sqrt((1 - 2 / M_PI) / n));
  EXPECT_EQ(d.minimum(), 0);
}

TEST(Distribution, GivesUpWhereNoDrawCanFit) {
  Distribution d = Distribution::normal(0, 1);
  d.low = 100;
  d.high = 101;
  Draws<double> draws(random_key(1, Purpose::weight, "w"), 0, 0, 0);
  EXPECT_EQ(message_of([&] { d.draw(draws); }), "no draw fell into [100, 101]; widen min and max");
}

TEST(Distribution, KnowsItsSmallestValue) {
  EXPECT_EQ(Distribution::constant(3).minimum(), 3);
  EXPECT_EQ(Distribution::uniform(2, 5).minimum(), 2);
  EXPECT_EQ(Distribution::each({4, 2, 9}).minimum(), 2);
  EXPECT_EQ(Distribution::normal(3, 1).minimum(), -INFINITY);
  EXPECT_EQ(Distribution::normal(3, 0).minimum(), 3);
}

TEST(Distribution, SaysWhatIsWrongWithIt) {
  const auto problem = [](const Distribution& d) { return d.trouble().value_or(""); };
  EXPECT_EQ(problem(Distribution::constant(NAN)), "nan is not a finite number");
  EXPECT_EQ(problem(Distribution::each({1, INFINITY})), "value inf at index 1 is not a finite number");
  EXPECT_EQ(problem(Distribution::uniform(5, 2)), "uniform from 5 to 2 is empty");
  EXPECT_EQ(problem(Distribution::resistive_pair(1, 1, -1, 0.5)), "standard deviation -1 is negative");
  EXPECT_EQ(problem(Distribution::resistive_pair(1, 1, 1, 1.5)), "formed = 1.5 is no probability; allowed: 0 to 1");
  Distribution d = Distribution::normal(0, 1);
  d.low = 2;
  d.high = 1;
  EXPECT_EQ(problem(d), "min 2 is above max 1");
  d.low = NAN;
  EXPECT_EQ(problem(d), "min nan and max 1 are no interval");
  d = Distribution::constant(5);
  d.high = 4;
  EXPECT_EQ(problem(d), "5 lies outside [-inf, 4]");
}

}  // namespace
}  // namespace crosspike
