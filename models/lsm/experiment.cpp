// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike_generated/version.hpp>

namespace crosspike {

namespace {

double validation_accuracy(const Readout& readout) {
  for (const LambdaScore& score : readout.validation)
    if (score.lambda == readout.lambda) return score.accuracy;
  throw Error(Fault::system, "the readout's lambda was not among those tried");
}

// Whether the file that is to be replaced holds an accuracy on the same test split.
bool looked_before(const std::filesystem::path& out, const DatasetSource& now) {
  try {
    const ResultsReader old(out);
    const Value config = parse_config(old.header().config, out.string());
    TableReader root(config, "");
    TableReader dataset = root.table("dataset");
    const DatasetSource then = dataset_from(dataset, old.header().seed);
    return old.figures().contains("test_accuracy") && then.kind == now.kind && then.inputs() == now.inputs();
  } catch (const Error&) {  // no results of a training
    return false;
  }
}

// Features of train and validation and the readout fitted on them; test features come later, through the seal.
class Experiment {
 public:
  Experiment(const Value& config, const Library& library, const ExperimentOptions& options)
      : options_(options),
        settings_(read_lsm(config, library)),
        team_(options.threads),
        plan_(check_lsm(settings_, library, options.threads, options.slice, options.memory_limit)) {}

  ExperimentReport train() {
    liquid_ = Program::build(std::move(plan_.liquid), team_);
    CollectWork work;
    readout_ = fit_liquid("liquid", liquid_, &work);
    note_silence(work);
    if (settings_.controls) fit_controls();
    if (options_.test) look_at_test();
    validation();
    if (options_.test && options_.out && looked_before(*options_.out, settings_.dataset))
      note(
          fmt::format("{} held an accuracy on this test split: this is not the first look at it. Choose nothing by "
                      "this figure.",
                      options_.out->string()));
    const auto samples = static_cast<double>(work.samples), events = static_cast<double>(work.input_events);
    figure("samples_per_second", samples / work.simulating_seconds);
    figure("samples_per_second_with_conversion", samples / work.seconds);
    figure("input_events_per_second", events / work.simulating_seconds);
    figure("input_events_per_sample", events / samples);
    figure("spikes_per_neuron_and_tick",
           static_cast<double>(work.spikes) / samples / settings_.binning.ticks /
               static_cast<double>(liquid_->network().node(liquid_->network().require("liquid")).size()));
    lambdas();
    figure("train_samples", static_cast<std::int64_t>(plan_.splits.train->size()));
    figure("validation_samples", static_cast<std::int64_t>(plan_.splits.validation->size()));
    figure("features", static_cast<std::int64_t>(readout_.features));
    report_.resolved = settings_.resolved;
    if (options_.out) write();
    return std::move(report_);
  }

 private:
  void figure(const std::string& name, const Figure& value) { report_.figures.emplace_back(name, value); }
  void note(std::string text) { report_.notes.push_back(std::move(text)); }

  Readout fit_liquid(const std::string& phase, const std::shared_ptr<const Program>& program, CollectWork* work) {
    const FeatureRows train = collect_liquid(program, settings_, *plan_.splits.train, options_.threads,
                                             options_.progress, phase + ": train", work);
    const FeatureRows validation = collect_liquid(program, settings_, *plan_.splits.validation, options_.threads,
                                                  options_.progress, phase + ": validation");
    return fit(phase, train, validation);
  }

  Readout fit(const std::string& phase, const FeatureRows& train, const FeatureRows& validation) {
    const auto progress = [&](std::string_view part, double done, double total, std::string_view unit) {
      if (options_.progress) options_.progress(fmt::format("{}: {}", phase, part), done, total, unit);
    };
    return fit_ridge(train.set("train"), validation.set("validation"), settings_.lambdas, team_, progress);
  }

  void fit_controls() {
    without_recurrence_ = Program::build(std::move(*plan_.without_recurrence), team_);
    no_recurrence_readout_ = fit_liquid("no recurrence", without_recurrence_, nullptr);
    {
      const auto collect = [&](const Dataset& d, const char* phase) {
        return collect_static(liquid_->network(), settings_, d, options_.threads, options_.progress, phase);
      };
      const FeatureRows train = collect(*plan_.splits.train, "static: train"),
                        validation = collect(*plan_.splits.validation, "static: validation");
      static_readout_ = fit("static", train, validation);
    }
    const auto collect = [&](const Dataset& d, const char* phase) {
      return collect_input(settings_, d, options_.threads, options_.progress, phase);
    };
    FeatureRows train = collect(*plan_.splits.train, "input: train"),
                validation = collect(*plan_.splits.validation, "input: validation");
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
    const auto test = open_test_split(settings_.dataset, std::move(plan_.splits.seal));
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
    figure("test_samples", static_cast<std::int64_t>(test->size()));
  }

  void validation() {
    figure("validation_accuracy", validation_accuracy(readout_));
    if (settings_.controls) {
      figure("baseline_validation_accuracy", validation_accuracy(baseline_readout_));
      figure("static_validation_accuracy", validation_accuracy(static_readout_));
      figure("no_recurrence_validation_accuracy", validation_accuracy(no_recurrence_readout_));
      figure("baseline_features", std::string(name_of(*baseline_kind_)));
    }
  }

  void lambdas() {
    lambda("lambda", readout_, "the liquid");
    if (!settings_.controls) return;
    lambda("baseline_lambda", baseline_readout_, "the input alone");
    lambda("static_lambda", static_readout_, "the static features");
    lambda("no_recurrence_lambda", no_recurrence_readout_, "the liquid without recurrence");
  }

  void lambda(const std::string& name, const Readout& readout, const char* what) {
    figure(name, readout.lambda);
    const auto [low, high] = std::minmax_element(settings_.lambdas.begin(), settings_.lambdas.end());
    if (settings_.lambdas.size() > 1 && (readout.lambda == *low || readout.lambda == *high))
      note(fmt::format("lambda = {} of {} lies at the end of readout.lambdas; a wider list may do better.",
                       readout.lambda, what));
  }

  void note_silence(const CollectWork& work) {
    constexpr const char* mend = "raise the scale of liquid.inputs.weight or lower the neuron's threshold";
    if (work.spikes == 0)
      note(fmt::format(
          "The liquid never fires, so that its readout knows no more than how many samples each class has; {}.", mend));
    else if (work.spikes < work.samples)
      note(fmt::format("The liquid hardly fires, {:.2g} spikes a sample; {}.",
                       static_cast<double>(work.spikes) / static_cast<double>(work.samples), mend));
  }

  void write() {
    ResultsWriter writer(*options_.out, {CROSSPIKE_VERSION, settings_.seed, to_toml(settings_.resolved)},
                         options_.existing);
    for (const auto& [name, value] : report_.figures)
      if (!is_timing(name)) writer.figure(name, value);
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

  const ExperimentOptions& options_;
  const LsmSettings settings_;
  Team team_;
  LsmPlan plan_;
  std::shared_ptr<const Program> liquid_, without_recurrence_;
  Readout readout_, no_recurrence_readout_, static_readout_, baseline_readout_;
  std::optional<FeatureKind> baseline_kind_;
  ExperimentReport report_;
};

}  // namespace

bool is_timing(std::string_view figure) {
  return figure == "wall_s" || figure.find("_per_second") != std::string_view::npos;
}

ExperimentReport train_lsm(const Value& config, const Library& library, const ExperimentOptions& options) {
  if (options.out) AtomicFile(*options.out, options.existing);  // refuse now, not after minutes of work
  const auto start = Clock::now();
  ExperimentReport report = Experiment(config, library, options).train();
  report.figures.emplace_back("wall_s", seconds_since(start));
  return report;
}

}  // namespace crosspike
