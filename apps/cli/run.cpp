// SPDX-License-Identifier: Apache-2.0
// crosspike run: simulates a network once.
#include <fmt/format.h>

#include <cmath>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/program.hpp>
#include <crosspike/core/recorder.hpp>
#include <crosspike_generated/version.hpp>
#include <map>

namespace crosspike::cli {

namespace {

constexpr std::int64_t fewest_ticks = 1000;  // of an advance, each of which wakes the team

// Spikes of every population, recorded or not.
class SpikeCounter {
 public:
  SpikeCounter(const Network& network, const Taps& taps) {
    for (const PortRef port : taps.ports)
      if (network.carries(port) == Carries::spikes) counts_[port] = 0;
  }

  void observe(const SliceView& slice) {
    for (auto& [port, count] : counts_) {
      const Spikes spikes = slice.wires.spikes.at(port).view();
      if (spikes.count.empty()) count += spikes.index.size();
      for (const std::int32_t n : spikes.count) count += static_cast<std::uint64_t>(std::abs(std::int64_t{n}));
    }
  }

  const std::map<PortRef, std::uint64_t>& counts() const { return counts_; }

 private:
  std::map<PortRef, std::uint64_t> counts_;
};

void refuse_inputs(const Network& network) {
  for (const Node& node : network.nodes())
    if (node.kind->filled_by_caller)
      throw Error(
          Fault::input,
          fmt::format(
              "{}: population '{}' (kind input) waits for a data set, which `crosspike run` does not feed; "
              "use kind spike_list, step_current or poisson, or train a model such as examples/lsm_fashion.toml",
              node.where, node.name));
}

void require_network(const Value& config, const std::filesystem::path& path) {
  const std::string model = model_of(config);
  if (model == "network") return;
  fail_at(config.as<Table>()->find("model")->where(),
          fmt::format("run simulates model = \"network\", this is \"{}\"; write: crosspike train {}", model,
                      path.string()));
}

struct Effort {
  double build_s = 0, wall_s = 0;
  std::uint64_t synaptic_events = 0;
};

double simulated_seconds(const NetworkModel& model) {
  return static_cast<double>(model.ticks) * model.network->dt / 1000;
}

// What goes into the results: nothing that another machine would measure otherwise.
std::vector<std::pair<std::string, Figure>> figures_of(const NetworkModel& model, const SpikeCounter& counter) {
  const double seconds = simulated_seconds(model);
  std::vector<std::pair<std::string, Figure>> figures = {{"simulated_s", seconds}};
  for (const auto& [port, count] : counter.counts()) {
    const Node& node = model.network->node(port.node);
    figures.emplace_back("spikes_" + node.name, static_cast<std::int64_t>(count));
    figures.emplace_back("rate_hz_" + node.name,
                         static_cast<double>(count) / static_cast<double>(node.size()) / seconds);
  }
  return figures;
}

std::string speed_text(double simulated_s, double wall_s) {
  const double speed = simulated_s / wall_s;
  return speed >= 1 ? fmt::format("{} times faster than real time", short_number(speed))
                    : fmt::format("{} times slower than real time", short_number(1 / speed));
}

void report(Session& session, const NetworkModel& model, const Plan& plan, const SpikeCounter& counter,
            const Effort& effort, const std::filesystem::path& out) {
  const double simulated_s = simulated_seconds(model);
  const double events_per_second = static_cast<double>(effort.synaptic_events) / effort.wall_s;
  TextTable table({"population", "size", "spikes", "mean rate"});
  for (const std::size_t column : {1u, 2u, 3u}) table.align_right(column);
  for (const auto& [port, count] : counter.counts()) {
    const Node& node = model.network->node(port.node);
    table.row({node.name, grouped(node.size()), grouped(count),
               rate_text(static_cast<double>(count) / static_cast<double>(node.size()) / simulated_s)});
  }
  if (!table.empty()) session.print(table.text(session.width()) + "\n");
  session.print(fmt::format("  simulated  {} in {} ({}), built in {}\n", duration_text(simulated_s),
                            duration_text(effort.wall_s), speed_text(simulated_s, effort.wall_s),
                            duration_text(effort.build_s)));
  if (effort.synaptic_events > 0)
    session.print(fmt::format("  speed      {} synaptic events per second ({})\n", short_number(events_per_second),
                              counted(static_cast<std::uint64_t>(session.options.threads), "thread")));
  session.print(fmt::format("  results    {}\n", out.string()));
  Json json_figures;
  for (const auto& [name, value] : figures_of(model, counter)) json_figures[name] = json_of(value);
  json_figures["build_s"] = effort.build_s;
  json_figures["wall_s"] = effort.wall_s;
  json_figures["simulated_seconds_per_second"] = simulated_s / effort.wall_s;
  json_figures["synaptic_events"] = effort.synaptic_events;
  json_figures["synaptic_events_per_second"] = events_per_second;
  Json object = {{"figures", json_figures},
                 {"out", out.string()},
                 {"threads", session.options.threads},
                 {"plan", plan_json(plan)},
                 {"config", to_toml(model.resolved)}};
  object.update(provenance());
  session.print(object);
}

}  // namespace

void run(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  require_network(config, path);
  const std::filesystem::path out = session.results_path(path, config);
  const NetworkModel model = build_network(config, session.library);
  refuse_inputs(*model.network);
  ResultsWriter writer(out, {CROSSPIKE_VERSION, model.network->seed, to_toml(model.resolved)}, session.existing());

  const Taps taps = run_taps(model);
  SpikeCounter counter(*model.network, taps);
  Recording recording(*model.network, model.recorders);
  Effort effort;
  const auto build_start = Clock::now();
  Team team(session.options.threads);
  const auto program = Program::build(
      make_plan(model.network, model.placement, session.library, taps, session.plan_options(model), team), team);
  const Plan& plan = program->plan();
  session.remark(fmt::format("{}: {}\n", path.string(), plan_line(plan)));
  State state(program);
  state.reset(0, 0);
  recording.start(state);
  effort.build_s = seconds_since(build_start);

  const Progress progress = session.progress();
  const auto observe = [&](const SliceView& slice) {
    recording.observe(slice);
    counter.observe(slice);
    progress("simulating", static_cast<double>(slice.first_tick + slice.ticks), static_cast<double>(model.ticks),
             "ticks");
  };
  const std::int64_t slice = plan.slice;
  const std::int64_t step = (fewest_ticks + slice - 1) / slice * slice;  // whole slices, as the plan says
  const auto start = Clock::now();
  while (state.tick() < model.ticks) state.advance(std::min(step, model.ticks - state.tick()), team, observe);
  effort.wall_s = seconds_since(start);
  effort.synaptic_events = state.work().synaptic_events;

  recording.write(writer);
  for (const auto& [name, value] : figures_of(model, counter)) writer.figure(name, value);
  check_interrupted();
  writer.finish();
  session.wrote(out);
  session.meter().clear();
  report(session, model, plan, counter, effort, out);
}

}  // namespace crosspike::cli
