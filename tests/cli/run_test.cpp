// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/core/config.hpp>
#include <crosspike/core/results.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::example;
using testing::Finished;
using testing::Workplace;

std::string copy_of(const std::string& name) {
  const auto path = example(name);
  const Value config = load_config(path);
  return to_toml(config);
}

TEST(CliRun, OfTheEiNetworkGivesPlausibleRates) {
  Workplace work;
  const Finished run = work.run({"run", example("ei_network.toml").string(), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const json figures = json::parse(run.out).at("figures");
  // 1,000 sources of 1 kHz for 1 s: 1 million spikes, standard deviation 1,000. Five of them: false alarm 6e-7.
  EXPECT_NEAR(figures.at("spikes_noise").get<double>(), 1e6, 5 * 1000);
  // Asynchronous irregular networks fire at a few Hz; a neuron with 2 ms refractoriness could reach 500.
  for (const char* rate : {"rate_hz_exc", "rate_hz_inh"}) {
    EXPECT_GT(figures.at(rate).get<double>(), 1) << rate;
    EXPECT_LT(figures.at(rate).get<double>(), 30) << rate;
  }
}

TEST(CliRun, OfTheEiNetworkIsIrregular) {
  Workplace work;
  ASSERT_EQ(work.run({"run", example("ei_network.toml").string(), "--set", "run.time=4 s"}).code, 0);
  const SpikeTrain train = ResultsReader(work.folder() / "ei_network.h5").spikes({"exc", {}});
  std::vector<std::vector<double>> times(800);
  for (std::size_t s = 0; s < train.timestamps_ms.size(); ++s)
    times[train.node_ids[s]].push_back(train.timestamps_ms[s]);
  double sum = 0;
  int counted = 0;
  for (const auto& mine : times) {
    if (mine.size() < 10) continue;
    double mean = 0, square = 0;
    for (std::size_t i = 1; i < mine.size(); ++i) mean += mine[i] - mine[i - 1];
    mean /= static_cast<double>(mine.size() - 1);
    for (std::size_t i = 1; i < mine.size(); ++i) square += std::pow(mine[i] - mine[i - 1] - mean, 2);
    sum += std::sqrt(square / static_cast<double>(mine.size() - 2)) / mean;
    ++counted;
  }
  ASSERT_GT(counted, 100);
  // The coefficient of variation of intervals is 0 for a clock and 1 for a Poisson process.
  EXPECT_GT(sum / counted, 0.5);
  EXPECT_LT(sum / counted, 1.3);
}

TEST(CliRun, WithoutNoiseTheEiNetworkIsSilent) {
  Workplace work;
  const Finished run =
      work.run({"run", example("ei_network.toml").string(), "--set", "populations.noise.rate=0 Hz", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const json figures = json::parse(run.out).at("figures");
  EXPECT_EQ(figures.at("spikes_exc"), 0);
  EXPECT_EQ(figures.at("spikes_inh"), 0);
}

// tau v' = -v + tau / C x I, so v(n) = 20 mV (1 - exp(-n dt / tau)) after n ticks of 500 pA, which start at tick 500.
// 15 mV above rest are reached at n = ceil(100 ln 4) = 139; a spike is followed by 20 ticks of refractoriness.
TEST(CliRun, OfTheSingleNeuronFiresWhenTheFormulaSays) {
  Workplace work;
  const Finished run = work.run({"run", example("single_neuron.toml").string(), "--out", "one.h5"});
  ASSERT_EQ(run.code, 0) << run.err;
  const ResultsReader results(work.folder() / "one.h5");
  const SpikeTrain train = results.spikes({"neuron", {}});
  ASSERT_EQ(train.timestamps_ms.size(), 6u);
  for (std::size_t s = 0; s < 6; ++s) EXPECT_NEAR(train.timestamps_ms[s], 63.9 + 15.9 * static_cast<double>(s), 1e-9);
  const ValuesTable membrane = results.values({"membrane", {}});
  ASSERT_EQ(membrane.rows, 2000u);
  for (const std::size_t n : {1u, 50u, 138u})
    EXPECT_NEAR(membrane.values[500 + n - 1], -65 - 20 * std::expm1(-static_cast<double>(n) / 100), 2e-5);
  EXPECT_EQ(membrane.values[499], -65);  // no current yet
}

TEST(CliRun, ResultsAreTheSameBytesForAnyThreadsAndSlices) {
  Workplace work;
  work.write("ei.toml", copy_of("ei_network.toml"));
  const std::vector<std::vector<std::string>> ways = {{"--threads", "1"},
                                                      {"--threads", "2"},
                                                      {"--threads", "7"},
                                                      {"--threads", "2", "--slice", "1"},
                                                      {"--threads", "3", "--slice", "7"}};
  std::string first;
  for (std::size_t w = 0; w < ways.size(); ++w) {
    const std::string out = "r" + std::to_string(w) + ".h5";
    std::vector<std::string> words = {"run", "ei.toml", "--set", "run.time=0.2 s", "--out", out};
    words.insert(words.end(), ways[w].begin(), ways[w].end());
    const Finished run = work.run(words);
    ASSERT_EQ(run.code, 0) << run.err;
    if (w == 0) first = work.read(out);
    EXPECT_TRUE(work.read(out) == first) << "way " << w;
  }
  EXPECT_GT(first.size(), 10'000u);
}

TEST(CliRun, TheConfigInResultsGivesTheSameResults) {
  Workplace work;
  work.write("ei.toml", copy_of("ei_network.toml"));
  ASSERT_EQ(work.run({"run", "ei.toml", "--set", "run.time=0.1 s", "--seed", "7", "--out", "a.h5"}).code, 0);
  const ResultsReader first(work.folder() / "a.h5");
  EXPECT_EQ(first.header().seed, 7u);
  work.write("again.toml", first.header().config);
  const Finished run = work.run({"run", "again.toml", "--out", "b.h5"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(work.read("a.h5") == work.read("b.h5"));
}

TEST(CliRun, AnotherSeedGivesOtherSpikes) {
  Workplace work;
  work.write("ei.toml", copy_of("ei_network.toml"));
  for (const char* seed : {"1", "2"})
    ASSERT_EQ(
        work.run({"run", "ei.toml", "--set", "run.time=0.1 s", "--seed", seed, "--out", std::string(seed) + ".h5"})
            .code,
        0);
  EXPECT_NE(ResultsReader(work.folder() / "1.h5").spikes({"exc", {}}).timestamps_ms,
            ResultsReader(work.folder() / "2.h5").spikes({"exc", {}}).timestamps_ms);
}

TEST(CliRun, OverwritesOnlyWithForce) {
  Workplace work;
  work.write("single.h5", "precious");
  work.write("single.toml", copy_of("single_neuron.toml"));
  const Finished refused = work.run({"run", "single.toml"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err, "error: single.h5 exists; pass --force to overwrite it or --out to name another file\n");
  EXPECT_EQ(work.read("single.h5"), "precious");
  EXPECT_EQ(work.run({"run", "single.toml", "--force"}).code, 0);
  EXPECT_EQ(ResultsReader(work.folder() / "single.h5").spikes({"neuron", {}}).timestamps_ms.size(), 6u);
}

TEST(CliRun, NeverOverwritesTheConfigEvenWithForce) {
  Workplace work;
  const std::string config = copy_of("single_neuron.toml");
  work.write("single.toml", config);
  std::filesystem::create_symlink("single.toml", work.folder() / "link.toml");
  std::filesystem::create_hard_link(work.folder() / "single.toml", work.folder() / "twin.toml");
  for (const std::string out : {"single.toml", "./single.toml", "link.toml", "twin.toml"}) {
    const Finished run = work.run({"run", "single.toml", "--out", out, "--force"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "error: " + out + " is the config; name another with --out\n");
  }
  EXPECT_EQ(work.read("single.toml"), config);
}

TEST(CliRun, NeverOverwritesAFileThatTheConfigReads) {
  Workplace work;
  work.write("tau.csv", "10\n20\n");
  work.write("t.toml", R"(format = 1
model = "network"
[populations.a]
kind = "lif"
size = 2
tau_mem = { file = "tau.csv" }
)");
  std::filesystem::create_symlink("tau.csv", work.folder() / "link");
  for (const std::string out : {"tau.csv", "link"}) {
    const Finished run = work.run({"run", "t.toml", "--out", out, "--force"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "error: " + out + " is read by this config (t.toml:6:20); name another with --out\n");
  }
  EXPECT_EQ(work.read("tau.csv"), "10\n20\n");
}

TEST(CliRun, NeverOverwritesADatasetOfAnHdf5FileThatTheConfigReads) {
  Workplace work;
  ASSERT_EQ(work.run({"run", example("single_neuron.toml").string(), "--out", "old.h5"}).code, 0);
  const std::string before = work.read("old.h5");
  work.write("t.toml", R"(format = 1
model = "network"
[populations.a]
kind = "lif"
size = 6
tau_mem = { file = "old.h5:/spikes/neuron/timestamps" }
)");
  const Finished run = work.run({"run", "t.toml", "--out", "old.h5", "--force"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err, "error: old.h5 is read by this config (t.toml:6:20); name another with --out\n");
  EXPECT_TRUE(work.read("old.h5") == before);
  EXPECT_EQ(work.run({"run", "t.toml", "--out", "new.h5"}).code, 0);
}

TEST(CliRun, ADataFileOfTheDefaultNameOfResultsIsNamedAsSuch) {
  Workplace work;
  ASSERT_EQ(work.run({"run", example("single_neuron.toml").string(), "--out", "t.h5"}).code, 0);
  work.write("t.toml",
             "format = 1\nmodel = \"network\"\n[populations.a]\nkind = \"lif\"\nsize = 6\n"
             "tau_mem = { file = \"t.h5:/spikes/neuron/timestamps\" }\n");
  const Finished run = work.run({"run", "t.toml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: the default place of the results, t.h5, is read by this config (t.toml:6:20); name another with "
            "--out\n");
}

TEST(CliRun, TrainNeverOverwritesItsDataSetOrItsLiquid) {
  Workplace work;
  const std::string text = "format = 1\nmodel = \"lsm\"\n";
  const auto expect = [&](const std::string& config, const std::string& out, const std::string& what) {
    work.write("t.toml", text + config);
    const Finished run = work.run({"train", "t.toml", "--out", out, "--force"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "error: " + out + " is " + what + "; name another with --out\n");
    EXPECT_EQ(work.read(out), "precious");
  };
  for (const char* file : {"old.h5", "train-images-idx3-ubyte.gz", "mine.gz"}) work.write(file, "precious");
  std::filesystem::create_directories(work.folder() / "events" / "Train" / "3");
  work.write("events/Train/3/00001.bin", "precious");
  expect("liquid.from = \"old.h5\"\n", "old.h5", "read by this config (t.toml:3:15)");
  expect("dataset.path = \".\"\n", "train-images-idx3-ubyte.gz", "part of the data set");
  expect("dataset = { path = \".\", test_labels = \"mine.gz\" }\n", "mine.gz", "read by this config (t.toml:3:39)");
  expect("dataset = { kind = \"nmnist\", path = \"events\" }\n", "events/Train/3/00001.bin", "part of the data set");
  work.write("t.toml", text + "dataset = { kind = \"nmnist\", path = \"events\" }\n");
  work.write("events/old.h5", "mine");  // beside the data set's folders, not in them
  const Finished run = work.run({"train", "t.toml", "--out", "events/old.h5", "--force"});
  EXPECT_EQ(run.err.find("part of the data set"), std::string::npos) << run.err;
}

TEST(CliRun, OutputIsNoStream) {
  Workplace work;
  const Finished run = work.run({"run", example("single_neuron.toml").string(), "--out", "-"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err, "error: --out -: results are an HDF5 file and do not go to stdout; write e.g. --out results.h5\n");
  EXPECT_TRUE(work.files().empty());
}

TEST(CliRun, SaysWhatHappened) {
  Workplace work;
  const Finished run = work.run({"run", example("single_neuron.toml").string()});
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.out.find("  population  size  spikes  mean rate\n  neuron         1       6      30 Hz\n"),
            std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("  results    single_neuron.h5\n"), std::string::npos) << run.out;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"single_neuron.h5"}));
}

}  // namespace
}  // namespace crosspike
