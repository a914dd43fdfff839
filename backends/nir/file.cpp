// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/backends/nir/file.hpp>
#include <crosspike/core/shown.hpp>

namespace crosspike::nir {

namespace {

constexpr std::uint64_t most_numbers = std::uint64_t{1} << 29, most_text = std::uint64_t{1} << 20;
constexpr std::size_t worth_compressing = 4096;  // numbers

class Reader {
 public:
  Graph root(const hdf5::File& file) {
    const hdf5::Group group = file.group("node");
    const std::string type = text(group.dataset("type"));
    if (type != "NIRGraph")
      refuse(group.where() + "/type", fmt::format("'{}' stands at the root; a NIR file holds a NIRGraph", shown(type)));
    return graph(group, 0);
  }

 private:
  Graph graph(const hdf5::Group& group, int depth) {
    if (depth > deepest) refuse(group.where(), fmt::format("graphs are nested more than {} deep", deepest));
    Graph graph;
    graph.where = group.where();
    const hdf5::Group members = group.group("nodes");
    const std::vector<std::string> names = members.names();
    nodes_ += names.size();
    if (nodes_ > most_nodes) refuse(members.where(), fmt::format("the file has more than {} nodes", most_nodes));
    for (const std::string& name : names) graph.nodes.emplace(name, node(members.group(name), depth));
    graph.edges = edges(group.dataset("edges"));
    if (group.has("metadata")) collect(group.group("metadata"), "", 0, graph.metadata);
    for (const std::string& name : group.names())
      if (name != "type" && name != "nodes" && name != "edges" && name != "metadata")
        refuse(group.where() + "/" + name, "a NIRGraph has type, nodes, edges and metadata, nothing of this name");
    return graph;
  }

  Node node(const hdf5::Group& group, int depth) {
    Node node;
    node.where = group.where();
    node.type = text(group.dataset("type"));
    if (node.type == "NIRGraph") {
      node.graph = std::make_shared<const Graph>(graph(group, depth + 1));
      return node;
    }
    for (const std::string& name : group.names()) {
      if (name == "type") continue;
      if (name == "metadata") {
        collect(group.group(name), "", 0, node.metadata);
      } else {
        node.data.emplace(name, datum(group.dataset(name)));
      }
    }
    return node;
  }

  std::vector<Edge> edges(const hdf5::Dataset& dataset) {
    const hdf5::Shape shape = dataset.shape();
    const bool none = std::find(shape.begin(), shape.end(), 0u) != shape.end();
    if (!none && (shape.size() != 2 || shape[1] != 2))
      refuse(dataset.where(),
             fmt::format("has the shape ({}); allowed: (edges, 2), a row for each: from, to", fmt::join(shape, ", ")));
    if (none) return {};
    edges_ += shape[0];
    if (edges_ > most_edges) refuse(dataset.where(), fmt::format("the file has more than {} edges", most_edges));
    const std::vector<std::string> names = dataset.read_texts(most_edges * 512);
    std::vector<Edge> edges;
    for (std::size_t e = 0; e + 1 < names.size(); e += 2) edges.push_back({names[e], names[e + 1]});
    return edges;
  }

  // Metadata may nest.
  void collect(const hdf5::Group& group, const std::string& prefix, int depth, Data& out) {
    if (depth > deepest) refuse(group.where(), fmt::format("metadata are nested more than {} deep", deepest));
    for (const std::string& name : group.names()) {
      if (++metadata_ > most_edges)
        refuse(group.where(), fmt::format("the file has more than {} entries of metadata", most_edges));
      const hdf5::Node kind = group.kind(name);
      if (kind == hdf5::Node::group) {
        collect(group.group(name), prefix + name + "/", depth + 1, out);
      } else if (kind == hdf5::Node::dataset) {
        const hdf5::Dataset dataset = group.dataset(name);
        const hdf5::Class stored = dataset.type_class();
        const bool one_text = stored == hdf5::Class::text && dataset.shape().empty();
        const bool number = stored == hdf5::Class::integer || stored == hdf5::Class::real;
        if (one_text || number) out.emplace(prefix + name, datum(dataset));  // the rest is for others
      }
    }
  }

  static std::string text(const hdf5::Dataset& dataset) { return dataset.read_text(most_text); }

  Datum datum(const hdf5::Dataset& dataset) {
    const hdf5::Class stored = dataset.type_class();
    if (stored == hdf5::Class::text) return text(dataset);
    Tensor tensor;
    tensor.shape = dataset.shape();
    const std::uint64_t count = hdf5::element_count(tensor.shape, dataset.where());
    if (count > most_numbers - numbers_)
      refuse(dataset.where(), fmt::format("with its {} numbers the file has more than {}", count, most_numbers));
    numbers_ += count;
    tensor.values = dataset.read<double>();
    tensor.store = stored == hdf5::Class::integer ? Store::int64 : Store::float64;
    const auto narrow = [](double value) { return static_cast<double>(static_cast<float>(value)) == value; };
    if (stored == hdf5::Class::real && std::all_of(tensor.values.begin(), tensor.values.end(), narrow))
      tensor.store = Store::float32;
    return tensor;
  }

  std::size_t nodes_ = 0, edges_ = 0, metadata_ = 0;
  std::uint64_t numbers_ = 0;
};

template <class T>
void write_numbers(hdf5::Group& group, const std::string& path, const Tensor& tensor) {
  std::vector<T> values;
  values.reserve(tensor.values.size());
  for (const double value : tensor.values) values.push_back(static_cast<T>(value));
  group.write<T>(path, tensor.shape, values,
                 values.size() < worth_compressing ? hdf5::Storage::contiguous : hdf5::Storage::compressed);
}

void write_data(hdf5::Group& group, const std::string& prefix, const Data& data) {
  for (const auto& [name, datum] : data) {
    const std::string path = prefix + "/" + name;
    if (const auto* text = std::get_if<std::string>(&datum)) {
      group.write_text(path, *text);
      continue;
    }
    const Tensor& tensor = std::get<Tensor>(datum);
    if (tensor.store == Store::float32) write_numbers<float>(group, path, tensor);
    if (tensor.store == Store::float64) write_numbers<double>(group, path, tensor);
    if (tensor.store == Store::int64) write_numbers<std::int64_t>(group, path, tensor);
  }
}

void write_graph(hdf5::Group& file, const std::string& path, const Graph& graph) {
  file.write_text(path + "/type", "NIRGraph");
  std::vector<std::string> ends;
  for (const Edge& edge : graph.edges) {
    ends.push_back(edge.from);
    ends.push_back(edge.to);
  }
  file.write_texts(path + "/edges", {graph.edges.size(), 2}, ends);
  file.ensure_group(path + "/nodes");
  for (const auto& [name, node] : graph.nodes) {
    const std::string at = path + "/nodes/" + name;
    if (node.graph) {
      write_graph(file, at, *node.graph);
      continue;
    }
    file.write_text(at + "/type", node.type);
    write_data(file, at, node.data);
    write_data(file, at + "/metadata", node.metadata);
  }
  write_data(file, path + "/metadata", graph.metadata);
}

}  // namespace

Graph read_file(const std::filesystem::path& path) {
  const hdf5::File file = hdf5::File::open(path);
  Graph graph = Reader().root(file);
  check_graph(graph);
  return graph;
}

void write_file(const Graph& graph, const std::filesystem::path& path, const std::string& shown_as) {
  hdf5::File file = hdf5::File::create(path, shown_as);
  file.write_text("/version", layout_version);
  write_graph(file, "/node", graph);
  file.close();
}

}  // namespace crosspike::nir
