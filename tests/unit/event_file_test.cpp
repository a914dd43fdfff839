// SPDX-License-Identifier: Apache-2.0
// The plain event file: what is read of it, and every refusal.
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/datasets/event_file.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/own_data.hpp>
#include <functional>
#include <limits>

namespace crosspike {
namespace {

using namespace test;
using Events = std::vector<Event>;

class EventFiles : public OwnFolder {
 protected:
  static Events read(std::int64_t sample = 0) {
    Events events;
    EventFile("a.h5").read(sample, events);
    return events;
  }

  // Of a file of these columns that `change` adds to.
  static std::string refusal(EventColumns columns, const std::function<void(hdf5::File&)>& change = {}) {
    {
      hdf5::File file = hdf5::File::create("a.h5");
      put_events(file, columns);
      if (change) change(file);
      file.close();
    }
    return message_of([] { EventFile("a.h5"); });
  }
  static std::string refusal_of(const std::function<void(hdf5::File&)>& content) {
    {
      hdf5::File file = hdf5::File::create("a.h5");
      content(file);
      file.close();
    }
    return message_of([] { EventFile("a.h5"); });
  }
};

// Two events in order.
EventColumns fine() { return {.times = {1, 2}, .channels = {0, 3}}; }

TEST_F(EventFiles, TimesOfEveryUnitBecomeMicrosecondsToTheNearest) {
  for (const auto& [unit, times, us] :
       {std::tuple("s", std::vector<double>{0.25, 1.0000006}, std::vector<std::int64_t>{250'000, 1'000'001}),
        std::tuple("ms", std::vector<double>{0.0004, 2.5}, std::vector<std::int64_t>{0, 2500}),
        std::tuple("us", std::vector<double>{1.4, 1.6}, std::vector<std::int64_t>{1, 2}),
        std::tuple("ns", std::vector<double>{499, 2'000'501}, std::vector<std::int64_t>{0, 2001})}) {
    EventColumns columns = fine();
    columns.unit = unit;
    columns.times = times;
    write_events("a.h5", columns);
    const Events events = read();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].time_us, us[0]) << unit;
    EXPECT_EQ(events[1].time_us, us[1]) << unit;
  }
}

TEST_F(EventFiles, WholeNumbersAreTimesToo) {
  hdf5::File file = hdf5::File::create("a.h5");
  put_column(file, "times", std::vector<std::int32_t>{3, 70'000});
  put_column(file, "channels", std::vector<std::uint8_t>{0, 3});
  put_column(file, "shape", std::vector<std::uint16_t>{4});
  file.set_attribute("unit", std::string("us"));
  file.close();
  EXPECT_EQ(read(), (Events{{3, 0, 0, false}, {70'000, 3, 0, false}}));
}

TEST_F(EventFiles, AChannelIsPolarityThenRowThenColumn) {
  EventColumns columns;
  columns.shape = {2, 3, 5};
  for (const int channel : {0, 4, 5, 14, 15, 29}) {
    columns.times.push_back(channel);
    columns.channels.push_back(channel);
  }
  write_events("a.h5", columns);
  EXPECT_EQ(EventFile("a.h5").shape(), (SensorShape{2, 3, 5}));
  EXPECT_EQ(read(), (Events{{0, 0, 0, false},
                            {4000, 4, 0, false},
                            {5000, 0, 1, false},
                            {14'000, 4, 2, false},
                            {15'000, 0, 0, true},
                            {29'000, 4, 2, true}}));
  EXPECT_EQ(event_file_shape("a.h5"), (SensorShape{2, 3, 5}));
}

TEST_F(EventFiles, AShapeOfOneOrTwoSidesHasOnePolarity) {
  EventColumns columns = fine();
  write_events("a.h5", columns);
  EXPECT_EQ(EventFile("a.h5").shape(), (SensorShape{1, 1, 4}));
  columns.shape = {2, 3};
  write_events("a.h5", columns);
  EXPECT_EQ(EventFile("a.h5").shape(), (SensorShape{1, 2, 3}));
  EXPECT_EQ(read()[1], (Event{2000, 0, 1, false}));
}

TEST_F(EventFiles, ShapeAndUnitMayBeAttributes) {
  EventColumns columns = fine();
  columns.shape = {};
  columns.unit = "";
  hdf5::File file = hdf5::File::create("a.h5");
  put_events(file, columns);
  file.set_attribute("shape", std::array<std::int64_t, 2>{2, 2});
  file.set_attribute("unit", std::string("s"));
  file.close();
  EXPECT_EQ(EventFile("a.h5").shape(), (SensorShape{1, 2, 2}));
  EXPECT_EQ(read()[1].time_us, 2'000'000);
}

TEST_F(EventFiles, CountsComeWithTheirEvents) {
  EventColumns columns = fine();
  columns.times = {2, 1};
  columns.counts = {65'535, 7};
  write_events("a.h5", columns);
  EXPECT_EQ(read(), (Events{{1000, 3, 0, false, 7}, {2000, 0, 0, false, 65'535}}));
}

TEST_F(EventFiles, EventsOfASampleAreSortedByTimeThenChannelAndEqualOnesKept) {
  EventColumns columns{.times = {5, 1, 1, 5, 0}, .channels = {1, 3, 2, 1, 0}};
  columns.offsets = {0, 4, 5};
  write_events("a.h5", columns);
  EXPECT_EQ(read(0), (Events{{1000, 2, 0, false}, {1000, 3, 0, false}, {5000, 1, 0, false}, {5000, 1, 0, false}}));
  EXPECT_EQ(read(1), (Events{{0, 0, 0, false}}));
}

TEST_F(EventFiles, SamplesMayBeEmptyAndWithoutOffsetsAllIsOne) {
  EventColumns columns = fine();
  columns.offsets = {0, 0, 2, 2};
  columns.labels = {2, 0, 2};
  write_events("a.h5", columns);
  const EventFile file("a.h5");
  EXPECT_EQ(file.size(), 3);
  EXPECT_EQ(file.classes(), 3);
  EXPECT_TRUE(file.labelled());
  EXPECT_EQ(std::vector({file.label(0), file.label(1), file.label(2)}), (std::vector{2, 0, 2}));
  EXPECT_TRUE(read(0).empty());
  EXPECT_EQ(read(1).size(), 2u);
  write_events("b.h5", {});
  const EventFile none("b.h5");
  EXPECT_EQ(none.size(), 1);
  EXPECT_FALSE(none.labelled());
  EXPECT_EQ(none.classes(), 0);
}

TEST_F(EventFiles, AreCheckedToTheirLastEvent) {
  // More than are checked at once.
  constexpr std::size_t events = (std::size_t{1} << 20) + 2;
  EventColumns columns{.times = std::vector<double>(events, 1), .channels = std::vector<std::int64_t>(events, 3)};
  write_events("a.h5", columns);
  EXPECT_EQ(read().size(), events);
  columns.channels.back() = 4;
  EXPECT_EQ(refusal(columns), "a.h5:/channels: event 1048577 is of channel 4; the shape has channels 0 to 3");
}

TEST_F(EventFiles, WithoutTheirColumnsAreRefused) {
  EXPECT_EQ(refusal_of([](hdf5::File& file) { put_column(file, "time", std::vector<double>{1}); }),
            "a.h5:/: has no `times`, but `time`; docs/datasets.md shows how to write an event file");
  EXPECT_EQ(refusal_of([](hdf5::File& file) { put_column(file, "times", std::vector<double>{1}); }),
            "a.h5:/: has no `channels`; docs/datasets.md shows how to write an event file");
  EXPECT_EQ(refusal_of([](hdf5::File& file) { file.ensure_group("times"); }),
            "a.h5:/times: is a group; a dataset is expected");
}

TEST_F(EventFiles, AShapeThatIsNoneIsRefused) {
  EventColumns columns = fine();
  const auto with = [&](std::vector<std::int64_t> shape) {
    columns.shape = std::move(shape);
    return refusal(columns);
  };
  EXPECT_EQ(with({}),
            "a.h5:/: has no `shape`; write it as file[\"shape\"] = [channels], [height, width] or [2, height, "
            "width]");
  EXPECT_EQ(with({1, 2, 3, 4}),
            "a.h5:/: shape is [1, 2, 3, 4]; [channels], [height, width] and [polarities, height, width] are allowed");
  EXPECT_EQ(with({3, 2, 2}),
            "a.h5:/: shape is [3, 2, 2]; 1 or 2 polarities are allowed; write more planes as [planes x "
            "height, width]");
  EXPECT_EQ(with({0}), "a.h5:/: shape is [0]; sides of 1 to 65536 are allowed");
  EXPECT_EQ(with({65537}), "a.h5:/: shape is [65537]; sides of 1 to 65536 are allowed");
  EXPECT_EQ(with({-4, 4}), "a.h5:/: shape is [-4, 4]; sides of 1 to 65536 are allowed");
  EXPECT_EQ(with({2, 65536, 65536}), "a.h5:/: shape is [2, 65536, 65536]; fewer than 2^31 channels are allowed");
  columns.shape = {};
  EXPECT_EQ(refusal(columns, [](hdf5::File& file) { put_column(file, "shape", std::vector<double>{4}); }),
            "a.h5:/shape: holds floating-point numbers; integers are expected");
  EXPECT_EQ(refusal(columns, [](hdf5::File& file) { put_column(file, "shape", std::vector<std::int64_t>{}); }),
            "a.h5:/: shape is []; [channels], [height, width] and [polarities, height, width] are allowed");
  EXPECT_EQ(refusal(columns, [](hdf5::File& file) { put_column(file, "shape", std::vector<std::int64_t>(1000, 1)); }),
            "a.h5:/shape: holds 1000 elements of 8 bytes, more than the 1024 bytes that are read at once");
}

TEST_F(EventFiles, AUnitThatIsNoneIsRefused) {
  EventColumns columns = fine();
  columns.unit = "";
  EXPECT_EQ(refusal(columns),
            "a.h5:/: has no `unit` of its times; write it as file[\"unit\"] = \"ms\" (s, ms, us or ns)");
  columns.unit = "min";
  EXPECT_EQ(refusal(columns), "a.h5:/: unit is \"min\"; allowed are s, ms, us, ns");
  columns.unit = "";
  EXPECT_EQ(refusal(columns, [](hdf5::File& file) { put_column(file, "unit", std::vector<std::int32_t>{1}); }),
            "a.h5:/unit: holds integers; text is expected");
}

TEST_F(EventFiles, ColumnsOfUnequalLengthAreRefused) {
  EventColumns columns = fine();
  columns.channels = {0};
  EXPECT_EQ(refusal(columns), "a.h5:/channels: has 1 entries, times has 2");
  columns = fine();
  columns.counts = {1, 1, 1};
  EXPECT_EQ(refusal(columns), "a.h5:/counts: has 3 entries, times has 2");
  EXPECT_EQ(refusal_of([](hdf5::File& file) {
              file.write<double>("times", {1, 2}, std::vector<double>{1, 2});
              put_column(file, "channels", std::vector<std::int64_t>{0, 1});
              put_column(file, "shape", std::vector<std::int64_t>{4});
              file.write_text("unit", "ms");
            }),
            "a.h5:/times: has shape (1, 2); one dimension is expected");
}

TEST_F(EventFiles, OffsetsThatAreNoneAreRefused) {
  const auto with = [&](std::vector<std::int64_t> offsets) {
    EventColumns columns = fine();
    columns.offsets = std::move(offsets);
    return refusal(columns);
  };
  EXPECT_EQ(with({0}),
            "a.h5:/sample_offsets: has 1 entries; one more than there are samples is expected, so 2 or more");
  EXPECT_EQ(with({1, 2}), "a.h5:/sample_offsets: begins with 1; 0 is expected");
  EXPECT_EQ(with({0, 2, 1, 2}), "a.h5:/sample_offsets: entry 2 is 1 after 2; offsets must not fall");
  EXPECT_EQ(with({0, 1}),
            "a.h5:/sample_offsets: ends with 1, but there are 2 events; its last entry is the number of "
            "events, so that it has one entry more than there are samples");
  EXPECT_EQ(with({0, 3}),
            "a.h5:/sample_offsets: ends with 3, but there are 2 events; its last entry is the number of "
            "events, so that it has one entry more than there are samples");
  EXPECT_EQ(with({0, -1, 2}), "a.h5:/sample_offsets: element 1 is -1, which uint64 cannot hold");
}

TEST_F(EventFiles, LabelsThatAreNoneAreRefused) {
  EventColumns columns = fine();
  columns.labels = {0, 1};
  EXPECT_EQ(refusal(columns),
            "a.h5:/labels: has 2 entries for 1 samples; without sample_offsets all events are one sample");
  columns.offsets = {0, 1, 2};
  columns.labels = {0};
  EXPECT_EQ(refusal(columns), "a.h5:/labels: has 1 entries for 2 samples");
  columns.labels = {0, -1};
  EXPECT_EQ(refusal(columns), "a.h5:/labels: entry 1 is -1; labels are whole numbers from 0 to 65535");
  columns.labels = {65536, 0};
  EXPECT_EQ(refusal(columns), "a.h5:/labels: entry 0 is 65536; labels are whole numbers from 0 to 65535");
  columns.labels = {};
  EXPECT_EQ(refusal(columns,
                    [](hdf5::File& file) {
                      put_column(file, "labels", std::vector<double>{0, 1});
                    }),
            "a.h5:/labels: holds floating-point numbers; integers are expected");
  EXPECT_EQ(refusal(columns,
                    [](hdf5::File& file) {
                      file.write_texts("labels", {2}, std::vector<std::string>{"cat", "dog"});
                    }),
            "a.h5:/labels: holds text; integers are expected");
}

TEST_F(EventFiles, TimesThatAreNoneAreRefused) {
  const auto with = [&](double time, const char* unit = "ms") {
    EventColumns columns = fine();
    columns.times[1] = time;
    columns.unit = unit;
    return refusal(columns);
  };
  const std::string allowed = "; times count from the start of their sample, from 0 to 2^53 us";
  EXPECT_EQ(with(-0.5), "a.h5:/times: event 1 is at -0.5" + allowed);
  EXPECT_EQ(with(std::numeric_limits<double>::quiet_NaN()), "a.h5:/times: event 1 is at nan" + allowed);
  EXPECT_EQ(with(std::numeric_limits<double>::infinity()), "a.h5:/times: event 1 is at inf" + allowed);
  EXPECT_EQ(with(1e10, "s"), "a.h5:/times: event 1 is at 10000000000" + allowed);
  EXPECT_EQ(with(0x1p53, "us"), "a.h5:/times: event 1 is at 9007199254740992" + allowed);
  EXPECT_EQ(with(0x1p52, "us"), "no error");
}

TEST_F(EventFiles, ChannelsAndCountsOutOfRangeAreRefused) {
  EventColumns columns = fine();
  columns.channels[1] = -1;
  EXPECT_EQ(refusal(columns), "a.h5:/channels: event 1 is of channel -1; the shape has channels 0 to 3");
  columns = fine();
  for (const std::int64_t count : {0, -3, 65536}) {
    columns.counts = {count, 1};
    EXPECT_EQ(refusal(columns), "a.h5:/counts: event 0 has count " + std::to_string(count) + "; 1 to 65535 is allowed");
  }
  EXPECT_EQ(refusal_of([](hdf5::File& file) {
              put_column(file, "times", std::vector<double>{1});
              put_column(file, "channels", std::vector<double>{1});
              put_column(file, "shape", std::vector<std::int64_t>{4});
              file.write_text("unit", "ms");
            }),
            "a.h5:/channels: holds floating-point numbers; integers are expected");
}

TEST_F(EventFiles, FilesThatAreNoHdf5AreRefused) {
  EXPECT_EQ(message_of([] { EventFile("none.h5"); }), "none.h5: no such file");
  std::ofstream("text.h5") << "t,channel\n1,2\n";
  EXPECT_EQ(message_of([] { EventFile("text.h5"); }), "text.h5: not an HDF5 file");
  EXPECT_EQ(message_of([] { event_file_shape("text.h5"); }), "text.h5: not an HDF5 file");
  write_events("a.h5", fine());
  const auto size = std::filesystem::file_size("a.h5");
  std::filesystem::resize_file("a.h5", size - 8);
  EXPECT_EQ(message_of([] { EventFile("a.h5"); }), "a.h5 is truncated (superblock says " + std::to_string(size) +
                                                       " bytes, file has " + std::to_string(size - 8) + ")");
}

TEST_F(EventFiles, RowsOfADatasetAreReadAloneAndNeverBeyondIt) {
  {
    hdf5::File file = hdf5::File::create("a.h5");
    file.write<std::int32_t>("rows", {4, 2}, std::vector<std::int32_t>{0, 1, 10, 11, 20, 21, 30, 31});
    file.write<double>("one", {}, std::vector<double>{3});
    file.close();
  }
  const hdf5::File file = hdf5::File::open("a.h5");
  const hdf5::Dataset rows = file.dataset("rows");
  EXPECT_EQ(rows.read_rows<std::int64_t>(1, 2), (std::vector<std::int64_t>{10, 11, 20, 21}));
  EXPECT_EQ(rows.read_rows<double>(3, 1), (std::vector<double>{30, 31}));
  EXPECT_TRUE(rows.read_rows<double>(4, 0).empty());
  EXPECT_EQ(message_of([&] { rows.read_rows<double>(3, 2); }), "a.h5:/rows: has 4 rows; rows 3 to 5 are asked for");
  EXPECT_EQ(message_of([&] { rows.read_rows<double>(5, 0); }), "a.h5:/rows: has 4 rows; rows 5 to 5 are asked for");
  EXPECT_THROW(rows.read_rows<double>(1, ~std::uint64_t{0}), Error);  // beyond 2^64
  EXPECT_EQ(message_of([&] { file.dataset("one").read_rows<double>(0, 1); }),
            "a.h5:/one: is a single value; rows are expected");
}

}  // namespace
}  // namespace crosspike
