// SPDX-License-Identifier: Apache-2.0
// Axes with round ticks, linear, logarithmic or of categories, and the frame that they span.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <span>
#include <string>
#include <vector>

namespace crosspike::report {

enum class Scale { linear, logarithmic };
enum class Ends { as_given, rounded };  // rounded: outwards to whole ticks

struct Tick {
  double value = 0;
  std::string text;
};

struct Axis {
  double low = 0, high = 1;
  Scale scale = Scale::linear;
  std::string label;  // with its unit
  std::vector<Tick> ticks;

  double share(double value) const;  // 0 at low, 1 at high; outside it is cut to these
};

// `most` ticks or fewer. Where low and high are equal, or not finite, an axis around them is made that can be drawn.
Axis linear_axis(double low, double high, std::string label, int most, Ends ends);
Axis logarithmic_axis(double low, double high, std::string label, int most);  // 0 < low
Axis category_axis(std::span<const std::string> names, std::string label);    // at 0, 1, ...; half a place around them

// For an axis whose own ticks would miss them.
std::vector<Tick> ticks_at(std::span<const double> positive);

// Over all finite values; from 0 where that costs little of the axis.
Axis axis_for(std::span<const double> values, std::string label, int most);

// Whether points are spaced by factors rather than by differences: all positive, of equal ratios (or nearly equal ones
// over a wide range, 1, 3, 10, 30).
bool is_geometric(std::span<const double> ascending);

struct Box {
  double left = 0, top = 0, width = 0, height = 0;  // of the area inside the axes
};

// Where values of two axes lie on the canvas.
struct Frame {
  Box box;
  Axis x, y;

  double px(double value) const { return box.left + box.width * x.share(value); }
  double py(double value) const { return box.top + box.height * (1 - y.share(value)); }
  void draw_x(Canvas& canvas) const;        // line, ticks and label below
  void draw_x_ticks(Canvas& canvas) const;  // line and marks without text, for a frame above another
  void draw_y(Canvas& canvas, bool grid) const;
};

double room_for(const Axis& y);  // to the left of a frame, for its ticks and label
inline constexpr double room_below = 38, room_above = 30, room_right = 16;

struct LegendEntry {
  std::string text;
  std::size_t series = 0;
  bool line = true;
};
// Entries in rows from `top` down; returns the height taken.
double draw_legend(Canvas& canvas, std::span<const LegendEntry> entries, double left, double top);

}  // namespace crosspike::report
