// SPDX-License-Identifier: Apache-2.0
// explain with origins and sources, graph, init and doctor --report.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <crosspike/core/config.hpp>
#include <crosspike/core/results.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::example;
using testing::Finished;
using testing::Workplace;

const std::string ei = example("ei_network.toml").string();
const std::string lsm = example("lsm_fashion.toml").string();

TEST(CliExplain, OfAConfigIsAConfigThatGivesTheSameRun) {
  Workplace work;
  const Finished told = work.run({"explain", ei, "--set", "run.time=50 ms"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("# --set run.time\n"), std::string::npos);
  work.write("again.toml", told.out);
  ASSERT_EQ(work.run({"run", ei, "--set", "run.time=50 ms", "--out", "a.h5"}).code, 0);
  ASSERT_EQ(work.run({"run", "again.toml", "--out", "b.h5"}).code, 0);
  EXPECT_TRUE(work.read("a.h5") == work.read("b.h5"));
}

TEST(CliExplain, OfResultsIsTheConfigInThem) {
  Workplace work;
  ASSERT_EQ(work.run({"run", ei, "--set", "run.time=10 ms", "--out", "r.h5"}).code, 0);
  const Finished run = work.run({"explain", "r.h5", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(json::parse(run.out).at("config"), ResultsReader(work.folder() / "r.h5").header().config);
  EXPECT_NE(work.run({"explain", "r.h5", "--cite"}).out.find("Philox"), std::string::npos);
}

TEST(CliExplain, OfAWordThatIsExplainedElsewhereSaysWhere) {
  Workplace work;
  EXPECT_EQ(work.run({"explain", "ridge"}).err,
            "error: ridge is a kind of readout: see docs/readout.md; explain knows kinds, connectivity rules and "
            "distributions\n");
  EXPECT_EQ(work.run({"explain", "tau_syn_excitatory"}).err,
            "error: tau_syn_excitatory is a parameter of cuba_lif, alpha_lif; write: crosspike explain cuba_lif\n");
}

TEST(CliExplain, AsJsonTellsTheOriginOfEveryValue) {
  Workplace work;
  const json told = json::parse(work.run({"explain", ei, "--seed", "4", "--json"}).out);
  EXPECT_EQ(told.at("origins").at("seed"), "--seed");
  EXPECT_EQ(told.at("origins").at("populations.exc.kind"), ei + ":9:16");
  EXPECT_EQ(told.at("origins").at("populations.exc.threshold"), "default");
  EXPECT_EQ(told.at("config").get<std::string>().find('#'), std::string::npos);
}

TEST(CliExplain, OfARuleAndADistributionShowsKeysAndUse) {
  Workplace work;
  const Finished rule = work.run({"explain", "pairwise_bernoulli"});
  EXPECT_EQ(rule.code, 0);
  EXPECT_EQ(rule.out.rfind("pairwise_bernoulli: a connectivity rule, each pair with one probability\n", 0), 0u);
  EXPECT_NE(rule.out.find("\n  connect = { rule = \"pairwise_bernoulli\", probability = 0.1 }\n"), std::string::npos);
  const json normal = json::parse(work.run({"explain", "normal", "--json"}).out);
  EXPECT_EQ(normal.at("distribution"), "normal");
  EXPECT_EQ(normal.at("keys")[0].at("default"), "required");
}

TEST(CliExplain, CiteListsWhatAConfigRestsOn) {
  Workplace work;
  work.write("c.toml",
             "format = 1\nmodel = \"network\"\n[populations]\n"
             "a = { kind = \"cuba_lif\", size = 2, convention = \"norse\" }\n");
  const json told = json::parse(work.run({"explain", "c.toml", "--cite", "--json"}).out);
  std::map<std::string, std::string> sources;
  for (const json& c : told.at("citations")) sources[c.at("subject")] = c.at("source");
  EXPECT_EQ(sources.at("neuron cuba_lif"), "Rotter & Diesmann 1999; nest/nest-simulator:models/iaf_psc_exp.cpp");
  EXPECT_EQ(sources.at("convention norse"), "Norse: norse/norse");
  EXPECT_EQ(sources.count("neuron lif"), 0u);
  EXPECT_EQ(sources.count("liquid state machine"), 0u);
  EXPECT_EQ(sources.at("crosspike").rfind("crosspike ", 0), 0u);
}

TEST(CliExplain, CiteOfALiquidNamesModelAndDataSet) {
  Workplace work;
  const Finished run = work.run({"explain", lsm, "--cite"});
  EXPECT_EQ(run.code, 0) << run.err;
  for (const char* source : {"Maass", "Orchard et al., Front. Neurosci. 9:437 (2015)", "Rebecq et al., CoRL 2018"})
    EXPECT_NE(run.out.find(source), std::string::npos) << source << run.out;
}

TEST(CliExplain, BibtexHasAnEntryForEachWithItsSignsEscaped) {
  Workplace work;
  const Finished run = work.run({"explain", ei, "--cite", "--bibtex"});
  EXPECT_EQ(run.out.rfind("@misc{crosspike,\n", 0), 0u) << run.out;
  EXPECT_NE(run.out.find("@misc{neuron_cuba_lif,\n  title = {neuron cuba\\_lif},\n  note = {Rotter \\& Diesmann 1999"),
            std::string::npos)
      << run.out;
}

TEST(CliGraph, SummaryHasSizesSynapsesAndWhoFeedsWhom) {
  Workplace work;
  const Finished run = work.run({"graph", ei});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("  exc_exc     exc    exc.excitatory  fixed_indegree    64,000          80 pA  1.5 ms\n"),
            std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("\n  order  noise -> (exc <-> inh)\n"), std::string::npos) << run.out;
  EXPECT_TRUE(work.files().empty());
}

TEST(CliGraph, WritesGraphvizToAFileOrToStdout) {
  Workplace work;
  ASSERT_EQ(work.run({"graph", ei, "--out", "net.dot"}).code, 0);
  const std::string dot = work.read("net.dot");
  EXPECT_EQ(dot.rfind("digraph G {\n", 0), 0u);
  EXPECT_NE(dot.find("exc_exc"), std::string::npos);
  EXPECT_EQ(work.run({"graph", ei, "--out", "-"}).out, dot);
}

TEST(CliGraph, OfALiquidAndOfAPopulationThatFeedsItself) {
  Workplace work;
  const Finished run = work.run({"graph", lsm});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("\n  order  input -> (liquid <-> itself)\n"), std::string::npos) << run.out;
}

TEST(CliInit, CopiesAnExampleThatValidates) {
  Workplace work;
  const Finished run = work.run({"init", "network", "new/study"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("crosspike run new/study/ei_network.toml\n"), std::string::npos) << run.out;
  EXPECT_EQ(work.run({"validate", "new/study/ei_network.toml"}).code, 0);
  EXPECT_TRUE(load_config(work.folder() / "new/study/ei_network.toml") == load_config(example("ei_network.toml")));
}

TEST(CliInit, BringsTheScriptThatAnExampleNeeds) {
  Workplace work;
  const Finished run = work.run({"init", "own_events", "mine"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(
      run.out.find(
          "  next   cd mine\n         python3 write_events.py bars.h5\n         crosspike train own_events.toml\n"),
      std::string::npos)
      << run.out;
  EXPECT_NE(work.read("mine/write_events.py").find("import h5py"), std::string::npos);
  EXPECT_EQ(work.read("mine/own_events.toml").find("examples/"), std::string::npos);
  const Finished again = work.run({"init", "own_events", "mine"});
  EXPECT_EQ(again.err, "error: mine/own_events.toml exists; pass --force to overwrite it, or name another folder\n");
}

TEST(CliInit, ListsEveryExample) {
  Workplace work;
  std::vector<std::string> files, told;
  for (const auto& entry : std::filesystem::directory_iterator(example("")))
    if (entry.path().extension() == ".toml") files.push_back(entry.path().stem().string());
  std::sort(files.begin(), files.end());
  const json list = json::parse(work.run({"init", "--json"}).out);
  for (const json& e : list.at("examples")) told.push_back(e.at("name"));
  EXPECT_EQ(told, files);
  for (const std::string& name : files) EXPECT_EQ(work.run({"init", name, "x"}).code, 0) << name;
}

TEST(CliDoctor, ReportPassesItsSelfTestAtAnyThreads) {
  Workplace work;
  for (const char* threads : {"1", "3"}) {
    const Finished run = work.run({"doctor", "--report", "--threads", threads});
    EXPECT_EQ(run.code, 0) << run.out;
    EXPECT_NE(run.out.find("| self-test | passed: "), std::string::npos) << run.out;
  }
}

TEST(CliDoctor, ReportHasNoPathsAndNoNames) {
  Workplace work;
  const std::string home = "HOME=" + work.folder().string(),
                    plugins = "CROSSPIKE_PLUGIN_PATH=" + work.folder().string();
  const Finished run = work.run({"doctor", "--report"}, {home, plugins, "USER=somebody", "LOGNAME=somebody"});
  EXPECT_EQ(run.out.find(work.folder().string()), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("somebody"), std::string::npos);
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  if (std::string(host).size() > 3) {
    EXPECT_EQ(run.out.find(host), std::string::npos) << run.out;
  }
  EXPECT_NE(run.out.find("CROSSPIKE_PLUGIN_PATH (set)"), std::string::npos) << run.out;
}

}  // namespace
}  // namespace crosspike
