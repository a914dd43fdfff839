// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/operators/operator_checks.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike {

std::vector<double> bias(const Node& node) {
  if (!node.array("bias")) return {};
  const std::vector<double>& given = series(node, "bias");
  const std::size_t size = node.size(), channels = node.array("weight")->shape[0];
  if (given.size() != size && given.size() != channels)
    refuse_node(node, fmt::format("bias has {} values; allowed: {}", given.size(),
                                  channels == size ? fmt::format("{}", size)
                                                   : fmt::format("{} (one per channel) or {}", channels, size)));
  std::vector<double> each(size);
  for (std::size_t i = 0; i < size; ++i) each[i] = given[i / (size / given.size())];
  return each;
}

}  // namespace crosspike
