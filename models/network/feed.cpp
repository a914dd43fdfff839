// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/core/error.hpp>
#include <crosspike/models/network/feed.hpp>
#include <limits>

namespace crosspike {

namespace {

int ticks_of(std::int64_t ticks) {
  if (ticks > std::numeric_limits<std::int32_t>::max())
    throw Error(Fault::input, fmt::format("a sample of {} ticks; up to {} can be fed from a data set", ticks,
                                          std::numeric_limits<std::int32_t>::max()));
  return static_cast<int>(ticks);
}

}  // namespace

void fill_input(SpikeBuffer& input, std::int64_t tick, int ticks, const BinnedSpikes& binned) {
  input.begin(tick, 1);
  const auto* index = reinterpret_cast<const std::uint32_t*>(binned.index.data());  // never negative
  for (int t = 0; t < ticks; ++t) {
    const auto first = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t)]);
    const auto n = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t) + 1]) - first;
    input.append({index + first, n}, std::span(binned.count).subspan(first, n));
    input.end_row();
  }
}

SampleFeed::SampleFeed(const Network& network, NodeId input, const DatasetSource& source, std::int64_t ticks)
    : input_(input),
      dataset_(open_all_samples(source)),
      ticks_(ticks_of(ticks)),
      binner_(dataset_->shape(), {.tick_ms = network.dt, .ticks = ticks_}) {}

void SampleFeed::fill(State& state, std::int64_t sample) {
  dataset_->events(sample, scratch_, events_);
  binner_.bin(events_, binned_);
  fill_input(state.input_spikes(input_), state.tick(), ticks_, binned_);
}

}  // namespace crosspike
