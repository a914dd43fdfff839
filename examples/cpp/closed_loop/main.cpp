// SPDX-License-Identifier: Apache-2.0
// A loop that is closed outside of the simulator: 200 neurons are stepped 10 ms at a time; after each step the program
// reads how often they fired and sends more or fewer input spikes in the next one, until they fire at 20 Hz.
//
//   cmake --install BUILD --prefix PREFIX     of crosspike
//   cmake -S examples/cpp/closed_loop -B loop -DCMAKE_PREFIX_PATH=PREFIX && cmake --build loop && loop/closed_loop
#include <algorithm>
#include <cmath>
#include <crosspike/core/library.hpp>
#include <crosspike/core/program.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

using namespace crosspike;

namespace {

constexpr std::uint32_t channels = 50, neurons = 200;
constexpr int step = 10, steps = 300;  // ticks of 1 ms
constexpr double wanted_hz = 20;

Network make_network(const Library& library) {
  Network network;
  network.dt = 1;  // ms
  network.seed = 1;
  network.add(make_node("drive", library.kind("input"), {channels}));

  Node weights = make_node("weights", library.kind("sparse"), {neurons});
  weights.connectivity = Connectivity{.rule = Connectivity::Rule::fixed_indegree, .indegree = 10};
  weights.connectivity->weight = Distribution::normal(3, 1);  // mV
  network.add(std::move(weights));

  Node cells = make_node("cells", library.kind("lif"), {neurons});
  cells.set("tau_mem", 20);  // ms
  network.add(std::move(cells));

  network.connect("drive", "weights");
  network.connect("weights", "cells.input");
  network.validate();
  return network;
}

// So many spikes on randomly chosen channels in each of the next ticks.
void send(SpikeBuffer& input, std::int64_t tick, double per_tick, std::uint64_t& random) {
  input.begin(tick, 1);
  for (int t = 0; t < step; ++t) {
    std::vector<bool> fires(channels, false);
    for (int n = 0; n < std::lround(per_tick); ++n) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      fires[(random >> 33) % channels] = true;
    }
    for (std::uint32_t c = 0; c < channels; ++c)
      if (fires[c]) input.append(c, 1);  // ascending within a tick
    input.end_row();
  }
}

void run() {
  const Library library = builtin();
  const auto network = std::make_shared<const Network>(make_network(library));
  const NodeId drive = network->require("drive");
  const PortRef spikes = network->output("cells.spikes");

  Team team(1);
  Taps taps;
  taps.ports.insert(spikes);  // whose spikes the loop reads
  const auto program = Program::build(make_plan(network, {}, library, taps, {}, team), team);
  State state(program);
  state.reset(0, 0);

  double per_tick = 5, late_hz = 0;
  std::uint64_t random = 1;
  for (int s = 0; s < steps; ++s) {
    send(state.input_spikes(drive), state.tick(), per_tick, random);
    std::size_t fired = 0;
    state.advance(step, team,
                  [&](const SliceView& slice) { fired += slice.wires.spikes.at(spikes).view().index.size(); });
    const double hz = static_cast<double>(fired) / neurons / (step * network->dt) * 1000;
    per_tick = std::clamp(per_tick + 0.02 * (wanted_hz - hz), 0.0, 50.0);
    if (s >= steps / 2) late_hz += hz / (steps - steps / 2);
  }
  std::printf("%.1f Hz in the second half, %.0f Hz wanted\n", late_hz, wanted_hz);
}

}  // namespace

int main() {
  try {
    run();
  } catch (const std::exception& error) {  // a full sentence: what is wrong, where, how to mend it
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
