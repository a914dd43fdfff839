// SPDX-License-Identifier: Apache-2.0
// The buffers behind wires: rows, counts and amplitudes that appear only when needed, cutting, erasing one lane.
#include <gtest/gtest.h>

#include <crosspike/core/wires.hpp>

namespace crosspike {
namespace {

template <class T>
std::vector<T> list(std::span<const T> values) {
  return {values.begin(), values.end()};
}
using Indices = std::vector<std::uint32_t>;
using Counts = std::vector<std::int32_t>;

// Two lanes, ticks 10..12: lane 0 has {tick}, lane 1 has {100 + tick, 200 + tick}.
SpikeBuffer two_lanes() {
  SpikeBuffer buffer;
  buffer.begin(10, 2);
  for (std::uint32_t tick = 10; tick < 13; ++tick) {
    buffer.append(tick, 1);
    buffer.end_row();
    buffer.append(100 + tick, 1);
    buffer.append(200 + tick, 1);
    buffer.end_row();
  }
  return buffer;
}

TEST(SpikeBuffer, KeepsRowsByTickAndLane) {
  const SpikeBuffer buffer = two_lanes();
  EXPECT_EQ(buffer.ticks(), 3);
  const Spikes spikes = buffer.view();
  EXPECT_EQ(list(spikes.at(11, 0)), Indices{11});
  EXPECT_EQ(list(spikes.at(12, 1)), (Indices{112, 212}));
  EXPECT_TRUE(spikes.count.empty());
  EXPECT_TRUE(spikes.counts_at(11, 1).empty());
  EXPECT_EQ(spikes.amplitude_at(12, 1), 1.f);
}

TEST(SpikeBuffer, MaterialisesCountsAtTheFirstThatIsNotOne) {
  SpikeBuffer buffer;
  buffer.begin(0, 1);
  buffer.append(3, 1);
  buffer.append(5, 1);
  buffer.end_row();
  buffer.append(4, -2);
  buffer.append(6, 1);
  buffer.end_row();
  const Indices more = {7, 8};
  buffer.append(more, {});
  buffer.end_row();
  const Spikes spikes = buffer.view();
  EXPECT_EQ(list(spikes.counts_at(0)), (Counts{1, 1}));
  EXPECT_EQ(list(spikes.counts_at(1)), (Counts{-2, 1}));
  EXPECT_EQ(list(spikes.counts_at(2)), (Counts{1, 1}));
}

TEST(SpikeBuffer, MaterialisesAmplitudesAtTheFirstThatIsNotOne) {
  SpikeBuffer buffer;
  buffer.begin(0, 1);
  buffer.end_row();
  buffer.end_row(0.5f);
  buffer.end_row();
  const Spikes spikes = buffer.view();
  EXPECT_EQ(list(spikes.amplitude), (std::vector<float>{1, 0.5f, 1}));
  EXPECT_EQ(spikes.amplitude_at(1), 0.5f);
}

TEST(SpikeBuffer, BeginForgetsEverything) {
  SpikeBuffer buffer;
  buffer.begin(0, 1);
  buffer.append(1, 5);
  buffer.end_row(2);
  buffer.begin(7, 3);
  EXPECT_EQ(buffer.ticks(), 0);
  EXPECT_EQ(buffer.first_tick(), 7);
  for (int lane = 0; lane < 3; ++lane) buffer.end_row();
  EXPECT_EQ(buffer.ticks(), 1);
  EXPECT_TRUE(buffer.view().count.empty());
  EXPECT_TRUE(buffer.view().amplitude.empty());
}

TEST(SpikeBuffer, CutsASliceOutOfALongInput) {
  SpikeBuffer whole = two_lanes();
  whole.append(9, 4);
  whole.end_row(3);
  whole.end_row();
  SpikeBuffer slice;
  slice.copy_rows(whole.view(), 12, 2);
  const Spikes spikes = slice.view();
  EXPECT_EQ(spikes.first_tick, 12);
  EXPECT_EQ(spikes.ticks, 2);
  EXPECT_EQ(list(spikes.at(12, 1)), (Indices{112, 212}));
  EXPECT_EQ(list(spikes.counts_at(12, 1)), (Counts{1, 1}));
  EXPECT_EQ(list(spikes.at(13, 0)), Indices{9});
  EXPECT_EQ(list(spikes.counts_at(13, 0)), Counts{4});
  EXPECT_EQ(spikes.amplitude_at(13, 0), 3.f);
  EXPECT_EQ(spikes.amplitude_at(13, 1), 1.f);
}

TEST(SpikeBuffer, ErasesOneLaneAndLeavesTheOthers) {
  SpikeBuffer buffer = two_lanes();
  buffer.erase_lane(1);
  EXPECT_EQ(buffer.ticks(), 3);
  for (std::uint32_t tick = 10; tick < 13; ++tick) {
    EXPECT_EQ(list(buffer.view().at(tick, 0)), Indices{tick});
    EXPECT_TRUE(buffer.view().at(tick, 1).empty());
  }
}

TEST(SpikeBuffer, ErasingTheOnlyLaneLeavesItsTicksEmpty) {
  SpikeBuffer buffer;
  buffer.begin(5, 1);
  buffer.append(1, 2);
  buffer.end_row();
  buffer.end_row();
  buffer.erase_lane(0);
  EXPECT_EQ(buffer.ticks(), 2);
  EXPECT_TRUE(buffer.view().at(5).empty());
  EXPECT_TRUE(buffer.view().at(6).empty());
}

ValueBuffer two_value_lanes() {
  ValueBuffer buffer;
  buffer.begin(4, 2, 2, 3);
  for (int tick = 4; tick < 6; ++tick)
    for (int lane = 0; lane < 2; ++lane)
      for (std::size_t i = 0; i < 3; ++i)
        buffer.row(tick, lane)[i] = static_cast<float>(100 * tick + 10 * lane + static_cast<int>(i));
  return buffer;
}

TEST(ValueBuffer, KeepsRowsByTickAndLaneAndCutsSlices) {
  const ValueBuffer buffer = two_value_lanes();
  EXPECT_EQ(list(buffer.view().at(5, 1)), (std::vector<float>{510, 511, 512}));
  ValueBuffer slice;
  slice.copy_rows(buffer.view(), 5, 1);
  EXPECT_EQ(slice.first_tick(), 5);
  EXPECT_EQ(slice.view().ticks, 1);
  EXPECT_EQ(list(slice.view().at(5, 0)), (std::vector<float>{500, 501, 502}));
}

TEST(ValueBuffer, ErasesOneLaneAndBeginsWithZeros) {
  ValueBuffer buffer = two_value_lanes();
  buffer.erase_lane(0);
  EXPECT_EQ(list(buffer.view().at(4, 0)), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(list(buffer.view().at(4, 1)), (std::vector<float>{410, 411, 412}));
  buffer.begin(9, 1, 2, 3);
  EXPECT_EQ(list(buffer.view().at(9, 1)), (std::vector<float>{0, 0, 0}));
}

}  // namespace
}  // namespace crosspike
