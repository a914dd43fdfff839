// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/cli/progress.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <cstdio>

namespace crosspike::cli {

namespace {

constexpr auto redraw_after = std::chrono::milliseconds(100);
constexpr auto line_after = std::chrono::seconds(5);
constexpr int bar_width = 20;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string progress_line(std::string_view phase, double done, double total, std::string_view unit, double seconds) {
  const double rate = seconds > 0 ? done / seconds : 0;
  const std::string speed = rate > 0 ? fmt::format("  {} {}/s", short_number(rate), unit) : "";
  if (total <= 0) return fmt::format("{}  {} {}{}", phase, short_number(done), unit, speed);
  const double share = std::clamp(done / total, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(share * bar_width);
  const std::string left =
      rate > 0 && done < total ? fmt::format("  {} left", duration_text(std::max(1.0, (total - done) / rate))) : "";
  return fmt::format("{}  {:3.0f} %  [{}{}]{}{}", phase, std::floor(100 * share), std::string(filled, '#'),
                     std::string(bar_width - filled, ' '), speed, left);
}

ProgressMeter::ProgressMeter() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressMeter::show(std::string_view phase, double done, double total, std::string_view unit) {
  const auto now = Clock::now();
  if (phase != phase_) {
    clear();
    phase_ = phase;
    started_ = now;
    shown_ = terminal_ ? Clock::time_point{} : now;
  }
  if (now - shown_ < (terminal_ ? Clock::duration(redraw_after) : Clock::duration(line_after))) return;
  shown_ = now;
  const std::string line = around_ + progress_line(phase, done, total, unit, seconds_between(started_, now));
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}",
               line.substr(0, static_cast<std::size_t>(std::max(20, terminal_width(STDERR_FILENO) - 1))));
    std::fflush(stderr);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void ProgressMeter::clear() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace crosspike::cli
