// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/report/axes.hpp>
#include <crosspike/apps/report/cells.hpp>
#include <crosspike/apps/report/png.hpp>
#include <crosspike/apps/report/records.hpp>

namespace crosspike::report {
namespace {

constexpr std::size_t raster_rows = 200, tallest_row = 14;
constexpr double rate_height = 64, between = 14;
constexpr int most_bins = 100;  // of a rate histogram

std::int32_t count_of(const SpikeTrain& train, std::size_t spike) {
  return train.counts.empty() ? 1 : train.counts[spike];
}

// One tick, where the times show it: the shortest distance between spikes of which all times are multiples. 0: unknown.
double tick_of(const std::vector<double>& ascending) {
  constexpr std::size_t fewest_distances = 8;
  double shortest = HUGE_VAL;
  std::size_t distances = 0;
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    const double distance = ascending[i] - ascending[i - 1];
    if (!(distance > 0)) continue;
    shortest = std::min(shortest, distance);
    ++distances;
  }
  if (distances < fewest_distances) return 0;
  const auto is_multiple = [&](double time) { return std::abs(time / shortest - std::round(time / shortest)) < 1e-3; };
  return std::all_of(ascending.begin(), ascending.end(), is_multiple) ? shortest : 0;
}

// Times are stamps of ticks' ends, so that a spike at t lies in (a, b] of its column, the one at the end in the last.
std::size_t column_of(double time, double until, std::size_t columns) {
  const double share = std::clamp(time / until, 0.0, 1.0);
  const auto column = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(columns) - 1e-6)) - 1;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(column, 0, static_cast<std::int64_t>(columns) - 1));
}

// Which elements the rows of a raster stand for.
struct Rows {
  std::uint64_t first = 0, elements = 1;
  std::size_t rows = 1;
  int height = 1;

  std::size_t row_of(std::uint64_t element) const {  // from above; element `first` is lowest
    const auto from_below = static_cast<std::size_t>(static_cast<double>(element - first) /
                                                     static_cast<double>(elements) * static_cast<double>(rows));
    return rows - 1 - std::min(from_below, rows - 1);
  }
};

Rows rows_for(const SpikeTrain& train) {
  Rows rows;
  const auto [low, high] = std::minmax_element(train.node_ids.begin(), train.node_ids.end());
  if (low != train.node_ids.end()) rows.elements = std::max<std::uint64_t>(*high, *high + 1);
  if (train.elements && *train.elements >= rows.elements) {
    rows.elements = *train.elements;
  } else if (train.elements && low != train.node_ids.end()) {  // some of a population were recorded
    rows.first = *low;
    rows.elements = *high - *low + 1;
  }
  rows.rows = static_cast<std::size_t>(std::min<std::uint64_t>(rows.elements, raster_rows));
  rows.height = static_cast<int>(std::clamp<std::size_t>(raster_rows / rows.rows, 1, tallest_row));
  return rows;
}

// Equal parts of the time axis, round ones, each of whole ticks: bins of 2 and of 3 ticks in turn would look like a
// rhythm.
struct Bins {
  double width_ms = 1;
  std::vector<double> count;  // spikes

  // The last one may be cut off by the end.
  double width_of(std::size_t bin, double until) const {
    return std::clamp(until - static_cast<double>(bin) * width_ms, width_ms * 1e-3, width_ms);
  }
};

Bins empty_bins(const std::vector<double>& times, double until) {
  Bins bins;
  bins.width_ms = linear_axis(0, until, {}, most_bins, Ends::as_given).ticks.at(1).value;
  const double tick = tick_of(times);
  if (tick > bins.width_ms / 16) bins.width_ms = std::ceil(bins.width_ms / tick - 1e-6) * tick;
  bins.count.assign(std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(until / bins.width_ms - 1e-6))), 0);
  return bins;
}

void add(Bins& bins, double time, double count) {
  const double whole = static_cast<double>(bins.count.size()) * bins.width_ms;
  bins.count[column_of(time, whole, bins.count.size())] += count;
}

// Hz per element.
std::vector<double> rate_of(const Bins& bins, double until, double elements) {
  std::vector<double> hz;
  for (std::size_t bin = 0; bin < bins.count.size(); ++bin)
    hz.push_back(bins.count[bin] * 1000 / (bins.width_of(bin, until) * elements));
  return hz;
}

std::string counted(std::uint64_t number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

void draw_steps(Canvas& canvas, const Frame& frame, const std::vector<double>& heights, double width_ms,
                std::string_view style) {
  std::string d = "M" + coordinate(frame.box.left) + " " + coordinate(frame.py(0));
  for (std::size_t bin = 0; bin < heights.size(); ++bin) {
    d += "V" + coordinate(frame.py(heights[bin]));
    d += "H" + coordinate(frame.px(static_cast<double>(bin + 1) * width_ms));
  }
  canvas.path(d + "V" + coordinate(frame.py(0)) + "z", style);
}

// Units that a mark has at least in each direction: few spikes would be specks.
int least_mark(std::size_t marks) { return marks <= 2000 ? 3 : marks <= 8000 ? 2 : 1; }

// From 0, whatever the values.
Axis axis_of_counts(std::vector<double> values, std::string label) {
  values.push_back(0);
  double most = 0;
  for (const double value : values) most = std::max(most, value);
  return most > 0 ? axis_for(values, std::move(label), 3) : linear_axis(0, 1, std::move(label), 3, Ends::rounded);
}

}  // namespace

Plot raster_plot(const SpikeTrain& train, const std::string& population, double until_ms, const Shown& shown) {
  const double until = until_ms > 0 && std::isfinite(until_ms) ? until_ms : 1;
  const Rows rows = rows_for(train);
  const auto elements =
      static_cast<double>(train.elements ? std::max<std::uint64_t>(*train.elements, 1) : rows.elements);
  Bins bins = empty_bins(train.timestamps_ms, until);
  std::uint64_t spikes = 0;  // an entry may stand for several
  for (std::size_t i = 0; i < train.timestamps_ms.size(); ++i) {
    const std::int64_t count = std::abs(std::int64_t{count_of(train, i)});
    add(bins, train.timestamps_ms[i], static_cast<double>(count));
    spikes += static_cast<std::uint64_t>(count);
  }
  const std::vector<double> rate = rate_of(bins, until, elements);

  const char* thing = shown.of_input ? "channel" : "neuron";
  const std::string title = (shown.of_input ? "Events of " : "Spikes of ") + population;

  Frame raster{{}, linear_axis(0, until, "time (ms)", 7, Ends::as_given), {}};
  const double first = static_cast<double>(rows.first);
  raster.y = linear_axis(first, first + static_cast<double>(rows.elements), thing, 5, Ends::as_given);
  std::erase_if(raster.y.ticks, [](const Tick& tick) { return tick.value != std::floor(tick.value); });
  Frame below{{}, raster.x, axis_of_counts(rate, "rate (Hz)")};
  const double left = std::max(room_for(raster.y), room_for(below.y));
  const auto columns = static_cast<std::size_t>(plot_width - left - room_right);
  const auto width = static_cast<double>(columns);
  const double height = static_cast<double>(rows.rows) * rows.height;
  raster.box = {left, room_above, width, height};
  below.box = {left, room_above + height + between, width, rate_height};

  Cells cells{columns, rows.rows, std::vector<std::uint8_t>(columns * rows.rows, 0)};
  // Where ticks are far apart a mark is wider, so that a smaller picture keeps it.
  const double tick_columns = tick_of(train.timestamps_ms) / until * width;
  const int least = least_mark(train.timestamps_ms.size());
  const auto wide = static_cast<std::size_t>(std::clamp(tick_columns / 2, 1.0 * least, 3.0));
  for (std::size_t i = 0; i < train.timestamps_ms.size(); ++i) {
    const std::size_t row = rows.row_of(train.node_ids[i]), last = column_of(train.timestamps_ms[i], until, columns);
    for (std::size_t column = last + 1 - std::min(wide, last + 1); column <= last; ++column) cells.at(row, column) = 1;
  }

  Canvas canvas;
  canvas.text(left, 18, Anchor::start, "title", shortened(title, 60));
  canvas.raw(fmt::format("<g transform=\"translate({},{})\">", left, room_above));
  const int stroke = std::max(least, rows.height >= 4 ? rows.height - 1 : std::max(rows.height, 2));  // 1 is faint
  canvas.path(strokes(cells, 1, rows.height), "cells s1", fmt::format("stroke-width=\"{}\"", stroke));
  canvas.raw("</g>");
  raster.draw_x_ticks(canvas);
  raster.draw_y(canvas, false);
  draw_steps(canvas, below, rate, bins.width_ms, "f1");
  below.draw_y(canvas, false);
  below.draw_x(canvas);

  std::string caption = fmt::format("{} of {}, from {}.", counted(spikes, shown.of_input ? "event" : "spike"),
                                    counted(static_cast<std::uint64_t>(elements), thing), shown.path);
  if (!train.elements)
    caption += fmt::format(
        " The file does not say how many {}s there are; those up to the highest that fired are counted.", thing);
  if (rows.elements > rows.rows) caption += fmt::format(" Each row of the raster stands for several {}s.", thing);
  caption += fmt::format(" Below it the mean rate per {} in bins of {:.6g} ms.", thing, bins.width_ms);
  return {shown.name,   title, caption, shown.section, static_cast<int>(below.box.top + rate_height + room_below),
          canvas.take()};
}

namespace {

constexpr std::size_t most_traces = 5;
constexpr double lane_height = 52, lane_gap = 16;

// First, least, greatest and last value of each column: what a line through all points would cover.
std::string trace_path(const ValuesTable& table, std::size_t element, const Frame& frame, std::size_t columns) {
  std::string d;
  bool gap = true;
  const auto rows = static_cast<std::size_t>(table.rows);
  const auto value = [&](std::size_t row) { return table.values[row * table.width + element]; };
  const auto time = [&](std::size_t row) {
    return table.info.start_ms + static_cast<double>(row * table.info.every) * table.info.dt_ms;
  };
  const auto point = [&](std::size_t row) {
    d += fmt::format("{}{} {}", gap ? "M" : "L", coordinate(frame.px(time(row))), coordinate(frame.py(value(row))));
    gap = false;
  };
  const std::size_t step = std::max<std::size_t>(1, rows / columns);
  for (std::size_t from = 0; from < rows; from += step) {
    const std::size_t end = std::min(from + step, rows);
    std::size_t least = end, most = end, first = end, last = end;
    for (std::size_t row = from; row < end; ++row) {
      if (!std::isfinite(value(row))) continue;
      if (first == end) first = row;
      last = row;
      if (least == end || value(row) < value(least)) least = row;
      if (most == end || value(row) > value(most)) most = row;
    }
    if (first == end) {
      gap = true;
      continue;
    }
    std::size_t points[] = {first, least, most, last};
    std::sort(std::begin(points), std::end(points));
    for (auto at = std::begin(points); at != std::unique(std::begin(points), std::end(points)); ++at) point(*at);
  }
  return d;
}

std::size_t not_finite(const ValuesTable& table, std::size_t elements) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < table.rows; ++row)
    for (std::size_t e = 0; e < elements; ++e) count += !std::isfinite(table.values[row * table.width + e]);
  return count;
}

}  // namespace

Plot values_plot(const ValuesTable& table, const std::string& recorder, const Shown& shown) {
  const auto elements = static_cast<std::size_t>(std::min<std::uint64_t>(table.width, most_traces));
  std::vector<double> values;
  for (std::size_t row = 0; row < table.rows; ++row)
    for (std::size_t e = 0; e < elements; ++e) values.push_back(table.values[row * table.width + e]);
  const double step_ms = static_cast<double>(table.info.every) * table.info.dt_ms;
  const double end_ms = table.info.start_ms + step_ms * static_cast<double>(table.rows > 0 ? table.rows - 1 : 0);
  const double start_ms = table.info.start_ms <= step_ms * 1.001 ? 0 : table.info.start_ms;
  Frame frame{{}, linear_axis(start_ms, end_ms, "time (ms)", 7, Ends::as_given), axis_for(values, "", 2)};
  const double left = room_for(frame.y);
  const double width = plot_width - left - room_right - 34;
  const std::string unit = table.info.unit == "1" ? "" : fmt::format(" ({})", table.info.unit);
  const std::string title = recorder + unit;

  Canvas canvas;
  canvas.text(left, 18, Anchor::start, "title", shortened(title, 60));
  double top = room_above;
  for (std::size_t e = 0; e < elements; ++e, top += lane_height + lane_gap) {
    frame.box = {left, top, width, lane_height};
    frame.draw_y(canvas, true);
    canvas.path(trace_path(table, e, frame, static_cast<std::size_t>(width)), "trace " + line_style(e));
    const std::uint64_t id = table.info.indices.empty() ? e : table.info.indices[e];
    canvas.text(left + width + 6, top + lane_height / 2 + 4, Anchor::start, "soft small", fmt::format("{}", id));
  }
  const double lanes = top - room_above - lane_gap;
  canvas.vertical_text(14, room_above + lanes / 2, "", shortened(title, static_cast<std::size_t>(lanes / 6.6) + 2));
  frame.draw_x(canvas);
  std::string caption = fmt::format("{} of {}, from {}; the number at the right says which. All have the same scale.",
                                    elements < table.width ? fmt::format("The first {}", elements) : "All",
                                    counted(table.width, "recorded element"), shown.path);
  if (const std::size_t bad = not_finite(table, elements); bad > 0)
    caption += fmt::format(" {} not finite and left out.", bad == 1 ? "1 value is" : fmt::format("{} values are", bad));
  return {shown.name, title, caption, shown.section, static_cast<int>(top - lane_gap + room_below), canvas.take()};
}

namespace {

constexpr int shades = 5;

// Events per pixel of one polarity as shades up to the busiest pixel of either.
Cells accumulated(const SampleFacts& facts, const SpikeTrain& input, std::uint64_t polarity,
                  std::vector<double>& sums) {
  const std::uint64_t height = facts.input_shape[1], width = facts.input_shape[2], plane = height * width;
  sums.assign(static_cast<std::size_t>(plane), 0);
  for (std::size_t i = 0; i < input.node_ids.size(); ++i)
    if (input.node_ids[i] / plane == polarity)
      sums[static_cast<std::size_t>(input.node_ids[i] % plane)] += count_of(input, i);
  return {static_cast<std::size_t>(width), static_cast<std::size_t>(height),
          std::vector<std::uint8_t>(static_cast<std::size_t>(plane), 0)};
}

// Both polarities over time, as lines along the middles of bins; returns the width of a bin.
double draw_event_rates(Canvas& canvas, const SampleFacts& facts, const SpikeTrain& input, Frame& frame) {
  const std::uint64_t plane = facts.input_shape[1] * facts.input_shape[2];
  const double until = frame.x.high;
  std::vector<Bins> bins(static_cast<std::size_t>(facts.input_shape[0]), empty_bins(input.timestamps_ms, until));
  for (std::size_t i = 0; i < input.node_ids.size(); ++i)
    if (const std::uint64_t p = input.node_ids[i] / plane; p < bins.size())
      add(bins[p], input.timestamps_ms[i], count_of(input, i));
  std::vector<double> all;
  for (const Bins& of : bins) all.insert(all.end(), of.count.begin(), of.count.end());
  frame.y = axis_of_counts(all, "events");
  frame.draw_y(canvas, true);
  for (std::size_t p = 0; p < bins.size(); ++p) {
    std::string d;
    for (std::size_t bin = 0; bin < bins[p].count.size(); ++bin) {
      const double middle = (static_cast<double>(bin) + 0.5) * bins[p].width_ms;
      d += fmt::format("{}{} {}", bin == 0 ? "M" : "L", coordinate(frame.px(middle)),
                       coordinate(frame.py(bins[p].count[bin])));
    }
    canvas.path(d, "line " + line_style(p));
  }
  frame.draw_x(canvas);
  return bins.front().width_ms;
}

}  // namespace

Plot events_plot(const SampleFacts& facts, const SpikeTrain& input, double until_ms, const std::string& title,
                 const Shown& shown) {
  const auto polarities = static_cast<std::size_t>(facts.input_shape[0]);
  const std::size_t panels = polarities + (facts.image ? 1 : 0);
  constexpr double gap = 16;
  const double left = 56, whole = plot_width - left - room_right;
  const double side = std::min(140.0, (whole - gap * static_cast<double>(panels - 1)) / static_cast<double>(panels));
  Canvas canvas;
  canvas.text(left, 18, Anchor::start, "title", shortened(title, 60));
  double x = left;
  const double top = 48;
  double lowest = top;
  const auto heading = [&](const std::string& text) { canvas.text(x, 42, Anchor::start, "soft", text); };
  if (facts.image && facts.image->height > 0 && facts.image->width > 0) {
    heading("image");
    const auto larger = static_cast<double>(std::max(facts.image->height, facts.image->width));
    const double w = side * static_cast<double>(facts.image->width) / larger;
    const double h = side * static_cast<double>(facts.image->height) / larger;
    const auto scale = static_cast<unsigned>(std::clamp(280.0 / larger, 1.0, 16.0));
    canvas.raw(fmt::format("<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"{}\"/>", coordinate(x),
                           coordinate(top), coordinate(w), coordinate(h), png_data(*facts.image, scale)));
    lowest = std::max(lowest, top + h);
    x += side + gap;
  }
  std::vector<std::vector<double>> sums(polarities);
  double most = 0;
  std::vector<Cells> cells;
  for (std::size_t p = 0; p < polarities; ++p) {
    cells.push_back(accumulated(facts, input, p, sums[p]));
    for (const double sum : sums[p]) most = std::max(most, sum);
  }
  for (std::size_t p = 0; p < polarities; ++p, x += side + gap) {
    for (std::size_t i = 0; i < sums[p].size(); ++i)
      if (sums[p][i] > 0)
        cells[p].level[i] =
            static_cast<std::uint8_t>(std::clamp(std::ceil(sums[p][i] / most * shades), 1.0, 1.0 * shades));
    heading(polarities == 1 ? "events" : p == 0 ? "OFF events" : "ON events");
    const double pixel = side / static_cast<double>(std::max(cells[p].columns, cells[p].rows));
    const double w = pixel * static_cast<double>(cells[p].columns), h = pixel * static_cast<double>(cells[p].rows);
    draw_shades(canvas, cells[p], shades, x, top, pixel, line_style(p));
    canvas.path(
        fmt::format("M{} {}h{}v{}h{}z", coordinate(x), coordinate(top), coordinate(w), coordinate(h), coordinate(-w)),
        "axis");
    lowest = std::max(lowest, top + h);
  }
  Frame rates{{left, lowest + 22, whole, rate_height},
              linear_axis(0, until_ms > 0 ? until_ms : 1, "time (ms)", 7, Ends::as_given),
              {}};
  const double bin_ms = draw_event_rates(canvas, facts, input, rates);
  double height = rates.box.top + rate_height + room_below;
  const std::vector<LegendEntry> legend = {{"OFF: darker", 0, true}, {"ON: brighter", 1, true}};
  if (polarities == 2) height += draw_legend(canvas, legend, left, height) + 2;
  double events = 0;
  for (std::size_t i = 0; i < input.node_ids.size(); ++i) events += count_of(input, i);
  const std::string caption = fmt::format(
      "{:.0f} events, from {}{}. Shades: events per pixel over the whole sample, the strongest {:g}. Below: events in "
      "bins of {:.6g} ms.",
      events, shown.path, facts.image ? ", and the image that they were made from" : "", most, bin_ms);
  return {shown.name, title, caption, shown.section, static_cast<int>(height) + 2, canvas.take()};
}

}  // namespace crosspike::report
