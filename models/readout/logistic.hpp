// SPDX-License-Identifier: Apache-2.0
// Multinomial logistic regression with an L2 penalty, minimised by L-BFGS.
#pragma once

#include <crosspike/core/progress.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <crosspike/models/readout/standardise.hpp>
#include <functional>
#include <span>
#include <vector>

namespace crosspike {

/// A batch of 128 rows of so many takes a gigabyte for each thread.
inline constexpr std::size_t most_logistic_features = 1'000'000;

struct LogisticSettings {
  int max_iterations = 500;  // for each lambda
  double tolerance = 1e-4;   // on the largest |component| of the gradient of the objective divided by the samples
};

/// The objective divided by the number of samples n, which has the same minimum:
///
///   1/n ( sum over samples of -log p(class | z)  +  lambda / 2 |W|^2 ),   p = softmax(W z + b),
///
/// where z = (x - mean) / scale and b, the bias, is not penalised (Bishop, Pattern Recognition and Machine Learning,
/// 2006, 4.3.4). lambda is plain, not multiplied by n: scikit-learn's C is 1 / lambda. Rows are taken in batches of
/// 128 in order of their number, each the work of one rank and of single-threaded BLAS calls in double; batches are
/// added in order, so values and gradients are equal bit for bit at any size of the team.
class LogisticObjective {
 public:
  /// Keeps references to all but lambda. `set` has been checked.
  LogisticObjective(const FeatureSet& set, const Standardisation& by, double lambda, Team& team);

  /// Weights (class, feature) of standardised features, then biases (class).
  std::size_t parameters() const { return set_.classes * (set_.features + 1); }

  /// The value, and its gradient in the parameters' order.
  double evaluate(std::span<const double> at, std::span<double> gradient);

  /// Bytes that evaluate holds.
  static std::size_t bytes(std::size_t features, std::size_t classes, int threads);

 private:
  struct Batch {
    std::vector<double> rows;      // (row, feature), standardised
    std::vector<double> scores;    // (row, class); then p - y
    std::vector<double> gradient;  // in the parameters' order
    std::vector<int> labels;
    double loss = 0;
  };
  void add_batch(std::size_t number, std::span<const double> at, Batch& batch) const;

  const FeatureSet& set_;
  const Standardisation& by_;
  double lambda_;
  Team& team_;
  std::vector<Batch> batches_;  // one for each rank
};

struct Minimum {
  int iterations = 0;
  double gradient = 0;     // largest |component| there
  bool converged = false;  // gradient <= tolerance
};

/// Moves `at` to the minimum by libLBFGS (Liu and Nocedal, Mathematical Programming 45, 1989; 10 corrections, line
/// search of More and Thuente). `progress(iterations)` may throw. Where no step lowers the value in double, it stays
/// there and says that it did not converge.
Minimum minimise(LogisticObjective& objective, std::vector<double>& at, const LogisticSettings& settings,
                 const std::function<void(int)>& progress = {});

/// Fits each lambda on train, from the largest to the smallest, each from where the one before it ended; keeps the one
/// that is right most often on validation (the larger on a tie) and goes on from its weights to the minimum on train
/// and validation together, with mean and scale of both. What did not converge is in Readout::remarks.
/// Throws Error as check(set) does, for settings out of range, for sets that are not alike, for more than
/// most_logistic_features, and for a class that has no sample in train, whose best bias is minus infinity. `progress`
/// counts iterations; their total is not known.
Readout fit_logistic(const FeatureSet& train, const FeatureSet& validation, std::span<const double> lambdas,
                     const LogisticSettings& settings, Team& team, const Progress& progress = {});

/// Bytes that fit_logistic takes beside the rows.
std::size_t logistic_bytes(std::size_t features, std::size_t classes, int threads);

}  // namespace crosspike
