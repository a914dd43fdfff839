// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/datasets/convert.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/datasets/events.hpp>
#include <crosspike/datasets/files.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Ints = std::vector<std::int32_t>;
using test::message_of;

BinnedSpikes bin_events(const std::vector<Event>& events, SensorShape sensor, const BinOptions& options) {
  BinnedSpikes out;
  EventBinner(sensor, options).bin(events, out);
  return out;
}

// Sensor of 2 rows and 3 columns: channels 0 to 5 OFF, 6 to 11 ON.
constexpr SensorShape small_sensor{.polarities = 2, .height = 2, .width = 3};

TEST(Binning, PutsEventsIntoTickFloorOfTimeOverTickAndAddsUp) {
  const std::vector<Event> events = {{0, 2, 1, true},     {999, 0, 0, false}, {999, 2, 1, true},
                                     {1000, 1, 0, false}, {3999, 1, 1, true}, {4000, 1, 1, true}};
  const BinnedSpikes spikes = bin_events(events, small_sensor, {.tick_ms = 1, .ticks = 4});
  EXPECT_EQ(spikes.first, (Ints{0, 2, 3, 3, 4}));
  EXPECT_EQ(spikes.index, (Ints{0, 11, 1, 10}));
  EXPECT_EQ(spikes.count, (Ints{1, 2, 1, 1}));
}

TEST(Binning, KeepsThePolarityAskedFor) {
  const std::vector<Event> events = {{0, 2, 1, true}, {1, 2, 1, false}, {2, 0, 0, false}};
  const auto bin = [&](PolarityUse use) { return bin_events(events, small_sensor, {.ticks = 1, .polarity = use}); };
  EXPECT_EQ(bin(PolarityUse::on).index, (Ints{5}));
  EXPECT_EQ(bin(PolarityUse::off).index, (Ints{0, 5}));
  EXPECT_EQ(bin(PolarityUse::merged).index, (Ints{0, 5}));
  EXPECT_EQ(bin(PolarityUse::merged).count, (Ints{1, 2}));
}

TEST(Binning, CropsToTheCentreAndClipsCounts) {
  EventBinner binner({.polarities = 2, .height = 34, .width = 34},
                     {.ticks = 1, .crop_height = 28, .crop_width = 30, .max_per_tick = 2});
  EXPECT_EQ(binner.shape(), (SensorShape{.polarities = 2, .height = 28, .width = 30}));
  BinnedSpikes spikes;
  const std::vector<Event> events = {{0, 2, 3, false},  {0, 31, 30, true}, {0, 31, 30, true},
                                     {0, 31, 30, true}, {0, 1, 3, false},  {0, 2, 31, false}};
  binner.bin(events, spikes);
  EXPECT_EQ(spikes.index, (Ints{0, 2 * 28 * 30 - 1}));
  EXPECT_EQ(spikes.count, (Ints{1, 2}));
}

TEST(Binning, SaysWhatItLeftOutAndKeepsTheLargestCount) {
  const Event many{.time_us = 0, .x = 0, .y = 0, .on = false, .count = 65535};
  const std::vector<Event> events = {{0, 1, 0, false}, many, {1000, 1, 0, false, 3}, {2000, 1, 0, false, 4}};
  const BinnedSpikes clipped = bin_events(events, small_sensor, {.ticks = 2, .max_per_tick = 2});
  EXPECT_EQ(clipped.count, (Ints{2, 1, 2}));
  EXPECT_EQ(clipped.clipped, 65533 + 1);
  EXPECT_EQ(clipped.late, 4);
  const BinnedSpikes all = bin_events(events, small_sensor, {.ticks = 3});
  EXPECT_EQ(all.clipped, 0);
  EXPECT_EQ(all.late, 0);
  const std::vector<Event> beyond(40000, many);  // 2.6e9
  EXPECT_EQ(bin_events(beyond, small_sensor, {.ticks = 1}).count, (Ints{std::numeric_limits<std::int32_t>::max()}));
}

TEST(Binning, AgreesWithACountPerTickAndChannel) {
  constexpr int ticks = 40;
  std::mt19937 random(3);
  std::vector<Event> events;
  std::int64_t time = 0;
  for (int i = 0; i < 3000; ++i) {
    time += random() % 8 == 0 ? random() % 3000 : 0;
    events.push_back(
        {time, static_cast<std::uint16_t>(random() % 3), static_cast<std::uint16_t>(random() % 2), random() % 2 == 0});
  }
  std::vector<Ints> expected(ticks, Ints(12));
  for (const Event& event : events)
    if (event.time_us < ticks * 2500)
      ++expected[static_cast<std::size_t>(event.time_us / 2500)]
                [static_cast<std::size_t>((event.on * 2 + event.y) * 3 + event.x)];
  const BinnedSpikes spikes = bin_events(events, small_sensor, {.tick_ms = 2.5, .ticks = ticks});
  ASSERT_EQ(spikes.first.size(), ticks + 1u);
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    Ints counts(12);
    for (auto i = static_cast<std::size_t>(spikes.first[tick]); i < static_cast<std::size_t>(spikes.first[tick + 1]);
         ++i)
      counts[static_cast<std::size_t>(spikes.index[i])] = spikes.count[i];
    EXPECT_EQ(counts, expected[tick]) << "tick " << tick;
    EXPECT_TRUE(
        std::is_sorted(spikes.index.begin() + spikes.first[tick], spikes.index.begin() + spikes.first[tick + 1]));
  }
}

TEST(Binning, StartsCleanAfterASampleThatWasRefused) {
  EventBinner binner(small_sensor, {.ticks = 2});
  BinnedSpikes spikes;
  const std::vector<Event> broken = {{0, 1, 1, true}, {0, 3, 0, true}}, good = {{0, 0, 0, false}};
  EXPECT_EQ(message_of([&] { binner.bin(broken, spikes); }),
            "event 1 at x = 3, y = 0 lies outside the sensor of 3 x 2 pixels (width x height)");
  binner.bin(good, spikes);
  EXPECT_EQ(spikes.index, (Ints{0}));
}

TEST(Binning, RefusesEventsOutOfOrder) {
  const std::vector<Event> events = {{5, 0, 0, true}, {4, 0, 0, true}}, negative = {{-1, 0, 0, true}};
  EXPECT_EQ(message_of([&] { bin_events(events, small_sensor, {.ticks = 1}); }),
            "event 1 at 4 us comes after time 5 us; events must be in order of time, from 0 us on (sort them when "
            "reading)");
  EXPECT_EQ(message_of([&] { bin_events(negative, small_sensor, {.ticks = 1}); }),
            "event 0 at -1 us comes after time 0 us; events must be in order of time, from 0 us on (sort them when "
            "reading)");
}

TEST(Binning, RefusesOptionsThatMakeNoSense) {
  const auto refusal = [](BinOptions options) { return message_of([&] { EventBinner(small_sensor, options); }); };
  EXPECT_EQ(refusal({.tick_ms = 0.0105}),
            "a tick of 0.0105 ms cannot bin events, whose times are whole microseconds; choose a whole number of "
            "microseconds, at least 0.001 ms");
  EXPECT_EQ(refusal({.ticks = -1}), "ticks = -1 is negative; 0 or more is allowed");
  EXPECT_EQ(refusal({.crop_width = 4}),
            "crop_width = 4 does not fit the sensor's 3 pixels; 0 (no crop) to 3 is allowed");
}

// Twelve training and five test images of 4 x 4 random pixels, labels 0 to 2.
class DatasetFiles : public ::testing::Test {
 protected:
  DatasetFiles() : folder_(fs::temp_directory_path() / ("crosspike-dataset-" + std::to_string(getpid()))) {
    fs::create_directories(source_.path = folder_ / "images");
    write_pair("train", 12);
    write_pair("test", 5);
    source_.train_images = "train-images";
    source_.train_labels = "train-labels";
    source_.test_images = "test-images";
    source_.test_labels = "test-labels";
    source_.validation = 4;
    source_.events = {.height = 12, .width = 12, .step_ms = 5};
  }
  ~DatasetFiles() override { fs::remove_all(folder_); }

  void write_pair(const std::string& name, std::uint8_t count) {
    std::mt19937 random(count);
    Bytes images = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 4}, labels = {0, 0, 8, 1, 0, 0, 0, count};
    for (int i = 0; i < count * 16; ++i) images.push_back(static_cast<std::uint8_t>(random() % 256));
    for (int i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i % 3));
    write_file(source_.path / (name + "-images"), images);
    write_file(source_.path / (name + "-labels"), labels);
  }

  ConvertReport convert(const fs::path& out, Existing existing = Existing::refuse) const {
    return convert_dataset(
        source_, out, [](std::int64_t, std::int64_t) {}, existing);
  }

  DatasetSource recorded(const fs::path& out) const {
    DatasetSource source = source_;
    source.kind = DatasetSource::Kind::nmnist;
    source.path = out;
    return source;
  }

  const fs::path folder_;
  DatasetSource source_;
};

void expect_equal(const Dataset& a, const Dataset& b) {
  ASSERT_EQ(a.size(), b.size());
  EventScratch scratch;
  std::vector<Event> events_a, events_b;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    a.events(i, scratch, events_a);
    b.events(i, scratch, events_b);
    ASSERT_FALSE(events_a.empty());
    ASSERT_EQ(events_a, events_b) << "sample " << i;
    ASSERT_EQ(a.label(i), b.label(i)) << "sample " << i;
  }
}

TEST_F(DatasetFiles, ValidationIsTheEndOfTheTrainingFile) {
  const TrainingSplits splits = open_training_splits(source_);
  EXPECT_EQ(splits.train->size(), 8);
  EXPECT_EQ(splits.validation->size(), 4);
  EXPECT_EQ(splits.validation->number(0), 8);
  EXPECT_EQ(splits.validation->label(0), 8 % 3);
  EXPECT_EQ(splits.train->classes(), 3);
  EXPECT_EQ(splits.train->shape(), (SensorShape{.polarities = 2, .height = 12, .width = 12}));
}

TEST_F(DatasetFiles, ASampleHasTheSameEventsWhateverTheSplit) {
  source_.events.shot_noise_hz = 50;
  const TrainingSplits splits = open_training_splits(source_);
  source_.validation = 0;
  const TrainingSplits whole = open_training_splits(source_);
  EXPECT_EQ(whole.validation->size(), 0);
  EventScratch scratch;
  std::vector<Event> a, b;
  splits.validation->events(1, scratch, a);
  whole.train->events(9, scratch, b);
  EXPECT_EQ(a, b);
}

TEST_F(DatasetFiles, LimitsKeepTheFirstSamplesAndValidation) {
  source_.limit_train = 3;
  source_.limit_test = 2;
  const TrainingSplits splits = open_training_splits(source_);
  EXPECT_EQ(splits.train->size(), 3);
  EXPECT_EQ(splits.validation->number(0), 8);
  EXPECT_EQ(open_test_split_again(source_, 3)->size(), 2);
}

// Only opening the training splits makes a seal.
static_assert(!std::is_default_constructible_v<TestSplitSeal>);
static_assert(!std::is_constructible_v<TestSplitSeal, int>);
static_assert(!std::is_copy_constructible_v<TestSplitSeal>);

TEST_F(DatasetFiles, ATestSplitSealOpensOnce) {
  TestSplitSeal seal = open_training_splits(source_).seal;
  EXPECT_EQ(open_test_split(source_, std::move(seal))->size(), 5);
  EXPECT_FALSE(seal.whole());
  EXPECT_EQ(message_of([&] { open_test_split(source_, std::move(seal)); }),
            "the test split was opened before in this experiment; it is looked at once");
  EXPECT_EQ(open_test_split_again(source_, 3)->size(), 5);
}

TEST_F(DatasetFiles, TheTestSplitHasTheClassesOfTraining) {
  write_pair("test", 2);  // labels 0 and 1
  EXPECT_EQ(open_test_split(source_, open_training_splits(source_).seal)->classes(), 3);
}

TEST_F(DatasetFiles, WhatTheTestSplitWouldRefuseIsKnownBeforeItOpens) {
  const auto refusal = [&](int classes) { return message_of([&] { check_test_split(source_, classes); }); };
  const std::string labels = source_.path / "test-labels", images = source_.path / "test-images";
  EXPECT_EQ(refusal(3), "no error");
  EXPECT_EQ(refusal(2), labels + ": labels go up to 2, those of training up to 1; the two do not belong together");
  source_.test_images = source_.train_images;
  EXPECT_EQ(refusal(3), "dataset.test_images = \"" + (source_.path / source_.train_images).string() +
                            "\" holds the training samples; a readout is to be tested on others");
  source_.test_images = "test-images";
  source_.limit_test = 6;
  EXPECT_EQ(refusal(3), "dataset.limit_test = 6 is out of range; 1 to 5 is allowed");
  source_.limit_test.reset();
  write_file(labels, Bytes{0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 0});
  EXPECT_EQ(refusal(3),
            images + ": the file has 5 images, but " + labels + " has 4 labels; the two do not belong together");
  fs::resize_file(images, 90);
  EXPECT_EQ(refusal(3),
            images + ": byte 16: the sizes 5 x 4 x 4 promise 80 bytes of data, the file has 74; it is cut off");
}

TEST_F(DatasetFiles, WhatTheTestFolderWouldRefuseIsKnownBeforeItOpens) {
  const fs::path out = folder_ / "events";
  convert(out);
  const auto refusal = [&] { return message_of([&] { check_test_split(recorded(out), 3); }); };
  write_file(out / "Test" / "0" / "00001.bin", Bytes(5, 255));  // an event outside the sensor: nobody looks
  EXPECT_EQ(refusal(), "no error");
  fs::rename(out / "Test" / "2", out / "Test" / "7");
  EXPECT_EQ(refusal(),
            (out / "Test").string() + ": labels go up to 7, those of training up to 2; the two do not belong together");
  fs::remove_all(out / "Test");
  EXPECT_EQ(refusal(), (out / "Test").string() + ": cannot list the directory: No such file or directory");
}

TEST_F(DatasetFiles, RefusesMoreSamplesThanThereAre) {
  source_.validation = 12;
  EXPECT_EQ(message_of([&] { open_training_splits(source_); }),
            "dataset.validation = 12 is out of range; of 12 training samples, 0 to 11 can be set aside");
  source_.validation = 4;
  source_.limit_train = 9;
  EXPECT_EQ(message_of([&] { open_training_splits(source_); }),
            "dataset.limit_train = 9 is out of range; 1 to 8 is allowed");
}

TEST_F(DatasetFiles, RefusesAMissingDirectory) {
  source_.path = "/nowhere/at/all";
  EXPECT_EQ(message_of([&] { open_training_splits(source_); }),
            "dataset.path = \"/nowhere/at/all\" names no directory; set it to the data set's, or install Debian's "
            "dataset-fashion-mnist for the default");
}

TEST_F(DatasetFiles, AConvertedDataSetReadsBackTheSameEvents) {
  source_.events.jitter_ms = 0.5;
  const fs::path out = folder_ / "events/";
  const ConvertReport report = convert(out);
  EXPECT_EQ(report.train_samples, 12);
  EXPECT_EQ(report.test_samples, 5);
  EXPECT_EQ(report.bytes, 5 * report.events);
  EXPECT_TRUE(fs::exists(out / "Train" / "2" / "00003.bin"));
  const TrainingSplits made = open_training_splits(source_), read = open_training_splits(recorded(out));
  expect_equal(*made.train, *read.train);
  expect_equal(*made.validation, *read.validation);
  expect_equal(*open_test_split_again(source_, 3), *open_test_split_again(recorded(out), 3));
}

TEST_F(DatasetFiles, ConvertingReplacesOnlyADataSetAndOnlyWhenAsked) {
  const fs::path out = folder_ / "events";
  convert(out);
  const std::string name = out;
  EXPECT_EQ(message_of([&] { convert(out); }),
            name + " exists; pass --force to replace it or --out to name another folder");
  convert(out, Existing::replace);
  for (const char* foreign :
       {"notes.txt", "Train/photo.jpg", "Train/0/photo.jpg", "Test/1/holiday.bin", ".hidden", "Train/0/.hidden"}) {
    write_file(out / foreign, {});
    EXPECT_EQ(
        message_of([&] { convert(out, Existing::replace); }),
        "cannot write " + name + ": " + (out / foreign).string() +
            " is no event file of a data set, so the folder is not replaced; remove it, or choose another folder");
    EXPECT_TRUE(fs::remove(out / foreign));
  }
  fs::create_directory_symlink("/", out / "Train" / "7");
  EXPECT_EQ(message_of([&] { convert(out, Existing::replace); }),
            "cannot write " + name + ": " + (out / "Train" / "7").string() +
                " is no event file of a data set, so the folder is not replaced; remove it, or choose another folder");
}

TEST_F(DatasetFiles, ConvertingSaysWhatIsInItsPlace) {
  const fs::path link = folder_ / "link";
  EXPECT_EQ(message_of([&] { convert(folder_ / "no" / "where"); }), "cannot write " + folder_.string() +
                                                                        "/no/where: folder " + folder_.string() +
                                                                        "/no does not exist; create it first");
  EXPECT_FALSE(fs::exists(folder_ / "no"));
  write_file(folder_ / "file", {});
  for (const Existing existing : {Existing::refuse, Existing::replace})
    EXPECT_EQ(message_of([&] { convert(folder_ / "file", existing); }),
              "cannot write " + folder_.string() + "/file: it is a file, not a folder; choose another name");
  EXPECT_EQ(message_of([&] { convert(folder_ / "file" / "out"); }),
            "cannot write " + folder_.string() + "/file/out: " + folder_.string() + "/file is not a folder");
  fs::create_symlink("nowhere", link);
  EXPECT_EQ(message_of([&] { convert(link); }),
            "cannot write " + link.string() + ": it is a link that leads nowhere; remove it");
  EXPECT_EQ(message_of([&] { convert(""); }), "cannot write : it names no folder");
}

TEST_F(DatasetFiles, ConvertingNeverReplacesWhatItReads) {
  const fs::path events = folder_ / "events", link = folder_ / "link";
  convert(events);
  fs::create_directory_symlink(events, link);
  source_ = recorded(events);
  for (const fs::path& out : {events, link, events / "Train", events / "Test" / "new", folder_})
    EXPECT_EQ(message_of([&] { convert(out, Existing::replace); }),
              "cannot write " + out.string() + ": the data set that is converted lies there (" + events.string() +
                  "); choose another folder");
  EXPECT_EQ(open_training_splits(source_).train->size(), 8);
  convert(events / "copy");  // beside its halves there is room
  EXPECT_EQ(open_training_splits(recorded(events / "copy")).train->size(), 8);
}

TEST_F(DatasetFiles, AConversionThatCannotBeMovedToItsPlaceLosesNothing) {
  const fs::path out = folder_ / "events";
  convert(out);
  const auto break_it = [&](std::int64_t done, std::int64_t total) {
    if (done < total) return;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().extension() == ".partial") fs::remove_all(entry.path());
  };
  try {
    convert_dataset(source_, out, break_it, Existing::replace);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::system);
    EXPECT_EQ(error.what(), out.string() + ": cannot put the data set there: No such file or directory");
  }
  EXPECT_EQ(open_training_splits(recorded(out)).train->size(), 8);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);  // images, events
}

TEST_F(DatasetFiles, AStoppedConversionLeavesNothingBehind) {
  const auto stop = [](std::int64_t done, std::int64_t total) {
    EXPECT_EQ(total, 17);
    if (done == 3) throw std::runtime_error("stopped");
  };
  EXPECT_THROW(convert_dataset(source_, folder_ / "events", stop, Existing::refuse), std::runtime_error);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(DatasetFiles, DescribeCountsLabelsAndEvents) {
  const TrainingSplits splits = open_training_splits(source_);
  EventScratch scratch;
  std::vector<Event> first, second;
  splits.train->events(0, scratch, first);
  splits.train->events(1, scratch, second);
  const DatasetDescription d = describe(*splits.train, 2, [](std::int64_t, std::int64_t) {});
  EXPECT_EQ(d.samples_per_class, (std::vector<std::int64_t>{3, 3, 2}));
  EXPECT_EQ(d.measured, 2);
  EXPECT_EQ(d.mean_events, static_cast<double>(first.size() + second.size()) / 2);
  EXPECT_EQ(d.max_events, static_cast<std::int64_t>(std::max(first.size(), second.size())));
  EXPECT_EQ(d.min_events, static_cast<std::int64_t>(std::min(first.size(), second.size())));
  EXPECT_EQ(d.last_time_us, std::max(first.back().time_us, second.back().time_us));
}

DatasetSource from_config(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Value root = parse_config(text, "a.toml");
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  TableReader reader(root, "");
  TableReader dataset = reader.table("dataset");
  const DatasetSource source = dataset_from(dataset, 42);
  reader.finish();
  return source;
}

TEST(DatasetConfig, AnEmptyTableIsFashionMnist) {
  const DatasetSource source = from_config("");
  EXPECT_EQ(source.kind, DatasetSource::Kind::idx_saccades);
  EXPECT_EQ(source.path, "/usr/share/datasets/fashion-mnist");
  EXPECT_EQ(source.train_images, "train-images-idx3-ubyte.gz");
  EXPECT_EQ(source.validation, 10000);
  EXPECT_FALSE(source.limit_train);
  EXPECT_EQ(source.events.segment_ms, 105);
  EXPECT_EQ(source.events.seed, 42u);
}

TEST(DatasetConfig, ReadsEveryKey) {
  const DatasetSource source = from_config(R"([dataset]
kind = "idx_saccades"
path = "/data"
train_images = "a"
train_labels = "b"
test_images = "c"
test_labels = "d"
validation = 5
limit_train = 6
limit_test = 7
[dataset.events]
height = 40
width = 50
excursion = "6 px"
segment = "0.1 s"
step = "2500 us"
epsilon = 0.2
threshold = 0.3
threshold_mismatch = 0.02
leak_rate = "0.1 Hz"
shot_noise = "5 Hz"
jitter = "20 us"
refractory = "100 us"
max_events_per_step = 5
)");
  EXPECT_EQ(source.path, "/data");
  EXPECT_EQ(source.train_images + source.train_labels + source.test_images + source.test_labels, "abcd");
  EXPECT_EQ(source.validation, 5);
  EXPECT_EQ(source.limit_train, 6);
  EXPECT_EQ(source.limit_test, 7);
  const SaccadeOptions& o = source.events;
  EXPECT_EQ(o.height, 40);
  EXPECT_EQ(o.width, 50);
  EXPECT_EQ(o.excursion_px, 6);
  EXPECT_EQ(o.segment_ms, 100);
  EXPECT_EQ(o.step_ms, 2.5);
  EXPECT_EQ(o.epsilon, 0.2);
  EXPECT_EQ(o.threshold, 0.3);
  EXPECT_EQ(o.threshold_mismatch, 0.02);
  EXPECT_EQ(o.leak_rate_hz, 0.1);
  EXPECT_EQ(o.shot_noise_hz, 5);
  EXPECT_EQ(o.jitter_ms, 0.02);
  EXPECT_EQ(o.refractory_ms, 0.1);
  EXPECT_EQ(o.max_events_per_step, 5);
}

TEST(DatasetConfig, ReadsRecordings) {
  const DatasetSource source =
      from_config("[dataset]\nkind = 'nmnist'\npath = '/data'\ntrain_folder = 'A'\nwidth = 40\n");
  EXPECT_EQ(source.kind, DatasetSource::Kind::nmnist);
  EXPECT_EQ(source.train_folder, "A");
  EXPECT_EQ(source.events.sensor(), (SensorShape{.polarities = 2, .height = 34, .width = 40}));
}

TEST(DatasetConfig, RefusalsNameThePlace) {
  EXPECT_EQ(message_of([] { from_config("[dataset]\nkind = 'nmnits'\n"); }),
            "a.toml:2:8: dataset.kind is \"nmnits\"; allowed are idx_saccades, nmnist, events, dense, pattern_pairs; "
            "did you mean 'nmnist'?");
  EXPECT_EQ(message_of([] { from_config("[dataset]\nlimit_train = 0\n"); }),
            "a.toml:2:15: dataset.limit_train is 0; allowed is 1 to 4294967295");
  EXPECT_EQ(message_of([] { from_config("[dataset]\nvalidation = 5\n\n[dataset.events]\nstep = '2 ms'\n"); }),
            "a.toml:4:1: dataset.events: a segment of 105 ms is not a whole number of steps of 2 ms");
}

TEST(DatasetConfig, AFileOfEventsThatIsMissingIsNamedWithItsPlace) {
  const std::string text = "[dataset]\nkind = 'events'\nfile = 'none.h5'\n";
  const DatasetSource source = from_config(text), other = from_config(text, {"dataset.file=nothing.h5"});
  EXPECT_EQ(
      message_of([&] { sensor_of(source); }),
      "a.toml:3:8: dataset.file = \"none.h5\" names no file; paths count from the folder in which the command runs");
  EXPECT_EQ(message_of([&] { open_training_splits(other); }),
            "--set dataset.file = \"nothing.h5\" names no file; paths count from the folder in which the command runs");
}

TEST(DatasetConfig, RefusesTheKeysOfAnotherKind) {
  EXPECT_EQ(message_of([] { from_config("[dataset]\nkind = 'nmnist'\npath = '/data'\nevents = { step = 1 }\n"); }),
            "a.toml:4:1: dataset has no key 'events'; it knows: kind, path, train_folder, test_folder, height, width, "
            "validation, limit_train, limit_test");
  EXPECT_EQ(
      message_of([] { from_config("[dataset]\nkind = 'pattern_pairs'\nstep = 3\n"); }),
      "a.toml:3:1: dataset has no key 'step'; it knows: kind, patterns, channels, pattern_time, rate, gaps, lead, "
      "jitter, noise, train, test, validation, limit_train, limit_test");
  EXPECT_EQ(message_of([] {
              from_config("[dataset]\nkind = 'events'\nfile = 'a.h5'\ntest_file = 'b.h5'\ntest_share = 0.3\n");
            }),
            "a.toml:5:1: dataset has no key 'test_share'; it knows: kind, file, test_file, validation_share, shuffle, "
            "order_seed, limit_train, limit_test");
}

TEST_F(DatasetFiles, WhatTheFilesRefuseNamesThePlaceInTheConfig) {
  const std::string text =
      "[dataset]\ntrain_images = 'train-images'\ntrain_labels = 'train-labels'\n"
      "test_images = 'test-images'\ntest_labels = 'test-labels'\n";
  const auto refusal = [&](const std::string& more, std::vector<std::string> overrides = {}) {
    overrides.push_back("dataset.path=" + source_.path.string());
    const DatasetSource source = from_config(text + more, overrides);
    return message_of([&] {
      open_training_splits(source);
      check_test_split(source, 3);
    });
  };
  EXPECT_EQ(refusal("validation = 4\n"), "no error");
  EXPECT_EQ(
      refusal("validation = 70000\n"),
      "a.toml:6:14: dataset.validation = 70000 is out of range; of 12 training samples, 0 to 11 can be set aside");
  EXPECT_EQ(refusal(""),
            "a.toml:1:1: dataset.validation = 10000 is out of range; of 12 training samples, 0 to 11 can be set aside");
  EXPECT_EQ(refusal("validation = 4\n", {"dataset.limit_train=9"}),
            "--set dataset.limit_train = 9 is out of range; 1 to 8 is allowed");
  EXPECT_EQ(refusal("validation = 4\nlimit_test = 6\n"),
            "a.toml:7:14: dataset.limit_test = 6 is out of range; 1 to 5 is allowed");
  EXPECT_EQ(
      refusal("validation = 4\n[dataset.events]\nheight = 3\n"),
      "a.toml:7:1: dataset.events: images of 4 x 4 pixels do not fit the field of 3 x 34; set height and width to "
      "at least the image's");
  const DatasetSource nowhere = from_config("[dataset]\npath = '/nowhere/at/all'\n");
  EXPECT_EQ(message_of([&] { open_training_splits(nowhere); }),
            "a.toml:2:8: dataset.path = \"/nowhere/at/all\" names no directory; set it to the data set's, or install "
            "Debian's dataset-fashion-mnist for the default");
}

TEST(RealDataset, TwentyFashionMnistImagesSurviveTheRoundTrip) {
  DatasetSource source;
  if (!fs::exists(source.path)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  source.validation = 5;
  source.limit_train = 10;
  source.limit_test = 5;
  const fs::path folder = fs::temp_directory_path() / ("crosspike-fashion-" + std::to_string(getpid()));
  EXPECT_EQ(convert_dataset(
                source, folder, [](std::int64_t, std::int64_t) {}, Existing::refuse)
                .train_samples,
            15);
  DatasetSource recorded = source;
  recorded.kind = DatasetSource::Kind::nmnist;
  recorded.path = folder;
  const TrainingSplits made = open_training_splits(source), read = open_training_splits(recorded);
  expect_equal(*made.train, *read.train);
  expect_equal(*made.validation, *read.validation);
  expect_equal(*open_test_split_again(source, 10), *open_test_split_again(recorded, 10));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace crosspike
