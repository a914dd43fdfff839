// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/backends/cpu/stage.hpp>

namespace crosspike::cpu {

namespace {

// The ticks to keep of held and new rows: the last `depth` up to the end of the new ones. Empty when nothing is new.
struct Part {
  template <class Rows>
  Part(const Rows& held, const Rows& fresh, int depth) : end(fresh.first_tick + fresh.ticks) {
    const std::int64_t held_end = held.first_tick + held.ticks;
    const bool joined = held.ticks > 0 && held_end == fresh.first_tick;
    begin = std::max(end - depth, joined ? held.first_tick : fresh.first_tick);
    if (fresh.ticks == 0 || (held.ticks > 0 && end <= held_end)) begin = end;
  }
  std::int64_t begin, end;
};

}  // namespace

void SpikeHistory::append(const Spikes& spikes) {
  if (depth_ == 0) return;
  const Spikes held = rows_.view();
  const Part part(held, spikes, depth_);
  if (part.begin == part.end) return;
  scratch_.begin(part.begin, spikes.lanes);
  for (std::int64_t tick = part.begin; tick < part.end; ++tick) {
    const Spikes& from = tick < spikes.first_tick ? held : spikes;
    for (int lane = 0; lane < spikes.lanes; ++lane) {
      scratch_.append(from.at(tick, lane), from.counts_at(tick, lane));
      scratch_.end_row(from.amplitude_at(tick, lane));
    }
  }
  std::swap(rows_, scratch_);
}

void ValueHistory::append(const Values& values) {
  if (depth_ == 0) return;
  const Values held = rows_.view();
  const Part part(held, values, depth_);
  if (part.begin == part.end) return;
  scratch_.begin(part.begin, static_cast<int>(part.end - part.begin), values.lanes, width_);
  for (std::int64_t tick = part.begin; tick < part.end; ++tick) {
    const Values& from = tick < values.first_tick ? held : values;
    for (int lane = 0; lane < values.lanes; ++lane)
      std::ranges::copy(from.at(tick, lane), scratch_.row(tick, lane).begin());
  }
  std::swap(rows_, scratch_);
}

}  // namespace crosspike::cpu
