// SPDX-License-Identifier: Apache-2.0
// A network: nodes, and the wires between their ports. It holds rules, not synapses; it is what every backend,
// exporter and report sees. Build it with add and connect, then call validate once.
#pragma once

#include <crosspike/core/arrays.hpp>
#include <crosspike/core/connectivity/distribution.hpp>
#include <crosspike/core/connectivity/rules.hpp>
#include <crosspike/core/kind.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

using NodeId = std::uint32_t;

struct PortRef {
  NodeId node = 0;
  std::size_t port = 0;
  auto operator<=>(const PortRef&) const = default;
};

struct Wire {
  PortRef from, to;
  std::int32_t delay = 0;  // ticks; only on wires that carry spikes or values
};

// One parameter of a node: the same for all elements, or one value each.
struct Param {
  double value = 0;
  std::vector<double> each;
  double at(std::size_t element) const { return each.empty() ? value : each[element]; }
};

struct Node {
  std::string name;
  const Kind* kind = nullptr;
  Shape shape{};                // of its output
  std::vector<Param> params{};  // in the order of kind->params
  // In the order of kind->state; absolute values (membrane in mV, not above rest). Unset: the field's offset (membrane:
  // rest), 0 where it has none.
  std::vector<std::optional<Distribution>> initial{};
  bool initial_per_sample = false;  // draw initial values anew for every stream
  std::map<std::string, NamedArray> arrays{};
  std::optional<Connectivity> connectivity{};
  Positions positions{};  // none: the grid of its shape
  std::string where{};    // "file:line:column" of its definition, if any, for messages

  std::size_t size() const { return volume(shape); }
  const Param& param(std::string_view field) const { return params[kind->param_index(field)]; }
  double value(std::string_view field) const { return param(field).value; }
  void set(std::string_view field, double value) { params[kind->param_index(field)] = {value, {}}; }
  std::vector<double> values_at(std::size_t element) const;  // all parameters of one element, in field order
  bool uniform() const;                                      // every parameter is the same for all elements
  const NamedArray* array(std::string_view array_name) const;
};

// Throws Error(input): "file:line:column: node: message".
[[noreturn]] void refuse_node(const Node& node, const std::string& message);

// A node of `kind` with default parameters and unset initial values. `convention` is a preset's name or empty.
Node make_node(std::string name, const Kind& kind, Shape shape, std::string_view convention = {});

enum class Precision { single, double_ };

class Network {
 public:
  double dt = 0.1;  // ms
  Precision precision = Precision::single;
  std::uint64_t seed = 1;
  std::optional<int> weight_bits;  // 16 or 32 for every projection; unset: core/quantum decides by rounding error

  NodeId add(Node node);  // throws Error(input): name taken or malformed
  void connect(PortRef from, PortRef to, std::int32_t delay = 0);
  void connect(std::string_view from, std::string_view to, std::int32_t delay = 0);  // "node" or "node.port"

  // Everything that can be wrong with the graph: ports, carried types, shapes, parameters, rules, zero-delay cycles.
  // Moves the smallest delay of each projection and of each `delay` onto its incoming wire. Throws Error(input).
  void validate();

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Wire> wires() const { return wires_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  std::optional<NodeId> find(std::string_view name) const;
  NodeId require(std::string_view name) const;  // throws with the nearest name
  PortRef output(std::string_view spec) const;  // "node" or "node.port"
  PortRef input(std::string_view spec) const;

  std::vector<std::size_t> wires_into(PortRef port) const;  // in order of connection
  std::vector<std::size_t> wires_into(NodeId node) const;
  std::vector<std::size_t> wires_from(NodeId node) const;

  Carries carries(PortRef output) const;  // what the port's wires carry
  bool has_amplitude(PortRef output) const;
  double max_count(NodeId node) const;  // the largest |count| of one event
  double output_scale(NodeId node) const;
  // One value per element of a State field, absolute, as every backend has to start from: drawn at the address
  // (element, step = field) of the node's initial_state. `stream` counts only where the node asks initial_per_sample.
  std::vector<double> initial_values(NodeId node, std::size_t field, std::uint32_t stream) const;
  // The node whose events `node` sends: itself, unless it passes on those of another.
  NodeId firing(NodeId node) const;
  // A weight node's two ends.
  const Wire& incoming(NodeId weight) const;
  ConnectionSpace space(NodeId weight) const;
  // Synapses of a weight node towards targets [first, last), weights times the source's output scale, delays without
  // the part that validate moved onto the wire.
  void synapses(NodeId weight, std::uint32_t first, std::uint32_t last, std::vector<Synapse>& out) const;

  // A 64-bit hash of everything that decides its spikes; what a checkpoint is matched by.
  std::uint64_t hash() const;

 private:
  void validate_node(const Node& node) const;
  void validate_wire(const Wire& wire) const;
  void validate_weight(NodeId id) const;
  void move_delays();
  void validate_cycles() const;

  std::vector<Node> nodes_;
  std::vector<Wire> wires_;
  std::map<std::string, NodeId, std::less<>> by_name_;
  std::vector<std::int32_t> moved_delay_;  // per node: ticks that validate moved onto the incoming wire
};

}  // namespace crosspike
