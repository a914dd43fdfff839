// SPDX-License-Identifier: Apache-2.0
// Dense .npy inputs: counts and send-on-delta against values worked by hand, and every refusal.
#include <cmath>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/own_data.hpp>

namespace crosspike {
namespace {

using namespace test;
using Events = std::vector<Event>;

class DenseInputs : public OwnFolder {
 protected:
  DenseInputs() {
    source_.kind = DatasetSource::Kind::dense;
    source_.dense.inputs = "x.npy";
  }

  Events read(std::int64_t sample = 0) const {
    EventScratch scratch;
    Events events;
    open_all_samples(source_)->events(sample, scratch, events);
    return events;
  }
  std::string refusal() const {
    return message_of([&] { open_all_samples(source_); });
  }
  void use_delta(double threshold) {
    source_.dense.encoding = DenseFiles::Encoding::delta;
    source_.dense.threshold = threshold;
  }

  DatasetSource source_;
};

TEST_F(DenseInputs, CountsAreEventsAtTheStartOfTheirStep) {
  write_npy("x.npy", "(2, 3, 2)", {0, 1, 2, 0, 0, 65535, /**/ 0, 0, 0, 0, 3, 0});
  source_.dense.step_ms = 2.5;
  EXPECT_EQ(open_all_samples(source_)->size(), 2);
  EXPECT_EQ(sensor_of(source_), (SensorShape{1, 1, 2}));
  EXPECT_EQ(read(0), (Events{{0, 1, 0, false, 1}, {2500, 0, 0, false, 2}, {5000, 1, 0, false, 65535}}));
  EXPECT_EQ(read(1), (Events{{5000, 0, 0, false, 3}}));
}

TEST_F(DenseInputs, CountsMayHaveRowsAndPolarities) {
  write_npy("x.npy", "(1, 1, 2, 3)", {0, 0, 0, 0, 0, 4});
  EXPECT_EQ(sensor_of(source_), (SensorShape{1, 2, 3}));
  EXPECT_EQ(read(), (Events{{0, 2, 1, false, 4}}));
  write_npy("x.npy", "(1, 1, 2, 1, 3)", {1, 0, 0, 0, 2, 0});
  EXPECT_EQ(sensor_of(source_), (SensorShape{2, 1, 3}));
  EXPECT_EQ(read(), (Events{{0, 0, 0, false, 1}, {0, 1, 0, true, 2}}));
}

// Thresholds are powers of two, so that levels are exact.
TEST_F(DenseInputs, DeltaSendsWhereAValueHasMovedByAThresholdSinceItsLastEvent) {
  write_npy("x.npy", "(1, 7, 1)", {1, 1.25, 1.5, 1.9, 2, 0.75, 0.51});
  use_delta(0.5);
  EXPECT_EQ(sensor_of(source_), (SensorShape{2, 1, 1}));
  // Levels: 1, 1, 1.5 (ON), 1.5, 2 (ON), 1 (two OFF), 1: 0.51 is 0.49 below.
  EXPECT_EQ(read(), (Events{{2000, 0, 0, true, 1}, {4000, 0, 0, true, 1}, {5000, 0, 0, false, 2}}));
}

TEST_F(DenseInputs, DeltaKeepsALevelForEachChannelAndBeginsEachSampleAnew) {
  write_npy("x.npy", "(2, 2, 2)", {0, 8, 3, 4, /**/ 8, 0, 8, 0});
  use_delta(1);
  EXPECT_EQ(read(0), (Events{{1000, 0, 0, true, 3}, {1000, 1, 0, false, 4}}));
  EXPECT_TRUE(read(1).empty());
}

TEST_F(DenseInputs, DeltaFollowsASlopeToWithinAThreshold) {
  constexpr int steps = 1000;
  constexpr double threshold = 0.125;
  std::vector<double> values(steps);
  for (int i = 0; i < steps; ++i)
    values[static_cast<std::size_t>(i)] = i % 100 < 50 ? 0.07 * (i % 50) : 3.5 - 0.07 * (i % 50);
  write_npy("x.npy", "(1, 1000, 1)", values);
  use_delta(threshold);
  double level = values[0];
  std::size_t next = 0;
  const Events events = read();
  for (int i = 0; i < steps; ++i) {
    for (; next < events.size() && events[next].time_us == i * 1000; ++next)
      level += (events[next].on ? 1 : -1) * events[next].count * threshold;
    EXPECT_LT(std::abs(level - values[static_cast<std::size_t>(i)]), threshold) << i;
  }
  EXPECT_EQ(next, events.size());
}

TEST_F(DenseInputs, LabelsAreThoseOfTheirFile) {
  write_npy("x.npy", "(3, 1, 1)", {1, 1, 1});
  write_npy("y.npy", "(3,)", {4, 0, 2});
  EXPECT_EQ(open_all_samples(source_)->classes(), 0);
  source_.dense.labels = "y.npy";
  const auto all = open_all_samples(source_);
  EXPECT_EQ(all->classes(), 5);
  EXPECT_EQ(std::vector({all->label(0), all->label(1), all->label(2)}), (std::vector{4, 0, 2}));
}

TEST_F(DenseInputs, AFileOfTheirOwnHoldsTheTestSamples) {
  write_npy("x.npy", "(10, 1, 1)", std::vector<double>(10, 1));
  write_npy("y.npy", "(10,)", {0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
  write_npy("x2.npy", "(3, 1, 1)", {5, 6, 7});
  write_npy("y2.npy", "(3,)", {1, 1, 0});
  source_.dense.labels = "y.npy";
  source_.dense.test_inputs = "x2.npy";
  source_.dense.test_labels = "y2.npy";
  TrainingSplits splits = open_training_splits(source_);
  EXPECT_EQ(splits.train->size(), 8);  // nothing is set aside for a test that has its own
  EXPECT_EQ(splits.validation->size(), 2);
  const auto test = open_test_split(source_, std::move(splits.seal));
  EXPECT_EQ(test->size(), 3);
  EXPECT_EQ(test->label(2), 0);
  EventScratch scratch;
  Events events;
  test->events(2, scratch, events);
  EXPECT_EQ(events, (Events{{0, 0, 0, false, 7}}));
}

TEST_F(DenseInputs, ShapesThatAreNoneAreRefused) {
  write_npy("x.npy", "(2, 3)", std::vector<double>(6));
  EXPECT_EQ(refusal(),
            "x.npy: has shape (2, 3); (sample, step, channel), (sample, step, height, width) and (sample, "
            "step, polarity, height, width) are allowed");
  write_npy("x.npy", "(1, 1, 1, 1, 1, 1)", {0});
  EXPECT_EQ(refusal(),
            "x.npy: has shape (1, 1, 1, 1, 1, 1); (sample, step, channel), (sample, step, height, width) and "
            "(sample, step, polarity, height, width) are allowed");
  write_npy("x.npy", "(1, 1, 3, 1, 1)", {0, 0, 0});
  EXPECT_EQ(refusal(), "x.npy: has shape (1, 1, 3, 1, 1); 1 or 2 polarities are allowed");
  use_delta(1);
  write_npy("x.npy", "(1, 1, 2, 1, 1)", {0, 0});
  EXPECT_EQ(refusal(), "x.npy: has shape (1, 1, 2, 1, 1); encoding = \"delta\" makes the polarities and takes none");
  write_npy("x.npy", "(1, 1, 65537)", std::vector<double>(65537));
  EXPECT_EQ(refusal(), "x.npy: has shape (1, 1, 65537); 1 to 65536 rows and columns are allowed");
  write_npy("x.npy", "(1, 1, 0)", {});
  EXPECT_EQ(refusal(), "x.npy: has shape (1, 1, 0); 1 to 65536 rows and columns are allowed");
  write_npy("x.npy", "(0, 3, 2)", {});
  EXPECT_EQ(refusal(), "x.npy: has shape (0, 3, 2); there are no samples in it");
  write_npy("x.npy", "(3, 0, 2)", {});
  EXPECT_EQ(refusal(), "x.npy: has shape (3, 0, 2); there are no samples in it");
}

TEST_F(DenseInputs, ASensorOfMoreChannelsThanCanBeBinnedIsRefused) {
  write_npy("x.npy", "(0, 1, 65536, 65536)", {});
  EXPECT_EQ(refusal(), "x.npy: has shape (0, 1, 65536, 65536); fewer than 2^31 channels are allowed");
}

TEST_F(DenseInputs, ValuesThatAreNoCountsAreRefused) {
  const std::string allowed =
      "; counts are whole numbers from 0 to 65535, other values need dataset.encoding = \"delta\"";
  for (const auto& [value, text] : {std::pair(0.5, "0.5"), {-1.0, "-1"}, {65536.0, "65536"}}) {
    write_npy("x.npy", "(1, 2, 2)", {0, 0, 0, value});
    EXPECT_EQ(refusal(), std::string("x.npy: element 3 is ") + text + allowed);
  }
  write_npy("x.npy", "(1, 2, 2)", {0, 0, std::nan(""), 0});
  EXPECT_EQ(refusal(), "x.npy: element [0, 1, 0] is nan; inputs must be finite");
}

TEST_F(DenseInputs, AJumpOfTooManyThresholdsIsRefused) {
  write_npy("x.npy", "(1, 2, 1)", {0, 1e6});
  use_delta(0.5);
  EXPECT_EQ(refusal(),
            "x.npy: element 1 moves by 2e+06 thresholds at once; up to 65535 are allowed, so raise "
            "dataset.threshold");
  write_npy("x.npy", "(1, 2, 1)", {-1e308, 1e308});  // the difference is no double
  EXPECT_EQ(refusal(),
            "x.npy: element 1 moves by inf thresholds at once; up to 65535 are allowed, so raise dataset.threshold");
}

TEST_F(DenseInputs, LabelsThatAreNoneAreRefused) {
  write_npy("x.npy", "(3, 1, 1)", {1, 1, 1});
  source_.dense.labels = "y.npy";
  write_npy("y.npy", "(2,)", {0, 1});
  EXPECT_EQ(refusal(), "y.npy: has shape (2); one label for each of 3 samples is expected");
  write_npy("y.npy", "(3, 1)", {0, 1, 2});
  EXPECT_EQ(refusal(), "y.npy: has shape (3, 1); one label for each of 3 samples is expected");
  for (const auto& [label, text] : {std::pair(0.5, "0.5"), {-1.0, "-1"}, {65536.0, "65536"}, {std::nan(""), "nan"}}) {
    write_npy("y.npy", "(3,)", {0, label, 1});
    EXPECT_EQ(refusal(), std::string("y.npy: entry 1 is ") + text + "; labels are whole numbers from 0 to 65535");
  }
}

TEST_F(DenseInputs, FilesThatAreMissingOrNoArraysAreRefused) {
  EXPECT_EQ(refusal(), "x.npy: no such file");
  std::ofstream("x.npy") << "1, 2, 3\n";
  EXPECT_EQ(refusal(), "x.npy: not a .npy file (it does not begin with \\x93NUMPY)");
  source_.dense.inputs = "x.mat";
  std::ofstream("x.mat") << "?";
  EXPECT_EQ(refusal(), "x.mat: no kind of array file; NAME.npy, NAME.csv and NAME.h5:/DATASET are read");
}

TEST_F(DenseInputs, TrainingNeedsLabels) {
  write_npy("x.npy", "(3, 1, 1)", {1, 1, 1});
  EXPECT_EQ(message_of([&] { open_training_splits(source_); }),
            "dataset.inputs = \"x.npy\" has no labels, and a readout learns them; name them: labels = \"labels.npy\"");
}

}  // namespace
}  // namespace crosspike
