// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/core/wires.hpp>

namespace crosspike {

void SpikeBuffer::begin(std::int64_t first_tick, int lanes) {
  first_tick_ = first_tick;
  lanes_ = lanes;
  has_counts_ = has_amplitude_ = false;
  first_.assign(1, 0);
  index_.clear();
  count_.clear();
  amplitude_.clear();
}

void SpikeBuffer::append(std::span<const std::uint32_t> index, std::span<const std::int32_t> count) {
  if (!count.empty() && !has_counts_) {
    count_.assign(index_.size(), 1);
    has_counts_ = true;
  }
  index_.insert(index_.end(), index.begin(), index.end());
  if (!count.empty())
    count_.insert(count_.end(), count.begin(), count.end());
  else if (has_counts_)
    count_.insert(count_.end(), index.size(), 1);
}

void SpikeBuffer::append(std::uint32_t index, std::int32_t count) {
  if (count != 1 && !has_counts_) {
    count_.assign(index_.size(), 1);
    has_counts_ = true;
  }
  index_.push_back(index);
  if (has_counts_) count_.push_back(count);
}

void SpikeBuffer::end_row(float amplitude) {
  if (amplitude != 1 && !has_amplitude_) {
    amplitude_.assign(first_.size() - 1, 1.f);
    has_amplitude_ = true;
  }
  if (has_amplitude_) amplitude_.push_back(amplitude);
  first_.push_back(static_cast<std::uint32_t>(index_.size()));
}

Spikes SpikeBuffer::view() const {
  return {.first_tick = first_tick_,
          .ticks = ticks(),
          .lanes = lanes_,
          .first = first_,
          .index = index_,
          .count = count_,
          .amplitude = amplitude_};
}

void SpikeBuffer::copy_rows(const Spikes& from, std::int64_t first_tick, int ticks) {
  begin(first_tick, from.lanes);
  for (std::int64_t tick = first_tick; tick < first_tick + ticks; ++tick)
    for (int lane = 0; lane < from.lanes; ++lane) {
      append(from.at(tick, lane), from.counts_at(tick, lane));
      end_row(from.amplitude_at(tick, lane));
    }
}

void SpikeBuffer::erase_lane(int lane) {
  SpikeBuffer kept;
  kept.begin(first_tick_, lanes_);
  const Spikes old = view();
  for (std::int64_t tick = first_tick_; tick < first_tick_ + old.ticks; ++tick)
    for (int l = 0; l < lanes_; ++l) {
      if (l != lane) kept.append(old.at(tick, l), old.counts_at(tick, l));
      kept.end_row(old.amplitude_at(tick, l));
    }
  *this = std::move(kept);
}

void ValueBuffer::begin(std::int64_t first_tick, int ticks, int lanes, std::size_t width) {
  first_tick_ = first_tick;
  ticks_ = ticks;
  lanes_ = lanes;
  width_ = width;
  rows_.assign(static_cast<std::size_t>(ticks) * static_cast<std::size_t>(lanes) * width, 0.f);
}

std::span<float> ValueBuffer::row(std::int64_t tick, int lane) {
  const auto r = static_cast<std::size_t>((tick - first_tick_) * lanes_ + lane);
  return std::span(rows_).subspan(r * width_, width_);
}

Values ValueBuffer::view() const {
  return {.first_tick = first_tick_, .ticks = ticks_, .lanes = lanes_, .width = width_, .rows = rows_};
}

void ValueBuffer::copy_rows(const Values& from, std::int64_t first_tick, int ticks) {
  begin(first_tick, ticks, from.lanes, from.width);
  for (std::int64_t tick = first_tick; tick < first_tick + ticks; ++tick)
    for (int lane = 0; lane < from.lanes; ++lane) std::ranges::copy(from.at(tick, lane), row(tick, lane).begin());
}

void ValueBuffer::erase_lane(int lane) {
  for (std::int64_t tick = first_tick_; tick < first_tick_ + ticks_; ++tick) std::ranges::fill(row(tick, lane), 0.f);
}

}  // namespace crosspike
