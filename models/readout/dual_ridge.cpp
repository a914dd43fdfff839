// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/cholesky.hpp>
#include <crosspike/models/readout/dual_ridge.hpp>

namespace crosspike {

namespace {

constexpr std::size_t tile = 256;  // samples; the work of one rank and one BLAS call

}  // namespace

DualRidge::DualRidge(const FeatureSet& set, Team& team)
    : samples_(set.samples()),
      features_(set.features),
      classes_(set.classes),
      by_(standardise(set, team)),
      rows_(samples_ * features_),
      kernel_(samples_ * samples_),
      labels_(samples_) {
  use_one_blas_thread();
  widen_rows(set, 0, samples_, rows_.data(), labels_.data());
  for (std::size_t s = 0; s < samples_; ++s)
    for (std::size_t i = 0; i < features_; ++i) {
      double& value = rows_[s * features_ + i];
      value = (value - by_.mean[i]) * by_.inverse[i];
    }
  for (const std::size_t count : class_counts(set))
    shares_.push_back(static_cast<double>(count) / static_cast<double>(samples_));
  team.run([&](Team::Member& member) {
    const auto rank = static_cast<std::size_t>(member.rank()), ranks = static_cast<std::size_t>(member.size());
    const int width = static_cast<int>(features_), stride = static_cast<int>(samples_);
    std::size_t number = 0;
    for (std::size_t i = 0; i < samples_; i += tile)
      for (std::size_t j = i; j < samples_; j += tile) {
        if (number++ % ranks != rank) continue;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(std::min(tile, samples_ - i)),
                    static_cast<int>(std::min(tile, samples_ - j)), width, 1.0, &rows_[i * features_], width,
                    &rows_[j * features_], width, 0.0, &kernel_[i * samples_ + j], stride);
      }
  });
}

Readout DualRidge::solve(double lambda, Team& team, const std::function<void(std::size_t)>& progress) {
  factor_ = kernel_;
  for (std::size_t s = 0; s < samples_; ++s) factor_[s * samples_ + s] += lambda;
  if (!factorise(factor_, samples_, team, progress))
    throw Error(Fault::input, fmt::format("lambda = {:g} is too small for the ridge readout: with it, the matrix of {} "
                                          "samples is not positive definite in double; use a larger lambda",
                                          lambda, samples_));
  std::vector<double> of_samples(classes_ * samples_);  // Y' (Z Z' + lambda I)^-1
  for (std::size_t c = 0; c < classes_; ++c)
    for (std::size_t s = 0; s < samples_; ++s)
      of_samples[c * samples_ + s] = (labels_[s] == static_cast<int>(c) ? 1 : 0) - shares_[c];
  const int rows = static_cast<int>(classes_), order = static_cast<int>(samples_), width = static_cast<int>(features_);
  for (const CBLAS_TRANSPOSE transpose : {CblasNoTrans, CblasTrans})
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, transpose, CblasNonUnit, rows, order, 1.0, factor_.data(), order,
                of_samples.data(), order);
  std::vector<double> weights(classes_ * features_);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, order, 1.0, of_samples.data(), order,
              rows_.data(), width, 0.0, weights.data(), width);
  Readout readout = unstandardised(by_, weights, shares_);
  readout.lambda = lambda;
  return readout;
}

std::size_t DualRidge::bytes(std::size_t samples, std::size_t features, std::size_t classes) {
  return (samples * (features + 2 * samples + classes) + classes * features) * sizeof(double);
}

}  // namespace crosspike
