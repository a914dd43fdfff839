// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <crosspike/bench/bench.hpp>
#include <crosspike/bench/lsm_paths.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <numeric>

#include "lsm_fixture.hpp"
#include "message_of.hpp"

namespace crosspike {
namespace {

using test::message_of;

std::uint64_t spike(std::uint64_t tick, std::uint64_t neuron) { return tick << 32 | neuron; }

TEST(BenchLsm, DifferingSpikesArePrintedAndFailTheBench) {
  const LiquidRun events{.counts = {}, .spikes = {{spike(0, 3), spike(2, 1)}, {spike(5, 7)}}, .work = {}};
  const LiquidRun dense{.counts = {}, .spikes = {{spike(0, 3), spike(2, 2)}, {}}, .work = {}};
  EXPECT_NO_THROW(require_equal("dense", events, events));
  EXPECT_EQ(message_of([&] { require_equal("dense", events, dense); }, Fault::check),  // exit code 1
            "dense and event path differ in 3 spikes; sample 0, tick 2, neuron 1: only on the event path; "
            "sample 0, tick 2, neuron 2: only on the dense path; sample 1, tick 5, neuron 7: only on the event path");
}

TEST(BenchLsm, OfManyDifferencesTheFirstFiveArePrinted) {
  LiquidRun events{.counts = {}, .spikes = {{}}, .work = {}};
  for (std::uint64_t tick = 0; tick < 9; ++tick) events.spikes[0].push_back(spike(tick, 0));
  const LiquidRun csr{.counts = {}, .spikes = {{}}, .work = {}};
  const std::string text = message_of([&] { require_equal("csr", events, csr); }, Fault::check);
  EXPECT_EQ(text.rfind("csr and event path differ in 9 spikes; ", 0), 0u);
  EXPECT_EQ(std::count(text.begin(), text.end(), ';'), 5);
}

TEST(BenchLsm, DifferingFeaturesFailTheBench) {
  const LiquidRun events{.counts = {1, 2}, .spikes = {{}}, .work = {}};
  const LiquidRun csr{.counts = {1, 3}, .spikes = {{}}, .work = {}};
  EXPECT_EQ(message_of([&] { require_equal("csr", events, csr); }, Fault::check),
            "csr and event path: equal spikes, other features");
}

TEST(BenchLsm, EveryThreadHasTheSameNumberOfWholeBatches) {
  for (int threads = 1; threads <= 130; ++threads)
    for (const std::size_t asked : {1u, 64u, 65u, 512u, 4096u}) {
      const std::size_t samples = whole_batches(asked, threads), batch = largest_batch(samples, threads);
      const auto each = static_cast<std::size_t>(threads) * batch;
      EXPECT_GE(samples, asked);
      EXPECT_LT(samples, asked + static_cast<std::size_t>(threads) * 64);
      EXPECT_TRUE(batch == 64 || batch == 128 || batch == 256);
      EXPECT_EQ(samples % each, 0u) << threads << " threads, " << samples << " samples";
    }
  EXPECT_EQ(largest_batch(512, 2), 256u);
  EXPECT_EQ(largest_batch(512, 4), 128u);
  EXPECT_EQ(whole_batches(512, 3), 576u);
  EXPECT_EQ(largest_batch(576, 3), 64u);
}

nlohmann::ordered_json run_bench(const std::string& name, const BenchOptions& options) {
  for (const Bench& bench : benches())
    if (bench.name == name) return bench.run(options);
  throw std::runtime_error("there is no bench " + name);
}

class SmallLsmBench : public test::Bars {
 protected:
  static constexpr int neurons = 64, samples = 64;

  nlohmann::ordered_json run(std::vector<std::string> more = {}, std::optional<std::uint64_t> seed = {}) const {
    std::vector<std::string> overrides = {
        "dataset.path=\"" + file("").string() + "\"",
        R"(dataset.train_images="train-images")",
        R"(dataset.train_labels="train-labels")",
        "dataset.validation=30",
        R"(dataset.events={ height = 12, width = 12, excursion = "4 px", segment = "20 ms", step = "5 ms" })",
        "input.ticks=12",
        "liquid.neurons=64",
        "bench.samples=8",
        "bench.growth_samples=8",
        "bench.growth=[32]",
        "bench.repeats=1"};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return run_bench("lsm", {.library = test::library(), .threads = 1, .seed = seed, .overrides = overrides});
  }
};

std::vector<std::string> keys(const nlohmann::ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

TEST_F(SmallLsmBench, HasTheFiguresThatItsPageNames) {
  const auto result = run();
  EXPECT_EQ(
      keys(result["figures"]),
      (std::vector<std::string>{"samples_per_second_event", "samples_per_second_dense", "samples_per_second_csr",
                                "samples_per_second_with_conversion", "event_over_dense", "event_over_csr",
                                "neuron_steps_per_second", "synaptic_events_per_second", "synaptic_events_per_sample",
                                "input_events_per_sample", "spikes_per_neuron_and_tick", "conversion_ms_per_sample"}));
  for (const auto& [name, value] : result["figures"].items()) EXPECT_GT(value.get<double>(), 0) << name;
  EXPECT_EQ(result["seed"], 1);
  EXPECT_EQ(result["sizes"]["neurons"], neurons);
  EXPECT_EQ(result["sizes"]["samples"], samples);  // 8 are less than a batch
  EXPECT_EQ(result["sizes"]["dense_batch"], 64);
  EXPECT_EQ(result["work"]["neuron_steps"], neurons * samples * 12);
  ASSERT_EQ(result["growth"].size(), 1u);
  EXPECT_EQ(result["growth"][0]["neurons"], 32);
  EXPECT_EQ(result["growth"][0]["samples"], samples);
}

TEST_F(SmallLsmBench, TakesItsSeedFromSetUnlessSeedIsGiven) {
  EXPECT_EQ(run({"seed=5"})["seed"], 5);
  EXPECT_EQ(run({"seed=5"}, 7)["seed"], 7);
}

TEST_F(SmallLsmBench, RefusesALimitOfSamplesThatItWouldOverwrite) {
  EXPECT_EQ(message_of([&] { run({"dataset.limit_train=100"}); }),
            "--set dataset.limit_train: the bench takes as many samples as bench.samples says; set that");
}

TEST_F(SmallLsmBench, RefusesMoreSamplesThanTheTrainingSplitHas) {
  EXPECT_EQ(message_of([&] { run({"bench.samples=5000"}); }),
            "5056 samples are asked for, in whole batches of 64 for each thread; the training split has 90; set "
            "bench.samples, bench.growth_samples or --threads lower");
}

// 61 neurons fill no vector, 70 samples leave the second batch nearly empty.
TEST_F(SmallLsmBench, ThreePathsGiveTheSameSpikes) {
  const LsmSettings config = settings({"liquid.neurons=61", "dataset.limit_train=70"});
  const auto data = open_training_splits(config.dataset).train;
  std::vector<BinnedSpikes> input(static_cast<std::size_t>(data->size()));
  EventScratch scratch;
  std::vector<Event> events;
  EventBinner binner(config.sensor, config.binning);
  for (std::size_t sample = 0; sample < input.size(); ++sample) {
    data->events(static_cast<std::int64_t>(sample), scratch, events);
    binner.bin(events, input[sample]);
  }
  const LiquidTask task{build_liquid(config.liquid, test::library(), 1, 0), config.binning.ticks, config.features.bins};
  LiquidRun event, dense, sparse;
  make_event_path(task)->run(input, 2, true, event);
  make_dense_path(task, 64)->run(input, 2, true, dense);
  make_sparse_path(task, 64)->run(input, 2, true, sparse);
  const std::uint64_t spikes = std::accumulate(event.counts.begin(), event.counts.end(), std::uint64_t{0});
  EXPECT_GT(spikes, 1000u);
  EXPECT_EQ(event.spikes, dense.spikes);
  EXPECT_EQ(event.spikes, sparse.spikes);
  EXPECT_EQ(event.counts, dense.counts);
  EXPECT_EQ(event.counts, sparse.counts);
}

nlohmann::ordered_json small_network(int threads, std::vector<std::string> more = {}) {
  std::vector<std::string> overrides = {"bench.neurons=[200, 300]", "bench.repeats=1", "run.time=\"50 ms\""};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return run_bench("network", {.library = test::library(), .threads = threads, .overrides = overrides});
}

TEST(BenchNetwork, ComparesThreadsSlicesAndSingleTicks) {
  const auto result = small_network(2, {"seed=5"});
  EXPECT_EQ(
      keys(result["figures"]),
      (std::vector<std::string>{"simulated_seconds_per_second_200", "threads_over_one_200", "slice_1_over_whole_200",
                                "advance_1_over_whole_200", "simulated_seconds_per_second_300", "threads_over_one_300",
                                "slice_1_over_whole_300", "advance_1_over_whole_300"}));
  for (const auto& [name, value] : result["figures"].items()) EXPECT_GT(value.get<double>(), 0) << name;
  EXPECT_EQ(result["seed"], 5);
  ASSERT_EQ(result["networks"].size(), 2u);
  const auto& network = result["networks"][1];
  EXPECT_EQ(network["neurons"], 300);
  EXPECT_EQ(network["synapses"], 300 + 300 * 30);  // one of noise, a tenth of the network
  EXPECT_GT(network["spikes"], 0);
  EXPECT_GT(network["synaptic_events"], network["spikes"]);
  ASSERT_EQ(network["cases"].size(), 6u);
  EXPECT_EQ(network["cases"][0]["slice_ticks"], 500);
  EXPECT_EQ(network["cases"][5]["slice_ticks"], 1);
}

TEST(BenchNetwork, OneThreadIsNotComparedWithItself) {
  const auto result = small_network(1);
  EXPECT_EQ(result["networks"][0]["cases"].size(), 3u);
  EXPECT_FALSE(result["figures"].contains("threads_over_one_200"));
}

TEST(BenchNetwork, RefusesSizesWithoutInputs) {
  EXPECT_EQ(message_of([&] { small_network(1, {"bench.neurons=[5]"}); }),
            "--set bench.neurons[0] is 5; allowed is 100 to 1000000");
}

TEST(BenchReadout, FitsEveryKindOnTheSameCounts) {
  const auto result = run_bench("readout", {.library = test::library(),
                                            .threads = 2,
                                            .overrides = {"bench.samples=500", "bench.features=20", "bench.classes=3",
                                                          "bench.repeats=1", "seed=4"}});
  EXPECT_EQ(keys(result["figures"]), (std::vector<std::string>{"ridge_s", "logistic_s", "rls_s"}));
  EXPECT_EQ(result["seed"], 4);
  ASSERT_EQ(result["readouts"].size(), 3u);
  for (const auto& readout : result["readouts"]) EXPECT_GT(readout["validation_accuracy"], 0.6);  // chance is a third
}

TEST(BenchReadout, RefusesSizesOutOfRange) {
  EXPECT_EQ(message_of([&] { run_bench("readout", {.library = test::library(), .overrides = {"bench.classes=1"}}); }),
            "--set bench.classes is 1; allowed is 2 to 100");
  EXPECT_EQ(
      message_of([&] { run_bench("readout", {.library = test::library(), .overrides = {"bench.sample=1"}}); }),
      "--set bench.sample: bench has no key 'sample'; did you mean 'samples'? It knows: samples, features, classes, "
      "repeats");
}

}  // namespace
}  // namespace crosspike
