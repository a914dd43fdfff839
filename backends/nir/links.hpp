// SPDX-License-Identifier: Apache-2.0
// Edges of a flat graph on their way to wires: delays become ticks, and loops without a delay get one.
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace crosspike::nir {

struct Link {
  std::string from, to;
  std::int32_t ticks = 0;
};

// Element i of a Delay in ticks of dt (ms). Throws Error(cannot) for what is no whole number of them.
std::int32_t delay_ticks(const Node& delay, std::size_t i, double dt);
std::int32_t least_ticks(const Node& delay, double dt);

// The edges of `graph`, whose Delay nodes are taken out where a wire can hold them: those that crosspike wrote for a
// wire, and those of one number that more than one node leads to or that delay values.
void fold_delays(Graph& graph, double dt, std::vector<Link>& links);

// Which of these steps close a loop: a walk in depth from each of `first` in turn meets them on its own way. Delaying
// them leaves no loop among the steps without delay.
struct Step {
  std::string from, to;
  bool immediate = true;
};
std::vector<std::size_t> feedback(const std::vector<Step>& steps, const std::vector<std::string>& first);

}  // namespace crosspike::nir
