// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <crosspike/backends/cpu/event_layout.hpp>
#include <crosspike/backends/cpu/history.hpp>
#include <crosspike/backends/cpu/kinds.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/operators/weights.hpp>
#include <limits>
#include <map>

namespace crosspike::cpu {

namespace {

constexpr std::uint32_t most_slots = 65'536;

std::size_t due_depth(int longest) { return std::bit_ceil(static_cast<std::size_t>(longest) + 1); }

}  // namespace

template <class R>
EventLayout<R>::EventLayout(const Claim& claim, const EventStagePlan& plan, const Options& options, Team& team)
    : network(claim.network) {
  for (const NodeId id : plan.populations) add_population(claim, id);
  for (const NodeId id : plan.weights) add_projection(claim, id);
  set_levels();
  place_due();
  cut(partition_count(network, plan.populations, options.partitions));
  fill_stores(claim, team);
}

template <class R>
void EventLayout<R>::add_population(const Claim& claim, NodeId id) {
  const Node& node = network.node(id);
  PopulationPlan<R> p{.node = id,
                      .size = static_cast<std::uint32_t>(node.size()),
                      .level = 0,
                      .neurons = population_for<R>(network, node),
                      .ports = {},
                      .offset = {},
                      .offsets = {},
                      .initial = {},
                      .shown = {},
                      .max_count = network.max_count(id),
                      .always = node.kind->draws,
                      .taps = {}};
  for (const Port& output : node.kind->outputs)
    if (output.shows) p.shown = node.kind->find_state(output.shows);
  for (std::size_t port = 0; port < node.kind->inputs.size(); ++port) {
    PortPlan<R>& ports = p.ports.emplace_back();
    for (const std::size_t w : network.wires_into(PortRef{id, port})) add_feed(ports, network.wires()[w], node.size());
    if (!ports.feeds.empty()) p.always = true;
  }
  for (const FieldInfo& field : node.kind->state) {
    const Param* offset = field.offset.empty() ? nullptr : &node.param(field.offset);
    p.offset.push_back(offset ? offset->value : 0);
    p.offsets.push_back(offset ? offset->each : std::vector<double>{});
  }
  for (std::size_t t = 0; t < claim.field_taps.size(); ++t)
    if (claim.field_taps[t].node == id) p.taps.push_back(t);
  populations.push_back(std::move(p));
  if (node.initial_per_sample) return;
  std::vector<std::vector<double>> drawn;
  for (std::size_t f = 0; f < node.initial.size(); ++f) drawn.push_back(initial(populations.size() - 1, f, 0));
  populations.back().initial = std::move(drawn);
}

template <class R>
void EventLayout<R>::add_feed(PortPlan<R>& port, const Wire& wire, std::size_t size) {
  const Node& from = network.node(wire.from.node);
  if (network.carries(wire.from) == Carries::sums) {
    const std::vector<double> bias = crosspike::bias(from);
    if (!bias.empty()) port.feeds.push_back({.bias = {bias.begin(), bias.end()}, .source = {}});
    port.has_sums = true;
    return;
  }
  port.feeds.push_back({{}, wire.from, wire.delay, value_histories.size()});
  value_histories.push_back({fmt::format("{}.feed{}", from.name, value_histories.size() + 1), wire.delay, size});
}

template <class R>
void EventLayout<R>::add_projection(const Claim& claim, NodeId id) {
  const Wire& in = network.incoming(id);
  const PortRef target = network.wires()[network.wires_from(id).front()].to;
  ProjectionPlan p{.weight = id,
                   .source = in.from,
                   .delay = in.delay,
                   .longest = in.delay + claim.quanta.weights.at(id).longest_delay,
                   .population = population_of(target.node),
                   .port = static_cast<int>(target.port),
                   .level = 0,
                   .internal = population_of(in.from.node),
                   .history = 0,
                   .stores = {}};
  p.history = history_of(p);
  populations[static_cast<std::size_t>(p.population)].ports[target.port].exponent = claim.quanta.exponent.at(target);
  recurrent |= p.internal >= 0;
  projections.push_back(std::move(p));
}

template <class R>
std::size_t EventLayout<R>::history_of(const ProjectionPlan& projection) {
  for (const ProjectionPlan& other : projections)
    if (other.source == projection.source) {
      int& depth_held = spike_histories[other.history].depth;
      depth_held = std::max(depth_held, projection.longest);
      return other.history;
    }
  spike_histories.push_back({network.node(projection.weight).name + ".spikes", projection.longest,
                             network.node(projection.source.node).size()});
  return spike_histories.size() - 1;
}

template <class R>
int EventLayout<R>::population_of(NodeId node) const {
  for (std::size_t p = 0; p < populations.size(); ++p)
    if (populations[p].node == node) return static_cast<int>(p);
  return -1;
}

// A population steps after all that reach it without delay inside the stage (a cycle of them was refused).
template <class R>
void EventLayout<R>::set_levels() {
  std::vector<std::pair<int, int>> undelayed;
  for (const ProjectionPlan& p : projections)
    if (p.internal >= 0 && p.delay == 0) undelayed.emplace_back(p.internal, p.population);
  for (std::size_t to = 0; to < populations.size(); ++to)
    for (const PortPlan<R>& port : populations[to].ports)
      for (const Feed<R>& feed : port.feeds) {
        if (!feed.bias.empty()) continue;
        const int from = population_of(feed.source.node);
        recurrent |= from >= 0;
        if (from >= 0 && feed.delay == 0) undelayed.emplace_back(from, static_cast<int>(to));
      }
  for (std::size_t round = 0; round < populations.size(); ++round)
    for (const auto& [from, to] : undelayed) raise(from, to);
  for (ProjectionPlan& p : projections) p.level = populations[static_cast<std::size_t>(p.population)].level;
}

template <class R>
void EventLayout<R>::raise(int from, int to) {
  int& level = populations[static_cast<std::size_t>(to)].level;
  level = std::max(level, populations[static_cast<std::size_t>(from)].level + 1);
}

template <class R>
void EventLayout<R>::place_due() {
  for (const auto& population : populations)
    due.resize(std::max(due.size(), static_cast<std::size_t>(population.level) + 1));
  for (const ProjectionPlan& p : projections) {
    std::size_t& depth = due[static_cast<std::size_t>(p.level)].depth;
    depth = std::max(depth, due_depth(p.longest));
  }
  for (std::size_t level = 1; level < due.size(); ++level)
    due[level].first = due[level - 1].first + due[level - 1].depth;
}

template <class R>
void EventLayout<R>::cut(int partitions) {
  const auto parts = static_cast<std::uint64_t>(partitions);
  for (std::uint64_t part = 0; part < parts; ++part) {
    std::vector<Range>& own = ranges.emplace_back();
    std::uint32_t base = 0;
    for (const auto& population : populations) {
      const auto low = static_cast<std::uint32_t>(population.size * part / parts);
      const auto high = static_cast<std::uint32_t>(population.size * (part + 1) / parts);
      own.push_back({low, high, base});
      base += (high - low) * static_cast<std::uint32_t>(population.ports.size());
    }
  }
}

template <class R>
void EventLayout<R>::fill_stores(const Claim& claim, Team& team) {
  for (ProjectionPlan& p : projections) p.stores.resize(ranges.size());
  team.run([&](Team::Member& member) {
    for (std::size_t part = static_cast<std::size_t>(member.rank()); part < ranges.size();
         part += static_cast<std::size_t>(member.size()))
      for (ProjectionPlan& p : projections) {
        const Range& range = ranges[part][static_cast<std::size_t>(p.population)];
        const std::uint32_t base = range.base + static_cast<std::uint32_t>(p.port) * (range.high - range.low);
        p.stores[part] = std::make_unique<SynapseStore>(network, p.weight, claim.quanta.weights.at(p.weight), range.low,
                                                        range.high, base);
      }
  });
}

template <class R>
std::size_t EventLayout<R>::slots(std::size_t partition) const {
  std::size_t sum = 0;
  for (std::size_t p = 0; p < populations.size(); ++p)
    sum += (ranges[partition][p].high - ranges[partition][p].low) * populations[p].ports.size();
  return sum;
}

template <class R>
std::vector<double> EventLayout<R>::initial(std::size_t population, std::size_t field, std::uint32_t stream) const {
  std::vector<double> values = network.initial_values(populations[population].node, field, stream);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= populations[population].offset_at(field, i);
  return values;
}

template struct EventLayout<float>;
template struct EventLayout<double>;

int partition_count(const Network& network, std::span<const NodeId> populations, int wanted) {
  const auto slots = [&](std::uint64_t parts) {  // of the largest partition: each population is cut by itself
    std::uint64_t sum = 0;
    for (const NodeId id : populations)
      sum += (network.node(id).size() + parts - 1) / parts * network.node(id).kind->inputs.size();
    return sum;
  };
  if (slots(std::numeric_limits<std::uint32_t>::max()) > most_slots)
    throw Error(Fault::cannot, fmt::format("{}: more than {} input ports in one stage; make fewer, larger populations",
                                           network.node(populations.front()).name, most_slots));
  auto parts = static_cast<std::uint64_t>(std::max(1, wanted));
  while (slots(parts) > most_slots) ++parts;
  return static_cast<int>(parts);
}

// Levels are not known yet: each population is taken to have due slots of its own. What spikes in flight take is not
// known before they fire.
Footprint estimate_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options) {
  const Network& network = claim.network;
  const std::size_t real = network.precision == Precision::double_ ? 8 : 4,
                    lanes = static_cast<std::size_t>(options.lanes);
  const auto parts = static_cast<std::size_t>(partition_count(network, plan.populations, options.partitions));
  Footprint f;
  std::map<NodeId, std::size_t> depth;
  for (const NodeId id : plan.populations) {
    const Node& node = network.node(id);
    depth[id] = 1;
    f.state_bytes += node.size() * lanes * (node.kind->state.size() + node.kind->inputs.size()) * real;
    f.program_bytes += node.size() * node.kind->state.size() * sizeof(double);
    if (!node.uniform()) f.program_bytes += node.size() * node.kind->params.size() * real * 2;
    for (std::size_t port = 0; port < node.kind->inputs.size(); ++port)
      for (const std::size_t w : network.wires_into(PortRef{id, port}))
        if (const Wire& wire = network.wires()[w]; network.carries(wire.from) != Carries::sums)
          f.state_bytes += ValueHistory::bytes(wire.delay, options.lanes, node.size());
  }
  for (const NodeId id : plan.weights) {
    const WeightQuantum& quantum = claim.quanta.weights.at(id);
    const Wire& in = network.incoming(id);
    const int longest = in.delay + quantum.longest_delay;
    f.program_bytes += SynapseStore::bytes(network, id, quantum, parts);
    f.state_bytes += SpikeHistory::bytes(longest);
    std::size_t& slots = depth.at(network.wires()[network.wires_from(id).front()].to.node);
    slots = std::max(slots, due_depth(longest));
  }
  for (const auto& [id, slots] : depth) f.state_bytes += slots * lanes * parts * sizeof(std::vector<Due>);
  return f;
}

}  // namespace crosspike::cpu
