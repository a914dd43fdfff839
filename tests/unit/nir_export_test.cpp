// SPDX-License-Identifier: Apache-2.0
// Networks as NIR graphs: what becomes of weights, delays, loops, images and outputs, and what is refused.
#include <crosspike/core/exporter.hpp>
#include <crosspike/tests/unit/nir_fixture.hpp>

namespace crosspike {
namespace {

using namespace test;
using List = std::vector<std::string>;

const std::string head = "format = 1\nmodel = \"network\"\nrun = { dt = \"1 ms\" }\n";
const std::string cells = R"([populations]
in = { kind = "input", size = 2 }
a = { kind = "lif", convention = "nir", size = 2 }
b = { kind = "lif", convention = "nir", size = 2 }
)";

nir::Exported from(const std::string& body, const ExportSettings& settings = {}) {
  return exported(*model_of(head + body).network, settings);
}

std::vector<nir::Edge> edges(std::vector<nir::Edge> list) { return list; }

std::string refusal(const std::string& body, const ExportSettings& settings = {}) {
  return message_of([&] { require_expressible("nir", from(body, settings).nodes); }, Fault::cannot);
}

TEST(NirExport, ASecondInputOrOutputIsWrittenAndNamed) {
  const auto out = from(cells + R"(other = { kind = "input", size = 2 }
[projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1, 0], [2, 3]], delay = 0 }
q = { from = "other", to = "b", kind = "linear", weight = [[1, 2], [0, 4]], delay = 0 }
)");
  std::map<std::string, List> lost;
  for (const ExportedNode& node : out.nodes)
    if (!node.lost.empty()) lost[node.node] = node.lost;
  EXPECT_EQ(lost,
            (std::map<std::string, List>{{"b", {"nothing, but the nir package infers types for one Output"}},
                                         {"other", {"nothing, but the nir package infers types for one Input"}}}));
}

TEST(NirExport, ADelayOfAWireIsADelayNode) {
  const auto out = from(cells + R"([projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1, 0], [2, 3]], delay = 0 }
q = { from = "a", to = "b", kind = "linear", weight = [[1, 2], [0, 4]], bias = [0.5, 1], delay = "3 ms" }
)");
  EXPECT_EQ(out.graph.edges,
            edges({{"a", "q_delay"}, {"b", "output"}, {"in", "p"}, {"p", "a"}, {"q", "b"}, {"q_delay", "q"}}));
  EXPECT_EQ(out.graph.nodes.at("p").type, "Linear");
  EXPECT_EQ(out.graph.nodes.at("p").tensor("weight").values, (std::vector<double>{1, 0, 2, 3}));
  EXPECT_EQ(out.graph.nodes.at("q").type, "Affine");
  EXPECT_EQ(out.graph.nodes.at("q").tensor("bias").values, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(out.graph.nodes.at("q_delay").tensor("delay").values, (std::vector<double>{0.003, 0.003}));
  EXPECT_EQ(std::get<nir::Tensor>(out.graph.metadata.at("dt")).values, (std::vector<double>{0.001}));
}

TEST(NirExport, ALoopOfOneTickIsFlatAndItsTickIsInTheMetadata) {
  const auto out = from(R"([populations]
in = { kind = "input", size = 2 }
"lif1.lif" = { kind = "lif", convention = "nir", size = 2 }
[projections]
p = { from = "in", to = "lif1.lif", kind = "linear", weight = [[1, 0], [2, 3]], delay = 0 }
"lif1.w_rec" = { from = "lif1.lif", to = "lif1.lif", kind = "linear", weight = [[0, 1], [2, 0]] }
)");
  EXPECT_EQ(out.graph.edges, edges({{"in", "p"},
                                    {"lif1.lif", "lif1.w_rec"},
                                    {"lif1.lif", "output"},
                                    {"lif1.w_rec", "lif1.lif"},
                                    {"p", "lif1.lif"}}));
  EXPECT_EQ(std::get<nir::Tensor>(out.graph.nodes.at("lif1.w_rec").metadata.at("feedback_delay")).values[0], 0.001);
  EXPECT_EQ(out.nodes[3].lost, (List{"the tick of its loop: NIR has none, its readers add one"}));
  EXPECT_EQ(std::get<std::string>(out.graph.metadata.at("lost")),
            "lif1.w_rec: the tick of its loop: NIR has none, its readers add one\n");
}

TEST(NirExport, EachDistinctDelayOfASparseProjectionIsALinear) {
  const auto out = from(cells + R"([projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1, 0], [2, 3]], delay = 0 }
[projections.q]
from = "a"
to = "b"
connect = { rule = "edges", sources = [0, 1, 1], targets = [0, 0, 1], weights = [1, 2, 4], delays = ["2 ms", "2 ms", "5 ms"] }
)");
  EXPECT_EQ(out.graph.nodes.at("q_2").tensor("weight").values, (std::vector<double>{1, 2, 0, 0}));
  EXPECT_EQ(out.graph.nodes.at("q_5").tensor("weight").values, (std::vector<double>{0, 0, 0, 4}));
  EXPECT_EQ(out.graph.nodes.at("q_2_delay").tensor("delay").values, (std::vector<double>{0.002, 0.002}));
  EXPECT_EQ(out.graph.nodes.at("q_5_delay").tensor("delay").values, (std::vector<double>{0.005, 0.005}));
  EXPECT_EQ(out.nodes[4].becomes, "2 x Delay, Linear");
  EXPECT_EQ(out.nodes[4].lost, (List{"a delay per synapse: a Linear and a Delay for each distinct one"}));
}

TEST(NirExport, OneToOneIsAScaleAndOfWeightOneAnEdge) {
  const auto out = from(cells + R"([projections]
p = { from = "in", to = "a", connect = { rule = "one_to_one" }, weight = 0.5, delay = 0 }
q = { from = "a", to = "b", connect = { rule = "one_to_one" }, weight = 1, delay = 0 }
)");
  EXPECT_EQ(out.graph.nodes.at("p").type, "Scale");
  EXPECT_EQ(out.graph.nodes.at("p").tensor("scale").values, (std::vector<double>{0.5, 0.5}));
  EXPECT_FALSE(out.graph.nodes.contains("q"));
  EXPECT_EQ(out.graph.edges, edges({{"a", "b"}, {"b", "output"}, {"in", "p"}, {"p", "a"}}));
}

TEST(NirExport, WeightsAreThoseThatRun) {  // 16 bits: 2 x 2^14 does not fit, 2 x 2^13 does
  const auto out = from(cells + R"([projections]
p = { from = "in", to = "a", kind = "linear", weight = [[0.3333333333333333, 2], [1, 1]], delay = 0 }
)");
  EXPECT_EQ(out.graph.nodes.at("p").tensor("weight").values[0], 2731.0 / 8192);  // round(2^13 / 3)
}

TEST(NirExport, AnImageIsFlattenedBeforeWeightsThatReadAList) {
  const auto out = from(R"([populations]
in = { kind = "input", shape = [1, 3, 3] }
c = { kind = "lif", convention = "nir", shape = [2, 2, 2] }
d = { kind = "lif", convention = "nir", size = 1 }
[projections.conv]
from = "in"
to = "c"
kind = "conv2d"
weight = [[[[1, 2], [3, 4]]], [[[0, 1], [1, 0]]]]
bias = [0.5, 0.25]
delay = 0
[projections.out]
from = "c"
to = "d"
kind = "linear"
weight = [[1, 1, 1, 1, 1, 1, 1, 1]]
delay = 0
)");
  const nir::Node& conv = out.graph.nodes.at("conv");
  EXPECT_EQ(conv.type, "Conv2d");
  EXPECT_EQ(conv.tensor("input_shape").values, (std::vector<double>{3, 3}));
  EXPECT_EQ(conv.tensor("weight").shape, (hdf5::Shape{2, 1, 2, 2}));
  EXPECT_EQ(conv.tensor("stride").values, (std::vector<double>{1, 1}));
  EXPECT_EQ(out.graph.nodes.at("c").tensor("tau").shape, (hdf5::Shape{2, 2, 2}));
  EXPECT_EQ(out.graph.nodes.at("c_flatten").tensor("start_dim").values, (std::vector<double>{0}));
  EXPECT_EQ(
      out.graph.edges,
      edges({{"c", "c_flatten"}, {"c_flatten", "out"}, {"conv", "c"}, {"d", "output"}, {"in", "conv"}, {"out", "d"}}));
}

TEST(NirExport, AnOutputBehindWeightsIsTheOutput) {
  const auto out = from(R"([populations]
in = { kind = "input", size = 2 }
y = { kind = "li", size = 1, decay = 0, rest = 0 }
[projections]
p = { from = "in", to = "y.input", kind = "linear", weight = [[1, 2]], delay = 0 }
)");
  EXPECT_EQ(out.graph.nodes.at("y").type, "Output");
  EXPECT_EQ(out.graph.edges, edges({{"in", "p"}, {"p", "y"}}));
}

TEST(NirExport, NestedRecurrenceHasFourMembers) {
  ExportSettings nested;
  nested.own["recurrence"] = "nested";
  const auto out = from(cells + R"([projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1, 0], [2, 3]], delay = 0 }
loop = { from = "a", to = "a", kind = "linear", weight = [[0, 1], [1, 0]] }
q = { from = "a", to = "b", kind = "linear", weight = [[1, 0], [0, 1]], delay = 0 }
)",
                        nested);
  const nir::Node& a = out.graph.nodes.at("a");
  ASSERT_EQ(a.type, "NIRGraph");
  EXPECT_EQ(a.graph->edges, edges({{"input", "lif"}, {"lif", "output"}, {"lif", "w_rec"}, {"w_rec", "lif"}}));
  EXPECT_EQ(a.graph->nodes.at("w_rec").type, "Linear");
  EXPECT_EQ(std::get<nir::Tensor>(a.graph->nodes.at("w_rec").metadata.at("feedback_delay")).values[0], 0.001);
  EXPECT_EQ(out.graph.edges, edges({{"a", "q"}, {"b", "output"}, {"in", "p"}, {"p", "a"}, {"q", "b"}}));
}

TEST(NirExport, KindsWithoutANirNodeAreNamedWithTheReason) {
  EXPECT_EQ(
      refusal(R"([populations]
a = { kind = "alpha_lif", size = 2 }
b = { kind = "ilif", size = 2 }
)"),
      "nir cannot express this network: a (alpha_lif): NIR has no alpha-shaped current; use cuba_lif; b (ilif): NIR's "
      "spikes are 0 or 1, these are counts");
  EXPECT_EQ(refusal(R"([populations]
i = { kind = "step_current", size = 2, times = [0], currents = [100] }
a = { kind = "lif", convention = "nir", size = 2 }
[wires]
w = { from = "i", to = "a.injected" }
)"),
            "nir cannot express this network: i (step_current): a current at `injected`; NIR's neurons have one input");
}

TEST(NirExport, ADenseMatrixThatIsTooLargeIsRefusedWithItsSize) {
  EXPECT_EQ(refusal(R"([populations]
in = { kind = "input", size = 100000 }
a = { kind = "lif", convention = "nir", size = 50000 }
[projections]
p = { from = "in", to = "a", connect = { rule = "fixed_indegree", indegree = 1 }, weight = 1 }
)"),
            "nir cannot express this network: p (sparse): a Linear is dense: 50000 x 100000 weights are 18.6 GiB; "
            "allowed: up "
            "to 1 GiB");
}

TEST(NirExport, ManyDifferentDelaysAreRefused) {
  EXPECT_EQ(refusal(R"([populations]
in = { kind = "input", size = 30 }
a = { kind = "lif", convention = "nir", size = 30 }
[projections]
p = { from = "in", to = "a", connect = { rule = "all_to_all" }, weight = 1, delay = { uniform = ["1 ms", "100 ms"] } }
)"),
            "nir cannot express this network: p (sparse): 100 different delays, each a dense Linear of its own; "
            "allowed: up to 64");
}

TEST(NirExport, TwoPopulationsThatReadEachOtherNeedANamedOutput) {
  const std::string loop = cells + R"([projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1, 0], [2, 3]] }
q = { from = "a", to = "b", kind = "linear", weight = [[1, 2], [3, 4]] }
r = { from = "b", to = "a", kind = "linear", weight = [[1, 2], [3, 4]] }
)";
  EXPECT_EQ(refusal(loop),
            "nir cannot express this network: a (lif): every population leads to another, so none is the output; name "
            "one with "
            "--option output=NAME");
  ExportSettings named;
  named.own["output"] = "b";
  const auto out = from(loop, named);
  EXPECT_EQ(out.graph.edges.front(), (nir::Edge{"a", "q_delay"}));
  EXPECT_EQ(std::count(out.graph.edges.begin(), out.graph.edges.end(), nir::Edge{"b", "output"}), 1);
}

TEST(NirExport, UnknownSettingsAreRefused) {
  ExportSettings settings;
  settings.own["recurence"] = "nested";
  EXPECT_EQ(message_of([&] { from(cells, settings); }),
            "--option recurence: nir has no such option; did you mean 'recurrence'? it has: output, recurrence");
  settings.own = {{"recurrence", "deep"}};
  EXPECT_EQ(message_of([&] { from(cells, settings); }), "--option recurrence=deep; allowed are flat, nested");
  settings.own = {{"output", "c"}};
  EXPECT_EQ(message_of([&] { from(cells, settings); }), "there is no node 'c'; there are: in, a, b");
}

}  // namespace
}  // namespace crosspike
