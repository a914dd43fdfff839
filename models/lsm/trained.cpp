// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/lsm/trained.hpp>

namespace crosspike {

namespace {

Value words(const char* text) { return Value(std::string(text)); }

// A projection, or several by name.
bool draws_edges(const Value* part) {
  const Table* table = part ? part->as<Table>() : nullptr;
  if (!table) return true;
  const Value* kind = table->find("kind");
  if (kind) return *kind == words("sparse");
  return std::all_of(table->begin(), table->end(), [](const auto& entry) { return draws_edges(&entry.second); });
}

// A readout of anything but spike counts is no part of a graph of spikes.
void require_counts(const FeatureSettings& features, const std::filesystem::path& results) {
  const auto refuse = [&](const std::string& what, const char* mend) {
    throw Error(Fault::cannot,
                fmt::format("{}: {}, which no graph holds; train again with {}", results.string(), what, mend));
  };
  if (features.first_tick > 0)
    refuse("its readout reads only the end of a sample (features.window)", "features.window left out");
  if (features.bins != 1)
    refuse(fmt::format("its readout reads {} time bins (features.bins)", features.bins), "--set features.bins=1");
  if (features.square_root)
    refuse("its readout reads square roots of counts (features.transform)", "--set features.transform=none");
  if (features.trace_ms) refuse("its readout reads traces (features.trace)", "features.trace left out");
  if (features.membranes) refuse("its readout reads membranes (features.membranes)", "--set features.membranes=false");
}

// Adds the readout to the liquid's general config.
Value with_readout(Value network, const ReadoutArrays& readout, int ticks, const std::filesystem::path& results) {
  Table& root = *network.as<Table>();
  Table scores, projection, file, recorder;
  scores.set("kind", words("li"));
  scores.set("size", Value(static_cast<std::int64_t>(readout.classes.size())));
  scores.set("decay", Value(std::int64_t{1}));
  scores.set("rest", words("0 mV"));
  root.find("populations")->as<Table>()->set("scores", Value(std::move(scores)));
  Array bias;
  for (const double b : readout.bias) bias.emplace_back(b / ticks);
  file.set("file", Value(results.string() + ":/readout/weights"));
  projection.set("kind", words("linear"));
  projection.set("from", words("liquid"));
  projection.set("to", words("scores.input"));
  projection.set("weight", Value(std::move(file)));
  projection.set("bias", Value(std::move(bias)));
  projection.set("delay", words("0 ms"));
  root.find("projections")->as<Table>()->set("readout", Value(std::move(projection)));
  recorder.set("of", words("scores.membrane"));
  Table recorders;
  recorders.set("scores", Value(std::move(recorder)));
  root.set("recorders", Value(std::move(recorders)));
  return network;
}

}  // namespace

void use_saved_edges(Value& config, const std::filesystem::path& results) {
  Table& liquid = *config.as<Table>()->find("liquid")->as<Table>();
  if (!draws_edges(liquid.find("inputs")) || !draws_edges(liquid.find("recurrent"))) return;
  Table saved;
  for (const auto& [key, value] : liquid)
    if (key != "inputs" && key != "recurrent" && key != "recurrent_scale") saved.set(key, value);
  saved.set("from", Value(results.string()));
  liquid = std::move(saved);
}

bool looked_at_test(const ResultsReader& results) {
  return results.figures().contains("test_accuracy") || results.figures().contains("memory_ms_at_90");
}

bool looked_at_test(const std::filesystem::path& file, const DatasetSource& now) {
  try {
    const ResultsReader results(file);
    const Value config = parse_config(results.header().config, file.string());
    TableReader root(config, "");
    TableReader dataset = root.table("dataset");
    const DatasetSource then = dataset_from(dataset, results.header().seed);
    return looked_at_test(results) && then.kind == now.kind && then.inputs() == now.inputs() &&
           (now.kind != DatasetSource::Kind::pattern_pairs || then.patterns == now.patterns);
  } catch (const Error&) {  // no results of a training
    return false;
  }
}

void require_fit(const Readout& readout, const LsmSettings& settings, const std::string& place) {
  const Network& network = *settings.liquid.network;
  const std::size_t features = liquid_features(settings.features, network.node(network.require("liquid")).size());
  if (readout.features == features) return;
  throw Error(Fault::input, fmt::format("{}/weights: {} features, but the liquid of its config gives {}; the file was "
                                        "changed, train anew with: crosspike train",
                                        place, readout.features, features));
}

TrainedNetwork trained_network(const std::filesystem::path& results, const Library& library) {
  const ResultsReader reader(results);
  if (!reader.has_readout())
    throw Error(Fault::input, fmt::format("{}: there is no readout in it; write: crosspike train", results.string()));
  Value config = parse_config(reader.header().config, results.string() + ":/config");
  use_saved_edges(config, results);
  const LsmSettings settings = read_lsm(config, library);
  require_counts(settings.features, results);
  const ReadoutArrays readout = reader.readout();
  TrainedNetwork trained;
  trained.model = build_network(with_readout(settings.network, readout, settings.binning.ticks, results), library);
  trained.notes = {{"classes", fmt::format("{}", fmt::join(readout.classes, ","))},
                   {"ticks_per_sample", fmt::format("{}", settings.binning.ticks)},
                   {"readout", "class scores are the values of scores after ticks_per_sample ticks"}};
  return trained;
}

}  // namespace crosspike
