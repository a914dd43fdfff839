// SPDX-License-Identifier: Apache-2.0
// The samples that training keeps whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/results.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/examples.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <numeric>

#include "lsm_fixture.hpp"
#include "own_data.hpp"

namespace crosspike {
namespace {

class LsmExamples : public test::Bars {
 protected:
  std::filesystem::path trained(const std::string& name, int threads, std::vector<std::string> overrides = {}) const {
    overrides.push_back("controls=false");
    ExperimentOptions options;
    options.threads = threads;
    options.out = file(name);
    train_lsm(config(overrides), test::library(), options);
    return *options.out;
  }
};

TEST_F(LsmExamples, AreTheFirstValidationSamplesWithImageLabelAndRecords) {
  const ResultsReader results(trained("a.h5", 1));
  // 120 training samples, of which the last 30 are validation.
  ASSERT_EQ(results.samples(), (std::vector<std::uint64_t>{90, 91, 92}));
  const auto source = settings().dataset;
  const TrainingSplits splits = open_training_splits(source);
  for (std::uint64_t number = 90; number < 93; ++number) {
    const SampleFacts facts = results.sample(number);
    EXPECT_EQ(facts.label, static_cast<std::int64_t>(number % 3));  // as the bars are made
    EXPECT_EQ(facts.input_shape, (std::vector<std::uint64_t>{2, 12, 12}));
    const ImageView image = splits.validation->image(static_cast<std::int64_t>(number) - 90);
    ASSERT_TRUE(facts.image);
    EXPECT_EQ(facts.image->height, 8U);
    EXPECT_EQ(facts.image->pixels, std::vector<std::uint8_t>(image.pixels.begin(), image.pixels.end()));
    EXPECT_EQ(results.spikes({"liquid", number}).elements, 60U);
    const ValuesTable membranes = results.values({"membrane", number});
    EXPECT_EQ(membranes.rows, 12U);
    EXPECT_EQ(membranes.info.indices, (std::vector<std::uint64_t>{0, 12, 24, 36, 48}));
  }
}

class LsmExamplesOfEvents : public test::OwnFolder {
 protected:
  // Numbers of the samples kept of a file whose last 12 of 48 samples are validation, with these labels.
  static std::vector<std::uint64_t> kept(const std::vector<std::int64_t>& labels) {
    test::EventColumns columns = test::easy_events(48, 2);
    for (int sample = 0; sample < 36; ++sample) columns.labels[static_cast<std::size_t>(sample)] = sample % 4;
    std::copy(labels.begin(), labels.end(), columns.labels.end() - 12);
    test::write_events("events.h5", columns);
    const Value config = parse_config(
        "format = 1\nmodel = \"lsm\"\nseed = 1\ncontrols = false\n[dataset]\nkind = \"events\"\nfile = \"events.h5\"\n"
        "shuffle = false\nvalidation_share = 0.25\ntest_share = 0\n[input]\ntick = \"1 ms\"\nticks = 20\n"
        "[liquid]\nneurons = 20\n[features]\nbins = 1\n",
        "lsm.toml");
    ExperimentOptions options;
    options.out = "kept.h5";
    options.existing = Existing::replace;
    options.test = false;
    train_lsm(config, test::library(), options);
    return ResultsReader("kept.h5").samples();
  }
};

TEST_F(LsmExamplesOfEvents, AreOfDifferentClassesWhereThereAreSome) {
  EXPECT_EQ(kept({1, 1, 1, 1, 3, 1, 3, 0, 2, 1, 1, 1}), (std::vector<std::uint64_t>{36, 40, 43}));
  EXPECT_EQ(kept({1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}), (std::vector<std::uint64_t>{36, 37, 42}));
  EXPECT_EQ(kept({2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}), (std::vector<std::uint64_t>{36, 37, 38}));
}

TEST_F(LsmExamples, TheirInputIsTheEventsOfTheSample) {
  const ResultsReader results(trained("a.h5", 1, {"input.max_per_tick=1000"}));  // so that nothing is clipped
  const TrainingSplits splits = open_training_splits(settings().dataset);
  EventScratch scratch;
  std::vector<Event> events;
  splits.validation->events(1, scratch, events);
  const SpikeTrain input = results.spikes({"input", 91});
  EXPECT_EQ(input.elements, 288U);
  std::size_t within = 0;  // the ticks of the config
  for (const Event& event : events) within += event.time_us < 12 * 5000;
  const std::int64_t counted = input.counts.empty()
                                   ? static_cast<std::int64_t>(input.node_ids.size())
                                   : std::accumulate(input.counts.begin(), input.counts.end(), std::int64_t{0});
  EXPECT_EQ(counted, static_cast<std::int64_t>(within));
}

TEST_F(LsmExamples, TheLiquidsSpikesAreThoseThatItsFeaturesCount) {
  const ResultsReader results(trained("a.h5", 2));
  const LsmSettings liquid = settings();
  const TrainingSplits splits = open_training_splits(liquid.dataset);
  const auto program = build_liquid(liquid.liquid, test::library(), 1, 0);
  const FeatureRows rows = collect_liquid(program, liquid, *splits.validation, 1, {}, "");
  for (std::size_t sample = 0; sample < 3; ++sample) {
    const SpikeTrain train = results.spikes({"liquid", 90 + sample});
    std::vector<std::uint16_t> counts(180, 0);  // 3 bins of 4 ticks of 5 ms, 60 neurons
    for (std::size_t i = 0; i < train.node_ids.size(); ++i) {
      const auto tick = static_cast<std::size_t>(std::lround(train.timestamps_ms[i] / 5)) - 1;
      ++counts[tick / 4 * 60 + train.node_ids[i]];
    }
    EXPECT_FALSE(train.node_ids.empty());
    EXPECT_TRUE(
        std::equal(counts.begin(), counts.end(), rows.counts.begin() + static_cast<std::ptrdiff_t>(sample * 180)));
  }
}

}  // namespace
}  // namespace crosspike
