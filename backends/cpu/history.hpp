// SPDX-License-Identifier: Apache-2.0
// The last rows of a port, kept beyond their slice: what a delay or a checkpoint still needs. Rings by tick, so that
// appending costs what is new, not what is held.
#pragma once

#include <crosspike/core/wires.hpp>

namespace crosspike::cpu {

// Which ticks a ring of `depth` of them holds: [first, end).
struct HeldTicks {
  std::int64_t first = 0, end = 0;

  bool holds(std::int64_t tick) const { return tick >= first && tick < end; }
  // The ticks of [fresh_first, fresh_end) to be taken over, which then are held: those that are newer, no more than
  // `depth`. What is held stays if the fresh ticks follow it without a gap.
  HeldTicks extend(std::int64_t fresh_first, std::int64_t fresh_end, int depth);
};

class SpikeHistory {
 public:
  SpikeHistory(int depth, int lanes) : lanes_(lanes), ring_(static_cast<std::size_t>(depth)) {}
  // Without spikes: a buffer and the smallest block of the heap for its first offset.
  static std::size_t bytes(int depth) { return static_cast<std::size_t>(depth) * (sizeof(SpikeBuffer) + 32); }
  void append(const Spikes& spikes);
  const HeldTicks& held() const { return held_; }
  Spikes at(std::int64_t tick) const { return ring_[slot(tick)].view(); }  // the rows of one tick
  SpikeBuffer rows() const;                                                // of all that are held, for an archive
  void erase_lane(int lane);
  void load(const SpikeBuffer& rows);

 private:
  std::size_t slot(std::int64_t tick) const { return static_cast<std::size_t>(tick) % ring_.size(); }
  int lanes_;
  HeldTicks held_;
  std::vector<SpikeBuffer> ring_;
};

// The same for a port that carries values.
class ValueHistory {
 public:
  ValueHistory(int depth, int lanes, std::size_t width) : lanes_(lanes), width_(width) {
    ring_.begin(0, depth, lanes, width);
  }
  static std::size_t bytes(int depth, int lanes, std::size_t width) {
    return static_cast<std::size_t>(depth) * static_cast<std::size_t>(lanes) * width * sizeof(float);
  }
  void append(const Values& values);
  const HeldTicks& held() const { return held_; }
  std::span<const float> at(std::int64_t tick, int lane) const { return ring_.view().at(slot(tick), lane); }
  ValueBuffer rows() const;
  void erase_lane(int lane) { ring_.erase_lane(lane); }
  void load(const ValueBuffer& rows);

 private:
  std::int64_t slot(std::int64_t tick) const { return tick % ring_.view().ticks; }
  int lanes_;
  std::size_t width_;
  HeldTicks held_;
  ValueBuffer ring_;
};

}  // namespace crosspike::cpu
