// SPDX-License-Identifier: Apache-2.0
// `model = "network"`: every section of the config as the Network that it builds, and refusals with their places.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <crosspike/core/library.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <filesystem>
#include <fstream>

namespace crosspike {
namespace {

using namespace test;

const Library& library() {
  static const Library all = builtin();
  return all;
}

const std::string head = "format = 1\nmodel = \"network\"\n";

NetworkModel built(const std::string& lines) { return build_network(parse_config(head + lines, "a.toml"), library()); }
std::string refusal(const std::string& lines) {
  return message_of([&] { built(lines); });
}

const std::string two = R"([populations]
noise = { kind = "poisson", size = 4, rate = "8 kHz" }
exc = { kind = "cuba_lif", size = 4 }
)";
const std::string joined = two + R"([projections]
drive = { from = "noise", to = "exc.excitatory", connect = { rule = "one_to_one" }, weight = "20 pA" }
)";

const Node& node(const NetworkModel& model, const char* name) {
  return model.network->node(model.network->require(name));
}

TEST(NetworkModel, RunHasDefaults) {
  const NetworkModel model = built(two);
  EXPECT_EQ(model.network->dt, 0.1);
  EXPECT_EQ(model.network->seed, 1u);
  EXPECT_EQ(model.network->precision, Precision::single);
  EXPECT_FALSE(model.network->weight_bits);
  EXPECT_EQ(model.time, 1000);
  EXPECT_EQ(model.ticks, 10'000);
  EXPECT_EQ(model.placement.fallback, "cpu");
}

TEST(NetworkModel, RunIsRead) {
  const NetworkModel model =
      built("seed = 7\nrun = { dt = \"0.5 ms\", time = \"2 s\", precision = \"double\", weight_bits = 16 }\n" + two);
  EXPECT_EQ(model.network->dt, 0.5);
  EXPECT_EQ(model.network->seed, 7u);
  EXPECT_EQ(model.network->precision, Precision::double_);
  EXPECT_EQ(model.network->weight_bits, 16);
  EXPECT_EQ(model.ticks, 4000);
  EXPECT_EQ(*model.resolved.as<Table>()->find("run")->as<Table>()->find("time")->as<std::string>(), "2000 ms");
}

TEST(NetworkModel, ResolvedConfigBuildsTheSameNetwork) {
  const std::string rest = R"([recorders]
raster = { of = "exc" }
v = { of = "exc.membrane", every = 5, index = [0, 2], initial = true }
[placement]
default = "auto"
exc = "cpu"
)";
  const NetworkModel model = built(joined + rest);
  const NetworkModel again = build_network(parse_config(to_toml(model.resolved), "resolved.toml"), library());
  EXPECT_EQ(again.network->hash(), model.network->hash());
  EXPECT_EQ(to_toml(again.resolved), to_toml(model.resolved));
  EXPECT_EQ(again.recorders.size(), 2u);
  EXPECT_EQ(again.placement.named, model.placement.named);
}

TEST(NetworkModel, ParametersAreNumbersQuantitiesWordsAndFlags) {
  const NetworkModel model = built(R"([populations.exc]
kind = "lif"
shape = [2, 3]
tau_mem = 20
rest = "-0.07 V"
inclusive = false
reset_mode = "subtract"
)");
  const Node& exc = node(model, "exc");
  EXPECT_EQ(exc.shape, (Shape{2, 3}));
  EXPECT_EQ(exc.value("tau_mem"), 20);
  EXPECT_EQ(exc.value("rest"), -70);
  EXPECT_EQ(exc.value("inclusive"), 0);
  const auto& words = exc.kind->params[exc.kind->param_index("reset_mode")].words;
  EXPECT_EQ(words[static_cast<std::size_t>(exc.value("reset_mode"))], "subtract");
}

TEST(NetworkModel, AFieldBesideAConventionWins) {
  const NetworkModel model =
      built("populations.exc = { kind = \"lif\", size = 1, convention = \"brian2\", inclusive = true }");
  const Node preset = make_node("exc", library().kind("lif"), {1}, "brian2");
  EXPECT_EQ(preset.value("inclusive"), 0);
  EXPECT_EQ(node(model, "exc").value("inclusive"), 1);
  EXPECT_EQ(node(model, "exc").value("input_order"), preset.value("input_order"));
}

TEST(NetworkModel, ParametersAreDrawnPerElementFromTheirOwnAddress) {
  const std::string lines =
      "[populations]\nexc = { kind = \"lif\", size = 2000, tau_mem = { normal = [20, 2], min = 16 } }\n";
  const NetworkModel model = built(lines);
  const std::vector<double>& tau = node(model, "exc").param("tau_mem").each;
  ASSERT_EQ(tau.size(), 2000u);
  double mean = 0;
  for (const double t : tau) {
    EXPECT_GE(t, 16);
    mean += t / 2000;
  }
  // Of a normal cut two deviations below: mean + deviation x phi(2) / Phi(2); five standard errors of the uncut one.
  EXPECT_NEAR(mean, 20 + 2 * std::exp(-2.0) / std::sqrt(2 * M_PI) / 0.9772498680518208, 5 * 2 / std::sqrt(2000.0));
  const NetworkModel beside = built(lines + "other = { kind = \"lif\", size = 5, tau_mem = { normal = [20, 2] } }\n");
  EXPECT_EQ(node(beside, "exc").param("tau_mem").each, tau);
  EXPECT_NE(node(built("seed = 2\n" + lines), "exc").param("tau_mem").each, tau);
}

TEST(NetworkModel, ListsAndFilesGiveOneValueAnElement) {
  const auto file = std::filesystem::temp_directory_path() / ("crosspike-tau-" + std::to_string(::getpid()) + ".csv");
  std::ofstream(file) << "5\n6.5\n7\n";
  const NetworkModel model = built(
      "[populations]\na = { kind = \"lif\", size = 3, tau_mem = [\"10 ms\", 11, 0.012e3] }\nb = { kind = \"lif\", size "
      "= 3, tau_mem = { file = \"" +
      file.string() + "\" } }\n");
  std::filesystem::remove(file);
  EXPECT_EQ(node(model, "a").param("tau_mem").each, (std::vector<double>{10, 11, 12}));
  EXPECT_EQ(node(model, "b").param("tau_mem").each, (std::vector<double>{5, 6.5, 7}));
}

TEST(NetworkModel, MembranesStartAtRestOrWhereInitSays) {
  const NetworkModel model = built(R"([populations]
a = { kind = "lif", size = 2, rest = [-70, -60] }
b = { kind = "lif", size = 2, init.membrane = { uniform = ["-70 mV", "-60 mV"] }, init_per_sample = true }
)");
  EXPECT_EQ(model.network->initial_values(model.network->require("a"), 0, 0), (std::vector<double>{-70, -60}));
  EXPECT_FALSE(node(model, "a").initial_per_sample);
  EXPECT_EQ(node(model, "b").initial[0]->form, Distribution::Form::uniform);
  EXPECT_EQ(node(model, "b").initial[0]->b, -60);
  EXPECT_TRUE(node(model, "b").initial_per_sample);
}

TEST(NetworkModel, ProjectionsAreWeightNodesBetweenTwoWires) {
  const NetworkModel model = built(joined);
  const NodeId drive = model.network->require("drive");
  EXPECT_EQ(model.network->incoming(drive).from.node, model.network->require("noise"));
  EXPECT_EQ(model.network->incoming(drive).delay, 1);  // a tick unless written
  const Wire& out = model.network->wires()[model.network->wires_from(drive).front()];
  EXPECT_EQ(out.to, model.network->input("exc.excitatory"));
  const auto synapses = all_synapses(*model.network, "drive");
  ASSERT_EQ(synapses.size(), 4u);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(synapses[i].source, i);
    EXPECT_EQ(synapses[i].target, i);
    EXPECT_EQ(synapses[i].weight, 20);
  }
}

TEST(NetworkModel, DelaysAreRoundedToTicksAndDrawnOnesShareTheWire) {
  const auto with = [](const std::string& delay) {
    return built(two +
                 "[projections]\ndrive = { from = \"noise\", to = \"exc.excitatory\", connect = { rule = "
                 "\"all_to_all\" }, weight = 1, delay = " +
                 delay + " }\n");
  };
  EXPECT_EQ(with("\"1.26 ms\"").network->incoming(2).delay, 13);
  EXPECT_EQ(with("0").network->incoming(2).delay, 0);
  const NetworkModel drawn = with("{ uniform = [\"1 ms\", \"2 ms\"] }");
  const int wire = drawn.network->incoming(2).delay;
  EXPECT_EQ(wire, 10);
  for (const Synapse& s : all_synapses(*drawn.network, "drive")) {
    EXPECT_GE(s.delay + wire, 10);
    EXPECT_LE(s.delay + wire, 20);
  }
}

TEST(NetworkModel, DaleGivesEveryNthSourceItsOwnSign) {
  const NetworkModel model =
      built(two +
            "[projections]\nloop = { from = \"exc\", to = \"exc.excitatory\", connect = { rule = "
            "\"all_to_all\", autapses = false }, weight = { normal = [0, 1] }, dale = { every = 2, factor = -3 } }\n");
  const auto synapses = all_synapses(*model.network, "loop");
  EXPECT_EQ(synapses.size(), 12u);
  for (const Synapse& s : synapses) EXPECT_EQ(s.weight < 0, s.source % 2 == 1);
}

TEST(NetworkModel, EdgesAreSortedByTarget) {
  const NetworkModel model = built(two + R"([projections.drive]
from = "noise"
to = "exc.inhibitory"
connect = { rule = "edges", sources = [0, 3, 1], targets = [2, 0, 2], weights = ["1 nA", 2, 3], delays = [0.2, 0.3, 0.5] }
)");
  const auto synapses = all_synapses(*model.network, "drive");
  ASSERT_EQ(synapses.size(), 3u);
  const int wire = model.network->incoming(model.network->require("drive")).delay;
  EXPECT_EQ(synapses[0].source, 3u);
  EXPECT_EQ(synapses[0].delay + wire, 3);
  EXPECT_EQ(synapses[1].source, 0u);
  EXPECT_EQ(synapses[1].weight, 1000);
  EXPECT_EQ(synapses[2].source, 1u);
  EXPECT_EQ(synapses[2].delay + wire, 5);
}

TEST(NetworkModel, LinearTakesItsMatrixInPlace) {
  const NetworkModel model = built(R"([populations]
noise = { kind = "poisson", size = 2 }
exc = { kind = "cuba_lif", size = 3 }
[projections]
dense = { kind = "linear", from = "noise", to = "exc.excitatory", weight = [[1, 2], ["3 nA", 4], [5, 6]] }
)");
  EXPECT_EQ(node(model, "dense").array("weight")->shape, (std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(node(model, "dense").array("weight")->values, (std::vector<double>{1, 2, 3000, 4, 5, 6}));
}

TEST(NetworkModel, WiresJoinPortsWithoutWeights) {
  const NetworkModel model = built(R"([populations]
steps = { kind = "step_current", size = 4, times = ["1 ms", "0.2 s"], currents = ["1 nA", 0] }
exc = { kind = "cuba_lif", size = 4 }
[wires]
clamp = { from = "steps", to = "exc.injected", delay = 0 }
)");
  ASSERT_EQ(model.network->wires().size(), 1u);
  EXPECT_EQ(model.network->wires()[0].to, model.network->input("exc.injected"));
  EXPECT_EQ(model.network->wires()[0].delay, 0);
  EXPECT_EQ(node(model, "steps").array("times")->values, (std::vector<double>{1, 200}));
  EXPECT_EQ(node(model, "steps").array("currents")->values, (std::vector<double>{1000, 0}));
}

TEST(NetworkModel, RecordersNamePortsOrFields) {
  const NetworkModel model = built(two + R"([recorders]
raster = { of = "exc.spikes", samples = [3] }
v = { of = "exc.membrane", every = 5, index = [0, 2], initial = true }
)");
  ASSERT_EQ(model.recorders.size(), 2u);
  EXPECT_TRUE(model.recorders[0].port && !model.recorders[0].field);
  EXPECT_TRUE(model.recorders[0].wants(3));
  EXPECT_FALSE(model.recorders[0].wants(4));
  EXPECT_TRUE(!model.recorders[1].port && model.recorders[1].field);
  EXPECT_EQ(model.recorders[1].every, 5);
  EXPECT_EQ(model.recorders[1].indices, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_TRUE(model.recorders[1].initial);
}

TEST(NetworkModel, PlacementNamesBackends) {
  const NetworkModel model = built(two + "[placement]\ndefault = \"auto\"\nexc = \"cpu\"\n");
  EXPECT_EQ(model.placement.fallback, "auto");
  EXPECT_EQ(model.placement.named, (std::vector<std::pair<std::string, std::string>>{{"exc", "cpu"}}));
}

struct Broken {
  std::string lines, message;
};

void expect(const std::vector<Broken>& all) {
  for (const Broken& broken : all) EXPECT_EQ(refusal(broken.lines), broken.message) << broken.lines;
}

TEST(NetworkModelRefuses, RunsThatCannotBe) {
  expect({{"run.dt = 0\n" + two, "a.toml:3:10: run.dt is 0; allowed is 1e-06 ms to 1000000 ms"},
          {"run = { dt = 1e-6, time = \"1e6 s\" }\n" + two,
           "a.toml:3:27: run.time = 1000000000 ms is 1e+15 ticks of 1e-06 ms; allowed are up to 4294967295 ticks"},
          {"run.precision = \"half\"\n" + two, "a.toml:3:17: run.precision is \"half\"; allowed are float, double"},
          {"run.weight_bits = 20\n" + two, "a.toml:3:19: run.weight_bits is 20; allowed are 16, 32"},
          {"run.weight_bits = 8\n" + two, "a.toml:3:19: run.weight_bits is 8; allowed are 16, 32"},
          {"run.time = \"0.04 ms\"\n" + two,
           "a.toml:3:12: run.time = 0.04 ms is less than half a tick of 0.1 ms: nothing would happen; write at least "
           "one tick"},
          {"run.tick = 1\n" + two, "a.toml:3:5: run has no key 'tick'; it knows: dt, time, precision, weight_bits"}});
}

TEST(NetworkModelRefuses, Populations) {
  expect(
      {{"",
        "a.toml:1:1: there are no populations; add a line such as: populations.exc = { kind = \"lif\", size = 100 }"},
       {"[populations]\nexc = { size = 3 }",
        "a.toml:4:7: populations.exc has no key 'kind'; add a line such as: kind = \"...\""},
       {"[populations]\nexc = { kind = \"cuba_lf\", size = 3 }",
        "a.toml:4:16: populations.exc: there is no kind 'cuba_lf'; did you mean 'cuba_lif'? known: lif, cuba_lif, "
        "alpha_lif, li, if, ilif, threshold, poisson, sparse, linear, conv2d, delay, input, spike_list, step_current"},
       {"[populations]\nexc = { kind = \"sparse\", size = 3 }",
        "a.toml:4:16: populations.exc: kind 'sparse' is a weight; describe it under [projections]"},
       {"[populations]\nexc = { kind = \"lif\" }",
        "a.toml:4:7: populations.exc has no key 'size'; add a line such as: size = 1"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, shape = [3] }",
        "a.toml:4:7: populations.exc has both size and shape; write one of them"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, convention = \"brain2\" }",
        "a.toml:4:46: populations.exc.convention is \"brain2\"; allowed are nest, brian2, nir, snntorch, norse, "
        "spikingjelly, lava, spinnaker; did you mean 'brian2'?"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = 1, decay = 0.5 }",
        "a.toml:4:46: populations.exc has both tau_mem and decay; write one of them"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = [1, 2] }",
        "a.toml:4:43: populations.exc.tau_mem has 2 values for 3 elements"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { normal = [1] } }",
        "a.toml:4:54: populations.exc.tau_mem.normal = [1]; write two numbers: mean and standard deviation"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { normal = [1, -1] } }",
        "a.toml:4:43: populations.exc.tau_mem: standard deviation -1 is negative"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { nomal = [1, 1] } }",
        "a.toml:4:43: populations.exc.tau_mem = { nomal = [1, 1] }; did you mean 'normal'? allowed: a number, a "
        "list, { normal = [mean, deviation] }, { uniform = [from, to] }, { resistive_pair = scale }, { file = "
        "\"x.npy\" }"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = [1, -5, 1] }",
        "a.toml:4:7: exc: tau_mem[1] = -5 ms; allowed: 1e-06 ms to 1000000000 ms"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { normal = [1, 1], min = 100 } }",
        "a.toml:4:43: populations.exc.tau_mem = { normal = [1, 1], min = 100 }: fewer than 1 in 100 draws lie at or "
        "above min = 100 ms; widen min and max"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { uniform = [1, 2], max = 1.009 } }",
        "a.toml:4:43: populations.exc.tau_mem = { uniform = [1, 2], max = 1.009 }: fewer than 1 in 100 draws lie at "
        "or below max = 1.009 ms; widen min and max"},
       // Half of the pairs with one cell formed, a quarter of all, lie around 12.3 x 0.5 = 6.15.
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { resistive_pair = 0.5, min = 9, max = 10 } }",
        "a.toml:4:43: populations.exc.tau_mem = { resistive_pair = 0.5, min = 9, max = 10 }: fewer than 1 in 100 "
        "draws lie from min = 9 ms to max = 10 ms; widen min and max"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = { file = \"/nowhere.npy\" } }",
        "a.toml:4:43: populations.exc.tau_mem: /nowhere.npy: no such file"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, init.membrane = [1] }",
        "a.toml:4:49: populations.exc.init.membrane has 1 values for 3 elements"},
       {"[populations]\nexc = { kind = \"lif\", size = 3, init.voltage = 1 }",
        "a.toml:4:38: populations.exc.init has no key 'voltage'; it knows: membrane, wait"},
       {"[populations]\nExc = { kind = \"lif\", size = 3 }",
        "a.toml:4:7: populations.Exc: 'Exc' is no name for a node; allowed: lower-case letters, digits and '_', "
        "starting with a letter, parts joined by '.'"},
       {"[populations]\ni = { kind = \"step_current\", size = 3, times = [1, 2], currents = [[1], 2] }",
        "a.toml:4:73: populations.i.currents mixes numbers and lists at one depth; write numbers in rows of one "
        "length"}});
}

TEST(NetworkModelRefuses, Projections) {
  const auto drive = [](const std::string& keys) {
    return two + "[projections.drive]\nfrom = \"noise\"\nto = \"exc.excitatory\"\n" + keys;
  };
  expect({{two + "[projections.drive]\nfrom = \"nois\"\nto = \"exc.excitatory\"\n",
           "a.toml:7:8: projections.drive.from: there is no node 'nois'; did you mean 'noise'?"},
          {two + "[projections.drive]\nfrom = \"noise\"\nto = \"exc.exitatory\"\n",
           "a.toml:8:6: projections.drive.to: node 'exc' (cuba_lif) has no input port 'exitatory'; it has: excitatory, "
           "inhibitory, injected; did you mean 'excitatory'?"},
          {drive(""),
           "a.toml:6:1: projections.drive has no key 'connect'; add a line such as: connect = { rule = "
           "\"fixed_indegree\", indegree = 100 }"},
          {drive("connect = { rule = \"all_to_all\" }"),
           "a.toml:6:1: projections.drive has no key 'weight'; add a line such as: weight = \"0.1 pA\""},
          {drive("connect = { rule = \"fixed_indegree\" }\nweight = 1"),
           "a.toml:9:11: projections.drive.connect has no key 'indegree'; add a line such as: indegree = 1"},
          {drive("connect = { rule = \"all_to_all\", indegree = 3 }\nweight = 1"),
           "a.toml:9:34: projections.drive.connect has no key 'indegree'; it knows: rule, autapses, "
           "source_range, target_range"},
          {drive("connect = { rule = \"all_to_all\" }\nweight = [1, 2]"),
           "a.toml:6:1: drive: weight: 2 values; all_to_all needs 16, a row of 4 for each of 4 targets"},
          {drive("connect = { rule = \"all_to_all\" }\nweight = \"1 mV\""),
           "a.toml:10:10: projections.drive.weight: '1 mV' is a voltage, not a current; write e.g. \"250 pA\""},
          {drive("connect = { rule = \"all_to_all\" }\nweight = 1\ndelay = \"0.04 ms\""),
           "a.toml:11:9: projections.drive.delay = 0.04 ms is less than half a tick of 0.1 ms; write 0 or at least one "
           "tick"},
          {drive("connect = { rule = \"all_to_all\" }\nweight = 1\ndelay = \"1e9 ms\""),
           "a.toml:11:9: projections.drive.delay = 1000000000 ms is 1e+10 ticks; allowed are up to 1000000000"},
          {drive("connect = { rule = \"all_to_all\" }\nweight = 1\ndelay = { normal = [1, 1] }"),
           "a.toml:6:1: drive: delay: values below zero are possible; give the distribution a min"},
          {drive("connect = { rule = \"all_to_all\" }\nweight = 1\ndale = { every = 0, factor = 1 }"),
           "a.toml:11:18: projections.drive.dale.every is 0; allowed is 1 to 4294967295"},
          {drive("connect = { rule = \"local\", indegree = 2, sigma = 1 }\nweight = 1"),
           "a.toml:6:1: drive: local needs a source with a shape [..., height, width], it has [4]"},
          {drive("kind = \"lif\""),
           "a.toml:6:1: projections.drive: kind 'lif' is no weight; describe it under [populations]"},
          {drive("kind = \"linear\"\nweight = [[1, 2], [3]]"),
           "a.toml:10:19: projections.drive.weight: a row of 1 beside rows of 2; all must be of one length"},
          {drive("kind = \"linear\"\nweight = [[1, 2]]"),
           "a.toml:6:1: drive: weight has the shape [1, 2] for 2 inputs, but its source has the shape [4]: 4 elements"},
          {drive("connect = { rule = \"edges\", sources = [0, 1], targets = [0] }\nweight = 1"),
           "a.toml:9:11: projections.drive.connect: 2 sources, 1 targets, 0 weights, 0 delays; all lists must be of "
           "one length"},
          {drive("connect = { rule = \"edges\", sources = [0.5], targets = [0] }\nweight = 1"),
           "a.toml:9:11: projections.drive.connect.sources[0] = 0.5 is no index"},
          {drive("connect = { rule = \"edges\", sources = [7], targets = [0] }\nweight = 1"),
           "a.toml:6:1: drive: edge 0: source 7 of a population of 4"},
          {drive("connect = { rule = \"edges\", sources = [0], targets = [0], delays = [-1] }\nweight = 1"),
           "a.toml:9:11: projections.drive.connect.delays[0] = -1 ms; allowed are 0 to 1000000000 ticks of 0.1 ms"},
          {drive("connect = { rule = \"edges\", sources = [0], targets = [0], delays = [1] }\nweight = 1\ndelay = 1"),
           "a.toml:11:1: projections.drive has a delay, but its edge list brings its own; remove one"},
          {drive("connect = { rule = \"edges\", targets = [0] }\nweight = 1"),
           "a.toml:9:11: projections.drive.connect has no key 'sources'; add a line such as: sources = [0, 1, 2] or { "
           "file = \"edges.h5:/sources\" }"}});
}

TEST(NetworkModelRefuses, Wires) {
  expect({{two + "[wires]\nw = { from = \"noise\", to = \"exc.excitatory\" }\n",
           "a.toml:5:7: exc: its port 'excitatory' takes sums or values, but 'noise' sends spikes; put a weight node "
           "(sparse, linear) between them"},
          {two + "[wires]\nw = { from = \"noise\" }\n",
           "a.toml:7:5: wires.w has no key 'to'; add a line such as: to = \"...\""},
          {two + "[wires]\nw = { from = \"noise\", to = \"noise\" }\n",
           "a.toml:7:28: wires.w.to: node 'noise' has no input port"}});
}

// In excitatory, each tick's value would be a jump of the synaptic current: 1 pA for 5 ms would act as 50 pA.
TEST(NetworkModelRefuses, ACurrentAtAPortForJumps) {
  const std::string steps = R"([populations]
steps = { kind = "step_current", size = 4, times = [0], currents = [1] }
exc = { kind = "cuba_lif", size = 4 }
leaky = { kind = "lif", size = 4 }
)";
  expect({{steps + "[wires]\nw = { from = \"steps\", to = \"exc\" }\n",
           "a.toml:8:28: wires.w.to: 'exc' has several ports; name one: exc.excitatory, exc.inhibitory, exc.injected; "
           "did you mean 'exc.injected'?"},
          {steps + "[wires]\nw = { from = \"steps\", to = \"leaky.input\" }\n",
           "a.toml:8:28: wires.w.to: 'leaky.input' takes mV, but 'steps' sends pA; did you mean 'leaky.injected'?"}});
  EXPECT_EQ(refusal(steps + "[wires]\nw = { from = \"steps\", to = \"exc.excitatory\" }\n"), "");  // in full: meant
}

TEST(NetworkModelRefuses, UnknownKeysBeforeWhatTheyLack) {
  expect({{R"([populations]
pixels = { kind = "input", shape = [1, 4, 4] }
out = { kind = "lif", size = 16 }
[projections.conv]
kind = "conv2d"
from = "pixels"
to = "out"
weight = [[[[1, 1, 1], [1, 1, 1], [1, 1, 1]]]]
pading = 1
)",
           "a.toml:11:1: projections.conv has no key 'pading'; did you mean 'padding'? It knows: kind, from, to, "
           "stride, padding, delay, weight, bias"}});
}

TEST(NetworkModelRefuses, Recorders) {
  expect({{joined + "[recorders]\nr = { of = \"exc.volts\" }",
           "a.toml:9:12: recorders.r.of: node 'exc' (cuba_lif) has no output or state 'volts'; it has: spikes, "
           "membrane, excitatory, inhibitory, wait"},
          {joined + "[recorders]\nr = { of = \"ex.membrane\" }",
           "a.toml:9:12: recorders.r.of: there is no node 'ex'; did you mean 'exc'?"},
          {joined + "[recorders]\nr = { of = \"drive\" }",
           "a.toml:9:12: recorders.r.of: 'drive' carries sums, which exist only inside a backend; record the target's "
           "field"},
          {joined + "[recorders]\nr = { of = \"exc\" }\ns = { of = \"exc.spikes\" }",
           "a.toml:10:12: recorders.s.of: recorders.r records these spikes already; remove one of them"},
          {joined + "[recorders]\nr = { of = \"exc\", every = 2 }",
           "a.toml:9:19: recorders.r has no key 'every'; it knows: of, index, samples"},
          {joined + "[recorders]\nr = { of = \"exc\", initial = true }",
           "a.toml:9:19: recorders.r has no key 'initial'; it knows: of, index, samples"},
          {joined + "[recorders]\nr = { of = \"exc.membrane\", every = 0 }",
           "a.toml:9:36: recorders.r.every is 0; allowed is 1 to 1000000000"},
          {joined + "[recorders]\nr = { of = \"exc.membrane\", index = [4] }",
           "a.toml:9:37: recorders.r.index[0] is 4; allowed is 0 to 3"},
          {joined + "[recorders]\nr = { of = \"exc.membrane\", index = [1, 1] }",
           "a.toml:9:36: recorders.r.index must ascend, each index once"}});
}

TEST(NetworkModelRefuses, PlacementOnWhatIsNotThere) {
  expect({{two + "[placement]\ndefault = \"gpu\"\n",
           "not an input error: a.toml:7:11: placement.default: there is no backend 'gpu' here; available: cpu, nir"},
          {two + "[placement]\nexc = \"gpu\"\n",
           "not an input error: a.toml:7:7: placement.exc: there is no backend 'gpu' here; available: cpu, nir"},
          {two + "[placement]\nnope = \"cpu\"\n",
           "a.toml:7:1: placement: there is no node 'nope'; there are: noise, exc"}});
}

TEST(NetworkModelRefuses, LongTextsAreCut) {
  const std::string rest(100'000, 'x');
  const std::string cut = std::string(80, 'x') + "...";
  expect({{"[populations]\nexc = { kind = \"lif\", size = 3, tau_mem = \"" + rest + "\" }",
           "a.toml:4:43: populations.exc.tau_mem: '" + cut + "' is not a finite number; write e.g. \"20 ms\""}});
}

TEST(NetworkModelRefuses, PlacementThatIsNoText) {
  expect({{two + "[placement]\nexc = 3\n",
           "a.toml:7:7: placement.exc is 3 (an integer); it takes text, e.g. exc = \"...\""}});
}

}  // namespace
}  // namespace crosspike
