// SPDX-License-Identifier: Apache-2.0
// Line plots: curves with bounds, the lambda curve, a study's figure over a grid.
#pragma once

#include <crosspike/apps/report/axes.hpp>
#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike::report {

struct LinePlot {
  std::string name, section, caption;
  Curve curve;
  std::optional<Axis> x;                      // default: over the points, logarithmic where they are geometric
  std::vector<std::optional<double>> chosen;  // by series, an x to be ringed; may be shorter
};

// Points that are not finite are gaps, and the caption says how many there are.
Plot line_plot(const LinePlot& plot);

}  // namespace crosspike::report
