// SPDX-License-Identifier: Apache-2.0
// crosspike info: the plan of a config, or what is in a results file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/dataset_text.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/models/lsm/measure.hpp>

namespace crosspike::cli {

namespace {

void describe_records(const ResultsReader& results, TextTable& table, Json& json) {
  for (const std::string& population : results.populations()) {
    const SpikeTrain train = results.spikes({population, {}});
    const std::size_t rows = train.timestamps_ms.size();
    std::uint64_t spikes = train.counts.empty() ? rows : 0;
    for (const std::int32_t count : train.counts) spikes += static_cast<std::uint64_t>(std::abs(std::int64_t{count}));
    table.row(
        {"/spikes/" + population, counted(spikes, "spike") + (spikes == rows ? "" : " in " + counted(rows, "row"))});
    json["spikes"][population] = spikes;
  }
  for (const std::string& recorder : results.recorders()) {
    const ValuesTable values = results.values({recorder, {}});
    table.row({"/values/" + recorder, fmt::format("{} of {} ({}), every {} of {:g} ms", counted(values.rows, "row"),
                                                  counted(values.width, "value"), values.info.unit,
                                                  counted(values.info.every, "tick"), values.info.dt_ms)});
    json["values"][recorder] = {{"rows", values.rows}, {"width", values.width}, {"unit", values.info.unit}};
  }
}

Json describe_readout(const ReadoutArrays& readout, const std::string& path, TextTable& table) {
  const bool rls = readout.kind == "rls";
  table.row({path, fmt::format("{}, {} classes of {} features, {} = {}", readout.kind, grouped(readout.classes.size()),
                               grouped(readout.mean.size()), rls ? "alpha" : "lambda", readout.lambda)});
  Json json = {{"kind", readout.kind},
               {"classes", readout.classes.size()},
               {"features", readout.mean.size()},
               {"lambda", readout.lambda}};
  if (readout.forgetting) json["forgetting"] = *readout.forgetting;
  return json;
}

constexpr std::size_t most_measured = 20'000;  // neurons; more would take minutes

// What the liquid of an lsm is good for; said to be unknown where it has too many neurons.
void liquid_info(Session& session, const LsmSettings& settings, Json& json) {
  const Network& network = *settings.liquid.network;
  if (const std::size_t neurons = network.node(network.require("liquid")).size(); neurons > most_measured) {
    session.print(fmt::format("\nThe liquid is not measured: it has more than {} neurons.\n", grouped(most_measured)));
    return;
  }
  const TrainingSplits splits = open_training_splits(settings.dataset);
  const LiquidMeasures m = measure_liquid(settings, session.library, *splits.train, session.options.threads,
                                          session.options.slice, session.progress());
  session.meter().clear();
  const std::string of = fmt::format("of {}", counted(static_cast<std::uint64_t>(m.samples), "sample"));
  TextTable table({"the liquid", "measured", "what"});
  table.row({"kernel rank", grouped(m.kernel_rank), of + fmt::format(", {} features each", grouped(m.features))});
  table.row({"generalisation rank", grouped(m.general_rank),
             fmt::format("of as many copies of one sample, events moved by {}",
                         format_quantity(settings.binning.tick_ms, Unit::ms))});
  table.row({"separation", fmt::format("{:.3g}", m.separation.value()),
             fmt::format("class centres {:.3g} apart, samples {:.3g} from theirs; {} classes", m.separation.between,
                         m.separation.within, m.separation.classes)});
  table.row({"memory capacity", fmt::format("{:.3g}", m.memory.steps()),
             fmt::format("steps of {}, of {} looked at", format_quantity(m.memory.step_ms, Unit::ms),
                         m.memory.found.size() - 1)});
  session.print("\n" + table.text(session.width()));
  json["liquid"] = {{"samples", m.samples},
                    {"features", m.features},
                    {"kernel_rank", m.kernel_rank},
                    {"generalisation_rank", m.general_rank},
                    {"separation", m.separation.value()},
                    {"separation_between", m.separation.between},
                    {"separation_within", m.separation.within},
                    {"classes", m.separation.classes},
                    {"memory_capacity", m.memory.steps()},
                    {"memory_step_ms", m.memory.step_ms},
                    {"memory_by_lag", m.memory.found}};
}

void results_info(Session& session, const std::filesystem::path& path) {
  const ResultsReader results(path);
  session.print(fmt::format("{}: results of crosspike {}, seed {}\n", path.string(), results.header().version,
                            results.header().seed));
  Json json = {{"file", path.string()}, {"written_by", results.header().version}, {"seed", results.header().seed}};
  TextTable figures({"figure", "value"});
  json["figures"] = Json::object();
  for (const auto& [name, value] : results.figures()) {
    json["figures"][name] = json_of(value);
    figures.row({name, figure_text(name, value)});
  }
  if (!figures.empty()) session.print("\n" + figures.text(session.width()));
  TextTable records({"recorded", "what"});
  describe_records(results, records, json);
  if (const auto samples = results.samples(); !samples.empty()) {
    records.row(
        {"/samples", fmt::format("{}, numbers {} to {}", grouped(samples.size()), samples.front(), samples.back())});
    json["samples"] = samples.size();
  }
  if (results.has_readout()) json["readout"] = describe_readout(results.readout(), "/readout", records);
  for (const std::string& name : results.readouts())
    json["readouts"][name] = describe_readout(results.readout(name), "/readouts/" + name, records);
  for (const std::string& projection : results.projections()) {
    const std::size_t edges = results.edges(projection).source.size();
    records.row({"/liquid/edges/" + projection, counted(edges, "edge")});
    json["edges"][projection] = edges;
  }
  if (!records.empty()) session.print("\n" + records.text(session.width()));
  session.print("\n" + results.header().config);
  json["config"] = results.header().config;
  session.print(json);
}

}  // namespace

void info(Session& session, const std::filesystem::path& path) {
  if (is_hdf5(path)) return results_info(session, path);
  if (std::error_code unknown; path.extension() == ".csv" && std::filesystem::exists(path, unknown)) {
    std::filesystem::path table = path;
    if (path.stem().extension() == ".runs") table.replace_filename(path.stem().stem().string() + ".csv");
    fail_at({path.string()},
            fmt::format("is a table, no config and no results; draw it: crosspike report {}", table.string()));
  }
  if (std::error_code unknown;
      std::filesystem::is_regular_file(path, unknown) && std::filesystem::is_empty(path, unknown))
    fail_at({path.string()}, "is empty: no results and no config");
  const Value config = session.config(path);
  const std::string model = model_of(config);
  std::optional<LsmSettings> lsm;
  if (model == "lsm") lsm = read_lsm(config, session.library);
  const NetworkModel network = lsm ? lsm->liquid : build_network(config, session.library);
  Team team(session.options.threads);
  const Plan plan = make_plan(network.network, network.placement, session.library, run_taps(network),
                              session.plan_options(network), team);
  session.print(fmt::format("{}: model {}, {}\n\n", path.string(), model, plan_line(plan)));
  session.print(plan_text(plan, session.width()));
  Json json = {{"model", model}, {"plan", plan_json(plan)}};
  if (const auto source = dataset_of(config)) {
    const DatasetFacts facts =
        dataset_facts(*source, model == "network" ? DatasetUse::simulation : DatasetUse::training, session.progress());
    session.meter().clear();
    session.print("\n" + facts.text(session.width()));
    json["dataset"] = facts.json();
  }
  if (lsm) liquid_info(session, *lsm, json);
  json.update(provenance());
  session.print(json);
}

}  // namespace crosspike::cli
