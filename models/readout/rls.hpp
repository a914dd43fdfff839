// SPDX-License-Identifier: Apache-2.0
// Recursive least squares: a linear readout that learns sample by sample and may forget.
#pragma once

#include <crosspike/core/progress.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <span>
#include <vector>

namespace crosspike {

/// P is a square of doubles, 8 p^2 bytes: 17 GB at this many inputs, whose square is the last below 2^31.
inline constexpr std::size_t most_rls_inputs = 46'340;

struct RlsSettings {
  double alpha = 1;  // P starts as I / alpha
  double forgetting =
      1;  // weight of a sample after one more, above 0, at most 1; it remembers about 1 / (1 - forgetting)
};

/// On-line learning of predict(x) = W'x. For each sample in turn (Plackett, Biometrika 37, 1950; as
/// `reservoirpy/reservoirpy`'s RLS node writes it, f the forgetting):
///
///   g = P x,   W <- W + g (y - W'x)' / (f + x'g),   P <- (P - g g' / (f + x'g)) / f,   P0 = I / alpha, W0 = 0.
///
/// After n samples W minimises sum_i f^(n - i) |y_i - W'x_i|^2 + f^n alpha |W|^2: with f = 1, ridge regression.
/// Inputs are taken as they are: give a 1 as one of them for a bias. P stays exactly symmetric. O(p^2) a sample.
class Rls {
 public:
  /// Throws Error for settings out of range, no input or output, or more than most_rls_inputs.
  Rls(std::size_t inputs, std::size_t outputs, const RlsSettings& settings);

  /// One sample, x (inputs), y (outputs). Throws Error for other sizes, for numbers that are not finite, and where P is
  /// lost, which says how; the readout is then of no use.
  void update(std::span<const double> x, std::span<const double> y);

  /// Samples in turn, x (sample, input), y (sample, output). Up to 128 of them are folded into P together, which gives
  /// what one after another does (matrix inversion lemma), other rounding apart, many times faster. The same bits at
  /// any size of the team.
  void update(std::span<const double> x, std::span<const double> y, Team& team);

  /// (outputs)
  std::vector<double> predict(std::span<const double> x) const;

  /// (input, output)
  std::span<const double> weights() const { return weights_; }
  /// (input, input)
  std::span<const double> p() const { return p_; }
  std::size_t samples() const { return samples_; }

  static std::size_t bytes(std::size_t inputs, std::size_t outputs);

 private:
  void fold(std::span<const double> x, std::span<const double> y, Team& team);
  void solve_small(std::span<const double> x, std::span<const double> y);
  void fold_tile(std::size_t row, std::size_t column, std::size_t samples);

  std::size_t inputs_, outputs_;
  RlsSettings settings_;
  std::size_t together_;  // samples that one fold takes
  std::size_t samples_ = 0;
  std::vector<double> p_, weights_;
  std::vector<double> gain_;   // (input, sample) of the fold: P X', then P X' L'^-1
  std::vector<double> small_;  // (sample, sample): X P X' + diag(f^i), then its Cholesky factor L
  std::vector<double> error_;  // (sample, output): Y - X W, then L^-1 of it
};

/// Fits a readout as fit_ridge does, by one pass of Rls over the samples in their order for each alpha and one more,
/// from the start, over train and validation with the chosen one (most often right on validation, the larger on a tie).
/// Features are standardised with mean and scale of the samples of the pass, which are taken beforehand; a feature of 1
/// is the bias, whose start is each class's share of them. So with forgetting = 1 this is the ridge readout with
/// lambda = alpha. Throws Error as Rls and check(set) do. `progress` counts samples of all passes.
Readout fit_rls(const FeatureSet& train, const FeatureSet& validation, std::span<const double> alphas,
                double forgetting, Team& team, const Progress& progress = {});

/// Bytes that fit_rls takes beside the rows.
std::size_t rls_bytes(std::size_t features, std::size_t classes);

}  // namespace crosspike
