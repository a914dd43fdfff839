// SPDX-License-Identifier: Apache-2.0
// The logistic readout against a closed form, finite differences and scikit-learn; what it refuses and what it says.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/models/readout/logistic.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/readout_data.hpp>
#include <limits>

namespace crosspike {
namespace {

using namespace test;

// 60 samples of three counts, three classes that overlap; made alike in Python below.
CountData formula() {
  CountData data{3, 3, {}, {}};
  for (int s = 0; s < 60; ++s) {
    std::uint16_t x[3];
    for (int f = 0; f < 3; ++f)
      data.values.push_back(x[f] = static_cast<std::uint16_t>((s * (f + 3) * 7 + s * s) % 11));
    data.labels.push_back(x[0] + s % 4 > 8 ? 0 : x[1] + s % 3 > 5 ? 1 : 2);
  }
  return data;
}

// The line search compares values in double, which resolves gradients down to about the root of its rounding.
LogisticSettings tight() { return {.max_iterations = 10000, .tolerance = 1e-8}; }

Readout fit(const FeatureSet& set, double lambda, const LogisticSettings& settings = tight(), int threads = 1) {
  Team team(threads);
  const Standardisation by = standardise(set, team);
  LogisticObjective objective(set, by, lambda, team);
  std::vector<double> at(objective.parameters());
  EXPECT_TRUE(minimise(objective, at, settings).converged);
  return unstandardised(by, std::span(at).first(set.classes * set.features), std::span(at).last(set.classes));
}

// import numpy as np; from sklearn.linear_model import LogisticRegression   # 1.9.1
// x = np.array([[(s * (f + 3) * 7 + s * s) % 11 for f in range(3)] for s in range(60)], float)
// y = np.array([0 if x[s, 0] + s % 4 > 8 else 1 if x[s, 1] + s % 3 > 5 else 2 for s in range(60)])
// z = (x - x.mean(0)) / x.std(0)
// m = LogisticRegression(C=1 / lam, tol=1e-14, max_iter=100000, solver="newton-cg").fit(z, y)
// print(m.coef_, m.intercept_ - m.intercept_.mean())
struct FromSklearn {
  double lambda;
  std::vector<double> weights, bias;  // of standardised features
};
const FromSklearn sklearn[] = {{0.5,
                                {2.265915584789, -0.734756169296, 0.397376002109, -1.132313690458, 1.916573149302,
                                 0.031890147554, -1.133601894330, -1.181816980006, -0.429266149663},
                                {-0.943392081298, 0.232336212567, 0.711055868731}},
                               {20,
                                {0.555841728297, -0.144669906263, 0.062729090078, -0.301788217886, 0.485857490037,
                                 0.159922234985, -0.254053510411, -0.341187583774, -0.222651325063},
                                {-0.184899181476, 0.231929793331, -0.047030611855}}};

TEST(Logistic, AgreesWithScikitLearnAtCOfOneOverLambda) {
  const CountData data = formula();
  for (const FromSklearn& expected : sklearn) {
    const Readout found = fit(data.set(), expected.lambda);
    for (std::size_t c = 0; c < 3; ++c) {
      double at_mean = found.bias[c];
      for (std::size_t f = 0; f < 3; ++f) {
        // The two minimisers of scikit-learn differ by 2e-7 at lambda = 0.5.
        EXPECT_NEAR(found.weights[c * 3 + f] * found.scale[f], expected.weights[c * 3 + f], 5e-7);
        at_mean += found.weights[c * 3 + f] * found.mean[f];
      }
      EXPECT_NEAR(at_mean, expected.bias[c], 5e-7);
    }
  }
}

TEST(Logistic, TwoPointClassesSolveTheirOneEquation) {
  // z = -1 for class 0 and +1 for class 1, n = 4: weights -w and w, and 4 / (1 + exp(2 w)) = lambda w, from the
  // derivative of 4 log(1 + exp(-2 w)) + lambda w^2, whose w is found by bisection.
  const CountData data{1, 2, {0, 2, 0, 2}, {0, 1, 0, 1}};
  for (const double lambda : {0.1, 1.0, 10.0}) {
    double low = 0, high = 40;
    for (int i = 0; i < 200; ++i) {
      const double w = (low + high) / 2;
      (4 / (1 + std::exp(2 * w)) > lambda * w ? low : high) = w;
    }
    const Readout found = fit(data.set(), lambda);
    EXPECT_NEAR(found.weights[0], -low, 1e-8) << lambda;
    EXPECT_NEAR(found.weights[1], low, 1e-8) << lambda;
    EXPECT_NEAR(found.bias[0] - found.bias[1], 2 * low, 1e-8) << lambda;  // equal scores at the mean, 1
  }
}

TEST(Logistic, AHugeLambdaLeavesTheClassPriors) {
  const CountData data{1, 3, {5, 1, 9, 2, 8, 3, 7, 4}, {0, 1, 1, 1, 1, 2, 2, 0}};
  const Readout found = fit(data.set(), 1e6);  // weights below n |z| / lambda, 1e-5
  EXPECT_NEAR(found.bias[1] - found.bias[0], std::log(2.0), 1e-5);
  EXPECT_NEAR(found.bias[1] - found.bias[2], std::log(2.0), 1e-5);
}

TEST(Logistic, ItsGradientIsThatOfFiniteDifferences) {
  const RealData data = to_reals(random_counts(300, 7, 3, 20), 0.3F, 5);  // three batches
  Team team(2);
  const FeatureSet set = data.set();
  const Standardisation by = standardise(set, team);
  LogisticObjective objective(set, by, 3, team);
  std::vector<double> at(objective.parameters()), gradient(at.size()), unused(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) at[i] = std::sin(static_cast<double>(i));
  objective.evaluate(at, gradient);
  for (std::size_t i = 0; i < at.size(); ++i) {
    constexpr double step = 1e-5;  // error of the difference: step^2 / 6 of a third derivative of order 1
    std::vector<double> up = at, down = at;
    up[i] += step, down[i] -= step;
    EXPECT_NEAR((objective.evaluate(up, unused) - objective.evaluate(down, unused)) / (2 * step), gradient[i], 1e-9);
  }
}

TEST(Logistic, ItsValueAtZeroIsTheLogOfTheClasses) {
  const CountData data = random_counts(500, 4, 5, 9);
  Team team(1);
  const FeatureSet set = data.set();
  const Standardisation by = standardise(set, team);
  LogisticObjective objective(set, by, 1, team);
  std::vector<double> at(objective.parameters()), gradient(at.size());
  EXPECT_NEAR(objective.evaluate(at, gradient), std::log(5.0), 1e-14);
}

TEST(Logistic, ScoresOfAThousandDoNotOverflow) {
  const CountData data{1, 2, {0, 2}, {0, 1}};
  Team team(1);
  const FeatureSet set = data.set();
  const Standardisation by = standardise(set, team);
  LogisticObjective objective(set, by, 1e-9, team);
  const std::vector<double> wrong = {5000, -5000, 0, 0};
  std::vector<double> gradient(4);
  // Each of two samples loses 10,000; the penalty is 1e-9 / 2 x 5e7 / 2.
  EXPECT_DOUBLE_EQ(objective.evaluate(wrong, gradient), 10000 + 0.0125);
  EXPECT_NEAR(gradient[0], 1, 1e-5);
}

TEST(Logistic, FitsAreEqualBitForBitAtAnyNumberOfThreadsAndAnyCutIntoBlocks) {
  const CountData counts = random_counts(1500, 40, 4, 30);
  const RealData reals = to_reals(counts, 0.37F, -3.1F);
  const std::vector<double> lambdas = {1, 100};
  for (const FeatureSet& set : {counts.set(), counts.set(FeatureKind::square_roots), reals.set()}) {
    Team one(1);
    const Readout expected = fit_logistic(set, set, lambdas, {}, one);
    for (const int threads : {2, 3, 7}) {
      Team team(threads);
      const FeatureSet pieces = cut(set, {1, 127, 0, 1000, 372});
      const Readout found = fit_logistic(pieces, pieces, lambdas, {}, team);
      EXPECT_EQ(found.weights, expected.weights) << threads;
      EXPECT_EQ(found.bias, expected.bias) << threads;
    }
  }
}

TEST(Logistic, AConstantFeatureGetsWeightZeroAndChangesNothingElse) {
  const CountData without = formula();
  CountData with{4, 3, {}, without.labels};
  for (std::size_t s = 0; s < with.labels.size(); ++s) {
    for (std::size_t f = 0; f < 3; ++f) with.values.push_back(without.values[s * 3 + f]);
    with.values.push_back(7);
  }
  const Readout expected = fit(without.set(), 1), found = fit(with.set(), 1);
  EXPECT_EQ(found.scale[3], 0);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(found.weights[c * 4 + 3], 0);
    EXPECT_NEAR(found.bias[c], expected.bias[c], 1e-8);
    for (std::size_t f = 0; f < 3; ++f) EXPECT_NEAR(found.weights[c * 4 + f], expected.weights[c * 3 + f], 1e-8);
  }
}

// ---- choosing

TEST(FitLogistic, ReturnsTheMinimumOnTrainAndValidationTogether) {
  const CountData all = random_counts(900, 10, 3, 20);
  const FeatureSet train = rows_of(all.set(), [] {
    std::vector<std::size_t> rows(600);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
    return rows;
  }());
  std::vector<std::size_t> rest;
  for (std::size_t i = 600; i < 900; ++i) rest.push_back(i);
  const std::vector<double> lambdas = {300, 3, 30};
  Team team(2);
  const Readout found = fit_logistic(train, rows_of(all.set(), rest), lambdas, tight(), team);
  const Readout expected = fit(all.set(), found.lambda);
  ASSERT_EQ(found.validation.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(found.validation[i].lambda, lambdas[i]);  // as asked for, not as fitted
  for (std::size_t i = 0; i < expected.weights.size(); ++i) EXPECT_NEAR(found.weights[i], expected.weights[i], 1e-8);
  EXPECT_EQ(found.mean, expected.mean);
  EXPECT_EQ(found.kind, ReadoutKind::logistic);
  EXPECT_TRUE(found.remarks.empty());
}

TEST(FitLogistic, KeepsTheLambdaThatIsBestOnValidationFittedOnTrain) {
  const CountData train{1, 2, {0, 0, 0, 2, 2}, {0, 0, 0, 1, 1}};  // its prior favours class 0
  const CountData validation{1, 2, {0, 2, 2}, {0, 1, 1}};
  const std::vector<double> lambdas = {0.5, 1e9};
  Team team(1);
  const Readout found = fit_logistic(train.set(), validation.set(), lambdas, {}, team);
  EXPECT_EQ(found.lambda, 0.5);
  EXPECT_DOUBLE_EQ(found.validation[0].accuracy, 1);
  EXPECT_DOUBLE_EQ(found.validation[1].accuracy, 1.0 / 3);
}

TEST(FitLogistic, ATieGoesToTheLargerLambda) {
  const CountData data{1, 2, {0, 2, 0, 2}, {0, 1, 0, 1}};
  const std::vector<double> lambdas = {0.1, 10, 1};
  Team team(1);
  EXPECT_EQ(fit_logistic(data.set(), data.set(), lambdas, {}, team).lambda, 10);
}

TEST(FitLogistic, SaysWhatDidNotConverge) {
  const CountData data = formula();
  const std::vector<double> lambdas = {0.01, 1};
  Team team(1);
  const Readout found = fit_logistic(data.set(), data.set(), lambdas, {.max_iterations = 2, .tolerance = 1e-6}, team);
  ASSERT_EQ(found.remarks.size(), 2U);
  EXPECT_TRUE(
      found.remarks[0].starts_with("did not converge: after readout.max_iterations = 2 its largest gradient is "))
      << found.remarks[0];
  EXPECT_TRUE(found.remarks[0].ends_with(", above readout.tolerance = 1e-06; raise one of them")) << found.remarks[0];
  EXPECT_EQ(found.remarks[1], "was compared on validation before it had converged for lambda = 1, 0.01");
}

TEST(FitLogistic, SaysThatATolerancePastDoubleIsOutOfReach) {
  const CountData data = formula();
  const std::vector<double> lambdas = {1};
  Team team(1);
  const Readout found =
      fit_logistic(data.set(), data.set(), lambdas, {.max_iterations = 1'000'000, .tolerance = 1e-25}, team);
  ASSERT_FALSE(found.remarks.empty());
  EXPECT_NE(found.remarks[0].find("no step lowers its loss in double"), std::string::npos) << found.remarks[0];
}

TEST(FitLogistic, TellsIterationsThatOnlyRise) {
  const CountData data = formula();
  const std::vector<double> lambdas = {1, 10};
  Team team(2);
  double last = 0;
  fit_logistic(data.set(), data.set(), lambdas, {}, team,
               [&](std::string_view phase, double done, double total, std::string_view unit) {
                 EXPECT_EQ(phase, "readout");
                 EXPECT_EQ(unit, "iterations");
                 EXPECT_EQ(total, 0);
                 EXPECT_GT(done, last);
                 last = done;
               });
  EXPECT_GT(last, 4);
}

TEST(FitLogistic, StopsWhereProgressThrows) {
  const CountData data = formula();
  const std::vector<double> lambdas = {1};
  Team team(2);
  int calls = 0;
  EXPECT_EQ(message_of([&] {
              fit_logistic(data.set(), data.set(), lambdas, {}, team,
                           [&](std::string_view, double, double, std::string_view) {
                             ++calls;
                             throw Error(Fault::input, "stop");
                           });
            }),
            "stop");
  EXPECT_EQ(calls, 1);
}

TEST(FitLogistic, RefusesSettingsOutOfRange) {
  const CountData data = formula();
  Team team(1);
  const auto refusal = [&](const std::vector<double>& lambdas, const LogisticSettings& settings) {
    return message_of([&] { fit_logistic(data.set(), data.set(), lambdas, settings, team); });
  };
  EXPECT_EQ(refusal({}, {}), "the logistic readout has no lambda to choose from; give at least one, above 0");
  EXPECT_EQ(refusal({1, 0}, {}), "lambda of the logistic readout is 0; it must be finite and above 0");
  EXPECT_EQ(refusal({std::numeric_limits<double>::infinity()}, {}),
            "lambda of the logistic readout is inf; it must be finite and above 0");
  EXPECT_EQ(refusal({1}, {.max_iterations = 0}), "max_iterations of the logistic readout is 0; it must be 1 or more");
  EXPECT_EQ(refusal({1}, {.tolerance = 0}), "tolerance of the logistic readout is 0; it must be finite and above 0");
}

TEST(FitLogistic, RefusesSamplesFromWhichItHasNoMinimum) {
  const std::vector<double> lambdas = {1};
  Team team(1);
  const auto refusal = [&](const CountData& data) {
    return message_of([&] { fit_logistic(data.set(), data.set(), lambdas, {}, team); });
  };
  EXPECT_EQ(refusal({1, 3, {0, 2, 0, 2}, {0, 2, 0, 2}}),
            "features of train: no sample of class 1 among 4; the logistic readout needs one of each class, ridge and "
            "rls do not");
  EXPECT_EQ(refusal({1, 3, {0, 2}, {0, 1}}),  // fewer samples than classes
            "features of train: no sample of class 2 among 2; the logistic readout needs one of each class, ridge and "
            "rls do not");
  EXPECT_EQ(refusal({1, 1, {0, 2}, {0, 0}}),
            "features of train: there is one class; the logistic readout tells 2 or more apart");
}

TEST(FitLogistic, RefusesFeaturesThatAreNoNumbersAndSplitsThatDiffer) {
  RealData data = to_reals(random_counts(20, 2, 2, 9), 1, 0);
  const CountData counts = random_counts(20, 2, 2, 9);
  const std::vector<double> lambdas = {1};
  Team team(1);
  EXPECT_EQ(
      message_of([&] { fit_logistic(data.set(), counts.set(FeatureKind::counts, "validation"), lambdas, {}, team); }),
      "features of validation: 2 features (counts) and 2 classes; train has 2 features (reals) and 2 classes, and "
      "all splits must be alike");
  data.values[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of([&] { fit_logistic(data.set(), data.set(), lambdas, {}, team); }),
            "features of train: sample 2, feature 1 is nan; features must be finite and at most 1e+17 in magnitude");
}

}  // namespace
}  // namespace crosspike
