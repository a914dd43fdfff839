// SPDX-License-Identifier: Apache-2.0
// What wires carry at run time: buffers of one slice each, in host memory. Kernels read and fill them; callers fill
// those of `input` nodes before an advance and read any that they asked for.
#pragma once

#include <crosspike/core/network.hpp>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace crosspike {

// Spikes of one output port, the ticks of one slice, lane after lane within a tick.
struct Spikes {
  std::int64_t first_tick = 0;
  int ticks = 0, lanes = 1;
  std::span<const std::uint32_t> first;  // ticks * lanes + 1 offsets into the arrays below
  std::span<const std::uint32_t> index;  // ascending within tick and lane
  std::span<const std::int32_t> count;   // empty: all 1; signed
  std::span<const float> amplitude;      // empty: all 1; else one per tick and lane

  std::size_t row(std::int64_t tick, int lane) const {
    return static_cast<std::size_t>(tick - first_tick) * static_cast<std::size_t>(lanes) +
           static_cast<std::size_t>(lane);
  }
  std::span<const std::uint32_t> at(std::int64_t tick, int lane = 0) const {
    const std::size_t r = row(tick, lane);
    return index.subspan(first[r], first[r + 1] - first[r]);
  }
  std::span<const std::int32_t> counts_at(std::int64_t tick, int lane = 0) const {
    if (count.empty()) return {};
    const std::size_t r = row(tick, lane);
    return count.subspan(first[r], first[r + 1] - first[r]);
  }
  float amplitude_at(std::int64_t tick, int lane = 0) const {
    return amplitude.empty() ? 1.f : amplitude[row(tick, lane)];
  }
};

// The buffer behind Spikes. Rows are closed in order: begin, then for each tick and lane append and end_row.
class SpikeBuffer {
 public:
  void begin(std::int64_t first_tick, int lanes);
  void append(std::span<const std::uint32_t> index, std::span<const std::int32_t> count);  // count empty: all 1
  void append(std::uint32_t index, std::int32_t count);
  void end_row(float amplitude = 1);
  int ticks() const { return static_cast<int>((first_.size() - 1) / static_cast<std::size_t>(lanes_)); }
  std::int64_t first_tick() const { return first_tick_; }
  Spikes view() const;
  // A part of the ticks of another buffer's spikes: how a long input is cut into slices.
  void copy_rows(const Spikes& from, std::int64_t first_tick, int ticks);
  void erase_lane(int lane);

 private:
  std::int64_t first_tick_ = 0;
  int lanes_ = 1;
  bool has_counts_ = false, has_amplitude_ = false;
  std::vector<std::uint32_t> first_{0}, index_;
  std::vector<std::int32_t> count_;
  std::vector<float> amplitude_;
};

// Dense rows of one output port: [tick][lane][width].
struct Values {
  std::int64_t first_tick = 0;
  int ticks = 0, lanes = 1;
  std::size_t width = 0;
  std::span<const float> rows;
  std::span<const float> at(std::int64_t tick, int lane = 0) const {
    const auto r = static_cast<std::size_t>((tick - first_tick) * lanes + lane);
    return rows.subspan(r * width, width);
  }
};

class ValueBuffer {
 public:
  void begin(std::int64_t first_tick, int ticks, int lanes, std::size_t width);  // zeroes the rows
  std::span<float> row(std::int64_t tick, int lane);
  std::int64_t first_tick() const { return first_tick_; }
  Values view() const;
  void copy_rows(const Values& from, std::int64_t first_tick, int ticks);
  void erase_lane(int lane);

 private:
  std::int64_t first_tick_ = 0;
  int ticks_ = 0, lanes_ = 1;
  std::size_t width_ = 0;
  std::vector<float> rows_;
};

// Rows that a kernel records from a State field after every n-th tick of a lane: [row][width], in absolute values.
struct TapRows {
  std::vector<std::int64_t> ticks;  // lane-relative tick of each row
  std::vector<int> lanes;
  std::vector<double> values;
  std::vector<std::int32_t> row_at;  // [tick of the slice][lane]; -1: none
};

// All buffers of one State, by the port that fills them.
struct Wires {
  std::map<PortRef, SpikeBuffer> spikes;
  std::map<PortRef, ValueBuffer> values;
  std::vector<TapRows> taps;  // one per FieldTap of the plan
};

}  // namespace crosspike
