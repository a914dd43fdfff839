// SPDX-License-Identifier: Apache-2.0
// A network as a NIR graph, and what becomes of each of its nodes.
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <crosspike/core/exporter.hpp>
#include <vector>

namespace crosspike::nir {

// Of one matrix: a sparse projection is written dense.
inline constexpr std::uint64_t most_matrix_bytes = std::uint64_t{1} << 30;
inline constexpr std::size_t most_delays = 64;  // distinct ones of a projection, each a matrix

struct Exported {
  Graph graph;
  std::vector<ExportedNode> nodes;  // in the network's order
};

// Settings of its own: `output` (the population that the Output shows; default: those that nothing else reads),
// `recurrence` (flat or nested). Throws Error(input) for others. Where a node is refused the graph lacks it.
Exported from_network(const ExportSource& source, const ExportSettings& settings);

}  // namespace crosspike::nir
