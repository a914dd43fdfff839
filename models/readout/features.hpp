// SPDX-License-Identifier: Apache-2.0
// What a readout reads: labelled rows of features, one row per sample, held by the caller as spike counts
// or as floats. A set is one split of a data set (train, validation, test); it only views the rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace crosspike {

enum class FeatureKind {
  counts,        // spike counts as they are; their sums are exact
  square_roots,  // square roots of spike counts (evens out the variance of Poisson counts), taken on the fly
  reals,         // floats: traces, membranes
};

/// "counts", "square roots", "reals", for messages.
const char* name_of(FeatureKind kind);

struct FeatureBlock {
  std::size_t rows = 0;
  std::span<const std::uint16_t> counts;  // (rows, features); empty for reals
  std::span<const float> reals;           // (rows, features); empty for counts and square_roots
  std::span<const int> labels;            // (rows), 0 .. classes - 1
};

struct FeatureSet {
  std::string name;  // for messages: "train", "validation", "test"
  std::size_t features = 0;
  std::size_t classes = 0;
  FeatureKind kind = FeatureKind::counts;
  std::vector<FeatureBlock> blocks;  // rows in order of sample number; where the blocks are cut has no effect

  std::size_t samples() const;
};

/// Largest magnitude of a real feature: sums of squares of 1,024 of them stay finite in float.
inline constexpr float largest_real_feature = 1e17F;

/// Throws Error where a size is wrong, the set is empty, a label is outside 0 .. classes - 1, or a real feature is
/// not finite or above largest_real_feature; names the first such sample (its position in the set).
void check(const FeatureSet& set);

/// Largest value in a set of counts; 0 for reals.
std::uint16_t largest_count(const FeatureSet& set);

/// Throws Error unless both have the same features, classes and kind.
void check_alike(const FeatureSet& set, const FeatureSet& train);

/// The same rows under other labels (as many as the set has samples, in its order), for another task on features that
/// were collected once. Views: copies no feature. Throws Error for another number of labels.
FeatureSet with_labels(FeatureSet set, std::span<const int> labels, std::size_t classes);

/// The samples of a set at these positions, in this order, for a fit on a part of them. Views: copies no feature.
/// Throws Error for a position beyond the set.
FeatureSet rows_of(const FeatureSet& set, std::span<const std::size_t> positions);

/// Columns [first, first + size) of one row as the readouts see it, in double; square roots are rounded to float, as
/// the ridge's sums have them.
void widen(const FeatureSet& set, const FeatureBlock& block, std::size_t row, std::size_t first, std::size_t size,
           double* to);

/// Samples [first, first + rows) of a set, widened into `to` (rows, features), and their labels.
void widen_rows(const FeatureSet& set, std::size_t first, std::size_t rows, double* to, int* labels);

}  // namespace crosspike
