// SPDX-License-Identifier: Apache-2.0
// crosspike export and import at the command line: files, tables, JSON, and what goes wrong.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::Finished;
using testing::Workplace;
using Json = nlohmann::json;

constexpr const char* network = R"(format = 1
model = "network"
run = { dt = "1 ms", time = "100 ms" }
[populations]
in = { kind = "spike_list", size = 1, times = [1, 2, 3, 10, 11, 12], elements = [0, 0, 0, 0, 0, 0] }
a = { kind = "lif", convention = "nir", size = 2, tau_mem = "20 ms", gain = 10 }
[projections]
p = { from = "in", to = "a", kind = "linear", weight = [[1], [2]], delay = 0 }
loop = { from = "a", to = "a", kind = "linear", weight = [[0, 1], [1, 0]] }
[recorders]
output = { of = "a.spikes" }
)";

const std::string published = CROSSPIKE_SOURCE_DIR "/tests/data/nir/lif_norse.nir";

TEST(CliExchange, ANetworkGoesOutAndComesBackWithTheSameSpikes) {
  Workplace work;
  work.write("net.toml", network);
  work.write("spikes.csv", "time,channel\n1,0\n2,0\n3,0\n10,0\n11,0\n12,0\n");
  const Finished out = work.run({"export", "net.toml", "--target", "nir"});
  EXPECT_EQ(out.code, 0) << out.err;
  EXPECT_EQ(out.err, "");
  EXPECT_EQ(out.out, R"(  node  kind        nir     lost
  in    spike_list  Input   its spikes: NIR holds no input; give them where the graph is run
  a     lif         LIF
  p     linear      Linear
  loop  linear      Linear  the tick of its loop: NIR has none, its readers add one

  written  net.nir
)");
  const Finished back = work.run({"import", "net.nir", "--input", "spikes.csv", "--out", "back.toml"});
  EXPECT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(back.out, R"(  node    type    becomes                      note
  a       LIF     populations.a (lif)
  in      Input   populations.in (spike_list)
  loop    Linear  projections.loop             one tick of delay from a to a, closing a loop
  output  Output  recorders.output
  p       Linear  projections.p

  written  back.toml
)");
  const auto spikes = [&](const std::string& config) {
    const Finished run = work.run({"run", config, "--set", "run.time=100 ms", "--force", "--json"});
    return Json::parse(run.out)["figures"]["spikes_a"].get<int>();
  };
  EXPECT_GT(spikes("net.toml"), 0);
  EXPECT_EQ(spikes("back.toml"), spikes("net.toml"));
  EXPECT_EQ(work.run({"import", "net.nir", "--input", "spikes.csv", "--out", "back.toml", "--force"}).code, 0);
}

TEST(CliExchange, JsonHoldsTheTableAndNothingElse) {
  Workplace work;
  work.write("net.toml", network);
  const Json out = Json::parse(work.run({"export", "net.toml", "--target", "nir", "--json"}).out);
  EXPECT_EQ(out["target"], "nir");
  EXPECT_EQ(out["out"], "net.nir");
  EXPECT_EQ(out["nodes"][1], (Json{{"node", "a"}, {"kind", "lif"}, {"becomes", "LIF"}, {"lost", Json::array()}}));
  EXPECT_EQ(out["figures"], (Json{{"nodes", 4}, {"lost", 2}}));
  const Json back = Json::parse(work.run({"import", "net.nir", "--out", "back.toml", "--json"}).out);
  EXPECT_EQ(back["nodes"][0]["becomes"], "populations.a (lif)");
  EXPECT_EQ(back["files"], Json::array({"back.toml"}));
}

TEST(CliExchange, ThePublishedGraphRunsFromAFileOfPulses) {
  Workplace work;
  std::string pulses;
  for (const int row : {60, 220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460})
    pulses += std::to_string((row + 1) / 10.0) + ",0\n";
  work.write("pulses.csv", pulses);
  EXPECT_EQ(work.run({"import", published, "--dt", "0.1 ms", "--convention", "norse", "--input", "pulses.csv", "--out",
                      "lif.toml"})
                .code,
            0);
  const Json run = Json::parse(work.run({"run", "lif.toml", "--set", "run.time=60 ms", "--json"}).out);
  EXPECT_EQ(run["figures"]["spikes_lif_1"], 1);
}

TEST(CliExchange, TheSameNetworkIsTheSameBytes) {
  Workplace work;
  work.write("net.toml", network);
  for (const char* threads : {"1", "2"})
    EXPECT_EQ(work.run({"export", "net.toml", "--target", "nir", "--threads", threads, "--out",
                        std::string(threads) + ".nir"})
                  .code,
              0);
  EXPECT_EQ(work.read("1.nir"), work.read("2.nir"));
}

void expect_error(const std::vector<std::string>& words, int code, const std::string& message) {
  Workplace work;
  work.write("net.toml", network);
  work.write("net.txt", "no graph");
  work.write("empty.nir", "");
  std::string other = network;
  other.replace(other.find("gain = 10"), 9, "refractory = 2");
  work.write("refractory.toml", other);
  const auto before = work.files();
  const Finished run = work.run(words);
  EXPECT_EQ(run.code, code);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + message + "\n");
  EXPECT_EQ(work.files(), before);  // nothing half-written
}

TEST(CliExchange, WrongRequestsAreRefused) {
  expect_error({"export", "net.toml", "--target", "nri"}, 2,
               "--target nri: no such format; did you mean 'nir'? there are: nir");
  expect_error({"export", "net.toml"}, 2, "crosspike export: --target is required; see crosspike export --help");
  expect_error({"export", "net.toml", "--target", "nir", "--option", "nested"}, 2, "--option nested: write KEY=VALUE");
  expect_error({"export", "net.toml", "--target", "nir", "--out", "net.toml", "--force"}, 2,
               "net.toml is the config; name another with --out");
  expect_error(
      {"export", "refractory.toml", "--target", "nir"}, 3,
      "nir cannot express this network: a (lif): refractory = 2 ms: NIR has no refractory period; write refractory = "
      "0, or leave it away with --lossy");
  expect_error({"import", "net.txt"}, 2, "net.txt: import reads files that end in .nir");
  expect_error({"import", "empty.nir"}, 2, "empty.nir: not an HDF5 file");
  expect_error({"import", "missing.nir"}, 2, "missing.nir: no such file");
  expect_error(
      {"import", published}, 2,
      published +
          ":/node/metadata/dt: is absent: the file does not say how long a tick is; give it, e.g. --dt \"0.1 ms\"");
  expect_error({"import", published, "--dt", "0.1 mV"}, 2,
               "--dt 0.1 mV: '0.1 mV' is a voltage, not a time; write e.g. \"20 ms\"");
  expect_error({"import", published, "--dt", "0"}, 2, "--dt 0: allowed are 1e-6 to 1e6 ms");
  expect_error({"import", published, "--dt", "0.1 ms", "--convention", "sinabs"}, 2,
               "--convention sinabs: allowed are nir, norse, snntorch");
}

TEST(CliExchange, NothingIsOverwrittenWithoutForce) {
  Workplace work;
  work.write("net.toml", network);
  work.write("net.nir", "mine");
  EXPECT_EQ(work.run({"export", "net.toml", "--target", "nir"}).code, 2);
  EXPECT_EQ(work.read("net.nir"), "mine");
  EXPECT_EQ(work.run({"export", "net.toml", "--target", "nir", "--force"}).code, 0);
  EXPECT_EQ(work.run({"import", "net.nir"}).code, 2);  // net.toml is there
  EXPECT_EQ(work.read("net.toml"), network);
}

// The exporter of a plugin, with a format that is no NIR.
TEST(CliExchange, APluginBringsATargetOfItsOwn) {
  Workplace work;
  work.write("t.toml",
             "format = 1\nmodel = \"network\"\n[populations]\na = { kind = \"lif\", size = 3 }\nb = { kind = "
             "\"if\", size = 2 }\n[projections]\np = { from = \"a\", to = \"b\", connect = { rule = "
             "\"all_to_all\" }, weight = 1 }\n");
  const std::vector<std::string> plugin = {std::string("CROSSPIKE_PLUGIN_PATH=") + CROSSPIKE_PLUGIN_DIR + "/toy"};
  const Finished refused = work.run({"export", "t.toml", "--target", "toy"}, plugin);
  EXPECT_EQ(refused.code, 3);
  EXPECT_NE(refused.err.find("a toy has no weights"), std::string::npos) << refused.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
  const Finished out = work.run({"export", "t.toml", "--target", "toy", "--lossy"}, plugin);
  ASSERT_EQ(out.code, 0) << out.err;
  EXPECT_EQ(work.read("t.toy"), "a lif 3\nb if 2\n");
  const Finished back = work.run({"import", "t.toy", "--dt", "0.5 ms", "--out", "back.toml"}, plugin);
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(work.run({"validate", "back.toml"}).code, 0);
}

}  // namespace
}  // namespace crosspike
