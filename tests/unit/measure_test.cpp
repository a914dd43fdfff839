// SPDX-License-Identifier: Apache-2.0
// Measures of a liquid, against states and delay lines of which they are known.
#include <gtest/gtest.h>

#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/measure.hpp>

#include "lsm_fixture.hpp"

namespace crosspike::test {
namespace {

FeatureSet reals(const std::vector<float>& rows, std::size_t features, const std::vector<int>& labels) {
  FeatureSet set;
  set.name = "states";
  set.features = features;
  set.classes = 1;
  set.kind = FeatureKind::reals;
  set.blocks.push_back({labels.size(), {}, rows, labels});
  return set;
}

TEST(Measure, TheRankOfStatesIsThatOfTheirMatrix) {
  const std::vector<int> labels(4, 0);
  const std::vector<float> rows = {1, 2, 3, 2, 4, 6, 0, 1, 1, 1, 3, 4};  // twice the first; the first and the third
  EXPECT_EQ(rank_of(reals(rows, 3, labels)), 2U);
  const std::vector<float> none(12, 0.F);
  EXPECT_EQ(rank_of(reals(none, 3, labels)), 0U);
  const std::vector<float> all = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  EXPECT_EQ(rank_of(reals(all, 3, labels)), 3U);
}

// Relays, a sixth of them for each delay of 0 to 5 steps of 10 ms: a spike of an input channel is one of theirs.
std::string relays(int steps) {
  std::string delays, sources, targets, weights;
  constexpr int channels = 40;
  for (int d = 0; d < steps; ++d)
    for (int c = 0; c < channels; ++c) {
      const char* comma = d + c == 0 ? "" : ", ";
      sources += comma + std::to_string(c);
      targets += comma + std::to_string(d * channels + c);
      weights += comma + std::string("1");
      delays += comma + std::to_string(10 * d);
    }
  return R"(format = 1
model = "lsm"
[dataset]
kind = "pattern_pairs"
patterns = 2
gaps = [20, 40]
train = 400
validation = 100
test = 10
rate = "400 Hz"
[input]
tick = "1 ms"
[liquid]
neurons = )" +
         std::to_string(steps * channels) + R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 0.5, decay = 0, refractory = 0 }
inputs = { connect = { rule = "edges", sources = [)" +
         sources + "], targets = [" + targets + "], weights = [" + weights + "], delays = [" + delays + R"(] } }
recurrent = { connect = { rule = "pairwise_bernoulli", probability = 0 }, weight = 0 }
)";
}

TEST(Measure, ADelayLineRemembersAsManyStepsAsItHas) {
  const LsmSettings settings = read_lsm(parse_config(relays(6), "relays.toml"), library());
  const TrainingSplits splits = open_training_splits(settings.dataset);
  const LiquidMeasures measures = measure_liquid(settings, library(), *splits.train, 2, 0, {});
  const std::vector<double>& found = measures.memory.found;
  ASSERT_EQ(found.size(), 51U);
  EXPECT_EQ(measures.memory.step_ms, 10);
  for (std::size_t lag = 0; lag <= 5; ++lag) EXPECT_GT(found[lag], 0.98) << lag;
  for (std::size_t lag = 6; lag <= 50; ++lag) EXPECT_LT(found[lag], 0.02) << lag;  // 20 / tested steps
  EXPECT_NEAR(measures.memory.steps(), 5, 0.2);
  const LiquidMeasures alone = measure_liquid(settings, library(), *splits.train, 1, 0, {});
  EXPECT_EQ(alone.memory.found, found);
  EXPECT_EQ(alone.separation.value(), measures.separation.value());
}

TEST_F(Bars, ASilentLiquidHasNoRankNoSeparationAndNoMemory) {
  const LsmSettings silent = settings({"liquid.neuron.threshold=1e6"});
  const TrainingSplits splits = open_training_splits(silent.dataset);
  const LiquidMeasures measures = measure_liquid(silent, library(), *splits.train, 2, 0, {});
  EXPECT_EQ(measures.samples, 90);
  EXPECT_EQ(measures.features, 180U);
  EXPECT_EQ(measures.kernel_rank, 0U);
  EXPECT_EQ(measures.general_rank, 0U);
  EXPECT_EQ(measures.separation.classes, 3);
  EXPECT_EQ(measures.separation.value(), 0);
  EXPECT_EQ(measures.memory.steps(), 0);
}

TEST_F(Bars, ARankIsAtMostTheNumberOfSamplesAndThatOfFeatures) {
  const LsmSettings wide = settings(), narrow = settings({"liquid.neurons=20", "features.bins=1"});
  const TrainingSplits splits = open_training_splits(wide.dataset);
  const LiquidMeasures many = measure_liquid(wide, library(), *splits.train, 2, 0, {}),
                       few = measure_liquid(narrow, library(), *splits.train, 2, 0, {});
  EXPECT_EQ(many.features, 180U);
  EXPECT_EQ(many.kernel_rank, 90U);
  EXPECT_EQ(few.features, 20U);
  EXPECT_LE(few.kernel_rank, 20U);
  EXPECT_LE(few.general_rank, 20U);
  EXPECT_GT(few.general_rank, 1U);  // equal copies would have rank 1
}

// Two classes of two states on a plane, one of three states on a line beside them.
TEST(Measure, SeparationIsTheDistanceOfCentresOverThatToThem) {
  const std::vector<float> two = {0, 0, 0, 3, 2, 0, 2, 3};  // centres (1, 0) and (1, 3), each state 1 from its own
  const Separation pair = separation_of(reals(two, 2, {0, 1, 0, 1}));
  EXPECT_EQ(pair.classes, 2);
  EXPECT_DOUBLE_EQ(pair.within, 1);
  EXPECT_DOUBLE_EQ(pair.between, 1.5);  // (0 + 3 + 3 + 0) / 4
  EXPECT_DOUBLE_EQ(pair.value(), 0.75);
  // Centres 0, 4 and 10; mean distances 2, 0 and 4 / 3: a class counts once, however many states it has.
  const std::vector<float> three = {-2, 4, 8, 2, 10, 12};
  const Separation triple = separation_of(reals(three, 1, {0, 7, 9, 0, 9, 9}));
  EXPECT_EQ(triple.classes, 3);
  EXPECT_DOUBLE_EQ(triple.within, (2.0 + 0 + 4.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(triple.between, 2 * (4.0 + 10 + 6) / 9);
}

}  // namespace
}  // namespace crosspike::test
