// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/backends/cpu/history.hpp>

namespace crosspike::cpu {

HeldTicks HeldTicks::extend(std::int64_t fresh_first, std::int64_t fresh_end, int depth) {
  if (depth == 0 || fresh_end <= std::max(end, fresh_first)) return {};
  if (fresh_first != end) first = fresh_first;
  end = fresh_end;
  first = std::max(first, end - depth);
  return {std::max(first, fresh_first), end};
}

void SpikeHistory::append(const Spikes& spikes) {
  const HeldTicks fresh =
      held_.extend(spikes.first_tick, spikes.first_tick + spikes.ticks, static_cast<int>(ring_.size()));
  for (std::int64_t tick = fresh.first; tick < fresh.end; ++tick) ring_[slot(tick)].copy_rows(spikes, tick, 1);
}

SpikeBuffer SpikeHistory::rows() const {
  SpikeBuffer all;
  all.begin(held_.first, lanes_);
  for (std::int64_t tick = held_.first; tick < held_.end; ++tick) {
    const Spikes rows = at(tick);
    for (int lane = 0; lane < lanes_; ++lane) {
      all.append(rows.at(tick, lane), rows.counts_at(tick, lane));
      all.end_row(rows.amplitude_at(tick, lane));
    }
  }
  return all;
}

void SpikeHistory::erase_lane(int lane) {
  for (std::int64_t tick = held_.first; tick < held_.end; ++tick) ring_[slot(tick)].erase_lane(lane);
}

void SpikeHistory::load(const SpikeBuffer& rows) {
  held_ = {};
  append(rows.view());
}

void ValueHistory::append(const Values& values) {
  const HeldTicks fresh = held_.extend(values.first_tick, values.first_tick + values.ticks, ring_.view().ticks);
  for (std::int64_t tick = fresh.first; tick < fresh.end; ++tick)
    for (int lane = 0; lane < lanes_; ++lane)
      std::ranges::copy(values.at(tick, lane), ring_.row(slot(tick), lane).begin());
}

ValueBuffer ValueHistory::rows() const {
  ValueBuffer all;
  all.begin(held_.first, static_cast<int>(held_.end - held_.first), lanes_, width_);
  for (std::int64_t tick = held_.first; tick < held_.end; ++tick)
    for (int lane = 0; lane < lanes_; ++lane) std::ranges::copy(at(tick, lane), all.row(tick, lane).begin());
  return all;
}

void ValueHistory::load(const ValueBuffer& rows) {
  held_ = {};
  append(rows.view());
}

}  // namespace crosspike::cpu
