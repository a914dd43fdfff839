// SPDX-License-Identifier: Apache-2.0
// spike_list: a source that fires at listed times.
#pragma once

#include <crosspike/operators/operator_checks.hpp>

namespace crosspike {

struct ListedSpike {
  std::int64_t tick;
  std::uint32_t element;
  std::int32_t count;  // never 0
  bool operator==(const ListedSpike&) const = default;
};

// The spikes of a `spike_list` node, ascending by (tick, element), those of equal tick and element added up. Tick t
// covers (t dt, (t + 1) dt], to within a millionth of a tick. Throws Error(input) that names the array and the index.
std::vector<ListedSpike> listed_spikes(const Node& node, double dt);

struct SpikeList {
  static constexpr const char* name = "spike_list";
  static constexpr const char* doc = "fires at listed times; a spike at time s has the tick ceil(s / dt) - 1";
  static constexpr const char* equation = "out[element](tick) = sum of the counts listed for it";
  static constexpr const char* source =
      "as NEST's spike_generator, which also stamps a spike at the end of its step: "
      "nest/nest-simulator:models/spike_generator.h";
  static constexpr Port outputs[] = {{"spikes", Carries::spikes, Unit::none, "the listed spikes"}};
  static constexpr ArrayInfo arrays[] = {
      {"times", "(spikes)", true, "ms, above 0, in any order"},
      {"elements", "(spikes)", true, "the index that fires, from 0"},
      {"counts", "(spikes)", false, "how often it fires at that time; 1 where absent, negative allowed, never 0"}};

  struct Params {};
  static constexpr auto params = std::tuple<>{};

  static double node_max_count(const Node& node, double dt);
  static Shape output_shape(const Network& network, const Node& node, std::span<const Shape>) {
    listed_spikes(node, network.dt);
    return node.shape;
  }
  static void reference(const Network& network, const Node& node, ReferenceTick& tick) {
    for (const ListedSpike& spike : listed_spikes(node, network.dt))
      if (spike.tick == tick.tick) tick.outputs[0][spike.element] = spike.count;
  }
};

}  // namespace crosspike
