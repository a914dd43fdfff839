// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/pattern_pairs.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/examples.hpp>
#include <crosspike/models/lsm/memory.hpp>
#include <crosspike/models/lsm/notes.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <crosspike/models/lsm/write.hpp>
#include <crosspike/models/readout/fit.hpp>
#include <crosspike/models/readout/scores.hpp>

namespace crosspike {

namespace {

constexpr double told = 0.9;  // from here on a task counts as solved

struct Task {
  const char* name;    // in curves and readouts
  const char* prefix;  // of its span's figure
  const char* question;
  int label(const PatternPair& pair) const { return *prefix ? (pair.first ^ pair.second) & 1 : pair.first; }
  std::size_t classes(const PatternPairOptions& options) const {
    return *prefix ? 2 : static_cast<std::size_t>(options.patterns);
  }
};
constexpr std::array tasks = {Task{"first", "", "which of the patterns came first"},
                              Task{"xor", "xor_", "the exclusive or of the patterns' parities"}};

// Of one split and task, by gap.
struct Outcome {
  std::vector<double> accuracy{};
  std::vector<std::size_t> samples{};
};
using Outcomes = std::array<Outcome, tasks.size()>;

struct Contestant {
  const char* name;                                           // in results
  std::array<std::vector<Readout>, tasks.size()> readouts{};  // one for each gap
  Outcomes validation{}, test{};

  std::string suffix() const { return std::string_view(name) == "liquid" ? "" : fmt::format("_{}", name); }
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

class MemoryExperiment {
 public:
  MemoryExperiment(const LsmSettings& settings, const ExperimentOptions& options)
      : options_(options), settings_(settings), team_(options.threads) {}

  ExperimentReport train(const Library& library) {
    LsmPlan plan = check_lsm(settings_, library, options_.threads, options_.slice, options_.memory_limit,
                             options_.test ? TestUse::now : TestUse::never);
    liquid_ = Program::build(std::move(plan.liquid), team_);
    if (plan.without_recurrence) without_recurrence_ = Program::build(std::move(*plan.without_recurrence), team_);
    if (settings_.controls)
      for (const char* control : {"no_recurrence", "static", "input"}) contestants_.push_back({control});
    for (Contestant& c : contestants_) fit(c, plan.splits);
    notes();
    if (options_.test) {
      look_at_test(*open_test_split(settings_.dataset, std::move(plan.splits.seal)));
      figures_of_test();
      curves("", "test", &Contestant::test);
    }
    figures_of_training(plan.splits);
    curves("validation_", "validation", &Contestant::validation);
    report_.resolved = settings_.resolved;
    if (options_.out) write(*plan.splits.validation);
    return std::move(report_);
  }

  ExperimentReport eval(const Library& library, const ResultsReader& results, const std::string& file) {
    liquid_ = build_liquid(settings_.liquid, library, options_.threads, options_.slice);
    for (std::size_t t = 0; t < tasks.size(); ++t)
      for (std::size_t gap = 0; gap < gaps(); ++gap) {
        const std::string name = readout_name(t, gap);
        const Readout& readout =
            contestants_.front().readouts[t].emplace_back(from_stored(results.readout(name), file));
        require_fit(readout, settings_, fmt::format("{}:/readouts/{}", file, name));
      }
    const auto test = open_test_split_again(settings_.dataset, patterns().patterns * patterns().patterns);
    require_gaps(settings_.dataset, "test", test->size());
    look_at_test(*test);
    figures_of_test();
    curves("", "test", &Contestant::test);
    report_.resolved = settings_.resolved;
    return std::move(report_);
  }

 private:
  std::string readout_name(std::size_t task, std::size_t gap) const {
    return fmt::format("{}_{}ms", tasks[task].name, patterns().gaps_ms[gap]);
  }

  const PatternPairOptions& patterns() const { return settings_.dataset.patterns; }
  std::size_t gaps() const { return patterns().gaps_ms.size(); }

  FeatureRows rows(const Contestant& c, const Dataset& dataset, const char* split) {
    const std::string phase = fmt::format("{}: {}", c.name, split), name = c.name;
    const auto collect = [&](const std::shared_ptr<const Program>& program) {
      CollectWork work;
      FeatureRows all = collect_liquid(program, settings_, dataset, options_.threads, options_.progress, phase, &work);
      if (name == "liquid" && work_.samples == 0) work_ = work;
      return all;
    };
    if (name == "liquid") return collect(liquid_);
    if (name == "no_recurrence") return collect(without_recurrence_);
    if (name == "static")
      return collect_static(liquid_->network(), settings_, dataset, options_.threads, options_.progress, phase);
    return collect_input(settings_, dataset, options_.threads, options_.progress, phase);
  }

  // The samples of one gap, labelled for one task.
  struct Part {
    std::vector<std::size_t> positions;
    std::vector<int> labels;
  };
  Part part(const Task& task, std::size_t gap, const Dataset& dataset, const PatternPairs& pairs) const {
    Part part;
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      const PatternPair pair = pairs.pair(dataset.number(i));
      if (pair.gap != gap) continue;
      part.positions.push_back(static_cast<std::size_t>(i));
      part.labels.push_back(task.label(pair));
    }
    return part;
  }

  FeatureSet set_of(const FeatureRows& rows, const Part& part, const Task& task, const char* split) const {
    return with_labels(rows_of(rows.set(split), part.positions), part.labels, task.classes(patterns()));
  }

  void fit(Contestant& c, const TrainingSplits& splits) {
    const FeatureRows train = rows(c, *splits.train, "train"), validation = rows(c, *splits.validation, "validation");
    const PatternPairs pairs(patterns(), "train");
    for (std::size_t t = 0; t < tasks.size(); ++t)
      for (std::size_t gap = 0; gap < gaps(); ++gap) {
        const Part train_part = part(tasks[t], gap, *splits.train, pairs),
                   validation_part = part(tasks[t], gap, *splits.validation, pairs);
        const Readout& readout = c.readouts[t].emplace_back(
            fit_readout(set_of(train, train_part, tasks[t], "train"),
                        set_of(validation, validation_part, tasks[t], "validation"), settings_.readout, team_));
        c.validation[t].accuracy.push_back(validation_accuracy(readout));
        c.validation[t].samples.push_back(validation_part.labels.size());
        if (options_.progress)
          options_.progress(fmt::format("{}: readouts", c.name), static_cast<double>(t * gaps() + gap + 1),
                            static_cast<double>(tasks.size() * gaps()), "readouts");
      }
  }

  void look_at_test(const Dataset& test) {
    const PatternPairs pairs(patterns(), "test");
    for (Contestant& c : contestants_) {
      const FeatureRows all = rows(c, test, "test");
      for (std::size_t t = 0; t < tasks.size(); ++t)
        for (std::size_t gap = 0; gap < gaps(); ++gap) {
          const Part of_gap = part(tasks[t], gap, test, pairs);
          const Score result = score(c.readouts[t][gap], set_of(all, of_gap, tasks[t], "test"), team_);
          c.test[t].accuracy.push_back(result.accuracy());
          c.test[t].samples.push_back(result.samples);
          if (&c == &contestants_.front())
            report_.scores.emplace_back(readout_name(t, gap), scores_of(result, c.readouts[t][gap]));
        }
    }
  }

  // A note speaks for all readouts of a contestant, which are many.
  void notes() {
    report_.notes = work_notes(settings_, work_);
    for (const Contestant& c : contestants_) {
      std::size_t at_end = 0, with_remark = 0, all = 0;
      std::string first;
      for (std::size_t t = 0; t < tasks.size(); ++t)
        for (std::size_t gap = 0; gap < gaps(); ++gap, ++all) {
          const Readout& readout = c.readouts[t][gap];
          at_end += at_end_of_list(readout, settings_.readout);
          if (readout.remarks.empty()) continue;
          if (with_remark++ == 0)
            first = fmt::format("{} of {} {}", readout_name(t, gap), in_notes(c.name), readout.remarks[0]);
        }
      if (at_end > 0)
        report_.notes.push_back(
            fmt::format("In {2} of the {3} readouts of {0}, {1} lies at the end of readout.{1}s; a "
                        "wider list may do better.",
                        in_notes(c.name), penalty_name(settings_.readout.kind), at_end, all));
      if (with_remark > 0)
        report_.notes.push_back(
            fmt::format("The readout {}{}.", first,
                        with_remark == 1 ? "" : fmt::format("; {} of its others have a remark too", with_remark - 1)));
    }
  }

  void figure(const std::string& name, const Figure& value) { report_.figures.emplace_back(name, value); }

  void figures_of_test() {
    const auto& gaps_ms = patterns().gaps_ms;
    for (std::size_t t = 0; t < tasks.size(); ++t)
      for (const Contestant& c : contestants_)
        figure(fmt::format("{}memory_ms_at_90{}", tasks[t].prefix, c.suffix()),
               memory_span(gaps_ms, c.test[t].accuracy, told));
    for (std::size_t t = 0; t < tasks.size(); ++t)
      for (const Contestant& c : contestants_)
        figure(fmt::format("{}_accuracy{}", tasks[t].name, c.suffix()), mean(c.test[t].accuracy));
  }

  void figures_of_training(const TrainingSplits& splits) {
    const auto& gaps_ms = patterns().gaps_ms;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const Contestant& liquid = contestants_.front();
      figure(fmt::format("validation_{}memory_ms_at_90", tasks[t].prefix),
             memory_span(gaps_ms, liquid.validation[t].accuracy, told));
      figure(fmt::format("validation_{}_accuracy", tasks[t].name), mean(liquid.validation[t].accuracy));
    }
    const auto samples = static_cast<double>(work_.samples);
    figure("samples_per_second", samples / work_.simulating_seconds);
    figure("samples_per_second_with_conversion", samples / work_.seconds);
    figure("input_events_per_sample", static_cast<double>(work_.input_events) / samples);
    figure("spikes_per_neuron_and_tick",
           static_cast<double>(work_.spikes) / samples / settings_.binning.ticks /
               static_cast<double>(liquid_->network().node(liquid_->network().require("liquid")).size()));
    figure("features", static_cast<std::int64_t>(contestants_.front().readouts[0][0].features));
    figure("train_samples", static_cast<std::int64_t>(splits.train->size()));
    figure("validation_samples", static_cast<std::int64_t>(splits.validation->size()));
  }

  void curves(const char* prefix, const char* split, Outcomes Contestant::*outcomes) {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      Curve curve{.title = fmt::format("Telling {}, {} {} samples a gap", tasks[t].question,
                                       (contestants_[0].*outcomes)[t].samples[0], split),
                  .x_label = "silent gap between the patterns, ms",
                  .y_label = "accuracy",
                  .x = patterns().gaps_ms,
                  .series = {}};
      for (const Contestant& c : contestants_) {
        const Outcome& outcome = (c.*outcomes)[t];
        CurveSeries series{.name = c.name, .y = outcome.accuracy, .low = {}, .high = {}};
        for (std::size_t gap = 0; gap < gaps(); ++gap) {
          const auto samples = outcome.samples[gap];
          const Interval interval = wilson(
              static_cast<std::size_t>(std::llround(outcome.accuracy[gap] * static_cast<double>(samples))), samples);
          series.low.push_back(interval.low);
          series.high.push_back(interval.high);
        }
        curve.series.push_back(std::move(series));
      }
      report_.curves.emplace_back(fmt::format("{}memory_{}", prefix, tasks[t].name), std::move(curve));
    }
  }

  void write(const Dataset& validation) {
    ResultsWriter writer(*options_.out, results_header(settings_), options_.existing);
    write_figures(writer, report_);
    for (const auto& [name, scores] : report_.scores) writer.scores(name, scores);
    for (std::size_t t = 0; t < tasks.size(); ++t)
      for (std::size_t gap = 0; gap < gaps(); ++gap)
        writer.readout(stored(contestants_.front().readouts[t][gap]), readout_name(t, gap));
    write_liquid_edges(writer, liquid_->network());
    write_examples(writer, liquid_, settings_, validation);
    writer.finish();
  }

  const ExperimentOptions& options_;
  const LsmSettings& settings_;
  Team team_;
  std::shared_ptr<const Program> liquid_, without_recurrence_;
  std::vector<Contestant> contestants_{{"liquid"}};
  CollectWork work_;  // of the liquid's training samples
  ExperimentReport report_;
};

}  // namespace

double memory_span(const std::vector<double>& gaps, const std::vector<double>& accuracies, double least) {
  double span = 0;
  for (std::size_t i = 0; i < gaps.size() && accuracies[i] >= least; ++i) span = gaps[i];
  return span;
}

ExperimentReport train_memory(const LsmSettings& settings, const Library& library, const ExperimentOptions& options) {
  return MemoryExperiment(settings, options).train(library);
}

ExperimentReport eval_memory(const LsmSettings& settings, const ResultsReader& results, const std::string& file,
                             const Library& library, const ExperimentOptions& options) {
  return MemoryExperiment(settings, options).eval(library, results, file);
}

}  // namespace crosspike
