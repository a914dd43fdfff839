// SPDX-License-Identifier: Apache-2.0
// Where values of a config come from, and in what two configs differ.
#include <gtest/gtest.h>

#include <crosspike/core/config.hpp>
#include <crosspike/core/connectivity/describe.hpp>
#include <crosspike/core/connectivity/rules.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/network/model.hpp>
#include <set>

namespace crosspike {
namespace {

const Library& library() {
  static const Library all = builtin();
  return all;
}

std::string line_of(const std::string& text, const std::string& key) {
  const auto at = text.find("\n" + key + " = ");
  if (at == std::string::npos) return "no " + key;
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

constexpr const char* network = R"(format = 1
model = "network"
[populations.a]
kind = "lif"
size = 3
convention = "snntorch"
threshold = 2
[projections.p]
from = "a"
to = "a"
connect = { rule = "fixed_indegree", indegree = 2 }
weight = "1 mV"
)";

TEST(ConfigOrigin, EachLineNamesFileOverrideConventionOrDefault) {
  Value config = parse_config(network, "n.toml");
  apply_override(config, "run.time=3 ms");
  const std::string text = to_annotated_toml(build_network(config, library()).resolved);
  // Comments stand two blanks behind the longest line of their block: refractory_rounding = "nearest", and precision =
  // "float" in [run].
  EXPECT_EQ(line_of(text, "size"), "size = 3                         # n.toml:5:8");
  EXPECT_EQ(line_of(text, "time"), "time = \"3 ms\"        # --set run.time");
  EXPECT_EQ(line_of(text, "dt"), "dt = \"0.1 ms\"        # default");
  EXPECT_EQ(line_of(text, "reset_mode"), "reset_mode = \"subtract\"          # convention \"snntorch\"");
  EXPECT_EQ(line_of(text, "threshold"), "threshold = \"2 mV\"               # n.toml:7:13");  // beside a convention
  EXPECT_EQ(line_of(text, "capacitance"), "capacitance = \"250 pF\"           # default");
  EXPECT_NE(line_of(text, "connect").find("  # n.toml:11:11; multapses, autapses: default"), std::string::npos) << text;
}

TEST(ConfigOrigin, AnnotatedTomlIsTheSameConfig) {
  const Value resolved = build_network(parse_config(network, "n.toml"), library()).resolved;
  EXPECT_TRUE(parse_config(to_annotated_toml(resolved), "again.toml") == resolved);
}

TEST(ConfigOrigin, ALineBreakInAFileNameBreaksNoComment) {
  const Value resolved = build_network(parse_config(network, "a\nb = 1.toml"), library()).resolved;
  EXPECT_TRUE(parse_config(to_annotated_toml(resolved), "again.toml") == resolved);
}

TEST(ConfigOrigin, ALiquidNamesItsPresetAndWhatFollows) {
  const Value config = parse_config(
      "format = 1\nmodel = \"lsm\"\ndataset = { kind = \"pattern_pairs\", channels = 4 }\n[input]\nticks = 30\n"
      "[liquid]\nneurons = 20\nneuron = { threshold = 3 }\ninputs = { connect = { rule = \"all_to_all\" } }\n",
      "l.toml");
  const LsmSettings settings = read_lsm(config, library());
  const std::string text = to_annotated_toml(settings.resolved);
  EXPECT_NE(line_of(text, "neurons").find("# l.toml:7:11"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "decay").find("# preset \"local\""), std::string::npos) << text;
  EXPECT_NE(line_of(text, "threshold").find("# l.toml:8:24"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "crop").find("# default"), std::string::npos) << text;
  EXPECT_NE(line_of(to_annotated_toml(settings.network), "dt").find("# model \"lsm\""), std::string::npos);
}

TEST(ConfigOrigin, AConventionDecidesWhatItSetsEvenToTheDefault) {
  const Kind& lif = library().kind("lif");
  const std::vector<bool> nest = decided_by(lif, "nest");
  for (const char* decided : {"inclusive", "integrator", "input_order", "reset_mode"})
    EXPECT_TRUE(nest[lif.param_index(decided)]) << decided;
  for (const char* free : {"tau_mem", "capacitance", "gain"}) EXPECT_FALSE(nest[lif.param_index(free)]) << free;
  EXPECT_EQ(decided_by(lif, ""), std::vector<bool>(lif.params.size(), false));
}

TEST(ConfigDifference, NamesKeysThatChangedCameOrWent) {
  const auto config = [](const char* text) { return parse_config(text, "c.toml"); };
  const auto all = differences(config("a = 1\nb = { c = 1, \"d.e\" = [1, 2] }\nf = 2"),
                               config("f = 2\nb = { \"d.e\" = [1, 3], g = \"x\" }\na = 1"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].path, "b.c");
  EXPECT_EQ(all[0].a, "1");
  EXPECT_FALSE(all[0].b);
  EXPECT_EQ(all[1].path, "b.\"d.e\"");
  EXPECT_EQ(all[1].b, "[1, 3]");
  EXPECT_EQ(all[2].path, "b.g");
  EXPECT_FALSE(all[2].a);
  EXPECT_TRUE(differences(config("a = 1"), config("a = 1")).empty());
}

TEST(Descriptions, EveryRuleAndDistributionHasOne) {
  using Rule = Connectivity::Rule;
  for (const Rule rule : {Rule::one_to_one, Rule::all_to_all, Rule::fixed_indegree, Rule::pairwise_bernoulli,
                          Rule::distance, Rule::local, Rule::edges})
    EXPECT_TRUE(find_description(name(rule))) << name(rule);
  for (const char* form : {"constant", "normal", "uniform", "resistive_pair", "file", "parts"})
    EXPECT_TRUE(find_description(form)) << form;
  std::set<std::string> names;
  for (const Description& d : descriptions()) EXPECT_TRUE(names.insert(d.name).second) << d.name;
}

TEST(Descriptions, TheUsageOfARuleIsAConfigThatRuns) {
  for (const Description& d : descriptions()) {
    if (d.of != Description::Of::rule || d.name == "edges") continue;
    std::string text =
        "format = 1\nmodel = \"network\"\n[populations]\nsome = { kind = \"cuba_lif\", shape = [12, 12] }\n" + d.usage;
    for (const auto& [word, with] :
         {std::pair{"\"POPULATION\"", "\"some\""}, {"POPULATION.PORT", "some.excitatory"}, {"NAME", "p"}})
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word))
        text.replace(at, std::string(word).size(), with);
    EXPECT_NO_THROW(build_network(parse_config(text, d.name), library())) << text;
  }
}

}  // namespace
}  // namespace crosspike
