// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike_generated/version.hpp>

namespace crosspike {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double validation_accuracy(const Readout& readout) {
  for (const LambdaScore& score : readout.validation)
    if (score.lambda == readout.lambda) return score.accuracy;
  throw Error(Fault::system, "the readout's lambda was not among those tried");
}

// The test split is opened at the end; that its files are there is looked up before hours of work, not after.
void require_test_files(const DatasetSource& source) {
  const bool recorded = source.kind == DatasetSource::Kind::nmnist;
  for (const std::string& file :
       recorded ? std::vector{source.test_folder} : std::vector{source.test_images, source.test_labels})
    if (!std::filesystem::exists(source.path / file))
      throw Error(Fault::input,
                  fmt::format("{}: there is no such file; training ends with a look at the test split, so it needs one",
                              (source.path / file).string()));
}

// Features of train and validation and the readout fitted on them; test features come later, through the seal.
class Experiment {
 public:
  Experiment(const Value& config, const Library& library, const ExperimentOptions& options)
      : library_(library),
        options_(options),
        settings_(read_lsm(config)),
        team_(options.threads),
        splits_(open_training_splits(settings_.dataset)) {
    require_test_files(settings_.dataset);
    if (splits_.validation->size() == 0)
      throw Error(Fault::input, "dataset.validation = 0 leaves nothing to choose lambda on; write 1 or more");
  }

  ExperimentReport train() {
    liquid_ = build_liquid(settings_.network, library_, options_.threads, options_.slice);
    CollectWork work;
    readout_ = fit_liquid("liquid", liquid_, &work);
    if (settings_.controls) fit_controls();
    look_at_test();
    figure("samples_per_second", static_cast<double>(work.samples) / work.seconds);
    figure("input_events_per_second", static_cast<double>(work.input_events) / work.seconds);
    figure("input_events_per_sample", static_cast<double>(work.input_events) / static_cast<double>(work.samples));
    figure("spikes_per_neuron_and_tick",
           static_cast<double>(work.spikes) / static_cast<double>(work.samples) / settings_.binning.ticks /
               static_cast<double>(liquid_->network().node(liquid_->network().require("liquid")).size()));
    figure("lambda", readout_.lambda);
    figure("train_samples", static_cast<std::int64_t>(splits_.train->size()));
    figure("validation_samples", static_cast<std::int64_t>(splits_.validation->size()));
    figure("features", static_cast<std::int64_t>(readout_.features));
    figure("test_looks", std::int64_t{1});
    report_.resolved = settings_.resolved;
    if (options_.out) write();
    return std::move(report_);
  }

 private:
  void figure(const std::string& name, const Figure& value) { report_.figures.emplace_back(name, value); }

  Readout fit_liquid(const std::string& phase, const std::shared_ptr<const Program>& program, CollectWork* work) {
    const FeatureRows train = collect_liquid(program, settings_, *splits_.train, options_.threads, options_.progress,
                                             phase + ": train", work);
    const FeatureRows validation = collect_liquid(program, settings_, *splits_.validation, options_.threads,
                                                  options_.progress, phase + ": validation");
    return fit(phase, train, validation);
  }

  Readout fit(const std::string& phase, const FeatureRows& train, const FeatureRows& validation) {
    const auto progress = [&](std::string_view, double done, double total, std::string_view unit) {
      if (options_.progress) options_.progress(phase + ": readout", done, total, unit);
    };
    return fit_ridge(train.set("train"), validation.set("validation"), settings_.lambdas, team_, progress);
  }

  void fit_controls() {
    without_recurrence_ =
        build_liquid(settings_.network_without_recurrence, library_, options_.threads, options_.slice);
    no_recurrence_readout_ = fit_liquid("no recurrence", without_recurrence_, nullptr);
    {
      const auto collect = [&](const Dataset& d, const char* phase) {
        return collect_static(liquid_->network(), settings_, d, options_.threads, options_.progress, phase);
      };
      const FeatureRows train = collect(*splits_.train, "static: train"),
                        validation = collect(*splits_.validation, "static: validation");
      static_readout_ = fit("static", train, validation);
    }
    const auto collect = [&](const Dataset& d, const char* phase) {
      return collect_input(settings_, d, options_.threads, options_.progress, phase);
    };
    FeatureRows train = collect(*splits_.train, "input: train"),
                validation = collect(*splits_.validation, "input: validation");
    for (const FeatureKind kind : {FeatureKind::counts, FeatureKind::square_roots}) {
      train.kind = validation.kind = kind;
      Readout fitted = fit(fmt::format("input {}", name_of(kind)), train, validation);
      if (baseline_kind_ && validation_accuracy(fitted) <= validation_accuracy(baseline_readout_)) continue;
      baseline_kind_ = kind;
      baseline_readout_ = std::move(fitted);
    }
  }

  double accuracy(const Readout& readout, const FeatureRows& rows) {
    return score(readout, rows.set("test"), team_).accuracy();
  }

  // The one look: the seal is spent here, after every choice has been made.
  void look_at_test() {
    const auto test = open_test_split(settings_.dataset, std::move(splits_.seal));
    const auto liquid = [&](const std::shared_ptr<const Program>& program, const char* phase) {
      return collect_liquid(program, settings_, *test, options_.threads, options_.progress, phase);
    };
    figure("test_accuracy", accuracy(readout_, liquid(liquid_, "liquid: test")));
    if (settings_.controls) {
      FeatureRows input = collect_input(settings_, *test, options_.threads, options_.progress, "input: test");
      input.kind = *baseline_kind_;
      figure("baseline_accuracy", accuracy(baseline_readout_, input));
      figure("static_accuracy",
             accuracy(static_readout_, collect_static(liquid_->network(), settings_, *test, options_.threads,
                                                      options_.progress, "static: test")));
      figure("no_recurrence_accuracy",
             accuracy(no_recurrence_readout_, liquid(without_recurrence_, "no recurrence: test")));
    }
    figure("validation_accuracy", validation_accuracy(readout_));
    if (settings_.controls) {
      figure("baseline_validation_accuracy", validation_accuracy(baseline_readout_));
      figure("static_validation_accuracy", validation_accuracy(static_readout_));
      figure("no_recurrence_validation_accuracy", validation_accuracy(no_recurrence_readout_));
      figure("baseline_features", std::string(name_of(*baseline_kind_)));
    }
    figure("test_samples", static_cast<std::int64_t>(test->size()));
    edge_note(readout_, "the liquid");
  }

  void edge_note(const Readout& readout, const std::string& what) {
    const auto [low, high] = std::minmax_element(settings_.lambdas.begin(), settings_.lambdas.end());
    if (settings_.lambdas.size() > 1 && (readout.lambda == *low || readout.lambda == *high))
      report_.notes.push_back(fmt::format(
          "lambda = {} of {} lies at the end of readout.lambdas; a wider list may do better.", readout.lambda, what));
  }

  void write() {
    ResultsWriter writer(*options_.out, {CROSSPIKE_VERSION, settings_.seed, to_toml(settings_.resolved)},
                         options_.existing);
    for (const auto& [name, value] : report_.figures)
      if (!name.ends_with("_per_second")) writer.figure(name, value);  // timings would make equal runs differ
    ReadoutArrays arrays;
    for (std::size_t c = 0; c < readout_.classes; ++c) arrays.classes.push_back(fmt::format("{}", c));
    arrays.weights = readout_.weights;
    arrays.bias = readout_.bias;
    arrays.mean = readout_.mean;
    arrays.scale = readout_.scale;
    arrays.lambda = readout_.lambda;
    writer.readout(arrays);
    for (const char* projection : {"liquid.inputs", "liquid.recurrent"}) write_edges(writer, projection);
    writer.finish();
  }

  void write_edges(ResultsWriter& writer, const char* projection) {
    const Network& network = liquid_->network();
    const NodeId id = network.require(projection);
    std::vector<Synapse> synapses;  // as a config writes them: without the source's output scale, delays undivided
    network.node(id).kind->synapses(network, network.node(id), 0, static_cast<std::uint32_t>(network.node(id).size()),
                                    synapses);
    const auto& rule = network.node(id).connectivity;
    const std::int32_t moved = rule ? rule->minimum_delay() : 0;  // validate put it on the wire
    const std::int32_t wire = network.incoming(id).delay - moved;
    SonataEdges edges;
    edges.source_population = network.node(network.incoming(id).from.node).name;
    edges.target_population = "liquid";
    for (const Synapse& s : synapses) {
      edges.source.push_back(s.source);
      edges.target.push_back(s.target);
      edges.weight.push_back(s.weight);
      edges.delay_ms.push_back((s.delay + wire) * network.dt);
    }
    writer.edges(projection, edges);
  }

  const Library& library_;
  const ExperimentOptions& options_;
  const LsmSettings settings_;
  Team team_;
  TrainingSplits splits_;
  std::shared_ptr<const Program> liquid_, without_recurrence_;
  Readout readout_, no_recurrence_readout_, static_readout_, baseline_readout_;
  std::optional<FeatureKind> baseline_kind_;
  ExperimentReport report_;
};

}  // namespace

ExperimentReport train_lsm(const Value& config, const Library& library, const ExperimentOptions& options) {
  if (options.out) AtomicFile(*options.out, options.existing);  // refuse now, not after minutes of work
  const auto start = std::chrono::steady_clock::now();
  ExperimentReport report = Experiment(config, library, options).train();
  report.figures.emplace_back("wall_s", seconds_since(start));
  return report;
}

ExperimentReport eval_lsm(const std::filesystem::path& results, const std::vector<std::string>& overrides,
                          const Library& library, const ExperimentOptions& options) {
  const ResultsReader reader(results);
  Value config = parse_config(reader.header().config, results.string() + ":/config");
  for (const std::string& assignment : overrides) apply_override(config, assignment);
  const LsmSettings settings = read_lsm(config);
  const ReadoutArrays arrays = reader.readout();
  Readout readout;
  readout.classes = arrays.classes.size();
  readout.features = readout.classes == 0 ? 0 : arrays.weights.size() / readout.classes;
  readout.weights = arrays.weights;
  readout.bias = arrays.bias;
  const auto program = build_liquid(settings.network, library, options.threads, options.slice);
  const auto test = open_test_split_again(settings.dataset, static_cast<int>(readout.classes));
  CollectWork work;
  const FeatureRows rows = collect_liquid(program, settings, *test, options.threads, options.progress, "test", &work);
  if (rows.features != readout.features)
    throw Error(Fault::input, fmt::format("{}: its readout has {} features, the liquid gives {}", results.string(),
                                          readout.features, rows.features));
  Team team(options.threads);
  const Score result = score(readout, rows.set("test"), team);
  ExperimentReport report;
  report.figures = {{"test_accuracy", result.accuracy()},
                    {"test_samples", static_cast<std::int64_t>(result.samples)},
                    {"samples_per_second", static_cast<double>(work.samples) / work.seconds}};
  report.notes.push_back(
      "This is not the first look at the test split: training took it. Choose nothing by this figure.");
  report.resolved = settings.resolved;
  return report;
}

}  // namespace crosspike
