// SPDX-License-Identifier: Apache-2.0
// crosspike compare: results side by side, and configs that it runs.
#include <gtest/gtest.h>

#include <crosspike/tests/unit/own_data.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::example;
using testing::Finished;
using testing::Workplace;

const std::string ei = example("ei_network.toml").string();

// Two sources that fire when told, so that every difference is known. Tick 9 is stamped 1 ms.
std::string listed(const std::string& times, const std::string& elements) {
  return "format = 1\nmodel = \"network\"\nrun = { dt = \"0.1 ms\", time = \"10 ms\" }\n[populations]\n"
         "a = { kind = \"spike_list\", size = 4, times = [" +
         times + "], elements = [" + elements + "] }\n[recorders]\nraster = { of = \"a.spikes\" }\n";
}

TEST(CliCompare, TwoThreadCountsAreEqual) {
  Workplace work;
  const Finished run = work.run({"compare", ei, "--set", "run.time=0.1 s", "--threads", "1", "--threads-b", "3"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("  first differing spike: none\n"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("\n  equal\n"), std::string::npos) << run.out;
  EXPECT_TRUE(work.files().empty());
}

TEST(CliCompare, TwoSeedsNameTheFirstSpikeThatDiffers) {
  Workplace work;
  const Finished run = work.run({"compare", ei, "--set", "run.time=0.1 s", "--seed-b", "2", "--json"});
  EXPECT_EQ(run.code, 1);
  const json object = json::parse(run.out);
  EXPECT_FALSE(object.at("figures").at("equal").get<bool>());
  EXPECT_LT(object.at("figures").at("spike_match"), 0.1);  // two independent trains of 7 Hz share a tick in a thousand
  EXPECT_TRUE(object.at("first_differing_spike").at("tick").is_number_integer());
  ASSERT_EQ(object.at("unlike_config").size(), 1u);
  EXPECT_EQ(object.at("unlike_config")[0].at("path"), "seed");
}

TEST(CliCompare, TwoPrecisionsDifferFirstInValuesThenInASpikeAndTheConfigSaysWhy) {
  Workplace work;
  const auto at = [&](const char* time) {
    return work.run(
        {"compare", ei, "--set", std::string("run.time=") + time, "--set-b", "run.precision=double", "--json"});
  };
  const json first = json::parse(at("1.2 s").out).at("first_differing_spike");
  EXPECT_GT(first.at("time_ms"), 100);  // rounding takes its time to grow
  EXPECT_EQ(first.at("a").get<int>() + first.at("b").get<int>(), 1);
  const Finished run = at("0.1 s");
  EXPECT_EQ(run.code, 1);
  const json object = json::parse(run.out);
  EXPECT_EQ(object.at("unlike_config")[0].at("path"), "run.precision");
  const json& membrane = object.at("values")[0];
  EXPECT_EQ(membrane.at("name"), "values/membrane");
  EXPECT_GT(membrane.at("largest_difference"), 0);
  EXPECT_LT(membrane.at("largest_difference"), 30);  // mV: threshold to reset and back
}

TEST(CliCompare, AKnownDifferenceIsNamedWithItsTick) {
  Workplace work;
  work.write("a.toml", listed("1, 2, 3, 5", "0, 1, 2, 3"));
  work.write("b.toml", listed("1, 2, 3.1, 5", "0, 1, 2, 3"));
  const Finished run = work.run({"compare", "a.toml", "b.toml"});
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.out.find("  first differing spike: 3 ms (tick 29), a 2: in A, not in B\n"), std::string::npos)
      << run.out;
  // Three of four are shared: F1 = 2 x 3 / 8.
  EXPECT_NE(run.out.find("  a       4  4        3  0.750000  100 Hz  100 Hz        0 Hz\n"), std::string::npos)
      << run.out;
}

TEST(CliCompare, AToleranceIsAShareOfSpikes) {
  Workplace work;
  work.write("a.toml", listed("1, 2, 3, 5", "0, 1, 2, 3"));
  work.write("b.toml", listed("1, 2, 3.1, 5", "0, 1, 2, 3"));
  EXPECT_EQ(work.run({"compare", "a.toml", "b.toml", "--tolerance", "0.24"}).code, 1);
  const Finished within = work.run({"compare", "a.toml", "b.toml", "--tolerance", "0.25"});
  EXPECT_EQ(within.code, 0);
  EXPECT_NE(within.out.find("\n  equal within 0.25\n"), std::string::npos) << within.out;
}

TEST(CliCompare, TheRateErrorIsOverElements) {
  Workplace work;
  // Element 0 fires twice in A and once in B, element 1 the other way round: mean rates agree, elements do not.
  work.write("a.toml", listed("1, 2, 3", "0, 0, 1"));
  work.write("b.toml", listed("1, 2, 3", "0, 1, 1"));
  const json object = json::parse(work.run({"compare", "a.toml", "b.toml", "--json"}).out);
  const json& a = object.at("spikes")[0];
  EXPECT_DOUBLE_EQ(a.at("rate_a_hz"), 75);
  EXPECT_DOUBLE_EQ(a.at("rate_b_hz"), 75);
  // sqrt((100^2 + 100^2) / 4) Hz
  EXPECT_NEAR(a.at("rate_error_hz"), 70.710678, 1e-5);
}

TEST(CliCompare, APopulationThatOneDoesNotRecordDiffers) {
  Workplace work;
  work.write("a.toml", listed("1", "0"));
  std::string silent = listed("1", "0");
  work.write("b.toml", silent.substr(0, silent.find("[recorders]")));
  const Finished run = work.run({"compare", "a.toml", "b.toml", "--tolerance", "1"});
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.out.find("not recorded"), std::string::npos) << run.out;
}

TEST(CliCompare, ResultsFilesAreReadAsTheyAre) {
  Workplace work;
  work.write("a.toml", listed("1, 2", "0, 1"));
  for (const char* out : {"x.h5", "y.h5"}) ASSERT_EQ(work.run({"run", "a.toml", "--out", out}).code, 0);
  const Finished equal = work.run({"compare", "x.h5", "y.h5"});
  EXPECT_EQ(equal.code, 0) << equal.err;
  EXPECT_EQ(equal.err, "");
  EXPECT_EQ(work.run({"compare", "x.h5", "a.toml", "--set-b", "populations.a.times=[1, 3]"}).code, 1);
}

// The controls' validation figures are no test's.
TEST(CliCompare, WhatIsNotOfTheTestSplitCountsThoughOneSideNeverSawIt) {
  Workplace work;
  work.write("l.toml", R"(format = 1
model = "lsm"
dataset = { kind = "events", file = "e.h5" }
input = { tick = "1 ms", ticks = 20 }
liquid = { neurons = 30, inputs = { connect = { rule = "all_to_all" }, weight = 0.5, delay = 0 } }
)");
  test::write_events(work.folder() / "e.h5", test::easy_events(60, 2));
  ASSERT_EQ(work.run({"train", "l.toml", "--out", "a.h5"}).code, 0);
  ASSERT_EQ(work.run({"train", "l.toml", "--out", "b.h5", "--no-test", "--set", "controls=false"}).code, 0);
  const Finished run = work.run({"compare", "a.h5", "b.h5", "--json"});
  EXPECT_EQ(run.code, 1) << run.out << run.err;
  const json object = json::parse(run.out);
  EXPECT_EQ(object.at("test_left_out_of"), "A");
  std::set<std::string> names;
  for (const json& figure : object.at("unlike_figures")) names.insert(figure.at("name"));
  EXPECT_TRUE(names.contains("static_validation_accuracy"));
  EXPECT_FALSE(names.contains("test_accuracy"));
  EXPECT_FALSE(names.contains("static_accuracy"));
}

TEST(CliCompare, ATrainingAgainstItsConfigLeavesTheTestSplitOut) {
  Workplace work;
  work.write("l.toml", R"(format = 1
model = "lsm"
controls = false
dataset = { kind = "pattern_pairs", patterns = 2, channels = 10, gaps = ["20 ms"], lead = 0, train = 60, test = 20, validation = 20 }
[input]
tick = "2 ms"
[liquid]
preset = "gaussian"
neurons = 20
)");
  ASSERT_EQ(work.run({"train", "l.toml", "--out", "l.h5"}).code, 0);
  const Finished run = work.run({"compare", "l.h5", "l.toml"});
  EXPECT_EQ(run.code, 0) << run.out << run.err;
  EXPECT_NE(run.out.find("\n  A alone looked at its test split: what it says of that is left out\n  equal\n"),
            std::string::npos)
      << run.out;
}

TEST(CliCompare, TemporaryResultsLieInTmpdirAndGo) {
  Workplace work;
  work.write("a.toml", listed("1", "0"));
  std::filesystem::create_directory(work.folder() / "tmp");
  const std::string tmp = "TMPDIR=" + (work.folder() / "tmp").string();
  EXPECT_EQ(work.run({"compare", "a.toml", "--threads-b", "2"}, {tmp}).code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(work.folder() / "tmp"));
}

}  // namespace
}  // namespace crosspike
