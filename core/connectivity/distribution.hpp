// SPDX-License-Identifier: Apache-2.0
// Distributions from which weights, delays, parameters and initial values are drawn: a closed set, each a few lines
// in distribution.cpp. Truncation is by redraw.
#pragma once

#include <crosspike/core/random.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct Distribution {
  enum class Form { constant, normal, uniform, resistive_pair, each };
  Form form = Form::constant;
  // constant: a; normal: mean a, standard deviation b; uniform: from a to b;
  // resistive_pair: scale a x (G+ - G-), each conductance N(b, c) with probability `formed`, else 0 (unformed cell);
  // each: one given value per element, drawn from `values` by index.
  double a = 0, b = 0, c = 0, formed = 0.5;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::vector<double> values{};

  static Distribution constant(double value) { return {.a = value}; }
  static Distribution normal(double mean, double deviation) {
    return {.form = Form::normal, .a = mean, .b = deviation};
  }
  static Distribution uniform(double from, double to) { return {.form = Form::uniform, .a = from, .b = to}; }
  static Distribution each(std::vector<double> values) { return {.form = Form::each, .values = std::move(values)}; }
  static Distribution resistive_pair(double scale, double mean, double deviation, double formed) {
    return {.form = Form::resistive_pair, .a = scale, .b = mean, .c = deviation, .formed = formed};
  }

  bool is_constant() const { return form == Form::constant; }
  // `element` matters for `each` alone. Throws Error(input) when 10,000 redraws miss [low, high].
  double draw(Draws<double>& draws, std::size_t element = 0) const;
  // The smallest value it can give; -infinity for an open tail.
  double minimum() const;
  // What is wrong with it (negative deviation, empty interval, not finite), if anything.
  std::optional<std::string> trouble() const;
};

}  // namespace crosspike
