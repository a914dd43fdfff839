// SPDX-License-Identifier: Apache-2.0
// Which figures of a study a report shows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/apps/report/study.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <map>
#include <set>

namespace crosspike::report {
namespace {

constexpr std::size_t most_figures = 200;
constexpr std::string_view validation = "validation_";

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_size(std::string_view figure) { return figure.ends_with("_samples") || figure == "features"; }

bool is_of_validation(std::string_view figure) { return contains(figure, validation) && !is_size(figure); }

bool is_minor(const std::string& figure, const std::vector<std::string>& all) {
  const auto has = [&](const std::string& name) { return std::find(all.begin(), all.end(), name) != all.end(); };
  return figure.ends_with("_low") || figure.ends_with("_high") || figure.ends_with("lambda") || is_size(figure) ||
         (figure.starts_with("spikes_") && has("rate_hz_" + figure.substr(7)));
}

// Figures that differ from one point to another.
std::set<std::string> varying(const Study& study) {
  std::set<std::string> names;
  std::map<std::string, double> first;
  for (const StudyRow& row : study.rows)
    if (const auto [at, added] = first.emplace(row.figure, row.mean); !added && at->second != row.mean)
      names.insert(row.figure);
  return names;
}

std::string note_on(const std::vector<std::string>& test, const std::vector<std::string>& others) {
  std::string note;
  if (!test.empty()) {
    const bool usual = std::find(test.begin(), test.end(), "test_accuracy") != test.end();
    note = fmt::format(
        "Figures of the test split are left out, because settings are chosen on validation; --figures {} shows one, "
        "and names with commas more.",
        usual ? "test_accuracy" : test.front());
  }
  if (!others.empty())
    note += fmt::format("{}Left out as secondary or equal at all points: {}.", note.empty() ? "" : " ",
                        fmt::join(others, ", "));
  return note;
}

}  // namespace

bool is_of_test(std::string_view figure, const std::vector<std::string>& all) {
  if (contains(figure, validation)) return false;
  if (figure.starts_with("test_") || contains(figure, "accuracy") || contains(figure, "_minus_")) return true;
  return std::any_of(all.begin(), all.end(), [&](std::string_view other) {
    return other.starts_with(validation) && is_of_validation(other) &&
           figure.starts_with(other.substr(validation.size()));
  });
}

FigureChoice choose_figures(const Study& study, const std::vector<std::string>& wanted, const std::string& file) {
  const std::vector<std::string> all = study.figures();
  for (const std::string& figure : wanted)
    if (std::find(all.begin(), all.end(), figure) == all.end()) {
      const auto near = nearest(figure, all);
      throw Error(Fault::input,
                  fmt::format("--figures: {} has no figure '{}'; {}it has: {}", file, shown(figure),
                              near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(all, ", ")));
    }
  FigureChoice choice{wanted, {}};
  if (!wanted.empty()) return choice;
  const bool validated = std::any_of(all.begin(), all.end(), is_of_validation);
  const std::set<std::string> vary = varying(study);
  std::vector<std::string> test, others;
  for (const std::string& figure : all) {
    if (validated && is_of_test(figure, all))
      test.push_back(figure);
    else if (!is_minor(figure, all) && (vary.empty() || vary.contains(figure) || is_of_validation(figure)))
      choice.names.push_back(figure);
    else
      others.push_back(figure);
  }
  if (choice.names.empty() && test.empty()) choice.names.swap(others);
  if (choice.names.size() > most_figures)
    throw Error(Fault::input, fmt::format("{} has {} figures; up to {} are drawn at once: choose some with --figures",
                                          file, choice.names.size(), most_figures));
  choice.note = note_on(test, others);
  // Accuracies on validation come first, whatever the order of the table.
  std::stable_partition(choice.names.begin(), choice.names.end(), is_of_validation);
  return choice;
}

}  // namespace crosspike::report
