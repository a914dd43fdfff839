// SPDX-License-Identifier: Apache-2.0
// Ridge regression onto classes: solving it and choosing its lambda.
// Nothing that fits takes a test split; fit_ridge sees train and validation and returns a finished readout.
#pragma once

#include <crosspike/core/progress.hpp>
#include <crosspike/models/readout/normal_equations.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <functional>
#include <span>
#include <vector>

namespace crosspike {

/// Solves for W the sum over samples of |y - mean(y) - W z|^2 + lambda |W|^2, where z = (x - mean) / scale and y is 1
/// at the sample's class and 0 elsewhere (Hoerl and Kennard, Technometrics 12, 1970). lambda is plain: it is not
/// multiplied by the number of samples. The bias is not penalised, so that at z = 0 the score of a class is its share
/// of the samples, and lambda -> infinity leaves the class priors. (Targets of -1 and 1 would double W and map the
/// scores by 2 s - 1: the same classifier; 0 and 1 are preferred because then X'Y is a plain sum by class.)
class RidgeSolver {
 public:
  /// Keeps a reference to `equations`, and makes one working copy of their matrix at the first solve.
  /// Throws Error where they hold no sample.
  explicit RidgeSolver(const NormalEquations& equations);

  /// Cholesky in double, equal bit for bit at any size of the team. `progress(columns done)` as in cholesky.hpp. Throws
  /// Error for a lambda that is not finite and positive, or so small that the matrix is not positive definite in
  /// double.
  Readout solve(double lambda, Team& team, const std::function<void(std::size_t)>& progress = {});

 private:
  const NormalEquations& equations_;
  std::vector<double> mean_;  // of x - shift
  std::vector<double> scale_;
  std::vector<double> inverse_scale_;  // 0 where the scale is 0, which makes such a feature's weight 0
  std::vector<double> factor_;
};

/// Fits each lambda on train, keeps the one that is right most often on validation (the larger on a tie), and fits it
/// once more on train and validation together, with mean and scale of both. Rows enter the sums once; where there are
/// at least twice as many features as samples, the same minimum is found by DualRidge. Throws Error as its parts do,
/// and for an empty list of lambdas. `progress` counts the operations of all of it.
Readout fit_ridge(const FeatureSet& train, const FeatureSet& validation, std::span<const double> lambdas, Team& team,
                  const Progress& progress = {});

/// Bytes that fit_ridge takes beside the rows: X'X and its factor, sums and weights by class, a batch of samples; or
/// what DualRidge takes. `samples`: of train and validation.
std::size_t ridge_bytes(std::size_t samples, std::size_t features, std::size_t classes);

}  // namespace crosspike
