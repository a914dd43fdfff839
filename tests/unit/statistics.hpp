// SPDX-License-Identifier: Apache-2.0
// Bounds for tests of random numbers: a false alarm once in a million.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

namespace crosspike::test {

// Two-sided one in a million of a standard normal, and of chi-square by Wilson & Hilferty 1931.
inline constexpr double deviations = 4.9;
inline void expect_chi_square(double statistic, double freedom) {
  const double spread = 2 / (9 * freedom);
  EXPECT_GT(statistic, freedom * std::pow(1 - spread - deviations * std::sqrt(spread), 3));
  EXPECT_LT(statistic, freedom * std::pow(1 - spread + deviations * std::sqrt(spread), 3));
}

}  // namespace crosspike::test
