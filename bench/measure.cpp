// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <crosspike/bench/measure.hpp>
#include <fstream>
#include <numeric>
#include <string>

namespace crosspike {

namespace {

double processor_seconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

double Timing::median() const {
  const std::size_t half = seconds.size() / 2;
  return seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
}

double Timing::spread() const { return (seconds.back() - seconds.front()) / median(); }

Timing time_repeats(int repeats, const std::function<void()>& body) {
  Timing timing{};
  const double busy = processor_seconds();
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    timing.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  timing.busy_threads =
      (processor_seconds() - busy) / std::accumulate(timing.seconds.begin(), timing.seconds.end(), 0.0);
  std::sort(timing.seconds.begin(), timing.seconds.end());
  return timing;
}

std::optional<std::size_t> peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string key, rest; status >> key; std::getline(status, rest)) {
    std::size_t kib = 0;
    if (key == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return std::nullopt;
}

bool restart_peak_memory() {
  ::malloc_trim(0);
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
  return out.good();
}

}  // namespace crosspike
