// SPDX-License-Identifier: Apache-2.0
// What goes wrong at the command line and in configs: exit code, and the whole message.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::Finished;
using testing::Workplace;

constexpr const char* good = R"(format = 1
model = "network"
run = { dt = "0.1 ms", time = "10 ms" }
[populations]
a = { kind = "lif", size = 10 }
b = { kind = "lif", size = 10 }
[projections.p]
from = "a"
to = "b"
connect = { rule = "all_to_all" }
weight = "1 mV"
)";

// `good` with one piece of text in place of another.
std::string with(const std::string& before, const std::string& after) {
  std::string text = good;
  const auto at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return text.replace(at, before.size(), after);
}

void expect_error(const std::string& config, const std::string& message, int code = 2,
                  const std::vector<std::string>& words = {"validate", "t.toml"}) {
  Workplace work;
  work.write("t.toml", config);
  const Finished run = work.run(words);
  EXPECT_EQ(run.code, code) << message;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + message + "\n");
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

TEST(CliErrors, TheConfigThatTheyStartFromIsFine) {
  Workplace work;
  work.write("t.toml", good);
  EXPECT_EQ(work.run({"validate", "t.toml"}).code, 0);
}

TEST(CliErrors, UnknownKeyNamesTheNearest) {
  expect_error(with("size = 10", "size = 10, tau_men = 2"),
               "t.toml:5:32: populations.a has no key 'tau_men'; did you mean 'tau_mem'? It knows: kind, convention, "
               "shape, size, "
               "tau_mem, decay, capacitance, rest, bias, lower, upper, gain, threshold, inclusive, reset, reset_mode, "
               "delayed_reset, "
               "refractory, refractory_rounding, refractory_counts_spike, refractory_input, integrator, input_order, "
               "input_scale, "
               "init, init_per_sample, positions");
}

TEST(CliErrors, UnknownSectionNamesTheNearest) {
  expect_error(with("[projections.p]", "[projection.p]"),
               "t.toml:7:2: the top level has no key 'projection'; did you mean 'projections'? It knows: format, "
               "model, seed, run, dataset, "
               "populations, projections, wires, recorders, placement");
}

TEST(CliErrors, WrongUnit) {
  expect_error(with("size = 10", "size = 10, tau_mem = \"2 mV\""),
               "t.toml:5:42: populations.a.tau_mem: '2 mV' is a voltage, not a time; write e.g. \"20 ms\"");
}

TEST(CliErrors, WeightInTheUnitOfAnotherPort) {
  expect_error(with("1 mV", "20 pA"),
               "t.toml:11:10: projections.p.weight: '20 pA' is a current, not a voltage; write e.g. \"-65 mV\"");
}

TEST(CliErrors, NegativeTimeConstant) {
  expect_error(with("size = 10", "size = 10, tau_mem = \"-2 ms\""),
               "t.toml:5:42: populations.a.tau_mem is \"-2 ms\"; allowed is 1e-06 ms to 1000000000 ms");
}

TEST(CliErrors, ZeroNeurons) {
  expect_error(with("size = 10", "size = 0"), "t.toml:5:28: populations.a.size is 0; allowed is 1 to 4294967295");
}

TEST(CliErrors, CycleWithoutDelay) {
  expect_error(std::string(good) + R"(delay = 0
[projections.q]
from = "b"
to = "a"
connect = { rule = "one_to_one" }
weight = "1 mV"
delay = 0
)",
               "t.toml:5:5: a: a cycle without delay: a -> p -> b -> q -> a; give one of its projections a delay of a "
               "tick or more");
}

TEST(CliErrors, DelayOnSums) {
  expect_error(std::string(good) + "[wires.x]\nfrom = \"p\"\nto = \"b\"\ndelay = \"1 ms\"\n",
               "t.toml:6:5: b: a delay of 10 ticks on sums from 'p'; put it on the wire that carries the spikes");
}

TEST(CliErrors, SpikesIntoANeuronWithoutWeights) {
  expect_error(
      std::string(good) + "[wires.x]\nfrom = \"a\"\nto = \"b\"\n",
      "t.toml:6:5: b: its port 'input' takes sums or values, but 'a' sends spikes; put a weight node (sparse, linear) "
      "between them");
}

TEST(CliErrors, UnknownKind) {
  expect_error(
      with("\"lif\"", "\"liff\""),
      "t.toml:5:14: populations.a: there is no kind 'liff'; did you mean 'lif'? known: lif, cuba_lif, alpha_lif, li, "
      "if, ilif, threshold, poisson, sparse, linear, conv2d, delay, input, spike_list, step_current");
}

TEST(CliErrors, UnknownPopulation) {
  expect_error(with("from = \"a\"", "from = \"aa\""),
               "t.toml:8:8: projections.p.from: there is no node 'aa'; did you mean 'a'?");
}

TEST(CliErrors, UnknownPort) {
  expect_error(with("to = \"b\"", "to = \"b.excitatory\""),
               "t.toml:9:6: projections.p.to: node 'b' (lif) has no input port 'excitatory'; it has: input, injected");
}

TEST(CliErrors, UnknownConvention) {
  expect_error(with("size = 10", "size = 10, convention = \"nets\""),
               "t.toml:5:45: populations.a.convention is \"nets\"; allowed are nest, brian2, nir, snntorch, norse, "
               "spikingjelly, lava, "
               "spinnaker; did you mean 'nest'?");
}

TEST(CliErrors, UnknownRule) {
  expect_error(
      with("all_to_all", "all_to_al"),
      "t.toml:10:20: projections.p.connect.rule is \"all_to_al\"; allowed are one_to_one, all_to_all, fixed_indegree, "
      "pairwise_bernoulli, distance, local, edges; did you mean 'all_to_all'?");
}

TEST(CliErrors, UnknownRecordedField) {
  expect_error(
      std::string(good) + "[recorders.r]\nof = \"a.membran\"\n",
      "t.toml:13:6: recorders.r.of: node 'a' (lif) has no output or state 'membran'; did you mean 'membrane'? It has: "
      "spikes, membrane, wait");
}

TEST(CliErrors, TwoRastersOfOnePopulation) {
  expect_error(std::string(good) + "[recorders.r]\nof = \"a\"\n[recorders.s]\nof = \"a.spikes\"\nindex = [0]\n",
               "t.toml:15:6: recorders.s.of: recorders.r records these spikes already; remove one of them");
}

TEST(CliErrors, MissingFormat) {
  expect_error(with("format = 1\n", ""), "t.toml:1:1: the top-level key 'format' is missing; add the line: format = 1");
}

TEST(CliErrors, UnknownModel) {
  expect_error(with("\"network\"", "\"netwrk\""),
               "t.toml:2:9: model is \"netwrk\"; allowed are network, lsm; did you mean 'network'?");
}

TEST(CliErrors, MissingWeightShowsTheLineToAdd) {
  expect_error(with("weight = \"1 mV\"\n", ""),
               "t.toml:7:1: projections.p has no key 'weight'; add a line such as: weight = \"0.1 mV\"");
}

TEST(CliErrors, MissingFileNamesTheNearest) {
  expect_error(good, "t.tml: no such file; did you mean 't.toml'?", 2, {"run", "t.tml"});
}

TEST(CliErrors, OverrideOfAnUnknownKey) {
  expect_error(good,
               "--set run.tme: run has no key 'tme'; did you mean 'time'? It knows: dt, time, precision, weight_bits",
               2, {"run", "t.toml", "--set", "run.tme=3"});
}

TEST(CliErrors, UnknownCommandNamesTheNearest) {
  expect_error(good,
               "crosspike has no command 'rnu'; did you mean 'run'? commands: run, train, eval, sweep, bench, compare, "
               "validate, "
               "explain, graph, init, info, report, doctor, datasets, export, import",
               2, {"rnu", "t.toml"});
}

TEST(CliErrors, UnknownOptionNamesTheNearest) {
  expect_error(
      good,
      "crosspike run has no option '--bakend'; did you mean '--backend'? it takes: --help, --set, --backend, --seed, "
      "--threads, --slice, --out, --force, --json",
      2, {"run", "t.toml", "--bakend", "cpu"});
}

TEST(CliErrors, MissingArgumentShowsAnExample) {
  expect_error(good, "crosspike validate needs CONFIG; e.g. crosspike validate ei_network.toml", 2, {"validate"});
}

TEST(CliErrors, NoCommandListsThem) {
  expect_error(good,
               "crosspike needs a command: run, train, eval, sweep, bench, compare, validate, explain, graph, init, "
               "info, report, "
               "doctor, datasets, export, import; see crosspike --help",
               2, {});
}

TEST(CliErrors, ThreadsThatAreNoNumber) {
  expect_error(good, "--threads is 'many'; allowed is a whole number from 1 to 1024", 2,
               {"run", "t.toml", "--threads", "many"});
}

TEST(CliErrors, SliceOfZero) {
  expect_error(good, "--slice is '0'; allowed is a whole number from 1 to 2147483647", 2,
               {"run", "t.toml", "--slice", "0"});
}

TEST(CliErrors, SliceLongerThanACycleBetweenBackends) {
  Workplace work;
  work.write("t.toml", R"(format = 1
model = "network"
[populations]
a = { kind = "lif", size = 2 }
late = { kind = "delay", size = 2, ticks = 0 }
[wires]
out = { from = "a", to = "late", delay = "0.3 ms" }
[projections]
back = { from = "late", to = "a", connect = { rule = "one_to_one" }, weight = "1 mV", delay = 0 }
[placement]
late = "toy"
)");
  const Finished run = work.run({"run", "t.toml", "--slice", "4"},
                                {std::string("CROSSPIKE_PLUGIN_PATH=") + CROSSPIKE_PLUGIN_DIR + "/toy"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: --slice 4 is longer than the cycle a on cpu -> late on toy -> (delay 3) allows; allowed: 1 to 3\n");
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

TEST(CliErrors, UnknownBackendCannotRunHere) {
  expect_error(good, "--backend: placement.default: there is no backend 'cuda' here; available: cpu, nir", 3,
               {"run", "t.toml", "--backend", "cuda"});
}

TEST(CliErrors, NetworkLargerThanMemoryIsRefusedFromTheEstimate) {
  Workplace work;
  std::string all = good;
  for (std::size_t at = 0; (at = all.find("size = 10", at)) != std::string::npos; ++at)
    all.replace(at, 9, "size = 4000000000");
  work.write("t.toml", all);
  const Finished run = work.run({"run", "t.toml"});
  EXPECT_EQ(run.code, 3);
  EXPECT_EQ(run.err.rfind("error: the network needs at least 5", 0), 0u) << run.err;
  EXPECT_NE(run.err.find("EiB, "), std::string::npos) << run.err;
  EXPECT_NE(run.err.find(" are available; the largest part is projection 'p' (t.toml:7:1), 1.6e+19 synapses; make it "
                         "smaller or free memory\n"),
            std::string::npos)
      << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

// A .npy file of float64: numpy/numpy:numpy/lib/format.py.
std::string npy(const std::vector<double>& values, const std::string& shape) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(118 - 1, ' ');
  header += '\n';
  std::string file = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
  for (const double value : values) file.append(reinterpret_cast<const char*>(&value), sizeof value);
  return file;
}

TEST(CliErrors, NanInAWeightFile) {
  Workplace work;
  work.write("w.npy", npy({1, 2, std::numeric_limits<double>::quiet_NaN(), 4}, "(2, 2)"));
  work.write("t.toml", R"(format = 1
model = "network"
[populations]
a = { kind = "lif", size = 2 }
b = { kind = "lif", size = 2 }
[projections.p]
kind = "linear"
from = "a"
to = "b"
weight = { file = "w.npy" }
)");
  const Finished run = work.run({"run", "t.toml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(
      run.err,
      "error: t.toml:10:10: projections.p.weight: w.npy: element [1, 0] is nan; projections.p.weight must be finite\n");
  work.write("w.npy", npy({1, 2, 3, 4}, "(2, 2)"));
  EXPECT_EQ(work.run({"run", "t.toml"}).code, 0);
}

TEST(CliErrors, OutputFolderThatDoesNotExist) {
  expect_error(good, "cannot write no/where.h5: folder no does not exist; create it first", 2,
               {"run", "t.toml", "--out", "no/where.h5"});
}

TEST(CliErrors, RunOfAModelThatIsTrained) {
  expect_error(with("\"network\"", "\"lsm\""),
               "t.toml:2:9: run simulates model = \"network\", this is \"lsm\"; write: crosspike train t.toml", 2,
               {"run", "t.toml"});
}

TEST(CliErrors, TrainOfAModelWithoutReadout) {
  expect_error(good,
               "t.toml:2:9: model = \"network\" has no readout to train; write: crosspike run t.toml; models with a "
               "readout: lsm",
               2, {"train", "t.toml"});
}

TEST(CliErrors, TimeShorterThanATick) {
  for (const char* command : {"run", "validate", "info"})
    expect_error(with("\"10 ms\"", "\"0 ms\""),
                 "t.toml:3:31: run.time = 0 ms is less than half a tick of 0.1 ms: nothing would happen; write at "
                 "least one tick",
                 2, {command, "t.toml"});
}

TEST(CliErrors, DrawsThatMissTheirLimits) {
  expect_error(
      with("\"1 mV\"", "{ normal = [\"60 mV\", \"1 mV\"], min = \"1 V\" }"),
      "t.toml:11:10: projections.p.weight = { normal = [\"60 mV\", \"1 mV\"], min = \"1 V\" }: fewer than 1 in "
      "100 draws lie at or above min = 1000 mV; widen min and max");
}

TEST(CliErrors, WeightBeyondAllSums) {
  expect_error(with("\"1 mV\"", "1e300"), "t.toml:7:1: p: a weight of magnitude 1e+300; allowed: up to 1e+30");
}

TEST(CliErrors, NulInAName) {
  expect_error(with("a = { kind", "\"a\\u0000\" = { kind"),
               "t.toml:5:1: the text holds a NUL character (\\u0000); remove it");
}

TEST(CliErrors, AControlCharacterOnTheCommandLine) {
  expect_error(good, "crosspike run takes one argument, 'a\\x1b[31m' is one too many; see crosspike run --help", 2,
               {"run", "t.toml", "a\x1b[31m"});
}

TEST(CliErrors, ResultsAreNoConfig) {
  Workplace work;
  work.write("t.toml", good);
  ASSERT_EQ(work.run({"run", "t.toml", "--out", "r.h5"}).code, 0);
  work.write("w.npy", std::string("\x93NUMPY\x01\x00", 8));
  for (const char* command : {"run", "train", "validate"}) {
    Finished run = work.run({command, "r.h5"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "error: r.h5: is an HDF5 file, no config; what results hold shows: crosspike info r.h5\n");
    run = work.run({command, "w.npy"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "error: w.npy: is a .npy array, no config; a config names it: { file = \"w.npy\" }\n");
  }
}

TEST(CliErrors, InfoOfAnEmptyFile) {
  Workplace work;
  work.write("r.h5", "");
  const Finished run = work.run({"info", "r.h5"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err, "error: r.h5: is empty: no results and no config\n");
}

TEST(CliErrors, ConfigFromADash) {
  expect_error(good, "-: no such file; to read a config from stdin, write /dev/stdin", 2, {"run", "-"});
}

TEST(CliErrors, ExplainOfAnUnknownKind) {
  expect_error(good,
               "there is no kind, rule or distribution 'poison', and no file of that name; did you mean 'poisson'? "
               "kinds: lif, cuba_lif, alpha_lif, li, if, ilif, threshold, poisson, sparse, linear, conv2d, delay, "
               "input, spike_list, step_current; rules and distributions: one_to_one, all_to_all, fixed_indegree, "
               "pairwise_bernoulli, distance, local, edges, constant, file, normal, uniform, parts, resistive_pair",
               2, {"explain", "poison"});
}

// ---- what newcomers from other tools write first ----

TEST(CliNewcomers, QuantityWithoutQuotes) {
  expect_error(with("\"1 mV\"", "1 mV"),
               "t.toml:11:12: cannot read this key-value pair: expected a comment or whitespace, saw 'm'; quantities "
               "are written in "
               "quotes: \"1 mV\"");
}

TEST(CliNewcomers, RuleWithoutATable) {
  expect_error(with("{ rule = \"all_to_all\" }", "\"all_to_all\""),
               "t.toml:10:11: projections.p.connect takes a table; write: connect = { rule = \"all_to_all\" }");
}

TEST(CliNewcomers, SectionInTheSingular) {
  expect_error(with("[populations]", "[population]"),
               "t.toml:4:2: the top level has no key 'population'; did you mean 'populations'? It knows: format, "
               "model, seed, run, dataset, "
               "populations, projections, wires, recorders, placement");
}

TEST(CliNewcomers, UnitThatIsSpeltDifferently) {
  expect_error(
      with("\"10 ms\"", "\"1 sec\""),
      "t.toml:3:31: run.time: '1 sec' has the unknown unit 'sec'; a time takes ns, us, ms, s; write e.g. \"20 ms\"");
}

TEST(CliNewcomers, ConfigWithoutACommand) {
  expect_error(good, "'t.toml' is no command but a file; write: crosspike run t.toml", 2, {"t.toml"});
}

TEST(CliNewcomers, OptionBeforeTheCommand) {
  expect_error(good, "--threads stands before the command; write: crosspike run ... --threads", 2,
               {"--threads", "2", "run", "t.toml"});
}

TEST(CliNewcomers, Help) {
  expect_error(good, "crosspike has no command 'help'; write: crosspike --help", 2, {"help"});
}

TEST(CliNewcomers, NumberInQuotes) {
  expect_error(with("size = 10", "size = \"10\""),
               "t.toml:5:28: populations.a.size is \"10\" (text); it takes an integer, e.g. size = 1");
}

}  // namespace
}  // namespace crosspike
