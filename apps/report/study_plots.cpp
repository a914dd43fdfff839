// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <crosspike/apps/report/accuracies.hpp>
#include <crosspike/apps/report/cells.hpp>
#include <crosspike/apps/report/lines.hpp>
#include <crosspike/apps/report/study.hpp>
#include <map>
#include <optional>
#include <set>

namespace crosspike::report {
namespace {

constexpr std::size_t most_lines = 12;

// One key of the grid: its values in order, and their numbers where all are numbers of one unit.
struct GridKey {
  std::string label;
  std::vector<std::string> values;
  std::vector<double> numbers;                // empty: categories
  std::map<std::string, std::size_t> places;  // of values

  std::size_t index(const std::string& value) const { return places.at(value); }
};

// "20 ms" -> 20 and "ms".
std::optional<std::pair<double, std::string>> quantity(const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || !std::isfinite(value)) return {};
  std::string unit(end, text.data() + text.size());
  if (unit.empty()) return {{value, ""}};
  if (unit.size() < 2 || unit[0] != ' ' || unit.find_first_of("0123456789.,;[]") != std::string::npos) return {};
  return {{value, unit.substr(1)}};
}

GridKey grid_key(const Study& study, std::size_t column) {
  GridKey key{study.keys[column], {}, {}, {}};
  std::vector<std::pair<double, std::string>> ordered;
  std::set<std::string> units, seen;
  for (const StudyRow& row : study.rows) {
    if (!seen.insert(row.point[column]).second) continue;
    key.values.push_back(row.point[column]);
    if (const auto known = quantity(row.point[column])) {
      ordered.emplace_back(known->first, row.point[column]);
      units.insert(known->second);
    }
  }
  if (ordered.size() == key.values.size() && units.size() == 1) {
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      key.values[i] = ordered[i].second;
      key.numbers.push_back(ordered[i].first);
    }
    if (!units.begin()->empty()) key.label += fmt::format(" ({})", *units.begin());
  }
  for (std::size_t i = 0; i < key.values.size(); ++i) key.places[key.values[i]] = i;
  return key;
}

std::string line_name(const Study& study, const StudyRow& row) {
  std::vector<std::string> parts;
  for (std::size_t k = 1; k < study.keys.size(); ++k)
    parts.push_back(fmt::format("{} = {}", study.keys[k], row.point[k]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string repeats(const Study& study, const std::string& figure) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = 0;
  for (const StudyRow& row : study.rows) {
    if (row.figure != figure) continue;
    least = std::min(least, row.n);
    most = std::max(most, row.n);
  }
  return least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most);
}

Plot figure_plot(const Study& study, const std::vector<GridKey>& keys, const std::string& figure) {
  const GridKey& along = keys[0];
  LinePlot plot;
  plot.name = "study-" + figure;
  plot.section = figure;
  plot.curve = {figure, along.label, figure, along.numbers, {}};
  if (along.numbers.empty()) {
    for (std::size_t i = 0; i < along.values.size(); ++i) plot.curve.x.push_back(static_cast<double>(i));
    plot.x = category_axis(along.values, along.label);
  }
  // Lines in the order of the other keys' values.
  std::map<std::vector<std::size_t>, CurveSeries> lines;
  const std::vector<double> unknown(along.values.size(), std::numeric_limits<double>::quiet_NaN());
  for (const StudyRow& row : study.rows) {
    if (row.figure != figure) continue;
    std::vector<std::size_t> place;
    for (std::size_t k = 1; k < keys.size(); ++k) place.push_back(keys[k].index(row.point[k]));
    const auto [line, added] = lines.try_emplace(place, CurveSeries{line_name(study, row), unknown, unknown, unknown});
    const std::size_t i = along.index(row.point[0]);
    line->second.y[i] = row.mean;
    if (row.sd > 0) {
      line->second.low[i] = row.mean - row.sd;
      line->second.high[i] = row.mean + row.sd;
    }
  }
  for (auto& [place, line] : lines)
    if (plot.curve.series.size() < most_lines) plot.curve.series.push_back(std::move(line));
  plot.caption = fmt::format("Mean of {} run{} a point; bars show one standard deviation.", repeats(study, figure),
                             repeats(study, figure) == "1" ? "" : "s");
  if (lines.size() > most_lines)
    plot.caption += fmt::format(" The first {} of {} combinations; the table has all.", most_lines, lines.size());
  return line_plot(plot);
}

// Three figures of the largest, and as many decimals for all.
std::string short_text(double value, double largest) {
  if (!std::isfinite(value)) return "";
  if (largest >= 1e5 || (largest < 1e-3 && largest > 0)) return fmt::format("{:.3g}", value);
  const int decimals = largest > 0 ? 2 - static_cast<int>(std::floor(std::log10(largest))) : 3;
  return fmt::format("{:.{}f}", value, std::clamp(decimals, 0, 5));
}

Plot grid_map(const Study& study, const std::vector<GridKey>& keys, const std::string& figure) {
  HeatMap map;
  map.name = "study-" + figure + "-map";
  map.section = figure;
  map.title = is_accuracy(figure) ? figure + " (%)" : figure;
  map.x = category_axis(keys[0].values, study.keys[0]);
  map.y = category_axis(keys[1].values, study.keys[1]);
  const std::size_t columns = keys[0].values.size();
  std::vector<double> means(columns * keys[1].values.size(), std::numeric_limits<double>::quiet_NaN());
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const StudyRow& row : study.rows) {
    if (row.figure != figure) continue;
    means[keys[1].index(row.point[1]) * columns + keys[0].index(row.point[0])] = row.mean;
    if (!std::isfinite(row.mean)) continue;
    low = std::min(low, row.mean);
    high = std::max(high, row.mean);
  }
  const double largest = std::max(std::abs(low), std::abs(high));
  const bool percent = is_accuracy(figure);
  const auto text = [&](double value) {
    if (!percent) return short_text(value, largest);
    return std::isfinite(value) ? fmt::format("{:.2f}", 100 * value) : std::string();
  };
  const auto ends = [&](double value) { return text(value) + (percent && std::isfinite(value) ? " %" : ""); };
  for (const double mean : means) {
    map.share.push_back(high > low ? 0.06 + 0.94 * (mean - low) / (high - low) : mean * 0 + 0.5);
    map.text.push_back(text(mean));
  }
  map.legend_low = ends(low);
  map.legend_high = ends(high);
  map.caption = fmt::format("The same means over both keys; from {} to {}.", ends(low), ends(high));
  return heat_map(map);
}

}  // namespace

std::vector<Plot> study_plots(const Study& study, const std::vector<std::string>& chosen, const std::string& file) {
  const std::vector<std::string> figures = choose_figures(study, chosen, file).names;
  std::vector<Plot> plots;
  if (study.keys.empty()) return plots;
  std::vector<GridKey> keys;
  for (std::size_t k = 0; k < study.keys.size(); ++k) keys.push_back(grid_key(study, k));
  for (const std::string& figure : figures) {
    plots.push_back(figure_plot(study, keys, figure));
    constexpr std::size_t most_cells = 4096;
    const bool grid = keys.size() == 2 && keys[0].values.size() > 1 && keys[1].values.size() > 1;
    if (grid && keys[0].values.size() * keys[1].values.size() <= most_cells)
      plots.push_back(grid_map(study, keys, figure));
  }
  make_names_safe(plots);
  return plots;
}

}  // namespace crosspike::report
