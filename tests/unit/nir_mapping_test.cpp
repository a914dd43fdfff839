// SPDX-License-Identifier: Apache-2.0
// Every kind has a row in the mapping to NIR; the numbers of each row, derived by hand from NIR's equations.
#include <cmath>
#include <crosspike/tests/unit/nir_fixture.hpp>
#include <fstream>
#include <iterator>
#include <set>

namespace crosspike {
namespace {

using namespace test;

nir::Translation translated(const std::string& population, double dt = 0.1, bool lossy = false) {
  const NetworkModel model =
      model_of("format = 1\nmodel = \"network\"\n[populations]\na = { size = 2, " + population + " }\n");
  const Node& node = model.network->node(0);
  return nir::find_row(node.kind->name)->translate(node, dt, lossy);
}

TEST(NirMapping, EveryKindOfTheLibraryHasARow) {
  std::set<std::string> kinds, mapped;
  for (const Kind& kind : all_kinds().kinds()) kinds.insert(kind.name);
  for (const nir::Row& row : nir::rows()) {
    EXPECT_TRUE(mapped.insert(row.kind).second) << row.kind << " stands twice";
    EXPECT_STRNE(row.how, "") << row.kind;
  }
  EXPECT_EQ(mapped, kinds);
}

TEST(NirMapping, DocsShowTheRows) {
  std::ifstream in(CROSSPIKE_SOURCE_DIR "/docs/export.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(page.find(nir::mapping_markdown()), std::string::npos) << nir::mapping_markdown();
}

TEST(NirMapping, ALifInNirsConventionIsALifUnchanged) {
  const auto t = translated(
      R"(kind = "lif", convention = "nir", tau_mem = "20 ms", gain = 3, rest = 2, threshold = 5, reset = 1)");
  EXPECT_EQ(t.type, "LIF");
  EXPECT_EQ(
      t.data,
      (std::map<std::string, std::vector<double>>{
          {"tau", {0.02, 0.02}}, {"r", {3, 3}}, {"v_leak", {2, 2}}, {"v_threshold", {5, 5}}, {"v_reset", {1, 1}}}));
  EXPECT_TRUE(t.lost.empty());
  EXPECT_TRUE(t.refused.empty());
}

// An input of 1 held for a tick moves v by R (1 - e^(-dt / tau)); what jumps by `gain` has R = gain / (1 - e^(-dt /
// tau)).
TEST(NirMapping, AJumpBecomesAResistance) {
  const auto t = translated(
      R"(kind = "lif", decay = 0.95, rest = 0, reset = 0, threshold = 1, inclusive = false, refractory = 0, gain = 2)",
      5);
  EXPECT_NEAR(t.data.at("tau")[0], -0.005 / std::log(0.95), 1e-15);
  EXPECT_NEAR(t.data.at("r")[0], 2 / 0.05, 1e-12);
  EXPECT_FALSE(t.data.contains("v_reset"));  // 0 is NIR's default
  EXPECT_TRUE(t.lost.empty());
}

// tau v' = -(v - rest) + tau / C bias rests at rest + tau / C bias.
TEST(NirMapping, ABiasMovesTheLeak) {
  const auto t =
      translated(R"(kind = "lif", tau_mem = "10 ms", capacitance = 250, bias = 500, rest = -65, refractory = 0)");
  EXPECT_NEAR(t.data.at("v_leak")[1], -65 + 10.0 / 250 * 500, 1e-9);
}

TEST(NirMapping, WithoutALeakALifIsAnIf) {
  const auto t = translated(R"(kind = "lif", decay = 1, refractory = 0, gain = 2)", 0.5);
  EXPECT_EQ(t.type, "IF");
  EXPECT_NEAR(t.data.at("r")[0], 2 / 0.0005, 1e-9);  // v' = R x 1 for a tick gives 2
}

TEST(NirMapping, AnIfOfNirHasItsResistanceInSeconds) {
  EXPECT_NEAR(translated(R"(kind = "if", convention = "nir", gain = 2)").data.at("r")[0], 2000, 1e-9);
}

TEST(NirMapping, AnLiIsAnLiAnIOrAnOutput) {
  EXPECT_EQ(translated(R"(kind = "li", convention = "nir")").type, "LI");
  EXPECT_EQ(translated(R"(kind = "li", decay = 1, rest = 0)").type, "I");
  EXPECT_EQ(translated(R"(kind = "li", decay = 0, rest = 0)").type, "Output");
}

// NIR: tau_syn I' = -I + w_in S with S held, so that I gains w_in (1 - e^(-dt / tau_syn)).
TEST(NirMapping, ACubaLifHasItsScalesInWInAndR) {
  const auto jump = translated(
      R"(kind = "cuba_lif", tau_mem = "10 ms", tau_syn = "5 ms", capacitance = 250, gain = 2, refractory = 0)", 1);
  EXPECT_EQ(jump.type, "CubaLIF");
  EXPECT_NEAR(jump.data.at("tau_syn")[0], 0.005, 1e-15);
  EXPECT_NEAR(jump.data.at("r")[0], 10.0 / 250, 1e-15);
  EXPECT_NEAR(jump.data.at("w_in")[0], 2 / (1 - std::exp(-0.2)), 1e-12);
  const auto own =
      translated(R"(kind = "cuba_lif", convention = "nir", tau_mem = "10 ms", tau_syn = "5 ms", gain = 2)", 1);
  EXPECT_EQ(own.data.at("r")[0], 2);
  EXPECT_FALSE(own.data.contains("w_in"));  // 1 is NIR's default
  EXPECT_TRUE(own.lost.empty());
}

TEST(NirMapping, WhatNirHasNoWordForIsNamed) {
  using List = std::vector<std::string>;
  EXPECT_EQ(translated(R"(kind = "lif", convention = "snntorch", decay = 0.5, inclusive = true, lower = -3)").lost,
            (List{"lower: NIR has no bound of the membrane", "inclusive: NIR spikes above the threshold, not at it",
                  "reset_mode = \"subtract\": NIR resets to a value", "delayed_reset: NIR resets at the spike"}));
  EXPECT_EQ(translated(R"(kind = "lif", convention = "norse", input_order = "before_move")").lost,
            (List{"integrator = \"euler\": NIR is continuous in time", "input_order: NIR has no order inside a tick"}));
}

TEST(NirMapping, WhatWouldBeAnotherNeuronIsRefused) {
  using List = std::vector<std::string>;
  EXPECT_EQ(
      translated(R"(kind = "lif", convention = "nir", refractory = "2 ms")").refused,
      (List{"refractory = 2 ms: NIR has no refractory period; write refractory = 0, or leave it away with --lossy"}));
  EXPECT_EQ(translated(R"(kind = "lif", convention = "nir", refractory = "2 ms")", 0.1, true).lost,
            (List{"refractory = 2 ms: NIR has no refractory period"}));
  EXPECT_EQ(translated(R"(kind = "lif", convention = "nir", reset_mode = "none")").refused,
            (List{"reset_mode = \"none\": every NIR neuron resets; use an li and a threshold"}));
  EXPECT_EQ(translated(R"(kind = "if", convention = "nir", bias = 1)").refused,
            (List{"bias: an IF has no constant current; use an Affine (kind linear with a bias)"}));
  EXPECT_EQ(
      translated(R"(kind = "cuba_lif", convention = "nir", tau_syn_excitatory = 1, tau_syn_inhibitory = 2)").refused,
      (List{"its two receptors differ in tau_syn: a CubaLIF has one; make a population of each, or write tau_syn"}));
  EXPECT_EQ(translated(R"(kind = "lif", convention = "nir", decay = [1, 0.5], input_scale = "unit")").refused,
            (List{"some of its neurons are IF and some LIF; make a population of each"}));
}

TEST(NirMapping, ValuesOfEachNeuronStayApart) {
  const auto t = translated(R"(kind = "lif", convention = "nir", tau_mem = [10, 20], threshold = [1, 2])");
  EXPECT_EQ(t.data.at("tau"), (std::vector<double>{0.01, 0.02}));
  EXPECT_EQ(t.data.at("v_threshold"), (std::vector<double>{1, 2}));
}

}  // namespace
}  // namespace crosspike
