// SPDX-License-Identifier: Apache-2.0
// What wires carry, and when it arrives: delays, zero-delay chains, counts, amplitudes, values, bias, refractoriness,
// random sources and initial values.
#pragma once

#include <cmath>
#include <crosspike/core/random.hpp>
#include <crosspike/neurons/unary.hpp>
#include <crosspike/tests/conformance/harness.hpp>
#include <numeric>
#include <random>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

using Times = std::vector<std::pair<std::int64_t, std::uint32_t>>;

// ---- delays ----

CONFORMANCE(Delay, ASynapseDelaysItsSpikeByItsOwnTicks) {
  EdgeList list;
  for (std::uint32_t d = 0; d < 16; ++d) {
    list.sources.push_back(0);
    list.targets.push_back(d);
    list.delays.push_back(static_cast<std::int32_t>(d));
  }
  for (const int wire : {0, 2})
    for (const int slice : {1, 2, 7, 0}) {
      Network network;
      network.add(input("source", {1}));
      network.add(node("out", "threshold", {16}));
      project(network, "w", "source", "out", edges(list), wire);
      Stimulus stimulus{.events = {{"source", {{3, 0}, {4, 0}}}}};
      const Outcome outcome = run(validated(std::move(network)), {.slice = slice}, 30, {"out"}, stimulus);
      Times expected;
      for (std::uint32_t d = 0; d < 16; ++d)
        for (const int t : {3, 4}) expected.emplace_back(t + static_cast<int>(d) + wire, d);
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(outcome.times("out"), expected) << "wire " << wire << ", slice " << slice;
    }
}

CONFORMANCE(Delay, TheSmallestDelayOfAProjectionMovesOntoItsWire) {
  Network network;
  network.add(input("source", {1}));
  network.add(node("out", "threshold", {2}));
  project(network, "w", "source", "out", edges({.sources = {0, 0}, .targets = {0, 1}, .delays = {4, 9}}), 1);
  const auto ready = validated(std::move(network));
  EXPECT_EQ(ready->incoming(ready->require("w")).delay, 5);
  Stimulus stimulus{.events = {{"source", {{0, 0}}}}};
  EXPECT_EQ(run(ready, {}, 12, {"out"}, stimulus).times("out"), (Times{{5, 0}, {10, 1}}));
}

CONFORMANCE(Delay, ADelayNodePassesChannelsAndCountsOnLater) {
  for (const int slice : {1, 2, 7, 0}) {
    Network network;
    network.add(input("source", {3}, 9));
    Node late = node("late", "delay", {3});
    late.params[0].each = {0, 1, 8};
    network.add(std::move(late));
    network.connect("source", "late", 2);
    network.add(counter("out", {3}));
    project(network, "w", "late", "out", {.rule = Connectivity::Rule::one_to_one}, 1);
    Stimulus stimulus{.events = {{"source", {{0, 0, 4}, {0, 1, 5}, {0, 2, 6}, {7, 2, -3}}}}};
    const Outcome outcome = run(validated(std::move(network)), {.slice = slice}, 20, {"late", "out"}, stimulus);
    EXPECT_EQ(outcome.spikes.at("late"),
              (std::vector<Event>{{2, 0, 0, 4}, {3, 0, 1, 5}, {10, 0, 2, 6}, {17, 0, 2, -3}}));
    EXPECT_EQ(outcome.spikes.at("out"),
              (std::vector<Event>{{3, 0, 0, 4}, {4, 0, 1, 5}, {11, 0, 2, 6}, {18, 0, 2, -3}}));
  }
}

CONFORMANCE(Delay, ZeroReachesTheSameTickThroughAnyNumberOfPopulations) {
  Network network;
  network.add(input("source", {1}));
  network.add(node("p0", "threshold", {1}));
  project(network, "w0", "source", "p0", {});
  for (int p = 1; p < 6; ++p) {
    network.add(node(fmt::format("p{}", p), "threshold", {1}));
    project(network, fmt::format("w{}", p), fmt::format("p{}", p - 1), fmt::format("p{}", p), {});
  }
  Stimulus stimulus{.events = {{"source", {{4, 0}}}}};
  const Outcome outcome = run(validated(std::move(network)), {}, 10, {"p0", "p3", "p5"}, stimulus);
  for (const char* port : {"p0", "p3", "p5"}) EXPECT_EQ(outcome.times(port), (Times{{4, 0}})) << port;
}

// The same inside a loop: a pulse runs through a, b, c in one tick and comes back after three.
CONFORMANCE(Delay, ZeroReachesTheSameTickInsideALoop) {
  for (const int threads : {1, 2})
    for (const int slice : {1, 2, 7, 0}) {
      Network network;
      network.add(input("source", {1}));
      for (const char* name : {"c", "b", "a"}) network.add(node(name, "threshold", {2}));
      project(network, "start", "source", "a", {});
      project(network, "ab", "a", "b", {.rule = Connectivity::Rule::one_to_one});
      project(network, "bc", "b", "c", {.rule = Connectivity::Rule::one_to_one});
      project(network, "ca", "c", "a", {.rule = Connectivity::Rule::one_to_one}, 3);
      Stimulus stimulus{.events = {{"source", {{1, 0}}}}};
      const Outcome outcome =
          run(validated(std::move(network)), {.threads = threads, .slice = slice}, 9, {"a", "b", "c"}, stimulus);
      for (const char* port : {"a", "b", "c"})
        EXPECT_EQ(outcome.times(port), (Times{{1, 0}, {1, 1}, {4, 0}, {4, 1}, {7, 0}, {7, 1}})) << port;
    }
}

// ---- counts, amplitudes, values ----

CONFORMANCE(Counts, OfAnIntegerNeuronWeighAsMuchAsTheirUnarySlots) {
  constexpr std::uint32_t cells = 20, slots = 4;
  std::mt19937 draw(1);
  std::vector<double> weights(cells * cells), expanded(cells * cells * slots);
  for (std::uint32_t o = 0; o < cells; ++o)
    for (std::uint32_t i = 0; i < cells; ++i) {
      weights[o * cells + i] = static_cast<double>(draw() % 21) - 10;
      for (std::uint32_t s = 0; s < slots; ++s) expanded[(o * cells + i) * slots + s] = weights[o * cells + i];
    }
  Network counts, binary;
  counts.add(input("source", {cells}, slots));
  Node graded = node("graded", "ilif", {cells});
  graded.set("levels", slots);
  counts.add(std::move(graded));
  project(counts, "one", "source", "graded", {.rule = Connectivity::Rule::one_to_one});
  counts.add(counter("out", {cells}));
  add_linear(counts, "w", "graded", "out", weights);
  binary.add(input("source", {cells * slots}));
  binary.add(counter("out", {cells}));
  add_linear(binary, "w", "source", "out", expanded);

  Stimulus graded_events, slot_events;
  for (std::int64_t tick = 0; tick < 50; ++tick)
    for (std::uint32_t i = 0; i < cells; ++i)
      if (const auto count = static_cast<std::int32_t>(draw() % (slots + 1)); count > 0) {
        graded_events.events["source"].push_back({tick, i, count});
        const auto expansion = unary_expansion(count, slots);
        for (std::uint32_t s = 0; s < slots; ++s)
          if (expansion[s] != 0) slot_events.events["source"].push_back({tick, i * slots + s, expansion[s]});
      }
  const Outcome of_counts = run(validated(std::move(counts)), {}, 50, {"out"}, graded_events);
  const Outcome of_slots = run(validated(std::move(binary)), {}, 50, {"out"}, slot_events);
  EXPECT_GT(of_counts.spikes.at("out").size(), 500u);
  EXPECT_EQ(of_counts.spikes.at("out"), of_slots.spikes.at("out"));
}

CONFORMANCE(Counts, AreScaledByTheOutputScaleOfTheirSource) {
  Network network;
  network.add(input("source", {1}, 4));
  Node graded = node("graded", "ilif", {1});
  graded.set("output_scale", 0.25);
  network.add(std::move(graded));
  project(network, "one", "source", "graded", {});
  network.add(counter("out", {1}));
  add_linear(network, "w", "graded", "out", {8});
  Stimulus stimulus{.events = {{"source", {{0, 0, 3}}}}};
  EXPECT_EQ(run(validated(std::move(network)), {}, 2, {"out"}, stimulus).spikes.at("out"),
            (std::vector<Event>{{0, 0, 0, 6}}));  // 3 x 8 / 4
}

CONFORMANCE(Amplitude, MultipliesTheWeightedSumOfItsTick) {
  for (const int slice : {1, 2, 7, 0}) {
    Network network;
    Node source = input("source", {3}, 5);
    source.set("amplitude", 1);
    network.add(std::move(source));
    network.add(counter("out", {2}));
    add_linear(network, "w", "source", "out", {1, 2, 3, -4, 5, 0.5}, {10, 0.25}, 2);
    const auto ready = validated(std::move(network));
    EXPECT_EQ(ready->carries(ready->output("w")), Carries::values);
    Stimulus stimulus{.events = {{"source", {{0, 0}, {0, 2, 4}, {1, 1, 5}}}}};
    stimulus.amplitudes["source"] = [](std::int64_t tick) { return tick == 0 ? 0.5f : -2.f; };
    const Outcome outcome = run(ready, {.slice = slice}, 5, {"w", "out"}, stimulus);
    // tick 0: amplitude 0.5 x (1 + 12, -4 + 2); tick 1: -2 x (10, 25); two ticks later; bias 10 and 0.25 in all
    EXPECT_EQ(outcome.values.at("w"),
              (std::vector<std::vector<float>>{{10, 0.25}, {10, 0.25}, {16.5, -0.75}, {-10, -49.75}, {10, 0.25}}));
    EXPECT_EQ(outcome.spikes.at("out"), (std::vector<Event>{{0, 0, 0, 10},
                                                            {1, 0, 0, 10},
                                                            {2, 0, 0, 16},
                                                            {2, 0, 1, -1},
                                                            {3, 0, 0, -10},
                                                            {3, 0, 1, -50},
                                                            {4, 0, 0, 10}}));
  }
}

// More than 65,536 targets of weights that give values.
CONFORMANCE(Amplitude, ReachesTargetsBeyond65536) {
  constexpr std::uint32_t cells = 70'000;
  Network network;
  Node source = input("source", {1});
  source.set("amplitude", 1);
  network.add(std::move(source));
  network.add(node("out", "ilif", {cells}));
  std::vector<double> weights(cells);
  for (std::uint32_t i = 0; i < cells; ++i) weights[i] = i % 1000;
  add_linear(network, "w", "source", "out.input", weights);
  Stimulus stimulus{.events = {{"source", {{0, 0}}}}};
  stimulus.amplitudes["source"] = [](std::int64_t) { return 0.5f; };
  const auto rows = run(validated(std::move(network)), {}, 1, {"w"}, stimulus).values.at("w");
  for (std::uint32_t i = 0; i < cells; ++i) ASSERT_EQ(rows[0][i], 0.5f * static_cast<float>(i % 1000)) << i;
}

CONFORMANCE(Values, AMembraneArrivesAtAnotherPopulationAfterTheDelayOfItsWire) {
  for (const int threads : {1, 2})
    for (const int slice : {1, 2, 7, 0}) {
      Network network;
      network.add(input("source", {2}, 9));
      Node shown = node("shown", "li", {2}, "nest");  // forgets at once: its membrane is its input
      shown.set("rest", 0);
      shown.set("decay", 0);
      network.add(std::move(shown));
      project(network, "w", "source", "shown", {.rule = Connectivity::Rule::one_to_one});
      network.add(counter("out", {2}));
      network.connect("shown", "out.injected", 3);
      Stimulus stimulus{.events = {{"source", {{0, 0, 7}, {2, 1, -5}, {6, 0, 1}}}}};
      const Outcome outcome =
          run(validated(std::move(network)), {.threads = threads, .slice = slice}, 12, {"shown", "out"}, stimulus);
      EXPECT_EQ(outcome.values.at("shown")[0], (std::vector<float>{7, 0}));
      EXPECT_EQ(outcome.values.at("shown")[2], (std::vector<float>{0, -5}));
      EXPECT_EQ(outcome.spikes.at("out"), (std::vector<Event>{{3, 0, 0, 7}, {5, 0, 1, -5}, {9, 0, 0, 1}}));
    }
}

// a's membrane drives b, b's spikes c, all in one tick; c comes back to a after two: levels inside one loop.
CONFORMANCE(Values, DriveALoopInTheSameTick) {
  for (const int threads : {1, 2}) {
    Network network;
    network.add(input("source", {1}));
    network.add(counter("c", {1}));
    network.add(counter("b", {1}));
    Node a = node("a", "li", {1}, "nest");
    a.set("rest", 0);
    a.set("decay", 0);
    network.add(std::move(a));
    project(network, "start", "source", "a.input", {});
    network.connect("a", "b.injected");
    project(network, "bc", "b", "c.input", {});
    project(network, "back", "c", "a.input", {.weight = Distribution::constant(2)}, 2);
    network.weight_bits = 32;
    Stimulus stimulus{.events = {{"source", {{1, 0}}}}};
    const Outcome outcome = run(validated(std::move(network)), {.threads = threads}, 8, {"a", "b", "c"}, stimulus);
    const std::vector<Event> doubling{{1, 0, 0, 1}, {3, 0, 0, 2}, {5, 0, 0, 4}, {7, 0, 0, 8}};
    EXPECT_EQ(outcome.spikes.at("b"), doubling);
    EXPECT_EQ(outcome.spikes.at("c"), doubling);
  }
}

CONFORMANCE(Values, StepCurrentsReachTheElementsThatTheyName) {
  Network network;
  Node source = node("source", "step_current", {2});
  source.arrays["times"] = series("times", {0.2, 0.4, 0.4});
  source.arrays["currents"] = series("currents", {5, 6, 0});
  source.arrays["elements"] = series("elements", {0, 1, 0});
  network.add(std::move(source));
  network.add(counter("out", {2}));
  network.connect("source", "out.injected", 1);
  EXPECT_EQ(run(validated(std::move(network)), {.slice = 2}, 7, {"out"}).spikes.at("out"),
            (std::vector<Event>{{3, 0, 0, 5}, {4, 0, 0, 5}, {5, 0, 1, 6}, {6, 0, 1, 6}}));
}

CONFORMANCE(Bias, OfALinearNodeIsAddedOncePerTick) {
  Network network;
  network.add(input("source", {2}));
  network.add(counter("out", {2}));
  add_linear(network, "w", "source", "out", {1, 2, 3, 4}, {10, -20}, 1);
  Stimulus stimulus{.events = {{"source", {{0, 0}, {0, 1}}}}};
  EXPECT_EQ(run(validated(std::move(network)), {}, 3, {"out"}, stimulus).spikes.at("out"),
            (std::vector<Event>{
                {0, 0, 0, 10}, {0, 0, 1, -20}, {1, 0, 0, 13}, {1, 0, 1, -13}, {2, 0, 0, 10}, {2, 0, 1, -20}}));
}

CONFORMANCE(SeveralWires, IntoOnePortAddUp) {
  Network network;
  network.add(input("a", {1}, 9));
  network.add(input("b", {1}, 9));
  Node current = node("c", "step_current", {1});
  current.arrays["times"] = series("times", {0});
  current.arrays["currents"] = series("currents", {100});
  network.add(std::move(current));
  network.add(counter("out", {1}));
  project(network, "wa", "a", "out.input", {.weight = Distribution::constant(2)});
  project(network, "wb", "b", "out.input", {.weight = Distribution::constant(-30)}, 1);
  network.connect("c", "out.input");
  Stimulus stimulus{.events = {{"a", {{1, 0, 4}}}, {"b", {{0, 0, 1}}}}};
  EXPECT_EQ(run(validated(std::move(network)), {}, 2, {"out"}, stimulus).spikes.at("out"),
            (std::vector<Event>{{0, 0, 0, 100}, {1, 0, 0, 78}}));
}

CONFORMANCE(SeveralWires, OfWhichOneWeighsNothing) {
  Network network;
  network.add(input("a", {1}, 9));
  network.add(counter("out", {1}));
  project(network, "weighs", "a", "out.input", {.weight = Distribution::constant(2)});
  project(network, "nothing", "a", "out.input", {.weight = Distribution::constant(0)});
  Stimulus stimulus{.events = {{"a", {{1, 0, 4}}}}};
  EXPECT_EQ(run(validated(std::move(network)), {}, 3, {"out"}, stimulus).spikes.at("out"),
            (std::vector<Event>{{1, 0, 0, 8}}));
}

// ---- refractoriness ----

// 1450 pA bring the membrane from reset to threshold in 30 ticks; 20 refractory ticks follow each spike.
CONFORMANCE(Refractory, TicksSeparateSpikesAndDropInput) {
  Network network;
  network.add(input("source", {1}));
  Node cell = node("cell", "lif", {2}, "nest");
  for (const auto& [field, value] : {std::pair{"rest", -70.}, {"reset", -70.}, {"threshold", -55.}, {"bias", 1450.}})
    cell.set(field, value);
  network.add(std::move(cell));
  project(network, "w", "source", "cell.input", edges({.sources = {0}, .targets = {1}, .weights = {20}}));
  Stimulus stimulus{.events = {{"source", {{29 + 20, 0}, {79 + 21, 0}}}}};  // in the last refractory tick, and after it
  EXPECT_EQ(run(validated(std::move(network)), {}, 150, {"cell"}, stimulus).times("cell"),
            (Times{{29, 0}, {29, 1}, {79, 0}, {79, 1}, {100, 1}, {129, 0}}));
}

// ---- random sources and initial values ----

// Of N draws with mean m the sum has the variance N m, the sample variance (m + 2 m^2) / N. Each of the two tests
// fails by chance in 1e-7 of all seeds (5.33 standard deviations).
CONFORMANCE(Poisson, CountsHaveTheMeanAndVarianceOfTheirRate) {
  Network network;
  network.dt = 1;
  network.seed = 11;
  Node noise = node("noise", "poisson", {1000});
  noise.set("rate", 800);
  network.add(std::move(noise));
  const auto events = run(validated(std::move(network)), {}, 1000, {"noise"}).spikes.at("noise");
  const double n = 1e6, m = 0.8;
  double sum = 0, squares = 0;
  for (const Event& e : events) {
    sum += e.count;
    squares += static_cast<double>(e.count) * e.count;
  }
  EXPECT_LT(std::abs(sum - n * m) / std::sqrt(n * m), 5.33);
  const double variance = (squares - sum * sum / n) / (n - 1);
  EXPECT_LT(std::abs(variance - m) / std::sqrt((m + 2 * m * m) / n), 5.33);
}

CONFORMANCE(Poisson, DrawsDependOnStreamAndNameAlone) {
  const auto draw = [](const char* name, std::vector<std::uint64_t> streams, int threads) {
    Network network;
    Node noise = node(name, "poisson", {100});
    noise.set("rate", 2000);
    network.add(std::move(noise));
    const auto lanes = static_cast<int>(streams.size());
    return run(validated(std::move(network)), {.threads = threads, .lanes = lanes, .streams = std::move(streams)}, 50,
               {name});
  };
  const Outcome three = draw("noise", {7, 0, 4}, 2);
  expect_same(draw("noise", {7}, 1), three.lane(0, 3));
  expect_same(draw("noise", {0}, 1), three.lane(1, 3));
  expect_same(draw("noise", {4}, 3), three.lane(2, 3));
  EXPECT_NE(three.lane(0, 3), three.lane(1, 3));
  EXPECT_NE(draw("noise", {7}, 1).spikes.at("noise"), draw("other", {7}, 1).spikes.at("other"));
}

CONFORMANCE(Reset, StartsALaneAnewWhileOthersGoOn) {
  Network network;
  Node noise = node("noise", "poisson", {50});
  noise.set("rate", 3000);
  network.add(std::move(noise));
  network.add(counter("out", {50}));
  project(network, "w", "noise", "out",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 5, .delay = Distribution::uniform(1, 6)});
  const auto ready = validated(std::move(network));
  Simulation two(ready, {.lanes = 2}, {"out"});
  two.advance(20);
  two.take();
  two.state().reset(1, 9);
  two.advance(30);
  const Outcome after = two.take();

  Simulation alone(ready, {.streams = {9}}, {"out"});
  alone.advance(30);
  auto expected = alone.take().spikes.at("out");
  for (Event& e : expected) e.tick += 20;
  EXPECT_EQ(after.lane(1, 2).spikes.at("out"), expected);

  Simulation first(ready, {}, {"out"});
  first.advance(20);
  first.take();
  first.advance(30);
  EXPECT_EQ(after.lane(0, 2).spikes.at("out"), first.take().spikes.at("out"));
}

CONFORMANCE(InitialValues, AreDrawnPerStreamOnlyWhereAsked) {
  for (const bool per_sample : {false, true}) {
    Network network;
    Node cell = node("cell", "lif", {1000}, "nest");
    cell.initial[0] = Distribution::uniform(-65, -55);
    cell.initial_per_sample = per_sample;
    network.add(std::move(cell));
    Simulation three(validated(std::move(network)), {.lanes = 3, .streams = {5, 6, 5}}, {});
    const auto a = three.state().read(0, 0, 0), b = three.state().read(0, 0, 1), c = three.state().read(0, 0, 2);
    EXPECT_EQ(a, c);
    EXPECT_EQ(a != b, per_sample);
    const auto [low, high] = std::minmax_element(a.begin(), a.end());
    EXPECT_GE(*low, -65);
    EXPECT_LE(*high, -55);
    // the mean of 1000 draws: standard deviation 10 / sqrt(12 x 1000) = 0.0913; 5.33 of them
    EXPECT_NEAR(std::accumulate(a.begin(), a.end(), 0.0) / 1000, -60, 0.487);
  }
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance
