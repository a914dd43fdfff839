// SPDX-License-Identifier: Apache-2.0
// A NIR graph in memory, as its file holds it: nodes by name with their datasets, edges, metadata. Everything between
// HDF5 (file.hpp) and networks (from_network.hpp, to_config.hpp) works on this.
// Format: neuromorphs/NIR:nir/serialization.py, nir/ir/*.py; Pedersen et al., Nature Communications 15, 8122 (2024).
#pragma once

#include <crosspike/core/hdf5.hpp>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace crosspike::nir {

enum class Store { float32, float64, int64 };

struct Tensor {
  hdf5::Shape shape;           // empty: a scalar
  std::vector<double> values;  // C order
  Store store = Store::float64;
  bool operator==(const Tensor&) const = default;
};

using Datum = std::variant<std::string, Tensor>;
using Data = std::map<std::string, Datum, std::less<>>;  // by path below the group that they belong to

struct Graph;

struct Node {
  std::string type{};
  Data data{}, metadata{};
  std::shared_ptr<const Graph> graph{};  // of a NIRGraph
  std::string where{};                   // "net.nir:/node/nodes/lif", for messages

  // Throws Error(input) where there is none, or text where numbers are expected.
  const Tensor& tensor(std::string_view name) const;
  const Tensor* find(std::string_view name) const;  // null where there is none
};

struct Edge {
  std::string from, to;
  auto operator<=>(const Edge&) const = default;
};

struct Graph {
  std::map<std::string, Node> nodes{};
  std::vector<Edge> edges{};
  Data metadata{};
  std::string where{};
};

// Of one type of NIR node: the datasets that its group must and may have.
struct TypeInfo {
  const char* name;
  std::vector<const char*> required, optional;
  bool same_shape;     // all of them: a value for each neuron
  const char* unread;  // why crosspike has no kind for it; null where it has
};
std::span<const TypeInfo> types();
const TypeInfo* find_type(std::string_view name);

// Everything that can be wrong with a graph of its own, at every depth: unknown types, datasets that are missing, of
// the wrong rank or length or not finite, edges that name no node. Throws Error(input) with the place.
void check_graph(const Graph& graph);

// The graph without nesting: members of a nested graph become "name.member", its Input and Output nodes edges. Throws
// Error(input) beyond `deepest` levels.
inline constexpr int deepest = 16;
inline constexpr std::size_t most_nodes = 10'000, most_edges = 100'000;  // of a file, in all its graphs
Graph flat(const Graph& graph);

[[noreturn]] void refuse(const std::string& where, const std::string& what);  // Error(input)
[[noreturn]] void cannot(const std::string& where, const std::string& what);  // Error(cannot)

}  // namespace crosspike::nir
