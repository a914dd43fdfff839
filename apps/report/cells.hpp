// SPDX-License-Identifier: Apache-2.0
// Plots of cells: rasters merged per pixel, and tables of numbers as shades. However many spikes a cell stands for, it
// is drawn once, and cells side by side are one stroke: the size of a raster is bounded by its area.
#pragma once

#include <crosspike/apps/report/axes.hpp>
#include <crosspike/apps/report/svg.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace crosspike::report {

struct Cells {
  std::size_t columns = 0, rows = 0;  // row 0 above
  std::vector<std::uint8_t> level;    // (row, column); 0: empty

  std::uint8_t& at(std::size_t row, std::size_t column) { return level[row * columns + column]; }
};

// The cells of one level as horizontal strokes along the middle of their rows, from (0, 0) down in units of one column
// and `row_height`.
std::string strokes(const Cells& cells, std::uint8_t level, int row_height);

// Cells of levels 1 to `levels` as squares of `side` in one hue, stronger with the level.
void draw_shades(Canvas& canvas, const Cells& cells, int levels, double left, double top, double side,
                 std::string_view stroke_style);

struct HeatMap {
  std::string title, caption, name, section;
  Axis x, y;                      // of categories; y's first is above
  std::vector<double> share;      // (y, x): shade, from 0 to 1; NaN: no cell
  std::vector<std::string> text;  // (y, x); empty: no texts
  std::string legend_low, legend_high;
};
Plot heat_map(const HeatMap& map);

}  // namespace crosspike::report
