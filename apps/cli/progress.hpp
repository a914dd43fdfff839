// SPDX-License-Identifier: Apache-2.0
// Shows how far work has come, on stderr only: a bar with rate and time left on a terminal, else a plain line every few
// seconds.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace crosspike::cli {

class ProgressMeter {
 public:
  ProgressMeter();  // looks whether stderr is a terminal
  // As crosspike::Progress. A new phase starts a new line.
  void show(std::string_view phase, double done, double total, std::string_view unit);
  void within(std::string text) { around_ = std::move(text); }  // stands before every line from now on
  void clear();  // takes the bar off the terminal, before anything else is printed

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  bool drawn_ = false;
  std::string phase_, around_;
  Clock::time_point started_, shown_;
};

// "liquid: train  42 %  [#####      ]  310 samples/s  1 min 05 s left". `total` 0 is unknown: no bar, no time left.
std::string progress_line(std::string_view phase, double done, double total, std::string_view unit, double seconds);

}  // namespace crosspike::cli
