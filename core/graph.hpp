// SPDX-License-Identifier: Apache-2.0
// Graph questions (components, order, cycles) over plain edge lists. Boost.Graph answers them in graph.cpp; nothing
// else sees Boost.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace crosspike {

class Network;

using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // (from, to)

// Strong components of `vertices` vertices, each ascending; components in topological order, ties by smallest vertex.
std::vector<std::vector<std::uint32_t>> strong_components(std::uint32_t vertices, const Edges& edges);

// One cycle as its vertices in order, or empty when there is none.
std::vector<std::uint32_t> find_cycle(std::uint32_t vertices, const Edges& edges);

// Graphviz text of a network: nodes with kind and shape, wires with what they carry and their delay.
std::string to_graphviz(const Network& network);

}  // namespace crosspike
