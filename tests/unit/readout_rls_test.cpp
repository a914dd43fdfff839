// SPDX-License-Identifier: Apache-2.0
// Recursive least squares against its recursion written out, closed forms by numpy, and ridge regression.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike/models/readout/rls.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/readout_data.hpp>
#include <limits>

namespace crosspike {
namespace {

using namespace test;

struct Stream {
  std::size_t inputs, outputs;
  std::vector<double> x, y;

  std::size_t samples() const { return x.size() / inputs; }
  std::span<const double> x_of(std::size_t s) const { return std::span(x).subspan(s * inputs, inputs); }
  std::span<const double> y_of(std::size_t s) const { return std::span(y).subspan(s * outputs, outputs); }
};

// Made alike in Python below.
Stream formula() {
  Stream stream{4, 2, {}, {}};
  for (int s = 0; s < 40; ++s) {
    for (int f = 0; f < 3; ++f) stream.x.push_back((s * (f + 3) * 7 + s * s) % 11 / 11.0);
    stream.x.push_back(1);
    for (int c = 0; c < 2; ++c) stream.y.push_back((s * 5 + c * s * s) % 7 / 7.0);
  }
  return stream;
}

Stream random_stream(std::size_t samples, std::size_t inputs, std::size_t outputs) {
  std::mt19937 draw(5);
  std::normal_distribution<double> normal;
  Stream stream{inputs, outputs, {}, {}};
  for (std::size_t i = 0; i < samples * inputs; ++i) stream.x.push_back(normal(draw));
  for (std::size_t i = 0; i < samples * outputs; ++i) stream.y.push_back(normal(draw));
  return stream;
}

Rls one_by_one(const Stream& stream, const RlsSettings& settings) {
  Rls rls(stream.inputs, stream.outputs, settings);
  for (std::size_t s = 0; s < stream.samples(); ++s) rls.update(stream.x_of(s), stream.y_of(s));
  return rls;
}

// import numpy as np
// x = np.array([[(s * (f + 3) * 7 + s * s) % 11 / 11 for f in range(3)] + [1] for s in range(40)])
// y = np.array([[(s * 5 + c * s * s) % 7 / 7 for c in range(2)] for s in range(40)])
// w = f ** np.arange(39, -1, -1)
// print(np.linalg.solve((x * w[:, None]).T @ x + f ** 40 * alpha * np.eye(4), (x * w[:, None]).T @ y))
struct FromNumpy {
  RlsSettings settings;
  std::vector<double> weights;
};
const FromNumpy numpy[] = {{{0.5, 1},
                            {-0.104209151653577, 0.0153212542820346, 0.0507297653675417, 0.0529902748036755,
                             -0.129515022602444, -0.0641517991737307, 0.486853156108936, 0.279803887522911}},
                           {{0.5, 0.9},
                            {0.0840769724582266, 0.230001771690394, 0.253196438463365, -0.164413448972755,
                             -0.0255969170139328, -0.0311130918960401, 0.325082404800618, 0.2668518091042}},
                           {{1e-6, 0.97},
                            {-0.0866752724032331, 0.080929012463949, 0.0360956431666444, -0.0592677757861516,
                             -0.106653775704937, -0.0671377469453752, 0.489404959848186, 0.301368061763431}}};

TEST(Rls, AgreesWithTheClosedFormByNumpy) {
  const Stream stream = formula();
  Team team(2);
  for (const FromNumpy& expected : numpy) {
    const Rls single = one_by_one(stream, expected.settings);
    Rls folded(4, 2, expected.settings);
    folded.update(stream.x, stream.y, team);
    // Rounding times the condition of X P0 X' + diag(f^i): 40 samples of square length below 4, over alpha.
    const double bound = std::max(1e-12, 2e-16 * 160 / expected.settings.alpha);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_NEAR(single.weights()[i], expected.weights[i], bound) << expected.settings.forgetting;
      EXPECT_NEAR(folded.weights()[i], expected.weights[i], bound) << expected.settings.forgetting;
    }
    EXPECT_EQ(folded.samples(), 40U);
  }
}

TEST(Rls, OneSampleIsOneStepOfTheRecursion) {
  // P = I / 2, x = (1, 2), y = 3, f = 1/2: g = (1/2, 1), f + x'g = 3, W = g y / 3, P = 2 (I / 2 - g g' / 3).
  Rls rls(2, 1, {2, 0.5});
  const double x[] = {1, 2}, y[] = {3};
  rls.update(x, y);
  EXPECT_DOUBLE_EQ(rls.weights()[0], 0.5);
  EXPECT_DOUBLE_EQ(rls.weights()[1], 1);
  EXPECT_DOUBLE_EQ(rls.p()[0], 2 * (0.5 - 0.25 / 3));
  EXPECT_DOUBLE_EQ(rls.p()[1], 2 * (-0.5 / 3));
  EXPECT_DOUBLE_EQ(rls.p()[2], 2 * (-0.5 / 3));
  EXPECT_DOUBLE_EQ(rls.p()[3], 2 * (0.5 - 1.0 / 3));
  EXPECT_DOUBLE_EQ(rls.predict(x)[0], 2.5);
}

TEST(Rls, FoldedSamplesFollowTheRecursionStepByStep) {
  const Stream stream = random_stream(100, 20, 3);
  for (const double forgetting : {1.0, 0.98, 0.5}) {
    Team team(1);
    Rls folded(20, 3, {0.7, forgetting});
    folded.update(stream.x, stream.y, team);
    std::vector<double> p(400), w(60);
    for (std::size_t i = 0; i < 20; ++i) p[i * 20 + i] = 1 / 0.7;
    for (std::size_t s = 0; s < 100; ++s) {
      const auto x = stream.x_of(s), y = stream.y_of(s);
      std::vector<double> g(20), error(y.begin(), y.end());
      double denominator = forgetting;
      for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t j = 0; j < 20; ++j) g[i] += p[i * 20 + j] * x[j];
        for (std::size_t c = 0; c < 3; ++c) error[c] -= w[i * 3 + c] * x[i];
        denominator += x[i] * g[i];
      }
      for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t j = 0; j < 20; ++j) p[i * 20 + j] = (p[i * 20 + j] - g[i] * g[j] / denominator) / forgetting;
        for (std::size_t c = 0; c < 3; ++c) w[i * 3 + c] += g[i] * error[c] / denominator;
      }
    }
    // P of a short memory is badly conditioned: 2 samples of weight above 1/4 for 20 inputs.
    const double bound = forgetting < 0.9 ? 1e-6 : 1e-11;
    for (std::size_t i = 0; i < 60; ++i)
      EXPECT_NEAR(folded.weights()[i], w[i], bound * (1 + std::abs(w[i]))) << forgetting;
    for (std::size_t i = 0; i < 400; ++i) EXPECT_NEAR(folded.p()[i], p[i], bound * (1 + std::abs(p[i]))) << forgetting;
  }
}

TEST(Rls, PStaysExactlySymmetric) {
  const Stream stream = random_stream(300, 300, 1);  // two tiles
  Team team(2);
  Rls rls(300, 1, {1, 0.999});
  rls.update(stream.x, stream.y, team);
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t j = 0; j < i; ++j) ASSERT_EQ(rls.p()[i * 300 + j], rls.p()[j * 300 + i]);
}

TEST(Rls, IsEqualBitForBitAtAnyNumberOfThreads) {
  const Stream stream = random_stream(200, 700, 4);
  const auto learned = [&](int threads) {
    Team team(threads);
    Rls rls(700, 4, {3, 0.9999});
    rls.update(stream.x, stream.y, team);
    return std::pair(std::vector(rls.weights().begin(), rls.weights().end()),
                     std::vector(rls.p().begin(), rls.p().end()));
  };
  const auto expected = learned(1);
  for (const int threads : {2, 3, 7}) EXPECT_EQ(learned(threads), expected) << threads;
}

TEST(Rls, ForgettingLearnsASwapOfTheClassesThatRememberingAllDoesNot) {
  // Two classes at -1 and 1 with noise; after 1,000 samples they change places. x = (value, 1).
  std::mt19937 draw(11);
  std::normal_distribution<double> noise(0, 0.3);
  Rls remembers(2, 1, {1, 1}), forgets(2, 1, {1, 0.98});
  int right_before[2] = {0, 0}, right_after[2] = {0, 0};
  for (int s = 0; s < 1600; ++s) {
    const double label = draw() % 2 == 0 ? -1 : 1, sign = s < 1000 ? 1 : -1;
    const double x[] = {sign * label + noise(draw), 1}, y[] = {label};
    int* right = s < 1000 ? right_before : right_after;
    if (s >= 800 && (s < 1000 || s >= 1400)) {  // the last 200 of each part, predicted before they are learned
      right[0] += remembers.predict(x)[0] * label > 0;
      right[1] += forgets.predict(x)[0] * label > 0;
    }
    remembers.update(x, y);
    forgets.update(x, y);
  }
  EXPECT_GE(right_before[0], 195);  // wrong beyond 1 / 0.3 standard deviations: 0.04 % of the samples
  EXPECT_GE(right_before[1], 195);
  EXPECT_LE(right_after[0], 5);  // 1,000 samples still outvote 600
  EXPECT_GE(right_after[1], 195);
}

TEST(Rls, SaysThatPIsLostWhereForgettingOutrunsTheSamples) {
  Rls rls(2, 1, {1, 0.9});
  EXPECT_EQ(
      message_of([&] {
        for (int s = 0; s < 1000; ++s) {
          const double x[] = {1, 0}, y[] = {1};  // the second input never varies
          rls.update(x, y);
        }
      }),
      // 0.9^-n passes 1e8 at n = 174.8, which the sample after it sees
      "the rls readout lost its matrix P near sample 175: with forgetting = 0.9 it forgets what no sample has shown "
      "for about 10 samples; use forgetting closer to 1, a larger alpha or fewer features");
}

TEST(Rls, RefusesSettingsOutOfRange) {
  const auto refusal = [](double alpha, double forgetting) {
    return message_of([&] { Rls(2, 1, {alpha, forgetting}); });
  };
  EXPECT_EQ(refusal(0, 1), "alpha of the rls readout is 0; it must be finite and above 0");
  EXPECT_EQ(refusal(-1, 1), "alpha of the rls readout is -1; it must be finite and above 0");
  EXPECT_EQ(refusal(1, 0), "forgetting of the rls readout is 0; it must be above 0 and at most 1");
  EXPECT_EQ(refusal(1, 1.01), "forgetting of the rls readout is 1.01; it must be above 0 and at most 1");
  EXPECT_EQ(refusal(1, std::nan("")), "forgetting of the rls readout is nan; it must be above 0 and at most 1");
  EXPECT_EQ(message_of([] { Rls(46341, 10, {}); }),
            "an rls readout of 46341 inputs and 10 outputs; it takes 1 to 46340 inputs and at least 1 output");
}

TEST(Rls, RefusesSamplesThatDoNotFit) {
  Rls rls(2, 1, {});
  const double two[] = {1, 2}, one[] = {1}, bad[] = {1, std::numeric_limits<double>::infinity()};
  rls.update(two, one);
  EXPECT_EQ(message_of([&] { rls.update(one, one); }), "rls readout: 1 inputs and 1 outputs given; it has 2 and 1");
  EXPECT_EQ(message_of([&] { rls.update(bad, one); }), "rls readout: sample 1, input 1 is inf; it must be finite");
  EXPECT_EQ(message_of([&] { rls.predict(one); }), "rls readout: 1 inputs given; it has 2");
  Team team(1);
  EXPECT_EQ(message_of([&] { rls.update(two, two, team); }),
            "rls readout: 2 numbers in and 2 out; samples have 2 and 1");
  EXPECT_EQ(rls.samples(), 1U);
}

// ---- as a readout of features

double largest_difference(const Readout& a, const Readout& b) {
  double largest = 0;
  for (std::size_t c = 0; c < a.classes; ++c) {
    double at_mean = a.bias[c] - b.bias[c];
    for (std::size_t f = 0; f < a.features; ++f) {
      const double off = a.weights[c * a.features + f] - b.weights[c * a.features + f];
      largest = std::max(largest, std::abs(off) * a.scale[f]);
      at_mean += off * a.mean[f];
    }
    largest = std::max(largest, std::abs(at_mean));
  }
  return largest;
}

TEST(FitRls, WithoutForgettingIsTheRidgeReadoutWithLambdaAlpha) {
  const CountData data = random_counts(900, 40, 4, 30);
  const FeatureSet parts = cut(data.set(), {600, 300});
  const FeatureSet train{"train", 40, 4, FeatureKind::counts, {parts.blocks[0]}},
      validation{"validation", 40, 4, FeatureKind::counts, {parts.blocks[1]}};
  const std::vector<double> alphas = {3, 3000, 30};
  Team team(2);
  const Readout rls = fit_rls(train, validation, alphas, 1, team), ridge = fit_ridge(train, validation, alphas, team);
  EXPECT_LT(largest_difference(rls, ridge), 1e-8);
  EXPECT_EQ(rls.lambda, ridge.lambda);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(rls.validation[i].accuracy, ridge.validation[i].accuracy);
  EXPECT_EQ(rls.kind, ReadoutKind::rls);
}

TEST(FitRls, AConstantFeatureGetsWeightZeroWhateverIsForgotten) {
  CountData data = random_counts(3000, 3, 2, 9);
  for (std::size_t s = 0; s < data.labels.size(); ++s) data.values[s * 3 + 1] = 7;
  const std::vector<double> alphas = {1};
  Team team(1);
  const Readout found = fit_rls(data.set(), data.set(), alphas, 0.9, team);  // 0.9^-6000 would overflow
  EXPECT_EQ(found.scale[1], 0);
  EXPECT_EQ(found.weights[1], 0);
  EXPECT_EQ(found.weights[4], 0);
  EXPECT_EQ(found.forgetting, 0.9);
}

TEST(FitRls, DoesNotDependOnThreadsOrBlocks) {
  const RealData data = to_reals(random_counts(700, 30, 3, 30), 0.37F, -3.1F);
  const std::vector<double> alphas = {1, 100};
  Team one(1), three(3);
  const FeatureSet pieces = cut(data.set(), {1, 255, 0, 444});
  const Readout expected = fit_rls(data.set(), data.set(), alphas, 0.999, one),
                found = fit_rls(pieces, pieces, alphas, 0.999, three);
  EXPECT_EQ(found.weights, expected.weights);
  EXPECT_EQ(found.bias, expected.bias);
}

TEST(FitRls, TellsTheSamplesOfAllPasses) {
  const CountData data = random_counts(600, 5, 2, 9);
  const std::vector<double> alphas = {1, 10};
  Team team(1);
  double last = 0;
  fit_rls(data.set(), data.set(), alphas, 1, team,
          [&](std::string_view phase, double done, double total, std::string_view unit) {
            EXPECT_EQ(phase, "readout");
            EXPECT_EQ(unit, "samples");
            EXPECT_EQ(total, 4 * 600);
            EXPECT_GT(done, last);
            last = done;
          });
  EXPECT_EQ(last, 4 * 600);
}

TEST(FitRls, RefusesWhatItCannotChooseFrom) {
  const CountData data = random_counts(20, 2, 2, 9);
  Team team(1);
  EXPECT_EQ(message_of([&] { fit_rls(data.set(), data.set(), {}, 1, team); }),
            "the rls readout has no alpha to choose from; give at least one, above 0");
  const std::vector<double> alphas = {1, -2};
  EXPECT_EQ(message_of([&] { fit_rls(data.set(), data.set(), alphas, 1, team); }),
            "alpha of the rls readout is -2; it must be finite and above 0");
  const CountData other = random_counts(20, 3, 2, 9);
  EXPECT_EQ(
      message_of(
          [&] { fit_rls(data.set(), other.set(FeatureKind::counts, "validation"), std::vector<double>{1}, 1, team); }),
      "features of validation: 3 features (counts) and 2 classes; train has 2 features (counts) and 2 classes, and "
      "all splits must be alike");
}

}  // namespace
}  // namespace crosspike
