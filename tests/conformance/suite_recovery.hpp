// SPDX-License-Identifier: Apache-2.0
// What is left after an error: a State that refuses use until it is reset or loaded, and then is as good as new.
#pragma once

#include <crosspike/tests/conformance/harness.hpp>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

inline constexpr const char* left_by_an_error =
    "this state was left by an error in the middle of a slice; reset or load it first";

// Listed spikes through a delay, and a current that arrives late, beside a source that breaks its bound.
inline Network breaking_network(double rate) {
  Network network;
  network.dt = 1;
  Node list = node("list", "spike_list", {2});
  list.arrays["times"] = series("times", {2, 3, 5, 6, 6, 9});
  list.arrays["elements"] = series("elements", {0, 1, 0, 0, 1, 1});
  network.add(std::move(list));
  Node late = node("late", "delay", {2});
  late.set("ticks", 3);
  network.add(std::move(late));
  network.connect("list", "late");
  network.add(node("relay", "threshold", {2}));
  project(network, "to_relay", "late", "relay", {.rule = Connectivity::Rule::one_to_one}, 1);
  Node current = node("current", "step_current", {1});
  current.arrays["times"] = series("times", {1, 4});
  current.arrays["currents"] = series("currents", {100, 700});
  network.add(std::move(current));
  network.add(node("cell", "li", {1}, "nest"));
  network.connect("current", "cell.injected", 3);
  Node noise = node("noise", "poisson", {40});
  noise.set("rate", rate);
  noise.set("bound", 2);
  network.add(std::move(noise));
  return network;
}

CONFORMANCE(Recovery, AResetAfterAnErrorLeavesNothingBehind) {
  const auto network = validated(breaking_network(100));
  const std::vector<std::string> watched = {"late", "relay", "noise"};
  for (const int threads : {1, 2})
    for (const int slice : {1, 4, 7}) {
      const Settings settings{.threads = threads, .slice = slice, .streams = {6}, .fields = {"cell.membrane"}};
      SCOPED_TRACE(testing::Message() << settings);
      Simulation one(network, settings, watched);
      ASSERT_NE(message_of([&] { one.advance(10'000); }), "");
      EXPECT_EQ(message_of([&] { one.advance(1); }), left_by_an_error);
      one.take();
      const std::int64_t origin = one.state().tick();
      one.state().reset(0, 7);
      one.advance(12);
      Outcome found = one.take();
      for (auto& [port, events] : found.spikes)
        for (Event& event : events) event.tick -= origin;
      Settings fresh = settings;
      fresh.streams = {7};
      expect_same(run(network, fresh, 12, watched), found);
    }
}

CONFORMANCE(Recovery, AStateThatCouldNotBeLoadedRefusesUse) {
  const auto network = validated(breaking_network(1));
  Simulation one(network, {.slice = 4}, {"relay"});
  one.advance(5);
  Archive whole, damaged;
  one.state().save(whole);
  one.state().save(damaged);
  damaged.put<std::byte>("cell.membrane", std::vector<std::byte>(3));
  EXPECT_NE(message_of([&] { one.state().load(damaged); }), "");
  EXPECT_EQ(message_of([&] { one.advance(1); }), left_by_an_error);
  one.state().load(whole);
  one.take();
  one.advance(7);
  Simulation undisturbed(network, {.slice = 4}, {"relay"});
  undisturbed.advance(5);
  undisturbed.take();
  undisturbed.advance(7);
  expect_same(undisturbed.take(), one.take());
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance
