// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/examples.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/lsm/memory.hpp>
#include <crosspike/models/lsm/notes.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <crosspike/models/lsm/write.hpp>
#include <crosspike/models/readout/fit.hpp>
#include <crosspike/models/readout/scores.hpp>

namespace crosspike {

namespace {

// One readout that is fitted and scored: the liquid's, or a control's.
struct Contestant {
  const char* name;    // in results
  const char* prefix;  // of its figures; the liquid's have none
  Readout readout{};
  Score score{};

  std::string figure(const char* what) const { return *prefix ? fmt::format("{}_{}", prefix, what) : what; }
  std::string accuracy() const { return *prefix ? figure("accuracy") : "test_accuracy"; }
};

// Features of train and validation and the readout fitted on them; test features come later, through the seal.
class Experiment {
 public:
  Experiment(const LsmSettings& settings, const Library& library, const ExperimentOptions& options)
      : options_(options),
        settings_(settings),
        team_(options.threads),
        plan_(check_lsm(settings_, library, options.threads, options.slice, options.memory_limit,
                        options.test ? TestUse::now : TestUse::never)) {}

  ExperimentReport train() {
    report_.notes = plan_.notes;
    liquid_ = Program::build(std::move(plan_.liquid), team_);
    CollectWork work;
    fit_liquid("liquid", liquid_, recurrent_, &work);
    for (std::string& sentence : work_notes(settings_, work)) note(std::move(sentence));
    if (settings_.controls) fit_controls();
    if (options_.test) {
      look_at_test();
      figures_of_test();
    }
    figures_of_validation();
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
    figure("features", static_cast<std::int64_t>(recurrent_.readout.features));
    report_.resolved = settings_.resolved;
    if (options_.out) write();
    return std::move(report_);
  }

 private:
  void figure(const std::string& name, const Figure& value) { report_.figures.emplace_back(name, value); }
  void note(std::string text) { report_.notes.push_back(std::move(text)); }

  // In the order of their figures.
  std::vector<Contestant*> contestants() {
    if (!settings_.controls) return {&recurrent_};
    return {&recurrent_, &input_, &static_, &feedforward_};
  }

  void fit_liquid(const std::string& phase, const std::shared_ptr<const Program>& program, Contestant& contestant,
                  CollectWork* work = nullptr) {
    const FeatureRows train = collect_liquid(program, settings_, *plan_.splits.train, options_.threads,
                                             options_.progress, phase + ": train", work);
    const FeatureRows validation = collect_liquid(program, settings_, *plan_.splits.validation, options_.threads,
                                                  options_.progress, phase + ": validation");
    contestant.readout = fit(phase, train, validation);
  }

  Readout fit(const std::string& phase, const FeatureRows& train, const FeatureRows& validation) {
    const auto progress = [&](std::string_view part, double done, double total, std::string_view unit) {
      if (options_.progress) options_.progress(fmt::format("{}: {}", phase, part), done, total, unit);
    };
    return fit_readout(train.set("train"), validation.set("validation"), settings_.readout, team_, progress);
  }

  void fit_controls() {
    without_recurrence_ = Program::build(std::move(*plan_.without_recurrence), team_);
    fit_liquid("no recurrence", without_recurrence_, feedforward_);
    {
      const auto collect = [&](const Dataset& d, const char* phase) {
        return collect_static(liquid_->network(), settings_, d, options_.threads, options_.progress, phase);
      };
      const FeatureRows train = collect(*plan_.splits.train, "static: train"),
                        validation = collect(*plan_.splits.validation, "static: validation");
      static_.readout = fit("static", train, validation);
    }
    const auto collect = [&](const Dataset& d, const char* phase) {
      return collect_input(settings_, d, options_.threads, options_.progress, phase);
    };
    FeatureRows train = collect(*plan_.splits.train, "input: train"),
                validation = collect(*plan_.splits.validation, "input: validation");
    for (const FeatureKind kind : {FeatureKind::counts, FeatureKind::square_roots}) {
      train.kind = validation.kind = kind;
      Readout fitted = fit(fmt::format("input {}", name_of(kind)), train, validation);
      if (baseline_kind_ && validation_accuracy(fitted) <= validation_accuracy(input_.readout)) continue;
      baseline_kind_ = kind;
      input_.readout = std::move(fitted);
    }
  }

  // The one look: the seal is spent here, after every choice has been made.
  void look_at_test() {
    const auto test = open_test_split(settings_.dataset, std::move(plan_.splits.seal));
    const auto liquid = [&](const std::shared_ptr<const Program>& program, const char* phase) {
      return collect_liquid(program, settings_, *test, options_.threads, options_.progress, phase);
    };
    const auto look = [&](Contestant& contestant, const FeatureRows& rows) {
      contestant.score = score(contestant.readout, rows.set("test"), team_);
    };
    look(recurrent_, liquid(liquid_, "liquid: test"));
    if (!settings_.controls) return;
    FeatureRows input = collect_input(settings_, *test, options_.threads, options_.progress, "input: test");
    input.kind = *baseline_kind_;
    look(input_, input);
    look(static_,
         collect_static(liquid_->network(), settings_, *test, options_.threads, options_.progress, "static: test"));
    look(feedforward_, liquid(without_recurrence_, "no recurrence: test"));
  }

  void figures_of_test() {
    for (const Contestant* c : contestants()) {
      const ReadoutScores& scores = report_.scores.emplace_back(c->name, scores_of(c->score, c->readout)).second;
      figure(c->accuracy(), scores.accuracy);
      figure(c->accuracy() + "_low", *scores.accuracy_low);
      figure(c->accuracy() + "_high", *scores.accuracy_high);
    }
    for (const Contestant* c : contestants()) {
      if (c == &recurrent_) continue;
      const PairedDifference more = paired_difference(recurrent_.score, c->score);
      const std::string name = fmt::format("liquid_minus_{}", c->prefix);
      figure(name, more.difference);
      figure(name + "_low", more.interval.low);
      figure(name + "_high", more.interval.high);
    }
    figure("test_samples", static_cast<std::int64_t>(recurrent_.score.samples));
  }

  void figures_of_validation() {
    for (const Contestant* c : contestants()) figure(c->figure("validation_accuracy"), validation_accuracy(c->readout));
    if (settings_.controls) figure("baseline_features", std::string(name_of(*baseline_kind_)));
  }

  void lambdas() {
    for (const Contestant* c : contestants()) {
      lambda(c->figure("lambda"), c->readout, in_notes(c->name));
      for (const std::string& remark : c->readout.remarks)
        note(fmt::format("The readout of {} {}.", in_notes(c->name), remark));
    }
  }

  void lambda(const std::string& name, const Readout& readout, const char* what) {
    figure(name, readout.lambda);
    if (at_end_of_list(readout, settings_.readout))
      note(fmt::format("{0} = {1} of {2} lies at the end of readout.{0}s; a wider list may do better.",
                       penalty_name(readout.kind), readout.lambda, what));
  }

  void write() {
    ResultsWriter writer(*options_.out, results_header(settings_), options_.existing);
    write_figures(writer, report_);
    writer.readout(stored(recurrent_.readout));
    for (const auto& [contestant, scores] : report_.scores) writer.scores(contestant, scores);
    write_liquid_edges(writer, liquid_->network());
    write_examples(writer, liquid_, settings_, *plan_.splits.validation);
    writer.finish();
  }

  const ExperimentOptions& options_;
  const LsmSettings& settings_;
  Team team_;
  LsmPlan plan_;
  std::shared_ptr<const Program> liquid_, without_recurrence_;
  Contestant recurrent_{"liquid", ""}, input_{"input", "baseline"}, static_{"static", "static"},
      feedforward_{"no_recurrence", "no_recurrence"};
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
  const LsmSettings settings = read_lsm(config, library);
  const bool looked_before = options.test && options.out && looked_at_test(*options.out, settings.dataset);
  ExperimentReport report = settings.dataset.kind == DatasetSource::Kind::pattern_pairs
                                ? train_memory(settings, library, options)
                                : Experiment(settings, library, options).train();
  if (looked_before)
    report.notes.push_back(
        fmt::format("{} held an accuracy on this test split: this is not the first look at it. Choose nothing by this "
                    "figure.",
                    options.out->string()));
  report.figures.emplace_back("wall_s", seconds_since(start));
  return report;
}

}  // namespace crosspike
