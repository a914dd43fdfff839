// SPDX-License-Identifier: Apache-2.0
// What an error that a test provokes says, and that it is of the expected kind.
#pragma once

#include <gtest/gtest.h>

#include <crosspike/core/error.hpp>
#include <functional>
#include <string>

namespace crosspike::test {

inline std::string message_of(const std::function<void()>& act, Fault expected = Fault::input) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), expected);
    return error.what();
  }
  return "no error";
}

}  // namespace crosspike::test
