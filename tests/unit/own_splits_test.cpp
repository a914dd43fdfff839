// SPDX-License-Identifier: Apache-2.0
// How the samples of one's own file become train, validation and test.
#include <algorithm>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/own_data.hpp>
#include <numeric>
#include <set>

namespace crosspike {
namespace {

using namespace test;
using Numbers = std::vector<std::int64_t>;

Numbers numbers_of(const Dataset& dataset) {
  Numbers numbers;
  for (std::int64_t i = 0; i < dataset.size(); ++i) numbers.push_back(dataset.number(i));
  return numbers;
}

struct Split {
  Numbers train, validation, test;
  Numbers all() const {
    Numbers numbers = train;
    numbers.insert(numbers.end(), validation.begin(), validation.end());
    numbers.insert(numbers.end(), test.begin(), test.end());
    return numbers;
  }
};

class OwnSplitsOf : public OwnFolder {
 protected:
  OwnSplitsOf() {
    source_.kind = DatasetSource::Kind::events;
    source_.file = "a.h5";
  }
  void samples(int count, int classes = 2) { write_events("a.h5", easy_events(count, classes, 1)); }
  Split split() const {
    TrainingSplits splits = open_training_splits(source_);
    Split s{numbers_of(*splits.train), numbers_of(*splits.validation), {}};
    s.test = numbers_of(*open_test_split(source_, std::move(splits.seal)));
    return s;
  }
  std::string refusal() const {
    return message_of([&] {
      TrainingSplits splits = open_training_splits(source_);
      open_test_split(source_, std::move(splits.seal));
    });
  }
  DatasetSource source_;
};

Numbers counted(std::int64_t n) {
  Numbers numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_F(OwnSplitsOf, EverySampleIsInExactlyOneSplit) {
  for (const int count : {3, 10, 101}) {
    samples(count);
    Numbers all = split().all();
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, counted(count));
  }
}

TEST_F(OwnSplitsOf, SharesAreRoundedToSamplesAndTrainTakesTheRest) {
  samples(101);
  source_.splits.validation_share = 0.25;  // 25.25
  source_.splits.test_share = 0.1;         // 10.1
  const Split s = split();
  EXPECT_EQ(s.validation.size(), 25u);
  EXPECT_EQ(s.test.size(), 10u);
  EXPECT_EQ(s.train.size(), 66u);
}

TEST_F(OwnSplitsOf, WithoutShufflingTheyLieAsInTheFile) {
  samples(10);
  source_.splits.shuffle = false;
  const Split s = split();
  EXPECT_EQ(s.train, (Numbers{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(s.validation, (Numbers{6, 7}));
  EXPECT_EQ(s.test, (Numbers{8, 9}));
}

TEST_F(OwnSplitsOf, TheOrderFollowsItsSeedAlone) {
  samples(50);
  const Numbers first = split().all();
  EXPECT_NE(first, counted(50));
  EXPECT_EQ(split().all(), first);
  write_events("a.h5", easy_events(50, 5, 3));  // other events and labels
  EXPECT_EQ(split().all(), first);
  source_.splits.validation_share = 0.4;  // the order stays, the cuts move
  EXPECT_EQ(split().all(), first);
  source_.splits.order_seed = 2;
  EXPECT_NE(split().all(), first);
}

// Each sample is the first with probability 1 / 8: chi-square over 1,000 seeds, 7 degrees of freedom, false alarm 1e-6.
TEST_F(OwnSplitsOf, AnySampleMayComeAnywhere) {
  samples(8);
  constexpr int seeds = 1000;
  std::vector<double> first(8), last(8);
  for (int seed = 0; seed < seeds; ++seed) {
    source_.splits.order_seed = static_cast<std::uint64_t>(seed);
    const TrainingSplits splits = open_training_splits(source_);
    ++first[static_cast<std::size_t>(splits.train->number(0))];
    ++last[static_cast<std::size_t>(splits.validation->number(splits.validation->size() - 1))];
  }
  for (const auto& counts : {first, last}) {
    double statistic = 0;
    for (const double n : counts) statistic += (n - seeds / 8.0) * (n - seeds / 8.0) / (seeds / 8.0);
    EXPECT_LT(statistic, 40.52);
  }
}

TEST_F(OwnSplitsOf, LimitsKeepTheFirstOfTheirSplit) {
  samples(20);
  const Split whole = split();
  source_.limit_train = 3;
  source_.limit_test = 2;
  const Split few = split();
  EXPECT_EQ(few.train, Numbers(whole.train.begin(), whole.train.begin() + 3));
  EXPECT_EQ(few.validation, whole.validation);
  EXPECT_EQ(few.test, Numbers(whole.test.begin(), whole.test.begin() + 2));
}

TEST_F(OwnSplitsOf, ATestFileOfItsOwnLeavesAllToTrainingAndValidation) {
  samples(10);
  write_events("b.h5", easy_events(4, 2, 1));
  source_.test_file = "b.h5";
  source_.splits.test_share = 0.9;  // of no meaning now
  const Split s = split();
  EXPECT_EQ(s.train.size(), 8u);
  EXPECT_EQ(s.validation.size(), 2u);
  EXPECT_EQ(s.test, (Numbers{0, 1, 2, 3}));
}

TEST_F(OwnSplitsOf, SharesThatLeaveNothingAreRefused) {
  samples(4);
  source_.splits.validation_share = 0.1;
  EXPECT_EQ(refusal(),
            "dataset.validation_share = 0.1 and test_share = 0.2 of 4 samples leave 3 to train on and 0 to "
            "validate on; both need one or more");
  source_.splits = {.validation_share = 0.6, .test_share = 0.6};
  EXPECT_EQ(refusal(),
            "dataset.validation_share = 0.6 and test_share = 0.6 of 4 samples leave 0 to train on and 2 to "
            "validate on; both need one or more");
  source_.splits = {.validation_share = 0.25, .test_share = 0};
  EXPECT_EQ(refusal(),
            "dataset.test_share = 0 leaves no sample to test on; raise it, or name a file of test samples "
            "with test_file");
}

TEST_F(OwnSplitsOf, LimitsBeyondTheSplitAreRefused) {
  samples(10);
  source_.limit_train = 7;
  EXPECT_EQ(refusal(), "dataset.limit_train = 7 is out of range; 1 to 6 is allowed");
  source_.limit_train.reset();
  source_.limit_test = 3;
  EXPECT_EQ(refusal(), "dataset.limit_test = 3 is out of range; 1 to 2 is allowed");
}

TEST_F(OwnSplitsOf, TrainingNeedsLabelsAndTheTestFileThoseOfTraining) {
  EventColumns columns = easy_events(10, 2, 1);
  columns.labels = {};
  write_events("a.h5", columns);
  EXPECT_EQ(refusal(),
            "dataset.file = \"a.h5\" has no labels, and a readout learns them; write `labels`, a whole "
            "number for each sample, into it");
  EXPECT_EQ(open_all_samples(source_)->size(), 10);  // a simulation needs none
  samples(10);
  source_.test_file = "b.h5";
  write_events("b.h5", columns);
  EXPECT_EQ(refusal(), "b.h5: has no labels to test against");
  write_events("b.h5", easy_events(9, 3, 1));
  EXPECT_EQ(refusal(), "b.h5: labels go up to 2, those of training up to 1; the two do not belong together");
}

}  // namespace
}  // namespace crosspike
