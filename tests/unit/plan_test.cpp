// SPDX-License-Identifier: Apache-2.0
// Plans: placement by name, what limits a slice, and refusals for memory. Claims of several backends are tested in
// tests/conformance.
#include <gtest/gtest.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/plan.hpp>
#include <crosspike/models/network/model.hpp>

namespace crosspike {
namespace {

const Library& library() {
  static const Library all = builtin();
  return all;
}

NetworkModel model(const std::string& exc = "size = 4") {
  return build_network(parse_config(R"(format = 1
model = "network"
populations.noise = { kind = "poisson", size = 4 }
populations.exc = { kind = "cuba_lif", )" +
                                        exc + R"( }
[projections]
drive = { from = "noise", to = "exc.excitatory", connect = { rule = "all_to_all" }, weight = 1 }
loop = { from = "exc", to = "exc.inhibitory", connect = { rule = "all_to_all" }, weight = -1 }
)",
                                    "a.toml"),
                       library());
}

Plan plan(const NetworkModel& model, const Placement& placement, const PlanOptions& options = {}, Taps taps = {}) {
  Team team(1);
  return make_plan(model.network, placement, library(), std::move(taps), options, team);
}

// "fault: message" of what planning throws.
std::string refusal(const NetworkModel& model, const Placement& placement, const PlanOptions& options = {},
                    Taps taps = {}) {
  try {
    plan(model, placement, options, std::move(taps));
  } catch (const Error& error) {
    return (error.fault() == Fault::cannot ? "cannot: " : "input: ") + std::string(error.what());
  }
  return "";
}

TEST(Plan, PutsEverythingOnOneBackendIntoOneClaim) {
  const Plan made = plan(model(), {"cpu", {}});
  ASSERT_EQ(made.claims.size(), 1u);
  EXPECT_EQ(made.claims[0].backend->name(), "cpu");
  EXPECT_EQ(made.claims[0].nodes, (std::vector<NodeId>{0, 1, 2, 3}));
  EXPECT_TRUE(made.needed[0].empty());
  EXPECT_GT(made.program_bytes(), 0u);
  EXPECT_GT(made.state_bytes(), 0u);
}

TEST(Plan, AutoTakesTheFirstBackendThatRunsAll) {
  EXPECT_EQ(plan(model(), {"auto", {}}).claims[0].backend->name(), "cpu");
}

TEST(Plan, TappedPortsAreNeeded) {
  const NetworkModel network = model();
  const PortRef spikes = network.network->output("exc");
  const Plan made = plan(network, {"cpu", {}}, {}, {{spikes}, {}});
  EXPECT_EQ(made.needed[0], (std::set<PortRef>{spikes}));
}

TEST(Plan, SlicesAreAsLongAsMemoryAllows) {
  const NetworkModel network = model();
  EXPECT_EQ(plan(network, {"cpu", {}}).slice, 65'536);
  EXPECT_EQ(plan(network, {"cpu", {}}).slice_reason, "65536 ticks at most");
  // 8 bytes an element and tick for the spikes of noise and exc.
  const Plan small = plan(network, {"cpu", {}}, {.slice_bytes = 640});
  EXPECT_EQ(small.slice, 10);
  const Plan asked = plan(network, {"cpu", {}}, {.slice = 7});
  EXPECT_EQ(asked.slice, 7);
  EXPECT_EQ(asked.slice_reason, "--slice");
}

TEST(Plan, RefusesNamesThatDoNotExist) {
  EXPECT_EQ(refusal(model(), {"cuda", {}}), "cannot: there is no backend 'cuda' here; available: cpu");
  EXPECT_EQ(refusal(model(), {"cpu", {{"ex", "cpu"}}}), "input: there is no node 'ex'; did you mean 'exc'?");
  EXPECT_EQ(refusal(model(), {"cpu", {{"exc", "cpuu"}}}),
            "cannot: there is no backend 'cpuu' here; did you mean 'cpu'? available: cpu");
}

TEST(Plan, RefusesNeuronsThatDifferInTheirArithmetic) {
  Network network;
  Node cells = make_node("cells", library().kind("lif"), {3}, "nest");
  cells.params[cells.kind->param_index("delayed_reset")].each = {0, 0, 1};
  network.add(std::move(cells));
  network.validate();
  NetworkModel mixed = model();
  mixed.network = std::make_shared<const Network>(std::move(network));
  EXPECT_EQ(refusal(mixed, {"cpu", {}}),
            "cannot: backend 'cpu' cannot run this network: cells (lif): elements 0 and 2 differ in a convention that "
            "changes their arithmetic; make a population of each");
}

TEST(Plan, RefusesToTapSums) {
  const NetworkModel network = model();
  EXPECT_EQ(refusal(network, {"cpu", {}}, {}, {{network.network->output("drive")}, {}}),
            "input: 'drive' sends sums, which cannot be recorded; record its target or its source");
}

TEST(Plan, RefusesWhatDoesNotFitBeforeAnySynapseIsMade) {
  // 16 bytes an element (exc and both weight nodes: 9e6, noise: 4), 4 a synapse (9e12 of the loop, 12e6 of the drive).
  const std::string message = refusal(model("size = 3000000"), {"cpu", {}}, {.memory_limit = std::size_t{1} << 30});
  EXPECT_EQ(message,
            "cannot: the network needs at least 33527.79 GiB, 1.00 GiB are available; make it smaller or free "
            "memory");
}

TEST(Plan, CountsEveryCopyOfTheState) {
  const NetworkModel network = model("size = 1000");
  const Plan made = plan(network, {"cpu", {}});
  const std::size_t one = made.program_bytes() + made.state_bytes();
  EXPECT_EQ(refusal(network, {"cpu", {}}, {.memory_limit = one}), "");
  EXPECT_NE(refusal(network, {"cpu", {}}, {.memory_limit = one, .copies = 2}), "");
}

}  // namespace
}  // namespace crosspike
