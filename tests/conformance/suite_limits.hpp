// SPDX-License-Identifier: Apache-2.0
// Bounds that hold or are refused: input beyond its declaration, sums at their largest, memory, and silence that costs
// nothing.
#pragma once

#include <cmath>
#include <crosspike/core/random.hpp>
#include <crosspike/tests/conformance/harness.hpp>
#include <limits>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

// ---- input beyond its declaration ----

inline std::shared_ptr<const Network> one_input(double max_count) {
  Network network;
  network.add(input("x", {10}, max_count));
  network.add(counter("out", {10}));
  project(network, "w", "x", "out", {.rule = Connectivity::Rule::one_to_one});
  return validated(std::move(network));
}

CONFORMANCE(Input, BeyondItsDeclarationStopsBeforeAnythingRuns) {
  const auto message = [](std::vector<InputEvent> events, Settings settings = {.streams = {3}}) {
    return message_of([&] { run(one_input(255), settings, 20, {"out"}, {.events = {{"x", std::move(events)}}}); });
  };
  EXPECT_EQ(message({{12, 7, 300}}),
            "input 'x': 300 events of channel 7 in tick 12 of stream 3; declared max_count 255; raise it");
  EXPECT_EQ(message({{12, 7, -256}}),
            "input 'x': 256 events of channel 7 in tick 12 of stream 3; declared max_count 255; raise it");
  EXPECT_EQ(message({{12, 10}}), "input 'x': channel 10 in tick 12 of stream 3; allowed: 0 to 9");
  EXPECT_EQ(message({{12, 7}, {12, 7}}),
            "input 'x': channel 7 after channel 7 in tick 12 of stream 3; channels ascend; "
            "add up the counts of equal ones");
  EXPECT_EQ(message({{12, 7, 255}}), "");
}

CONFORMANCE(Input, ThatIsNoNumberStopsBeforeAnythingRuns) {
  const float no_number = std::nanf(""), infinite = std::numeric_limits<float>::infinity();
  const auto network = [](const char* field) {
    Network made;
    Node x = input("x", {3});
    x.set(field, 1);
    made.add(std::move(x));
    made.add(counter("out", {3}));
    if (made.carries({0, 0}) == Carries::values)
      made.connect("x", "out.injected");
    else
      add_linear(made, "w", "x", "out.input", std::vector<double>(9, 1));
    return validated(std::move(made));
  };
  const auto with_amplitude = [&](float amplitude) {
    Stimulus stimulus{.events = {{"x", {{2, 1}}}}};
    stimulus.amplitudes["x"] = [=](std::int64_t tick) { return tick == 12 ? amplitude : 1.f; };
    return message_of([&] { run(network("amplitude"), {.streams = {3}}, 20, {"out"}, stimulus); });
  };
  EXPECT_EQ(with_amplitude(no_number),
            "input 'x': an amplitude of nan in tick 12 of stream 3; allowed: finite numbers");
  EXPECT_EQ(with_amplitude(-infinite),
            "input 'x': an amplitude of -inf in tick 12 of stream 3; allowed: finite numbers");
  EXPECT_EQ(with_amplitude(1e30f), "");
  const auto with_value = [&](float value) {
    Stimulus stimulus;
    stimulus.values["x"] = [=](std::int64_t tick, std::uint32_t i) { return tick == 12 && i == 2 ? value : 0.f; };
    return message_of([&] { run(network("carries"), {.streams = {3}}, 20, {"out"}, stimulus); });
  };
  EXPECT_EQ(with_value(no_number), "input 'x': nan for element 2 in tick 12 of stream 3; allowed: finite numbers");
  EXPECT_EQ(with_value(infinite), "input 'x': inf for element 2 in tick 12 of stream 3; allowed: finite numbers");
  EXPECT_EQ(with_value(5), "");
}

CONFORMANCE(Input, WithTooFewTicksIsRefusedAndMayBeFilledAnew) {
  Simulation one(one_input(255), {}, {"out"}, {.events = {{"x", {{1, 4, 2}}}}});
  const NodeId x = 0;
  one.state().input_spikes(x).begin(0, 1);
  one.state().input_spikes(x).end_row();
  EXPECT_EQ(message_of([&] { one.state().advance(3, one.team()); }),
            "input 'x' holds 1 ticks from tick 0, the run needs 3 from tick 0");
  one.advance(3);
  EXPECT_EQ(one.take().spikes.at("out"), (std::vector<Event>{{1, 0, 4, 2}}));
}

CONFORMANCE(Input, MayHoldMoreTicksThanOneAdvanceUses) {
  Network network;
  network.add(input("x", {1}));
  Node late = node("late", "delay", {1});
  late.set("ticks", 2);
  network.add(std::move(late));
  network.connect("x", "late");
  Simulation one(validated(std::move(network)), {}, {"late"});
  std::vector<std::int64_t> seen;
  for (std::int64_t tick = 0; tick < 6; ++tick) {  // each fill reaches three ticks ahead; a spike in tick 1
    SpikeBuffer& rows = one.state().input_spikes(0);
    rows.begin(tick, 1);
    for (std::int64_t t = tick; t < tick + 3; ++t) {
      if (t == 1) rows.append(0, 1);
      rows.end_row();
    }
    one.state().advance(1, one.team(), [&](const SliceView& slice) {
      if (!slice.wires.spikes.at({1, 0}).view().at(tick).empty()) seen.push_back(tick);
    });
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{3}));
}

// The first draw above the bound is found here from its address.
CONFORMANCE(Bound, OfARandomSourceStopsTheRunAndThenNeedsAReset) {
  Network network;
  network.dt = 1;
  Node noise = node("noise", "poisson", {40});
  noise.set("rate", 200);
  noise.set("bound", 2);
  network.add(std::move(noise));
  const RandomKey key = random_key(network.seed, Purpose::step, "noise");
  std::string expected;
  for (std::uint32_t tick = 0; expected.empty(); ++tick)
    for (std::uint32_t i = 0; i < 40 && expected.empty(); ++i)
      if (const auto count = Draws<float>(key, i, tick, 6).poisson(0.2f); count > 2)
        expected = fmt::format("noise: {} events of element {} in tick {} of stream 6; declared bound 2; raise it",
                               count, i, tick);
  for (const int threads : {1, 2}) {
    Simulation one(validated(Network(network)), {.threads = threads, .slice = 4, .partitions = 1, .streams = {6}},
                   {"noise"});
    EXPECT_EQ(message_of([&] { one.advance(10'000); }), expected);
    EXPECT_EQ(message_of([&] { one.advance(1); }),
              "this state was left by an error in the middle of a slice; reset or load it first");
    one.state().reset(0, 7);
    EXPECT_EQ(message_of([&] { one.advance(1); }), "");
  }
}

// ---- sums at their largest ----

// Every synapse of a dense port delivers at its source's max_count in every tick: nothing wraps, and a quantum half as
// large would not have held: all |w|, each larger by half a step of its stored form, would reach 2^31.
CONFORMANCE(Sums, HoldWhenEverySynapseDeliversItsMostAtOnce) {
  constexpr std::uint32_t sources = 200, targets = 50;
  Network network;
  network.add(input("a", {sources}, 255));
  network.add(input("b", {sources}, 7));
  Node out = node("out", "li", {targets}, "nest");  // forgets at once: its membrane is the sum
  out.set("rest", 0);
  out.set("decay", 0);
  network.add(std::move(out));
  project(network, "wa", "a", "out.input",
          {.weight = Distribution::uniform(0.5, 1.5), .delay = Distribution::uniform(0, 3)});
  project(network, "wb", "b", "out.input", {.weight = Distribution::uniform(30, 50)});
  const auto ready = validated(std::move(network));
  Stimulus stimulus;
  for (std::int64_t tick = 0; tick < 6; ++tick)
    for (std::uint32_t i = 0; i < sources; ++i) {
      stimulus.events["a"].push_back({tick, i, 255});
      stimulus.events["b"].push_back({tick, i, 7});
    }
  Simulation one(ready, {.threads = 2}, {"out"}, stimulus);
  one.advance(6);
  const auto rows = one.take().values.at("out");

  const Quanta& quanta = one.plan().quanta;
  const int finer = quanta.exponent.at(ready->input("out.input")) + 1;
  std::vector<std::int64_t> sums(targets, 0);
  std::vector<double> finer_sums(targets, 0);
  for (const char* name : {"wa", "wb"}) {
    const NodeId id = ready->require(name);
    const WeightQuantum& q = quanta.weights.at(id);
    std::vector<Synapse> synapses;
    ready->synapses(id, 0, targets, synapses);
    const auto count = static_cast<std::int64_t>(ready->max_count(ready->incoming(id).from.node));
    const double half_step = std::ldexp(0.5, -std::min(q.exponent, finer));
    for (const Synapse& s : synapses) {
      sums[s.target] += count * (std::int64_t{q.stored(s.weight)} << q.shift);
      finer_sums[s.target] += static_cast<double>(count) * (s.weight + half_step) * std::ldexp(1.0, finer);
    }
  }
  EXPECT_LT(*std::max_element(sums.begin(), sums.end()), std::int64_t{1} << 31);
  EXPECT_GE(*std::max_element(finer_sums.begin(), finer_sums.end()), 0x1p31);
  const float quantum = std::ldexp(1.f, -quanta.exponent.at(ready->input("out.input")));
  for (std::uint32_t t = 0; t < targets; ++t)
    EXPECT_EQ(rows[5][t], static_cast<float>(sums[t]) * quantum) << "target " << t;
}

// ---- memory and slices ----

CONFORMANCE(Memory, AbsurdSizesAreRefusedBeforeAnythingIsAllocated) {
  Network network;
  network.add(node("cells", "lif", {1'000'000'000}));
  network.add(node("more", "lif", {100'000}));
  project(network, "w", "more", "more.input", {.rule = Connectivity::Rule::all_to_all}, 1);
  const auto ready = validated(std::move(network));
  Team team(1);
  EXPECT_EQ(
      message_of([&] {
        make_plan(ready, {CROSSPIKE_BACKEND_NAME, {}}, library(), {}, {.memory_limit = std::size_t{1} << 30}, team);
      }),
      "the network needs at least 52.2 GiB, 1.0 GiB are available; the largest part is projection 'w', 1e+10 synapses; "
      "make it smaller or free memory");
}

CONFORMANCE(Memory, ThePlanIsRefusedWhereItsFootprintDoesNotFit) {
  const auto network = one_input(1);
  require_claimed(*network);
  Team team(1);
  const auto plan = [&](std::size_t limit, int copies) {
    return make_plan(network, {CROSSPIKE_BACKEND_NAME, {}}, library(), {}, {.memory_limit = limit, .copies = copies},
                     team);
  };
  const Plan fits = plan(std::size_t{1} << 40, 3);
  const std::size_t need = fits.program_bytes() + 3 * fits.state_bytes();
  EXPECT_EQ(message_of([&] { plan(need, 3); }), "");
  const auto text = [](std::size_t bytes) { return bytes_text(static_cast<double>(bytes)); };
  EXPECT_EQ(message_of([&] { plan(need - 1, 3); }),
            fmt::format("the network needs {} ({} for the program, 3 x {} of state), {} are available; make it smaller "
                        "or free memory",
                        text(need), text(fits.program_bytes()), text(fits.state_bytes()), text(need - 1)));
}

CONFORMANCE(Slice, IsBoundedByTheBytesOfItsWires) {
  Network network;
  network.add(node("shown", "li", {1000}));
  const auto ready = validated(std::move(network));
  require_claimed(*ready);
  Team team(1);
  const Plan plan =
      make_plan(ready, {CROSSPIKE_BACKEND_NAME, {}}, library(), {}, {.lanes = 2, .slice_bytes = 1 << 20}, team);
  EXPECT_EQ(plan.slice, (1 << 20) / (1000 * 4 * 2));
  EXPECT_EQ(plan.slice_reason, "slice_bytes = 1 MiB");
}

CONFORMANCE(Taps, OnSumsAreRefused) {
  Team team(1);
  const auto network = one_input(1);
  require_claimed(*network);
  EXPECT_EQ(message_of([&] {
              make_plan(network, {CROSSPIKE_BACKEND_NAME, {}}, library(),
                        {.ports = {network->output("w")}, .fields = {}}, {}, team);
            }),
            "'w' sends sums, which cannot be recorded; record its target or its source");
}

// ---- silence ----

inline std::shared_ptr<const Network> quiet_network() {
  Network network;
  network.add(input("start", {1}));
  Node cells = node("cells", "cuba_lif", {2000}, "nest");
  network.add(std::move(cells));
  project(network, "kick", "start", "cells.excitatory", {.weight = Distribution::constant(100)});
  project(network, "w", "cells", "cells.excitatory",
          {.rule = Connectivity::Rule::fixed_indegree, .indegree = 10, .weight = Distribution::constant(50)}, 1);
  return validated(std::move(network));
}

// A jump of less than 0.2 mV is below 1e-9 mV after 20 membrane time constants, 1,910 ticks.
CONFORMANCE(Silence, CostsNothingAndChangesNothing) {
  Stimulus stimulus{.events = {{"start", {{5000, 0}}}}};
  Simulation skipping(quiet_network(), {}, {"cells"}, stimulus),
      stepping(quiet_network(), {.skip_idle = false}, {"cells"}, stimulus);
  skipping.advance(4000);
  EXPECT_LE(skipping.state().work().neuron_steps, 2000u * 3);
  skipping.advance(16'000);
  stepping.advance(20'000);
  EXPECT_LE(skipping.state().work().neuron_steps, 2000u * 2000);
  EXPECT_EQ(stepping.state().work().neuron_steps, 2000u * 20'000);
  EXPECT_EQ(skipping.state().work().synaptic_events, 2000u);  // the kick alone: no cell fires
  EXPECT_EQ(stepping.state().work().synaptic_events, 2000u);
  const Outcome rested = skipping.take();
  expect_same(stepping.take(), rested);
  EXPECT_EQ(rested.state.at("cells.membrane")[0], -65);
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance
