// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/report/lines.hpp>
#include <numeric>

namespace crosspike::report {
namespace {

constexpr double area_height = 220;
constexpr std::size_t most_ticked = 9,  // points on a logarithmic axis that are its ticks
    most_marked = 60;                   // points that have markers

std::vector<std::size_t> order_of(const std::vector<double>& x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  return order;
}

Axis x_axis(const Curve& curve) {
  std::vector<double> values;
  for (const double x : curve.x)
    if (std::isfinite(x)) values.push_back(x);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty()) return linear_axis(0, 1, curve.x_label, 7, Ends::as_given);
  if (is_geometric(values)) {
    const double margin = std::pow(values.back() / values.front(), 0.03);
    Axis axis = logarithmic_axis(values.front() / margin, values.back() * margin, curve.x_label, 7);
    if (values.size() <= most_ticked) axis.ticks = ticks_at(values);
    return axis;
  }
  const double margin = values.size() > 1 ? 0.02 * (values.back() - values.front()) : 0;
  return linear_axis(values.front() - margin, values.back() + margin, curve.x_label, 7, Ends::as_given);
}

Axis y_axis(const Curve& curve) {
  std::vector<double> values;
  for (const CurveSeries& series : curve.series)
    for (const auto* part : {&series.y, &series.low, &series.high})
      values.insert(values.end(), part->begin(), part->end());
  return axis_for(values, curve.y_label, 6);
}

bool drawable(const Curve& curve, const CurveSeries& series, std::size_t point) {
  return std::isfinite(curve.x[point]) && std::isfinite(series.y[point]);
}

double bound(const std::vector<double>& bounds, std::size_t point, double otherwise) {
  return bounds.empty() || !std::isfinite(bounds[point]) ? otherwise : bounds[point];
}

// Units between neighbouring series at one x, so that no bar or marker hides another's. One series stays in place.
double distance_of_series(const Frame& frame, const Curve& curve, const std::vector<std::size_t>& order) {
  if (curve.series.size() < 2 || order.size() > most_marked) return 0;
  const bool bars = std::any_of(curve.series.begin(), curve.series.end(),
                                [](const CurveSeries& series) { return !series.low.empty() || !series.high.empty(); });
  const double wanted = bars ? 5 : 3;
  double room = bars ? 24 : 12;  // of all series
  for (std::size_t k = 1; k < order.size(); ++k) {
    const double gap = frame.px(curve.x[order[k]]) - frame.px(curve.x[order[k - 1]]);
    if (gap > 0) room = std::min(room, 0.6 * gap);
  }
  return std::min(wanted, room / static_cast<double>(curve.series.size() - 1));
}

// Where each series stands beside its x.
std::vector<double> shifts_of(const Frame& frame, const Curve& curve, const std::vector<std::size_t>& order) {
  const double distance = distance_of_series(frame, curve, order);
  std::vector<double> shifts;
  for (std::size_t s = 0; s < curve.series.size(); ++s)
    shifts.push_back(distance * (static_cast<double>(s) - static_cast<double>(curve.series.size() - 1) / 2));
  return shifts;
}

void draw_series(Canvas& canvas, const Frame& frame, const Curve& curve, std::size_t number,
                 const std::vector<std::size_t>& order, double shift) {
  const CurveSeries& series = curve.series[number];
  std::string d, bars;
  bool gap = true;
  for (const std::size_t i : order) {
    if (!drawable(curve, series, i)) {
      gap = true;
      continue;
    }
    const double x = frame.px(curve.x[i]) + shift;
    d += fmt::format("{}{} {}", gap ? "M" : "L", coordinate(x), coordinate(frame.py(series.y[i])));
    gap = false;
    if (series.low.empty() && series.high.empty()) continue;
    const double low = frame.py(bound(series.low, i, series.y[i])), high = frame.py(bound(series.high, i, series.y[i]));
    bars += fmt::format("M{} {}V{}M{} {}h6M{} {}h6", coordinate(x), coordinate(low), coordinate(high),
                        coordinate(x - 3), coordinate(low), coordinate(x - 3), coordinate(high));
  }
  canvas.path(bars, "bar " + line_style(number));
  canvas.path(d, "line " + line_style(number));
  if (order.size() > most_marked) return;
  for (const std::size_t i : order)
    if (drawable(curve, series, i)) canvas.marker(frame.px(curve.x[i]) + shift, frame.py(series.y[i]), number);
}

std::size_t gaps(const Curve& curve) {
  std::size_t count = 0;
  for (const CurveSeries& series : curve.series)
    for (std::size_t i = 0; i < curve.x.size(); ++i) count += !drawable(curve, series, i);
  return count;
}

void draw_chosen(Canvas& canvas, const Frame& frame, const LinePlot& plot, const std::vector<double>& shifts) {
  for (std::size_t s = 0; s < std::min(plot.chosen.size(), plot.curve.series.size()); ++s)
    for (std::size_t i = 0; plot.chosen[s] && i < plot.curve.x.size(); ++i)
      if (plot.curve.x[i] == *plot.chosen[s] && drawable(plot.curve, plot.curve.series[s], i))
        canvas.raw(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"7\" class=\"ring\"/>",
                               coordinate(frame.px(plot.curve.x[i]) + shifts[s]),
                               coordinate(frame.py(plot.curve.series[s].y[i]))));
}

// On two lines where it is long; returns the room that the second one takes.
double draw_title(Canvas& canvas, const std::string& title, double left) {
  constexpr std::size_t longest = 60;
  const std::size_t space = title.rfind(' ', longest);
  const bool two = shortened(title, longest) != title && space != std::string::npos && space > 0;
  canvas.text(left, 18, Anchor::start, "title", shortened(two ? title.substr(0, space) : title, longest));
  if (two) canvas.text(left, 34, Anchor::start, "title", shortened(title.substr(space + 1), longest));
  return two ? 16 : 0;
}

}  // namespace

Plot line_plot(const LinePlot& plot) {
  const Curve& curve = plot.curve;
  Canvas canvas;
  Frame frame{{}, plot.x ? *plot.x : x_axis(curve), y_axis(curve)};
  const double left = room_for(frame.y);
  const double top = room_above + draw_title(canvas, curve.title, left);
  frame.box = {left, top, plot_width - left - room_right, area_height};
  frame.draw_y(canvas, true);
  frame.draw_x(canvas);
  const std::vector<std::size_t> order = order_of(curve.x);
  const std::vector<double> shifts = shifts_of(frame, curve, order);
  for (std::size_t s = 0; s < curve.series.size(); ++s) draw_series(canvas, frame, curve, s, order, shifts[s]);
  draw_chosen(canvas, frame, plot, shifts);
  double height = top + area_height + room_below;
  std::vector<LegendEntry> entries;
  for (std::size_t s = 0; s < curve.series.size(); ++s) entries.push_back({curve.series[s].name, s, true});
  if (entries.size() > 1) height += draw_legend(canvas, entries, left, height + 2) + 2;
  std::string caption = plot.caption;
  if (const std::size_t missing = gaps(curve); missing > 0)
    caption += fmt::format(" {} of the points {} no number and left out.", missing, missing == 1 ? "is" : "are");
  return {plot.name, curve.title, caption, plot.section, static_cast<int>(height) + 4, canvas.take()};
}

}  // namespace crosspike::report
