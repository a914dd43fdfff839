// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <crosspike/core/config.hpp>
#include <crosspike/core/results.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::example;
using testing::Finished;
using testing::Workplace;

const std::string ei = example("ei_network.toml").string();

TEST(CliCommands, JsonIsOneObjectAndNothingElse) {
  Workplace work;
  ASSERT_EQ(work.run({"run", example("single_neuron.toml").string(), "--out", "one.h5"}).code, 0);
  const std::vector<std::vector<std::string>> lines = {
      {"run", example("single_neuron.toml").string(), "--out", "two.h5"},
      {"validate", ei},
      {"explain", "lif"},
      {"explain", ei},
      {"explain", "local"},
      {"explain", ei, "--cite"},
      {"graph", ei},
      {"init"},
      {"doctor", "--report"},
      {"compare", "one.h5", "one.h5"},
      {"info", ei},
      {"info", "one.h5"},
      {"doctor"},
      {"bench"}};
  for (auto words : lines) {
    words.push_back("--json");
    const Finished run = work.run(words);
    EXPECT_EQ(run.code, 0) << words[0] << ": " << run.err;
    EXPECT_TRUE(json::parse(run.out, nullptr, false).is_object()) << words[0] << ": " << run.out;
    EXPECT_EQ(run.err, "") << words[0];
  }
}

TEST(CliCommands, EveryHelpShowsAnExample) {
  Workplace work;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"run"},
                                                                                     {"train"},
                                                                                     {"eval"},
                                                                                     {"validate"},
                                                                                     {"explain"},
                                                                                     {"sweep"},
                                                                                     {"compare"},
                                                                                     {"graph"},
                                                                                     {"init"},
                                                                                     {"info"},
                                                                                     {"doctor"},
                                                                                     {"bench"},
                                                                                     {"datasets"},
                                                                                     {"datasets", "info"},
                                                                                     {"datasets", "convert"}}) {
    auto line = words;
    line.push_back("--help");
    const Finished run = work.run(line);
    EXPECT_EQ(run.code, 0);
    EXPECT_NE(run.out.find("Example:\n  crosspike " + words[0]), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("Usage: crosspike " + words[0]), std::string::npos) << run.out;
  }
}

TEST(CliCommands, ValidateSaysOkInOneLine) {
  Workplace work;
  const Finished run = work.run({"validate", ei});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out.rfind(ei + ": ok: model network, 1,000 neurons, 101,000 synapses, ", 0), 0u) << run.out;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
  EXPECT_TRUE(work.files().empty());
}

TEST(CliCommands, ExplainKnowsEveryKindThatDoctorLists) {
  Workplace work;
  const json kinds = json::parse(work.run({"doctor", "--json"}).out).at("kinds");
  EXPECT_GE(kinds.size(), 14u);
  for (const auto& kind : kinds) {
    const Finished run = work.run({"explain", kind.get<std::string>()});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out.rfind(kind.get<std::string>() + ": ", 0), 0u);
    for (const char* section : {"\nOne tick\n", "\nSource\n", "\nIn a config\n"})
      EXPECT_NE(run.out.find(section), std::string::npos) << kind << section;
  }
}

TEST(CliCommands, ExplainAsJsonHasDefaultsAsAConfigWritesThem) {
  Workplace work;
  const json lif = json::parse(work.run({"explain", "lif", "--json"}).out);
  std::map<std::string, json> defaults;
  for (const json& parameter : lif.at("parameters")) defaults[parameter.at("name")] = parameter.at("default");
  EXPECT_EQ(defaults.at("tau_mem"), 10);
  EXPECT_EQ(defaults.at("decay"), nullptr);  // may be left out
  EXPECT_EQ(defaults.at("inclusive"), true);
  EXPECT_EQ(defaults.at("reset_mode"), "to_value");
  EXPECT_EQ(lif.at("exclusive"), json::parse(R"([["tau_mem", "decay"]])"));
  EXPECT_EQ(lif.at("state")[0].at("relative_to"), "rest");
  EXPECT_EQ(lif.at("form"), "neuron");
  const json li = json::parse(work.run({"explain", "li", "--json"}).out);
  EXPECT_EQ(li.at("outputs")[0].at("shows"), "membrane");
  EXPECT_EQ(json::parse(work.run({"explain", "sparse", "--json"}).out).at("form"), "operator");
}

TEST(CliCommands, ExplainWritesWorkedNumbersAsAConfigTakesThem) {
  Workplace work;
  EXPECT_NE(work.run({"explain", "ilif"}).out.find("rounding = \"half_up\""), std::string::npos);
  const json worked = json::parse(work.run({"explain", "ilif", "--json"}).out).at("worked");
  EXPECT_EQ(worked.at(0).at("given").at("rounding"), "half_up");
}

TEST(CliCommands, ExplainShowsTheWireThatAnOperatorNeeds) {
  Workplace work;
  EXPECT_NE(
      work.run({"explain", "delay"}).out.find("\n  [wires.OTHER_NAME]\n  from = \"POPULATION\"\n  to = \"NAME\"\n"),
      std::string::npos);
  EXPECT_NE(work.run({"explain", "step_current"}).out.find("\n  from = \"NAME\"\n  to = \"POPULATION.injected\"\n"),
            std::string::npos);
}

TEST(CliCommands, ExplainPrintsAConfigThatExplainsTheSame) {
  Workplace work;
  const Finished first = work.run({"explain", ei, "--set", "populations.exc.tau_syn=2 ms"});
  ASSERT_EQ(first.code, 0) << first.err;
  work.write("resolved.toml", first.out);
  const Finished second = work.run({"explain", "resolved.toml"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_TRUE(parse_config(second.out, "second") == parse_config(first.out, "first"));
}

TEST(CliCommands, ExpandGivesANetworkThatValidates) {
  Workplace work;
  const Finished expanded = work.run({"explain", example("lsm_fashion.toml").string(), "--expand"});
  ASSERT_EQ(expanded.code, 0) << expanded.err;
  work.write("liquid.toml", expanded.out);
  EXPECT_EQ(work.run({"validate", "liquid.toml"}).code, 0);
  const Finished run = work.run({"run", "liquid.toml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("population 'input' (kind input) waits for a data set"), std::string::npos) << run.err;
}

TEST(CliCommands, InfoShowsThePlan) {
  Workplace work;
  const json plan = json::parse(work.run({"info", ei, "--json"}).out).at("plan");
  EXPECT_EQ(plan.at("neurons"), 1000);  // 800 + 200; noise is a source
  EXPECT_EQ(plan.at("synapses"), 800 + 200 + 80 * 1000 + 20 * 1000);
  EXPECT_EQ(plan.at("nodes").size(), 3u);
  EXPECT_EQ(plan.at("projections").size(), 6u);
  EXPECT_EQ(plan.at("projections").at(2).at("delay_ticks"), (json{15, 15}));
}

TEST(CliCommands, InfoShowsWhatResultsHold) {
  Workplace work;
  ASSERT_EQ(work.run({"run", example("single_neuron.toml").string(), "--out", "one.h5"}).code, 0);
  const json info = json::parse(work.run({"info", "one.h5", "--json"}).out);
  EXPECT_EQ(info.at("spikes").at("neuron"), 6);
  EXPECT_EQ(info.at("values").at("membrane").at("rows"), 2000);
  EXPECT_EQ(info.at("values").at("membrane").at("unit"), "mV");
  EXPECT_EQ(info.at("figures").at("rate_hz_neuron"), 30.0);
}

// Events that come several at once are one row with a count.
TEST(CliCommands, InfoTellsRowsFromSpikes) {
  Workplace work;
  work.write("t.toml", R"(format = 1
model = "network"
run.time = "0.3 ms"
[populations]
a = { kind = "spike_list", size = 2, times = [0.1, 0.2], elements = [0, 1], counts = [3, 1] }
[recorders]
raster = { of = "a" }
)");
  ASSERT_EQ(work.run({"run", "t.toml"}).code, 0);
  const std::string text = work.run({"info", "t.h5"}).out;
  EXPECT_NE(text.find("/spikes/a  4 spikes in 2 rows\n"), std::string::npos) << text;
  EXPECT_EQ(json::parse(work.run({"info", "t.h5", "--json"}).out).at("spikes").at("a"), 4);
}

TEST(CliCommands, InfoWritesAccuraciesAsTrainDoes) {
  Workplace work;
  ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, "format = 1\n"}, Existing::refuse);
  writer.figure("test_accuracy", 0.8733333333333333);
  writer.finish();
  const Finished run = work.run({"info", "r.h5"});
  EXPECT_NE(run.out.find("  test_accuracy  87.33 %\n"), std::string::npos) << run.out;
}

TEST(CliCommands, RatesHaveTheirPrefixAtTheUnit) {
  Workplace work;
  work.write("t.toml", R"(format = 1
model = "network"
[populations]
a = { kind = "spike_list", size = 1, times = [1], elements = [0], counts = [1000000] }
)");
  const Finished run = work.run({"run", "t.toml"});
  EXPECT_NE(run.out.find("  a              1  1,000,000      1 MHz\n"), std::string::npos) << run.out;
}

TEST(CliCommands, PlansCountInTheSingularAndKeepToTheRun) {
  Workplace work;
  work.write("t.toml", R"(format = 1
model = "network"
run.time = "0.1 ms"
populations.a = { kind = "lif", size = 1 }
)");
  const Finished run = work.run({"validate", "t.toml"});
  EXPECT_EQ(run.out.rfind("t.toml: ok: model network, 1 neuron, 0 synapses, network ", 0), 0u) << run.out;
  EXPECT_NE(run.out.find(", slices of 1 tick on cpu\n"), std::string::npos) << run.out;
  const std::string plan = work.run({"info", "t.toml"}).out;
  EXPECT_NE(plan.find("  slice   1 tick of 0.1 ms; limited by: the length of the run\n"), std::string::npos) << plan;
  EXPECT_EQ(work.run({"run", "t.toml"}).out.find("synaptic events"), std::string::npos);
}

TEST(CliCommands, DoctorSaysWhyAPluginWasRejected) {
  Workplace work;
  const std::string folder = CROSSPIKE_PLUGIN_DIR;
  const Finished run =
      work.run({"doctor", "--json"}, {"CROSSPIKE_PLUGIN_PATH=" + folder + "/toy:" + folder + "/not_a_plugin"});
  ASSERT_EQ(run.code, 0) << run.err;
  const json report = json::parse(run.out);
  EXPECT_TRUE(report.at("backends").at("toy").at("usable").get<bool>());
  EXPECT_EQ(
      report.at("plugins_rejected"),
      (json{folder + "/not_a_plugin/not_a_plugin.so: no function 'crosspike_plugin'; not a plugin of crosspike"}));
}

TEST(CliCommands, TrainThenEvalGiveTheSameTestAccuracy) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  Workplace work;
  const Finished train = work.run({"train", example("lsm_fashion.toml").string(), "--out", "l.h5", "--json", "--set",
                                   "dataset.limit_train=300", "--set", "dataset.limit_test=100", "--set",
                                   "dataset.validation=100", "--set", "liquid.neurons=100", "--set", "controls=false"});
  ASSERT_EQ(train.code, 0) << train.err;
  const json trained = json::parse(train.out);
  EXPECT_EQ(trained.at("figures").at("train_samples"), 300);
  EXPECT_GT(trained.at("figures").at("test_accuracy").get<double>(), 0.3);  // chance is 0.1, standard deviation 0.03
  EXPECT_TRUE(trained.at("figures").contains("wall_s"));
  EXPECT_FALSE(trained.contains("wall_s"));  // once
  const Finished eval = work.run({"eval", "l.h5", "--json", "--out", "e.h5"});
  ASSERT_EQ(eval.code, 0) << eval.err;
  const json scored = json::parse(eval.out);
  EXPECT_EQ(scored.at("figures").at("test_accuracy"), trained.at("figures").at("test_accuracy"));
  EXPECT_FALSE(scored.at("notes").empty());
  const json stored = json::parse(work.run({"info", "e.h5", "--json"}).out);
  EXPECT_EQ(stored.at("figures").at("test_accuracy"), trained.at("figures").at("test_accuracy"));
  const Finished again = work.run({"eval", "l.h5", "--out", "e.h5"});
  EXPECT_EQ(again.code, 2);
  EXPECT_EQ(again.err, "error: e.h5 exists; pass --force to overwrite it or --out to name another file\n");
  EXPECT_EQ(work.run({"eval", "l.h5", "--force", "--out", "l.h5"}).err,
            "error: --out l.h5 would replace the readout that is being scored; name another file\n");
  EXPECT_EQ(work.run({"eval", "l.h5", "--out", "-"}).err,
            "error: --out -: results are an HDF5 file and do not go to stdout; write e.g. --out results.h5\n");
  EXPECT_EQ(work.run({"eval", "l.h5", "--seed", "99"}).err,
            "error: crosspike eval has no option '--seed'; did you mean '--set'? it takes: --help, --set, --backend, "
            "--threads, --slice, "
            "--out, --force, --json\n");
}

TEST(CliCommands, TrainAndEvalShowScoresOfEveryKindOfReadout) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  Workplace work;
  for (const std::string kind : {"ridge", "logistic", "rls"}) {
    const Finished train =
        work.run({"train", example("lsm_fashion.toml").string(), "--out", "l.h5", "--force", "--json", "--set",
                  "dataset.limit_train=200", "--set", "dataset.limit_test=100", "--set", "dataset.validation=100",
                  "--set", "liquid.neurons=50", "--set", "controls=false", "--set", "readout.kind=" + kind});
    ASSERT_EQ(train.code, 0) << train.err;
    const json liquid = json::parse(train.out).at("scores").at("liquid");
    EXPECT_EQ(liquid.at("samples"), 100);
    std::int64_t right = 0, all = 0;
    for (std::size_t c = 0; c < 10; ++c) {
      right += liquid.at("confusion")[c][c].get<std::int64_t>();
      for (const json& n : liquid.at("confusion")[c]) all += n.get<std::int64_t>();
    }
    EXPECT_EQ(all, 100);
    EXPECT_DOUBLE_EQ(static_cast<double>(right) / 100, liquid.at("accuracy").get<double>());
    const Finished eval = work.run({"eval", "l.h5", "--json"});
    ASSERT_EQ(eval.code, 0) << eval.err;
    EXPECT_EQ(json::parse(eval.out).at("scores").at("liquid").at("confusion"), liquid.at("confusion")) << kind;
    EXPECT_EQ(json::parse(work.run({"info", "l.h5", "--json"}).out).at("readout").at("kind"), kind);
    const std::string shown = work.run({"eval", "l.h5"}).out;
    EXPECT_NE(shown.find("test, 95 % interval"), std::string::npos) << shown;
    EXPECT_NE(shown.find("class  samples  precision"), std::string::npos) << shown;
  }
}

TEST(CliCommands, ValidateRefusesALiquidAsTrainDoes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  Workplace work;
  const std::string lsm = example("lsm_fashion.toml").string();
  EXPECT_EQ(work.run({"validate", lsm}).code, 0);
  for (const auto& [assignment, code, text] : std::vector<std::tuple<std::string, int, std::string>>{
           {"dataset.validation=0", 2, "dataset.validation = 0 leaves nothing to choose lambda on"},
           {"dataset.limit_test=20000", 2, "dataset.limit_test = 20000 is out of range; 1 to 10000 is allowed"},
           {"dataset.test_images=none", 2, "/none: cannot read the file"},
           {"liquid.neurons=60000", 3, "the readout of the liquid has 180000 features"},
           {"features.bins=63", 3, "the readout of the liquid has 189000 features"},
           {"readout.kind=svm", 2, "readout.kind is \"svm\"; allowed are ridge, logistic, rls"},
           {"readout.alphas=[1]", 2, "readout has no key 'alphas'"},
           {"liquid.neuron.kind=li", 2, "liquid.neuron.kind = \"li\" sends no spikes"}}) {
    const Finished validate = work.run({"validate", lsm, "--set", assignment}),
                   train = work.run({"train", lsm, "--set", assignment});
    EXPECT_EQ(validate.code, code) << assignment << ": " << validate.err;
    EXPECT_NE(validate.err.find(text), std::string::npos) << validate.err;
    EXPECT_EQ(train.err, validate.err);
    EXPECT_EQ(train.code, code);
  }
  EXPECT_TRUE(work.files().empty());
}

// The ```toml blocks of a page that are whole configs, but those that scripts/check-docs saves and runs beside their
// data.
std::vector<std::string> configs_of(const std::string& page) {
  std::ifstream in(std::filesystem::path(CROSSPIKE_SOURCE_DIR) / page);
  const std::string text((std::istreambuf_iterator<char>(in)), {}), fence = "```toml\n";
  std::vector<std::string> found;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::string block = text.substr(at, text.find("\n```", at) + 1 - at);
    const std::string before = text.substr(0, at - fence.size());
    const std::string comment = before.substr(before.find_last_of('\n', before.size() - 2) + 1);
    if (block.starts_with("format = 1") && !comment.starts_with("<!-- file ")) found.push_back(block);
  }
  return found;
}

void expect_configs_validate(const char* page) {
  const auto configs = configs_of(page);
  EXPECT_FALSE(configs.empty()) << page;
  for (const std::string& config : configs) {
    Workplace work;
    work.write("page.toml", config);
    const Finished run = work.run({"validate", "page.toml"});
    EXPECT_EQ(run.code, 0) << page << ": " << run.err << config;
  }
}

TEST(CliCommands, TheConfigsInTheDocsValidate) { expect_configs_validate("docs/config.md"); }

TEST(CliCommands, TheConfigsInTheDocsThatReadFashionMnistValidate) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  for (const char* page : {"docs/lsm.md", "docs/datasets.md"}) expect_configs_validate(page);
}

TEST(CliCommands, TheEiExampleHasAtMostThirtyLines) {
  std::ifstream in(ei);
  const auto lines = std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  EXPECT_GT(lines, 0);
  EXPECT_LE(lines, 30);
}

}  // namespace
}  // namespace crosspike
