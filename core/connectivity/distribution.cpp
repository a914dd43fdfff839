// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/connectivity/distribution.hpp>
#include <crosspike/core/error.hpp>

namespace crosspike {

namespace {

double draw_once(const Distribution& d, Draws<double>& draws, std::size_t element) {
  switch (d.form) {
    case Distribution::Form::constant:
      return d.a;
    case Distribution::Form::normal:
      return d.a + d.b * draws.gaussian();
    case Distribution::Form::uniform:
      return d.a + (d.b - d.a) * draws.uniform();
    case Distribution::Form::each:
      return d.values.at(element);
    case Distribution::Form::resistive_pair: {
      double difference = 0;
      for (const double sign : {1.0, -1.0}) {
        const bool formed = draws.uniform() < d.formed;
        const double conductance = d.b + d.c * draws.gaussian();  // drawn always: a fixed number of draws per cell
        if (formed) difference += sign * conductance;
      }
      return d.a * difference;
    }
  }
  return 0;
}

}  // namespace

double Distribution::draw(Draws<double>& draws, std::size_t element) const {
  for (int attempt = 0; attempt < 10'000; ++attempt) {
    const double value = draw_once(*this, draws, element);
    if (value >= low && value <= high) return value;
    if (form == Form::constant || form == Form::each) break;
  }
  throw Error(Fault::input, fmt::format("no draw fell into [{}, {}]; widen min and max", low, high));
}

double Distribution::minimum() const {
  switch (form) {
    case Form::constant:
      return a;
    case Form::uniform:
      return std::max(low, a);
    case Form::each:
      return values.empty() ? low : *std::min_element(values.begin(), values.end());
    case Form::normal:
      return b == 0 ? a : low;
    case Form::resistive_pair:
      return low;
  }
  return low;
}

std::optional<std::string> Distribution::trouble() const {
  for (const double x : {a, b, c, formed})
    if (!std::isfinite(x)) return fmt::format("{} is not a finite number", x);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return fmt::format("value {} at index {} is not a finite number", values[i], i);
  if (form == Form::normal && b < 0) return fmt::format("standard deviation {} is negative", b);
  if (form == Form::resistive_pair && c < 0) return fmt::format("standard deviation {} is negative", c);
  if (form == Form::resistive_pair && (formed < 0 || formed > 1))
    return fmt::format("formed = {} is no probability; allowed: 0 to 1", formed);
  if (form == Form::uniform && a > b) return fmt::format("uniform from {} to {} is empty", a, b);
  if (std::isnan(low) || std::isnan(high)) return fmt::format("min {} and max {} are no interval", low, high);
  if (low > high) return fmt::format("min {} is above max {}", low, high);
  if (form == Form::constant && (a < low || a > high)) return fmt::format("{} lies outside [{}, {}]", a, low, high);
  return std::nullopt;
}

}  // namespace crosspike
