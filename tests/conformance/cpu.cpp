// SPDX-License-Identifier: Apache-2.0
#define CROSSPIKE_BACKEND_NAME "cpu"
#define CROSSPIKE_BACKEND_SUFFIX Cpu
#include <malloc.h>

#include <crosspike/backends/cpu/event_stage.hpp>
#include <crosspike/backends/cpu/simd.hpp>
#include <crosspike/tests/conformance/suite.hpp>

namespace crosspike::conformance {

TEST(SimdCpu, EveryLevelGivesTheSameBits) {
  const std::string best = cpu::simd_level();
  for (const Precision precision : {Precision::single, Precision::double_}) {
    const auto network = recurrent_network(precision);
    const Outcome baseline = recurrent_baseline(network);
    for (const std::string& level : cpu::simd_levels()) {
      SCOPED_TRACE(level);
      cpu::use_simd(level);
      EXPECT_EQ(cpu::simd_level(), level);
      expect_same(baseline, run_recurrent(network, {}));
    }
    cpu::use_simd(best);
  }
}

TEST(PartitionsCpu, AreAsManyAsAskedForOrAs16BitSlotsNeed) {
  Network network;
  const NodeId small = network.add(node("small", "threshold", {3}));
  const NodeId large = network.add(node("large", "lif", {70'000}));  // 140,000 slots: input, injected
  EXPECT_EQ(cpu::partition_count(network, std::vector{small}, 1), 1);
  EXPECT_EQ(cpu::partition_count(network, std::vector{small}, 5), 5);
  EXPECT_EQ(cpu::partition_count(network, std::vector{small, large}, 1), 3);
  EXPECT_EQ(cpu::partition_count(network, std::vector{small, large}, 4), 4);
}

// What building takes from the heap, against the plan's promise.
TEST(MemoryCpu, AProgramTakesWhatItsPlanSays) {
  Network network;
  network.add(node("cells", "cuba_lif", {1000}, "nest"));
  project(network, "w", "cells", "cells.excitatory",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 200, .delay = Distribution::uniform(1, 6)});
  const auto ready = validated(std::move(network));
  Team team(1);
  Plan plan = make_plan(ready, {"cpu", {}}, library(), {}, {}, team);
  const auto promised = static_cast<double>(plan.program_bytes());
  const auto used = [] {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
  };
  const double before = used();
  if (before == 0) GTEST_SKIP() << "this build replaces malloc and keeps no count";
  const auto program = Program::build(std::move(plan), team);
  EXPECT_NEAR(used() - before, promised, 0.1 * promised);
}

TEST(SimdCpu, RefusesALevelThatDoesNotExist) {
  EXPECT_EQ(message_of([] { cpu::use_simd("avx1024"); }),
            fmt::format("CROSSPIKE_SIMD = 'avx1024' is not available here; allowed: {}",
                        fmt::join(cpu::simd_levels(), ", ")));
}

}  // namespace crosspike::conformance
