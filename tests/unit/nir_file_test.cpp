// SPDX-License-Identifier: Apache-2.0
// NIR files: the layout that is written, and broken files, each with its message.
#include <hdf5.h>

#include <crosspike/tests/unit/nir_fixture.hpp>
#include <functional>
#include <limits>

namespace crosspike {
namespace {

using namespace test;

class NirFile : public NirFolder {
 protected:
  // What reading says of the chain after a change.
  static std::string broken(const std::function<void(nir::Graph&)>& change, Fault fault = Fault::input) {
    nir::Graph graph = chain();
    change(graph);
    nir::write_file(graph, "t.nir", "t.nir");
    return message_of([] { nir::read_file("t.nir"); }, fault);
  }
  static std::string read(const std::string& name = "t.nir") {
    return message_of([&] { nir::read_file(name); });
  }
};

TEST_F(NirFile, HoldsDatasetsAndNoAttributes) {
  nir::write_file(chain(), "t.nir", "t.nir");
  const hdf5::File file = hdf5::File::open("t.nir");
  EXPECT_EQ(file.dataset("/version").read_text(), "1.0.7");
  EXPECT_EQ(file.dataset("/node/type").read_text(), "NIRGraph");
  EXPECT_EQ(file.dataset("/node/edges").shape(), (hdf5::Shape{3, 2}));
  EXPECT_EQ(file.dataset("/node/edges").read_texts(),
            (std::vector<std::string>{"input", "w", "w", "cells", "cells", "output"}));
  EXPECT_EQ(file.dataset("/node/nodes/cells/type").read_text(), "LIF");
  EXPECT_EQ(file.dataset("/node/nodes/cells/tau").shape(), (hdf5::Shape{2}));
  EXPECT_EQ(file.dataset("/node/nodes/input/shape").type_class(), hdf5::Class::integer);
  EXPECT_EQ(file.dataset("/node/metadata/dt").shape(), hdf5::Shape{});
  for (const char* path : {"/", "/node", "/node/nodes", "/node/nodes/cells"})
    EXPECT_TRUE(file.group(path).attribute_names().empty()) << path;
  EXPECT_FALSE(file.has("/node/nodes/cells/metadata"));  // only where there is some
}

TEST_F(NirFile, TextIsUtf8OfVariableLengthAndNumbersAreFloat32) {
  nir::write_file(chain(), "t.nir", "t.nir");
  const hid_t file = H5Fopen("t.nir", H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t text = H5Dopen2(file, "/node/nodes/cells/type", H5P_DEFAULT), text_type = H5Dget_type(text);
  EXPECT_GT(H5Tis_variable_str(text_type), 0);
  EXPECT_EQ(H5Tget_cset(text_type), H5T_CSET_UTF8);
  EXPECT_EQ(H5Tget_strpad(text_type), H5T_STR_NULLTERM);
  const hid_t tau = H5Dopen2(file, "/node/nodes/cells/tau", H5P_DEFAULT), tau_type = H5Dget_type(tau);
  EXPECT_GT(H5Tequal(tau_type, H5T_IEEE_F32LE), 0);
  const hid_t shape = H5Dopen2(file, "/node/nodes/input/shape", H5P_DEFAULT), shape_type = H5Dget_type(shape);
  EXPECT_GT(H5Tequal(shape_type, H5T_STD_I64LE), 0);
  for (const hid_t type : {text_type, tau_type, shape_type}) H5Tclose(type);
  for (const hid_t set : {text, tau, shape}) H5Dclose(set);
  H5Fclose(file);
}

TEST_F(NirFile, ReadsWhatItWrote) {
  nir::write_file(chain(), "t.nir", "t.nir");
  expect_same_content(nir::read_file("t.nir"), chain());
}

TEST_F(NirFile, WithoutEdgesIsFine) {
  nir::Graph graph = chain();
  graph.edges.clear();
  nir::write_file(graph, "t.nir", "t.nir");
  EXPECT_TRUE(nir::read_file("t.nir").edges.empty());
}

TEST_F(NirFile, RefusesWhatIsNoGraph) {
  EXPECT_EQ(read("missing.nir"), "missing.nir: no such file");
  { hdf5::File::create("t.nir").close(); }
  EXPECT_EQ(read(), "t.nir:/node: no such group; / is empty");
  {
    hdf5::File file = hdf5::File::create("t.nir");
    file.write_text("/node/type", "LIF");
    file.close();
  }
  EXPECT_EQ(read(), "t.nir:/node/type: 'LIF' stands at the root; a NIR file holds a NIRGraph");
  {
    hdf5::File file = hdf5::File::create("t.nir");
    file.write_text("/node/type", "NIRGraph");
    file.close();
  }
  EXPECT_EQ(read(), "t.nir:/node/nodes: no such group; /node has type");
  {
    hdf5::File file = hdf5::File::create("t.nir");
    file.write_text("/node/type", "NIRGraph");
    file.ensure_group("/node/nodes");
    file.close();
  }
  EXPECT_EQ(read(), "t.nir:/node/edges: no such dataset; /node has nodes, type");
}

TEST_F(NirFile, RefusesEdgesOfAnotherShape) {
  hdf5::File file = hdf5::File::create("t.nir");
  file.write_text("/node/type", "NIRGraph");
  file.ensure_group("/node/nodes");
  const std::vector<std::string> names = {"a", "b", "c"};
  file.write_texts("/node/edges", {3}, names);
  file.close();
  EXPECT_EQ(read(), "t.nir:/node/edges: has the shape (3); allowed: (edges, 2), a row for each: from, to");
}

TEST_F(NirFile, RefusesANumberWhereATypeIsExpected) {
  hdf5::File file = hdf5::File::create("t.nir");
  const std::vector<double> one = {1};
  file.write<double>("/node/type", {}, std::span<const double>(one));
  file.close();
  EXPECT_EQ(read(), "t.nir:/node/type: holds floating-point numbers; text is expected");
}

TEST_F(NirFile, RefusesStrayDatasetsBesideAGraph) {
  nir::write_file(chain(), "t.nir", "t.nir");
  const hid_t file = H5Fopen("t.nir", H5F_ACC_RDWR, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, "/node/extra", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(file);
  EXPECT_EQ(read(), "t.nir:/node/extra: a NIRGraph has type, nodes, edges and metadata, nothing of this name");
}

TEST_F(NirFile, RefusesUnknownTypesWithTheNearest) {
  EXPECT_EQ(
      broken([](nir::Graph& g) { g.nodes["cells"].type = "CubaLIFF"; }),
      "t.nir:/node/nodes/cells/type: 'CubaLIFF' is no type of NIR node; did you mean 'CubaLIF'? known: Input, Output, "
      "NIRGraph, Linear, Affine, Scale, Threshold, Delay, I, LI, IF, LIF, CubaLIF, CubaLI, Conv2d, Conv1d, Flatten, "
      "SumPool2d, AvgPool2d");
}

TEST_F(NirFile, RefusesMissingAndStrayDatasets) {
  EXPECT_EQ(broken([](nir::Graph& g) { g.nodes["cells"].data.erase("tau"); }),
            "t.nir:/node/nodes/cells/tau: no such dataset, which a LIF needs");
  EXPECT_EQ(broken([](nir::Graph& g) { g.nodes["input"].data.clear(); }),
            "t.nir:/node/nodes/input/shape: no such dataset, which a Input needs");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["cells"].data["gain"] = row({1, 1});
            }),
            "t.nir:/node/nodes/cells/gain: a LIF has no dataset of this name; what is not NIR's goes under metadata");
}

TEST_F(NirFile, RefusesShapesThatDisagree) {
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["cells"].data["tau"] = row({1, 1, 1});
            }),
            "t.nir:/node/nodes/cells/tau: has the shape (3), but /r has (2); all of a LIF have one");
  EXPECT_EQ(broken([](nir::Graph& g) {
              for (auto& [name, datum] : g.nodes["cells"].data) datum = tensor({}, {1});
            }),
            "t.nir:/node/nodes/cells/v_threshold: is a scalar; NIR needs one value for each neuron, as an array of the "
            "neurons' shape");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["w"].data["weight"] = row({1, 2});
            }),
            "t.nir:/node/nodes/w/weight: has the shape (2); allowed: 2 to 8 dimensions");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["w"] = primitive("Affine", {{"weight", tensor({2, 1}, {1, 2})}, {"bias", row({1, 2, 3})}});
            }),
            "t.nir:/node/nodes/w/bias: has the shape (3) for 2 outputs of /weight");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["w"].data["weight"] = tensor({2, 0}, {});
            }),
            "t.nir:/node/nodes/w/weight: has the shape (2, 0), which is empty");
}

TEST_F(NirFile, RefusesNumbersThatMeanNothing) {
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["cells"].data["r"] = row({1, std::numeric_limits<double>::quiet_NaN()});
            }),
            "t.nir:/node/nodes/cells/r: element 1 is nan; all must be finite");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["cells"].data["tau"] = row({1, 0});
            }),
            "t.nir:/node/nodes/cells/tau: element 1 is 0; a time constant is above 0 (seconds)");
  EXPECT_EQ(broken([](nir::Graph& g) { g.nodes["input"].data["shape"] = whole({0}); }),
            "t.nir:/node/nodes/input/shape: holds 0; allowed: whole numbers from 1 to 4294967295");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["input"].data["shape"] = whole({100000, 100000});
            }),
            "t.nir:/node/nodes/input/shape: is 1e+10 elements; allowed: up to 2^32 - 1");
  EXPECT_EQ(broken([](nir::Graph& g) { g.nodes["cells"].data["tau"] = std::string("fast"); }),
            "t.nir:/node/nodes/cells/tau: holds text; numbers are expected");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.nodes["w"] = primitive("Delay", {{"delay", row({-1})}});
            }),
            "t.nir:/node/nodes/w/delay: holds -1 s; allowed: 0 or more");
}

TEST_F(NirFile, RefusesEdgesThatNameNoNode) {
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.edges.push_back({"cels", "output"});
            }),
            "t.nir:/node/edges: row 3 is cels -> output, but there is no node 'cels'; did you mean 'cells'?");
  EXPECT_EQ(broken([](nir::Graph& g) {
              g.edges.push_back({"w", "cells"});
            }),
            "t.nir:/node/edges: row 3 repeats w -> cells; an edge stands there once");
}

nir::Node convolution() {
  return primitive("Conv2d", {{"input_shape", whole({4, 4})},
                              {"weight", tensor({1, 1, 2, 2}, {1, 2, 3, 4})},
                              {"stride", whole({1, 1})},
                              {"padding", whole({0, 0})},
                              {"dilation", whole({1, 1})},
                              {"groups", tensor({}, {1}, nir::Store::int64)},
                              {"bias", row({0})}});
}

TEST_F(NirFile, RefusesBrokenConvolutions) {
  const auto with = [](const char* name, nir::Datum datum) {
    return broken([&](nir::Graph& g) {
      g.nodes["w"] = convolution();
      g.nodes["w"].data[name] = datum;
    });
  };
  EXPECT_EQ(with("weight", tensor({1, 1, 4}, {1, 2, 3, 4})),
            "t.nir:/node/nodes/w/weight: has the shape (1, 1, 4); allowed: 4 dimensions");
  EXPECT_EQ(with("bias", row({1, 2})), "t.nir:/node/nodes/w/bias: has 2 values for 1 output channels of /weight");
  EXPECT_EQ(with("stride", whole({1, 1, 1})), "t.nir:/node/nodes/w/stride: holds 3 numbers; allowed: 1 or 2");
  EXPECT_EQ(with("stride", whole({0, 1})),
            "t.nir:/node/nodes/w/stride: holds 0; allowed: whole numbers from 1 to 65535");
  EXPECT_EQ(with("input_shape", whole({4})), "t.nir:/node/nodes/w/input_shape: holds 1 numbers; allowed: 2 to 2");
}

TEST_F(NirFile, RefusesDeepNesting) {
  nir::Graph graph = chain();
  for (int level = 0; level < 20; ++level) {
    nir::Graph outer;
    nir::Node node;
    node.type = "NIRGraph";
    node.graph = std::make_shared<const nir::Graph>(graph);
    outer.nodes["g"] = node;
    graph = outer;
  }
  nir::write_file(graph, "t.nir", "t.nir");
  EXPECT_TRUE(read().ends_with("/nodes/g: graphs are nested more than 16 deep")) << read();
}

TEST_F(NirFile, RefusesAGraphThatHoldsItself) {  // a hard link to the group around it
  nir::write_file(chain(), "t.nir", "t.nir");
  const hid_t file = H5Fopen("t.nir", H5F_ACC_RDWR, H5P_DEFAULT);
  H5Lcreate_hard(file, "/node", file, "/node/nodes/inside", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_TRUE(read().ends_with(": graphs are nested more than 16 deep")) << read();
}

TEST_F(NirFile, RefusesMetadataWithoutEnd) {
  nir::Graph graph = chain();
  graph.metadata["deep/down"] = "text";
  nir::write_file(graph, "t.nir", "t.nir");
  const hid_t file = H5Fopen("t.nir", H5F_ACC_RDWR, H5P_DEFAULT);
  H5Lcreate_hard(file, "/node/metadata", file, "/node/metadata/deep/again", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_TRUE(read().ends_with(": metadata are nested more than 16 deep")) << read();
}

TEST_F(NirFile, RefusesMoreNumbersThanFit) {  // a shape without data takes no bytes of a file
  nir::write_file(chain(), "t.nir", "t.nir");
  const hid_t file = H5Fopen("t.nir", H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/node/nodes/w/weight", H5P_DEFAULT);
  const hsize_t extents[] = {1u << 20, 1u << 20}, chunk[] = {1024, 1024};
  const hid_t space = H5Screate_simple(2, extents, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, 2, chunk);
  H5Dclose(H5Dcreate2(file, "/node/nodes/w/weight", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
  H5Pclose(list);
  H5Sclose(space);
  H5Fclose(file);
  EXPECT_EQ(read(), "t.nir:/node/nodes/w/weight: with its 1099511627776 numbers the file has more than 536870912");
}

TEST_F(NirFile, RefusesATruncatedFile) {
  nir::write_file(chain(), "t.nir", "t.nir");
  std::filesystem::resize_file("t.nir", std::filesystem::file_size("t.nir") / 2);
  EXPECT_TRUE(read().starts_with("t.nir is truncated (superblock says ")) << read();
}

}  // namespace
}  // namespace crosspike
