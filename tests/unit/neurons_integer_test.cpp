// SPDX-License-Identifier: Apache-2.0
// Integer-spike neurons, their unary expansion, and the kinds without state: threshold, poisson.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/neurons/ilif.hpp>
#include <crosspike/neurons/poisson.hpp>
#include <crosspike/neurons/threshold.hpp>
#include <crosspike/neurons/unary.hpp>
#include <limits>
#include <numeric>
#include <random>

#include "neurons_stepper.hpp"

namespace crosspike {
namespace {

using testing_neurons::Stepper;
using testing_neurons::with_convention;

template <class R>
std::vector<double> outputs(const Ilif::Params& p, const std::vector<double>& inputs) {
  std::vector<double> out;
  for (const double x : inputs) out.push_back(Stepper<Ilif, R>(p).tick({x}) * Ilif::output_scale(p));
  return out;
}

// floor(clamp(4 x, 0, 4) + 0.5) / 4: bollossom/QSD-Transformer:classification/models.py
TEST(IlifConvention, IeLifHasFiveLevelsAndRoundsHalfUp) {
  const std::vector<double> x = {-1, 0.124, 0.125, 0.375, 0.625, 1, 2};
  const std::vector<double> y = {0, 0, 0.25, 0.5, 0.75, 1, 1};
  EXPECT_EQ(outputs<float>(with_convention<Ilif>("ie_lif"), x), y);
  EXPECT_EQ(outputs<double>(with_convention<Ilif>("ie_lif"), x), y);
}

TEST(IlifConvention, IeLifOfAttentionCountsInHalves) {
  EXPECT_EQ(outputs<float>(with_convention<Ilif>("ie_lif_attention"), {0.124, 0.125, 0.375, 0.625, 1, 2}),
            (std::vector<double>{0, 0.5, 1, 1.5, 2, 2}));
}

// round(clamp(x, 0, 4)) / 4 and floor(clamp(x, 0, 4) + 0.5) / 4 differ at 0.5 and 2.5.
TEST(IlifConvention, SfaRoundsHalfToEvenInBaseAndHalfUpInLarge) {
  const std::vector<double> x = {-2, 0.5, 1.5, 2.5, 3.5, 9};
  EXPECT_EQ(outputs<float>(with_convention<Ilif>("sfa_base"), x), (std::vector<double>{0, 0, 0.5, 0.5, 1, 1}));
  EXPECT_EQ(outputs<float>(with_convention<Ilif>("sfa_large"), x), (std::vector<double>{0, 0.25, 0.5, 0.75, 1, 1}));
}

// m = 0.25 (m - s) + x, s = round(clamp(m, 0, 4)): BICLab/SpikeYOLO:ultralytics/nn/modules/yolo_spikformer.py
// 2.5 -> 2 | 0.125 + 1.375 -> 2 | -0.125 + 7 -> 4 | 0.71875 - 1 -> 0 | -0.0703125 + 0.5 -> 0 | 0.107421875 + 0.5 -> 1 |
// -0.09814453125 + 3.625 -> 4 | -0.1182861328125 -> 0
TEST(IlifConvention, ILifCarriesWhatFiringLeaves) {
  const std::vector<double> input = {2.5, 1.375, 7, -1, 0.5, 0.5, 3.625, 0};
  const std::vector<int> counts = {2, 2, 4, 0, 0, 1, 4, 0};
  const std::vector<double> left = {0.5,       -0.5,         2.875,          -0.28125,
                                    0.4296875, -0.392578125, -0.47314453125, -0.1182861328125};
  Stepper<Ilif, float> in_float(with_convention<Ilif>("i_lif"));
  Stepper<Ilif> in_double(with_convention<Ilif>("i_lif"));
  for (std::size_t t = 0; t < 8; ++t) {
    EXPECT_EQ(in_float.tick({input[t]}), counts[t]) << t;
    EXPECT_EQ(in_double.tick({input[t]}), counts[t]) << t;
    EXPECT_EQ(in_float.membrane(), left[t]) << t;
    EXPECT_EQ(in_double.membrane(), left[t]) << t;
  }
}

// U = H + X, S = clip(round(U), 0, D) / D, H = beta (U - S D): Spike2Former, Eq. 16-18.
TEST(IlifConvention, NiLifIsILifWithAnOutputOfAtMostOne) {
  const auto p = with_convention<Ilif>("ni_lif");
  Stepper<Ilif> neuron(p);
  std::mt19937 random(2);
  double h = 0;
  for (int t = 0; t < 500; ++t) {
    const double x = static_cast<double>(random() % 4096) / 512 - 2;
    const double u = h + x;
    const double s = std::clamp(std::nearbyint(u), 0.0, 4.0) / 4;
    h = 0.25 * (u - s * 4);
    ASSERT_EQ(neuron.tick({x}) * Ilif::output_scale(p), s) << t;
  }
}

template <class R>
void expect_exact_rounding() {
  Ilif::Params even, up;
  even.levels = up.levels = 1e6;
  even.lower = up.lower = -1e6;
  up.rounding = Ilif::half_up;
  Stepper<Ilif, R> to_even(even), half_up(up);
  std::mt19937 random(3);
  std::vector<R> values = {R(0.5), R(-0.5), R(1.5), R(-1.5), R(2.5), R(-2.5), R(0), R(999999.5)};
  for (int i = 0; i < 20000; ++i)
    values.push_back(
        static_cast<R>(std::ldexp(static_cast<double>(random()) - 0x1p31, -static_cast<int>(random() % 40))));
  const std::size_t plain = values.size();
  for (std::size_t i = 0; i < plain; ++i) {
    values.push_back(std::nextafter(values[i], R(1e9)));
    values.push_back(std::nextafter(values[i], R(-1e9)));
  }
  for (const R x : values) {
    const R clipped = std::clamp(x, R(-1e6), R(1e6));
    to_even.state = half_up.state = {};
    ASSERT_EQ(to_even.tick({static_cast<double>(x)}), static_cast<int>(std::nearbyint(clipped))) << x;
    // floor(x + 1/2), the sum without rounding
    const R floored = std::floor(clipped);
    ASSERT_EQ(half_up.tick({static_cast<double>(x)}), static_cast<int>(floored) + (clipped - floored >= R(0.5))) << x;
  }
}

TEST(Ilif, RoundsExactlyEvenNextToAHalf) {
  expect_exact_rounding<float>();
  expect_exact_rounding<double>();
}

TEST(Ilif, ClipsWhatNoIntegerHolds) {
  Ilif::Params p;
  p.lower = -3;
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {1e30, 3e38, infinity}) EXPECT_EQ((Stepper<Ilif, float>(p).tick({x})), 4);
  for (const double x : {-1e30, -infinity, std::nan("")}) EXPECT_EQ((Stepper<Ilif, float>(p).tick({x})), -3);
}

TEST(Ilif, BoundsItsCountsAndScalesItsOutput) {
  Ilif::Params p;
  EXPECT_EQ(Ilif::max_count(p, 1), 4);
  p.lower = -6;
  p.output_scale = 3;
  p.normalise = true;
  EXPECT_EQ(Ilif::max_count(p, 1), 6);
  EXPECT_EQ(Ilif::output_scale(p), 0.75);
}

TEST(Ilif, AsksForWholeLevels) {
  EXPECT_EQ(Ilif::check({.levels = 2.5}), "`levels` (2.5) is a count of spikes: write a whole number.");
  EXPECT_EQ(Ilif::check({.lower = -0.5}), "`lower` (-0.5) is a count of spikes: write a whole number.");
}

TEST(UnaryExpansion, FiresInTheFirstSlotsOnly) {
  EXPECT_EQ(unary_expansion(3, 5), (std::vector<std::int32_t>{1, 1, 1, 0, 0}));
  EXPECT_EQ(unary_expansion(-2, 4), (std::vector<std::int32_t>{-1, -1, 0, 0}));
  EXPECT_EQ(unary_expansion(0, 2), (std::vector<std::int32_t>{0, 0}));
}

TEST(UnaryExpansion, RefusesACountWithoutASlot) {
  try {
    unary_expansion(-5, 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    EXPECT_STREQ(error.what(),
                 "a count of -5 does not fit into 4 slots: write at least as many levels as the largest |count|");
  }
}

TEST(UnaryExpansion, GivesTheSameIntegerSumsDownstream) {
  Ilif::Params p;
  p.lower = -4;
  std::mt19937 random(4);
  std::int64_t direct = 0;
  std::vector<std::int64_t> by_slot(4, 0);
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t count = Stepper<Ilif, float>(p).tick({static_cast<double>(random() % 1024) / 100 - 5});
    const std::int64_t weight = static_cast<std::int64_t>(random() % 65536) - 32768;
    direct += weight * count;
    const auto slots = unary_expansion(count, 4);
    for (std::size_t d = 0; d < 4; ++d) by_slot[d] += weight * slots[d];
  }
  EXPECT_EQ(std::accumulate(by_slot.begin(), by_slot.end(), std::int64_t{0}), direct);
}

TEST(ThresholdKind, FiresAtThresholdOnlyWhenInclusive) {
  Threshold::Params p;
  p.threshold = 0.1;  // not a float: the test compares with the float next to it
  const auto at = static_cast<double>(0.1f);
  EXPECT_EQ((Stepper<Threshold, float>(p).tick({at})), 1);
  EXPECT_EQ((Stepper<Threshold, float>(p).tick({std::nextafter(0.1f, 0.0f)})), 0);
  Threshold::apply(p, "nir");
  EXPECT_EQ((Stepper<Threshold, float>(p).tick({at})), 0);
  EXPECT_EQ((Stepper<Threshold, float>(p).tick({std::nextafter(0.1f, 1.0f)})), 1);
}

TEST(PoissonKind, BoundsATicksCountByTwelveDeviations) {
  Poisson::Params p;
  p.rate = 10000;
  EXPECT_EQ(Poisson::max_count(p, 0.1), 25);  // mean 1: 1 + 12 + 12
  p.rate = 8000;
  EXPECT_EQ(Poisson::max_count(p, 0.1), 23);  // 0.8 + 10.73 + 12
  p.bound = 3;
  EXPECT_EQ(Poisson::max_count(p, 0.1), 3);
}

// Mean and variance of 100,000 draws lie within five standard errors: false alarm below 2e-6 for this fixed seed.
TEST(PoissonKind, DrawsWithTheRatesMeanAndVariance) {
  Poisson::Params p;
  p.rate = 8000;  // mean 0.8 per tick of 0.1 ms
  Stepper<Poisson, float> source(p);
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int t = 0; t < n; ++t) {
    const double count = source.tick();
    sum += count;
    squares += count * count;
  }
  const double mean = sum / n, variance = squares / n - mean * mean;
  EXPECT_NEAR(mean, 0.8, 5 * std::sqrt(0.8 / n));
  EXPECT_NEAR(variance, 0.8, 5 * std::sqrt((0.8 + 2 * 0.8 * 0.8) / n));
}

}  // namespace
}  // namespace crosspike
