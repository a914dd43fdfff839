// SPDX-License-Identifier: Apache-2.0
// Small networks for unit tests: a stepped kind with two input ports, the operators, and nodes of them in one call.
#pragma once

#include <crosspike/core/error.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/operators/conv2d.hpp>
#include <crosspike/operators/delay.hpp>
#include <crosspike/operators/input.hpp>
#include <crosspike/operators/linear.hpp>
#include <crosspike/operators/sparse.hpp>
#include <crosspike/operators/spike_list.hpp>
#include <crosspike/operators/step_current.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crosspike::test {

struct Cell {
  static constexpr const char *name = "cell", *doc = "a stepped kind for tests", *equation = "", *source = "";
  static constexpr Port inputs[] = {{"excitatory", Carries::sums_or_values, Unit::pA},
                                    {"inhibitory", Carries::sums, Unit::pA}};
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array<const char*, 2> resets = {"to_value", "subtract"};
  struct Params {
    double tau = 10, rest = -65, worth = 1;
    std::int32_t reset = 0;
  };
  static constexpr auto params = std::tuple{field(&Params::tau, "tau", Unit::ms, 0.001, 1e6, "time constant"),
                                            field(&Params::rest, "rest", Unit::mV, -1e3, 1e3, "resting potential"),
                                            field(&Params::worth, "worth", Unit::none, -1e3, 1e3, "output scale"),
                                            choice(&Params::reset, "reset", resets, "what a spike does")};
  template <class R>
  struct State {
    R membrane;
  };
  template <class R>
  static constexpr auto state = std::tuple{column(&State<R>::membrane, "membrane", Unit::mV, 0, "potential", "rest")};
  static constexpr const char* conventions[] = {"nest", "brian2"};
  static double output_scale(const Params& p) { return p.worth; }
  static void apply(Params& p, std::string_view convention) { p.reset = convention == "brian2"; }
};

struct Kinds {
  Kind cell = declare_stepped<Cell>(), sparse = declare_operator<Sparse>(), linear = declare_operator<Linear>(),
       conv2d = declare_operator<Conv2d>(), delay = declare_operator<Delay>(), input = declare_operator<Input>(),
       spike_list = declare_operator<SpikeList>(), step_current = declare_operator<StepCurrent>();
};
inline const Kinds& kinds() {
  static const Kinds all;
  return all;
}

inline NamedArray array(std::string name, std::vector<std::uint64_t> shape, std::vector<double> values) {
  return {std::move(name), std::move(shape), std::move(values)};
}
inline NamedArray series_of(std::string name, std::vector<double> values) {
  const std::uint64_t length = values.size();
  return array(std::move(name), {length}, std::move(values));
}

inline Node cell(std::string name, Shape shape) { return make_node(std::move(name), kinds().cell, std::move(shape)); }

inline Node input(std::string name, Shape shape, double max_count = 1) {
  Node node = make_node(std::move(name), kinds().input, std::move(shape));
  node.set("max_count", max_count);
  return node;
}

inline Node sparse(std::string name, Shape shape, Connectivity connectivity) {
  Node node = make_node(std::move(name), kinds().sparse, std::move(shape));
  node.connectivity = std::move(connectivity);
  return node;
}

inline Node linear(std::string name, std::uint32_t out, std::uint32_t in, std::vector<double> weights) {
  Node node = make_node(std::move(name), kinds().linear, {out});
  node.arrays["weight"] = array("weight", {out, in}, std::move(weights));
  return node;
}

// `kernel` is (out_channels, in_channels, height, width).
inline Node conv2d(std::string name, Shape shape, std::vector<std::uint64_t> kernel, std::vector<double> weights,
                   int stride = 1, int padding = 0) {
  Node node = make_node(std::move(name), kinds().conv2d, std::move(shape));
  node.arrays["weight"] = array("weight", std::move(kernel), std::move(weights));
  node.set("stride", stride);
  node.set("padding", padding);
  return node;
}

inline Connectivity edges(EdgeList list) {
  Connectivity c{.rule = Connectivity::Rule::edges};
  c.edges = std::make_shared<const EdgeList>(std::move(list));
  return c;
}

// input "in" -> the weight node -> cell "out", not yet validated.
inline Network feed_forward(Node source, Node weight) {
  Network network;
  const std::string from = source.name, through = weight.name;
  Node target = cell("out", weight.shape);
  network.add(std::move(source));
  network.add(std::move(weight));
  network.add(std::move(target));
  network.connect(from, through, 1);
  network.connect(through, "out");
  return network;
}

inline std::vector<Synapse> all_synapses(const Network& network, std::string_view weight) {
  const NodeId id = network.require(weight);
  std::vector<Synapse> synapses;
  network.synapses(id, 0, static_cast<std::uint32_t>(network.node(id).size()), synapses);
  return synapses;
}

// One tick of a node's scalar reference.
inline std::vector<double> reference_tick(const Network& network, std::string_view name, std::int64_t tick,
                                          std::vector<double> input, std::vector<double>& state) {
  const Node& node = network.node(network.require(name));
  if (state.empty() && node.kind->state_size) state.resize(node.kind->state_size(network, node));
  ReferenceTick at{
      .tick = tick, .inputs = {std::move(input)}, .outputs = {std::vector<double>(node.size())}, .state = state};
  node.kind->reference(network, node, at);
  return at.outputs[0];
}

// The message of the Error(input) that `body` throws; "" where it throws none.
template <class Body>
std::string message_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.fault() == Fault::input ? error.what() : std::string("not an input error: ") + error.what();
  }
  return "";
}

}  // namespace crosspike::test
