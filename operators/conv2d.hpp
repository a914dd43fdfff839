// SPDX-License-Identifier: Apache-2.0
// conv2d: one small kernel per pair of channels, moved over an image of spikes, with an optional bias.
#pragma once

#include <fmt/format.h>

#include <crosspike/operators/operator_checks.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike {

struct Conv2d {
  static constexpr const char* name = "conv2d";
  static constexpr const char* doc =
      "cross-correlation of [channels, height, width] with a kernel (not flipped), zeros outside the image";
  static constexpr const char* equation =
      "out[o, y, x] = sum over i, v, u of weight[o, i, v, u] x count[i, y stride + v - padding, x stride + u - "
      "padding] "
      "x amplitude + bias[o]; height = floor((h + 2 padding - kernel) / stride) + 1";
  static constexpr const char* source =
      "NIR Conv2d, Pedersen et al., Nature Communications 15, 8122 (2024); neuromorphs/nir:nir/ir/conv.py";
  static constexpr Port inputs[] = {{"in", Carries::spikes, Unit::none, "spikes, with or without an amplitude"}};
  static constexpr Port outputs[] = {
      {"out", Carries::sums_or_values, Unit::none, "sums; values where the input has an amplitude"}};
  static constexpr ArrayInfo arrays[] = {
      {"weight", "(out_channels, in_channels, height, width)", true, "in the unit of the target's port"},
      {"bias", "(out_channels)", false, "added once per tick to every pixel of a channel, as a value"}};
  static constexpr bool is_weight = true;

  struct Params {
    std::int32_t stride = 1, padding = 0;
  };
  static constexpr auto params =
      std::tuple{field(&Params::stride, "stride", Unit::px, 1, 65535, "step of the kernel in both directions"),
                 field(&Params::padding, "padding", Unit::px, 0, 65535, "zeros added on all four sides")};

  static Shape output_shape(const Network&, const Node& node, std::span<const Shape> sources);
  static void synapses(const Network& network, const Node& node, std::uint32_t first, std::uint32_t last,
                       std::vector<Synapse>& out);
  static void reference(const Network& network, const Node& node, ReferenceTick& tick);
};

}  // namespace crosspike
