// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/report/cells.hpp>

namespace crosspike::report {

std::string strokes(const Cells& cells, std::uint8_t level, int row_height) {
  std::string d;
  for (std::size_t row = 0; row < cells.rows; ++row) {
    const std::uint8_t* of_row = cells.level.data() + row * cells.columns;
    bool first = true;
    std::size_t end = 0;
    for (std::size_t column = 0; column < cells.columns;) {
      if (of_row[column] != level) {
        ++column;
        continue;
      }
      const std::size_t start = column;
      while (column < cells.columns && of_row[column] == level) ++column;
      if (first)
        d += fmt::format("M{} {}", start, coordinate((static_cast<double>(row) + 0.5) * row_height));
      else
        d += fmt::format("m{} 0", start - end);
      d += fmt::format("h{}", column - start);
      first = false;
      end = column;
    }
  }
  return d;
}

void draw_shades(Canvas& canvas, const Cells& cells, int levels, double left, double top, double side,
                 std::string_view stroke_style) {
  canvas.raw(fmt::format("<g transform=\"translate({},{}) scale({})\" shape-rendering=\"crispEdges\">",
                         coordinate(left), coordinate(top), coordinate(side)));
  for (int level = 1; level <= levels; ++level)
    canvas.path(strokes(cells, static_cast<std::uint8_t>(level), 1), stroke_style,
                fmt::format("stroke-opacity=\"{}\"", coordinate(static_cast<double>(level) / levels)));
  canvas.raw("</g>");
}

namespace {

// Cells that are not too flat, within the width and a reasonable height.
double cell_height(std::size_t rows, double width) {
  const double wanted = std::clamp(width * 0.8, 14.0, 34.0);
  return std::max(4.0, std::min(wanted, 420.0 / static_cast<double>(rows)));
}

constexpr int shade_steps = 20;
constexpr double step_width = 6;

double legend_width(const HeatMap& map) {
  return text_width(map.legend_low, 11) + 8 + shade_steps * step_width + 8 + text_width(map.legend_high, 11);
}

void draw_legend_bar(Canvas& canvas, const HeatMap& map, double left, double top) {
  canvas.text(left, top + 10, Anchor::start, "soft small", map.legend_low);
  const double bar = left + text_width(map.legend_low, 11) + 8;
  for (int i = 0; i < shade_steps; ++i)
    canvas.rect(bar + i * step_width, top, step_width + 0.4, 11, "f1", (i + 0.5) / shade_steps);
  canvas.text(bar + shade_steps * step_width + 8, top + 10, Anchor::start, "soft small", map.legend_high);
}

// Small maps are narrow plots, of which several stand side by side.
int plot_width_of(const HeatMap& map, const Frame& frame) {
  constexpr double least = 300, most = 440;  // a title is bold, hence wider than its 13 units say
  const double middle = frame.box.left + frame.box.width / 2;
  const double right = std::max({frame.box.left + frame.box.width, middle + text_width(map.x.label) / 2,
                                 frame.box.left + text_width(map.title, 14.5), 4 + text_width(map.y.label),
                                 frame.box.left + legend_width(map)});
  const double width = std::ceil(std::max(least, right + room_right));
  return width > most ? plot_width : static_cast<int>(width);
}

}  // namespace

Plot heat_map(const HeatMap& map) {
  Canvas canvas;
  const std::size_t columns = map.x.ticks.size(), rows = map.y.ticks.size();
  const double left = room_for(map.y);
  const double most_width = plot_width - left - room_right;
  const double width = std::min(most_width / static_cast<double>(std::max<std::size_t>(columns, 1)), 56.0);
  const double height = cell_height(std::max<std::size_t>(rows, 1), width);
  Frame frame{
      {left, room_above, width * static_cast<double>(columns), height * static_cast<double>(rows)}, map.x, map.y};
  std::swap(frame.y.low, frame.y.high);  // the first row above
  canvas.text(left, 18, Anchor::start, "title", shortened(map.title, 60));
  if (text_width(map.y.label) > frame.box.height + 30) {  // too long to stand beside so few rows
    canvas.text(4, 37, Anchor::start, "", shortened(map.y.label, 64));
    frame.y.label.clear();
    frame.box.top += 18;
  }
  std::size_t longest = 0;
  for (const std::string& text : map.text) longest = std::max(longest, text.size());
  const bool with_text = !map.text.empty() && height >= 13 && static_cast<double>(longest) * 6.5 <= width - 2;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column) {
      const double share = map.share[row * columns + column];
      if (!std::isfinite(share)) continue;
      const double x = left + width * static_cast<double>(column),
                   y = frame.box.top + height * static_cast<double>(row);
      canvas.rect(x, y, width, height, "f1 cell", std::clamp(share, 0.0, 1.0));
      if (with_text)
        canvas.text(x + width / 2, y + height / 2 + 4, Anchor::middle,
                    share > 0.85   ? "small onheat"
                    : share > 0.62 ? "small onmid"
                                   : "small",
                    map.text[row * columns + column]);
    }
  frame.draw_y(canvas, false);
  frame.draw_x(canvas);
  const double below = frame.box.top + frame.box.height + room_below + 8;
  draw_legend_bar(canvas, map, left, below);
  return {map.name,
          map.title,
          map.caption,
          map.section,
          static_cast<int>(below) + 18,
          canvas.take(),
          plot_width_of(map, frame)};
}

}  // namespace crosspike::report
