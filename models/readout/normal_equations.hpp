// SPDX-License-Identifier: Apache-2.0
// The sums that a linear readout is solved from, X'X and X'Y, accumulated over samples by a team.
// One double matrix (features x features) is held, whatever the number of samples and threads.
#pragma once

#include <crosspike/core/team.hpp>
#include <crosspike/models/readout/features.hpp>
#include <functional>
#include <span>
#include <vector>

namespace crosspike {

/// 32-bit LAPACK orders address matrices of up to this many features: 46,340^2 < 2^31.
inline constexpr std::size_t most_ridge_features = 46'340;

/// Samples are taken in batches of 1,024 in order of their number. Features are cut into columns of 512; one rank
/// computes one 512 x 512 tile of a batch's X'X by a single-threaded BLAS call and adds it, in double, to the total.
/// So each number has one fixed order of additions, and the sums are equal bit for bit at any thread count and
/// however a set is cut into blocks.
///
/// Counts: a float product is taken over so few samples that it stays below 2^24, and is exact; tiles with large
/// counts go through a double product. All sums are exact integers.
///
/// Square roots and reals: products in float (twice as fast as double), of features from which a fixed shift, the
/// mean of the first batch, was subtracted. The rounding then is relative to a feature's spread and not to
/// its mean (and exactly 0 for a constant feature), as in the shifted-data algorithm of Chan, Golub and LeVeque (The
/// American Statistician 37, 1983).
class NormalEquations {
 public:
  /// Throws Error for no features or classes, or for more than most_ridge_features.
  NormalEquations(std::size_t features, std::size_t classes, FeatureKind kind);

  /// What the sums and their batches hold.
  static std::size_t bytes(std::size_t features, std::size_t classes);

  /// Adds all samples of a set. Throws Error as check(set) does, for a set of another shape or kind, and where exact
  /// sums of counts could pass 2^53; then nothing was added.
  void add(const FeatureSet& set, Team& team, const std::function<void(std::size_t)>& progress = {});

  std::size_t features() const { return features_; }
  std::size_t classes() const { return classes_; }
  std::size_t samples() const { return samples_; }

  /// (features, features), row-major: sum over samples of (x_i - shift_i)(x_j - shift_j). Only j >= i is meaningful.
  std::span<const double> gram() const { return gram_; }
  /// (classes, features): sum over the samples of a class of x - shift.
  std::span<const double> class_sums() const { return class_sums_; }
  std::span<const std::size_t> class_counts() const { return class_counts_; }
  /// (features): 0 for counts, which need none.
  std::span<const float> shift() const { return shift_; }

 private:
  struct Batch;
  struct Scratch;
  struct Range {
    std::size_t begin;
    std::size_t size;
  };

  Range tile(std::size_t index) const;
  void stage(const FeatureBlock& block, std::size_t first_row, std::size_t rows, Batch& batch, Team& team) const;
  void accumulate(Batch& batch, Team& team);
  void prepare(std::size_t tile_index, Batch& batch);
  void multiply(std::size_t left, std::size_t right, const Batch& batch, Scratch& scratch);
  void multiply_in_double(std::size_t left, std::size_t right, const Batch& batch, Scratch& scratch);
  void add_product(std::size_t left, std::size_t right, const Scratch& scratch);

  std::size_t features_;
  std::size_t classes_;
  FeatureKind kind_;
  std::size_t tiles_;
  std::size_t samples_ = 0;
  double largest_sum_ = 0;  // bound of any sum so far, for counts
  std::vector<double> gram_;
  std::vector<double> class_sums_;
  std::vector<std::size_t> class_counts_;
  std::vector<float> shift_;
};

}  // namespace crosspike
