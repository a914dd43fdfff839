// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/graph.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/shown.hpp>

namespace crosspike {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(Fault::input, message); }

// "[a-z][a-z0-9_]*", joined by dots: names become file paths, TOML keys and NIR nodes.
bool well_formed(std::string_view name) {
  bool start = true;
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z', rest = (c >= '0' && c <= '9') || c == '_';
    if (start ? !letter : !(letter || rest || c == '.')) return false;
    start = c == '.';
  }
  return !start;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

std::vector<std::string> names_of(std::span<const Port> ports) {
  std::vector<std::string> names;
  for (const Port& port : ports) names.emplace_back(port.name);
  return names;
}

}  // namespace

std::vector<double> Node::values_at(std::size_t element) const {
  std::vector<double> values;
  values.reserve(params.size());
  for (const Param& p : params) values.push_back(p.at(element));
  return values;
}

bool Node::uniform() const {
  return std::all_of(params.begin(), params.end(), [](const Param& p) { return p.each.empty(); });
}

const NamedArray* Node::array(std::string_view wanted) const {
  const auto found = arrays.find(std::string(wanted));
  return found == arrays.end() ? nullptr : &found->second;
}

void refuse_node(const Node& node, const std::string& message) {
  refuse(fmt::format("{}{}: {}", node.where.empty() ? "" : node.where + ": ", node.name, message));
}

Node make_node(std::string name, const Kind& kind, Shape shape, std::string_view convention) {
  Node node{.name = std::move(name), .kind = &kind, .shape = std::move(shape)};
  std::vector<double> values;
  for (const FieldInfo& field : kind.params) values.push_back(field.initial);
  if (!convention.empty()) {
    if (std::find(kind.conventions.begin(), kind.conventions.end(), convention) == kind.conventions.end())
      refuse(fmt::format("{}: kind {} has no convention '{}'; it knows: {}{}", node.name, kind.name, convention,
                         fmt::join(kind.conventions, ", "), did_you_mean(convention, kind.conventions)));
    kind.apply(convention, values);
  }
  for (const double value : values) node.params.push_back({value, {}});
  node.initial.resize(kind.state.size());
  return node;
}

NodeId Network::add(Node node) {
  if (!well_formed(node.name))
    refuse(
        fmt::format("'{}' is no name for a node; allowed: lower-case letters, digits and '_', starting with a letter, "
                    "parts joined by '.'",
                    shown(node.name)));
  if (by_name_.count(node.name)) refuse(fmt::format("two nodes are called '{}'; rename one", node.name));
  const auto id = static_cast<NodeId>(nodes_.size());
  by_name_.emplace(node.name, id);
  nodes_.push_back(std::move(node));
  moved_delay_.push_back(0);
  return id;
}

void Network::connect(PortRef from, PortRef to, std::int32_t delay) { wires_.push_back({from, to, delay}); }
void Network::connect(std::string_view from, std::string_view to, std::int32_t delay) {
  connect(output(from), input(to), delay);
}

std::optional<NodeId> Network::find(std::string_view wanted) const {
  const auto found = by_name_.find(wanted);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

NodeId Network::require(std::string_view wanted) const {
  if (const auto id = find(wanted)) return *id;
  std::vector<std::string> names;
  for (const Node& node : nodes_) names.push_back(node.name);
  const std::string hint = did_you_mean(wanted, names);
  constexpr std::size_t most_listed = 20;
  const bool cut = names.size() > most_listed;
  if (cut) names.resize(most_listed);
  refuse(
      fmt::format("there is no node '{}'{}", shown(wanted),
                  !hint.empty() ? hint : fmt::format("; there are: {}{}", fmt::join(names, ", "), cut ? ", ..." : "")));
}

namespace {
// Splits "node.port": node names may hold dots, so the longest known node name wins.
template <class FindPort>
PortRef resolve(const Network& network, std::string_view spec, std::string_view direction, FindPort ports_of) {
  if (const auto id = network.find(spec)) {
    if (ports_of(network.node(*id)).empty()) refuse(fmt::format("node '{}' has no {} port", spec, direction));
    return {*id, 0};
  }
  const auto dot = spec.rfind('.');
  if (dot == std::string_view::npos) return {network.require(spec), 0};
  const NodeId id = network.require(spec.substr(0, dot));
  const std::string_view port = spec.substr(dot + 1);
  const std::vector<Port>& ports = ports_of(network.node(id));
  for (std::size_t i = 0; i < ports.size(); ++i)
    if (port == ports[i].name) return {id, i};
  refuse(fmt::format("node '{}' ({}) has no {} port '{}'; it has: {}{}", network.node(id).name,
                     network.node(id).kind->name, direction, shown(port), fmt::join(names_of(ports), ", "),
                     did_you_mean(port, names_of(ports))));
}
}  // namespace

PortRef Network::output(std::string_view spec) const {
  return resolve(*this, spec, "output", [](const Node& n) -> const std::vector<Port>& { return n.kind->outputs; });
}
PortRef Network::input(std::string_view spec) const {
  return resolve(*this, spec, "input", [](const Node& n) -> const std::vector<Port>& { return n.kind->inputs; });
}

std::vector<std::size_t> Network::wires_into(PortRef port) const {
  std::vector<std::size_t> found;
  for (std::size_t w = 0; w < wires_.size(); ++w)
    if (wires_[w].to == port) found.push_back(w);
  return found;
}
std::vector<std::size_t> Network::wires_into(NodeId node) const {
  std::vector<std::size_t> found;
  for (std::size_t w = 0; w < wires_.size(); ++w)
    if (wires_[w].to.node == node) found.push_back(w);
  return found;
}
std::vector<std::size_t> Network::wires_from(NodeId node) const {
  std::vector<std::size_t> found;
  for (std::size_t w = 0; w < wires_.size(); ++w)
    if (wires_[w].from.node == node) found.push_back(w);
  return found;
}

Carries Network::carries(PortRef output) const {
  const Node& node = nodes_[output.node];
  if (node.kind->is_weight) return has_amplitude(incoming(output.node).from) ? Carries::values : Carries::sums;
  if (node.kind->output_carries) return node.kind->output_carries(node);
  return node.kind->outputs[output.port].carries;
}

bool Network::has_amplitude(PortRef output) const {
  const Node& node = nodes_[firing(output.node)];
  return node.kind->output_amplitude && node.kind->output_amplitude(node);
}

double Network::max_count(NodeId id) const {
  const Node& node = nodes_[firing(id)];
  if (node.kind->node_max_count) return node.kind->node_max_count(node, dt);
  if (!node.kind->max_count) return 1;
  if (node.uniform()) return node.kind->max_count(node.values_at(0), dt);
  double largest = 0;
  for (std::size_t i = 0; i < node.size(); ++i)
    largest = std::max(largest, node.kind->max_count(node.values_at(i), dt));
  return largest;
}

double Network::output_scale(NodeId id) const {
  const Node& node = nodes_[firing(id)];
  return node.kind->output_scale ? node.kind->output_scale(node.values_at(0)) : 1;
}

std::vector<double> Network::initial_values(NodeId id, std::size_t field, std::uint32_t stream) const {
  const Node& node = nodes_[id];
  std::vector<double> values(node.size(), 0.0);
  if (const auto& initial = node.initial[field]) {
    const RandomKey key = random_key(seed, Purpose::initial_state, node.name);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Draws<double> draws(key, static_cast<std::uint32_t>(i), field, node.initial_per_sample ? stream : 0);
      values[i] = initial->draw(draws, i);
    }
  } else if (const std::string& offset = node.kind->state[field].offset; !offset.empty()) {
    const Param& reference = node.param(offset);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = reference.at(i);
  }
  return values;
}

NodeId Network::firing(NodeId id) const {
  while (nodes_[id].kind->passes_events) id = incoming(id).from.node;
  return id;
}

const Wire& Network::incoming(NodeId id) const {
  for (const Wire& wire : wires_)
    if (wire.to.node == id) return wire;
  refuse_node(nodes_[id], "nothing is connected to its input");
}

ConnectionSpace Network::space(NodeId weight) const {
  const NodeId source = incoming(weight).from.node;
  bool same = false;
  Positions targets;
  for (const std::size_t w : wires_from(weight)) {
    same |= wires_[w].to.node == firing(source);
    if (!targets) targets = nodes_[wires_[w].to.node].positions;
  }
  return {seed,   nodes_[weight].name, nodes_[source].shape, nodes_[weight].shape, same, nodes_[source].positions,
          targets};
}

void Network::synapses(NodeId weight, std::uint32_t first, std::uint32_t last, std::vector<Synapse>& out) const {
  const std::size_t begin = out.size();
  nodes_[weight].kind->synapses(*this, nodes_[weight], first, last, out);
  const double scale = output_scale(incoming(weight).from.node);
  const std::int32_t moved = moved_delay_[weight];
  if (scale != 1 || moved != 0)
    for (std::size_t s = begin; s < out.size(); ++s) {
      out[s].weight *= scale;
      out[s].delay -= moved;
    }
}

void Network::validate() {
  if (!(dt > 0) || !std::isfinite(dt)) refuse(fmt::format("dt = {} ms; allowed: above 0", dt));
  if (nodes_.empty()) refuse("the network has no nodes; add at least one population");
  for (const Node& node : nodes_) validate_node(node);
  for (const Node& node : nodes_) {  // carries() and has_amplitude() follow these chains
    NodeId source = by_name_.find(node.name)->second;
    for (std::size_t steps = 0; nodes_[source].kind->passes_events; source = incoming(source).from.node) {
      if (const auto wires = wires_into(source).size(); wires > 1)
        refuse_node(nodes_[source], fmt::format("it passes on the spikes of one wire, this one has {}", wires));
      if (steps++ == nodes_.size()) refuse_node(node, "its spikes come from a circle of nodes in which none fires");
    }
  }
  for (const Wire& wire : wires_) validate_wire(wire);
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    if (node.kind->is_weight) validate_weight(id);
    if (node.kind->is_weight || node.kind->form != Kind::Form::operation) continue;
    if (!node.kind->inputs.empty() && wires_into(id).empty()) refuse_node(node, "nothing is connected to its input");
    std::vector<Shape> inputs;
    for (const std::size_t w : wires_into(id)) inputs.push_back(nodes_[wires_[w].from.node].shape);
    if (const Shape output = node.kind->output_shape(*this, node, inputs); volume(output) != node.size())
      refuse_node(node, fmt::format("its shape is {}, but its input gives {}", text(node.shape), text(output)));
  }
  move_delays();
  validate_cycles();
}

void Network::move_delays() {
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    std::int32_t least = 0;
    if (node.connectivity && moved_delay_[id] == 0) {
      least = moved_delay_[id] = node.connectivity->minimum_delay();
    } else if (!node.kind->delay_param.empty()) {
      Param& ticks = node.params[node.kind->param_index(node.kind->delay_param)];
      const double all = ticks.each.empty() ? ticks.value : *std::min_element(ticks.each.begin(), ticks.each.end());
      ticks.value -= all;
      for (double& own : ticks.each) own -= all;
      least = static_cast<std::int32_t>(all);
    }
    for (Wire& wire : wires_) {
      if (wire.to.node != id) continue;
      if (wire.delay > longest_delay - least)
        refuse_node(node,
                    fmt::format("a delay of {} ticks on the wire from '{}' and {} or more after it; allowed: up to {} "
                                "together",
                                wire.delay, nodes_[wire.from.node].name, least, longest_delay));
      wire.delay += least;
    }
  }
}

void Network::validate_node(const Node& node) const {
  const Kind& kind = *node.kind;
  if (node.shape.empty() || node.size() == 0)
    refuse_node(node, fmt::format("size {} is empty; write 1 or more", text(node.shape)));
  if (node.size() > 0xffffffffu) refuse_node(node, fmt::format("{} elements; allowed: up to 4294967295", node.size()));
  for (std::size_t p = 0; p < node.params.size(); ++p) {
    const FieldInfo& field = kind.params[p];
    const Param& param = node.params[p];
    if (!param.each.empty() && param.each.size() != node.size())
      refuse_node(node, fmt::format("{} has {} values for {} elements", field.name, param.each.size(), node.size()));
    const auto bad = [&](double v) {
      if (std::isnan(v)) return !std::isnan(field.initial);
      return v < field.low || v > field.high || (field.integer && v != std::floor(v));
    };
    const auto complain = [&](double v, const std::string& element) {
      refuse_node(node, fmt::format("{}{} = {}; allowed: {}{} to {}", field.name, element,
                                    format_quantity(v, field.unit), field.integer ? "whole numbers from " : "",
                                    format_quantity(field.low, field.unit), format_quantity(field.high, field.unit)));
    };
    if (param.each.empty() && bad(param.value)) complain(param.value, "");
    for (std::size_t i = 0; i < param.each.size(); ++i)
      if (bad(param.each[i])) complain(param.each[i], fmt::format("[{}]", i));
  }
  for (const auto& [array_name, array] : node.arrays)
    for (std::size_t i = 0; i < array.values.size(); ++i)
      if (!std::isfinite(array.values[i]))
        refuse_node(node, fmt::format("{}[{}] = {} is not a finite number", array_name, i, array.values[i]));
  for (const ArrayInfo& array : kind.arrays)
    if (array.required && !node.array(array.name))
      refuse_node(node, fmt::format("{} needs '{}' of shape {}: {}", kind.name, array.name, array.shape, array.doc));
  if (kind.check) {
    for (std::size_t i = 0; i < (node.uniform() ? 1 : node.size()); ++i)
      if (const auto problem = kind.check(node.values_at(i))) refuse_node(node, *problem);
  }
  for (std::size_t i = 1; kind.output_scale && !node.uniform() && i < node.size(); ++i)
    if (const double first = kind.output_scale(node.values_at(0)), scale = kind.output_scale(node.values_at(i));
        scale != first)
      refuse_node(
          node, fmt::format("a count is worth {} at element 0 and {} at element {}; allowed: one output scale for all "
                            "elements; make a population of each",
                            first, scale, i));
  for (std::size_t s = 0; s < node.initial.size(); ++s) {
    const auto& initial = node.initial[s];
    if (!initial) continue;
    if (const auto problem = initial->trouble())
      refuse_node(node, fmt::format("init.{}: {}", kind.state[s].name, *problem));
    if (initial->form == Distribution::Form::each && initial->values.size() != node.size())
      refuse_node(node, fmt::format("init.{} has {} values for {} elements", kind.state[s].name, initial->values.size(),
                                    node.size()));
  }
}

void Network::validate_wire(const Wire& wire) const {
  const Node &from = nodes_[wire.from.node], &to = nodes_[wire.to.node];
  const Port& port = to.kind->inputs[wire.to.port];
  const Carries what = carries(wire.from);
  if (!accepts(port.carries, what))
    refuse_node(to, fmt::format("its port '{}' takes {}, but '{}' sends {}{}", port.name, name(port.carries), from.name,
                                name(what),
                                what == Carries::spikes ? "; put a weight node (sparse, linear) between them" : ""));
  if (wire.delay < 0 || wire.delay > longest_delay)
    refuse_node(to, fmt::format("delay of {} ticks on the wire from '{}'; allowed: 0 to {}", wire.delay, from.name,
                                longest_delay));
  if (wire.delay != 0 && what == Carries::sums)
    refuse_node(to, fmt::format("a delay of {} ticks on sums from '{}'; put it on the wire that carries the spikes",
                                wire.delay, from.name));
  if (what == Carries::spikes && has_amplitude(wire.from) && to.kind->has_connectivity)
    refuse_node(to, fmt::format("'{}' sends spikes with an amplitude; they enter only linear and conv2d", from.name));
  if (to.kind->form == Kind::Form::stepped && volume(from.shape) != volume(to.shape))
    refuse_node(to, fmt::format("its shape is {}, but '{}' sends {}", text(to.shape), from.name, text(from.shape)));
}

void Network::validate_weight(NodeId id) const {
  const Node& node = nodes_[id];
  if (wires_into(id).size() != 1)
    refuse_node(node,
                fmt::format("a weight node has exactly one incoming wire, this one has {}", wires_into(id).size()));
  if (wires_from(id).size() != 1)
    refuse_node(node, fmt::format("a weight node has exactly one target, this one has {}", wires_from(id).size()));
  const ConnectionSpace ends = space(id);
  if (node.connectivity) {
    if (const auto problem = trouble(*node.connectivity, ends)) refuse_node(node, *problem);
  } else {
    const Shape inputs[] = {ends.source};
    const Shape output = node.kind->output_shape(*this, node, inputs);
    if (volume(output) != volume(node.shape))
      refuse_node(node,
                  fmt::format("its weights give the shape {}, its target has {}", text(output), text(node.shape)));
  }
}

void Network::validate_cycles() const {
  Edges edges;
  for (const Wire& wire : wires_)
    if (wire.delay == 0 && nodes_[wire.to.node].kind->inputs[wire.to.port].latency == 0)
      edges.emplace_back(wire.from.node, wire.to.node);
  const auto cycle = find_cycle(static_cast<std::uint32_t>(nodes_.size()), edges);
  if (cycle.empty()) return;
  std::vector<std::string> names;
  for (const auto v : cycle) names.push_back(nodes_[v].name);
  names.push_back(names.front());
  refuse_node(nodes_[cycle.front()],
              fmt::format("a cycle without delay: {}; give one of its projections a delay of a tick or more",
                          fmt::join(names, " -> ")));
}

namespace {
class Hasher {
 public:
  void add(std::uint64_t word) {
    for (int byte = 0; byte < 8; ++byte) {
      hash_ = (hash_ ^ (word & 255)) * 0x100000001b3ULL;
      word >>= 8;
    }
  }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (const char c : text) add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  }
  template <class T>
  void add(const std::vector<T>& list) {  // with its length, so that neighbours cannot trade elements
    add(std::uint64_t{list.size()});
    for (const T x : list) {
      if constexpr (std::is_floating_point_v<T>)
        add(x);
      else
        add(static_cast<std::uint64_t>(x));
    }
  }
  void add(const Distribution& d) {
    add(static_cast<std::uint64_t>(d.form));
    for (const double x : {d.a, d.b, d.c, d.formed, d.low, d.high}) add(x);
    add(d.values);
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};
}  // namespace

std::uint64_t Network::hash() const {
  Hasher h;
  h.add(dt);
  h.add(static_cast<std::uint64_t>(precision));
  h.add(seed);
  h.add(static_cast<std::uint64_t>(weight_bits.value_or(0)));
  for (const Node& node : nodes_) {
    h.add(node.name);
    h.add(node.kind->name);
    h.add(node.shape);
    for (const Param& p : node.params) {
      h.add(p.value);
      h.add(p.each);
    }
    for (const auto& initial : node.initial) {
      h.add(std::uint64_t{initial.has_value()});
      if (initial) h.add(*initial);
    }
    h.add(std::uint64_t{node.initial_per_sample});
    for (const auto& [array_name, array] : node.arrays) {
      h.add(array_name);
      h.add(array.shape);
      h.add(array.values);
    }
    h.add(node.positions ? *node.positions : std::vector<double>{});
    if (!node.connectivity) continue;
    const Connectivity& c = *node.connectivity;
    h.add(static_cast<std::uint64_t>(c.rule));
    for (const double x : {double(c.indegree), c.probability, c.lambda, c.sigma, double(c.autapses),
                           double(c.multapses), double(c.dale_every), c.dale_factor, double(c.sources.first),
                           double(c.sources.last), double(c.targets.first), double(c.targets.last)})
      h.add(x);
    h.add(c.weight);
    h.add(c.delay);
    if (!c.edges) continue;
    h.add(c.edges->sources);
    h.add(c.edges->targets);
    h.add(c.edges->weights);
    h.add(c.edges->delays);
  }
  for (const Wire& wire : wires_) {
    h.add((std::uint64_t{wire.from.node} << 32) | wire.from.port);
    h.add((std::uint64_t{wire.to.node} << 32) | wire.to.port);
    h.add(static_cast<std::uint64_t>(wire.delay));
  }
  return h.value();
}

}  // namespace crosspike
