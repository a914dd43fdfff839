// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/cli/sweep_table.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <limits>

namespace crosspike::cli {

namespace {

constexpr std::size_t most_columns = 4;  // of figures on a terminal

const Figure* find(const Figures& figures, const std::string& name) {
  const auto at = std::find_if(figures.begin(), figures.end(), [&](const auto& f) { return f.first == name; });
  return at == figures.end() ? nullptr : &at->second;
}

bool is_of_validation(const std::string& figure) {
  return figure.find("validation_") != std::string::npos && figure.ends_with("accuracy");
}

std::optional<double> number(const Figure& figure) {
  if (const auto* whole = std::get_if<std::int64_t>(&figure)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&figure)) return *real;
  return std::nullopt;
}

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  spread.n = values.size();
  double above = 0;  // the first value, so that equal values have themselves as mean and no spread
  for (const double value : values) above += value - values.front();
  spread.mean = values.front() + above / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.sd = values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1))
                                : std::numeric_limits<double>::quiet_NaN();
  return spread;
}

std::string csv_cell(const std::string& text) {  // RFC 4180
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_number(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }

std::string csv_figure(const Figure& figure) {
  if (const auto* text = std::get_if<std::string>(&figure)) return csv_cell(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&figure)) return fmt::format("{}", *whole);
  return csv_number(std::get<double>(figure));
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) out += (out.empty() ? "" : ",") + cell;
  return out + "\n";
}

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace

std::string spread_text(const std::string& figure, const Spread& spread) {
  const std::string mean = figure_text(figure, Figure(spread.mean));
  if (std::isnan(spread.sd)) return mean;
  return mean + " ± " +
         (figure.ends_with("accuracy") ? fmt::format("{:.2f}", 100 * spread.sd) : short_number(spread.sd));
}

SweepTable::SweepTable(const Grid& grid, std::vector<SweepRun> runs)
    : grid_(grid), runs_(std::move(runs)), spreads_(grid.points()) {
  for (const SweepRun& run : runs_)
    for (const auto& figure : run.figures)
      if (std::find(names_.begin(), names_.end(), figure.first) == names_.end()) names_.push_back(figure.first);
  for (const std::string& name : names_) {
    std::vector<std::vector<double>> values(grid.points());
    for (const SweepRun& run : runs_)
      if (const Figure* figure = find(run.figures, name))
        if (const auto value = number(*figure)) values[run.point].push_back(*value);
    for (std::size_t point = 0; point < values.size(); ++point)
      if (!values[point].empty()) spreads_[point].emplace_back(name, spread_of(values[point]));
  }
}

std::optional<Spread> SweepTable::spread(std::size_t point, const std::string& figure) const {
  for (const auto& [name, spread] : spreads_[point])
    if (name == figure) return spread;
  return std::nullopt;
}

std::optional<SweepTable::Best> SweepTable::best() const {
  const std::string usual = "validation_accuracy";
  auto chosen_by = std::find(names_.begin(), names_.end(), usual);
  if (chosen_by == names_.end()) chosen_by = std::find_if(names_.begin(), names_.end(), is_of_validation);
  if (chosen_by == names_.end()) return std::nullopt;
  std::optional<std::size_t> best;
  for (std::size_t point = 0; point < spreads_.size(); ++point) {
    const auto here = spread(point, *chosen_by);
    if (here && (!best || here->mean > spread(*best, *chosen_by)->mean)) best = point;
  }
  if (!best) return std::nullopt;
  std::string test = *chosen_by;
  const std::string word = "validation_";
  test.replace(test.find(word), word.size(), *chosen_by == usual ? "test_" : "");
  return Best{*best, *chosen_by, test};
}

std::string SweepTable::tidy_csv() const {
  std::vector<std::string> head;
  for (const GridKey& key : grid_.keys()) head.push_back(csv_cell(key.assignment.key));
  for (const char* column : {"figure", "mean", "sd", "n"}) head.emplace_back(column);
  std::string out = "# crosspike sweep 1\n" + csv_row(head);
  for (std::size_t point = 0; point < spreads_.size(); ++point)
    for (const auto& [name, spread] : spreads_[point]) {
      std::vector<std::string> cells;
      for (const std::string& value : grid_.shown(point)) cells.push_back(csv_cell(value));
      cells.push_back(csv_cell(name));
      cells.push_back(csv_number(spread.mean));
      cells.push_back(csv_number(spread.sd));
      cells.push_back(fmt::format("{}", spread.n));
      out += csv_row(cells);
    }
  return out;
}

std::string SweepTable::runs_csv() const {
  std::vector<std::string> head;
  for (const GridKey& key : grid_.keys()) head.push_back(csv_cell(key.assignment.key));
  head.emplace_back("seed");
  for (const std::string& name : names_) head.push_back(csv_cell(name));
  std::string out = "# crosspike sweep runs 1\n" + csv_row(head);
  for (const SweepRun& run : runs_) {
    std::vector<std::string> cells;
    for (const std::string& value : grid_.shown(run.point)) cells.push_back(csv_cell(value));
    cells.push_back(fmt::format("{}", run.seed));
    for (const std::string& name : names_) {
      const Figure* figure = find(run.figures, name);
      cells.push_back(figure ? csv_figure(*figure) : "");
    }
    out += csv_row(cells);
  }
  return out;
}

bool SweepTable::varies(const std::string& figure) const {
  std::optional<double> first;
  for (const SweepRun& run : runs_) {
    const Figure* here = find(run.figures, figure);
    const auto value = here ? number(*here) : std::nullopt;
    if (!value) continue;
    if (first && *first != *value) return true;
    first = value;
  }
  return false;
}

// Accuracies on validation where there are any, so that no test figure stands beside a setting to be chosen; else what
// differs from run to run, rates before counts of the same spikes.
std::vector<std::string> SweepTable::headline() const {
  std::vector<std::string> names;
  for (const std::string& name : names_)
    if (is_of_validation(name) && names.size() < most_columns) names.push_back(name);
  if (!names.empty()) return names;
  const auto has = [&](const std::string& name) {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  };
  for (const std::string& name : names_) {
    const bool count = name.starts_with("spikes_") && has("rate_hz_" + name.substr(7));
    if (!count && varies(name) && names.size() < most_columns) names.push_back(name);
  }
  return names;
}

std::string SweepTable::text(int width) const {
  const std::vector<std::string> names = headline();
  std::vector<std::string> head;
  for (const GridKey& key : grid_.keys()) head.push_back(key.assignment.key);
  head.emplace_back("n");
  head.insert(head.end(), names.begin(), names.end());
  const auto chosen = best();
  const bool marked = chosen && spreads_.size() > 1;
  if (marked) head.emplace_back("");
  TextTable table(head);
  for (std::size_t column = grid_.keys().size(); column < head.size() - (marked ? 1 : 0); ++column)
    table.align_right(column);
  for (std::size_t point = 0; point < spreads_.size(); ++point) {
    std::vector<std::string> cells = grid_.shown(point);
    std::size_t n = 0;
    for (const SweepRun& run : runs_) n += run.point == point ? 1 : 0;
    cells.push_back(fmt::format("{}", n));
    for (const std::string& name : names) {
      const auto here = spread(point, name);
      cells.push_back(here ? spread_text(name, *here) : "");
    }
    if (marked) cells.emplace_back(point == chosen->point ? "best on validation" : "");
    table.row(std::move(cells));
  }
  return table.text(width);
}

Json SweepTable::json() const {
  Json points = Json::array();
  for (std::size_t point = 0; point < spreads_.size(); ++point) {
    Json values = Json::object(), figures = Json::object();
    const std::vector<std::string> shown = grid_.shown(point);
    for (std::size_t k = 0; k < shown.size(); ++k) values[grid_.keys()[k].assignment.key] = shown[k];
    for (const auto& [name, spread] : spreads_[point])
      figures[name] = {{"mean", json_number(spread.mean)}, {"sd", json_number(spread.sd)}, {"n", spread.n}};
    points.push_back({{"values", values}, {"figures", figures}});
  }
  return points;
}

}  // namespace crosspike::cli
