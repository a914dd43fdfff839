// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/core/units.hpp>
#include <optional>
#include <vector>

namespace crosspike {
namespace {

struct UnitWords {
  std::string_view name, example, dimension;
};

const UnitWords& words(Unit unit) {
  static constexpr std::array<UnitWords, 8> table{{{"", "1", "plain number"},
                                                   {"ms", "20 ms", "time"},
                                                   {"mV", "-65 mV", "voltage"},
                                                   {"pA", "250 pA", "current"},
                                                   {"pF", "250 pF", "capacitance"},
                                                   {"nS", "10 nS", "conductance"},
                                                   {"Hz", "10 Hz", "frequency"},
                                                   {"px", "3 px", "number of pixels"}}};
  return table.at(static_cast<std::size_t>(unit));
}

struct Spelling {
  std::string_view text;
  Unit unit;
  int exponent;  // 1 text = 10^exponent unit
};

constexpr Spelling spellings[] = {
    {"ns", Unit::ms, -6}, {"us", Unit::ms, -3}, {"ms", Unit::ms, 0},  {"s", Unit::ms, 3},   //
    {"uV", Unit::mV, -3}, {"mV", Unit::mV, 0},  {"V", Unit::mV, 3},                         //
    {"fA", Unit::pA, -3}, {"pA", Unit::pA, 0},  {"nA", Unit::pA, 3},  {"uA", Unit::pA, 6},  //
    {"mA", Unit::pA, 9},                                                                    //
    {"fF", Unit::pF, -3}, {"pF", Unit::pF, 0},  {"nF", Unit::pF, 3},  {"uF", Unit::pF, 6},  //
    {"pS", Unit::nS, -3}, {"nS", Unit::nS, 0},  {"uS", Unit::nS, 3},  {"mS", Unit::nS, 6},  //
    {"Hz", Unit::Hz, 0},  {"kHz", Unit::Hz, 3}, {"MHz", Unit::Hz, 6}, {"px", Unit::px, 0},  //
};

std::vector<std::string> spellings_of(Unit unit) {
  std::vector<std::string> found;
  for (const Spelling& spelling : spellings) {
    if (spelling.unit == unit) found.emplace_back(spelling.text);
  }
  return found;
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string with_latin_micro(std::string_view unit) {
  for (const std::string_view micro : {"\u00b5", "\u03bc"}) {  // micro sign, Greek mu
    if (unit.starts_with(micro)) return "u" + std::string(unit.substr(micro.size()));
  }
  return std::string(unit);
}

std::string how_to_write(Unit expected) {
  const std::string_view quote = expected == Unit::none ? "" : "\"";
  return fmt::format("write e.g. {0}{1}{0}", quote, example(expected));
}

[[noreturn]] void refuse_unit(std::string_view text, const std::string& unit, Unit expected) {
  const auto known = spellings_of(expected);
  const auto closest = nearest(unit, known);
  const std::string hint = closest ? fmt::format(" (did you mean '{}'?)", *closest) : "";
  const std::string takes = known.empty() ? "no unit" : fmt::format("{}", fmt::join(known, ", "));
  throw Error(Fault::input, fmt::format("'{}' has the unknown unit '{}'{}; a {} takes {}; {}", shown(text), shown(unit),
                                        hint, words(expected).dimension, takes, how_to_write(expected)));
}

// Where the number at the front of `text` ends; 0 where there is none. A sign and a leading point are allowed.
std::size_t number_length(std::string_view text) {
  const std::size_t sign = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view digits = text.substr(sign);
  const std::size_t point = !digits.empty() && digits[0] == '.' ? 1 : 0;
  if (digits.size() <= point || !is_digit(digits[point])) return 0;  // also keeps "inf" and "nan" out
  double ignored;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), ignored);
  return static_cast<std::size_t>(end - text.data());
}

// The double nearest to number x 10^shift; empty where it lies outside the range of double.
std::optional<double> shifted(std::string_view number, int shift) {
  if (number.front() == '+') number.remove_prefix(1);
  const std::size_t e = number.find_first_of("eE");
  int exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view written = number.substr(e + 1);
    if (written.front() == '+') written.remove_prefix(1);
    // Beyond int, the result is out of range whatever the digits; the cut keeps the sum below from overflowing.
    if (std::from_chars(written.data(), written.data() + written.size(), exponent).ec != std::errc()) {
      exponent = written.front() == '-' ? -1'000'000'000 : 1'000'000'000;
    }
    exponent = std::clamp(exponent, -1'000'000'000, 1'000'000'000);
  }
  const std::string moved = fmt::format("{}e{}", number.substr(0, e), exponent + shift);
  double value;
  if (std::from_chars(moved.data(), moved.data() + moved.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view name(Unit unit) { return words(unit).name; }

std::string_view example(Unit unit) { return words(unit).example; }

double parse_quantity(std::string_view text, Unit expected) {
  const std::string_view body = trimmed(text);
  const std::size_t length = number_length(body);
  if (length == 0) {
    throw Error(Fault::input, fmt::format("'{}' is not a finite number; {}", shown(text), how_to_write(expected)));
  }
  const std::string unit = with_latin_micro(trimmed(body.substr(length)));
  int shift = 0;
  if (!unit.empty()) {
    const auto* spelling = std::find_if(std::begin(spellings), std::end(spellings),
                                        [&](const Spelling& candidate) { return candidate.text == unit; });
    if (spelling == std::end(spellings)) refuse_unit(text, unit, expected);
    if (spelling->unit != expected) {
      throw Error(Fault::input, fmt::format("'{}' is a {}, not a {}; {}", shown(text), words(spelling->unit).dimension,
                                            words(expected).dimension, how_to_write(expected)));
    }
    shift = spelling->exponent;
  }
  const auto value = shifted(body.substr(0, length), shift);
  if (!value) {
    throw Error(Fault::input,
                fmt::format("'{}' is outside the range of double; {}", shown(text), how_to_write(expected)));
  }
  return *value;
}

std::string format_quantity(double value, Unit unit) {
  return unit == Unit::none ? fmt::format("{}", value) : fmt::format("{} {}", value, name(unit));
}

}  // namespace crosspike
