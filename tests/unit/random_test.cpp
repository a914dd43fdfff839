// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/random.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace crosspike {
namespace {

// Known answers marked "reference" come from an independent program: Philox, FNV-1a and splitmix64 on Python integers,
// distributions with 50 digits (mpmath). Statistical tests have fixed seeds; with a fresh seed each bound would raise a
// false alarm with the probability stated.
constexpr RandomKey reference_key = {0x01234567u, 0x89abcdefu};

template <class R>
Draws<R> reference_draws() {
  return {reference_key, 3, 5, 7};
}

std::array<std::uint32_t, 4> block(RandomKey key, Address at) {
  const RandomWords words = philox(key, at);
  return {words.word[0], words.word[1], words.word[2], words.word[3]};
}

// `x` standard deviations; each bound of 5 has a false-alarm rate of 6e-7.
void expect_within_five_sigma(double estimate, double truth, double sigma) {
  EXPECT_LT(std::fabs(estimate - truth), 5 * sigma) << estimate << " for " << truth << " +- " << sigma;
}

// Chi-square of counts against probabilities; the Wilson-Hilferty cube root makes it normal, and a one-sided bound of
// 5 has a false-alarm rate of 3e-7. Outcomes expected less than 20 times are pooled.
void expect_distribution(const std::vector<std::int64_t>& counts, const std::vector<double>& probabilities) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  double chi_square = 0, pooled_expected = static_cast<double>(total), pooled_count = static_cast<double>(total);
  int cells = 0;
  const auto add = [&](double count, double expected) {
    chi_square += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * static_cast<double>(total);
    if (expected < 20) continue;
    add(static_cast<double>(counts[i]), expected);
    pooled_expected -= expected;
    pooled_count -= static_cast<double>(counts[i]);
  }
  if (pooled_expected >= 5) add(pooled_count, pooled_expected);
  const double freedom = cells - 1, spread = 2 / (9 * freedom);
  EXPECT_LT((std::cbrt(chi_square / freedom) - (1 - spread)) / std::sqrt(spread), 5.0)
      << "chi square " << chi_square << " with " << freedom << " degrees of freedom";
}

// Kolmogorov-Smirnov: sqrt(n) D > 2.7 has probability 2 exp(-2 2.7^2) = 9e-7.
template <class Cumulative>
void expect_continuous_distribution(std::vector<double> sample, Cumulative cumulative) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double at = cumulative(sample[i]), low = static_cast<double>(i) / n;
    distance = std::max({distance, at - low, low + 1 / n - at});
  }
  EXPECT_LT(std::sqrt(n) * distance, 2.7);
}

// Salmon et al. 2011; Random123's kat_vectors, philox4x32 with 10 rounds.
TEST(Random, PhiloxGivesThePublishedVectors) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(block({0, 0}, {0, 0, 0, 0}), (Block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  EXPECT_EQ(block({~0u, ~0u}, {~0u, ~0u, ~0u, ~0u}), (Block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  EXPECT_EQ(block({0xa4093822u, 0x299f31d0u}, {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}),
            (Block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(Random, KeyIsTheHashOfSeedPurposeAndName) {
  struct Case {
    std::uint64_t seed;
    Purpose purpose;
    const char* name;
    RandomKey key;
  };
  constexpr Case reference[] = {
      {1u, Purpose::connectivity, "exc", {0x04077957u, 0x87c2759eu}},
      {1u, Purpose::weight, "exc", {0x1aa9ebd5u, 0xb7e3c0bbu}},
      {1u, Purpose::delay, "exc", {0xa80d306au, 0x826870b6u}},
      {1u, Purpose::parameter, "exc", {0x96c34ef9u, 0x414f47bfu}},
      {1u, Purpose::initial_state, "exc", {0x32484069u, 0xa8443012u}},
      {1u, Purpose::step, "exc", {0xcae01326u, 0x150c1435u}},
      {1u, Purpose::conversion, "exc", {0x9c7d089cu, 0x8124ac5du}},
      {18446744073709551615u, Purpose::step, "liquid.recurrent", {0x657f60d5u, 0x9ba6ceebu}},
      {0u, Purpose::weight, "", {0x53a98f42u, 0x4799deefu}},
  };
  for (const Case& c : reference) {
    EXPECT_EQ(random_key(c.seed, c.purpose, c.name), c.key) << c.seed << " " << static_cast<int>(c.purpose) << c.name;
  }
}

TEST(Random, DrawsTakeTheWordsOfConsecutiveBlocks) {
  auto draws = reference_draws<double>();
  for (std::uint32_t draw = 0; draw < 3; ++draw) {
    for (const std::uint32_t word : block(reference_key, {3, 5, draw, 7})) EXPECT_EQ(draws.word(), word);
  }
}

TEST(Random, TheOrderOfAskingDoesNotMatter) {
  constexpr std::uint32_t elements = 50;
  std::vector<double> ascending, interleaved(2 * elements);
  for (std::uint32_t i = 0; i < elements; ++i) {
    Draws<double> draws(reference_key, i, 9, 0);
    ascending.push_back(draws.gaussian());
    ascending.push_back(draws.poisson(3.5));
  }
  std::vector<Draws<double>> all;
  for (std::uint32_t i = 0; i < elements; ++i) all.emplace_back(reference_key, i, 9, 0);
  for (std::size_t i = elements; i-- > 0;) interleaved[2 * i] = all[i].gaussian();
  for (std::size_t i = 0; i < elements; ++i) interleaved[2 * i + 1] = all[i].poisson(3.5);
  EXPECT_EQ(interleaved, ascending);
}

TEST(Random, EveryPartOfTheAddressMatters) {
  const std::uint32_t here = Draws<float>(reference_key, 3, 5, 7).word();
  EXPECT_NE(Draws<float>(reference_key, 4, 5, 7).word(), here);
  EXPECT_NE(Draws<float>(reference_key, 3, 6, 7).word(), here);
  EXPECT_NE(Draws<float>(reference_key, 3, 5, 8).word(), here);
  EXPECT_NE(Draws<float>({reference_key.low, 0}, 3, 5, 7).word(), here);
}

TEST(Random, StepsBeyondTheCounterAreRefused) {
  EXPECT_NO_THROW(Draws<float>(reference_key, 0, 0xffffffffu, 0));
  try {
    Draws<float>(reference_key, 0, std::uint64_t{1} << 32, 0);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::cannot);
    EXPECT_EQ(std::string(error.what()),
              "step 4294967296 has no random numbers: a run has at most 4294967296 steps (0 to 4294967295); use a "
              "longer dt or split the run into runs with other seeds");
  }
}

TEST(Random, UniformIsTheMiddleOfTheWordsInterval) {
  // The published vector's first word is 6627e8d5.
  EXPECT_EQ(Draws<double>({0, 0}, 0, 0, 0).uniform(), (0x6627e8d5u + 0.5) / 4294967296.0);
  EXPECT_EQ(Draws<float>({0, 0}, 0, 0, 0).uniform(), static_cast<float>(0x6627e9u) / 16777216.0f);
}

TEST(Random, UniformIsUniform) {
  std::vector<double> doubles, floats;
  for (std::uint32_t i = 0; i < 100000; ++i) {
    doubles.push_back(Draws<double>(reference_key, i, 0, 0).uniform());
    floats.push_back(static_cast<double>(Draws<float>(reference_key, i, 1, 0).uniform()));
  }
  expect_continuous_distribution(doubles, [](double x) { return x; });
  expect_continuous_distribution(floats, [](double x) { return x; });
}

TEST(Random, FloatUniformsAreOddMultiplesOfItsResolutionAndSoNeither0Nor1) {
  auto draws = reference_draws<float>();
  for (int i = 0; i < 100000; ++i) {
    const float scaled = draws.uniform() * 0x1p24f;
    ASSERT_EQ(static_cast<std::uint32_t>(scaled) % 2, 1u);
    ASSERT_LT(scaled, 0x1p24f);
  }
}

TEST(Random, GaussianGivesTheReferenceValues) {
  constexpr double reference[] = {0x1.6fdf68b73295bp-1, 0x1.1bbcaa4f5a047p+0, -0x1.95c75b815a7c8p-2,
                                  -0x1.817fa959d7d02p+0};
  // The angle is rounded to 7e-16 and the radius is at most sqrt(2 log 2^33) = 6.8.
  constexpr double rounding = 5e-15;
  auto doubles = reference_draws<double>();
  auto floats = reference_draws<float>();
  for (const double value : reference) {
    EXPECT_NEAR(doubles.gaussian(), value, rounding);
    EXPECT_FLOAT_EQ(floats.gaussian(), static_cast<float>(value));
  }
}

TEST(Random, GaussianIsNormal) {
  constexpr int size = 200000;
  std::vector<double> sample;
  double sum = 0, squares = 0, fourth_powers = 0;
  auto draws = reference_draws<double>();
  for (int i = 0; i < size; ++i) {
    const double x = draws.gaussian();
    sample.push_back(x);
    sum += x;
    squares += x * x;
    fourth_powers += x * x * x * x;
  }
  expect_within_five_sigma(sum / size, 0, std::sqrt(1.0 / size));
  expect_within_five_sigma(squares / size, 1, std::sqrt(2.0 / size));         // var x^2 = 3 - 1
  expect_within_five_sigma(fourth_powers / size, 3, std::sqrt(96.0 / size));  // var x^4 = 105 - 9
  expect_continuous_distribution(sample, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); });
}

TEST(Random, PoissonGivesTheReferenceValues) {
  struct Case {
    double mean;
    std::array<std::int32_t, 8> values;
  };
  constexpr Case reference[] = {
      {0.5, {1, 0, 0, 0, 1, 0, 1, 1}},
      {1.6, {0, 2, 1, 1, 0, 1, 0, 0}},
      {15.9, {19, 17, 14, 17, 20, 14, 19, 11}},
      {16.0, {20, 18, 15, 18, 21, 15, 20, 12}},
      {16.5, {20, 18, 15, 18, 21, 15, 20, 12}},
      {100.25, {109, 96, 104, 96, 89, 103, 91, 89}},
      {10000.0, {9912, 10042, 10036, 9959, 10114, 10029, 10094, 9890}},
      {1000000.0, {1000884, 999581, 1000356, 1000415, 1001140, 1000288, 999062, 998899}},
  };
  for (const auto& [mean, values] : reference) {
    auto draws = reference_draws<double>();
    for (const std::int32_t value : values) EXPECT_EQ(draws.poisson(mean), value) << "mean " << mean;
  }
}

TEST(Random, PoissonHasItsDistribution) {
  for (const double mean : {0.01, 0.7, 1.6, 9.99, 15.999, 16.0, 40.5, 1000.0}) {
    SCOPED_TRACE(mean);
    constexpr int size = 100000;
    const auto most = static_cast<std::size_t>(mean + 12 * std::sqrt(mean) + 12);
    std::vector<std::int64_t> counts(most);
    std::vector<double> probabilities;
    for (std::size_t k = 0; k < most; ++k) {
      const auto x = static_cast<double>(k);
      probabilities.push_back(std::exp(x * std::log(mean) - mean - std::lgamma(x + 1)));
    }
    auto draws = reference_draws<double>();
    for (int i = 0; i < size; ++i) ++counts.at(static_cast<std::size_t>(draws.poisson(mean)));
    expect_distribution(counts, probabilities);
  }
}

TEST(Random, PoissonOfALargeMeanHasItsMoments) {
  constexpr int size = 4000;
  constexpr double mean = 1e6;
  double sum = 0, squares = 0;
  auto draws = reference_draws<double>();
  for (int i = 0; i < size; ++i) {
    const double x = (draws.poisson(mean) - mean) / std::sqrt(mean);
    sum += x;
    squares += x * x;
  }
  expect_within_five_sigma(sum / size, 0, std::sqrt(1.0 / size));
  expect_within_five_sigma(squares / size, 1, std::sqrt(2.0 / size));
}

TEST(Random, PoissonOfMeanZeroIsZero) {
  auto draws = reference_draws<float>();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(draws.poisson(0.0), 0);
}

TEST(Random, BinomialGivesTheReferenceValues) {
  struct Case {
    std::int64_t n;
    double p;
    std::vector<std::int64_t> values;
  };
  const Case reference[] = {
      {10, 0.25, {1, 3, 2, 3, 4, 2, 1, 4}},
      {20, 0.75, {13, 14, 14, 14, 17, 14, 13, 17}},
      {31, 0.5, {19, 15, 15, 15, 13, 17, 19, 13}},
      {1000, 0.001, {0, 1, 1, 1, 0, 1, 0, 0}},
      {1000, 0.3, {313, 294, 295, 294, 317, 296, 314, 316}},
      {1000000, 0.9, {900265, 899874, 899893, 900124, 899658, 900086, 900281, 900330}},
      {1000000000, 1e-08, {13, 9, 9, 9, 14, 11, 7, 7}},
      {1000000000, 0.5, {499986028, 500006628, 500005624, 500006559}},
  };
  for (const auto& [n, p, values] : reference) {
    auto draws = reference_draws<double>();
    for (const std::int64_t value : values) EXPECT_EQ(draws.binomial(n, p), value) << "n " << n << " p " << p;
  }
}

TEST(Random, BinomialHasItsDistribution) {
  struct Case {
    std::int64_t n;
    double p;
  };
  for (const auto& [n, p] : {Case{1, 0.3}, Case{10, 0.5}, Case{31, 0.5}, Case{40, 0.95}, Case{1000, 0.2}}) {
    SCOPED_TRACE(testing::Message() << "n " << n << " p " << p);
    std::vector<std::int64_t> counts(static_cast<std::size_t>(n) + 1);
    std::vector<double> probabilities;
    const auto trials = static_cast<double>(n);
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const auto x = static_cast<double>(k);
      probabilities.push_back(std::exp(std::lgamma(trials + 1) - std::lgamma(x + 1) - std::lgamma(trials - x + 1) +
                                       x * std::log(p) + (trials - x) * std::log1p(-p)));
    }
    auto draws = reference_draws<double>();
    for (int i = 0; i < 100000; ++i) ++counts.at(static_cast<std::size_t>(draws.binomial(n, p)));
    expect_distribution(counts, probabilities);
  }
}

TEST(Random, BinomialOfCertaintyIsCertain) {
  auto draws = reference_draws<double>();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(draws.binomial(0, 0.5), 0);
    EXPECT_EQ(draws.binomial(1000, 0.0), 0);
    EXPECT_EQ(draws.binomial(1000, 1.0), 1000);
  }
}

TEST(Random, BelowGivesTheReferenceValues) {
  struct Case {
    std::uint32_t n;
    std::array<std::uint32_t, 8> values;
  };
  constexpr Case reference[] = {
      {1u, {0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u}},
      {2u, {1u, 1u, 0u, 1u, 0u, 1u, 0u, 1u}},
      {10u, {6u, 8u, 3u, 8u, 2u, 7u, 3u, 5u}},
      {1000u, {623u, 882u, 324u, 882u, 277u, 710u, 321u, 502u}},
      {3221225472u,
       {2007253807u, 2842044116u, 2842372311u, 895233039u, 1036356420u, 1618259837u, 2401650198u, 730083340u}},
      {4294967295u,
       {2676338409u, 3789392154u, 1395479983u, 3789829748u, 1193644052u, 3050177639u, 1381808560u, 2157679782u}},
  };
  for (const auto& [n, values] : reference) {
    auto draws = reference_draws<double>();
    for (const std::uint32_t value : values) EXPECT_EQ(draws.below(n), value) << "n " << n;
  }
}

TEST(Random, BelowIsUnbiased) {
  for (const std::uint32_t n : {2u, 7u, 1000u}) {
    SCOPED_TRACE(n);
    std::vector<std::int64_t> counts(n);
    auto draws = reference_draws<double>();
    for (int i = 0; i < 200000; ++i) ++counts.at(draws.below(n));
    expect_distribution(counts, std::vector<double>(n, 1.0 / n));
  }
  // Without rejection, n = 3 2^30 would give the multiples of 3 half of all draws instead of a third.
  std::vector<std::int64_t> counts(3);
  auto draws = reference_draws<double>();
  for (int i = 0; i < 200000; ++i) ++counts[draws.below(3u << 30) % 3];
  expect_distribution(counts, std::vector<double>(3, 1.0 / 3));
}

}  // namespace
}  // namespace crosspike
