// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/apps/cli/simulate.hpp>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/recorder.hpp>
#include <crosspike/core/spool.hpp>
#include <crosspike/models/network/feed.hpp>
#include <crosspike_generated/version.hpp>

namespace crosspike::cli {

namespace {

constexpr std::int64_t fewest_ticks = 1000;  // of an advance, each of which wakes the team

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

Figures figures_of(const Simulated& run) {
  Figures figures = {{"simulated_s", run.seconds()}};
  if (run.model.dataset) figures.emplace_back("samples", run.samples);
  for (const auto& [port, count] : run.spikes) {
    const Node& node = run.model.network->node(port.node);
    figures.emplace_back("spikes_" + node.name, static_cast<std::int64_t>(count));
    figures.emplace_back("rate_hz_" + node.name,
                         static_cast<double>(count) / static_cast<double>(node.size()) / run.seconds());
  }
  return figures;
}

// One run after another of the same program.
class Simulation {
 public:
  Simulation(Session& session, const NetworkModel& model, const std::shared_ptr<const Program>& program, Team& team,
             const Taps& taps, std::int64_t samples)
      : progress_(session.progress()),
        model_(model),
        team_(team),
        state_(program),
        counter_(*model.network, taps),
        samples_(samples) {
    const std::int64_t slice = program->plan().slice;
    step_ = (fewest_ticks + slice - 1) / slice * slice;  // whole slices, as the plan says
  }

  // `feed`: null where there is no data set.
  void run(std::int64_t sample, SampleFeed* feed, ResultsWriter* writer) {
    std::optional<std::uint64_t> number;
    if (feed) number = static_cast<std::uint64_t>(feed->number(sample));
    state_.reset(0, number.value_or(0));
    Recording recording(*model_.network, model_.recorders, number);
    recording.start(state_);
    if (feed) feed->fill(state_, sample);
    const std::int64_t origin = state_.tick(), end = origin + model_.ticks;
    const auto observe = [&](const SliceView& slice) {
      recording.observe(slice);
      counter_.observe(slice);
      const std::int64_t done = sample * model_.ticks + slice.first_tick + slice.ticks - origin;
      progress_("simulating", static_cast<double>(done), static_cast<double>(samples_ * model_.ticks), "ticks");
    };
    const std::int64_t most = feed ? model_.ticks : step_;  // what a data set fills in is for the whole run
    while (state_.tick() < end) state_.advance(std::min(most, end - state_.tick()), team_, observe);
    if (writer) recording.write(*writer);
  }

  const std::map<PortRef, std::uint64_t>& spikes() const { return counter_.counts(); }
  std::uint64_t synaptic_events() const { return state_.work().synaptic_events; }

 private:
  const Progress progress_;
  const NetworkModel& model_;
  Team& team_;
  State state_;
  SpikeCounter counter_;
  std::int64_t samples_, step_ = 1;
};

}  // namespace

void refuse_inputs(const NetworkModel& model) {
  if (model.dataset) return;
  for (const Node& node : model.network->nodes())
    if (node.kind->filled_by_caller)
      throw Error(
          Fault::input,
          fmt::format("{}: population '{}' (kind input) waits for a data set, and there is no [dataset]; add one "
                      "such as: dataset = {{ kind = \"events\", file = \"events.h5\" }}, or use kind spike_list, "
                      "step_current or poisson",
                      node.where, node.name));
}

Simulated simulate(Session& session, const Value& config, const std::optional<std::filesystem::path>& out,
                   const std::string& name) {
  Simulated run;
  run.model = build_network(config, session.library);
  refuse_inputs(run.model);
  if (!out) run.model.recorders.clear();
  const NetworkModel& model = run.model;
  std::optional<SampleFeed> feed;
  if (model.dataset) feed.emplace(*model.network, model.dataset->node, model.dataset->source, model.ticks);
  if (feed) run.samples = feed->size();
  std::optional<ResultsWriter> writer;
  if (out)
    writer.emplace(*out, ResultsHeader{CROSSPIKE_VERSION, model.network->seed, to_toml(model.resolved)},
                   session.existing());

  if (!model.recorders.empty()) spool_folder();  // refuses now what a recorder would refuse after the plan

  const Taps taps = run_taps(model);
  const auto build_start = Clock::now();
  Team team(session.options.threads);
  run.program = Program::build(
      make_plan(model.network, model.placement, session.library, taps, session.plan_options(model), team), team);
  if (out) session.remark(fmt::format("{}: {}\n", name, plan_line(run.program->plan())));
  Simulation simulation(session, model, run.program, team, taps, run.samples);
  run.build_s = seconds_since(build_start);

  const auto start = Clock::now();
  ResultsWriter* const records = writer ? &*writer : nullptr;
  for (std::int64_t sample = 0; sample < run.samples; ++sample)
    simulation.run(sample, feed ? &*feed : nullptr, records);
  run.wall_s = seconds_since(start);
  run.synaptic_events = simulation.synaptic_events();
  run.spikes = simulation.spikes();
  run.figures = figures_of(run);

  if (writer)
    for (const auto& [figure, value] : run.figures) writer->figure(figure, value);
  check_interrupted();
  if (writer) writer->finish();
  return run;
}

}  // namespace crosspike::cli
