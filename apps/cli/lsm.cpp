// SPDX-License-Identifier: Apache-2.0
// crosspike train and eval: fit a readout, score it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/report/accuracies.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <numeric>
#include <span>

namespace crosspike::cli {

namespace {

constexpr std::size_t most_classes_shown = 20;

std::string figures_text(const Figures& figures, int width) {
  const report::Accuracies accuracies = report::accuracies_of(figures);
  std::vector<std::string> head = {"accuracy", "validation"};
  if (accuracies.tested) head.insert(head.end(), {"test, 95 % interval", "liquid minus it"});
  TextTable table(head);
  table.align_right(1);
  for (const report::AccuracyRow& row : accuracies.rows) {
    std::vector<std::string> cells = {row.label, row.validation};
    if (accuracies.tested) cells.insert(cells.end(), {row.test, row.less});
    table.row(std::move(cells));
  }
  TextTable rest;
  for (const auto& [name, value] : figures)
    if (!accuracies.figures.contains(name)) rest.row({name, figure_text(name, value)});
  return (table.empty() ? "" : table.text(width) + "\n") + rest.text(width);
}

// The liquid's readout, class by class.
std::string classes_text(const ReadoutScores& scores, int width) {
  if (scores.classes > most_classes_shown) return "";
  TextTable table({"class", "samples", "precision", "recall", "F1"});
  for (std::size_t column = 0; column < 5; ++column) table.align_right(column);
  const auto percent = [](double share) { return std::isnan(share) ? "-" : fmt::format("{:.1f} %", 100 * share); };
  for (std::size_t c = 0; c < scores.classes; ++c) {
    const auto row = std::span(scores.confusion).subspan(c * scores.classes, scores.classes);
    table.row({fmt::format("{}", c), grouped(std::accumulate(row.begin(), row.end(), std::uint64_t{0})),
               percent(scores.precision[c]), percent(scores.recall[c]), percent(scores.f1[c])});
  }
  return "\n" + table.text(width);
}

Json scores_json(const ReadoutScores& scores) {
  Json confusion = Json::array();
  for (std::size_t c = 0; c < scores.classes; ++c) {
    const auto row = std::span(scores.confusion).subspan(c * scores.classes, scores.classes);
    confusion.push_back(Json(std::vector<std::int64_t>(row.begin(), row.end())));
  }
  return {{"samples", scores.samples},
          {"accuracy", scores.accuracy},
          {"accuracy_low", *scores.accuracy_low},
          {"accuracy_high", *scores.accuracy_high},
          {"precision", scores.precision},
          {"recall", scores.recall},
          {"f1", scores.f1},
          {"confusion", confusion},
          {"lambda", scores.lambda},
          {"validation_accuracy", scores.validation_accuracy}};
}

// "accuracy (low to high)" of each series, a row for each x.
std::string curve_text(const Curve& curve, int width) {
  std::vector<std::string> head = {curve.x_label};
  for (const CurveSeries& series : curve.series) head.push_back(series.name);
  TextTable table(head);
  for (std::size_t column = 0; column < head.size(); ++column) table.align_right(column);
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    std::vector<std::string> row = {fmt::format("{:g}", curve.x[i])};
    for (const CurveSeries& series : curve.series)
      row.push_back(fmt::format("{:.3f} ({:.3f} to {:.3f})", series.y[i], series.low[i], series.high[i]));
    table.row(row);
  }
  return curve.title + "\n\n" + table.text(width) + "\n";
}

Json curve_json(const Curve& curve) {
  Json json = {{"title", curve.title}, {"x_label", curve.x_label}, {"y_label", curve.y_label}, {"x", curve.x}};
  for (const CurveSeries& series : curve.series)
    json["series"][series.name] = {{"y", series.y}, {"low", series.low}, {"high", series.high}};
  return json;
}

void report(Session& session, const ExperimentReport& report, const std::optional<std::filesystem::path>& out) {
  session.meter().clear();
  for (const std::string& note : report.notes) session.print(fmt::format("note: {}\n\n", note));
  for (const auto& [name, curve] : report.curves) session.print(curve_text(curve, session.width()));
  session.print(figures_text(report.figures, session.width()));
  if (!report.scores.empty() && report.scores.front().first == "liquid")
    session.print(classes_text(report.scores.front().second, session.width()));
  if (out) session.wrote(*out);
  if (out) session.print(fmt::format("\n  results  {}\n", out->string()));
  Json figures = Json::object();
  for (const auto& [name, value] : report.figures) figures[name] = json_of(value);
  Json scores = Json::object();
  for (const auto& [contestant, its] : report.scores) scores[contestant] = scores_json(its);
  Json curves = Json::object();
  for (const auto& [name, curve] : report.curves) curves[name] = curve_json(curve);
  Json object = {{"figures", figures},
                 {"scores", scores},
                 {"curves", curves},
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

void train(Session& session, const std::filesystem::path& path, bool test) {
  const Value config = session.config(path);
  if (const std::string model = model_of(config); model != "lsm")
    fail_at(config.as<Table>()->find("model")->where(),
            fmt::format("model = \"{}\" has no readout to train; write: crosspike run {}; models with a readout: lsm",
                        model, path.string()));
  const std::filesystem::path out = session.results_path(path, config);
  ExperimentOptions options = experiment_options(session, out);
  options.test = test;
  const ExperimentReport result = train_lsm(config, session.library, options);
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
