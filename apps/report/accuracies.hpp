// SPDX-License-Identifier: Apache-2.0
// How figures are written for people: shares of right answers as percent, and a liquid's accuracies side by side with
// those of its controls.
#pragma once

#include <crosspike/core/results.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::report {

bool is_accuracy(std::string_view figure);                       // a share of right answers, or a bound of one
std::string number_text(double value);                           // six figures; NaN: empty
std::string figure_text(std::string_view figure, double value);  // "86.25 %" of an accuracy, else number_text
std::string spread_text(std::string_view figure, double sd);     // "0.41 points" of an accuracy, else three figures

// A readout's line in the table of accuracies, as texts; empty where the figures lack it.
struct AccuracyRow {
  std::string label;                   // "liquid", "without recurrence", ...
  std::string validation, test, less;  // "87.10 %", "87.33 % (86.66 to 87.97)", liquid minus it in points
};
struct Accuracies {
  std::vector<AccuracyRow> rows;  // of the contestants that have an accuracy
  std::set<std::string> figures;  // those that the rows hold
  bool tested = false;            // some row has a test accuracy
};
Accuracies accuracies_of(const Figures& figures);

}  // namespace crosspike::report
