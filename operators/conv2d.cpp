// SPDX-License-Identifier: Apache-2.0
#include <crosspike/operators/conv2d.hpp>

namespace crosspike {

namespace {

struct Geometry {
  std::uint32_t channels, height, width;  // of the input
  std::uint32_t out_channels, out_height, out_width;
  std::uint32_t kernel_height, kernel_width, stride, padding;
};

std::uint32_t steps(const Node& node, const char* direction, std::uint32_t input, std::uint32_t kernel,
                    std::uint32_t stride, std::uint32_t padding) {
  const std::uint64_t padded = std::uint64_t{input} + 2 * std::uint64_t{padding};
  if (padded < kernel)
    refuse_node(node, fmt::format("its kernel is {} px {}, but the input with padding is {} px; allowed: a kernel no "
                                  "larger than that",
                                  kernel, direction, padded));
  return static_cast<std::uint32_t>((padded - kernel) / stride + 1);
}

Geometry geometry(const Node& node, const Shape& input) {
  for (const char* param : {"stride", "padding"}) require_scalar(node, param);
  const Shape weight = array_shape(node, "weight", 4);
  if (input.size() != 3)
    refuse_node(node, fmt::format("its source has the shape {}; allowed: [channels, height, width]", text(input)));
  if (weight[1] != input[0])
    refuse_node(node, fmt::format("weight has the shape {} for {} input channels, but its source has the shape {}: {}",
                                  text(weight), weight[1], text(input), input[0]));
  const auto stride = static_cast<std::uint32_t>(node.value("stride"));
  const auto padding = static_cast<std::uint32_t>(node.value("padding"));
  return {.channels = input[0],
          .height = input[1],
          .width = input[2],
          .out_channels = weight[0],
          .out_height = steps(node, "high", input[1], weight[2], stride, padding),
          .out_width = steps(node, "wide", input[2], weight[3], stride, padding),
          .kernel_height = weight[2],
          .kernel_width = weight[3],
          .stride = stride,
          .padding = padding};
}

Geometry geometry(const Network& network, const Node& node) {
  return geometry(node, network.node(network.incoming(network.require(node.name)).from.node).shape);
}

// Calls visit(source, weight) for every tap of `target` that lies inside the image, ascending by source.
template <class Visit>
void for_each_tap(const Geometry& g, const std::vector<double>& weights, std::uint32_t target, Visit visit) {
  const std::uint32_t pixels = g.out_height * g.out_width;
  const std::uint32_t channel = target / pixels, y = target % pixels / g.out_width, x = target % g.out_width;
  const std::int64_t top = std::int64_t{y} * g.stride - g.padding, left = std::int64_t{x} * g.stride - g.padding;
  std::size_t tap = std::size_t{channel} * g.channels * g.kernel_height * g.kernel_width;
  for (std::uint32_t c = 0; c < g.channels; ++c)
    for (std::uint32_t v = 0; v < g.kernel_height; ++v)
      for (std::uint32_t u = 0; u < g.kernel_width; ++u, ++tap) {
        const std::int64_t row = top + v, column = left + u;
        if (row < 0 || column < 0 || row >= g.height || column >= g.width) continue;
        visit((c * g.height + static_cast<std::uint32_t>(row)) * g.width + static_cast<std::uint32_t>(column),
              weights[tap]);
      }
}

}  // namespace

Shape Conv2d::output_shape(const Network&, const Node& node, std::span<const Shape> sources) {
  const Geometry g = geometry(node, only_input(node, sources));
  const Shape shape = {g.out_channels, g.out_height, g.out_width};
  if (volume(shape) == node.size()) bias(node);
  return shape;
}

void Conv2d::synapses(const Network& network, const Node& node, std::uint32_t first, std::uint32_t last,
                      std::vector<Synapse>& out) {
  const Geometry g = geometry(network, node);
  const std::vector<double>& weights = node.array("weight")->values;
  for (std::uint32_t target = first; target < last; ++target)
    for_each_tap(g, weights, target, [&](std::uint32_t from, double weight) {
      if (weight != 0) out.push_back({from, target, weight, 0});
    });
}

void Conv2d::reference(const Network& network, const Node& node, ReferenceTick& tick) {
  const Geometry g = geometry(network, node);
  const std::vector<double>& weights = node.array("weight")->values;
  const double scale = network.output_scale(network.incoming(network.require(node.name)).from.node);
  const std::vector<double> offset = bias(node);
  for (std::uint32_t target = 0; target < node.size(); ++target) {
    double sum = 0;
    for_each_tap(g, weights, target,
                 [&](std::uint32_t from, double weight) { sum += weight * scale * tick.inputs[0][from]; });
    tick.outputs[0][target] = sum + (offset.empty() ? 0 : offset[target]);
  }
}

}  // namespace crosspike
