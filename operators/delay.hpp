// SPDX-License-Identifier: Apache-2.0
// delay: passes spikes on a number of ticks later, one number for all channels or one for each.
#pragma once

#include <fmt/format.h>

#include <crosspike/operators/operator_checks.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike {

struct Delay {
  static constexpr const char* name = "delay";
  static constexpr const char* doc = "passes each channel's spikes on, a number of ticks later";
  static constexpr const char* equation = "out[i](t) = in[i](t - ticks[i])";
  static constexpr const char* source =
      "NIR Delay, Pedersen et al., Nature Communications 15, 8122 (2024); neuromorphs/nir:nir/ir/delay.py";
  static constexpr Port inputs[] = {{"in", Carries::spikes, Unit::none, "spikes of one source"}};
  static constexpr Port outputs[] = {{"out", Carries::spikes, Unit::none, "the same spikes, later"}};
  static constexpr bool passes_events = true;
  static constexpr const char* delay_param = "ticks";

  struct Params {
    std::int32_t ticks = 0;
  };
  static constexpr auto params = std::tuple{
      field(&Params::ticks, "ticks", Unit::none, 0, 1e6, "ticks that a channel is late, on top of the wire's")};

  static Shape output_shape(const Network& network, const Node& node, std::span<const Shape> sources) {
    const Shape& input = only_input(node, sources);
    if (volume(input) != node.size())
      refuse_node(node, fmt::format("its shape is {}, but its source has the shape {}", text(node.shape), text(input)));
    if (!node.param("ticks").each.empty() && network.has_amplitude({network.require(node.name), 0}))
      refuse_node(node,
                  "ticks has one value per element, but the spikes have one amplitude per tick; write one for all");
    return node.shape;
  }

  static std::size_t state_size(const Network&, const Node& node) {
    double longest = 0;
    for (std::size_t i = 0; i < node.size(); ++i) longest = std::max(longest, node.param("ticks").at(i));
    return node.size() * (static_cast<std::size_t>(longest) + 1);
  }

  static void reference(const Network&, const Node& node, ReferenceTick& tick) {
    ReferenceRing ring(tick.state, node.size(), tick.tick);
    for (std::size_t i = 0; i < node.size(); ++i)
      ring.add(i, static_cast<std::int32_t>(node.param("ticks").at(i)), tick.inputs[0][i]);
    ring.take(tick.outputs[0]);
  }
};

}  // namespace crosspike
