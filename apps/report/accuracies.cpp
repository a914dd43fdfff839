// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/apps/report/accuracies.hpp>

namespace crosspike::report {
namespace {

// A readout's label and its figures.
struct Contestant {
  const char *label, *validation, *test, *less;
};
constexpr std::array contestants = {
    Contestant{"liquid", "validation_accuracy", "test_accuracy", ""},
    Contestant{"without recurrence", "no_recurrence_validation_accuracy", "no_recurrence_accuracy",
               "liquid_minus_no_recurrence"},
    Contestant{"static features", "static_validation_accuracy", "static_accuracy", "liquid_minus_static"},
    Contestant{"input alone", "baseline_validation_accuracy", "baseline_accuracy", "liquid_minus_baseline"},
};

class Reader {
 public:
  Reader(const Figures& figures, std::set<std::string>& found) : figures_(figures), found_(found) {}

  std::string percent(const std::string& name, const char* sign = "") {
    const auto at = std::find_if(figures_.begin(), figures_.end(), [&](const auto& f) { return f.first == name; });
    const double* share = at == figures_.end() ? nullptr : std::get_if<double>(&at->second);
    if (!share) return "";
    found_.insert(name);
    return (*share >= 0 ? sign : "") + fmt::format("{:.2f}", 100 * *share);
  }

  // "87.33 % (86.66 to 87.97)"
  std::string interval(const std::string& name, const char* unit, const char* sign = "") {
    const std::string middle = percent(name, sign), low = percent(name + "_low", sign),
                      high = percent(name + "_high", sign);
    if (middle.empty()) return "";
    return fmt::format("{} {}", middle, unit) +
           (low.empty() || high.empty() ? "" : fmt::format(" ({} to {})", low, high));
  }

 private:
  const Figures& figures_;
  std::set<std::string>& found_;
};

}  // namespace

bool is_accuracy(std::string_view figure) { return figure.find("accuracy") != std::string_view::npos; }

std::string number_text(double value) {
  if (std::isnan(value)) return "";
  return value != 0 && (std::abs(value) < 1e-4 || std::abs(value) >= 1e9) ? fmt::format("{:.5g}", value)
                                                                          : fmt::format("{:.6g}", value);
}

std::string figure_text(std::string_view figure, double value) {
  return is_accuracy(figure) && std::isfinite(value) ? fmt::format("{:.2f} %", 100 * value) : number_text(value);
}

std::string spread_text(std::string_view figure, double sd) {
  return is_accuracy(figure) && std::isfinite(sd) ? fmt::format("{:.2f} points", 100 * sd)
         : std::isnan(sd)                         ? ""
                                                  : fmt::format("{:.3g}", sd);
}

Accuracies accuracies_of(const Figures& figures) {
  Accuracies all;
  Reader reader(figures, all.figures);
  for (const Contestant& c : contestants) {
    const std::string validation = reader.percent(c.validation);
    AccuracyRow row{c.label, validation.empty() ? "" : validation + " %", reader.interval(c.test, "%"),
                    reader.interval(c.less, "points", "+")};
    if (row.validation.empty() && row.test.empty()) continue;
    all.tested = all.tested || !row.test.empty();
    all.rows.push_back(std::move(row));
  }
  return all;
}

}  // namespace crosspike::report
