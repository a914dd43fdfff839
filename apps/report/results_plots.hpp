// SPDX-License-Identifier: Apache-2.0
// Everything that a results file can show.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <vector>

namespace crosspike::report {

inline constexpr std::size_t most_samples = 4;  // of which records are drawn

// In the order of a page. Throws Error(input) for what cannot be drawn, naming its HDF5 path.
std::vector<Plot> results_plots(const ResultsReader& results, const std::string& file);

}  // namespace crosspike::report
