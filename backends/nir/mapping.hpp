// SPDX-License-Identifier: Apache-2.0
// Which kind is which NIR node: one row for each kind of the library, with the arithmetic for neurons, or the reason
// why there is none. docs/export.md shows the rows.
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/network.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::nir {

// A population as a NIR node: parameters of each neuron, times in seconds, voltages as the number of mV that they are.
struct Translation {
  std::string type;
  std::map<std::string, std::vector<double>> data;
  std::vector<std::string> lost, refused;
};

struct Row {
  const char* kind;
  const char* becomes;  // NIR types; empty where there are none
  const char* how;      // or why not
  // Of neurons; null for the rest, whose part from_network.cpp has. dt in ms.
  Translation (*translate)(const crosspike::Node& node, double dt, bool lossy) = nullptr;
  Kind (*declare)() = nullptr;  // with translate
};

std::span<const Row> rows();
const Row* find_row(std::string_view kind);
const Kind& neuron_kind(std::string_view name);  // of a row with `declare`
std::string mapping_markdown();

// An `li` that shows its input as it is, tick by tick: what stands for an Output behind weights.
bool is_relay(const crosspike::Node& node);

// For the way back: all parameters that are set, as metadata under "crosspike/", and the node that they describe again.
// Nothing where there are none, or where the node's own datasets are no longer what they give (somebody has changed the
// graph since); `stale` says which.
void remember(const crosspike::Node& node, Data& metadata);
std::optional<crosspike::Node> remembered(const Node& node, const std::string& name, const Shape& shape, double dt,
                                          bool& stale);

}  // namespace crosspike::nir
