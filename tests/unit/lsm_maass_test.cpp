// SPDX-License-Identifier: Apache-2.0
// preset "maass": a column on a grid with the defaults of the Graz toolset (Kirito56/lsm-matlab:circuits/
// @neural_microcircuit/private/default_parameters.m), and what goes with it: liquid.grid, features.window, several
// recurrent projections.
#include <algorithm>
#include <cmath>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <crosspike/tests/unit/statistics.hpp>
#include <map>

namespace crosspike {
namespace {

using namespace test;

const std::string head = "format = 1\nmodel = \"lsm\"\ndataset.kind = \"pattern_pairs\"\n";
const std::string maass = head + "liquid.preset = \"maass\"\ninput.tick = \"1 ms\"\n";

LsmSettings parsed(const std::string& text) { return read_lsm(parse_config(text, "a.toml"), library()); }
std::string refusal(const std::string& text) {
  return message_of([&] { parsed(text); });
}
const Node& node(const LsmSettings& s, const std::string& name) {
  return s.liquid.network->node(s.liquid.network->require(name));
}
// Which population.port a projection leads to.
std::string target_of(const LsmSettings& s, const std::string& projection) {
  const Value& table = *s.network.as<Table>()->find("projections")->as<Table>()->find(projection);
  return *table.as<Table>()->find("to")->as<std::string>();
}

struct Group {
  const char* name;
  double c;         // of the probability
  double strength;  // pA, the mean: the table's weight x U, a first response
  double delay;     // ms, the mean
  bool from_inhibitory, to_inhibitory;
};
constexpr Group groups[] = {{"ee", 0.3, 15000, 1.5, false, false},
                            {"ei", 0.2, 3000, 0.8, false, true},
                            {"ie", 0.4, -4750, 0.8, true, false},
                            {"ii", 0.1, -6080, 0.8, true, true}};

TEST(Maass, IsAColumnOfThreeByThreeByFifteenWithAFifthInhibitory) {
  const LsmSettings s = parsed(maass);
  const Node& liquid = node(s, "liquid");
  EXPECT_EQ(liquid.shape, (Shape{15, 3, 3}));
  EXPECT_EQ(liquid.kind->name, "cuba_lif");
  ASSERT_TRUE(liquid.positions);
  const std::vector<double>& refractory = liquid.param("refractory").each;
  EXPECT_EQ(std::count(refractory.begin(), refractory.end(), 3), 108);
  EXPECT_EQ(std::count(refractory.begin(), refractory.end(), 2), 27);
  EXPECT_EQ(liquid.value("tau_mem"), 30);
  EXPECT_EQ(liquid.value("tau_syn_excitatory"), 3);
  EXPECT_EQ(liquid.value("tau_syn_inhibitory"), 6);
  EXPECT_EQ(liquid.value("threshold"), 15);
  for (const double reset : liquid.param("reset").each) EXPECT_TRUE(reset >= 13.8 && reset <= 14.5);
}

TEST(Maass, ItsFourGroupsHaveTheirTable) {
  const LsmSettings s = parsed(maass);
  for (const Group& g : groups) {
    const std::string name = std::string("liquid.recurrent.") + g.name;
    const Connectivity& c = *node(s, name).connectivity;
    EXPECT_EQ(c.rule, Connectivity::Rule::distance) << name;
    EXPECT_EQ(c.probability, g.c) << name;
    EXPECT_EQ(c.lambda, 2) << name;
    EXPECT_FALSE(c.autapses) << name;
    const auto range = [](bool inhibitory) { return inhibitory ? std::pair(108u, 135u) : std::pair(0u, 108u); };
    EXPECT_EQ(std::pair(c.sources.first, c.sources.last), range(g.from_inhibitory)) << name;
    EXPECT_EQ(std::pair(c.targets.first, c.targets.last), range(g.to_inhibitory)) << name;
    EXPECT_EQ(c.weight.a, g.strength) << name;
    EXPECT_NEAR(c.weight.b, 0.7 * std::abs(g.strength), 1e-9) << name;  // the toolset's SH_W
    EXPECT_EQ(g.from_inhibitory ? c.weight.high : c.weight.low, 0) << name;
    EXPECT_NEAR(c.delay.a, g.delay, 1e-9) << name;  // ticks of 1 ms
    EXPECT_NEAR(c.delay.b, 0.1 * g.delay, 1e-9) << name;
    EXPECT_EQ(target_of(s, name), g.from_inhibitory ? "liquid.inhibitory" : "liquid") << name;
  }
}

// Synapses counted against C exp(-(D / lambda)^2) over the real places of the neurons.
TEST(Maass, ConnectsAsItsTableSays) {
  const LsmSettings s = parsed(maass + "liquid.grid = [8, 8, 8]\n");
  const Node& liquid = node(s, "liquid");
  const std::size_t neurons = liquid.size(), excitatory = neurons - neurons / 5;
  for (const Group& g : groups) {
    const std::string name = std::string("liquid.recurrent.") + g.name;
    const Node& synapses = node(s, name);
    std::vector<Synapse> all;
    enumerate(*synapses.connectivity,
              {s.seed, name, liquid.shape, liquid.shape, true, liquid.positions, liquid.positions}, 0,
              static_cast<std::uint32_t>(neurons), all);
    double expected = 0, variance = 0;
    for (std::uint32_t a = 0; a < neurons; ++a)
      for (std::uint32_t b = 0; b < neurons; ++b) {
        if (a == b || (a >= excitatory) != g.from_inhibitory || (b >= excitatory) != g.to_inhibitory) continue;
        const Position p = position_of(a, liquid.shape, liquid.positions),
                       q = position_of(b, liquid.shape, liquid.positions);
        const double d2 = std::pow(p.x - q.x, 2) + std::pow(p.y - q.y, 2) + std::pow(p.z - q.z, 2);
        const double probability = g.c * std::exp(-d2 / 4);
        expected += probability;
        variance += probability * (1 - probability);
      }
    EXPECT_NEAR(static_cast<double>(all.size()), expected, deviations * std::sqrt(variance)) << name;
    for (const Synapse& synapse : all) {
      EXPECT_EQ(synapse.source >= excitatory, g.from_inhibitory) << name;
      EXPECT_EQ(synapse.target >= excitatory, g.to_inhibitory) << name;
      EXPECT_TRUE(g.from_inhibitory ? synapse.weight <= 0 : synapse.weight >= 0) << name;
      EXPECT_NE(synapse.source, synapse.target) << name;
    }
  }
}

TEST(Maass, InhibitoryNeuronsAreScatteredOverTheColumn) {
  const LsmSettings s = parsed(maass + "liquid.grid = [40, 5, 5]\n");
  const Node& liquid = node(s, "liquid");
  double low = 0;
  for (std::uint32_t i = 800; i < 1000; ++i) low += position_of(i, liquid.shape, liquid.positions).z < 20;
  // 200 of 1,000 places without replacement, half of them low.
  EXPECT_NEAR(low, 100, deviations * std::sqrt(200 * 0.25 * 800 / 999.0));
}

TEST(Maass, TheControlHasNoneOfTheFour) {
  const LsmSettings s = parsed(maass);
  const NetworkModel control = build_network(s.network_without_recurrence, library());
  for (const Node& other : control.network->nodes()) EXPECT_FALSE(other.name.starts_with("liquid.recurrent"));
  const Node &liquid = node(s, "liquid"), &same = control.network->node(control.network->require("liquid"));
  EXPECT_EQ(same.param("reset").each, liquid.param("reset").each);
  EXPECT_EQ(same.param("bias").each, liquid.param("bias").each);
}

TEST(Maass, ResolvesToAConfigOfTheSameNetwork) {
  const LsmSettings s = parsed(maass + "liquid.grid = [4, 3, 3]\n");
  const LsmSettings again = read_lsm(parse_config(to_toml(s.resolved), "resolved"), library());
  EXPECT_EQ(to_toml(again.resolved),
            to_toml(read_lsm(parse_config(to_toml(s.resolved), "b.toml"), library()).resolved));
  EXPECT_EQ(again.liquid.network->hash(), s.liquid.network->hash());
}

TEST(Maass, OneGroupMayBeChangedAlone) {
  const LsmSettings s = parsed(maass + "liquid.recurrent.ee.weight = 0\n");
  EXPECT_EQ(node(s, "liquid.recurrent.ee").connectivity->weight.a, 0);
  EXPECT_EQ(node(s, "liquid.recurrent.ee").connectivity->probability, 0.3);
  EXPECT_EQ(node(s, "liquid.recurrent.ii").connectivity->weight.a, -6080);
}

TEST(RecurrentScale, IsAFactorOnAllRecurrentWeightsAndResolvesToItself) {
  const LsmSettings s = parsed(maass + "liquid.recurrent_scale = 2\n");
  EXPECT_EQ(node(s, "liquid.recurrent.ee").connectivity->weight.a, 30000);
  EXPECT_EQ(node(s, "liquid.recurrent.ii").connectivity->weight.a, -12160);
  EXPECT_EQ(node(s, "liquid.inputs").connectivity->weight.a, 18000);
  const LsmSettings again = read_lsm(s.resolved, library());
  EXPECT_EQ(again.liquid.network->hash(), s.liquid.network->hash());
  EXPECT_EQ(to_toml(again.resolved),
            to_toml(read_lsm(parse_config(to_toml(s.resolved), "b.toml"), library()).resolved));
  const LsmSettings local = parsed(head + "liquid.recurrent_scale = 0.5\n");
  EXPECT_EQ(node(local, "liquid.recurrent").connectivity->weight.b, 0.025);
}

TEST(RecurrentScale, StandsForAllProjections) {
  EXPECT_EQ(refusal(maass + "liquid.recurrent.ee.scale = 2\n"),
            "a.toml:6:21: a scale of recurrent weights is liquid.recurrent_scale, for all of them; write that");
}

TEST(Grid, GivesTheLiquidItsShape) {
  EXPECT_EQ(
      node(parsed(head + "liquid.grid = [4, 5]\nliquid.inputs.connect = { rule = \"all_to_all\" }\n"), "liquid").shape,
      (Shape{4, 5}));
  EXPECT_EQ(node(parsed(maass + "liquid.grid = [2, 3, 4]\nliquid.neurons = 24\n"), "liquid").shape, (Shape{2, 3, 4}));
}

TEST(Grid, ThatIsNoneIsRefused) {
  EXPECT_EQ(refusal(maass + "liquid.neurons = 100\n"),
            "a.toml:6:18: liquid.neurons: preset \"maass\" lies on a grid; write liquid.grid = [z, y, x] in its stead");
  EXPECT_EQ(refusal(maass + "liquid.grid = [1, 2, 3, 4]\n"),
            "a.toml:6:15: liquid.grid has up to three sides: [z, y, x]");
  EXPECT_EQ(refusal(maass + "liquid.grid = [2, 0]\n"), "a.toml:6:19: liquid.grid[1] is 0; allowed is 1 to 100000000");
  EXPECT_EQ(refusal(maass + "liquid.grid = [10000, 10000, 10000]\n"),
            "a.toml:6:15: liquid.grid has more than 100000000 places");
  EXPECT_EQ(refusal(maass + "liquid.grid = [2, 3]\nliquid.neurons = 7\n"),
            "a.toml:7:18: liquid.neurons = 7, but liquid.grid has 6 places; remove liquid.neurons");
  EXPECT_EQ(refusal(maass + "liquid.grid = \"cube\"\n"),
            "a.toml:6:15: liquid.grid is \"cube\" (text); it takes a list of integers, e.g. grid = [1]");
}

TEST(Maass, WhatItCannotBeIsRefused) {
  EXPECT_EQ(refusal(maass + "liquid.recurrent.ee.port = 3\n"),
            "a.toml:6:28: port = 3; write the name of one of the neuron's inputs, e.g. \"inhibitory\"");
  EXPECT_EQ(refusal(maass + "liquid.recurrent.ee.from = \"input\"\n"),
            "a.toml:6:21: liquid.recurrent.ee.from follows from the model; remove it");
  EXPECT_EQ(refusal(head + "liquid.preset = \"mass\"\n"),
            "a.toml:4:17: liquid.preset is \"mass\"; allowed are local, gaussian, resistive, maass; did you mean "
            "'maass'?");
}

TEST(Maass, ANeuronOfNothingButDistributionsIsNoGroupOfProjections) {
  const LsmSettings s = parsed(maass + "liquid.neuron.bias = { uniform = [\"12 nA\", \"13 nA\"] }\n");
  const Node& liquid = s.liquid.network->node(s.liquid.network->require("liquid"));
  EXPECT_EQ(liquid.kind->name, "cuba_lif");
  EXPECT_GE(liquid.param("bias").at(0), 12000);
  EXPECT_EQ(liquid.value("tau_mem"), 30);  // the preset's
}

TEST(Window, CountsTheEndOfASampleInBins) {
  const FeatureSettings f = parsed(maass + "features = { window = \"30 ms\", bins = 3 }\ninput.ticks = 100\n").features;
  EXPECT_EQ(f.first_tick, 70);
  std::map<int, int> ticks;
  for (int tick = 0; tick < 100; ++tick) ++ticks[f.bin_of(tick, 100)];
  EXPECT_EQ(ticks, (std::map<int, int>{{-1, 70}, {0, 10}, {1, 10}, {2, 10}}));
  EXPECT_EQ(f.bin_of(69, 100), -1);
  EXPECT_EQ(f.bin_of(70, 100), 0);
  EXPECT_EQ(f.bin_of(99, 100), 2);
}

TEST(Window, ThatDoesNotFitIsRefused) {
  const std::string ticks = maass + "input.ticks = 100\n";
  EXPECT_EQ(refusal(ticks + "features.window = \"101 ms\"\n"),
            "a.toml:7:19: features.window = 101 ms is longer than a sample, 100 ms");
  EXPECT_EQ(refusal(ticks + "features.window = \"0.2 ms\"\n"),
            "a.toml:7:19: features.window is \"0.2 ms\"; allowed is 1 ms to 1000000000 ms");
  EXPECT_EQ(refusal(ticks + "features = { window = \"3 ms\", bins = 4 }\n"),
            "a.toml:7:38: features.bins is 4; allowed is 1 to 3");
}

TEST(Ticks, OfPatternPairsAreThoseOfASample) {
  EXPECT_EQ(parsed(maass).binning.ticks, 600);
  EXPECT_EQ(parsed(head + "dataset.gaps = [7]\ndataset.lead = 0\ndataset.pattern_time = 4\nliquid.preset = "
                          "\"gaussian\"\ninput.tick = 2\n")
                .binning.ticks,
            8);  // 15 ms in ticks of 2 ms
}

}  // namespace
}  // namespace crosspike
