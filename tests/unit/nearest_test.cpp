// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <crosspike/core/nearest.hpp>
#include <vector>

namespace crosspike {
namespace {

const std::vector<std::string> keys = {"tau_mem", "tau_syn", "threshold", "reset", "size", "Hz"};

TEST(Nearest, FindsOneInsertionDeletionReplacementOrSwap) {
  EXPECT_EQ(nearest("taau_mem", keys), "tau_mem");
  EXPECT_EQ(nearest("tau_me", keys), "tau_mem");
  EXPECT_EQ(nearest("tau_men", keys), "tau_mem");
  EXPECT_EQ(nearest("rseet", keys), "reset");
  EXPECT_EQ(nearest("hz", keys), "Hz");
}

TEST(Nearest, AllowsAThirdOfTheLongerWord) {
  EXPECT_EQ(nearest("treshhld", keys), "threshold");   // 9 letters, 2 edits
  EXPECT_EQ(nearest("thrushes", keys), std::nullopt);  // 4 edits
}

TEST(Nearest, CountsASwapAsOneEdit) {
  const std::vector<std::string> one = {"isze"};
  EXPECT_EQ(nearest("size", one), "isze");  // two replacements would exceed the cutoff of one
}

TEST(Nearest, TakesABeginningOfThreeLetters) {
  EXPECT_EQ(nearest("thr", keys), "threshold");
  EXPECT_EQ(nearest("th", keys), std::nullopt);
}

TEST(Nearest, PrefersTheLongerSharedBeginningThenTheEarlierCandidate) {
  const std::vector<std::string> ends = {"xate", "rats", "rata"};
  EXPECT_EQ(nearest("rate", ends), "rats");
}

TEST(Nearest, FindsNothingForUnrelatedEmptyOrOverlongWords) {
  EXPECT_EQ(nearest("colour", keys), std::nullopt);
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest("tau_mem", {}), std::nullopt);
  const std::vector<std::string> letter = {"s"};
  EXPECT_EQ(nearest("x", letter), std::nullopt);
  const std::vector<std::string> overlong = {std::string(65, 'a')};
  EXPECT_EQ(nearest(overlong[0], overlong), std::nullopt);
}

}  // namespace
}  // namespace crosspike
