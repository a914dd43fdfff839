// SPDX-License-Identifier: Apache-2.0
// Ridge regression of more features than samples, from a matrix of (samples, samples).
#pragma once

#include <crosspike/core/team.hpp>
#include <crosspike/models/readout/standardise.hpp>
#include <functional>
#include <vector>

namespace crosspike {

/// The minimum that RidgeSolver (ridge.hpp) finds, but for rounding: with Z the standardised rows and Y the centred
/// targets, W = Y' (Z Z' + lambda I)^-1 Z (Saunders, Gammerman and Vovk, ICML 1998). Takes samples^2 features +
/// samples^3 / 3 operations instead of samples features^2 + features^3 / 3.
class DualRidge {
 public:
  /// Copies the rows of a set that has been checked, in double. Equal bit for bit at any size of the team.
  DualRidge(const FeatureSet& set, Team& team);

  /// As RidgeSolver::solve, for a lambda above 0.
  Readout solve(double lambda, Team& team, const std::function<void(std::size_t)>& progress = {});

  static std::size_t bytes(std::size_t samples, std::size_t features, std::size_t classes);

 private:
  std::size_t samples_, features_, classes_;
  Standardisation by_;
  std::vector<double> rows_;    // (sample, feature), standardised
  std::vector<double> kernel_;  // (sample, sample): rows_ rows_', its upper triangle
  std::vector<double> factor_;
  std::vector<int> labels_;
  std::vector<double> shares_;  // of each class
};

}  // namespace crosspike
