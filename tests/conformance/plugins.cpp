// SPDX-License-Identifier: Apache-2.0
// Backends as plugins: what is refused and why, and a network that runs partly on the toy of tests/plugins.
#define CROSSPIKE_BACKEND_NAME "cpu"
#define CROSSPIKE_BACKEND_SUFFIX Plugins
#include <crosspike/tests/conformance/harness.hpp>
#include <crosspike_generated/version.hpp>
#include <filesystem>

namespace crosspike::conformance {
namespace {

std::string folder(const char* plugin) { return fmt::format("{}/{}", CROSSPIKE_PLUGIN_DIR, plugin); }
std::string file(const char* plugin) { return fmt::format("{}/{}.so", folder(plugin), plugin); }

const Library& with_toy() {
  static const Library both = [] {
    Library made = builtin();
    made.load_plugins(folder("toy"));
    return made;
  }();
  return both;
}

TEST(Plugins, AreFoundInEveryFolderOfThePath) {
  Library found = builtin();
  found.load_plugins(folder("wrong_version") + "::" + folder("toy"));
  EXPECT_NE(found.find_backend("toy"), nullptr);
  EXPECT_EQ(found.rejected().size(), 1u);
}

TEST(Plugins, AreRefusedWithTheReason) {
  const auto rejected = [](const char* plugin) {
    Library refuser = builtin();
    const std::size_t before = refuser.backends().size();
    refuser.load_plugins(folder(plugin));
    EXPECT_EQ(refuser.backends().size(), before);
    return fmt::format("{}", fmt::join(refuser.rejected(), "\n"));
  };
  EXPECT_EQ(rejected("wrong_version"),
            fmt::format("{}: backend interface version {}, this crosspike has {}; rebuild the plugin",
                        file("wrong_version"), backend_interface_version + 1, backend_interface_version));
  EXPECT_EQ(rejected("wrong_toolchain"),
            fmt::format("{}: built with 'gcc 1 / none / C++ 0 / no sanitizer', this crosspike with '{}'; rebuild the "
                        "plugin",
                        file("wrong_toolchain"), CROSSPIKE_TOOLCHAIN));
  EXPECT_EQ(rejected("not_a_plugin"),
            file("not_a_plugin") + ": no function 'crosspike_plugin'; not a plugin of crosspike");
  EXPECT_EQ(rejected("failing"), file("failing") + ": it could not be started: no device");
  EXPECT_EQ(rejected("nowhere"), folder("nowhere") + ": No such file or directory");
}

TEST(Plugins, OfANameThatExistsAreRefused) {
  Library twice = builtin();
  twice.load_plugins(folder("toy") + ":" + folder("toy"));
  EXPECT_EQ(twice.rejected(), (std::vector<std::string>{file("toy") + ": a backend 'toy' exists already"}));
}

TEST(Plugins, DeclineNodesByName) {
  Network network;
  network.add(node("cell", "lif", {1}));
  const auto ready = validated(std::move(network));
  Team team(1);
  EXPECT_EQ(message_of([&] {
              make_plan(ready, {"toy", {}}, with_toy(), {}, {}, team);
            }),
            "backend 'toy' cannot run this network: cell (lif): a toy only delays, all channels alike");
  const Plan plan = make_plan(ready, {"auto", {}}, with_toy(), {}, {}, team);
  EXPECT_EQ(plan.claims.front().backend->name(), "cpu");
}

// noise -> a -> late -> b, all without delay on the wires, and a second way from a to b that is delayed: b's weights
// must stay with b though nothing undelayed parts them from a.
std::shared_ptr<const Network> chain() {
  Network network;
  Node noise = node("noise", "poisson", {40});
  noise.set("rate", 500);
  network.add(std::move(noise));
  network.add(node("a", "threshold", {40}));
  project(network, "na", "noise", "a", {.rule = Connectivity::Rule::fixed_indegree, .indegree = 3});
  Node late = node("late", "delay", {40});
  late.set("ticks", 3);
  network.add(std::move(late));
  network.connect("a", "late");
  network.add(counter("b", {40}));
  project(network, "lb", "late", "b", {.rule = Connectivity::Rule::fixed_indegree, .indegree = 5});
  project(network, "ab", "a", "b",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 5, .weight = Distribution::constant(100)}, 4);
  return validated(std::move(network));
}

TEST(Plugins, RunAPartOfANetworkWithTheSameSpikes) {
  Simulation whole(chain(), {}, {"a", "late", "b"});
  whole.advance(200);
  const Outcome expected = whole.take();
  EXPECT_GT(expected.spikes.at("b").size(), 1000u);
  for (const int threads : {1, 2})
    for (const int slice : {1, 2, 7, 0}) {
      const Settings settings{.threads = threads, .slice = slice};
      SCOPED_TRACE(testing::Message() << settings);
      Simulation parted(chain(), settings, {"a", "late", "b"}, {}, with_toy(), {"cpu", {{"late", "toy"}}});
      ASSERT_EQ(parted.plan().claims.size(), 3u);  // cpu, toy, cpu again
      parted.advance(200);
      expect_same(expected, parted.take());
    }
}

// a -> late -> a, with 2 ticks in the node, which move onto the wire before it, 3 on the wire before or after it, and
// up to 6 more in the synapses. On cpu alone the loop has the 5 ticks on its projection.
enum class Loop { without_node, delay_before, delay_after };

std::shared_ptr<const Network> loop(Loop form) {
  Network network;
  Node noise = node("noise", "poisson", {40});
  noise.set("rate", 100);
  network.add(std::move(noise));
  network.add(node("a", "lif", {40}, "nest"));
  project(network, "na", "noise", "a.input",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 3, .weight = Distribution::constant(5)});
  const Connectivity back{.rule = Connectivity::Rule::fixed_indegree,
                          .indegree = 8,
                          .weight = Distribution::constant(9),
                          .delay = Distribution::uniform(0, 6)};
  if (form == Loop::without_node) {
    project(network, "la", "a", "a.input", back, 5);
  } else {
    Node late = node("late", "delay", {40});
    late.set("ticks", 2);
    network.add(std::move(late));
    network.connect("a", "late", form == Loop::delay_before ? 3 : 0);
    project(network, "la", "late", "a.input", back, form == Loop::delay_before ? 0 : 3);
  }
  return validated(std::move(network));
}

const Placement toy_in_loop{"cpu", {{"late", "toy"}}};

TEST(Plugins, RunInsideALoopInSlicesOfItsDelay) {
  Simulation whole(loop(Loop::without_node), {.lanes = 2}, {"a"});
  whole.advance(400);
  const Outcome expected = whole.take();
  EXPECT_GT(expected.spikes.at("a").size(), 300u);
  for (const int threads : {1, 2})
    for (const int slice : {1, 2, 3, 0}) {
      const Settings settings{.threads = threads, .lanes = 2, .slice = slice};
      SCOPED_TRACE(testing::Message() << settings);
      for (const Loop form : {Loop::delay_before, Loop::delay_after}) {
        Simulation parted(loop(form), settings, {"a"}, {}, with_toy(), toy_in_loop);
        EXPECT_EQ(parted.plan().slice, slice != 0 ? slice : form == Loop::delay_before ? 5 : 3);
        parted.advance(400);
        expect_same(expected, parted.take());
      }
    }
}

TEST(Plugins, RefuseASliceBeyondTheLoopsDelay) {
  EXPECT_EQ(message_of([] { Simulation(loop(Loop::delay_before), {.slice = 6}, {"a"}, {}, with_toy(), toy_in_loop); }),
            "--slice 6 is longer than the cycle a on cpu -> late on toy -> (delay 5) allows; allowed: 1 to 5");
}

TEST(Plugins, AreNeededWhereALoopRunsThroughAnOperator) {
  EXPECT_EQ(
      message_of([] { Simulation(loop(Loop::delay_before), {}, {"a"}, {}, with_toy()); }),
      "backend 'cpu' cannot run late: they are part of a loop; put the delay on the projections of the loop instead");
}

TEST(Plugins, AreFoundByAutoWhereTheBackendBeforeThemRefusesAClaim) {
  const Placement placement{"auto", {{"noise", "cpu"}, {"na", "cpu"}, {"a", "cpu"}, {"la", "cpu"}}};
  Team team(1);
  const Plan plan = make_plan(loop(Loop::delay_before), placement, with_toy(), {}, {}, team);
  for (const ClaimPlan& claim : plan.claims)
    for (const NodeId id : claim.nodes)
      EXPECT_EQ(claim.backend->name(), plan.network->node(id).name == "late" ? "toy" : "cpu");
  EXPECT_EQ(plan.passed_over,
            (std::vector<std::string>{"cpu: late: they are part of a loop; put the delay on the projections of the "
                                      "loop instead"}));
  EXPECT_EQ(message_of([&] {
              make_plan(loop(Loop::delay_before), {"auto", {}}, with_toy(), {}, {}, team);
            }),
            "no backend can run this network: cpu: late: they are part of a loop; put the delay on the projections of "
            "the loop instead; toy: noise (poisson): a toy only delays, all channels alike; a (lif): a toy only "
            "delays, all channels alike; na (sparse): a toy only delays, all channels alike; la (sparse): a toy only "
            "delays, all channels alike");
}

TEST(Plugins, CannotTakeTheWeightsOfAnotherBackendsNeurons) {
  Network network;
  network.add(input("source", {1}));
  network.add(counter("out", {1}));
  project(network, "w", "source", "out.input", {});
  const auto ready = validated(std::move(network));
  EXPECT_EQ(message_of([&] {
              Simulation(ready, {}, {"out"}, {}, with_toy(), {"cpu", {{"w", "toy"}}});
            }),
            "backend 'toy' cannot run this network: w (sparse): a toy only delays, all channels alike");
}

// Spikes that wait in the toy, those of the last slice that have not reached the other claim, and those that have.
TEST(Plugins, AreSavedAndLoadedInTheMiddleOfALoop) {
  for (const Loop form : {Loop::delay_before, Loop::delay_after})
    for (std::int64_t cut = 190; cut < 200; ++cut) {
      SCOPED_TRACE(testing::Message() << "saved after " << cut << " ticks");
      Simulation whole(loop(form), {.slice = 3}, {"a"}, {}, with_toy(), toy_in_loop);
      whole.advance(cut);
      whole.take();
      Archive archive;
      whole.state().save(archive);
      whole.advance(200);
      Simulation other(loop(form), {.threads = 2, .slice = 2}, {"a"}, {}, with_toy(), toy_in_loop);
      other.advance(40);
      other.take();
      other.state().load(archive);
      other.advance(200);
      expect_same(whole.take(), other.take());
    }
}

TEST(Plugins, ExceptionsEndTheRunAndTheStateWantsAReset) {
  Network network;
  network.add(input("source", {1}));
  Node late = node("late", "delay", {1});
  late.set("ticks", 13);
  network.add(std::move(late));
  network.connect("source", "late");
  const auto ready = validated(std::move(network));
  for (const int threads : {1, 2}) {
    Simulation one(ready, {.threads = threads}, {"late"}, {.events = {{"source", {{2, 0}}}}}, with_toy(), {"toy", {}});
    try {
      one.advance(5);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "13 ticks are more than a toy can bear");
    }
    EXPECT_EQ(message_of([&] { one.advance(1); }),
              "this state was left by an error in the middle of a slice; reset or load it first");
    one.state().reset(0, 0);
    EXPECT_EQ(message_of([&] { one.advance(1); }), "");
  }
}

}  // namespace
}  // namespace crosspike::conformance
