// SPDX-License-Identifier: Apache-2.0
// A folder for NIR files, graphs made in memory, and networks that go out and come back.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/backends/nir/file.hpp>
#include <crosspike/backends/nir/from_network.hpp>
#include <crosspike/backends/nir/mapping.hpp>
#include <crosspike/backends/nir/to_config.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/program.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace crosspike::test {

inline const Library& all_kinds() {
  static const Library library = builtin();
  return library;
}

inline NetworkModel model_of(const std::string& toml) {
  return build_network(parse_config(toml, "t.toml"), all_kinds());
}

inline nir::Exported exported(const Network& network, const ExportSettings& settings = {},
                              std::vector<std::pair<std::string, std::string>> notes = {}) {
  Team team(1);
  const Quanta quanta = choose_quanta(network, team);
  return nir::from_network({network, quanta, std::move(notes)}, settings);
}

inline nir::Tensor tensor(hdf5::Shape shape, std::vector<double> values, nir::Store store = nir::Store::float32) {
  if (store == nir::Store::float32)
    for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return {std::move(shape), std::move(values), store};
}
inline nir::Tensor row(std::vector<double> values) { return tensor({values.size()}, values); }
inline nir::Tensor whole(std::vector<double> values) { return tensor({values.size()}, values, nir::Store::int64); }

inline nir::Node primitive(std::string type, nir::Data data) { return {std::move(type), std::move(data), {}, {}, {}}; }
inline nir::Node lif(std::size_t n, double tau = 0.01, double r = 1, double threshold = 1) {
  return primitive("LIF", {{"tau", row(std::vector<double>(n, tau))},
                           {"r", row(std::vector<double>(n, r))},
                           {"v_leak", row(std::vector<double>(n, 0))},
                           {"v_threshold", row(std::vector<double>(n, threshold))}});
}
inline nir::Node input(double n) { return primitive("Input", {{"shape", whole({n})}}); }
inline nir::Node output(double n) { return primitive("Output", {{"shape", whole({n})}}); }
inline nir::Node linear(std::size_t out, std::size_t in, std::vector<double> weights) {
  return primitive("Linear", {{"weight", tensor({out, in}, std::move(weights))}});
}

// input(1) -> w (2 x 1) -> cells (2) -> output, dt 1 ms.
inline nir::Graph chain() {
  nir::Graph graph;
  graph.nodes = {{"input", input(1)}, {"w", linear(2, 1, {0.5, 0.25})}, {"cells", lif(2)}, {"output", output(2)}};
  graph.edges = {{"input", "w"}, {"w", "cells"}, {"cells", "output"}};
  graph.metadata["dt"] = tensor({}, {0.001}, nir::Store::float64);
  return graph;
}

// Names, types, numbers and edges; not metadata.
inline void expect_same_content(const nir::Graph& a, const nir::Graph& b) {
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (const auto& [name, node] : a.nodes) {
    ASSERT_TRUE(b.nodes.contains(name)) << name;
    const nir::Node& other = b.nodes.find(name)->second;
    EXPECT_EQ(node.type, other.type) << name;
    ASSERT_EQ(node.data.size(), other.data.size()) << name;
    for (const auto& [key, datum] : node.data) {
      ASSERT_TRUE(other.data.contains(key)) << name << "/" << key;
      EXPECT_EQ(std::get<nir::Tensor>(datum).shape, other.tensor(key).shape) << name << "/" << key;
      EXPECT_EQ(std::get<nir::Tensor>(datum).values, other.tensor(key).values) << name << "/" << key;
    }
  }
  auto sorted = [](std::vector<nir::Edge> edges) {
    std::sort(edges.begin(), edges.end());
    return edges;
  };
  EXPECT_EQ(sorted(a.edges), sorted(b.edges));
}

class NirFolder : public ::testing::Test {
 protected:
  NirFolder() : folder_(std::filesystem::temp_directory_path() / ("crosspike-nir-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    previous_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_);  // so that messages hold no folder
  }
  ~NirFolder() override {
    std::filesystem::current_path(previous_);
    std::filesystem::remove_all(folder_);
  }

  // Through the file and a config, with its arrays in a file beside it.
  static Value imported(const nir::Graph& graph, ImportSettings settings = {}) {
    nir::write_file(graph, "t.nir", "t.nir");
    settings.arrays_file = "arrays.h5";
    const ImportedNetwork read = nir::to_config(nir::read_file("t.nir"), settings);
    if (!read.arrays.empty()) {
      hdf5::File file = hdf5::File::create("arrays.h5");
      for (const NamedArray& array : read.arrays)
        file.write<double>("/" + array.name, array.shape, std::span<const double>(array.values));
      file.close();
    }
    return read.config;
  }
  static NetworkModel imported_model(const nir::Graph& graph, const ImportSettings& settings = {}) {
    return build_network(imported(graph, settings), all_kinds());
  }

 private:
  std::filesystem::path folder_, previous_;
};

// (tick, element) of a population in the first `ticks` ticks. `inputs`: (tick, channel) of the node `input`.
struct Fired {
  std::int64_t tick;
  std::uint32_t element;
  auto operator<=>(const Fired&) const = default;
};
inline std::vector<Fired> spikes_of(const NetworkModel& model, const std::string& population, std::int64_t ticks,
                                    const std::vector<Fired>& inputs = {}) {
  Taps taps;
  const NodeId id = model.network->require(population);
  taps.ports.insert({id, 0});
  Team team(1);
  PlanOptions options;
  const auto program =
      Program::build(make_plan(model.network, model.placement, all_kinds(), taps, options, team), team);
  State state(program);
  state.reset(0, 0);
  for (NodeId node = 0; node < model.network->nodes().size(); ++node) {
    if (!model.network->node(node).kind->filled_by_caller) continue;
    SpikeBuffer& buffer = state.input_spikes(node);
    buffer.begin(0, 1);
    std::size_t next = 0;
    for (std::int64_t tick = 0; tick < ticks; ++tick) {
      for (; next < inputs.size() && inputs[next].tick == tick; ++next) buffer.append(inputs[next].element, 1);
      buffer.end_row();
    }
  }
  std::vector<Fired> events;
  state.advance(ticks, team, [&](const SliceView& slice) {
    const Spikes spikes = slice.wires.spikes.at({id, 0}).view();
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (const std::uint32_t element : spikes.at(tick)) events.push_back({tick, element});
  });
  return events;
}

}  // namespace crosspike::test
