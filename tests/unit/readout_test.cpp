// SPDX-License-Identifier: Apache-2.0
// The ridge readout against an independent least-squares solve (QR of the augmented system), closed forms and
// 64-bit integer sums; its refusals; and its independence of threads and of how samples are cut into blocks.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <crosspike/models/readout/dual_ridge.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/readout_data.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace crosspike {
namespace {

using namespace test;

NormalEquations sums_of(const FeatureSet& set, int threads = 1) {
  NormalEquations equations(set.features, set.classes, set.kind);
  Team team(threads);
  equations.add(set, team);
  return equations;
}

Readout solve(const FeatureSet& set, double lambda, int threads = 1) {
  const NormalEquations equations = sums_of(set);
  Team team(threads);
  return RidgeSolver(equations).solve(lambda, team);
}

std::vector<double> upper(const NormalEquations& equations) {
  std::vector<double> result;
  const std::size_t n = equations.features();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) result.push_back(equations.gram()[i * n + j]);
  }
  return result;
}

std::vector<double> copy(std::span<const double> values) { return {values.begin(), values.end()}; }

void expect_exact_sums(const CountData& data) {
  const NormalEquations equations = sums_of(data.set(), 2);
  std::vector<double> gram;
  std::vector<double> class_sums(data.classes * data.features);
  for (std::size_t i = 0; i < data.features; ++i) {
    for (std::size_t j = i; j < data.features; ++j) {
      std::int64_t sum = 0;
      for (std::size_t s = 0; s < data.labels.size(); ++s) {
        sum += std::int64_t{data.values[s * data.features + i]} * data.values[s * data.features + j];
      }
      gram.push_back(static_cast<double>(sum));
    }
    for (std::size_t s = 0; s < data.labels.size(); ++s) {
      class_sums[static_cast<std::size_t>(data.labels[s]) * data.features + i] += data.values[s * data.features + i];
    }
  }
  EXPECT_EQ(upper(equations), gram);
  EXPECT_EQ(copy(equations.class_sums()), class_sums);
}

// min |[Z; sqrt(lambda) I] W - [Y - mean; 0]| by Householder QR, on data standardised row by row.
struct Reference {
  Eigen::MatrixXd weights;  // (features, classes)
  Eigen::VectorXd bias;
};

Reference solve_by_qr(const RealData& data, double lambda) {
  const auto n = static_cast<Eigen::Index>(data.labels.size());
  const auto p = static_cast<Eigen::Index>(data.features);
  const auto k = static_cast<Eigen::Index>(data.classes);
  Eigen::MatrixXd x(n, p);
  Eigen::MatrixXd y = Eigen::MatrixXd::Zero(n, k);
  for (Eigen::Index s = 0; s < n; ++s) {
    y(s, data.labels[static_cast<std::size_t>(s)]) = 1;
    for (Eigen::Index f = 0; f < p; ++f)
      x(s, f) = static_cast<double>(data.values[static_cast<std::size_t>(s * p + f)]);
  }
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Eigen::RowVectorXd prior = y.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - mean;
  const Eigen::RowVectorXd scale = (centred.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt();
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(n + p, p);
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(n + p, k);
  system.topRows(n) = centred.array().rowwise() / scale.array();
  system.bottomRows(p).diagonal().setConstant(std::sqrt(lambda));
  right.topRows(n) = y.rowwise() - prior;
  Reference result;
  result.weights = system.householderQr().solve(right).array().colwise() / scale.transpose().array();
  result.bias = (prior - mean * result.weights).transpose();
  return result;
}

// Largest difference of a weight (times its feature's scale) or of a score at the mean of all features. The bias, the
// score at 0, is worse by mean / scale: it lies that far outside the samples.
double difference(const Readout& readout, const Reference& reference) {
  double largest = 0;
  for (std::size_t c = 0; c < readout.classes; ++c) {
    const auto column = static_cast<Eigen::Index>(c);
    double score_at_mean = readout.bias[c] - reference.bias(column);
    for (std::size_t f = 0; f < readout.features; ++f) {
      const double weight = reference.weights(static_cast<Eigen::Index>(f), column);
      const double off = readout.weights[c * readout.features + f] - weight;
      largest = std::max(largest, std::abs(off) * readout.scale[f]);
      score_at_mean += off * readout.mean[f];
    }
    largest = std::max(largest, std::abs(score_at_mean));
  }
  return largest;
}

// ---- sums

TEST(NormalEquations, SmallCountsGiveExactSums) { expect_exact_sums(random_counts(1500, 20, 3, 30)); }

TEST(NormalEquations, CountsThatNeedSeveralFloatProductsGiveExactSums) {
  expect_exact_sums(random_counts(1500, 20, 3, 400));  // 2^24 / 400^2 = 104 samples a product
}

TEST(NormalEquations, LargestCountsGiveExactSums) { expect_exact_sums(random_counts(1100, 20, 3, 65535)); }

TEST(NormalEquations, TilesOfSmallAndLargeCountsGiveExactSums) {
  CountData data = random_counts(70, 1030, 3, 9);  // three tiles of columns: small, large, small counts
  for (std::size_t s = 0; s < data.labels.size(); ++s) {
    for (std::size_t f = 512; f < 1024; ++f) data.values[s * data.features + f] = static_cast<std::uint16_t>(60000 + f);
  }
  expect_exact_sums(data);
}

TEST(NormalEquations, SumsAreEqualBitForBitAtAnyNumberOfThreadsAndAnyCutIntoBlocks) {
  const CountData counts = random_counts(2500, 600, 4, 300);
  const RealData reals = to_reals(counts, 0.37F, -3.1F);
  for (const FeatureSet& set : {counts.set(), counts.set(FeatureKind::square_roots), reals.set()}) {
    const NormalEquations expected = sums_of(set);
    for (const int threads : {2, 3, 7}) {
      const NormalEquations found = sums_of(cut(set, {1, 1022, 0, 1024, 400, 53}), threads);
      EXPECT_EQ(upper(found), upper(expected)) << threads;
      EXPECT_EQ(copy(found.class_sums()), copy(expected.class_sums())) << threads;
    }
  }
}

TEST(NormalEquations, SquareRootsOfCountsAreRealFeatures) {
  const CountData counts = random_counts(1200, 30, 3, 50);
  RealData reals{30, 3, {}, counts.labels};
  for (const std::uint16_t value : counts.values) reals.values.push_back(std::sqrt(static_cast<float>(value)));
  EXPECT_EQ(upper(sums_of(counts.set(FeatureKind::square_roots))), upper(sums_of(reals.set())));
}

TEST(NormalEquations, RefusesCountsWhoseSumsCouldPassWhatDoubleHolds) {
  CountData data{1, 1, std::vector<std::uint16_t>(2'100'000, 65535), std::vector<int>(2'100'000, 0)};
  EXPECT_EQ(message_of([&] { sums_of(data.set()); }, Fault::cannot),
            "features of train: sums of squares of 2100000 counts up to 65535 can pass 2^53 and are then not exact; "
            "use fewer samples or smaller counts");
}

TEST(NormalEquations, RefusesASetOfAnotherShape) {
  const CountData data = random_counts(5, 4, 2, 3);
  NormalEquations equations(3, 2, FeatureKind::counts);
  Team team(1);
  EXPECT_EQ(
      message_of([&] { equations.add(data.set(), team); }),
      "features of train: 4 features (counts) and 2 classes cannot be added to sums over 3 features (counts) and 2 "
      "classes; all splits must be alike");
}

TEST(NormalEquations, RefusesMoreFeaturesThanLapackCanAddress) {
  EXPECT_EQ(message_of([] { NormalEquations(46341, 10, FeatureKind::counts); }),
            "a ridge readout of 46341 features and 10 classes; it takes 1 to 46340 features and at least 1 class");
}

// ---- bad features

TEST(Features, NamesTheSampleAndFeatureThatIsNotANumber) {
  RealData data = to_reals(random_counts(20, 4, 2, 9), 1, 0);
  data.values[17 * 4 + 3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of([&] {
              check(cut(data.set(), {10, 10}));
            }),
            "features of train: sample 17, feature 3 is nan; features must be finite and at most 1e+17 in magnitude");
}

TEST(Features, RefusesValuesWhoseSquaresOverflowFloat) {
  RealData data = to_reals(random_counts(3, 2, 2, 9), 1, 0);
  data.values[2] = -1e18F;
  EXPECT_EQ(message_of([&] { check(data.set()); }),
            "features of train: sample 1, feature 0 is -1e+18; features must be finite and at most 1e+17 in magnitude");
}

TEST(Features, RefusesALabelOutsideTheClasses) {
  CountData data = random_counts(20, 4, 3, 9);
  data.labels[12] = 3;
  EXPECT_EQ(message_of([&] {
              check(cut(data.set(), {10, 10}));
            }),
            "features of train: sample 12 has label 3; labels go from 0 to 2");
  data.labels[12] = -1;
  EXPECT_EQ(message_of([&] { check(data.set()); }), "features of train: sample 12 has label -1; labels go from 0 to 2");
}

TEST(Features, RefusesABlockOfTheWrongSize) {
  const CountData data = random_counts(20, 4, 3, 9);
  FeatureSet set = data.set();
  set.blocks[0].rows = 19;
  EXPECT_EQ(message_of([&] { check(set); }), "features of train: block 0 has 80 counts; 19 rows of 4 features need 76");
}

TEST(Features, RefusesCountsGivenAsReals) {
  const CountData data = random_counts(20, 4, 3, 9);
  EXPECT_EQ(message_of([&] { check(data.set(FeatureKind::reals)); }),
            "features of train: block 0 has 80 counts; 20 rows of 4 features need 0");
}

TEST(Features, RefusesASetWithoutSamples) {
  EXPECT_EQ(message_of([] {
              check({"validation", 4, 3, FeatureKind::counts, {}});
            }),
            "features of validation: there are no samples; a readout needs at least one");
}

// ---- solving

TEST(Ridge, TwoPointClassesGiveTheClosedForm) {
  // z = -1 for class 0 and +1 for class 1, n = 8: w = (n / 2) / (n + lambda) = 0.4, bias = 1/2 -+ w mean, mean = 1.
  const CountData data{1, 2, {0, 2, 0, 2, 0, 2, 0, 2}, {0, 1, 0, 1, 0, 1, 0, 1}};
  const Readout readout = solve(data.set(), 2);
  EXPECT_DOUBLE_EQ(readout.weights[0], -0.4);
  EXPECT_DOUBLE_EQ(readout.weights[1], 0.4);
  EXPECT_DOUBLE_EQ(readout.bias[0], 0.9);
  EXPECT_DOUBLE_EQ(readout.bias[1], 0.1);
  EXPECT_EQ(readout.mean, std::vector<double>{1});
  EXPECT_EQ(readout.scale, std::vector<double>{1});
  EXPECT_EQ(readout.lambda, 2);
}

TEST(Ridge, CountsAgreeWithQrOfTheAugmentedSystem) {
  const CountData counts = random_counts(1300, 40, 5, 60);
  // Sums are exact, so what is left is double rounding times the condition number, below 1e3 here.
  for (const double lambda : {1e-3, 1.0, 1e3}) {
    EXPECT_LT(difference(solve(counts.set(), lambda), solve_by_qr(to_reals(counts, 1, 0), lambda)), 1e-12) << lambda;
  }
}

TEST(Ridge, RealsAgreeWithQrOfTheAugmentedSystem) {
  const RealData reals = to_reals(random_counts(1300, 40, 5, 60), 0.37F, -3.1F);
  // Entries of the float products are off by at most about sqrt(1024) 2^-24 = 2e-6 of n; weights here are below 1.
  for (const double lambda : {1e-3, 1.0, 1e3}) {
    EXPECT_LT(difference(solve(reals.set(), lambda), solve_by_qr(reals, lambda)), 2e-6) << lambda;
  }
}

TEST(Ridge, RealsFarFromZeroKeepTheirPrecision) {
  const RealData reals = to_reals(random_counts(1300, 40, 5, 60), 0.25F, 4096);  // exact in float
  EXPECT_LT(difference(solve(reals.set(), 1), solve_by_qr(reals, 1)), 2e-6);
}

TEST(Ridge, ScalingFeaturesByAPowerOfTwoChangesNoScore) {
  const CountData counts = random_counts(1300, 40, 5, 60);
  const Readout plain = solve(to_reals(counts, 1, 0).set(), 1);
  const Readout scaled = solve(to_reals(counts, 8, 0).set(), 1);
  std::vector<double> expected = plain.weights;
  for (double& weight : expected) weight /= 8;
  EXPECT_EQ(scaled.weights, expected);
  EXPECT_EQ(scaled.bias, plain.bias);
}

TEST(Ridge, AConstantFeatureGetsWeightZeroAndChangesNothingElse) {
  const RealData without = to_reals(random_counts(1300, 6, 3, 60), 0.37F, 0);
  RealData with{7, 3, {}, without.labels};
  for (std::size_t s = 0; s < with.labels.size(); ++s) {
    for (std::size_t f = 0; f < 6; ++f) with.values.push_back(without.values[s * 6 + f]);
    with.values.push_back(0.1F);
  }
  const Readout expected = solve(without.set(), 1);
  const Readout found = solve(with.set(), 1);
  EXPECT_EQ(found.scale[6], 0);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(found.weights[c * 7 + 6], 0);
    EXPECT_NEAR(found.bias[c], expected.bias[c], 1e-12);
    for (std::size_t f = 0; f < 6; ++f) EXPECT_NEAR(found.weights[c * 7 + f], expected.weights[c * 6 + f], 1e-12);
  }
}

TEST(Ridge, AHugeLambdaLeavesTheClassPriors) {
  const CountData data{1, 3, {5, 1, 9, 2, 8, 3, 7, 4}, {0, 1, 1, 1, 1, 2, 2, 0}};
  const Readout readout = solve(data.set(), 1e15);
  EXPECT_NEAR(readout.bias[0], 0.25, 1e-12);
  EXPECT_NEAR(readout.bias[1], 0.5, 1e-12);
  EXPECT_NEAR(readout.bias[2], 0.25, 1e-12);
  Team team(1);
  EXPECT_EQ(predict(readout, data.set(), team), std::vector<int>(8, 1));
}

TEST(Ridge, AClassWithoutSamplesScoresZero) {
  const CountData data{1, 3, {0, 2, 0, 2}, {0, 2, 0, 2}};
  const Readout readout = solve(data.set(), 1);
  EXPECT_EQ(readout.weights[1], 0);
  EXPECT_EQ(readout.bias[1], 0);
}

TEST(Ridge, RefusesALambdaThatLeavesTheMatrixSingular) {
  const CountData data{2, 2, {0, 0, 2, 2, 0, 0, 2, 2}, {0, 1, 0, 1}};  // the matrix is 4 4; 4 4
  EXPECT_EQ(message_of([&] { solve(data.set(), 1e-300); }),
            "lambda = 1e-300 is too small for the ridge readout: with it, the matrix of 2 features is not positive "
            "definite in double; use a larger lambda");
}

TEST(Ridge, RefusesLambdasThatAreNotPositive) {
  const CountData data = random_counts(20, 2, 2, 9);
  EXPECT_EQ(message_of([&] { solve(data.set(), 0); }),
            "lambda of the ridge readout is 0; it must be finite and above 0");
  EXPECT_EQ(message_of([&] { solve(data.set(), std::numeric_limits<double>::infinity()); }),
            "lambda of the ridge readout is inf; it must be finite and above 0");
}

TEST(Ridge, RefusesToSolveWithoutSamples) {
  const NormalEquations equations(3, 2, FeatureKind::counts);
  EXPECT_EQ(message_of([&] { RidgeSolver{equations}; }),
            "the ridge readout has no samples to be fitted on; it needs at least one");
}

// ---- scoring and choosing

TEST(Ridge, ATieGoesToTheLowestClass) {
  const CountData data{1, 3, {7}, {2}};
  const Readout readout{1, 3, 1, {0, 0, 0}, {0.2, 0.4, 0.4}, {0}, {1}, {}};
  Team team(1);
  EXPECT_EQ(predict(readout, data.set(), team), std::vector<int>{1});
}

TEST(Ridge, ScoreCountsByTrueAndPredictedClass) {
  const CountData data{1, 2, {0, 0, 0, 9, 9}, {0, 0, 1, 1, 0}};
  const Readout readout{1, 2, 1, {0, 1}, {1, 0}, {0}, {1}, {}};  // class 1 where x > 1
  Team team(2);
  const Score result = score(readout, data.set(), team);
  EXPECT_EQ(result.confusion, (std::vector<std::size_t>{2, 1, 1, 1}));
  EXPECT_EQ(result.correct, 3U);
  EXPECT_DOUBLE_EQ(result.accuracy(), 0.6);
}

TEST(Ridge, RefusesToScoreASetOfAnotherShape) {
  const CountData data = random_counts(5, 4, 2, 3);
  const Readout readout{1, 2, 1, {0, 1}, {1, 0}, {0}, {1}, {}};
  Team team(1);
  EXPECT_EQ(message_of([&] { predict(readout, data.set(FeatureKind::counts, "test"), team); }),
            "features of test: 4 features and 2 classes; the readout was fitted on 1 features and 2 classes");
}

TEST(Ridge, PredictionsOfARealSetDontDependOnThreadsOrBlocks) {
  const RealData data = to_reals(random_counts(1000, 37, 4, 20), 0.3F, 1);
  const Readout readout = solve(data.set(), 1);
  Team one(1), three(3);
  EXPECT_EQ(predict(readout, data.set(), one), predict(readout, cut(data.set(), {1, 998, 1}), three));
}

TEST(FitRidge, ReturnsTheSolutionOnTrainAndValidationTogether) {
  const CountData all = random_counts(3000, 50, 4, 20);
  const FeatureSet parts = cut(all.set(), {2000, 1000});
  const FeatureSet train{"train", 50, 4, FeatureKind::counts, {parts.blocks[0]}};
  const FeatureSet validation{"validation", 50, 4, FeatureKind::counts, {parts.blocks[1]}};
  const std::vector<double> lambdas{1, 100, 10000};
  Team team(2);
  const Readout fitted = fit_ridge(train, validation, lambdas, team);
  const Readout expected = solve(all.set(), fitted.lambda);  // sums of counts are exact, so equal bit for bit
  EXPECT_EQ(fitted.weights, expected.weights);
  EXPECT_EQ(fitted.bias, expected.bias);
  EXPECT_EQ(fitted.mean, expected.mean);
  EXPECT_EQ(fitted.scale, expected.scale);
}

TEST(FitRidge, TellsProgressThatOnlyRisesAndEndsWithTheWork) {
  const CountData data = random_counts(3000, 300, 3, 20);
  const std::vector<double> lambdas{1, 10};
  Team team(2);
  // 3,000 rows twice of 300^2, and three factors of 300^3 / 3.
  const double all = (2 * 3000 * 300. * 300. + 3 * 300. * 300. * 300. / 3) / 1e9;
  double last = 0;
  fit_ridge(data.set(), data.set(FeatureKind::counts, "validation"), lambdas, team,
            [&](std::string_view phase, double done, double total, std::string_view unit) {
              EXPECT_EQ(phase, "readout");
              EXPECT_EQ(unit, "Gflop");
              EXPECT_DOUBLE_EQ(total, all);
              EXPECT_GE(done, last);
              last = done;
            });
  EXPECT_GT(last, 0.9 * all);
  EXPECT_LE(last, all);
}

TEST(FitRidge, KeepsTheLambdaThatIsBestOnValidationFittedOnTrain) {
  // The prior of train favours class 0, so that a huge lambda says 0 everywhere and loses on validation.
  const CountData train{1, 2, {0, 0, 0, 2, 2}, {0, 0, 0, 1, 1}};
  const CountData validation{1, 2, {0, 2, 2}, {0, 1, 1}};
  const std::vector<double> lambdas{1e9, 0.5};
  Team team(1);
  const Readout fitted = fit_ridge(train.set(), validation.set(FeatureKind::counts, "validation"), lambdas, team);
  EXPECT_EQ(fitted.lambda, 0.5);
  ASSERT_EQ(fitted.validation.size(), 2U);
  EXPECT_EQ(fitted.validation[0].lambda, 1e9);
  EXPECT_DOUBLE_EQ(fitted.validation[0].accuracy, 1.0 / 3);
  EXPECT_EQ(fitted.validation[1].lambda, 0.5);
  EXPECT_DOUBLE_EQ(fitted.validation[1].accuracy, 1);
}

TEST(FitRidge, ATieGoesToTheLargerLambda) {
  const CountData data{1, 2, {0, 2, 0, 2}, {0, 1, 0, 1}};
  const std::vector<double> lambdas{0.1, 10, 1};
  Team team(1);
  EXPECT_EQ(fit_ridge(data.set(), data.set(FeatureKind::counts, "validation"), lambdas, team).lambda, 10);
}

TEST(FitRidge, RefusesAValidationSplitOfAnotherKind) {
  const CountData data = random_counts(20, 2, 2, 9);
  const std::vector<double> lambdas{1};
  Team team(1);
  EXPECT_EQ(
      message_of([&] { fit_ridge(data.set(), data.set(FeatureKind::square_roots, "validation"), lambdas, team); }),
      "features of validation: 2 features (square roots) and 2 classes; train has 2 features (counts) and 2 "
      "classes, and all splits must be alike");
}

TEST(FitRidge, RefusesAnEmptyListOfLambdas) {
  const CountData data = random_counts(20, 2, 2, 9);
  Team team(1);
  EXPECT_EQ(message_of([&] { fit_ridge(data.set(), data.set(), {}, team); }),
            "the ridge readout has no lambda to choose from; give at least one, above 0");
}

// ---- more features than samples ----

void expect_close(const std::vector<double>& a, const std::vector<double>& b, double relative) {
  ASSERT_EQ(a.size(), b.size());
  double largest = 0, apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i]));
    apart = std::max(apart, std::abs(a[i] - b[i]));
  }
  EXPECT_LE(apart, relative * largest);
}

TEST(DualRidge, IsTheSameMinimumAsFromTheNormalEquations) {
  const CountData data = random_counts(60, 150, 4, 9);
  for (const FeatureKind kind : {FeatureKind::counts, FeatureKind::square_roots}) {
    const FeatureSet set = data.set(kind);
    Team team(2);
    DualRidge dual(set, team);
    for (const double lambda : {0.1, 10.0, 1000.0}) {
      const NormalEquations equations = sums_of(set);
      const Readout primal = RidgeSolver(equations).solve(lambda, team), other = dual.solve(lambda, team);
      // The normal equations' sums of square roots are in float, and the matrix's condition is at most its trace over
      // lambda.
      const double rounding = kind == FeatureKind::counts ? 1e-9 : 1e-6 + 0x1p-24 * 60 * 150 / lambda;
      expect_close(other.weights, primal.weights, rounding);
      expect_close(other.bias, primal.bias, rounding);
      expect_close(other.mean, primal.mean, 1e-6);
      expect_close(other.scale, primal.scale, 1e-5);
      EXPECT_EQ(other.lambda, lambda);
    }
  }
}

TEST(DualRidge, IsEqualAtAnyNumberOfThreadsAndCuts) {
  const CountData data = random_counts(600, 1300, 3, 9);
  Team one(1), three(3);
  const Readout a = DualRidge(data.set(), one).solve(5, one),
                b = DualRidge(cut(data.set(), {1, 250, 349}), three).solve(5, three);
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.bias, b.bias);
}

TEST(DualRidge, AConstantFeatureHasNoWeight) {
  CountData data = random_counts(20, 60, 2, 9);
  for (std::size_t s = 0; s < 20; ++s) data.values[s * 60 + 7] = 5;
  Team team(1);
  const Readout readout = DualRidge(data.set(), team).solve(1, team);
  EXPECT_EQ(readout.scale[7], 0);
  EXPECT_EQ(readout.weights[7], 0);
  EXPECT_EQ(readout.weights[60 + 7], 0);
}

TEST(DualRidge, FitTakesItWhereSamplesAreFewAndTellsHowFarItIs) {
  const CountData train = random_counts(40, 120, 3, 9), validation = random_counts(20, 120, 3, 9);
  Team team(2);
  const std::vector<double> lambdas = {1, 100};
  std::vector<double> told;
  const Readout readout = fit_ridge(train.set(), validation.set(FeatureKind::counts, "validation"), lambdas, team,
                                    [&](std::string_view, double done, double total, std::string_view unit) {
                                      EXPECT_EQ(unit, "Gflop");
                                      EXPECT_LE(done, total);
                                      told.push_back(done);
                                    });
  EXPECT_EQ(told.size(), 3U);  // one tile each
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  ASSERT_EQ(readout.validation.size(), 2U);
  const FeatureSet both = joined(train.set(), validation.set());
  EXPECT_EQ(readout.weights, DualRidge(both, team).solve(readout.lambda, team).weights);
  EXPECT_LT(ridge_bytes(60, 120, 3), ridge_bytes(61, 120, 3));
}

}  // namespace
}  // namespace crosspike
