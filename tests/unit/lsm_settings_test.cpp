// SPDX-License-Identifier: Apache-2.0
// What an lsm config says and what it leaves to defaults, every refusal with its place, and the networks that presets
// expand to.
#include <cmath>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/network_builders.hpp>

namespace crosspike {
namespace {

using namespace test;

LsmSettings parsed(const std::string& text) { return read_lsm(parse_config(text, "a.toml"), library()); }

std::string refusal(const std::string& lines) {
  return message_of([&] { parsed("format = 1\nmodel = \"lsm\"\n" + lines); });
}

const NetworkModel& built(const LsmSettings& settings) { return settings.liquid; }

TEST(LsmSettings, DefaultsAreTheLiquidOfTheExample) {
  const LsmSettings s = parsed("format = 1\nmodel = \"lsm\"");
  EXPECT_EQ(s.seed, 1u);
  EXPECT_EQ(s.dataset.validation, 10000);
  EXPECT_EQ(s.binning.tick_ms, 5);
  EXPECT_EQ(s.binning.ticks, 63);
  EXPECT_EQ(s.binning.max_per_tick, 4);
  EXPECT_EQ(s.input, (SensorShape{2, 34, 34}));
  EXPECT_EQ(s.features.bins, 2);
  EXPECT_FALSE(s.features.square_root || s.features.reals());
  EXPECT_EQ(s.readout.lambdas, (std::vector<double>{10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4}));
  EXPECT_TRUE(s.controls);
  const NetworkModel model = built(s);
  EXPECT_EQ(model.network->dt, 5);
  EXPECT_EQ(model.ticks, 63);
  EXPECT_EQ(model.network->node(model.network->require("liquid")).size(), 3000u);
  EXPECT_EQ(model.network->max_count(model.network->require("input")), 4);
}

TEST(LsmSettings, ResolvedSaysEveryDefault) {
  const Value resolved = parsed("format = 1\nmodel = \"lsm\"").resolved;
  const auto at = [&](std::initializer_list<const char*> path) {
    const Value* value = &resolved;
    for (const char* key : path) value = value->as<Table>()->find(key);
    return to_inline_toml(*value);
  };
  EXPECT_EQ(at({"liquid", "neuron", "kind"}), "\"lif\"");
  EXPECT_EQ(at({"liquid", "neuron", "threshold"}), "\"1 mV\"");
  EXPECT_EQ(at({"liquid", "neuron", "decay"}), "0.95");
  EXPECT_EQ(at({"liquid", "neuron", "inclusive"}), "false");
  EXPECT_EQ(at({"liquid", "neuron", "lower"}), "\"-2 mV\"");
  EXPECT_EQ(at({"liquid", "neuron", "reset_mode"}), "\"to_value\"");  // the kind's default
  EXPECT_EQ(at({"liquid", "inputs", "weight"}), "{ normal = [0, 0.6] }");
  EXPECT_EQ(at({"liquid", "inputs", "delay"}), "\"0 ms\"");
  EXPECT_EQ(at({"liquid", "inputs", "connect", "sigma"}), "\"3 px\"");
  EXPECT_EQ(at({"liquid", "recurrent", "weight"}), "{ normal = [0, 0.05] }");
  EXPECT_EQ(at({"liquid", "recurrent", "connect", "autapses"}), "false");
  EXPECT_EQ(at({"liquid", "recurrent", "connect", "multapses"}), "true");
  EXPECT_EQ(at({"liquid", "recurrent", "delay"}), "\"5 ms\"");
  EXPECT_EQ(at({"input", "crop"}), "[34, 34]");
  EXPECT_EQ(at({"readout", "lambdas"}), "[10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0, 30000.0]");
  EXPECT_EQ(at({"placement", "default"}), "\"cpu\"");
}

TEST(LsmSettings, ResolvingAResolvedConfigChangesNothing) {
  for (const char* lines :
       {"", "features.trace = \"30 ms\"", "liquid.preset = \"gaussian\"", "liquid.preset = \"resistive\"",
        "liquid.neuron.tau_mem = \"40 ms\"", "placement = { liquid = \"cpu\" }\ncontrols = false",
        "input = { polarity = \"on\", crop = [16, 20] }\nreadout.lambdas = [3]",
        "[liquid]\nneuron = { convention = \"nest\" }\ninputs.weight = 20\nrecurrent.weight = 1",
        "[liquid]\nneuron = { kind = \"cuba_lif\", init.membrane = { uniform = [-65, -50] } }\n"
        "inputs.weight = \"20 pA\"\nrecurrent = { weight = 1, delay = { uniform = [5, 10] } }"}) {
    const LsmSettings s = parsed(std::string("format = 1\nmodel = \"lsm\"\n") + lines);
    const LsmSettings again = read_lsm(parse_config(to_toml(s.resolved), "resolved"), library());
    EXPECT_EQ(to_toml(again.resolved), to_toml(s.resolved)) << lines;
    EXPECT_EQ(again.liquid.network->hash(), s.liquid.network->hash()) << lines;
    EXPECT_EQ(again.features.trace_ms, s.features.trace_ms);
    EXPECT_EQ(again.readout.lambdas, s.readout.lambdas);
    EXPECT_EQ(again.input, s.input);
  }
}

TEST(LsmSettings, PolarityAndCropGiveTheInputItsShape) {
  const auto shape = [](const std::string& lines) {
    const NetworkModel model = built(parsed("format = 1\nmodel = \"lsm\"\n[input]\n" + lines));
    return model.network->node(model.network->require("input")).shape;
  };
  EXPECT_EQ(shape("polarity = \"both\""), (Shape{2, 34, 34}));
  EXPECT_EQ(shape("polarity = \"on\""), (Shape{1, 34, 34}));
  EXPECT_EQ(shape("polarity = \"merged\"\ncrop = [16, 20]"), (Shape{1, 16, 20}));
}

TEST(LsmSettings, KeysOfANeuronReplaceThoseOfThePreset) {
  const NetworkModel model = built(parsed("format = 1\nmodel = \"lsm\"\nliquid.neuron.threshold = 2"));
  const Node& liquid = model.network->node(model.network->require("liquid"));
  EXPECT_EQ(liquid.value("threshold"), 2);
  EXPECT_EQ(liquid.value("decay"), 0.95);
}

TEST(LsmSettings, AnotherKindOfNeuronStartsFromItsOwnDefaults) {
  const LsmSettings s = parsed(
      "format = 1\nmodel = \"lsm\"\n[liquid]\nneuron.kind = \"cuba_lif\"\ninputs.weight = 60\nrecurrent.weight = 5");
  const Node& liquid = built(s).network->node(built(s).network->require("liquid"));
  EXPECT_EQ(liquid.kind->name, "cuba_lif");
  EXPECT_EQ(liquid.value("threshold"),
            library().kind("cuba_lif").params[liquid.kind->param_index("threshold")].initial);
}

TEST(LsmSettings, AConventionStartsFromItsOwnDefaultsToo) {
  const LsmSettings s = parsed(
      "format = 1\nmodel = \"lsm\"\n[liquid]\nneuron = { convention = \"nest\", threshold = -52 }\n"
      "inputs.weight = 20\nrecurrent.weight = 1");
  const Node& liquid = built(s).network->node(built(s).network->require("liquid"));
  EXPECT_EQ(liquid.kind->name, "lif");
  EXPECT_EQ(liquid.value("inclusive"), 1);   // NEST fires at the threshold, the preset above it
  EXPECT_EQ(liquid.value("rest"), -65);      // not the preset's 0
  EXPECT_EQ(liquid.value("refractory"), 2);  // not the preset's 0
  EXPECT_EQ(liquid.value("tau_mem"), 10);    // not the preset's decay
  EXPECT_FALSE(is_set(liquid.value("decay")));
  EXPECT_EQ(liquid.value("threshold"), -52);  // written
}

TEST(LsmSettings, ATimeConstantTakesThePlaceOfThePresetsDecay) {
  const NetworkModel model = built(parsed("format = 1\nmodel = \"lsm\"\nliquid.neuron.tau_mem = \"40 ms\""));
  const Node& liquid = model.network->node(model.network->require("liquid"));
  EXPECT_EQ(liquid.value("tau_mem"), 40);
  EXPECT_FALSE(is_set(liquid.value("decay")));
  EXPECT_EQ(liquid.value("threshold"), 1);
}

TEST(LsmSettings, PlacementReachesTheNetworkAndTheControlLosesWhatItLacks) {
  const LsmSettings s =
      parsed("format = 1\nmodel = \"lsm\"\nplacement = { liquid = \"cpu\", \"liquid.recurrent\" = \"cpu\" }");
  EXPECT_EQ(built(s).placement.named.size(), 2u);
  EXPECT_EQ(build_network(s.network_without_recurrence, library()).placement.named.size(), 1u);
}

TEST(LsmExpansion, RereadsAsTheSameNetwork) {
  for (const char* preset : {"local", "gaussian", "resistive"}) {
    const Value config = parse_config(
        std::string("format = 1\nmodel = \"lsm\"\n[liquid]\nneurons = 40\npreset = \"") + preset + "\"", "a.toml");
    const Value network = read_lsm(config, library()).network;
    const Value reread = parse_config(to_toml(network), "expanded.toml");
    EXPECT_EQ(reread, network) << preset;
    EXPECT_EQ(build_network(reread, library()).network->hash(), build_network(network, library()).network->hash())
        << preset;
    const Value resolved = parse_config(to_toml(build_network(network, library()).resolved), "resolved.toml");
    EXPECT_EQ(build_network(resolved, library()).network->hash(), build_network(network, library()).network->hash())
        << preset;
  }
}

TEST(LsmExpansion, TheControlHasTheSameInputsAndNoRecurrence) {
  const LsmSettings s = parsed("format = 1\nmodel = \"lsm\"\n[liquid]\nneurons = 40");
  const NetworkModel with = built(s), without = build_network(s.network_without_recurrence, library());
  EXPECT_FALSE(without.network->find("liquid.recurrent"));
  const auto a = all_synapses(*with.network, "liquid.inputs"), b = all_synapses(*without.network, "liquid.inputs");
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].source, b[i].source);
    EXPECT_EQ(a[i].weight, b[i].weight);
  }
}

struct Moments {
  double mean = 0, deviation = 0, zeros = 0;
};

Moments moments(const std::vector<Synapse>& synapses) {
  Moments m;
  const auto n = static_cast<double>(synapses.size());
  for (const Synapse& s : synapses) m.mean += s.weight / n, m.zeros += (s.weight == 0) / n;
  for (const Synapse& s : synapses) m.deviation += (s.weight - m.mean) * (s.weight - m.mean) / n;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

std::shared_ptr<const Network> preset(const std::string& name) {
  return built(parsed("format = 1\nmodel = \"lsm\"\n[liquid]\nneurons = 300\npreset = \"" + name + "\"")).network;
}

// Bounds are five standard errors of the estimate at the number of synapses.
TEST(LsmPreset, LocalHasReceptiveFieldsAndInhibitoryFifths) {
  const auto network = preset("local");
  const auto inputs = all_synapses(*network, "liquid.inputs");
  ASSERT_EQ(inputs.size(), 300u * 24);
  EXPECT_NEAR(moments(inputs).mean, 0, 5 * 0.6 / std::sqrt(7200));
  EXPECT_NEAR(moments(inputs).deviation, 0.6, 5 * 0.6 / std::sqrt(2 * 7200));
  // Offsets of two inputs of one neuron differ by a Gaussian of sigma sqrt(2) x 3 px, narrowed by the field's border.
  double square = 0;
  for (std::size_t i = 0; i < inputs.size(); i += 2) {
    const double difference =
        static_cast<double>(inputs[i].source % 34) - static_cast<double>(inputs[i + 1].source % 34);
    square += difference * difference / 3600;
    EXPECT_LT(std::abs(difference), 6 * 3 * std::sqrt(2.0));
  }
  EXPECT_LT(std::sqrt(square), std::sqrt(2.0) * 3 * 1.1);
  EXPECT_GT(std::sqrt(square), std::sqrt(2.0) * 3 * 0.6);
  const auto recurrent = all_synapses(*network, "liquid.recurrent");
  ASSERT_EQ(recurrent.size(), 300u * 32);
  double excitatory = 0, inhibitory = 0;
  int n_excitatory = 0, n_inhibitory = 0;
  for (const Synapse& s : recurrent) {
    EXPECT_NE(s.source, s.target);
    EXPECT_EQ(s.weight <= 0, s.source % 5 == 4);
    s.weight > 0 ? (excitatory += s.weight, ++n_excitatory) : (inhibitory += s.weight, ++n_inhibitory);
  }
  const double half_normal = 0.05 * std::sqrt(2 / M_PI);  // mean of |N(0, 0.05)|
  EXPECT_NEAR(excitatory / n_excitatory, half_normal, 5 * 0.05 / std::sqrt(n_excitatory));
  EXPECT_NEAR(inhibitory / n_inhibitory, -4 * half_normal, 5 * 4 * 0.05 / std::sqrt(n_inhibitory));
}

TEST(LsmPreset, GaussianIsDenseAndNormal) {
  const auto network = preset("gaussian");
  for (const auto& [projection, count] :
       {std::pair("liquid.inputs", 300 * 2 * 34 * 34), std::pair("liquid.recurrent", 300 * 300)}) {
    const auto synapses = all_synapses(*network, projection);
    ASSERT_EQ(synapses.size(), static_cast<std::size_t>(count));
    EXPECT_NEAR(moments(synapses).mean, 0, 5 * 0.46 / std::sqrt(count));
    EXPECT_NEAR(moments(synapses).deviation, 0.46, 5 * 0.46 / std::sqrt(2.0 * count));
  }
}

// G+ - G-, each N(m, s) with probability 1/2, else 0: a quarter of the pairs are both unformed, and
// E[(G+ - G-)^2] = 2 (Var G + E[G]^2) - 2 E[G]^2 = 2 Var G = 2 ((m^2 + s^2) / 2 - m^2 / 4).
TEST(LsmPreset, ResistiveIsTheDifferenceOfHalfFormedCells) {
  const auto network = preset("resistive");
  const double m = 12.3, s = 1.8, deviation = 0.052 * std::sqrt(2 * ((m * m + s * s) / 2 - m * m / 4));
  for (const auto& [projection, count] :
       {std::pair("liquid.inputs", 300 * 2 * 34 * 34), std::pair("liquid.recurrent", 300 * 300)}) {
    const Moments found = moments(all_synapses(*network, projection));
    EXPECT_NEAR(found.zeros, 0.25, 5 * std::sqrt(0.25 * 0.75 / count));
    EXPECT_NEAR(found.mean, 0, 5 * deviation / std::sqrt(count));
    EXPECT_NEAR(found.deviation, deviation, 5 * deviation / std::sqrt(2.0 * count));
  }
}

TEST(LsmRefuses, ValuesOutOfRangeAtTheirPlace) {
  EXPECT_EQ(refusal("[input]\nticks = 0"), "a.toml:4:9: input.ticks is 0; allowed is 1 to 1000000");
  EXPECT_EQ(refusal("[input]\nmax_per_tick = 0"), "a.toml:4:16: input.max_per_tick is 0; allowed is 1 to 1000000");
  EXPECT_EQ(refusal("[liquid]\nneurons = 0"), "a.toml:4:11: liquid.neurons is 0; allowed is 1 to 100000000");
  EXPECT_EQ(refusal("[input]\nticks = 8\n[features]\nbins = 9"), "a.toml:6:8: features.bins is 9; allowed is 1 to 8");
  EXPECT_EQ(refusal("[features]\ntrace = 0"),
            "a.toml:4:9: features.trace is 0; allowed is above 0 ms, at most 1000000000 ms");
  EXPECT_EQ(refusal("[readout]\nlambdas = [1, 0]"),
            "a.toml:4:15: readout.lambdas[1] is 0; allowed is above 0, at most 1e+30");
  EXPECT_EQ(refusal("[readout]\nkind = \"rls\"\nalphas = [-1]"),
            "a.toml:5:11: readout.alphas[0] is -1; allowed is above 0, at most 1e+30");
  EXPECT_EQ(refusal("[readout]\nkind = \"rls\"\nforgetting = 1.5"),
            "a.toml:5:14: readout.forgetting is 1.5; allowed is above 0, at most 1");
  EXPECT_EQ(refusal("[readout]\nkind = \"rls\"\nforgetting = 0"),
            "a.toml:5:14: readout.forgetting is 0; allowed is above 0, at most 1");
  EXPECT_EQ(refusal("[readout]\nkind = \"logistic\"\nmax_iterations = 0"),
            "a.toml:5:18: readout.max_iterations is 0; allowed is 1 to 1000000");
  EXPECT_EQ(refusal("[readout]\nkind = \"logistic\"\ntolerance = 0"),
            "a.toml:5:13: readout.tolerance is 0; allowed is above 0, at most 1");
}

TEST(LsmRefuses, UnknownWordsWithTheNearest) {
  EXPECT_EQ(refusal("[liquid]\npreset = \"resistiv\""),
            "a.toml:4:10: liquid.preset is \"resistiv\"; allowed are local, gaussian, resistive, maass; did you mean "
            "'resistive'?");
  EXPECT_EQ(refusal("[input]\npolarity = \"of\""),
            "a.toml:4:12: input.polarity is \"of\"; allowed are both, on, off, merged; did you mean 'off'?");
  EXPECT_EQ(refusal("[features]\ntransform = \"log\""),
            "a.toml:4:13: features.transform is \"log\"; allowed are none, square_root");
  EXPECT_EQ(refusal("[readout]\nkind = \"logistics\""),
            "a.toml:4:8: readout.kind is \"logistics\"; allowed are ridge, logistic, rls; did you mean 'logistic'?");
  EXPECT_EQ(refusal("[liquid]\nneuron = 3"), "a.toml:4:10: liquid.neuron = 3; allowed: a table");
}

TEST(LsmSettings, AReadoutsKindHasItsOwnKeysAndDefaults) {
  const auto readout = [](const std::string& text) {
    return to_inline_toml(
        *parsed("format = 1\nmodel = \"lsm\"\n[readout]\n" + text).resolved.as<Table>()->find("readout"));
  };
  EXPECT_EQ(readout("kind = \"ridge\""),
            "{ kind = \"ridge\", lambdas = [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0, 30000.0] }");
  EXPECT_EQ(readout("kind = \"logistic\"\nlambdas = [3]"),
            "{ kind = \"logistic\", lambdas = [3.0], max_iterations = 500, tolerance = 0.0001 }");
  EXPECT_EQ(readout("kind = \"rls\"\nforgetting = 0.999"),
            "{ kind = \"rls\", alphas = [100.0, 1000.0, 10000.0], forgetting = 0.999 }");
}

TEST(LsmRefuses, KeysOfAnotherReadout) {
  EXPECT_EQ(refusal("[readout]\nkind = \"rls\"\nlambdas = [1]"),
            "a.toml:5:1: readout has no key 'lambdas'; it knows: kind, alphas, forgetting");
  EXPECT_EQ(refusal("[readout]\nforgetting = 0.9"),
            "a.toml:4:1: readout has no key 'forgetting'; it knows: kind, lambdas");
  EXPECT_EQ(refusal("[readout]\nkind = \"logistic\"\nalpha = 1"),
            "a.toml:5:1: readout has no key 'alpha'; it knows: kind, lambdas, max_iterations, tolerance");
}

TEST(LsmRefuses, UnknownKeys) {
  EXPECT_EQ(refusal("[features]\nbin = 3"),
            "a.toml:4:1: features has no key 'bin'; did you mean 'bins'? It knows: window, bins, transform, trace, "
            "membranes");
  EXPECT_EQ(
      refusal("[liquids]\npreset = \"local\""),
      "a.toml:3:2: the top level has no key 'liquids'; did you mean 'liquid'? It knows: format, model, seed, dataset, "
      "input, liquid, placement, features, readout, controls");
}

TEST(LsmRefuses, ACropThatIsNoPairOrDoesNotFit) {
  EXPECT_EQ(refusal("[input]\ncrop = [16]"), "a.toml:4:8: input.crop needs two numbers: [height, width] in pixels");
  EXPECT_EQ(refusal("[input]\ncrop = [35, 34]"),
            "a.toml:4:8: input.crop = [35, 34] does not fit the sensor's 34 x 34 pixels (height x width)");
  EXPECT_EQ(
      refusal("[input]\ntick = \"1.0005 ms\""),
      "a.toml:3:1: input: a tick of 1.0005 ms cannot bin events, whose times are whole microseconds; choose a whole "
      "number of microseconds, at least 0.001 ms");
}

TEST(LsmRefuses, WhatTheModelSetsItself) {
  EXPECT_EQ(refusal("liquid.neuron.size = 7"), "a.toml:3:15: liquid.neuron.size follows from the model; remove it");
  EXPECT_EQ(refusal("liquid.inputs.from = \"liquid\""),
            "a.toml:3:15: liquid.inputs.from follows from the model; remove it");
}

TEST(LsmRefuses, ThePresetsWeightsForAnotherNeuron) {
  EXPECT_EQ(
      refusal("liquid.neuron.kind = \"cuba_lif\""),
      "a.toml:3:22: liquid.neuron.kind = \"cuba_lif\" has a threshold and units that the preset's weights are not "
      "made for; write liquid.inputs.weight too");
  EXPECT_EQ(refusal("liquid.neuron.convention = \"nest\"\nliquid.inputs.weight = 20"),
            "a.toml:3:28: liquid.neuron.convention = \"nest\" has a threshold and units that the preset's weights are "
            "not made for; write liquid.recurrent.weight too");
}

TEST(LsmRefuses, ASavedLiquidBesideRules) {
  EXPECT_EQ(refusal("liquid.from = \"a.h5\"\nliquid.recurrent.weight = 1"),
            "a.toml:4:8: liquid.recurrent stands beside liquid.from, whose file brings its own edges; remove one");
}

TEST(LsmRefuses, AtThePlaceInTheLsmConfigWhatTheNetworkRefuses) {
  EXPECT_EQ(refusal("liquid.neuron.threshold = \"1 pA\""),
            "a.toml:3:27: populations.liquid.threshold: '1 pA' is a current, not a voltage; write e.g. \"-65 mV\"");
  EXPECT_EQ(refusal("liquid.inputs.connect.rule = \"locl\""),
            "a.toml:3:30: projections.\"liquid.inputs\".connect.rule is \"locl\"; allowed are one_to_one, all_to_all, "
            "fixed_indegree, pairwise_bernoulli, distance, local, edges; did you mean 'local'?");
}

}  // namespace
}  // namespace crosspike
