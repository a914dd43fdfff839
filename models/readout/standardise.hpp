// SPDX-License-Identifier: Apache-2.0
// Mean and scale of each feature, for the readouts that pass over the rows themselves.
#pragma once

#include <crosspike/core/team.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <span>
#include <vector>

namespace crosspike {

struct Standardisation {
  std::vector<double> mean;
  std::vector<double> scale;    // standard deviation (divisor n); 0: constant
  std::vector<double> inverse;  // 1 / scale, 0 for a constant: its standardised value and its weight are 0
};

/// Two passes over the rows in double, sums in order of samples: equal bit for bit at any size of the team, exactly 0
/// for the scale of a constant. `set` has been checked.
Standardisation standardise(const FeatureSet& set, Team& team);

/// Samples of one set, then of the other, as one set; views. Both have been checked to be alike.
FeatureSet joined(const FeatureSet& train, const FeatureSet& validation);

/// Samples of each class.
std::vector<std::size_t> class_counts(const FeatureSet& set);

/// The readout of raw features whose score is bias_c + sum_i weights[c, i] (x_i - mean_i) / scale_i.
Readout unstandardised(const Standardisation& by, std::span<const double> weights, std::span<const double> bias);

}  // namespace crosspike
