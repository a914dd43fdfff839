// SPDX-License-Identifier: Apache-2.0
// NIR graphs as configs: names, conventions, loops, nesting, and what is refused.
#include <crosspike/tests/unit/nir_fixture.hpp>

namespace crosspike {
namespace {

using namespace test;

std::string refused(const nir::Graph& graph, Fault fault, ImportSettings settings = {}) {
  return message_of(
      [&] {
        nir::check_graph(graph);
        nir::to_config(graph, settings);
      },
      fault);
}

nir::Graph placed(nir::Graph graph) {  // as if it had been read from t.nir
  graph.where = "t.nir:/node";
  for (auto& [name, node] : graph.nodes) node.where = "t.nir:/node/nodes/" + name;
  return graph;
}

class NirImport : public NirFolder {};

TEST_F(NirImport, AChainIsThisConfig) {
  EXPECT_EQ(to_toml(imported(chain())), R"(format = 1
model = "network"

[run]
dt = "1 ms"
time = "1 s"
weight_bits = 32

[populations.cells]
kind = "lif"
size = 2
convention = "nir"

[populations.input]
kind = "input"
size = 1

[projections.w]
from = "input"
to = "cells"
kind = "linear"
weight = [[0.5], [0.25]]
delay = "0 ms"

[recorders.output]
of = "cells.spikes"
)");
}

TEST_F(NirImport, DtComesFromTheOptionOrTheFileOrIsAskedFor) {
  nir::Graph graph = placed(chain());
  ImportSettings settings;
  settings.dt = 0.5;
  EXPECT_NE(to_toml(nir::to_config(graph, settings).config).find("dt = \"0.5 ms\""), std::string::npos);
  graph.metadata.clear();
  EXPECT_EQ(
      refused(graph, Fault::input),
      "t.nir:/node/metadata/dt: is absent: the file does not say how long a tick is; give it, e.g. --dt \"0.1 ms\"");
  graph.metadata["dt"] = tensor({}, {-1});
  EXPECT_EQ(refused(graph, Fault::input),
            "t.nir:/node/metadata/dt: is no time of a tick in seconds; give it, e.g. --dt \"0.1 ms\"");
}

TEST_F(NirImport, UnknownConventionsNameTheNearest) {
  ImportSettings settings;
  settings.convention = "sntorch";
  EXPECT_EQ(refused(chain(), Fault::input, settings),
            "--convention sntorch: did you mean 'snntorch'? allowed are nir, norse, snntorch");
}

TEST_F(NirImport, SnnTorchsLimitsAreSaid) {
  nir::Graph graph = placed(chain());
  graph.nodes["cells"].data["v_leak"] = row({0, 0.5});
  ImportSettings settings;
  settings.convention = "snntorch";
  EXPECT_EQ(refused(graph, Fault::cannot, settings),
            "t.nir:/node/nodes/cells/v_leak: holds 0.5; snnTorch knows only 0; read it by another --convention");
}

TEST_F(NirImport, NamesBecomeOnesThatAConfigTakes) {
  nir::Graph graph;
  graph.nodes = {{"In", input(1)}, {"0", linear(1, 1, {1})}, {"Layer 1.LIF", lif(1)}, {"layer_1.lif", lif(1)}};
  graph.edges = {{"In", "0"}, {"0", "Layer 1.LIF"}, {"0", "layer_1.lif"}};
  graph.metadata["dt"] = tensor({}, {0.001});
  const NetworkModel model = imported_model(graph);
  for (const char* name : {"in", "linear_0", "linear_0_2", "layer_1.lif", "layer_1.lif_2"})
    EXPECT_TRUE(model.network->find(name)) << name;
}

TEST_F(NirImport, WeightsWithTwoTargetsLeaveTheNamesOfOtherNodesAlone) {
  nir::Graph graph = chain();
  graph.nodes["w_2"] = lif(2);
  graph.edges.insert(graph.edges.end(), {{"w", "w_2"}});
  const Value config = imported(graph);
  EXPECT_TRUE(config.as<Table>()->find("populations")->as<Table>()->find("w_2"));
  const Table& projections = *config.as<Table>()->find("projections")->as<Table>();
  EXPECT_EQ(projections.size(), 2U);
  EXPECT_TRUE(projections.find("w"));
  EXPECT_TRUE(projections.find("w_2_2"));
  build_network(config, all_kinds());
}

TEST_F(NirImport, ALoopWithoutDelayGetsOneTickAndSaysSo) {
  nir::Graph graph = chain();
  graph.nodes["lif1.w_rec"] = linear(2, 2, {0, 1, 1, 0});
  graph.nodes["lif1.lif"] = lif(2);
  graph.nodes.erase("cells");
  graph.edges = {{"input", "w"},
                 {"w", "lif1.lif"},
                 {"lif1.lif", "lif1.w_rec"},
                 {"lif1.w_rec", "lif1.lif"},
                 {"lif1.lif", "output"}};
  const ImportedNetwork read = nir::to_config(graph, {});
  EXPECT_EQ(read.nodes[2].node, "lif1.w_rec");
  EXPECT_EQ(read.nodes[2].changed,
            (std::vector<std::string>{"one tick of delay from lif1.lif to lif1.lif, closing a loop"}));
  const NetworkModel model = imported_model(graph);
  EXPECT_EQ(model.network->incoming(model.network->require("lif1.w_rec")).delay, 1);
  EXPECT_EQ(model.network->incoming(model.network->require("w")).delay, 0);
}

TEST_F(NirImport, ALoopWithADelayOfItsOwnKeepsIt) {
  nir::Graph graph = chain();
  graph.nodes["d"] = primitive("Delay", {{"delay", row({0.003, 0.003})}});
  graph.nodes["back"] = linear(2, 2, {0, 1, 1, 0});
  for (const nir::Edge& edge : std::vector<nir::Edge>{{"cells", "d"}, {"d", "back"}, {"back", "cells"}})
    graph.edges.push_back(edge);
  const NetworkModel model = imported_model(graph);
  std::int32_t total = 0;
  for (const char* name : {"d", "back"}) total += model.network->incoming(model.network->require(name)).delay;
  EXPECT_EQ(total, 3);
}

// cells -> a -> b -> cells: a walk from the input goes cells, other, and meets cells again on the way back.
TEST_F(NirImport, OnlyTheEdgeThatClosesALoopIsDelayed) {
  nir::Graph graph = chain();
  graph.nodes["other"] = lif(2);
  graph.nodes["there"] = linear(2, 2, {1, 0, 0, 1});
  graph.nodes["back"] = linear(2, 2, {1, 0, 0, 1});
  for (const nir::Edge& edge :
       std::vector<nir::Edge>{{"cells", "there"}, {"there", "other"}, {"other", "back"}, {"back", "cells"}})
    graph.edges.push_back(edge);
  const NetworkModel model = imported_model(graph);
  EXPECT_EQ(model.network->incoming(model.network->require("there")).delay, 0);
  EXPECT_EQ(model.network->incoming(model.network->require("back")).delay, 1);
}

TEST_F(NirImport, NestedRecurrenceIsTheFlatOne) {
  nir::Graph inner;
  inner.nodes = {{"input", input(2)}, {"lif", lif(2)}, {"w_rec", linear(2, 2, {0, 1, 1, 0})}, {"output", output(2)}};
  inner.edges = {{"input", "lif"}, {"lif", "w_rec"}, {"w_rec", "lif"}, {"lif", "output"}};
  nir::Graph nested = chain();
  nested.nodes["cells"] = {"NIRGraph", {}, {}, std::make_shared<const nir::Graph>(inner), {}};
  const nir::Graph flat = nir::flat(nested);
  std::vector<nir::Edge> expected = {{"cells.lif", "cells.w_rec"},
                                     {"cells.lif", "output"},
                                     {"cells.w_rec", "cells.lif"},
                                     {"input", "w"},
                                     {"w", "cells.lif"}};
  EXPECT_EQ(flat.edges, expected);
  const NetworkModel model = imported_model(nested);
  EXPECT_EQ(model.network->incoming(model.network->require("cells.w_rec")).delay, 1);
}

TEST_F(NirImport, InputsAreFedFromRowsOfTimeAndChannel) {
  ImportSettings settings;
  settings.input = NamedArray{"p.csv", {2, 2}, {1, 0, 3, 0}};
  const NetworkModel model = imported_model(chain(), settings);
  const std::vector<Fired> expected = {{0, 0}, {2, 0}};
  EXPECT_EQ(spikes_of(model, "input", 5), expected);
  settings.input = NamedArray{"p.csv", {3}, {1, 2, 3}};
  EXPECT_EQ(refused(chain(), Fault::input, settings),
            "p.csv: has the shape (3); --input takes rows of two numbers: time in ms, channel");
}

TEST_F(NirImport, WhatNoKindComputesIsRefusedByName) {
  nir::Graph graph = placed(chain());
  graph.nodes["cells"] =
      placed([] {
        nir::Graph g;
        g.nodes["cells"] = primitive(
            "CubaLI",
            {{"tau_syn", row({1, 1})}, {"tau_mem", row({1, 1})}, {"r", row({1, 1})}, {"v_leak", row({0, 0})}});
        return g;
      }())
          .nodes["cells"];
  EXPECT_EQ(refused(graph, Fault::cannot),
            "t.nir:/node/nodes/cells: crosspike reads no CubaLI: no kind has a synaptic current and no threshold; use "
            "an LI for "
            "the synapse and one for the membrane");
}

TEST_F(NirImport, SizesThatDoNotFitAreNamed) {
  nir::Graph graph = placed(chain());
  graph.nodes["w"].data["weight"] = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(refused(graph, Fault::input), "t.nir:/node/nodes/w/weight: has 3 inputs, but its source input has 1");
  graph.nodes["w"].data["weight"] = tensor({3, 1}, {1, 2, 3});
  EXPECT_EQ(refused(graph, Fault::input), "t.nir:/node/nodes/w/weight: has 3 outputs, but its target cells has 2");
}

TEST_F(NirImport, WeightsOnWeightsAndOnValuesAreRefused) {
  nir::Graph graph = chain();
  graph.nodes["v"] = linear(2, 2, {1, 0, 0, 1});
  graph.edges = {{"input", "w"}, {"w", "v"}, {"v", "cells"}, {"cells", "output"}};
  EXPECT_EQ(refused(placed(graph), Fault::cannot),
            "t.nir:/node/nodes/v: a Linear reads a Linear; multiply them into one, or put a neuron between");
  graph.nodes["li"] = primitive("LI", {{"tau", row({1})}, {"r", row({1})}, {"v_leak", row({0})}});
  graph.nodes.erase("v");
  graph.edges = {{"input", "li"}, {"li", "w"}, {"w", "cells"}, {"cells", "output"}};
  EXPECT_EQ(refused(placed(graph), Fault::cannot),
            "t.nir:/node/nodes/w: a Linear reads the values of li (LI); crosspike's weights read spikes");
}

TEST_F(NirImport, ADelayOfPartOfATickIsRefused) {
  nir::Graph graph = chain();
  graph.nodes["d"] = primitive("Delay", {{"delay", row({0.0015})}});
  graph.edges = {{"input", "d"}, {"d", "w"}, {"w", "cells"}, {"cells", "output"}};
  EXPECT_EQ(
      refused(placed(graph), Fault::cannot),
      "t.nir:/node/nodes/d/delay: element 0 is 0.0015 s, 1.5 ticks of 1 ms; a delay is a whole number of ticks; give "
      "another --dt");
}

TEST_F(NirImport, TwoWaysWithoutWeightsAreRefused) {
  nir::Graph graph = chain();
  for (const char* name : {"f1", "f2"}) {
    graph.nodes[name] = primitive("Flatten", {});
    graph.edges.push_back({"cells", name});
    graph.edges.push_back({name, "more"});
  }
  graph.nodes["more"] = lif(2);
  EXPECT_EQ(refused(placed(graph), Fault::cannot),
            "t.nir:/node/edges: two ways without weights lead from cells to more, which would count twice");
}

// By hand: v <- v e^(-dt/tau) + R (1 - e^(-dt/tau)) x; R = 1 / (1 - e^(-0.1)) makes an input of 0.5 a jump of 0.5.
TEST_F(NirImport, ACubaLifAndAnIfRunByTheirEquations) {
  nir::Graph graph = chain();
  graph.nodes["cells"] = primitive("IF", {{"r", row({1000, 1000})}, {"v_threshold", row({0.9, 0.9})}});
  const NetworkModel model = imported_model(graph);
  const std::vector<Fired> inputs = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}};
  // 1000 per second for 1 ms: 0.5 and 0.25 an input; 1.0 > 0.9 after two, and after four.
  const std::vector<Fired> expected = {{1, 0}, {3, 0}, {3, 1}};
  EXPECT_EQ(spikes_of(model, "cells", 5, inputs), expected);
}

}  // namespace
}  // namespace crosspike
