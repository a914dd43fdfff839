// SPDX-License-Identifier: Apache-2.0
// Out and back: the same spikes from an exported network, the same content from an imported graph, and a trained liquid
// whose graph gives the scores of its readout.
#include <algorithm>
#include <cmath>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <crosspike/models/network/feed.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/nir_fixture.hpp>

namespace crosspike {
namespace {

using namespace test;

// Spikes of 20 channels, about one in five ticks each, from a fixed sequence.
std::vector<Fired> noise(std::int64_t ticks) {
  std::mt19937 random(7);
  std::vector<Fired> events;
  for (std::int64_t tick = 0; tick < ticks; ++tick)
    for (std::uint32_t channel = 0; channel < 20; ++channel)
      if (random() % 5 == 0) events.push_back({tick, channel});
  return events;
}

class NirRoundTrip : public NirFolder {
 protected:
  static void expect_same_spikes(const std::string& neuron, const ExportSettings& settings = {},
                                 const std::string& run = {}, int indegree = 6) {
    const NetworkModel model = model_of(R"(format = 1
model = "network"
run = { dt = "0.5 ms")" + run + R"( }
[populations]
input = { kind = "input", size = 20 }
a = { )" + neuron + R"(, size = 30 }
b = { )" + neuron + R"(, size = 10 }
[projections]
in = { from = "input", to = "a", connect = { rule = "fixed_indegree", indegree = )" +
                                        std::to_string(indegree) + R"( }, weight = { uniform = [0, 2] }, delay = 0 }
loop = { from = "a", to = "a", connect = { rule = "fixed_indegree", indegree = 4 }, weight = { normal = [0, 1] } }
far = { from = "a", to = "b", connect = { rule = "fixed_indegree", indegree = 8 }, weight = { normal = [1, 1] }, delay = { uniform = ["0.5 ms", "2 ms"] } }
back = { from = "b", to = "a", connect = { rule = "fixed_indegree", indegree = 3 }, weight = { normal = [0, 1] }, delay = "1.5 ms" }
)");
    ExportSettings with = settings;
    with.own["output"] = "b";
    const nir::Exported out = exported(*model.network, with);
    require_expressible("nir", out.nodes);
    const NetworkModel again = imported_model(out.graph);
    const std::vector<Fired> inputs = noise(400);
    for (const char* population : {"a", "b"}) {
      const std::vector<Fired> spikes = spikes_of(model, population, 400, inputs);
      EXPECT_GT(spikes.size(), 100u) << population;
      EXPECT_EQ(spikes_of(again, population, 400, inputs), spikes) << population;
    }
  }
};

TEST_F(NirRoundTrip, ALifOfNirGivesTheSameSpikes) {
  expect_same_spikes(R"(kind = "lif", convention = "nir", tau_mem = "5 ms", gain = 8)");
}
TEST_F(NirRoundTrip, ALifWithFieldsThatNirLacksGivesTheSameSpikes) {
  expect_same_spikes(R"(kind = "lif", convention = "snntorch", decay = 0.9, inclusive = true, lower = -1)");
}
TEST_F(NirRoundTrip, ARefractoryPeriodComesBackFromALossyFile) {
  ExportSettings lossy;
  lossy.lossy = true;
  expect_same_spikes(R"(kind = "lif", convention = "nir", gain = 8, tau_mem = "5 ms", refractory = "1 ms")", lossy);
}
// Of 400 synapses from 20 channels many lead from one to the same neuron, and their sums need more bits than they do.
TEST_F(NirRoundTrip, SumsOfWeightsOfSixteenBitsAreNotRoundedOnceMore) {
  expect_same_spikes(R"(kind = "lif", convention = "nir", gain = 8, tau_mem = "5 ms", threshold = 30)", {},
                     ", weight_bits = 16", 400);
}
TEST_F(NirRoundTrip, ACubaLifGivesTheSameSpikes) {
  expect_same_spikes(R"(kind = "cuba_lif", convention = "nir", tau_mem = "5 ms", tau_syn = "2 ms", gain = 16)");
}
TEST_F(NirRoundTrip, AnIfWithItsOwnThresholdsGivesTheSameSpikes) {
  expect_same_spikes(
      R"(kind = "if", convention = "nir", gain = 1, threshold = { uniform = [1, 3] }, init.membrane = { uniform = [0, 1] })");
}
TEST_F(NirRoundTrip, NestedRecurrenceGivesTheSameSpikes) {
  ExportSettings nested;
  nested.own["recurrence"] = "nested";
  expect_same_spikes(R"(kind = "lif", convention = "nir", tau_mem = "5 ms", gain = 8)", nested);
}

// Somebody halves tau in the file: what crosspike left beside it no longer counts.
TEST_F(NirRoundTrip, AChangedGraphWinsOverWhatWasLeftInIt) {
  const NetworkModel model = model_of(
      "format = 1\nmodel = \"network\"\n[populations]\na = { kind = \"lif\", convention = \"nir\", tau_mem = \"4 ms\", "
      "size = 2, lower = -1 }\n");
  nir::Graph graph = exported(*model.network).graph;
  EXPECT_NE(to_toml(imported(graph)).find("lower = \"-1 mV\""), std::string::npos);
  graph.nodes["a"].data["tau"] = row({0.002, 0.002});
  const std::string changed = to_toml(imported(graph));
  EXPECT_NE(changed.find("tau_mem = \"2 ms\""), std::string::npos) << changed;
  EXPECT_EQ(changed.find("lower"), std::string::npos);
}

void expect_content_survives(const nir::Graph& graph, const std::function<NetworkModel(const nir::Graph&)>& import) {
  expect_same_content(exported(*import(graph).network).graph, graph);
}

TEST_F(NirRoundTrip, AnImportedGraphIsExportedWithTheSameContent) {
  const auto import = [](const nir::Graph& graph) { return imported_model(graph); };
  nir::Graph graph = chain();
  graph.nodes["cells"] = primitive("LIF", {{"tau", row({0.0123, 0.02})},
                                           {"r", row({3, 4})},
                                           {"v_leak", row({0.5, 0})},
                                           {"v_threshold", row({1, 2})},
                                           {"v_reset", row({-0.5, 0.25})}});
  expect_content_survives(graph, import);

  graph.nodes["cells"] = primitive("CubaLIF", {{"tau_syn", row({0.005, 0.25})},
                                               {"tau_mem", row({0.5, 0.125})},
                                               {"r", row({2, 3})},
                                               {"v_leak", row({0, 0})},
                                               {"v_threshold", row({1, 2})}});
  expect_content_survives(graph, import);

  graph.nodes["w"] = primitive("Affine", {{"weight", tensor({2, 1}, {0.5, 0.25})}, {"bias", row({0.125, 0})}});
  graph.nodes["cells"] = primitive("IF", {{"r", row({1000, 2000})}, {"v_threshold", row({1, 2})}});
  expect_content_survives(graph, import);

  graph.nodes["w"] = linear(2, 1, {0.5, 0.25});
  graph.nodes["cells"] = primitive("LI", {{"tau", row({0.5, 0.25})}, {"r", row({2, 3})}, {"v_leak", row({1, 0})}});
  expect_content_survives(graph, import);

  graph.nodes["cells"] = primitive("Threshold", {{"threshold", row({0.5, 0.25})}});
  expect_content_survives(graph, import);

  graph.nodes["cells"] = primitive("I", {{"r", row({1000, 500})}});
  expect_content_survives(graph, import);
}

TEST_F(NirRoundTrip, DelaysScalesLoopsAndConvolutionsKeepTheirContent) {
  const auto import = [](const nir::Graph& graph) { return imported_model(graph); };
  nir::Graph graph = chain();
  graph.nodes["d"] = primitive("Delay", {{"delay", tensor({1}, {0.002}, nir::Store::float64)}});
  graph.nodes["s"] = primitive("Scale", {{"scale", row({0.5, 0.25})}});
  graph.nodes["lif1.lif"] = lif(2, 0.5);
  graph.nodes["lif1.w_rec"] = linear(2, 2, {0, 1, 0.5, 0});
  graph.nodes["cells"] = lif(2, 0.25);
  graph.edges = {
      {"input", "d"},    {"d", "w"},     {"w", "lif1.lif"},  {"lif1.lif", "lif1.w_rec"}, {"lif1.w_rec", "lif1.lif"},
      {"lif1.lif", "s"}, {"s", "cells"}, {"cells", "output"}};
  expect_content_survives(graph, import);

  nir::Graph image;
  image.metadata = graph.metadata;
  image.nodes = {{"input", primitive("Input", {{"shape", whole({1, 3, 3})}})},
                 {"output", output(1)},
                 {"out", linear(1, 8, {1, 2, 3, 4, 5, 6, 7, 8})},
                 {"d", lif(1, 0.5)}};
  image.nodes["conv"] = primitive("Conv2d", {{"input_shape", whole({3, 3})},
                                             {"weight", tensor({2, 1, 2, 2}, {1, 2, 3, 4, 0, 1, 1, 0})},
                                             {"stride", whole({1, 1})},
                                             {"padding", whole({0, 0})},
                                             {"dilation", whole({1, 1})},
                                             {"groups", tensor({}, {1}, nir::Store::int64)},
                                             {"bias", row({0.5, 0.25})}});
  nir::Node cells = lif(8, 0.5);
  for (auto& [name, datum] : cells.data) std::get<nir::Tensor>(datum).shape = {2, 2, 2};
  image.nodes["c"] = cells;
  image.nodes["c_flatten"] = primitive("Flatten", {{"start_dim", tensor({}, {0}, nir::Store::int64)},
                                                   {"end_dim", tensor({}, {-1}, nir::Store::int64)},
                                                   {"input_type", whole({2, 2, 2})}});
  image.edges = {{"input", "conv"},    {"conv", "c"}, {"c", "c_flatten"},
                 {"c_flatten", "out"}, {"out", "d"},  {"d", "output"}};
  expect_content_survives(image, import);
}

class NirLiquid : public Bars {
 protected:
  std::filesystem::path trained(const std::vector<std::string>& overrides) {
    ExperimentOptions options;
    options.out = file("lsm.h5");
    options.existing = Existing::replace;
    train_lsm(config(overrides), library(), options);
    return *options.out;
  }
};

// Each test sample through the liquid's own features and readout, and through the graph that was written and read
// again.
TEST_F(NirLiquid, TheGraphOfATrainedLiquidGivesTheScoresOfItsReadout) {
  const auto results = trained({"features.bins=1", "controls=false"});
  const LsmSettings settings =
      this->settings({"features.bins=1", "controls=false", "liquid.from=\"" + results.string() + "\""});
  const TrainedNetwork network = trained_network(results, library());
  Team team(1);
  const Quanta quanta = choose_quanta(*network.model.network, team);
  const nir::Exported out = nir::from_network({*network.model.network, quanta, network.notes}, {});
  require_expressible("nir", out.nodes);
  EXPECT_EQ(std::get<std::string>(out.graph.metadata.at("ticks_per_sample")), "12");
  nir::write_file(out.graph, file("lsm.nir"), "lsm.nir");
  ImportSettings back;
  back.arrays_file = file("arrays.h5").string();
  const ImportedNetwork read = nir::to_config(nir::read_file(file("lsm.nir")), back);
  {
    hdf5::File arrays = hdf5::File::create(file("arrays.h5"));
    for (const NamedArray& array : read.arrays)
      arrays.write<double>("/" + array.name, array.shape, std::span<const double>(array.values));
    arrays.close();
  }
  const NetworkModel model = build_network(read.config, library());
  const auto program = Program::build(make_plan(model.network, model.placement, library(), {}, {}, team), team);

  const auto liquid = build_liquid(settings.liquid, library(), 1, 0);
  const auto split = open_test_split_again(settings.dataset, classes);
  const FeatureRows rows = collect_liquid(liquid, settings, *split, 1, {}, "test");
  const ReadoutArrays readout = ResultsReader(results).readout();
  const WeightQuantum& quantum = quanta.weights.at(network.model.network->require("readout"));
  const double step = std::ldexp(0.5, -quantum.exponent);  // what rounding takes from a weight, at most

  State state(program);
  EventBinner binner(settings.sensor, settings.binning);
  EventScratch scratch;
  std::vector<Event> events;
  std::size_t spikes = 0;
  for (std::size_t sample = 0; sample < rows.labels.size(); ++sample) {
    state.reset(0, sample);
    BinnedSpikes binned;
    split->events(static_cast<std::int64_t>(sample), scratch, events);
    binner.bin(events, binned);
    SpikeBuffer& input = state.input_spikes(model.network->require("input"));
    fill_input(input, state.tick(), settings.binning.ticks, binned);
    state.advance(settings.binning.ticks, team);
    const std::vector<double> scores = state.read(model.network->require("scores"), 0);
    for (std::size_t c = 0; c < static_cast<std::size_t>(classes); ++c) {
      double expected = readout.bias[c], counts = 0;
      for (std::size_t f = 0; f < rows.features; ++f) {
        const double n = rows.counts[sample * rows.features + f];
        expected += readout.weights[c * rows.features + f] * n;
        counts += n;
      }
      spikes += static_cast<std::size_t>(counts);
      EXPECT_NEAR(scores[c], expected, counts * step + 1e-5) << "sample " << sample << ", class " << c;
    }
  }
  EXPECT_GT(spikes, 1000u);
}

TEST_F(NirLiquid, FeaturesThatAreNoPlainCountsAreRefused) {
  const auto said = [&](const std::vector<std::string>& overrides) {
    const auto results = trained(overrides);
    const std::string message = message_of([&] { trained_network(results, library()); }, Fault::cannot);
    return message.substr(message.find(": ") + 2);
  };
  EXPECT_EQ(
      said({"features.bins=3", "controls=false"}),
      "its readout reads 3 time bins (features.bins), which no graph holds; train again with --set features.bins=1");
  EXPECT_EQ(
      said({"features.bins=1", "features.transform=square_root", "controls=false"}),
      "its readout reads square roots of counts (features.transform), which no graph holds; train again with --set "
      "features.transform=none");
  EXPECT_EQ(said({"features.bins=1", "features.membranes=true", "controls=false"}),
            "its readout reads membranes (features.membranes), which no graph holds; train again with --set "
            "features.membranes=false");
}

}  // namespace
}  // namespace crosspike
