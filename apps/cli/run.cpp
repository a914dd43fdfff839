// SPDX-License-Identifier: Apache-2.0
// crosspike run: simulates a network once.
#include <fmt/format.h>

#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/simulate.hpp>
#include <crosspike/apps/cli/text.hpp>

namespace crosspike::cli {

namespace {

void require_network(const Value& config, const std::filesystem::path& path) {
  const std::string model = model_of(config);
  if (model == "network") return;
  fail_at(config.as<Table>()->find("model")->where(),
          fmt::format("run simulates model = \"network\", this is \"{}\"; write: crosspike train {}", model,
                      path.string()));
}

std::string speed_text(double simulated_s, double wall_s) {
  const double speed = simulated_s / wall_s;
  return speed >= 1 ? fmt::format("{} times faster than real time", short_number(speed))
                    : fmt::format("{} times slower than real time", short_number(1 / speed));
}

void report(Session& session, const Simulated& run, const std::filesystem::path& out) {
  const double simulated_s = run.seconds();
  const double events_per_second = static_cast<double>(run.synaptic_events) / run.wall_s;
  TextTable table({"population", "size", "spikes", "mean rate"});
  for (const std::size_t column : {1u, 2u, 3u}) table.align_right(column);
  for (const auto& [port, count] : run.spikes) {
    const Node& node = run.model.network->node(port.node);
    table.row({node.name, grouped(node.size()), grouped(count),
               rate_text(static_cast<double>(count) / static_cast<double>(node.size()) / simulated_s)});
  }
  if (!table.empty()) session.print(table.text(session.width()) + "\n");
  session.print(fmt::format("  simulated  {} in {} ({}), built in {}\n", duration_text(simulated_s),
                            duration_text(run.wall_s), speed_text(simulated_s, run.wall_s),
                            duration_text(run.build_s)));
  if (run.synaptic_events > 0)
    session.print(fmt::format("  speed      {} synaptic events per second ({})\n", short_number(events_per_second),
                              counted(static_cast<std::uint64_t>(session.options.threads), "thread")));
  session.print(fmt::format("  results    {}\n", out.string()));
  Json json_figures;
  for (const auto& [name, value] : run.figures) json_figures[name] = json_of(value);
  json_figures["build_s"] = run.build_s;
  json_figures["wall_s"] = run.wall_s;
  json_figures["simulated_seconds_per_second"] = simulated_s / run.wall_s;
  json_figures["synaptic_events"] = run.synaptic_events;
  json_figures["synaptic_events_per_second"] = events_per_second;
  Json object = {{"figures", json_figures},
                 {"out", out.string()},
                 {"threads", session.options.threads},
                 {"plan", plan_json(run.program->plan())},
                 {"config", to_toml(run.model.resolved)}};
  object.update(provenance());
  session.print(object);
}

}  // namespace

void run(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  require_network(config, path);
  const std::filesystem::path out = session.results_path(path, config);
  const Simulated result = simulate(session, config, out, path.string());
  session.wrote(out);
  session.meter().clear();
  report(session, result, out);
}

}  // namespace crosspike::cli
