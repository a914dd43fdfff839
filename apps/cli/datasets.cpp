// SPDX-License-Identifier: Apache-2.0
// crosspike datasets: what a data set holds; and its events as files.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/dataset_text.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/datasets/convert.hpp>

namespace crosspike::cli {

namespace {

constexpr std::int64_t measured_samples = 1000;

ProgressCallback as_callback(const Progress& progress, std::string phase) {
  return [progress, phase = std::move(phase)](std::int64_t done, std::int64_t total) {
    progress(phase, static_cast<double>(done), static_cast<double>(total), "samples");
  };
}

std::string kind_text(DatasetSource::Kind kind) {
  switch (kind) {
    case DatasetSource::Kind::idx_saccades:
      return "idx_saccades (images moved along saccades)";
    case DatasetSource::Kind::nmnist:
      return "nmnist (event files)";
    case DatasetSource::Kind::events:
      return "events (an HDF5 file of events)";
    case DatasetSource::Kind::dense:
      return "dense (.npy arrays)";
    case DatasetSource::Kind::pattern_pairs:
      return "pattern_pairs (made up: two spike patterns, a gap apart)";
  }
  return "?";
}

// What it is read from, by one name.
std::string place_text(const DatasetSource& source) {
  switch (source.kind) {
    case DatasetSource::Kind::events:
      return source.file;
    case DatasetSource::Kind::dense:
      return source.dense.inputs;
    case DatasetSource::Kind::pattern_pairs:
      return "made from the seed";
    default:
      return source.path;
  }
}

std::string shape_text(SensorShape shape) {
  return fmt::format("[{}, {}, {}]", shape.polarities, shape.height, shape.width);
}

}  // namespace

std::optional<DatasetSource> dataset_of(const Value& config) {
  TableReader root(config, "");
  root.integer("format", required, 1, 1);
  const bool of_a_model = root.has("model");  // which reads the rest of the config
  const auto seed = static_cast<std::uint64_t>(root.integer("seed", 1, 0, std::numeric_limits<std::int64_t>::max()));
  std::optional<DatasetSource> source;
  if (root.has("dataset")) {
    TableReader dataset = root.table("dataset");
    source = dataset_from(dataset, seed);
    if (of_a_model) dataset.find("feeds");  // a network's own key
    dataset.finish();
  }
  if (!of_a_model) root.finish();
  return source;
}

DatasetFacts dataset_facts(const DatasetSource& source, DatasetUse use, const Progress& progress) {
  DatasetFacts facts;
  facts.source = source;
  facts.use = use;
  const auto measure = [&](const Dataset& samples) {
    facts.shape = samples.shape();
    facts.classes = samples.classes();
    facts.measured =
        describe(samples, std::min(measured_samples, samples.size()), as_callback(progress, "reading events"));
  };
  if (use == DatasetUse::simulation) {
    const auto all = open_all_samples(source);
    facts.train = all->size();
    measure(*all);
  } else {
    const TrainingSplits splits = open_training_splits(source);
    facts.train = splits.train->size();
    facts.validation = splits.validation->size();
    measure(*splits.train);
  }
  return facts;
}

std::string DatasetFacts::text(int width) const {
  TextTable table;
  table.row({"data set", place_text(source)});
  table.row({"kind", kind_text(source.kind)});
  table.row({"shape", shape_text(shape) + " (polarity, height, width)"});
  table.row({"classes", fmt::format("{}", classes)});
  const auto samples = grouped(static_cast<std::uint64_t>(train));
  if (use == DatasetUse::simulation)
    table.row({"samples", samples});
  else
    table.row(
        {"samples", fmt::format("{} to train on, {} to validate on; the test split stays closed until train or eval",
                                samples, grouped(static_cast<std::uint64_t>(validation)))});
  table.row({"events", fmt::format("{:.0f} per sample ({} to {}), the last after {:.1f} ms; over the first {}",
                                   measured.mean_events, measured.min_events, measured.max_events,
                                   static_cast<double>(measured.last_time_us) / 1000,
                                   counted(static_cast<std::uint64_t>(measured.measured), "sample"))});
  if (classes > 0) table.row({"per class", fmt::format("{}", fmt::join(measured.samples_per_class, ", "))});
  return table.text(width);
}

Json DatasetFacts::json() const {
  return {{"path", place_text(source)},
          {"shape", {shape.polarities, shape.height, shape.width}},
          {"classes", classes},
          {"train_samples", train},
          {"validation_samples", validation},
          {"measured_samples", measured.measured},
          {"events_per_sample", measured.mean_events},
          {"min_events", measured.min_events},
          {"max_events", measured.max_events},
          {"last_event_s", static_cast<double>(measured.last_time_us) * 1e-6},
          {"samples_per_class", measured.samples_per_class}};
}

namespace {

DatasetSource source_of(Session& session, const std::optional<std::filesystem::path>& path) {
  Value config(Table{{{"format", Value(std::int64_t{1})}, {"dataset", Value(Table{})}}});
  if (path) {
    config = session.config(*path);
  } else {
    session.apply_options(config);
  }
  if (const auto source = dataset_of(config)) return *source;
  throw Error(Fault::input,
              fmt::format("{}: there is no [dataset]; docs/datasets.md shows how to write one", path->string()));
}

}  // namespace

void datasets_info(Session& session, const std::optional<std::filesystem::path>& path) {
  const DatasetFacts facts = dataset_facts(source_of(session, path), DatasetUse::training, session.progress());
  session.meter().clear();
  session.print(facts.text(session.width()));
  session.print(facts.json());
}

void datasets_convert(Session& session, const std::filesystem::path& path) {
  if (!session.options.out) throw Error(Fault::input, "datasets convert needs a folder to write: --out FOLDER");
  const DatasetSource source = source_of(session, path);
  const ConvertReport report =
      convert_dataset(source, *session.options.out, as_callback(session.progress(), "converting"), session.existing());
  session.meter().clear();
  const auto number = [](std::int64_t n) { return grouped(static_cast<std::uint64_t>(n)); };
  session.print(fmt::format("{}: {} training and {} test samples, {} events, {}\n", session.options.out->string(),
                            number(report.train_samples), number(report.test_samples), number(report.events),
                            bytes_text(static_cast<std::size_t>(report.bytes))));
  session.print(Json{{"out", session.options.out->string()},
                     {"train_samples", report.train_samples},
                     {"test_samples", report.test_samples},
                     {"events", report.events},
                     {"bytes", report.bytes}});
}

}  // namespace crosspike::cli
