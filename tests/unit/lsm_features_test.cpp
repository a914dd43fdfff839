// SPDX-License-Identifier: Apache-2.0
// Features of a liquid, against a recount from its spikes and against formulas.
#include <algorithm>
#include <cmath>
#include <crosspike/datasets/events.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/network_builders.hpp>

namespace crosspike {
namespace {

using namespace test;

// What a liquid does with one sample, seen through a State of its own.
struct Simulated {
  std::vector<std::pair<int, std::uint32_t>> spikes;  // (tick, neuron)
  std::vector<double> membranes;                      // at the end
};

Simulated simulate(const LsmSettings& s, const Dataset& dataset, std::int64_t sample) {
  const auto program = build_liquid(s.liquid, library(), 1, 0);
  const NodeId input = program->network().require("input"), liquid = program->network().require("liquid");
  EventScratch scratch;
  std::vector<Event> events;
  dataset.events(sample, scratch, events);
  BinnedSpikes binned;
  EventBinner(s.sensor, s.binning).bin(events, binned);
  State state(program);
  Team team(1);
  state.reset(0, static_cast<std::uint64_t>(dataset.number(sample)));
  SpikeBuffer& buffer = state.input_spikes(input);
  buffer.begin(state.tick(), 1);
  for (std::size_t tick = 0; tick + 1 < binned.first.size(); ++tick) {
    for (auto k = static_cast<std::size_t>(binned.first[tick]); k < static_cast<std::size_t>(binned.first[tick + 1]);
         ++k)
      buffer.append(static_cast<std::uint32_t>(binned.index[k]), binned.count[k]);
    buffer.end_row();
  }
  Simulated run;
  state.advance(s.binning.ticks, team, [&](const SliceView& slice) {
    const Spikes view = slice.wires.spikes.at({liquid, 0}).view();
    for (std::int64_t tick = view.first_tick; tick < view.first_tick + view.ticks; ++tick)
      for (const std::uint32_t neuron : view.at(tick))
        run.spikes.emplace_back(static_cast<int>(tick - slice.lanes[0].origin), neuron);
  });
  run.membranes = state.read(liquid, *program->network().node(liquid).kind->find_state("membrane"));
  return run;
}

FeatureRows collect(const LsmSettings& s, const Dataset& dataset, int threads = 1) {
  return collect_liquid(build_liquid(s.liquid, library(), threads, 0), s, dataset, threads, {}, "");
}

using LsmFeatures = Bars;

TEST_F(LsmFeatures, CountsAreARecountOfTheSpikesInEqualBins) {
  const LsmSettings s = settings({"features.bins=5"});  // 12 ticks: bins of 3, 2, 3, 2, 2
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows rows = collect(s, *splits.validation);
  ASSERT_EQ(rows.features, 300u);
  std::size_t total = 0;
  for (const std::size_t sample : {0u, 7u, 29u}) {
    const Simulated run = simulate(s, *splits.validation, static_cast<std::int64_t>(sample));
    total += run.spikes.size();
    std::vector<std::uint16_t> expected(300, 0);
    constexpr int first_of_bin[] = {0, 3, 5, 8, 10, 12};
    for (const auto& [tick, neuron] : run.spikes)
      for (std::size_t bin = 0; bin < 5; ++bin)
        if (tick >= first_of_bin[bin] && tick < first_of_bin[bin + 1]) ++expected[bin * 60 + neuron];
    EXPECT_EQ(std::vector(rows.counts.begin() + static_cast<std::ptrdiff_t>(sample * 300),
                          rows.counts.begin() + static_cast<std::ptrdiff_t>((sample + 1) * 300)),
              expected);
  }
  EXPECT_GT(total, 100u);  // the liquid does fire
}

TEST_F(LsmFeatures, LabelsAndOrderAreThoseOfTheFile) {
  const LsmSettings s = settings();
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows rows = collect(s, *splits.train, 3);
  ASSERT_EQ(rows.labels.size(), 90u);
  for (std::size_t sample = 0; sample < 90; ++sample) EXPECT_EQ(rows.labels[sample], static_cast<int>(sample % 3));
}

TEST_F(LsmFeatures, ATraceDecaysFromEachSpikeToTheEnd) {
  const LsmSettings s = settings({"features.trace=\"30 ms\""});
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows rows = collect(s, *splits.validation);
  ASSERT_EQ(rows.features, 60u * 4);
  ASSERT_EQ(rows.kind, FeatureKind::reals);
  const Simulated run = simulate(s, *splits.validation, 4);
  std::vector<double> trace(60, 0);  // tau dz/dt = -z, one unit a spike, in steps
  for (int tick = 0; tick < 12; ++tick) {
    for (double& z : trace) z *= std::exp(-5.0 / 30);
    for (const auto& [at, neuron] : run.spikes)
      if (at == tick) trace[neuron] += 1;
  }
  for (std::size_t i = 0; i < 60; ++i) EXPECT_NEAR(rows.reals[4 * 240 + 180 + i], trace[i], 1e-5);
  EXPECT_GT(*std::max_element(trace.begin(), trace.end()), 0.1);
}

TEST_F(LsmFeatures, MembranesAreTheStateAtTheEnd) {
  const LsmSettings s = settings({"features.membranes=true", "features.bins=1"});
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows rows = collect(s, *splits.validation);
  ASSERT_EQ(rows.features, 120u);
  const Simulated run = simulate(s, *splits.validation, 11);
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(rows.reals[11 * 120 + 60 + i], static_cast<float>(run.membranes[i]));
}

TEST_F(LsmFeatures, SquareRootsAreTakenOfCountsAlone) {
  const LsmSettings plain = settings(),
                    rooted = settings({"features.transform=\"square_root\"", "features.membranes=true"});
  const TrainingSplits splits = open_training_splits(plain.dataset);
  const FeatureRows counts = collect(plain, *splits.validation), roots = collect(rooted, *splits.validation);
  ASSERT_EQ(counts.features, 180u);
  ASSERT_EQ(roots.features, 240u);
  for (std::size_t sample = 0; sample < 30; ++sample)
    for (std::size_t i = 0; i < 180; ++i)
      EXPECT_EQ(roots.reals[sample * 240 + i], std::sqrt(static_cast<float>(counts.counts[sample * 180 + i])));
  EXPECT_EQ(collect(settings({"features.transform=\"square_root\""}), *splits.validation).kind,
            FeatureKind::square_roots);
}

TEST_F(LsmFeatures, InputCountsAddUpToTheBinnedEvents) {
  const LsmSettings s = settings({"features.bins=4", "input.max_per_tick=1000"});
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows rows = collect_input(s, *splits.validation, 2, {}, "");
  ASSERT_EQ(rows.features, 2u * 12 * 12 * 4);
  EventScratch scratch;
  std::vector<Event> events;
  splits.validation->events(3, scratch, events);
  std::vector<std::uint16_t> expected(rows.features, 0);
  for (const Event& e : events)
    if (e.time_us < 60'000)
      ++expected[static_cast<std::size_t>(((e.time_us / 15'000 * 2 + e.on) * 12 + e.y) * 12 + e.x)];
  EXPECT_EQ(std::vector(rows.counts.begin() + static_cast<std::ptrdiff_t>(3 * rows.features),
                        rows.counts.begin() + static_cast<std::ptrdiff_t>(4 * rows.features)),
            expected);
}

TEST_F(LsmFeatures, StaticOnesAreRectifiedProductsOfTheInputWeights) {
  const LsmSettings s = settings({"features.bins=1"});
  const TrainingSplits splits = open_training_splits(s.dataset);
  const auto network = s.liquid.network;
  const FeatureRows input = collect_input(s, *splits.validation, 1, {}, "");
  const FeatureRows rows = collect_static(*network, s, *splits.validation, 1, {}, "");
  std::vector<double> expected(60, 0);
  for (const Synapse& synapse : all_synapses(*network, "liquid.inputs"))
    expected[synapse.target] += synapse.weight * input.counts[5 * input.features + synapse.source];
  for (std::size_t i = 0; i < 60; ++i) EXPECT_NEAR(rows.reals[5 * 60 + i], std::max(0.0, expected[i]), 1e-4);
}

TEST_F(LsmFeatures, DoNotDependOnThreads) {
  const LsmSettings s = settings({"features.membranes=true"});
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows one = collect(s, *splits.train, 1), three = collect(s, *splits.train, 3);
  EXPECT_EQ(three.reals, one.reals);
  EXPECT_EQ(three.labels, one.labels);
}

// The samples of another one over and over.
struct Repeated final : Dataset {
  const Dataset& once;
  std::int64_t times;
  Repeated(const Dataset& dataset, std::int64_t n) : once(dataset), times(n) {}
  std::int64_t size() const override { return once.size() * times; }
  int classes() const override { return once.classes(); }
  SensorShape shape() const override { return once.shape(); }
  int label(std::int64_t sample) const override { return once.label(sample % once.size()); }
  std::int64_t number(std::int64_t sample) const override { return once.number(sample % once.size()); }
  void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const override {
    once.events(sample % once.size(), scratch, out);
  }
};

TEST_F(LsmFeatures, KeepTheirOrderOverManyBlocksOfSamples) {
  const LsmSettings s = settings();
  const TrainingSplits splits = open_training_splits(s.dataset);
  const FeatureRows once = collect(s, *splits.train), many = collect(s, Repeated(*splits.train, 13), 3);
  ASSERT_EQ(many.labels.size(), 90u * 13);  // more than two blocks of 512
  ASSERT_EQ(many.counts.size(), once.counts.size() * 13);
  for (std::size_t i = 0; i < many.counts.size(); ++i)
    ASSERT_EQ(many.counts[i], once.counts[i % once.counts.size()]) << "sample " << i / once.features;
}

TEST_F(LsmFeatures, WorkIsCountedAndTimedWithAndWithoutConversion) {
  const LsmSettings s = settings();
  const TrainingSplits splits = open_training_splits(s.dataset);
  CollectWork work;
  const FeatureRows rows = collect_liquid(build_liquid(s.liquid, library(), 2, 0), s, *splits.train, 2, {}, "", &work);
  std::uint64_t events = 0, spikes = 0;
  EventScratch scratch;
  std::vector<Event> sample;
  for (std::int64_t i = 0; i < splits.train->size(); ++i) {
    splits.train->events(i, scratch, sample);
    events += sample.size();
  }
  for (const std::uint16_t count : rows.counts) spikes += count;
  EXPECT_EQ(work.samples, 90u);
  EXPECT_EQ(work.input_events, events);
  EXPECT_EQ(work.spikes, spikes);
  EXPECT_GT(work.simulating_seconds, 0);
  EXPECT_LT(work.simulating_seconds, work.seconds);
}

// An ilif of 40,000 counts a tick, whatever comes in: two ticks are more than 16 bits hold.
const std::vector<std::string> loud = {
    "liquid.neuron={ kind = \"ilif\", levels = 40000, threshold = 1e-9, decay = 1, init.membrane = 1000 }",
    "liquid.inputs.weight=0.001",
    "liquid.recurrent={ connect = { rule = \"fixed_indegree\", indegree = 1 }, weight = 1e-5 }", "features.bins=6"};

TEST_F(LsmFeatures, RefuseACountThatDoesNotFit) {
  const LsmSettings s = settings(loud);
  const TrainingSplits splits = open_training_splits(s.dataset);
  EXPECT_EQ(message_of([&] { collect(s, *splits.validation, 3); }),  // all fail: the first is named
            "sample 90: neuron 0 counts 80000 spikes in one time bin, features hold up to 65535; use more "
            "features.bins");
  auto one_a_bin = loud;
  one_a_bin.back() = "features.bins=12";
  const FeatureRows fits = collect(settings(one_a_bin), *splits.validation);
  EXPECT_EQ(fits.counts.front(), 40000);
}

TEST_F(LsmFeatures, RefuseInputCountsThatDoNotFit) {
  const LsmSettings s = settings();
  struct Flood final : Dataset {
    std::int64_t size() const override { return 1; }
    int classes() const override { return 1; }
    SensorShape shape() const override { return {2, 12, 12}; }
    int label(std::int64_t) const override { return 0; }
    std::int64_t number(std::int64_t) const override { return 7; }
    void events(std::int64_t, EventScratch&, std::vector<Event>& out) const override {
      out.assign(65'536, Event{100, 3, 0, false});
    }
  };
  const LsmSettings wide = settings({"input.max_per_tick=100000"});
  EXPECT_EQ(message_of([&] { collect_input(wide, Flood(), 1, {}, ""); }),
            "sample 7: channel 3 counts 65536 spikes in one time bin, features hold up to 65535; use more "
            "features.bins");
  EXPECT_EQ(collect_input(s, Flood(), 1, {}, "").counts[3], 4);  // max_per_tick
}

TEST_F(LsmFeatures, RefuseNegativeCountsBeforeAnySample) {
  EXPECT_EQ(message_of([&] {
              settings({"liquid.neuron={ kind = \"ilif\", lower = -4 }", "liquid.inputs.weight=1",
                        "liquid.recurrent.weight=1"});
            }),
            "--set liquid.neuron.lower lets counts be negative, and features take only counts from 0; "
            "write lower = 0");
}

TEST_F(LsmFeatures, RefuseNegativeCountsThatComeNevertheless) {
  LsmSettings s = settings({"liquid.neuron={ kind = \"ilif\", decay = 1, init.membrane = -1000 }",
                            "liquid.inputs.weight=0.001", "liquid.recurrent.weight=0.001"});
  apply_override(s.network, "populations.liquid.lower=-3");
  s.liquid = build_network(s.network, library());
  const TrainingSplits splits = open_training_splits(s.dataset);
  EXPECT_EQ(message_of([&] { collect(s, *splits.validation); }),
            "sample 90: neuron 0 sends a count of -3, features take only counts from 0; use a neuron without negative "
            "ones");
}

TEST_F(LsmFeatures, NeedAMembraneToShowIt) {
  EXPECT_EQ(message_of([&] {
              settings({"liquid.neuron={ kind = \"threshold\" }", "liquid.inputs.weight=1", "liquid.recurrent.weight=1",
                        "features.membranes=true"});
            }),
            "--set features.membranes needs a liquid with a membrane, kind 'threshold' has none");
}

TEST_F(LsmFeatures, NeedAKindThatFires) {
  EXPECT_EQ(message_of([&] { settings({"liquid.neuron.kind=\"li\""}); }),
            "--set liquid.neuron.kind = \"li\" sends no spikes, from which features are counted; "
            "name a kind that fires, such as lif");
}

}  // namespace
}  // namespace crosspike
