// SPDX-License-Identifier: Apache-2.0
// Ridge regression from normal equations: standardisation on the sums, Cholesky, scoring.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/cholesky.hpp>
#include <crosspike/models/readout/dual_ridge.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <utility>

namespace crosspike {
namespace {

void check_lambda(double lambda) {
  if (!std::isfinite(lambda) || lambda <= 0) {
    throw Error(Fault::input, fmt::format("lambda of the ridge readout is {}; it must be finite and above 0", lambda));
  }
}

// Where features are many, the matrix of the samples is the smaller one: by this factor, so that it is faster too.
bool few_samples(std::size_t samples, std::size_t features) { return 2 * samples <= features; }

Readout fit_dual(const FeatureSet& train, const FeatureSet& validation, std::span<const double> lambdas, Team& team,
                 const Progress& progress) {
  const FeatureSet both = joined(train, validation);
  // Operations: n^2 p for a matrix of n samples, n^3 / 3 for its factor, of which (n - c)^3 / 3 are left at column c.
  const auto matrix = [&](const FeatureSet& set) {
    return std::pow(static_cast<double>(set.samples()), 2) * static_cast<double>(set.features);
  };
  const auto solve = [](double samples) { return samples * samples * samples / 3; };
  const auto n = static_cast<double>(train.samples()), of_both = static_cast<double>(both.samples());
  const double total = matrix(train) + static_cast<double>(lambdas.size()) * solve(n) + matrix(both) + solve(of_both);
  double before = 0;  // what earlier steps took
  const auto solving = [&](double samples) {
    return [&, samples](std::size_t columns) {
      const double done = before + solve(samples) - solve(samples - static_cast<double>(columns));
      if (progress) progress("readout", done / 1e9, total / 1e9, "Gflop");
    };
  };
  std::vector<LambdaScore> curve;
  {
    DualRidge solver(train, team);
    before += matrix(train);
    for (const double lambda : lambdas) {
      curve.push_back({lambda, score(solver.solve(lambda, team, solving(n)), validation, team).accuracy()});
      before += solve(n);
    }
  }
  DualRidge solver(both, team);
  before += matrix(both);
  Readout readout = solver.solve(curve[best_of(curve)].lambda, team, solving(of_both));
  readout.validation = std::move(curve);
  return readout;
}

}  // namespace

RidgeSolver::RidgeSolver(const NormalEquations& equations) : equations_(equations) {
  if (equations.samples() == 0) {
    throw Error(Fault::input, "the ridge readout has no samples to be fitted on; it needs at least one");
  }
  use_one_blas_thread();
  const std::size_t features = equations.features();
  const auto samples = static_cast<double>(equations.samples());
  mean_.resize(features);
  for (std::size_t c = 0; c < equations.classes(); ++c) {
    const double* sums = equations.class_sums().data() + c * features;
    for (std::size_t i = 0; i < features; ++i) mean_[i] += sums[i];
  }
  scale_.resize(features);
  inverse_scale_.resize(features);
  for (std::size_t i = 0; i < features; ++i) {
    mean_[i] /= samples;
    const double variance = equations.gram()[i * features + i] / samples - mean_[i] * mean_[i];
    if (variance > 0) {  // exactly 0 for a constant: its mean and shift are exact
      scale_[i] = std::sqrt(variance);
      inverse_scale_[i] = 1 / scale_[i];
    }
  }
}

Readout RidgeSolver::solve(double lambda, Team& team, const std::function<void(std::size_t)>& progress) {
  check_lambda(lambda);
  const std::size_t features = equations_.features();
  const std::size_t classes = equations_.classes();
  const auto samples = static_cast<double>(equations_.samples());

  factor_.resize(features * features);
  for (std::size_t i = 0; i < features; ++i) {
    const double* gram = equations_.gram().data() + i * features;
    double* row = factor_.data() + i * features;
    for (std::size_t j = i; j < features; ++j) {
      row[j] = inverse_scale_[i] * inverse_scale_[j] * (gram[j] - samples * mean_[i] * mean_[j]);
    }
    row[i] += lambda;
  }
  if (!factorise(factor_, features, team, progress)) {
    throw Error(Fault::input, fmt::format("lambda = {:g} is too small for the ridge readout: with it, the matrix of {} "
                                          "features is not positive definite in double; use a larger lambda",
                                          lambda, features));
  }

  Readout readout;
  readout.features = features;
  readout.classes = classes;
  readout.lambda = lambda;
  readout.weights.resize(classes * features);
  readout.bias.resize(classes);
  readout.mean.resize(features);
  readout.scale = scale_;
  for (std::size_t i = 0; i < features; ++i) {
    readout.mean[i] = static_cast<double>(equations_.shift()[i]) + mean_[i];
  }
  for (std::size_t c = 0; c < classes; ++c) {
    const auto count = static_cast<double>(equations_.class_counts()[c]);
    const double* sums = equations_.class_sums().data() + c * features;
    double* weights = readout.weights.data() + c * features;
    for (std::size_t i = 0; i < features; ++i) weights[i] = inverse_scale_[i] * (sums[i] - count * mean_[i]);
  }
  const int order = static_cast<int>(features);
  for (const CBLAS_TRANSPOSE transpose : {CblasNoTrans, CblasTrans}) {
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, transpose, CblasNonUnit, static_cast<int>(classes), order, 1.0,
                factor_.data(), order, readout.weights.data(), order);
  }
  for (std::size_t c = 0; c < classes; ++c) {
    double* weights = readout.weights.data() + c * features;
    double bias = static_cast<double>(equations_.class_counts()[c]) / samples;
    for (std::size_t i = 0; i < features; ++i) {
      weights[i] *= inverse_scale_[i];
      bias -= weights[i] * readout.mean[i];
    }
    readout.bias[c] = bias;
  }
  return readout;
}

Readout fit_ridge(const FeatureSet& train, const FeatureSet& validation, std::span<const double> lambdas, Team& team,
                  const Progress& progress) {
  if (lambdas.empty()) {
    throw Error(Fault::input, "the ridge readout has no lambda to choose from; give at least one, above 0");
  }
  for (const double lambda : lambdas) check_lambda(lambda);
  // Before minutes are spent on train.
  check(validation);
  check_alike(validation, train);
  if (few_samples(train.samples() + validation.samples(), train.features)) {
    check(train);
    return fit_dual(train, validation, lambdas, team, progress);
  }

  NormalEquations equations(train.features, train.classes, train.kind);
  // Operations: p^2 for each sample's part of X'X, p^3 / 3 for each factor, of which (p - c)^3 / 3 are left at column
  // c.
  const auto width = static_cast<double>(train.features);
  const auto samples = static_cast<double>(train.samples() + validation.samples());
  const double solve = width * width * width / 3;
  const double total = samples * width * width + static_cast<double>(lambdas.size() + 1) * solve;
  double before = 0;  // what earlier steps took
  const auto tell = [&](double done) {
    if (progress) progress("readout", (before + done) / 1e9, total / 1e9, "Gflop");
  };
  const auto summing = [&](std::size_t rows) { tell(static_cast<double>(rows) * width * width); };
  const auto solving = [&](std::size_t columns) {
    tell(solve - std::pow(width - static_cast<double>(columns), 3) / 3);
  };

  equations.add(train, team, summing);
  before += static_cast<double>(train.samples()) * width * width;
  std::vector<LambdaScore> curve;
  {
    RidgeSolver solver(equations);
    for (const double lambda : lambdas) {
      const Score result = score(solver.solve(lambda, team, solving), validation, team);
      before += solve;
      curve.push_back({lambda, result.accuracy()});
    }
  }
  equations.add(validation, team, summing);
  before += static_cast<double>(validation.samples()) * width * width;
  Readout readout = RidgeSolver(equations).solve(curve[best_of(curve)].lambda, team, solving);
  readout.validation = std::move(curve);
  return readout;
}

std::size_t ridge_bytes(std::size_t samples, std::size_t features, std::size_t classes) {
  if (few_samples(samples, features)) return DualRidge::bytes(samples, features, classes);
  const std::size_t factor_and_weights = features * (features + 2 * classes) * sizeof(double);
  return NormalEquations::bytes(features, classes) + factor_and_weights;
}

}  // namespace crosspike
