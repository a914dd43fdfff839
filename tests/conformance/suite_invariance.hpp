// SPDX-License-Identifier: Apache-2.0
// What may not change a bit: threads, partitions, slices, skipping, lanes, calls of advance, saving and loading.
#pragma once

#include <crosspike/tests/conformance/harness.hpp>
#include <random>
#include <span>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

// Excitatory and inhibitory cuba_lif cells, lif cells, and integer neurons that read them and feed back; Poisson drive;
// delays of 1 to 15 ticks. 560 neurons and 400 sources.
inline std::shared_ptr<const Network> recurrent_network(Precision precision) {
  using Rule = Connectivity::Rule;
  Network network;
  network.precision = precision;
  network.seed = 3;
  Node noise = node("noise", "poisson", {400});
  noise.set("rate", 400);
  network.add(std::move(noise));
  Node excitatory = node("exc", "cuba_lif", {300}, "nest");
  excitatory.initial[0] = Distribution::uniform(-65, -50);
  excitatory.params[excitatory.kind->param_index("tau_mem")].each.assign(300, 10);
  for (std::size_t i = 0; i < 300; ++i)
    excitatory.params[excitatory.kind->param_index("tau_mem")].each[i] = 8 + 0.01 * static_cast<double>(i);
  network.add(std::move(excitatory));
  Node inhibitory = node("inh", "cuba_lif", {100}, "nest");
  inhibitory.initial[0] = Distribution::normal(-58, 3);
  inhibitory.initial_per_sample = true;
  network.add(std::move(inhibitory));
  Node jumps = node("jumps", "lif", {100}, "brian2");
  jumps.initial[0] = Distribution::constant(-65);
  network.add(std::move(jumps));
  Node graded = node("graded", "ilif", {60}, "i_lif");
  network.add(std::move(graded));

  const auto delays = Distribution::uniform(1, 15);
  const auto random = [&](double probability, Distribution weight) {
    return Connectivity{
        .rule = Rule::pairwise_bernoulli, .probability = probability, .weight = weight, .delay = delays};
  };
  project(network, "drive_exc", "noise", "exc.excitatory",
          {.rule = Rule::fixed_indegree, .indegree = 40, .weight = Distribution::normal(120, 20), .delay = delays});
  project(network, "drive_inh", "noise", "inh.excitatory", random(0.1, Distribution::normal(120, 20)));
  project(network, "ee", "exc", "exc.excitatory", random(0.1, Distribution::normal(60, 10)));
  project(network, "ei", "exc", "inh.excitatory", random(0.1, Distribution::normal(60, 10)));
  project(network, "ie", "inh", "exc.inhibitory", random(0.2, Distribution::normal(-150, 20)));
  project(network, "ii", "inh", "inh.inhibitory", random(0.2, Distribution::normal(-100, 20)));
  project(network, "ej", "exc", "jumps.input", random(0.2, Distribution::uniform(0, 3)));
  project(network, "jg", "jumps", "graded.input", random(0.3, Distribution::uniform(0, 1)));
  project(network, "eg", "exc", "graded.input", random(0.05, Distribution::uniform(0, 1)));
  project(network, "gi", "graded", "inh.excitatory", random(0.2, Distribution::uniform(0, 40)));
  return validated(std::move(network));
}

inline const std::vector<std::string>& recurrent_ports() {
  static const std::vector<std::string> ports{"noise", "exc", "inh", "jumps", "graded"};
  return ports;
}

constexpr std::int64_t recurrent_ticks = 300;

inline Outcome run_recurrent(const std::shared_ptr<const Network>& network, const Settings& settings) {
  SCOPED_TRACE(testing::Message() << settings);
  return run(network, settings, recurrent_ticks, recurrent_ports());
}

// The rest of this file compares with this run; here, that there is something to compare.
inline Outcome recurrent_baseline(const std::shared_ptr<const Network>& network) {
  const Outcome outcome = run_recurrent(network, {.skip_idle = false});
  for (const std::string& port : recurrent_ports()) EXPECT_GT(outcome.spikes.at(port).size(), 100u) << port;
  for (const char* port : {"exc", "inh", "jumps"})  // fewer than one spike per neuron every fifth tick
    EXPECT_LT(outcome.spikes.at(port).size(), 300u * 300 / 5) << port;
  return outcome;
}

CONFORMANCE(Invariance, ThreadsPartitionsSlicesAndSkippingChangeNoBit) {
  for (const Precision precision : {Precision::single, Precision::double_}) {
    const auto network = recurrent_network(precision);
    const Outcome baseline = recurrent_baseline(network);
    std::vector<Settings> all;
    for (const int threads : {1, 2, 3, 7}) all.push_back({.threads = threads});
    for (const int partitions : {1, 2, 5})
      for (const int threads : {1, 2}) all.push_back({.threads = threads, .partitions = partitions});
    for (const int slice : {1, 2, 7})
      for (const int threads : {1, 2}) all.push_back({.threads = threads, .slice = slice, .partitions = 3});
    all.push_back({.threads = 2, .slice = 7, .partitions = 5, .skip_idle = false});
    all.push_back({.advance_by = 1});
    all.push_back({.threads = 2, .slice = 2, .advance_by = 7});
    for (const Settings& settings : all) {
      SCOPED_TRACE(testing::Message() << settings << ", double " << (precision == Precision::double_));
      expect_same(baseline, run_recurrent(network, settings));
    }
  }
}

CONFORMANCE(Invariance, ALaneEqualsARunAlone) {
  for (const Precision precision : {Precision::single, Precision::double_}) {
    const auto network = recurrent_network(precision);
    const Outcome three = run_recurrent(network, {.threads = 2, .lanes = 3, .slice = 7, .streams = {8, 1, 1000}});
    for (int lane = 0; lane < 3; ++lane) {
      const std::uint64_t stream = std::vector<std::uint64_t>{8, 1, 1000}[static_cast<std::size_t>(lane)];
      SCOPED_TRACE(testing::Message() << "lane " << lane);
      expect_same(run_recurrent(network, {.streams = {stream}}), three.lane(lane, 3));
    }
    EXPECT_NE(three.lane(0, 3).spikes, three.lane(1, 3).spikes);
  }
}

// Listed spikes, steps of a current, delays for all channels and for each, weights with amplitudes, membranes and
// values from the caller that drive others: what no random network above holds.
inline std::shared_ptr<const Network> network_of_operators() {
  Network network;
  Node events = input("events", {6}, 5);
  events.set("amplitude", 1);
  network.add(std::move(events));
  Node drive = node("drive", "input", {4});
  drive.set("carries", 1);
  network.add(std::move(drive));
  Node listed = node("listed", "spike_list", {4});
  listed.arrays["times"] = series("times", {0.1, 0.5, 0.5, 1.3, 2.0, 2.1, 3.7});
  listed.arrays["elements"] = series("elements", {2, 0, 3, 1, 1, 2, 0});
  listed.arrays["counts"] = series("counts", {1, 2, -1, 3, 1, 1, 4});
  network.add(std::move(listed));
  Node steps = node("steps", "step_current", {4});
  steps.arrays["times"] = series("times", {0, 0.4, 1.5, 3});
  steps.arrays["currents"] = series("currents", {50, 400, -200, 300});
  network.add(std::move(steps));
  Node late = node("late", "delay", {6});
  late.set("ticks", 3);
  network.add(std::move(late));
  network.connect("events", "late", 1);
  Node cells = node("cells", "lif", {4}, "nest");
  for (const auto& [field, value] : {std::pair{"rest", 0.}, {"reset", 0.}, {"threshold", 5.}, {"refractory", 0.2}})
    cells.set(field, value);
  network.add(std::move(cells));
  network.add(node("shown", "li", {4}, "nest"));
  Node spread = node("spread", "delay", {4});
  spread.params[0].each = {5, 2, 9, 2};
  network.add(std::move(spread));
  network.connect("cells", "spread");
  network.add(counter("out", {4}));

  std::vector<double> weights;
  for (int w = 0; w < 24; ++w) weights.push_back(0.5 * (w % 7) - 0.75);
  add_linear(network, "amplified", "late", "cells.input", weights, {0.25, 0, 0.5, 0.125}, 2);
  add_linear(network, "again", "late", "shown.input", weights);
  project(network, "lc", "listed", "cells.input",
          {.weight = Distribution::uniform(0.5, 3), .delay = Distribution::uniform(0, 6)});
  network.connect("steps", "cells.injected", 1);
  network.connect("drive", "cells.injected");
  network.connect("shown", "out.injected", 2);
  project(network, "so", "spread", "out.input", {.rule = Connectivity::Rule::one_to_one}, 1);
  return validated(std::move(network));
}

// What lane `lane` gets, from its reset at State's tick `origin` on; before it, anything.
inline Stimulus stimulus_of_operators(unsigned lane, std::int64_t origin) {
  std::mt19937 draw(lane);
  Stimulus stimulus;
  for (std::int64_t tick = 0; tick < origin + 60; ++tick)
    for (std::uint32_t channel = 0; channel < 6; ++channel)
      if (draw() % 4 == 0) stimulus.events["events"].push_back({tick, channel, 1 + static_cast<int>(draw() % 5)});
  stimulus.amplitudes["events"] = [=](std::int64_t tick) {
    return 0.25f * static_cast<float>((tick - origin + lane) % 7) - 0.5f;
  };
  stimulus.values["drive"] = [=](std::int64_t tick, std::uint32_t i) {
    return 40.f * static_cast<float>((tick - origin + 3 * i + lane) % 11);
  };
  return stimulus;
}

// What a run alone gets instead: the same from tick 0 on.
inline Stimulus shifted(Stimulus stimulus, std::int64_t origin) {
  for (auto& [name, events] : stimulus.events) {
    std::erase_if(events, [&](const InputEvent& e) { return e.tick < origin; });
    for (InputEvent& e : events) e.tick -= origin;
  }
  for (auto& [name, amplitude] : stimulus.amplitudes)
    amplitude = [given = amplitude, origin](std::int64_t tick) { return given(tick + origin); };
  for (auto& [name, value] : stimulus.values)
    value = [given = value, origin](std::int64_t tick, std::uint32_t i) { return given(tick + origin, i); };
  return stimulus;
}

// One lane of outcomes that follow one another, from its reset at State's tick `origin` on.
inline Outcome joined(std::span<const Outcome> parts, int lane, int lanes, std::int64_t origin) {
  Outcome whole;
  for (const Outcome& part : parts) {
    Outcome mine = part.lane(lane, lanes);
    for (auto& [port, events] : mine.spikes)
      for (Event e : events) whole.spikes[port].push_back({e.tick - origin, e.lane, e.index, e.count});
    for (auto& [port, rows] : mine.values)
      whole.values[port].insert(whole.values[port].end(), rows.begin(), rows.end());
    for (auto& [field, rows] : mine.fields)
      whole.fields[field].insert(whole.fields[field].end(), rows.begin(), rows.end());
    whole.state = std::move(mine.state);
  }
  return whole;
}

CONFORMANCE(Invariance, LanesThatDifferAndBeginAtDifferentTicksEqualRunsAlone) {
  const auto network = network_of_operators();
  const std::vector<std::string> ports{"listed", "steps", "late", "amplified", "cells", "shown", "spread", "out"};
  const std::vector<std::string> fields{"cells.membrane", "shown.membrane"};
  const std::vector<std::int64_t> origins{0, 11, 23};
  const std::vector<std::uint64_t> streams{8, 1, 1000};
  constexpr std::int64_t end = 60;
  std::vector<Outcome> alone;
  Stimulus stimuli;
  for (unsigned lane = 0; lane < 3; ++lane) {
    const std::int64_t origin = origins[lane];
    alone.push_back(run(network, {.streams = {streams[lane]}, .fields = fields, .every = 3}, end - origin, ports,
                        shifted(stimulus_of_operators(lane, origin), origin)));
    EXPECT_GT(alone.back().spikes.at("cells").size(), 5u);
    EXPECT_GT(alone.back().spikes.at("out").size(), 5u);
    stimuli.lanes.push_back(stimulus_of_operators(lane, origin));
  }
  EXPECT_NE(alone[0].values, alone[1].values);
  for (const int threads : {1, 2})
    for (const int slice : {1, 2, 7, 0}) {
      const Settings settings{
          .threads = threads, .lanes = 3, .slice = slice, .streams = streams, .fields = fields, .every = 3};
      SCOPED_TRACE(testing::Message() << settings);
      Simulation three(network, settings, ports, stimuli);
      std::vector<Outcome> parts;
      for (int lane = 0; lane < 3; ++lane) {
        const auto l = static_cast<std::size_t>(lane);
        three.state().reset(lane, streams[l]);
        three.advance((lane == 2 ? end : origins[l + 1]) - origins[l]);
        parts.push_back(three.take());
      }
      for (std::size_t lane = 0; lane < 3; ++lane)
        expect_same(alone[lane], joined(std::span(parts).subspan(lane), static_cast<int>(lane), 3, origins[lane]));
    }
}

// More than 65,536 targets, so that a backend with 16-bit local targets has to cut even for one thread.
CONFORMANCE(Invariance, HoldsBeyond65536TargetsOnOneThread) {
  constexpr std::uint32_t cells = 70'000;
  Network network;
  network.add(input("source", {cells}, 3));
  network.add(counter("out", {cells}));  // two ports
  project(network, "w", "source", "out.input",
          {.rule = Connectivity::Rule::one_to_one, .weight = Distribution::constant(5)});
  const auto ready = validated(std::move(network));
  Stimulus stimulus;
  std::vector<Event> expected;
  for (std::int64_t tick = 0; tick < 3; ++tick)
    for (std::uint32_t i = static_cast<std::uint32_t>(tick); i < cells; i += 1 + 4999) {
      stimulus.events["source"].push_back({tick, i, static_cast<std::int32_t>(1 + i % 3)});
      expected.push_back({tick, 0, i, static_cast<std::int32_t>(5 * (1 + i % 3))});
    }
  stimulus.events["source"].push_back({2, cells - 1, 1});
  expected.push_back({2, 0, cells - 1, 5});
  for (const Settings& settings : {Settings{}, Settings{.threads = 2}, Settings{.partitions = 9}}) {
    SCOPED_TRACE(testing::Message() << settings);
    EXPECT_EQ(run(ready, settings, 3, {"out"}, stimulus).spikes.at("out"), expected);
  }
}

CONFORMANCE(SaveLoad, GoesOnWithTheSpikesInFlight) {
  const auto network = recurrent_network(Precision::single);
  Simulation whole(network, {.threads = 2, .lanes = 2, .slice = 7}, recurrent_ports());
  whole.advance(123);
  whole.take();
  Archive archive;
  whole.state().save(archive);
  whole.advance(recurrent_ticks - 123);
  const Outcome expected = whole.take();
  for (const Settings& settings : {Settings{.threads = 1, .lanes = 2}, Settings{.threads = 3, .lanes = 2, .slice = 2},
                                   Settings{.threads = 1, .lanes = 2, .partitions = 5}}) {
    SCOPED_TRACE(testing::Message() << settings);
    Simulation other(network, settings, recurrent_ports());
    other.advance(17);  // what a State did before it was loaded is forgotten
    other.take();
    other.state().load(archive);
    EXPECT_EQ(other.state().tick(), 123);
    other.advance(recurrent_ticks - 123);
    expect_same(expected, other.take());
  }
}

CONFORMANCE(SaveLoad, KeepsWhatOperatorsAndValueWiresStillHold) {
  const auto make = [] {
    Network network;
    Node source = input("source", {2}, 9);
    source.set("amplitude", 1);
    network.add(std::move(source));
    Node late = node("late", "delay", {2});
    late.set("ticks", 4);
    network.add(std::move(late));
    network.connect("source", "late", 1);
    Node shown = node("shown", "li", {2}, "nest");
    network.add(std::move(shown));
    add_linear(network, "w", "late", "shown.input", {1, 2, 3, 4}, {}, 3);
    network.add(counter("out", {2}));
    network.connect("shown", "out.injected", 5);
    return validated(std::move(network));
  };
  Stimulus stimulus{.events = {{"source", {{2, 0, 7}, {3, 1, 5}, {6, 0, 2}, {8, 1, 1}}}}};
  stimulus.amplitudes["source"] = [](std::int64_t tick) { return 0.5f + static_cast<float>(tick); };
  const Settings settings{.slice = 3, .fields = {"shown.membrane"}};
  const std::vector<std::string> ports{"late", "shown", "out"};
  for (std::int64_t cut = 1; cut < 20; ++cut) {
    SCOPED_TRACE(testing::Message() << "saved after tick " << cut);
    Simulation whole(make(), settings, ports, stimulus), other(make(), settings, ports, stimulus);
    whole.advance(cut);
    whole.take();
    Archive archive;
    whole.state().save(archive);
    whole.advance(30 - cut);
    other.state().load(archive);
    other.advance(30 - cut);
    expect_same(whole.take(), other.take());
  }
}

CONFORMANCE(SaveLoad, RefusesAStateOfAnotherNetworkOrOtherLanes) {
  const auto one = [](const char* name) {
    Network network;
    network.add(node(name, "lif", {3}));
    return validated(std::move(network));
  };
  Archive archive;
  Simulation(one("a"), {}, {}).state().save(archive);
  EXPECT_EQ(message_of([&] { Simulation(one("b"), {}, {}).state().load(archive); }),
            "the saved state belongs to another network");
  EXPECT_EQ(message_of([&] { Simulation(one("a"), {.lanes = 2}, {}).state().load(archive); }),
            "the saved state has 1 lanes, this one 2");
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance
