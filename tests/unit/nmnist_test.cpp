// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/datasets/files.hpp>
#include <crosspike/datasets/nmnist.hpp>
#include <random>
#include <string>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using test::message_of;

std::vector<Event> parse(const Bytes& file, TimeOrder order = TimeOrder::require) {
  std::vector<Event> events;
  parse_nmnist(file, "a.bin", nmnist_sensor, order, events);
  return events;
}

std::string refusal(const Bytes& file) {
  return message_of([&] { parse(file); });
}

class Nmnist : public ::testing::Test {
 protected:
  Nmnist() : folder_(fs::temp_directory_path() / ("crosspike-nmnist-" + std::to_string(getpid()))) {
    fs::create_directory(folder_);
  }
  ~Nmnist() override { fs::remove_all(folder_); }

  const fs::path folder_;
};

// The reading that gorchard/event-Python:eventvision.py documents, word for word and slowly.
std::vector<Event> read_like_event_python(const Bytes& file) {
  std::vector<Event> all;
  for (std::size_t at = 0; at + 5 <= file.size(); at += 5) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 5; ++i) word = word << 8 | file[at + i];
    all.push_back({.time_us = static_cast<std::int64_t>(word & 0x7FFFFF),
                   .x = static_cast<std::uint16_t>(word >> 32),
                   .y = static_cast<std::uint16_t>(word >> 24 & 0xFF),
                   .on = (word >> 23 & 1) != 0});
  }
  for (std::size_t overflow = 0; overflow < all.size(); ++overflow)
    if (all[overflow].y == 240)
      for (std::size_t i = overflow; i < all.size(); ++i) all[i].time_us += 8192;
  std::erase_if(all, [](const Event& event) { return event.y == 240; });
  return all;
}

TEST_F(Nmnist, DecodesTheFortyBitWord) {
  EXPECT_EQ(parse({5, 9, 0x81, 0x23, 0x45, 33, 32, 0x7f, 0xff, 0xff}),
            (std::vector<Event>{{0x12345, 5, 9, true}, {0x7fffff, 33, 32, false}}));
}

TEST_F(Nmnist, AnOverflowRecordMovesAllLaterTimes) {
  EXPECT_EQ(parse({1, 2, 0, 0, 7, 0, 240, 0, 0, 0, 3, 4, 0, 0, 1, 99, 240, 0x80, 0, 0, 3, 4, 0, 0, 1}),
            (std::vector<Event>{{7, 1, 2, false}, {8193, 3, 4, false}, {16385, 3, 4, false}}));
}

TEST_F(Nmnist, WritesTheFortyBitWord) {
  const std::vector<Event> events = {{0x12345, 5, 9, true}};
  EXPECT_EQ(format_nmnist(events), (Bytes{5, 9, 0x81, 0x23, 0x45}));
}

TEST_F(Nmnist, WritesOneOverflowRecordForTheFirstTimeThatNeedsOne) {
  const std::vector<Event> events = {{(1 << 23) - 1, 1, 2, true}, {1 << 23, 3, 4, false}};
  EXPECT_EQ(format_nmnist(events),
            (Bytes{1, 2, 0xff, 0xff, 0xff, 0, 240, 0x7f, 0xff, 0xff, 3, 4, 0x7f, 0xe0, 0x00}));  // 2^23 - 2^13
}

TEST_F(Nmnist, WhatIsWrittenIsReadBackWhateverTheTimes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Event> events;
    std::int64_t time = 0;
    for (int i = 0; i < 300; ++i) {
      time += static_cast<std::int64_t>(random() % (random() % 20 == 0 ? 20'000'000 : 2000));
      events.push_back({time, static_cast<std::uint16_t>(random() % 34), static_cast<std::uint16_t>(random() % 34),
                        random() % 2 == 0});
    }
    const Bytes file = format_nmnist(events);
    ASSERT_EQ(parse(file), events);
    if (round < 2) {
      ASSERT_EQ(read_like_event_python(file), events);
    }
  }
}

TEST_F(Nmnist, WritesTheLatestTimeAllowed) {
  const std::vector<Event> events = {{nmnist_max_time_us, 0, 0, true}};
  EXPECT_EQ(parse(format_nmnist(events)), events);
}

TEST_F(Nmnist, SortsByTimeWhenAsked) {
  EXPECT_EQ(parse({1, 1, 0, 0, 9, 2, 2, 0, 0, 5, 3, 3, 0, 0, 9}, TimeOrder::sort),
            (std::vector<Event>{{5, 2, 2, false}, {9, 1, 1, false}, {9, 3, 3, false}}));
}

TEST_F(Nmnist, RefusesAFileThatEndsInsideARecord) {
  EXPECT_EQ(
      refusal({1, 2, 0, 0, 7, 1, 2}),
      "a.bin: byte 5: the file has 7 bytes, not a multiple of the 5 of a record; it is cut off or no N-MNIST file");
}

TEST_F(Nmnist, RefusesAnEventOutsideTheSensor) {
  EXPECT_EQ(refusal({33, 33, 0, 0, 0, 34, 2, 0, 0, 0}),
            "a.bin: byte 5: an event at x = 34, y = 2 lies outside the sensor of 34 x 34 pixels (width x height)");
}

TEST_F(Nmnist, RefusesTimeThatRunsBackwards) {
  EXPECT_EQ(refusal({1, 1, 0, 0, 9, 1, 1, 0, 0, 8}),
            "a.bin: byte 5: an event at 8 us follows one at 9 us; events must be in order of time");
}

TEST_F(Nmnist, RefusesASensorWhoseRowsMeanOverflow) {
  std::vector<Event> events;
  EXPECT_EQ(
      message_of([&] { parse_nmnist({}, "a.bin", {.height = 241, .width = 34}, TimeOrder::sort, events); }),
      "N-MNIST files cannot hold events of a sensor of 2 polarities x 241 x 34; 2 polarities, 1 to 240 rows and 1 "
      "to 256 columns are allowed");
}

TEST_F(Nmnist, RefusesToWriteWhatTheFormatCannotHold) {
  const auto refusal_to_write = [](std::vector<Event> events) { return message_of([&] { format_nmnist(events); }); };
  EXPECT_EQ(refusal_to_write({{0, 256, 3, true}}),
            "event 0 at x = 256, y = 3 does not fit an N-MNIST file; x up to 255 and y up to 239 do");
  EXPECT_EQ(refusal_to_write({{0, 0, 240, true}}),
            "event 0 at x = 0, y = 240 does not fit an N-MNIST file; x up to 255 and y up to 239 do");
  EXPECT_EQ(
      refusal_to_write({{9, 0, 0, true}, {8, 0, 0, true}}),
      "event 1 at 8 us does not fit an N-MNIST file; times from that of the event before (9 us) to 4294967295 us do");
  EXPECT_EQ(refusal_to_write({{std::int64_t{1} << 32, 0, 0, true}}),
            "event 0 at 4294967296 us does not fit an N-MNIST file; times from that of the event before (0 us) to "
            "4294967295 us do");
}

TEST_F(Nmnist, ADirectoryIsReadInOrderOfIdsAcrossLabels) {
  const NmnistWriter writer(folder_);
  for (const auto& [number, label] : {std::pair{99999, 1}, {0, 5}, {1, 0}, {2, 5}}) {
    const std::vector<Event> events = {{number, 1, 1, true}};
    EXPECT_EQ(writer.write(number, label, events), 5);
  }
  write_file(folder_ / ".hidden", {});
  const NmnistDirectory directory(folder_);
  ASSERT_EQ(directory.size(), 4);
  EXPECT_EQ(directory.classes(), 6);
  const std::vector<std::string> files = {"5/00001.bin", "0/00002.bin", "5/00003.bin", "1/100000.bin"};
  const std::vector<std::int64_t> times = {0, 1, 2, 99999};
  Bytes bytes;
  std::vector<Event> events;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto number = static_cast<std::int64_t>(i);
    EXPECT_EQ(directory.file(number), folder_ / files[i]);
    EXPECT_EQ(directory.label(number), files[i][0] - '0');
    directory.read(number, bytes, events);
    EXPECT_EQ(events, (std::vector<Event>{{times[i], 1, 1, true}}));
  }
}

TEST_F(Nmnist, RefusesADirectoryWithOtherThings) {
  const std::string root = folder_;
  EXPECT_EQ(message_of([&] { NmnistDirectory{folder_}; }),
            root + ": there are no event files; <label>/<id>.bin is expected here");
  EXPECT_EQ(message_of([&] { NmnistDirectory{folder_ / "Train"}; }),
            root + "/Train: cannot list the directory: No such file or directory");
  fs::create_directory(folder_ / "7");
  write_file(folder_ / "7" / "00001.txt", {});
  EXPECT_EQ(message_of([&] { NmnistDirectory{folder_}; }),
            root + "/7/00001.txt: only event files named <id>.bin belong here");
  fs::remove_all(folder_ / "7");
  fs::create_directory(folder_ / "07");
  EXPECT_EQ(message_of([&] { NmnistDirectory{folder_}; }),
            root + "/07: only directories named by a label, 0 to 255, belong here");
}

TEST_F(Nmnist, NamesTheBrokenFileOfADirectory) {
  fs::create_directory(folder_ / "3");
  write_file(folder_ / "3" / "00001.bin", Bytes{1, 2, 3});
  Bytes bytes;
  std::vector<Event> events;
  const NmnistDirectory directory(folder_);
  EXPECT_EQ(message_of([&] { directory.read(0, bytes, events); }),
            folder_.string() +
                "/3/00001.bin: byte 0: the file has 3 bytes, not a multiple of the 5 of a record; it is cut "
                "off or no N-MNIST file");
}

}  // namespace
}  // namespace crosspike
