// SPDX-License-Identifier: Apache-2.0
// Fuzz target of NIR graphs: any graph in memory is checked and turned into a config, or refused with crosspike::Error.
// The bytes make the graph directly and not an HDF5 file: libhdf5 itself fails on damaged files in ways that are not
// ours to mend, and almost no bytes would get past it.
#include <crosspike/backends/nir/to_config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/models/network/model.hpp>
#include <cstdlib>

namespace {

using namespace crosspike;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return size_ == 0 ? 0 : (--size_, *data_++); }
  bool empty() const { return size_ == 0; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

constexpr const char* names[] = {"input",      "output", "a", "b",   "c", "lif1.lif",
                                 "lif1.w_rec", "0",      "A", "a.b", "_", "a/b"};
constexpr const char* keys[] = {"tau",
                                "r",
                                "v_leak",
                                "v_threshold",
                                "v_reset",
                                "shape",
                                "weight",
                                "bias",
                                "scale",
                                "delay",
                                "tau_syn",
                                "tau_mem",
                                "w_in",
                                "stride",
                                "input_shape",
                                "padding",
                                "dilation",
                                "groups",
                                "threshold",
                                "crosspike/kind",
                                "crosspike/name",
                                "crosspike/delay_of",
                                "crosspike/port",
                                "crosspike/decay",
                                "crosspike/init/membrane",
                                "dt"};
constexpr const char* words[] = {"lif", "cuba_lif", "same", "valid", "inhibitory", "a", ""};
constexpr double numbers[] = {0, 1, 2, 3, 0.001, 0.5, -1, 1e-9, 1e300, 4294967296.0};

template <class T, std::size_t n>
const T& pick(Bytes& bytes, const T (&list)[n]) {
  return list[bytes.next() % n];
}

nir::Datum datum(Bytes& bytes) {
  const std::uint8_t kind = bytes.next();
  if (kind % 8 == 0) return std::string(pick(bytes, words));
  nir::Tensor tensor;
  std::size_t count = 1;
  for (int d = 0; d < kind % 4; ++d) {
    tensor.shape.push_back(bytes.next() % 4);
    count *= tensor.shape.back();
  }
  for (std::size_t i = 0; i < count; ++i) tensor.values.push_back(pick(bytes, numbers));
  tensor.store = kind & 16 ? nir::Store::float32 : nir::Store::float64;
  return tensor;
}

// The datasets that its type needs, of one shape, and whatever the bytes add.
nir::Node node(Bytes& bytes, int depth);

nir::Graph graph(Bytes& bytes, int depth) {
  nir::Graph made;
  made.where = "fuzz:/node";
  for (int n = bytes.next() % 8; n > 0; --n) made.nodes[pick(bytes, names)] = node(bytes, depth);
  for (int e = bytes.next() % 16; e > 0; --e) made.edges.push_back({pick(bytes, names), pick(bytes, names)});
  if (bytes.next() % 4 != 0) made.metadata["dt"] = nir::Tensor{{}, {0.001}, nir::Store::float64};
  return made;
}

nir::Node node(Bytes& bytes, int depth) {
  nir::Node made;
  made.where = "fuzz:/node/nodes/x";
  const nir::TypeInfo& type = nir::types()[bytes.next() % nir::types().size()];
  made.type = type.name;
  if (made.type == "NIRGraph") {
    if (depth < 20) made.graph = std::make_shared<const nir::Graph>(graph(bytes, depth + 1));
    return made;
  }
  const std::uint64_t size = 1 + bytes.next() % 3;
  for (const char* key : type.required)
    made.data[key] = nir::Tensor{{size}, std::vector<double>(size, 1.0), nir::Store::float32};
  if (made.type == "Linear" || made.type == "Affine")
    made.data["weight"] = nir::Tensor{{size, size}, std::vector<double>(size * size, 0.5), nir::Store::float32};
  for (int extra = bytes.next() % 4; extra > 0; --extra) {
    const std::string key = pick(bytes, keys);
    (key.starts_with("crosspike") ? made.metadata : made.data)[key] = datum(bytes);
  }
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Library library = builtin();
  Bytes bytes(data, size);
  constexpr const char* conventions[] = {"", "nir", "norse", "snntorch"};
  ImportSettings settings;
  settings.convention = pick(bytes, conventions);
  settings.arrays_file = "fuzz.h5";
  try {
    const nir::Graph made = graph(bytes, 0);
    nir::check_graph(made);
    const ImportedNetwork imported = nir::to_config(made, settings);
    if (imported.arrays.empty()) build_network(imported.config, library);
  } catch (const Error& error) {
    if (error.fault() == Fault::system) std::abort();
  }
  return 0;
}
