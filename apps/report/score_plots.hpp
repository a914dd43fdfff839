// SPDX-License-Identifier: Apache-2.0
// Plots of readouts: confusion matrices, the choice of lambda, and what their features are like.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::report {

void add_score_plots(std::vector<Plot>& plots, const ResultsReader& results);
std::string called(const std::string& contestant);                         // "without recurrence" of no_recurrence
bool comes_before(std::string_view contestant, std::string_view other);    // the liquid, its controls, all others
Plot feature_plot(const ReadoutArrays& readout, const std::string& path);  // path: in the results, for the caption

}  // namespace crosspike::report
