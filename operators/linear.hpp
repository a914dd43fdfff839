// SPDX-License-Identifier: Apache-2.0
// linear: a dense weight matrix between two populations, with an optional bias.
#pragma once

#include <fmt/format.h>

#include <crosspike/operators/operator_checks.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike {

struct Linear {
  static constexpr const char* name = "linear";
  static constexpr const char* doc = "a dense weight matrix with an optional bias; exact zeros are no synapses";
  static constexpr const char* equation = "out[o] = sum over i of weight[o, i] x count[i] x amplitude + bias[o]";
  static constexpr const char* source =
      "NIR Affine and Linear, Pedersen et al., Nature Communications 15, 8122 (2024); neuromorphs/nir:nir/ir/linear.py";
  static constexpr Port inputs[] = {{"in", Carries::spikes, Unit::none, "spikes, with or without an amplitude"}};
  static constexpr Port outputs[] = {
      {"out", Carries::sums_or_values, Unit::none, "sums; values where the input has an amplitude"}};
  static constexpr ArrayInfo arrays[] = {
      {"weight", "(out, in)", true, "one row per target, in the unit of the target's port"},
      {"bias", "(out)", false, "added once per tick, as a value"}};
  static constexpr bool is_weight = true;

  struct Params {};
  static constexpr auto params = std::tuple<>{};

  static Shape output_shape(const Network&, const Node& node, std::span<const Shape> sources) {
    const Shape weight = array_shape(node, "weight", 2);
    const Shape& input = only_input(node, sources);
    if (weight[1] != volume(input))
      refuse_node(node,
                  fmt::format("weight has the shape {} for {} inputs, but its source has the shape {}: {} elements",
                              text(weight), weight[1], text(input), volume(input)));
    if (weight[0] == node.size()) bias(node);
    return {weight[0]};
  }

  static void synapses(const Network&, const Node& node, std::uint32_t first, std::uint32_t last,
                       std::vector<Synapse>& out) {
    const NamedArray& weight = *node.array("weight");
    const std::size_t width = weight.shape[1];
    for (std::uint32_t target = first; target < last; ++target)
      for (std::uint32_t from = 0; from < width; ++from)
        if (const double w = weight.values[target * width + from]; w != 0) out.push_back({from, target, w, 0});
  }

  static void reference(const Network& network, const Node& node, ReferenceTick& tick) {
    const NamedArray& weight = *node.array("weight");
    const std::size_t width = weight.shape[1];
    const double scale = network.output_scale(network.incoming(network.require(node.name)).from.node);
    const std::vector<double> offset = bias(node);
    for (std::size_t o = 0; o < weight.shape[0]; ++o) {
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i) sum += weight.values[o * width + i] * scale * tick.inputs[0][i];
      tick.outputs[0][o] = sum + (offset.empty() ? 0 : offset[o]);
    }
  }
};

}  // namespace crosspike
