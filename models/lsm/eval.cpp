// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/lsm/memory.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <crosspike/models/lsm/write.hpp>
#include <crosspike/models/readout/scores.hpp>

namespace crosspike {

namespace {

// Where the test samples lie and what runs them may change; the readout was fitted to all the rest.
bool may_change(const std::string& section, const std::string& key) {
  if (section == "placement") return true;
  constexpr std::array places = {"path",        "limit_test",  "test_images", "test_labels",
                                 "test_folder", "test_inputs", "test_file"};
  return section == "dataset" && std::find(places.begin(), places.end(), key) != places.end();
}

// What may not change. `config` is resolved: there is no default that an override could write out.
Value fixed_part(const Value& config) {
  Table kept;
  for (const auto& [section, value] : *config.as<Table>()) {
    if (const Table* table = value.as<Table>()) {
      Table inner;
      for (const auto& [key, entry] : *table)
        if (!may_change(section, key)) inner.set(key, entry);
      kept.set(section, Value(std::move(inner)));
    } else {
      kept.set(section, value);
    }
  }
  return Value(std::move(kept));
}

void override_source(Value& config, const std::string& assignment, const std::filesystem::path& results) {
  const Value before = config;
  apply_override(config, assignment);
  // A test file of its own takes the place of a share that the training file was to leave; nobody trains here.
  const auto without_share = [](const Value& whole) {
    Value fixed = fixed_part(whole);
    if (Value* dataset = fixed.as<Table>()->find("dataset")) *dataset = without(*dataset, "test_share");
    return fixed;
  };
  if (Value* dataset = config.as<Table>()->find("dataset");
      dataset && (dataset->as<Table>()->find("test_file") || dataset->as<Table>()->find("test_inputs"))) {
    *dataset = without(*dataset, "test_share");
    if (without_share(config) == without_share(before)) return;
  } else if (fixed_part(config) == fixed_part(before)) {
    return;
  }
  throw Error(Fault::input,
              fmt::format("--set {}: the readout in {} was fitted to another config; eval takes only dataset.path, the "
                          "files and folders of dataset.test_..., dataset.limit_test and placement; train anew with: "
                          "crosspike train",
                          assignment, results.string()));
}

void write(const ExperimentReport& report, const LsmSettings& settings, const ExperimentOptions& options) {
  ResultsWriter writer(*options.out, results_header(settings), options.existing);
  write_figures(writer, report);
  for (const auto& [contestant, scores] : report.scores) writer.scores(contestant, scores);
  writer.finish();
}

}  // namespace

ExperimentReport eval_lsm(const std::filesystem::path& results, const std::vector<std::string>& overrides,
                          const Library& library, const ExperimentOptions& options) {
  const auto start = Clock::now();
  const ResultsReader reader(results);
  if (!reader.has_readout() && reader.readouts().empty())
    throw Error(Fault::input, fmt::format("{}: there is no readout in it; eval scores the results of crosspike train",
                                          results.string()));
  std::error_code other;
  if (options.out && std::filesystem::equivalent(*options.out, results, other))
    throw Error(Fault::input, fmt::format("--out {} would replace the readout that is being scored; name another file",
                                          options.out->string()));
  if (options.out) AtomicFile(*options.out, options.existing);  // refuse now, not after the work
  Value config = parse_config(reader.header().config, results.string() + ":/config");
  for (const std::string& assignment : overrides) override_source(config, assignment, results);
  use_saved_edges(config, results);
  const LsmSettings settings = read_lsm(config, library);
  const char* look =
      looked_at_test(reader)
          ? "This is not the first look at the test split: training took it. Choose nothing by this figure."
          : "Training left the test split closed, so that the first eval is the one look at it. Choose nothing by this "
            "figure.";
  if (settings.dataset.kind == DatasetSource::Kind::pattern_pairs) {
    ExperimentReport report = eval_memory(settings, reader, results.string(), library, options);
    report.notes.push_back(look);
    if (options.out) write(report, settings, options);
    report.figures.emplace_back("wall_s", seconds_since(start));
    return report;
  }
  const Readout readout = from_stored(reader.readout(), results.string());
  require_fit(readout, settings, results.string() + ":/readout");
  const auto program = build_liquid(settings.liquid, library, options.threads, options.slice);
  const auto test = open_test_split_again(settings.dataset, static_cast<int>(readout.classes), settings.sensor);
  CollectWork work;
  const FeatureRows rows = collect_liquid(program, settings, *test, options.threads, options.progress, "test", &work);
  Team team(options.threads);
  const Score result = score(readout, rows.set("test"), team);
  const auto samples = static_cast<double>(work.samples);
  ExperimentReport report;
  report.scores.emplace_back("liquid", scores_of(result, readout));
  const ReadoutScores& scores = report.scores.back().second;
  report.figures = {{"test_accuracy", scores.accuracy},
                    {"test_accuracy_low", *scores.accuracy_low},
                    {"test_accuracy_high", *scores.accuracy_high},
                    {"test_samples", static_cast<std::int64_t>(result.samples)},
                    {"samples_per_second", samples / work.simulating_seconds},
                    {"samples_per_second_with_conversion", samples / work.seconds}};
  report.notes.push_back(look);
  report.resolved = settings.resolved;
  if (options.out) write(report, settings, options);
  report.figures.emplace_back("wall_s", seconds_since(start));
  return report;
}

}  // namespace crosspike
