// SPDX-License-Identifier: Apache-2.0
// The record that every event data set is read into, and its binning into the spikes per tick that a
// network's input takes: per tick an ascending list of (channel, count).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace crosspike {

/// One event of a sensor, such as a change seen by an event camera's pixel. In memory 16 bytes: time at 0, x at 8, y at
/// 10, on at 12, a byte of padding, count at 14.
struct Event {
  std::int64_t time_us;     // since the start of the sample, not negative
  std::uint16_t x;          // column, 0 at the left
  std::uint16_t y;          // row, 0 at the top
  bool on;                  // true: brighter (the second plane), false: darker
  std::uint16_t count = 1;  // equal events at once, 1 or more

  bool operator==(const Event&) const = default;
};
static_assert(sizeof(Event) == 16);

/// Channel of an event: (p * height + y) * width + x, where p is 0 for OFF and 1 for ON. What is no camera has one
/// polarity, and where it has no rows either, height 1.
struct SensorShape {
  int polarities = 2;  // 1 or 2
  int height = 0;      // pixels
  int width = 0;       // pixels

  int channels() const { return polarities * height * width; }
  bool operator==(const SensorShape&) const = default;
};

enum class PolarityUse {
  both,    // as many planes as the sensor has, OFF then ON
  on,      // ON events only, one plane; like `off` only for sensors of two polarities
  off,     // OFF events only, one plane
  merged,  // both in one plane
};

struct BinOptions {
  double tick_ms = 1;                        // a whole number of microseconds
  int ticks = 0;                             // events at or after ticks * tick_ms are left out
  int crop_height = 0;                       // centred window, pixels; 0: the sensor's height
  int crop_width = 0;                        // centred window, pixels; 0: the sensor's width
  PolarityUse polarity = PolarityUse::both;  // see above
  std::int32_t max_per_tick = 0;             // larger counts are clipped to this; 0: no limit
};

/// Spikes of one sample: those of tick t are [first[t], first[t + 1]) of index and count, index ascending.
struct BinnedSpikes {
  std::vector<std::int32_t> first;  // ticks + 1 entries
  std::vector<std::int32_t> index;  // channel of the binned shape
  std::vector<std::int32_t> count;  // >= 1
  std::int64_t late = 0;            // events after the last tick, which are left out
  std::int64_t clipped = 0;         // counts above max_per_tick, which are lost
};

/// Bins samples of one sensor; holds its scratch, so one per thread. An event falls into tick
/// floor(time / tick); events of equal tick and channel add up. bin() allocates only while `out` grows.
class EventBinner {
 public:
  /// Throws Error (input) where an option is out of range, naming it.
  EventBinner(SensorShape sensor, BinOptions options);

  /// What the channels of the output mean: polarity planes and window that are left.
  SensorShape shape() const { return shape_; }

  /// Throws Error (input) where an event lies outside the sensor or goes back in time.
  void bin(std::span<const Event> events, BinnedSpikes& out);

 private:
  void close_tick(BinnedSpikes& out);

  SensorShape sensor_, shape_;
  BinOptions options_;
  std::int64_t tick_us_;
  int left_, top_;                     // of the crop window
  std::vector<std::int32_t> counts_;   // per channel, of the current tick; all 0 between ticks
  std::vector<std::uint64_t> marked_;  // one bit per channel with a count
};

}  // namespace crosspike
