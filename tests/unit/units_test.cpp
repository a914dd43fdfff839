// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/units.hpp>
#include <cstring>
#include <random>

namespace crosspike {
namespace {

std::string refusal(std::string_view text, Unit unit) {
  try {
    parse_quantity(text, unit);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    return error.what();
  }
  return "accepted";
}

TEST(Units, ReadsEverySpellingExactly) {
  const struct {
    std::string_view text;
    Unit unit;
    double value;
  } cases[] = {
      {"20 ms", Unit::ms, 20.0},
      {"0.1ms", Unit::ms, 0.1},
      {"2 s", Unit::ms, 2000.0},
      {"100 us", Unit::ms, 0.1},
      {"300 \u00b5s", Unit::ms, 0.3},
      {"300\u03bcs", Unit::ms, 0.3},
      {"0.0003 s", Unit::ms, 0.3},
      {"7 ns", Unit::ms, 7e-6},
      {"-65 mV", Unit::mV, -65.0},
      {"0.5 V", Unit::mV, 500.0},
      {"-70.6e3 uV", Unit::mV, -70.6},
      {"1.2 nA", Unit::pA, 1200.0},
      {"3 fA", Unit::pA, 0.003},
      {"1 uA", Unit::pA, 1e6},
      {"2 mA", Unit::pA, 2e9},
      {"250 pF", Unit::pF, 250.0},
      {"0.25 nF", Unit::pF, 250.0},
      {"5 fF", Unit::pF, 0.005},
      {"1e-3 uF", Unit::pF, 1000.0},
      {"10 nS", Unit::nS, 10.0},
      {"0.3 pS", Unit::nS, 0.0003},
      {"1.1 uS", Unit::nS, 1100.0},
      {"1 mS", Unit::nS, 1e6},
      {"8 kHz", Unit::Hz, 8000.0},
      {"0.7 MHz", Unit::Hz, 7e5},
      {"15 Hz", Unit::Hz, 15.0},
      {"3 px", Unit::px, 3.0},
      {"5", Unit::none, 5.0},
      {"5", Unit::ms, 5.0},
      {"+.5 s", Unit::ms, 500.0},
      {"1e+2 ms", Unit::ms, 100.0},
      {" \t8  kHz ", Unit::Hz, 8000.0},
      {"0e999999999999 s", Unit::ms, 0.0},
      {"1e-310 s", Unit::ms, 1e-307},
      {"4.9e-324", Unit::none, 4.9e-324},
  };
  for (const auto& [text, unit, value] : cases) EXPECT_EQ(parse_quantity(text, unit), value) << text;
}

TEST(Units, RefusesWithAMessageThatShowsHowToWrite) {
  const struct {
    std::string_view text;
    Unit unit;
    std::string_view message;
  } cases[] = {
      {"20 mV", Unit::ms, "'20 mV' is a voltage, not a time; write e.g. \"20 ms\""},
      {"5 ms", Unit::none, "'5 ms' is a time, not a plain number; write e.g. 1"},
      {"1 mS", Unit::ms, "'1 mS' is a conductance, not a time; write e.g. \"20 ms\""},
      {"20 mss", Unit::ms,
       "'20 mss' has the unknown unit 'mss' (did you mean 'ms'?); a time takes ns, us, ms, s; write e.g. \"20 ms\""},
      {"3 khz", Unit::Hz,
       "'3 khz' has the unknown unit 'khz' (did you mean 'kHz'?); a frequency takes Hz, kHz, MHz; write e.g. \"10 "
       "Hz\""},
      {"3 furlongs", Unit::px,
       "'3 furlongs' has the unknown unit 'furlongs'; a number of pixels takes px; write e.g. "
       "\"3 px\""},
      {"5e", Unit::none, "'5e' has the unknown unit 'e'; a plain number takes no unit; write e.g. 1"},
      {"1 2 ms", Unit::ms, "'1 2 ms' has the unknown unit '2 ms'; a time takes ns, us, ms, s; write e.g. \"20 ms\""},
      {"", Unit::pF, "'' is not a finite number; write e.g. \"250 pF\""},
      {"ms", Unit::ms, "'ms' is not a finite number; write e.g. \"20 ms\""},
      {"inf ms", Unit::ms, "'inf ms' is not a finite number; write e.g. \"20 ms\""},
      {"-nan", Unit::none, "'-nan' is not a finite number; write e.g. 1"},
      {"+-5", Unit::none, "'+-5' is not a finite number; write e.g. 1"},
      {"1e308 s", Unit::ms, "'1e308 s' is outside the range of double; write e.g. \"20 ms\""},
      {"1e-400 nS", Unit::nS, "'1e-400 nS' is outside the range of double; write e.g. \"10 nS\""},
      {"1e99999999999 mV", Unit::mV, "'1e99999999999 mV' is outside the range of double; write e.g. \"-65 mV\""},
  };
  for (const auto& [text, unit, message] : cases) EXPECT_EQ(refusal(text, unit), message);
}

TEST(Units, WritesTheShortestTextThatReadsBackTheSame) {
  EXPECT_EQ(format_quantity(20.0, Unit::ms), "20 ms");
  EXPECT_EQ(format_quantity(0.1, Unit::mV), "0.1 mV");
  EXPECT_EQ(format_quantity(-3.5, Unit::none), "-3.5");
  std::mt19937_64 words(7);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t bits = words();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(parse_quantity(format_quantity(value, Unit::nS), Unit::nS), value);
  }
}

}  // namespace
}  // namespace crosspike
