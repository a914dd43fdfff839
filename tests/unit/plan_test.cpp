// SPDX-License-Identifier: Apache-2.0
// Plans: placement by name, what limits a slice, and refusals for memory. Claims of several backends are tested in
// tests/conformance.
#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/plan.hpp>
#include <crosspike/models/network/model.hpp>
#include <filesystem>
#include <fstream>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

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
  EXPECT_EQ(plan(network, {"cpu", {}}).slice_reason, "the longest that a slice may be");
  // 8 bytes an element and tick for the spikes of noise and exc.
  const Plan small = plan(network, {"cpu", {}}, {.slice_bytes = 640});
  EXPECT_EQ(small.slice, 10);
  const Plan asked = plan(network, {"cpu", {}}, {.slice = 7});
  EXPECT_EQ(asked.slice, 7);
  EXPECT_EQ(asked.slice_reason, "--slice");
  const Plan short_run = plan(network, {"cpu", {}}, {.ticks = 30});
  EXPECT_EQ(short_run.slice, 30);
  EXPECT_EQ(short_run.slice_reason, "the length of the run");
  EXPECT_EQ(short_run.wire_bytes, 30u * 8 * 8);  // noise and exc: 8 elements
}

TEST(Plan, CountsTheWiresOfALongSlice) {
  // 8 bytes an element and tick for the spikes of noise and exc.
  EXPECT_EQ(plan(model(), {"cpu", {}}, {.slice = 1'000'000}).wire_bytes, 64'000'000u);
  const PlanOptions long_slice{.slice = 100'000'000, .memory_limit = std::size_t{1} << 30};
  const auto program = static_cast<double>(plan(model(), {"cpu", {}}).program_bytes());
  EXPECT_EQ(refusal(model(), {"cpu", {}}, long_slice),
            "cannot: the network needs 6.0 GiB (" + bytes_text(program) +
                " for the program, 1 x 6.0 GiB of state), 1.0 GiB are available; make it smaller or free memory");
}

// A folder that stands for the root of a machine.
class Machine : public ::testing::Test {
 protected:
  Machine() : root_(fs::temp_directory_path() / ("crosspike-machine-" + std::to_string(::getpid()))) {
    put("proc/meminfo", "MemTotal:       9000 kB\nMemAvailable:   8000 kB\nBuffers:        10 kB\n");
  }
  ~Machine() override { fs::remove_all(root_); }
  void put(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::size_t available() const { return available_memory(root_); }

 private:
  fs::path root_;
};

TEST_F(Machine, LeavesWhatIsAvailableWhereNoGroupLimitsIt) {
  EXPECT_EQ(available(), 8000u * 1024);
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/memory.max", "max\n");
  put("sys/fs/cgroup/memory.current", "5000\n");
  EXPECT_EQ(available(), 8000u * 1024);
}

TEST_F(Machine, LeavesWhatTheTightestGroupOnThePathLeaves) {
  put("proc/self/cgroup", "0::/user.slice/job\n");
  put("sys/fs/cgroup/user.slice/memory.max", "70000\n");
  put("sys/fs/cgroup/user.slice/memory.current", "30000\n");
  put("sys/fs/cgroup/user.slice/job/memory.max", "50000\n");
  put("sys/fs/cgroup/user.slice/job/memory.current", "1000\n");
  put("sys/fs/cgroup/user.slice/other/memory.max", "5\n");
  put("sys/fs/cgroup/user.slice/other/memory.current", "0\n");
  EXPECT_EQ(available(), 40'000u);
  put("sys/fs/cgroup/user.slice/job/memory.current", "20000\n");
  EXPECT_EQ(available(), 30'000u);
  put("sys/fs/cgroup/user.slice/job/memory.current", "60000\n");
  EXPECT_EQ(available(), 0u);
}

TEST_F(Machine, CountsCacheThatIsNotInUseAsFree) {
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/memory.max", "50000\n");
  put("sys/fs/cgroup/memory.current", "45000\n");
  put("sys/fs/cgroup/memory.stat", "anon 4000\nactive_file 1000\ninactive_file 30000\n");
  EXPECT_EQ(available(), 35'000u);
}

TEST_F(Machine, ReadsVersionOneToo) {
  put("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "100000\n");
  put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "50000\n");
  put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "45000\n");
  put("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 7\ntotal_inactive_file 15000\n");
  EXPECT_EQ(available(), 20'000u);
}

TEST(Plan, RefusesNamesThatDoNotExist) {
  EXPECT_EQ(refusal(model(), {"cuda", {}}), "cannot: there is no backend 'cuda' here; available: cpu, nir");
  EXPECT_EQ(refusal(model(), {"cpu", {{"ex", "cpu"}}}), "input: there is no node 'ex'; did you mean 'exc'?");
  EXPECT_EQ(refusal(model(), {"cpu", {{"exc", "cpuu"}}}),
            "cannot: there is no backend 'cpuu' here; available: cpu, nir");
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
            "cannot: the network needs at least 32.7 TiB, 1.0 GiB are available; the largest part is projection "
            "'loop' (a.toml:7:8), 9e+12 synapses; make it smaller or free memory");
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
