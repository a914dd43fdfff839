// SPDX-License-Identifier: Apache-2.0
// One door to the three ways of fitting a linear readout, for experiments that leave the choice to their config.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/models/readout/logistic.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <vector>

namespace crosspike {

struct ReadoutSettings {
  ReadoutKind kind = ReadoutKind::ridge;
  std::vector<double> lambdas{};  // penalties to choose from on validation; rls calls them alphas
  LogisticSettings logistic{};    // for logistic
  double forgetting = 1;          // for rls
};

/// Reads [readout]: the keys of its kind, with that kind's defaults. Throws Error at the key.
ReadoutSettings readout_from(TableReader& readout);

/// What readout_from read, defaults included, as the table that says it.
Value to_value(const ReadoutSettings& settings);

/// "lambda", or "alpha" for rls, as the config names the penalty (in the plural).
const char* penalty_name(ReadoutKind kind);

/// Fits each penalty on train, chooses on validation and fits once more on both: fit_ridge, fit_logistic or fit_rls.
/// For several tasks on the same features, or parts of the samples, see with_labels and rows_of in features.hpp.
Readout fit_readout(const FeatureSet& train, const FeatureSet& validation, const ReadoutSettings& settings, Team& team,
                    const Progress& progress = {});

/// Most features that a readout of this kind takes.
std::size_t most_features(ReadoutKind kind);

/// Bytes that fit_readout takes beside the rows.
std::size_t readout_bytes(const ReadoutSettings& settings, std::size_t samples, std::size_t features,
                          std::size_t classes, int threads);

}  // namespace crosspike
