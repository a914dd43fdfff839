// SPDX-License-Identifier: Apache-2.0
// The report as one HTML page that loads nothing: plots in sections, tables, the config.
#pragma once

#include <crosspike/apps/report/study.hpp>
#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <string>
#include <vector>

namespace crosspike::report {

// Nothing in either depends on when, where or how long: equal input gives equal bytes.
std::string results_page(const ResultsReader& results, const std::vector<Plot>& plots);
std::string study_page(const Study& study, const FigureChoice& shown, const std::vector<Plot>& plots);

}  // namespace crosspike::report
