// SPDX-License-Identifier: Apache-2.0
// crosspike train and eval: fit a readout, score it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/experiment.hpp>

namespace crosspike::cli {

namespace {

// A readout's line in the table of accuracies: its name and the two figures that it has.
struct Contestant {
  const char *name, *validation, *test;
};
constexpr std::array contestants = {
    Contestant{"liquid", "validation_accuracy", "test_accuracy"},
    Contestant{"without recurrence", "no_recurrence_validation_accuracy", "no_recurrence_accuracy"},
    Contestant{"static features", "static_validation_accuracy", "static_accuracy"},
    Contestant{"input alone", "baseline_validation_accuracy", "baseline_accuracy"},
};

std::string figures_text(const Figures& figures, int width) {
  const auto find = [&](const std::string& name) {
    const auto at = std::find_if(figures.begin(), figures.end(), [&](const auto& f) { return f.first == name; });
    return at == figures.end() ? std::string() : figure_text(name, at->second);
  };
  TextTable accuracies({"accuracy", "validation", "test"});
  accuracies.align_right(1);
  accuracies.align_right(2);
  for (const Contestant& c : contestants)
    if (!find(c.validation).empty() || !find(c.test).empty())
      accuracies.row({c.name, find(c.validation), find(c.test)});
  TextTable rest;
  for (const auto& entry : figures) {
    const std::string& name = entry.first;
    const bool above = std::any_of(contestants.begin(), contestants.end(),
                                   [&](const Contestant& c) { return name == c.validation || name == c.test; });
    if (!above) rest.row({name, figure_text(name, entry.second)});
  }
  return (accuracies.empty() ? "" : accuracies.text(width) + "\n") + rest.text(width);
}

void report(Session& session, const ExperimentReport& report, const std::optional<std::filesystem::path>& out) {
  session.meter().clear();
  session.print(figures_text(report.figures, session.width()));
  for (const std::string& note : report.notes) session.print(fmt::format("\nnote: {}\n", note));
  if (out) session.wrote(*out);
  if (out) session.print(fmt::format("\n  results  {}\n", out->string()));
  Json figures = Json::object();
  for (const auto& [name, value] : report.figures) figures[name] = json_of(value);
  Json object = {{"figures", figures},
                 {"notes", report.notes},
                 {"out", out ? Json(out->string()) : Json()},
                 {"threads", session.options.threads},
                 {"config", to_toml(report.resolved)}};
  object.update(provenance());
  session.print(object);
}

ExperimentOptions experiment_options(Session& session, std::optional<std::filesystem::path> out) {
  ExperimentOptions options;
  options.threads = session.options.threads;
  options.slice = session.options.slice;
  options.out = std::move(out);
  options.existing = session.existing();
  options.progress = session.progress();
  return options;
}

}  // namespace

void train(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  if (const std::string model = model_of(config); model != "lsm")
    fail_at(config.as<Table>()->find("model")->where(),
            fmt::format("model = \"{}\" has no readout to train; write: crosspike run {}; models with a readout: lsm",
                        model, path.string()));
  const std::filesystem::path out = session.results_path(path, config);
  const ExperimentReport result = train_lsm(config, session.library, experiment_options(session, out));
  report(session, result, out);
}

void eval(Session& session, const std::filesystem::path& path) {
  std::vector<std::string> overrides = session.options.overrides;
  if (session.options.backend) overrides.push_back("placement.default=" + *session.options.backend);
  if (session.options.out) {
    Value config = parse_config(ResultsReader(path).header().config, path.string() + ":/config");
    for (const std::string& assignment : overrides) apply_override(config, assignment);
    refuse_output_over_input(*session.options.out, {}, config);
  }
  const ExperimentReport result =
      eval_lsm(path, overrides, session.library, experiment_options(session, session.options.out));
  report(session, result, session.options.out);
}

}  // namespace crosspike::cli
