// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <crosspike/backends/nir/graph.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <limits>
#include <set>

namespace crosspike::nir {

void refuse(const std::string& where, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", where, what));
}
void cannot(const std::string& where, const std::string& what) {
  throw Error(Fault::cannot, fmt::format("{}: {}", where, what));
}

// neuromorphs/NIR:nir/ir/__init__.py, __all_ir.
std::span<const TypeInfo> types() {
  static const std::vector<TypeInfo> all = {
      {"Input", {"shape"}, {}, false, nullptr},
      {"Output", {"shape"}, {}, false, nullptr},
      {"NIRGraph", {}, {}, false, nullptr},
      {"Linear", {"weight"}, {}, false, nullptr},
      {"Affine", {"weight", "bias"}, {}, false, nullptr},
      {"Scale", {"scale"}, {}, true, nullptr},
      {"Threshold", {"threshold"}, {}, true, nullptr},
      {"Delay", {"delay"}, {}, true, nullptr},
      {"I", {"r"}, {}, true, nullptr},
      {"LI", {"tau", "r", "v_leak"}, {}, true, nullptr},
      {"IF", {"r", "v_threshold"}, {"v_reset"}, true, nullptr},
      {"LIF", {"tau", "r", "v_leak", "v_threshold"}, {"v_reset"}, true, nullptr},
      {"CubaLIF", {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold"}, {"v_reset", "w_in"}, true, nullptr},
      {"CubaLI",
       {"tau_syn", "tau_mem", "r", "v_leak"},
       {"w_in"},
       true,
       "no kind has a synaptic current and no threshold; use an LI for the synapse and one for the membrane"},
      {"Conv2d", {"input_shape", "weight", "stride", "padding", "dilation", "groups", "bias"}, {}, false, nullptr},
      {"Conv1d",
       {"input_shape", "weight", "stride", "padding", "dilation", "groups", "bias"},
       {},
       false,
       "no kind convolves in one dimension; write it as a Conv2d of height 1"},
      {"Flatten", {}, {"start_dim", "end_dim", "input_type"}, false, nullptr},
      {"SumPool2d",
       {"kernel_size", "stride", "padding"},
       {},
       false,
       "no kind pools; write it as a Conv2d with one kernel per channel"},
      {"AvgPool2d",
       {"kernel_size", "stride", "padding"},
       {},
       false,
       "no kind pools; write it as a Conv2d with one kernel per channel"},
  };
  return all;
}

const TypeInfo* find_type(std::string_view name) {
  for (const TypeInfo& type : types())
    if (name == type.name) return &type;
  return nullptr;
}

const Tensor* Node::find(std::string_view name) const {
  const auto found = data.find(name);
  if (found == data.end()) return nullptr;
  if (const Tensor* tensor = std::get_if<Tensor>(&found->second)) return tensor;
  refuse(fmt::format("{}/{}", where, name), "holds text; numbers are expected");
}

const Tensor& Node::tensor(std::string_view name) const {
  if (const Tensor* found = find(name)) return *found;
  refuse(fmt::format("{}/{}", where, name), fmt::format("no such dataset, which a {} needs", type));
}

namespace {

constexpr double most_elements = 4294967295.0;

std::string text_of(const hdf5::Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

void require_whole(const Node& node, const char* name, double low, double high) {
  const Tensor& tensor = node.tensor(name);
  for (const double value : tensor.values)
    if (value != std::floor(value) || value < low || value > high)
      refuse(fmt::format("{}/{}", node.where, name),
             fmt::format("holds {}; allowed: whole numbers from {:.0f} to {:.0f}", value, low, high));
}

void require_rank(const Node& node, const char* name, std::size_t low, std::size_t high) {
  const std::size_t rank = node.tensor(name).shape.size();
  if (rank < low || rank > high)
    refuse(fmt::format("{}/{}", node.where, name),
           fmt::format("has the shape {}; allowed: {} dimensions", text_of(node.tensor(name).shape),
                       low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high)));
}

void require_positive(const Node& node, const char* name) {
  const Tensor& tensor = node.tensor(name);
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    if (!(tensor.values[i] > 0))
      refuse(fmt::format("{}/{}", node.where, name),
             fmt::format("element {} is {}; a time constant is above 0 (seconds)", i, tensor.values[i]));
}

void check_shape_list(const Node& node, const char* name, std::size_t low, std::size_t high) {
  require_rank(node, name, 1, 1);
  require_whole(node, name, 1, most_elements);
  const Tensor& shape = node.tensor(name);
  if (shape.values.size() < low || shape.values.size() > high)
    refuse(fmt::format("{}/{}", node.where, name),
           fmt::format("holds {} numbers; allowed: {} to {}", shape.values.size(), low, high));
  double volume = 1;
  for (const double side : shape.values) volume *= side;
  if (volume > most_elements)
    refuse(fmt::format("{}/{}", node.where, name), fmt::format("is {:.3g} elements; allowed: up to 2^32 - 1", volume));
}

void check_convolution(const Node& node) {
  if (node.type == "Conv1d") return;  // refused as a whole
  check_shape_list(node, "input_shape", 2, 2);
  require_rank(node, "weight", 4, 4);
  require_rank(node, "bias", 1, 1);
  const auto channels = node.tensor("weight").shape[0];
  if (node.tensor("bias").shape[0] != channels)
    refuse(node.where + "/bias",
           fmt::format("has {} values for {} output channels of /weight", node.tensor("bias").shape[0], channels));
  for (const char* pair : {"stride", "padding", "dilation"}) {
    if (std::holds_alternative<std::string>(node.data.find(pair)->second)) continue;  // "same", "valid"
    require_rank(node, pair, 0, 1);
    require_whole(node, pair, std::string_view(pair) == "padding" ? 0 : 1, 65535);
    if (const std::size_t n = node.tensor(pair).values.size(); n < 1 || n > 2)
      refuse(fmt::format("{}/{}", node.where, pair), fmt::format("holds {} numbers; allowed: 1 or 2", n));
  }
  require_rank(node, "groups", 0, 1);
  require_whole(node, "groups", 1, 65535);
}

void check_same_shape(const Node& node) {
  const hdf5::Shape* first = nullptr;
  std::string first_name;
  for (const auto& [name, datum] : node.data) {
    const hdf5::Shape& shape = node.tensor(name).shape;
    if (first && *first != shape)
      refuse(fmt::format("{}/{}", node.where, name),
             fmt::format("has the shape {}, but /{} has {}; all of a {} have one", text_of(shape), first_name,
                         text_of(*first), node.type));
    first = &shape;
    first_name = name;
  }
  if (first->empty())
    refuse(node.where + "/" + first_name,
           "is a scalar; NIR needs one value for each neuron, as an array of the neurons' shape");
}

void check_node(const Node& node) {
  const TypeInfo* type = find_type(node.type);
  if (!type) {
    std::vector<std::string> names;
    for (const TypeInfo& known : types()) names.emplace_back(known.name);
    const auto near = nearest(node.type, names);
    refuse(node.where + "/type",
           fmt::format("'{}' is no type of NIR node; {}known: {}", shown(node.type),
                       near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(names, ", ")));
  }
  for (const char* name : type->required)
    if (!node.data.contains(name))
      refuse(fmt::format("{}/{}", node.where, name), fmt::format("no such dataset, which a {} needs", node.type));
  for (const auto& [name, datum] : node.data) {
    const auto is = [&name = name](const char* known) { return name == known; };
    if (std::none_of(type->required.begin(), type->required.end(), is) &&
        std::none_of(type->optional.begin(), type->optional.end(), is))
      refuse(fmt::format("{}/{}", node.where, name),
             fmt::format("a {} has no dataset of this name; what is not NIR's goes under metadata", node.type));
    const Tensor* tensor = std::get_if<Tensor>(&datum);
    if (!tensor) continue;
    if (std::find(tensor->shape.begin(), tensor->shape.end(), 0u) != tensor->shape.end())
      refuse(fmt::format("{}/{}", node.where, name),
             fmt::format("has the shape {}, which is empty", text_of(tensor->shape)));
    for (std::size_t i = 0; i < tensor->values.size(); ++i)
      if (!std::isfinite(tensor->values[i]))
        refuse(fmt::format("{}/{}", node.where, name),
               fmt::format("element {} is {}; all must be finite", i, tensor->values[i]));
  }
  if (type->same_shape) check_same_shape(node);
  if (node.type == "Input" || node.type == "Output") check_shape_list(node, "shape", 1, 8);
  if (node.type == "Linear" || node.type == "Affine") require_rank(node, "weight", 2, 8);
  if (node.type == "Conv2d" || node.type == "Conv1d") check_convolution(node);
  for (const char* tau : {"tau", "tau_mem", "tau_syn"})
    if (node.data.contains(tau)) require_positive(node, tau);
  if (node.type == "Delay")
    for (const double delay : node.tensor("delay").values)
      if (!(delay >= 0)) refuse(node.where + "/delay", fmt::format("holds {} s; allowed: 0 or more", delay));
  if (node.type == "Affine") {
    const hdf5::Shape& weight = node.tensor("weight").shape;
    const std::uint64_t out = weight[weight.size() - 2];
    if (node.tensor("bias").values.size() != out)
      refuse(node.where + "/bias",
             fmt::format("has the shape {} for {} outputs of /weight", text_of(node.tensor("bias").shape), out));
  }
}

void check_level(const Graph& graph, int depth) {
  if (depth > deepest) refuse(graph.where, fmt::format("graphs are nested more than {} deep", deepest));
  for (const auto& [name, node] : graph.nodes) {
    check_node(node);
    if (node.type != "NIRGraph") continue;
    if (!node.graph) refuse(node.where, "a NIRGraph without nodes and edges");
    check_level(*node.graph, depth + 1);
  }
  std::set<Edge> seen;
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    for (const std::string* end : {&graph.edges[e].from, &graph.edges[e].to}) {
      if (graph.nodes.contains(*end)) continue;
      std::vector<std::string> names;
      for (const auto& entry : graph.nodes) names.push_back(entry.first);
      const auto near = nearest(*end, names);
      refuse(graph.where + "/edges", fmt::format("row {} is {} -> {}, but there is no node '{}'{}", e,
                                                 shown(graph.edges[e].from), shown(graph.edges[e].to), shown(*end),
                                                 near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
    if (!seen.insert(graph.edges[e]).second)
      refuse(graph.where + "/edges", fmt::format("row {} repeats {} -> {}; an edge stands there once", e,
                                                 shown(graph.edges[e].from), shown(graph.edges[e].to)));
  }
}

// Copies one level into `out` under `prefix`, and says which flat names its own names mean as sources and as targets.
struct Ends {
  std::vector<std::string> in, out;
};

void add_edge(Graph& graph, const std::string& from, const std::string& to) {
  if (graph.edges.size() == most_edges)
    refuse(graph.where + "/edges", fmt::format("without its nested graphs there are more than {} edges", most_edges));
  graph.edges.push_back({from, to});
}

Ends copy_level(const Graph& graph, const std::string& prefix, int depth, Graph& out) {
  if (depth > deepest) refuse(graph.where, fmt::format("graphs are nested more than {} deep", deepest));
  std::map<std::string, Ends> ends;
  Ends own;
  for (const auto& [name, node] : graph.nodes) {
    const std::string full = prefix + name;
    if (node.type == "NIRGraph") {
      ends[name] = copy_level(*node.graph, full + ".", depth + 1, out);
      continue;
    }
    if (!out.nodes.emplace(full, node).second)
      refuse(node.where, fmt::format("a member of a nested graph is called '{}' as well; rename one", shown(full)));
    ends[name] = {{full}, {full}};
    if (node.type == "Input") own.in.push_back(full);
    if (node.type == "Output") own.out.push_back(full);
  }
  for (const Edge& edge : graph.edges)
    for (const std::string& from : ends[edge.from].out)
      for (const std::string& to : ends[edge.to].in) add_edge(out, from, to);
  return own;
}

// Takes a node out; what led to it leads to what it led to.
void contract(Graph& graph, const std::string& name) {
  std::vector<std::string> sources, targets;
  for (const Edge& edge : graph.edges) {
    if (edge.to == name) sources.push_back(edge.from);
    if (edge.from == name) targets.push_back(edge.to);
  }
  std::erase_if(graph.edges, [&](const Edge& e) { return e.from == name || e.to == name; });
  for (const std::string& from : sources)
    for (const std::string& to : targets)
      if (from != name && to != name) add_edge(graph, from, to);
  graph.nodes.erase(name);
}

}  // namespace

void check_graph(const Graph& graph) { check_level(graph, 0); }

Graph flat(const Graph& graph) {
  Graph out;
  out.metadata = graph.metadata;
  out.where = graph.where;
  copy_level(graph, "", 0, out);
  std::vector<std::string> passing;  // Input and Output of nested graphs, and what only reshapes
  for (const auto& [name, node] : out.nodes) {
    const bool end = node.type == "Input" || node.type == "Output";
    if ((end && !graph.nodes.contains(name)) || node.type == "Flatten") passing.push_back(name);
  }
  for (const std::string& name : passing) contract(out, name);
  std::sort(out.edges.begin(), out.edges.end());
  if (const auto twice = std::adjacent_find(out.edges.begin(), out.edges.end()); twice != out.edges.end())
    cannot(out.where + "/edges", fmt::format("two ways without weights lead from {} to {}, which would count twice",
                                             shown(twice->from), shown(twice->to)));
  return out;
}

}  // namespace crosspike::nir
