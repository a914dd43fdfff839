// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/events.hpp>
#include <limits>
#include <utility>

namespace crosspike {
namespace {

std::int64_t whole_microseconds(double milliseconds) {
  const double us = milliseconds * 1000;
  if (!(us >= 1 - 1e-6 && us <= 1e12) || std::abs(us - std::round(us)) > 1e-6)
    throw Error(Fault::input, fmt::format("a tick of {} ms cannot bin events, whose times are whole microseconds; "
                                          "choose a whole number of microseconds, at least 0.001 ms",
                                          milliseconds));
  return std::llround(us);
}

int window(const char* name, int wanted, int available) {
  if (wanted < 0 || wanted > available)
    throw Error(Fault::input, fmt::format("{} = {} does not fit the sensor's {} pixels; 0 (no crop) to {} is allowed",
                                          name, wanted, available, available));
  return wanted == 0 ? available : wanted;
}

void at_least_zero(const char* name, std::int64_t value) {
  if (value < 0) throw Error(Fault::input, fmt::format("{} = {} is negative; 0 or more is allowed", name, value));
}

}  // namespace

EventBinner::EventBinner(SensorShape sensor, BinOptions options)
    : sensor_(sensor), options_(options), tick_us_(whole_microseconds(options.tick_ms)) {
  if (sensor.polarities < 1 || sensor.polarities > 2 || sensor.height < 1 || sensor.height > 65536 ||
      sensor.width < 1 || sensor.width > 65536 ||
      std::int64_t{sensor.polarities} * sensor.height * sensor.width > std::numeric_limits<std::int32_t>::max())
    throw Error(
        Fault::input,
        fmt::format("a sensor of {} polarities x {} x {} cannot be binned; 1 or 2 polarities, 1 to 65536 rows and "
                    "columns and fewer than 2^31 channels are allowed",
                    sensor.polarities, sensor.height, sensor.width));
  if (sensor.polarities == 1 && (options.polarity == PolarityUse::on || options.polarity == PolarityUse::off))
    throw Error(Fault::input, "polarity on and off belong to sensors of two polarities, and this one has one");
  at_least_zero("ticks", options.ticks);
  at_least_zero("max_per_tick", options.max_per_tick);
  shape_ = {.polarities = options.polarity == PolarityUse::both ? sensor.polarities : 1,
            .height = window("crop_height", options.crop_height, sensor.height),
            .width = window("crop_width", options.crop_width, sensor.width)};
  left_ = (sensor.width - shape_.width) / 2;
  top_ = (sensor.height - shape_.height) / 2;
  counts_.resize(static_cast<std::size_t>(shape_.channels()));
  marked_.resize((counts_.size() + 63) / 64);
}

void EventBinner::close_tick(BinnedSpikes& out) {
  const std::int32_t limit =
      options_.max_per_tick > 0 ? options_.max_per_tick : std::numeric_limits<std::int32_t>::max();
  for (std::size_t word = 0; word < marked_.size(); ++word) {
    for (std::uint64_t bits = std::exchange(marked_[word], 0); bits != 0; bits &= bits - 1) {
      const std::size_t channel = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      out.index.push_back(static_cast<std::int32_t>(channel));
      const std::int32_t count = std::exchange(counts_[channel], 0);
      out.count.push_back(std::min(count, limit));
      out.clipped += count - out.count.back();
    }
  }
  out.first.push_back(static_cast<std::int32_t>(out.index.size()));
}

void EventBinner::bin(std::span<const Event> events, BinnedSpikes& out) {
  out.first.assign(1, 0);
  out.index.clear();
  out.count.clear();
  out.late = out.clipped = 0;
  // An earlier call that threw may have left a tick open.
  std::fill(marked_.begin(), marked_.end(), 0);
  std::fill(counts_.begin(), counts_.end(), 0);

  const bool merged = options_.polarity == PolarityUse::merged;
  const bool both = options_.polarity == PolarityUse::both && sensor_.polarities == 2;
  const bool any = both || merged || sensor_.polarities == 1;
  const bool wanted = options_.polarity == PolarityUse::on;
  int tick = 0;
  bool open = false;
  std::int64_t previous = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.time_us < previous)
      throw Error(Fault::input,
                  fmt::format("event {} at {} us comes after time {} us; events must be in order of time, "
                              "from 0 us on (sort them when reading)",
                              i, event.time_us, previous));
    if (event.x >= sensor_.width || event.y >= sensor_.height)
      throw Error(Fault::input,
                  fmt::format("event {} at x = {}, y = {} lies outside the sensor of {} x {} pixels (width "
                              "x height)",
                              i, event.x, event.y, sensor_.width, sensor_.height));
    previous = event.time_us;
    if (event.time_us >= options_.ticks * tick_us_) {
      for (const Event& late : events.subspan(i)) out.late += late.count;
      break;
    }
    if (event.time_us >= (tick + 1) * tick_us_) {
      if (std::exchange(open, false)) {
        close_tick(out);
        ++tick;
      }
      const int due = static_cast<int>(event.time_us / tick_us_);
      out.first.insert(out.first.end(), static_cast<std::size_t>(due - tick),
                       static_cast<std::int32_t>(out.index.size()));
      tick = due;
    }
    if (!any && event.on != wanted) continue;
    const int column = event.x - left_, row = event.y - top_;
    if (column < 0 || column >= shape_.width || row < 0 || row >= shape_.height) continue;
    const int plane = both && event.on ? 1 : 0;
    const auto channel = static_cast<std::size_t>((plane * shape_.height + row) * shape_.width + column);
    counts_[channel] = static_cast<std::int32_t>(  // a count beyond 32 bits stays the largest
        std::min<std::int64_t>(std::int64_t{counts_[channel]} + event.count, std::numeric_limits<std::int32_t>::max()));
    marked_[channel / 64] |= std::uint64_t{1} << (channel % 64);
    open = true;
  }
  if (open) close_tick(out);
  out.first.resize(static_cast<std::size_t>(options_.ticks) + 1, static_cast<std::int32_t>(out.index.size()));
}

}  // namespace crosspike
