// SPDX-License-Identifier: Apache-2.0
#define CROSSPIKE_BACKEND_NAME "cpu"
#define CROSSPIKE_BACKEND_SUFFIX Cpu
#include <malloc.h>

#include <cmath>
#include <crosspike/backends/cpu/event_layout.hpp>
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

// 67 neurons, so that every vector width has a rest, whose weights span silence and a spike every tick. Where `each`,
// every parameter that may differ does.
std::shared_ptr<const Network> one_population(const Kind& kind, const std::string& convention, bool each,
                                              Precision precision) {
  constexpr std::uint32_t size = 67;
  Network network;
  network.precision = precision;
  Node cells = make_node("cells", kind, {size}, convention);
  if (kind.find_param("rate")) cells.set("rate", 2000);
  for (std::size_t p = 0; each && p < kind.params.size(); ++p) {
    const FieldInfo& field = kind.params[p];
    if (field.integer || field.boolean || !is_set(cells.params[p].value) || field.name == "output_scale") continue;
    const Param before = cells.params[p];
    bool allowed = true;
    for (std::uint32_t i = 0; i < size; ++i) {
      const double value = before.value * (1 + 1e-3 * i);
      cells.params[p].each.push_back(value);
      allowed &= value >= field.low && value <= field.high;
    }
    for (std::uint32_t i = 0; i < size && allowed; ++i) allowed = !kind.check || !kind.check(cells.values_at(i));
    if (!allowed) cells.params[p] = before;
  }
  network.add(std::move(cells));
  network.add(input("source", {size}, 3));
  EdgeList list;
  for (std::uint32_t i = 0; i < size; ++i) {
    list.sources.push_back(i);
    list.targets.push_back(i);
    list.weights.push_back((i % 5 == 4 ? -0.25 : 0.25) * std::pow(1.15, i));
  }
  for (const Port& port : kind.inputs)
    project(network, fmt::format("to_{}", port.name), "source", fmt::format("cells.{}", port.name), edges(list));
  return validated(std::move(network));
}

TEST(SimdCpu, EveryKindConventionAndPrecisionGivesTheSameBitsAtEveryLevel) {
  const std::string best = cpu::simd_level();
  const std::vector<std::string> levels = cpu::simd_levels();
  Stimulus stimulus;
  for (std::uint32_t tick = 0; tick < 30; ++tick)
    for (std::uint32_t i = 0; i < 67; ++i)
      if ((7 * tick + 3 * i) % 4 != 0)
        stimulus.events["source"].push_back({tick, i, static_cast<std::int32_t>(1 + (tick + i) % 3)});
  std::size_t different = 0;
  for (const Kind& kind : library().kinds()) {
    if (kind.form != Kind::Form::stepped) continue;
    std::vector<std::string> conventions = kind.conventions;
    conventions.push_back("");
    std::size_t spikes = 0;
    for (const std::string& convention : conventions)
      for (const bool each : {false, true})
        for (const Precision precision : {Precision::single, Precision::double_}) {
          SCOPED_TRACE(fmt::format("{} {}, {}, {}", kind.name, convention, each ? "each" : "uniform",
                                   precision == Precision::double_ ? "double" : "float"));
          const auto network = one_population(kind, convention, each, precision);
          different += each && !network->node(0).uniform();
          cpu::use_simd(levels.back());
          const Outcome baseline = run(network, {.skip_idle = false}, 30, {"cells"}, stimulus);
          for (const auto& [port, events] : baseline.spikes) spikes += events.size();
          for (const std::string& level : levels) {
            cpu::use_simd(level);
            expect_same(baseline, run(network, {.skip_idle = false}, 30, {"cells"}, stimulus));
          }
        }
    if (kind.outputs[0].carries == Carries::spikes) {
      EXPECT_GT(spikes, 100u) << kind.name;
    }
  }
  cpu::use_simd(best);
  EXPECT_GT(different, 20u);
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

double heap() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

// What a program and its state take from the heap, against the plan's promise.
void expect_promised_memory(Network network) {
  const auto ready = validated(std::move(network));
  Team team(1);
  Plan plan = make_plan(ready, {"cpu", {}}, library(), {}, {}, team);
  const Footprint promised = plan.claims.at(0).footprint;
  const double before = heap();
  const auto program = Program::build(std::move(plan), team);
  const double built = heap();
  EXPECT_NEAR(built - before, static_cast<double>(promised.program_bytes),
              0.1 * static_cast<double>(promised.program_bytes) + 20e3);
  const State state(program);
  EXPECT_NEAR(heap() - built, static_cast<double>(promised.state_bytes),
              0.1 * static_cast<double>(promised.state_bytes) + 80e3);  // and scratch for one chunk of neurons
}

Network delayed_cells(double longest_ms) {
  Network network;
  network.add(node("cells", "cuba_lif", {1000}, "nest"));
  project(network, "w", "cells", "cells.excitatory",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 200, .delay = Distribution::uniform(1, longest_ms)});
  return network;
}

TEST(MemoryCpu, ProgramsAndStatesTakeWhatTheirPlanSays) {
  if (heap() == 0) GTEST_SKIP() << "this build replaces malloc and keeps no count";
  expect_promised_memory(delayed_cells(6));
  expect_promised_memory(delayed_cells(200'000));  // rings of due spikes outgrow all else, runs have one synapse
  Network values;
  values.add(input("source", {500}));
  Node late = node("late", "delay", {500});
  late.set("ticks", 30'000);
  values.add(std::move(late));
  values.connect("source", "late");
  values.add(node("relay", "threshold", {500}));
  project(values, "w", "late", "relay", {.rule = Connectivity::Rule::one_to_one});
  expect_promised_memory(std::move(values));
  Network scaled;
  Node source = input("source", {1000});
  source.set("amplitude", 1);
  scaled.add(std::move(source));
  scaled.add(node("cells", "li", {1000}, "nest"));
  add_linear(scaled, "w", "source", "cells.input", std::vector<double>(1'000'000, 0.5), {}, 2000);
  expect_promised_memory(std::move(scaled));
  Network fed;
  Node current = node("current", "step_current", {2000});
  current.arrays["times"] = series("times", {0});
  current.arrays["currents"] = series("currents", {100});
  fed.add(std::move(current));
  fed.add(node("cells", "li", {2000}, "nest"));
  fed.connect("current", "cells.injected", 1000);
  expect_promised_memory(std::move(fed));
}

TEST(SimdCpu, RefusesALevelThatDoesNotExist) {
  EXPECT_EQ(message_of([] { cpu::use_simd("avx1024"); }),
            fmt::format("CROSSPIKE_SIMD = 'avx1024' is not available here; allowed: {}",
                        fmt::join(cpu::simd_levels(), ", ")));
}

}  // namespace crosspike::conformance
