// SPDX-License-Identifier: Apache-2.0
// Plots of readouts: confusion matrices, the choice of lambda, and what their features are like.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <vector>

namespace crosspike::report {

void add_score_plots(std::vector<Plot>& plots, const ResultsReader& results);
Plot feature_plot(const ReadoutArrays& readout);

}  // namespace crosspike::report
