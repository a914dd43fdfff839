// SPDX-License-Identifier: Apache-2.0
// Wall-clock time that work took.
#pragma once

#include <chrono>

namespace crosspike {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace crosspike
