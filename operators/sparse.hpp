// SPDX-License-Identifier: Apache-2.0
// sparse: synapses between two populations, given by a connectivity rule or an edge list, each with its own weight
// and delay.
#pragma once

#include <algorithm>
#include <crosspike/operators/operator_checks.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike {

struct Sparse {
  static constexpr const char* name = "sparse";
  static constexpr const char* doc = "weights between two populations, by a connectivity rule or an edge list";
  static constexpr const char* equation =
      "out[target](t) = sum over synapses of weight x count[source](t - delay); delays in ticks, on top of the wire's";
  static constexpr const char* source =
      "as NEST's Connect with static_synapse: nest/nest-simulator:doc/htmldoc/synapses/connectivity_concepts.rst";
  static constexpr Port inputs[] = {{"in", Carries::spikes, Unit::none, "spikes of the source"}};
  static constexpr Port outputs[] = {
      {"out", Carries::sums, Unit::none, "weighted sums, in the unit of the target's port"}};
  static constexpr bool is_weight = true, has_connectivity = true;

  struct Params {};
  static constexpr auto params = std::tuple<>{};

  static Shape output_shape(const Network&, const Node& node, std::span<const Shape>) {
    if (!node.connectivity)
      refuse_node(node, "sparse needs a connectivity rule or an edge list; write connect = {...}");
    return node.shape;
  }

  static void synapses(const Network& network, const Node& node, std::uint32_t first, std::uint32_t last,
                       std::vector<Synapse>& out) {
    enumerate(*node.connectivity, network.space(network.require(node.name)), first, last, out);
  }

  static std::size_t state_size(const Network& network, const Node& node) {
    std::int32_t longest = 0;
    for (const Synapse& synapse : all(network, node)) longest = std::max(longest, synapse.delay);
    return node.size() * (static_cast<std::size_t>(longest) + 1);
  }

  static void reference(const Network& network, const Node& node, ReferenceTick& tick) {
    ReferenceRing ring(tick.state, node.size(), tick.tick);
    for (const Synapse& synapse : all(network, node))
      ring.add(synapse.target, synapse.delay, synapse.weight * tick.inputs[0][synapse.source]);
    ring.take(tick.outputs[0]);
  }

 private:
  // From the network, not from the rule: less the delay that already lies on the wire, times the source's scale.
  static std::vector<Synapse> all(const Network& network, const Node& node) {
    std::vector<Synapse> synapses;
    network.synapses(network.require(node.name), 0, static_cast<std::uint32_t>(node.size()), synapses);
    return synapses;
  }
};

}  // namespace crosspike
