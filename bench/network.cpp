// SPDX-License-Identifier: Apache-2.0
// `crosspike bench network`: one recurrent network at two sizes, with one thread and with all, in long slices, in
// slices of one tick, and advanced tick by tick as a closed loop does. All of them must give the same spikes;
// docs/performance.md shows the rates.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/bench/bench.hpp>
#include <crosspike/bench/measure.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/program.hpp>
#include <crosspike/models/network/model.hpp>
#include <string>
#include <vector>

namespace crosspike {

namespace {

using Json = nlohmann::ordered_json;

// Of examples/ei_network.toml, with a tenth of the network as each neuron's inputs, 1,000 at most, and the weights that
// keep their sum.
std::string network_config(std::int64_t neurons) {
  const std::int64_t inputs = std::min<std::int64_t>(neurons / 10, 1000), exc = inputs * 4 / 5, inh = inputs - exc;
  std::string text = fmt::format(R"(
format = 1
model = "network"
run = {{ dt = "0.1 ms", time = "1 s" }}
[populations]
noise = {{ kind = "poisson", size = {}, rate = "1 kHz" }}
exc = {{ kind = "cuba_lif", size = {}, tau_mem = "20 ms" }}
inh = {{ kind = "cuba_lif", size = {}, tau_mem = "20 ms" }}
[projections]
)",
                                 neurons, neurons * 4 / 5, neurons / 5);
  const auto connect = [&](const char* from, const char* to, const char* port, std::int64_t indegree, double weight,
                           const char* delay) {
    text += fmt::format(
        "{0}_{1} = {{ from = \"{0}\", to = \"{1}.{2}\", connect = {{ rule = \"fixed_indegree\", indegree = {3} }}, "
        "weight = \"{4} pA\", delay = \"{5}\" }}\n",
        from, to, port, indegree, weight, delay);
  };
  for (const char* to : {"exc", "inh"}) {
    connect("noise", to, "excitatory", 1, 330, "0.1 ms");
    connect("exc", to, "excitatory", exc, 6400 / static_cast<double>(exc), "1.5 ms");
    connect("inh", to, "inhibitory", inh, -9600 / static_cast<double>(inh), "1.5 ms");
  }
  return text + "[bench]\nneurons = [1000, 20000]\nrepeats = 3\n";
}

struct Way {
  const char* name;
  int slice;  // ticks; 0: as --slice says
  bool tick_by_tick;
};
constexpr Way ways[] = {{"whole", 0, false}, {"slice_1", 1, false}, {"advance_1", 1, true}};

struct Outcome {
  std::vector<std::uint64_t> spikes;  // tick, population, neuron
  std::uint64_t synaptic_events = 0;
};

Taps spikes_of_all(const Network& network) {
  Taps taps;
  for (const char* name : {"exc", "inh"}) taps.ports.insert({network.require(name), 0});
  return taps;
}

Outcome simulate(const std::shared_ptr<const Program>& program, std::int64_t ticks, bool tick_by_tick, Team& team) {
  Outcome outcome;
  State state(program);
  const auto observe = [&](const SliceView& slice) {
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (const PortRef port : program->plan().taps.ports)
        for (const std::uint32_t neuron : slice.wires.spikes.at(port).view().at(tick, 0))
          outcome.spikes.push_back(static_cast<std::uint64_t>(tick) << 36 | std::uint64_t{port.node} << 24 | neuron);
  };
  if (tick_by_tick)
    while (state.tick() < ticks) state.advance(1, team, observe);
  else
    state.advance(ticks, team, observe);
  outcome.synaptic_events = state.work().synaptic_events;
  return outcome;
}

class NetworkBench {
 public:
  explicit NetworkBench(const BenchOptions& options) : options_(options) {
    if (options.backend != "cpu")
      throw Error(Fault::cannot, fmt::format("bench network measures the cpu backend, not '{}'", options.backend));
    const Value config = config_of(1000);  // of any size: `bench` is the same
    TableReader reader(*config.as<Table>()->find("bench"), "bench");
    neurons_ = reader.integers("neurons", 100, 1'000'000);
    repeats_ = static_cast<int>(reader.integer("repeats", required, 1, 1000));
    reader.finish();
  }

  Json run() {
    result_["figures"] = Json::object();
    result_["networks"] = Json::array();
    for (const std::int64_t neurons : neurons_) measure(neurons);
    return std::move(result_);
  }

 private:
  Value config_of(std::int64_t neurons) const {
    Value config = parse_config(network_config(neurons), "bench network");
    for (const std::string& assignment : options_.overrides) apply_override(config, assignment);
    if (options_.seed) apply_override(config, fmt::format("seed={}", *options_.seed));
    return config;
  }

  void measure(std::int64_t neurons) {
    const NetworkModel model = build_network(without(config_of(neurons), "bench"), options_.library);
    result_["seed"] = model.network->seed;
    result_["sizes"] = {{"repeats", repeats_}, {"simulated_s", model.time / 1000}};

    Json row = {{"neurons", neurons}, {"cases", Json::array()}};
    std::vector<std::uint64_t> spikes;
    std::vector<int> teams = {1};
    if (options_.threads > 1) teams.push_back(options_.threads);
    double alone = 0, whole = 0;
    for (const int threads : teams)
      for (const Way& way : ways) {
        const auto [seconds, outcome] = time(model, threads, way, row);
        if (row["cases"].size() == 1) spikes = outcome.spikes;
        if (outcome.spikes != spikes)
          throw Error(Fault::check,
                      fmt::format("{} neurons: other spikes with {} threads, {}", neurons, threads, way.name));
        const double rate = model.time / 1000 / seconds;
        Json& figures = result_["figures"];
        if (way.slice == 0) {
          whole = rate;
          if (threads == 1) alone = rate;
          row["synaptic_events"] = outcome.synaptic_events;
        }
        if (threads != options_.threads) continue;
        if (way.slice == 0) {
          figures[fmt::format("simulated_seconds_per_second_{}", neurons)] = rate;
          if (threads > 1) figures[fmt::format("threads_over_one_{}", neurons)] = rate / alone;
        } else {
          figures[fmt::format("{}_over_whole_{}", way.name, neurons)] = rate / whole;
        }
      }
    row["spikes"] = spikes.size();
    result_["networks"].push_back(std::move(row));
  }

  std::pair<double, Outcome> time(const NetworkModel& model, int threads, const Way& way, Json& row) const {
    if (options_.progress)
      options_.progress(
          fmt::format("{} neurons, {} threads, {}", row["neurons"].get<std::int64_t>(), threads, way.name), 0, 0, "");
    Team team(threads);
    PlanOptions plan{.threads = threads, .slice = way.slice != 0 ? way.slice : options_.slice, .ticks = model.ticks};
    const auto program = Program::build(
        make_plan(model.network, model.placement, options_.library, spikes_of_all(*model.network), plan, team), team);
    Outcome outcome;
    const Timing timing =
        time_repeats(repeats_, [&] { outcome = simulate(program, model.ticks, way.tick_by_tick, team); });
    row["synapses"] = program->plan().synapses();
    row["cases"].push_back({{"threads", threads},
                            {"way", way.name},
                            {"slice_ticks", program->plan().slice},
                            {"seconds", timing.median()},
                            {"spread", timing.spread()},
                            {"busy_threads", timing.busy_threads}});
    return {timing.median(), std::move(outcome)};
  }

  const BenchOptions& options_;
  std::vector<std::int64_t> neurons_;
  int repeats_ = 0;
  Json result_;
};

}  // namespace

Bench network_bench() {
  return {"network", "one recurrent network: threads, slices, and what advancing tick by tick costs; same spikes",
          [](const BenchOptions& options) { return NetworkBench(options).run(); }};
}

}  // namespace crosspike
