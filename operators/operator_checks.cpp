// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <crosspike/operators/operator_checks.hpp>

namespace crosspike {

namespace {

const NamedArray& required(const Node& node, std::string_view name) {
  if (const NamedArray* array = node.array(name)) return *array;
  refuse_node(node, fmt::format("{} needs the array '{}'", node.kind->name, name));
}

}  // namespace

void require_scalar(const Node& node, std::string_view param) {
  if (!node.param(param).each.empty())
    refuse_node(node, fmt::format("{} has one value per element; write one for the whole node", param));
}

Shape array_shape(const Node& node, std::string_view name, std::size_t dimensions) {
  const NamedArray& array = required(node, name);
  if (array.shape.size() != dimensions)
    refuse_node(node, fmt::format("{} has the shape [{}]; allowed: {} dimensions", name, fmt::join(array.shape, ", "),
                                  dimensions));
  Shape shape;
  std::size_t left = array.values.size();  // divided, never multiplied: a hostile shape cannot overflow
  for (const std::uint64_t side : array.shape) {
    if (side == 0 || side > 0xffffffffu || left % side != 0) left = 0;
    if (left == 0) break;
    left /= side;
    shape.push_back(static_cast<std::uint32_t>(side));
  }
  if (left != 1)
    refuse_node(node, fmt::format("{} has the shape [{}] and {} values; allowed: as many values as the shape holds, "
                                  "and at least one",
                                  name, fmt::join(array.shape, ", "), array.values.size()));
  return shape;
}

const std::vector<double>& series(const Node& node, std::string_view name, std::optional<std::size_t> length) {
  const NamedArray& array = required(node, name);
  if (array.shape.size() != 1 || array.shape[0] != array.values.size())
    refuse_node(node, fmt::format("{} has the shape [{}]; allowed: one dimension", name, fmt::join(array.shape, ", ")));
  if (length && array.values.size() != *length)
    refuse_node(node, fmt::format("{} has {} values; allowed: {}", name, array.values.size(), *length));
  return array.values;
}

std::uint32_t element_at(const Node& node, const std::vector<double>& elements, std::size_t i) {
  const double element = elements[i];
  if (element != std::floor(element) || element < 0 || element >= static_cast<double>(node.size()))
    refuse_node(node,
                fmt::format("elements[{}] = {}; allowed: whole numbers from 0 to {}", i, element, node.size() - 1));
  return static_cast<std::uint32_t>(element);
}

const Shape& only_input(const Node& node, std::span<const Shape> sources) {
  if (sources.size() != 1) refuse_node(node, fmt::format("{} incoming wires; allowed: 1", sources.size()));
  return sources[0];
}

}  // namespace crosspike
