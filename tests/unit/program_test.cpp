// SPDX-License-Identifier: Apache-2.0
// Programs and States: what advance demands of its inputs, ticks, observers, reading, and one Program under many
// States. What kernels compute is tested in tests/conformance.
#include <gtest/gtest.h>

#include <crosspike/core/program.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/tests/unit/network_builders.hpp>

namespace crosspike {
namespace {

using test::message_of;

// Every input event of channel i adds 1 to neuron i, which halves each tick and never fires.
std::shared_ptr<const Program> program(int lanes = 1, int slice = 0) {
  static const Library library = builtin();
  const NetworkModel model = build_network(parse_config(R"(format = 1
model = "network"
run = { dt = "1 ms" }
populations.in = { kind = "input", size = 3, max_count = 2 }
populations.sum = { kind = "lif", size = 3, rest = 0, reset = 0, threshold = 1000, decay = 0.5 }
projections.one = { from = "in", to = "sum.input", connect = { rule = "one_to_one" }, weight = 1, delay = 0 }
)",
                                                        "a.toml"),
                                           library);
  Team team(1);
  PlanOptions options;
  options.lanes = lanes;
  options.slice = slice;
  Taps taps;
  taps.ports.insert(model.network->output("sum"));
  return Program::build(make_plan(model.network, model.placement, library, taps, options, team), team);
}

constexpr NodeId in = 0, sum = 1;

void feed(State& state, int ticks, std::vector<std::uint32_t> index, std::vector<std::int32_t> count = {}) {
  SpikeBuffer& buffer = state.input_spikes(in);
  buffer.begin(state.tick(), state.lanes());
  for (int tick = 0; tick < ticks; ++tick)
    for (int lane = 0; lane < state.lanes(); ++lane) {
      if (tick == 0) buffer.append(index, count);
      buffer.end_row();
    }
}

std::vector<double> membranes(const State& state, int lane = 0) {
  return state.read(sum, *state.program().network().node(sum).kind->find_state("membrane"), lane);
}

TEST(State, AdvancesItsInputs) {
  State state(program());
  Team team(1);
  feed(state, 3, {0, 2}, {1, 2});
  state.advance(3, team);
  EXPECT_EQ(state.tick(), 3);
  EXPECT_EQ(membranes(state), (std::vector<double>{0.25, 0, 0.5}));
}

TEST(State, DoesNotNoticeHowItIsAdvanced) {
  Team team(1);
  State whole(program()), stepped(program()), sliced(program(1, 2));
  for (State* state : {&whole, &sliced}) {
    feed(*state, 5, {1}, {2});
    state->advance(5, team);
  }
  for (int tick = 0; tick < 5; ++tick) {
    tick == 0 ? feed(stepped, 1, {1}, {2}) : feed(stepped, 1, {});
    stepped.advance(1, team);
  }
  EXPECT_EQ(membranes(stepped), membranes(whole));
  EXPECT_EQ(membranes(sliced), membranes(whole));
}

TEST(State, ShowsEverySliceOnce) {
  State state(program(1, 2));
  Team team(1);
  std::vector<std::pair<std::int64_t, int>> slices;
  feed(state, 5, {});
  state.advance(5, team, [&](const SliceView& slice) {
    slices.emplace_back(slice.first_tick, slice.ticks);
    EXPECT_EQ(slice.wires.spikes.at({sum, 0}).ticks(), slice.ticks);
  });
  EXPECT_EQ(slices, (std::vector<std::pair<std::int64_t, int>>{{0, 2}, {2, 2}, {4, 1}}));
}

TEST(State, ResetsOneLaneAndLeavesTheOther) {
  State state(program(2));
  Team team(1);
  feed(state, 1, {0}, {2});
  state.advance(1, team);
  state.reset(1, 9);
  EXPECT_EQ(membranes(state, 0)[0], 2);
  EXPECT_EQ(membranes(state, 1)[0], 0);
}

TEST(State, SharesItsProgramWithOthers) {
  const auto shared = program();
  State a(shared), b(shared);
  Team team(1);
  feed(a, 1, {0});
  feed(b, 1, {1});
  a.advance(1, team);
  b.advance(1, team);
  EXPECT_EQ(membranes(a), (std::vector<double>{1, 0, 0}));
  EXPECT_EQ(membranes(b), (std::vector<double>{0, 1, 0}));
}

TEST(State, RefusesInputsThatAreMissingOrBreakTheirDeclaration) {
  State state(program());
  Team team(1);
  const auto refusal = [&](int ticks, std::vector<std::uint32_t> index, std::vector<std::int32_t> count = {}) {
    feed(state, 2, std::move(index), std::move(count));
    return message_of([&] { state.advance(ticks, team); });
  };
  EXPECT_EQ(refusal(3, {}), "input 'in' holds 2 ticks from tick 0, the run needs 3 from tick 0");
  EXPECT_EQ(refusal(2, {3}), "input 'in': channel 3 in tick 0 of stream 0; allowed: 0 to 2");
  EXPECT_EQ(
      refusal(2, {1, 1}),
      "input 'in': channel 1 after channel 1 in tick 0 of stream 0; channels ascend; add up the counts of equal ones");
  EXPECT_EQ(refusal(2, {1}, {3}),
            "input 'in': 3 events of channel 1 in tick 0 of stream 0; declared max_count 2; raise it");
  EXPECT_EQ(state.tick(), 0);  // nothing ran
  EXPECT_EQ(refusal(2, {1}, {2}), "");
}

TEST(State, RefusesStreamsAndInputsThatDoNotExist) {
  State state(program());
  EXPECT_EQ(message_of([&] { state.reset(0, 0x100000000u); }), "stream 4294967296 is beyond 2^32 - 1");
  EXPECT_EQ(message_of([&] { state.input_spikes(sum); }), "'sum' is no input that carries spikes");
  EXPECT_EQ(message_of([&] { state.input_values(in); }), "'in' is no input that carries values");
  EXPECT_EQ(message_of([&] { state.read(in, 0); }), "no backend keeps a state of 'in' that could be read");
}

TEST(State, WantsAResetAfterAnObserverThrew) {
  State state(program());
  Team team(1);
  feed(state, 1, {});
  EXPECT_THROW(state.advance(1, team, [](const SliceView&) { throw Error(Fault::interrupted, "stop"); }), Error);
  feed(state, 1, {});
  try {
    state.advance(1, team);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "this state was left by an error in the middle of a slice; reset or load it first");
  }
  state.reset(0, 0);
  feed(state, 1, {});
  EXPECT_EQ(message_of([&] { state.advance(1, team); }), "");
}

}  // namespace
}  // namespace crosspike
