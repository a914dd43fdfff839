// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/exporter.hpp>

namespace crosspike {

void require_expressible(std::string_view target, const std::vector<ExportedNode>& nodes) {
  std::vector<std::string> reasons;
  for (const ExportedNode& node : nodes)
    for (const std::string& reason : node.refused)
      reasons.push_back(fmt::format("{} ({}): {}", node.node, node.kind, reason));
  if (!reasons.empty())
    throw Error(Fault::cannot, fmt::format("{} cannot express this network: {}", target, fmt::join(reasons, "; ")));
}

}  // namespace crosspike
