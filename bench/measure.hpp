// SPDX-License-Identifier: Apache-2.0
// How benches take their numbers: repeated timings with a median and a spread, and the most memory that this process
// has held.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace crosspike {

struct Timing {
  std::vector<double> seconds;  // ascending, one per repeat
  double median() const;
  double spread() const;  // (largest - smallest) / median
  double busy_threads;    // processor seconds of this process per second: below the threads at work, others disturbed
};

Timing time_repeats(int repeats, const std::function<void()>& body);

// Peak resident bytes since the process began or restart_peak_memory succeeded; nothing where /proc does not say.
std::optional<std::size_t> peak_memory_bytes();
// Hands freed memory back first. False where the kernel does not let a process do this.
bool restart_peak_memory();

}  // namespace crosspike
