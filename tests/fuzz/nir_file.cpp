// SPDX-License-Identifier: Apache-2.0
// Fuzz target of NIR files: whatever lies where nodes, edges and numbers should, it is read as a checked graph or
// refused with crosspike::Error, and a graph that was read is written and read again.
#include <crosspike/backends/nir/file.hpp>
#include <crosspike/core/error.hpp>

#include "bytes.hpp"

namespace {

using namespace crosspike;
using fuzz::Bytes;
using fuzz::demand;

constexpr const char* names[] = {"input", "output", "a", "b", "c"};

void put_node(hdf5::File& file, const std::string& path, Bytes& bytes, int depth);

void put_graph(hdf5::File& file, const std::string& path, Bytes& bytes, int depth) {
  file.write_text(path + "/type", bytes.rarely() ? "Graph" : "NIRGraph");
  const std::size_t nodes = bytes.below(std::size(names) + 1);
  if (nodes == 0) file.ensure_group(path + "/nodes");
  for (std::size_t n = 0; n < nodes; ++n) put_node(file, path + "/nodes/" + names[n], bytes, depth);
  const std::size_t edges = bytes.below(6);
  std::vector<std::string> ends;
  for (std::size_t e = 0; e < 2 * edges; ++e)
    ends.emplace_back(names[bytes.below(bytes.rarely() || nodes == 0 ? std::size(names) : nodes)]);
  if (bytes.rarely())
    fuzz::put_odd(file, path + "/edges", bytes);
  else
    file.write_texts(path + "/edges", {edges, 2}, ends);
  if (bytes.next() & 1) fuzz::put_reals(file, path + "/metadata/dt", {}, {0.001});
  if (bytes.rarely()) fuzz::put_odd(file, path + "/odd", bytes);
}

void put_node(hdf5::File& file, const std::string& path, Bytes& bytes, int depth) {
  const nir::TypeInfo& type = nir::types()[bytes.below(nir::types().size())];
  if (type.name == std::string("NIRGraph")) {
    if (depth < 18) put_graph(file, path, bytes, depth + 1);
    return;
  }
  file.write_text(path + "/type", bytes.rarely() ? "Lif" : type.name);
  const std::uint64_t size = 1 + bytes.below(3);
  for (const char* key : type.required) {
    if (bytes.rarely()) continue;
    const std::string place = path + "/" + key;
    if (bytes.rarely()) {
      fuzz::put_odd(file, place, bytes);
      continue;
    }
    const bool matrix = std::string(key) == "weight";
    const std::size_t count = matrix ? size * size : size;
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(bytes.rarely()       ? fuzz::odd_number(bytes)
                       : bytes.next() < 128 ? static_cast<double>(1 + bytes.below(3))
                                            : bytes.next() / 16.0);
    fuzz::put_reals(file, place, matrix ? hdf5::Shape{size, size} : hdf5::Shape{size}, values);
  }
  if (bytes.rarely()) fuzz::put_odd(file, path + "/metadata/note", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::TemporaryFile temporary(".nir");
  Bytes bytes(data, size);
  {
    hdf5::File file = hdf5::File::create(temporary.path());
    put_graph(file, "/node", bytes, 0);
    file.close();
  }
  try {
    const nir::Graph graph = nir::read_file(temporary.path());
    nir::write_file(graph, temporary.path(), "fuzz.nir");
    demand(nir::read_file(temporary.path()).nodes.size() == graph.nodes.size());
  } catch (const Error& error) {
    demand(error.fault() != Fault::system);
  }
  return 0;
}
