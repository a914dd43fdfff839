// SPDX-License-Identifier: Apache-2.0
// The memory experiment on pairs of two short patterns: figures and curves that agree, files that do not depend on
// threads, a test split that stays closed where asked, and controls that cannot know what they do not see.
#include <cmath>
#include <crosspike/apps/report/results_plots.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/lsm/memory.hpp>
#include <crosspike/models/readout/scores.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/own_data.hpp>
#include <crosspike/tests/unit/statistics.hpp>
#include <iterator>
#include <set>

namespace crosspike {
namespace {

using namespace test;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class LsmMemory : public OwnFolder {
 protected:
  static Value config(const std::vector<std::string>& overrides = {}) {
    Value config = parse_config(R"(format = 1
model = "lsm"
seed = 3
[dataset]
kind = "pattern_pairs"
patterns = 2
channels = 10
pattern_time = "20 ms"
rate = "100 Hz"
gaps = ["10 ms", "40 ms"]
lead = 0
jitter = 0
noise = 0
train = 160
test = 80
[input]
tick = "2 ms"
[liquid]
preset = "gaussian"
neurons = 30
[readout]
lambdas = [1, 100]
)",
                                "memory.toml");
    for (const std::string& assignment : overrides) apply_override(config, assignment);
    return config;
  }
  static ExperimentReport train(const std::vector<std::string>& overrides = {}, ExperimentOptions options = {}) {
    return train_lsm(config(overrides), library(), options);
  }
  static ExperimentOptions to_file(const char* out) {
    ExperimentOptions options;
    options.out = out;
    options.existing = Existing::replace;
    return options;
  }
};

double number(const ExperimentReport& report, const std::string& name) {
  for (const auto& [other, value] : report.figures)
    if (other == name) return std::get<double>(value);
  ADD_FAILURE() << "no figure " << name;
  return NAN;
}
std::set<std::string> names(const ExperimentReport& report) {
  std::set<std::string> all;
  for (const auto& [name, value] : report.figures) all.insert(name);
  return all;
}
const Curve& curve(const ExperimentReport& report, const std::string& name) {
  for (const auto& [other, value] : report.curves)
    if (other == name) return value;
  throw std::runtime_error("no curve " + name);
}
const CurveSeries& series(const Curve& curve, const std::string& name) {
  for (const CurveSeries& s : curve.series)
    if (s.name == name) return s;
  throw std::runtime_error("no series " + name);
}

TEST(MemorySpan, EndsBeforeTheFirstGapThatIsNotTold) {
  EXPECT_EQ(memory_span({50, 100, 200}, {1, 0.95, 0.9}, 0.9), 200);
  EXPECT_EQ(memory_span({50, 100, 200}, {1, 0.95, 0.89}, 0.9), 100);
  EXPECT_EQ(memory_span({50, 100, 200}, {1, 0.5, 1}, 0.9), 50);  // luck behind a gap that is not told doesn't count
  EXPECT_EQ(memory_span({50, 100, 200}, {0.8, 1, 1}, 0.9), 0);
  EXPECT_EQ(memory_span({50}, {NAN}, 0.9), 0);
  EXPECT_EQ(memory_span({0, 10}, {1, 0}, 0.9), 0);
  EXPECT_EQ(memory_span({}, {}, 0.9), 0);
}

TEST_F(LsmMemory, FiguresAreThoseOfTheCurves) {
  const ExperimentReport report = train();
  for (const auto& [task, prefix] : {std::pair<std::string, std::string>("first", ""), {"xor", "xor_"}})
    for (const auto& [contestant, suffix] : {std::pair<std::string, std::string>("liquid", ""),
                                             {"no_recurrence", "_no_recurrence"},
                                             {"static", "_static"},
                                             {"input", "_input"}}) {
      const Curve& told = curve(report, "memory_" + task);
      EXPECT_EQ(told.x, (std::vector<double>{10, 40}));
      const CurveSeries& s = series(told, contestant);
      ASSERT_EQ(s.y.size(), 2u);
      EXPECT_EQ(number(report, task + "_accuracy" + suffix), (s.y[0] + s.y[1]) / 2);
      const double span = s.y[0] < 0.9 ? 0 : s.y[1] < 0.9 ? 10 : 40;
      EXPECT_EQ(number(report, prefix + "memory_ms_at_90" + suffix), span) << task << contestant;
      for (std::size_t gap = 0; gap < 2; ++gap) {  // 40 test samples each
        const double right = std::round(40 * s.y[gap]);
        EXPECT_DOUBLE_EQ(right / 40, s.y[gap]);
        const Interval interval = wilson(static_cast<std::size_t>(right), 40);
        EXPECT_EQ(s.low[gap], interval.low);
        EXPECT_EQ(s.high[gap], interval.high);
      }
    }
}

TEST_F(LsmMemory, WhatSeesBothPatternsTellsThem) {
  const ExperimentReport report = train({"features.window=\"80 ms\""});  // the whole sample
  // At 40 ms the patterns lie in different halves of the sample, and without noise all pairs are four points.
  EXPECT_EQ(series(curve(report, "memory_first"), "input").y[1], 1);
  EXPECT_EQ(series(curve(report, "memory_first"), "liquid").y[1], 1);
}

TEST_F(LsmMemory, WhatSeesOnlyTheSecondPatternIsAtChance) {
  // 160 answers; the first pattern is drawn independently of the second, and silence lies between.
  const ExperimentReport report = train({"features.bins=1", "dataset.test=160"});  // the window is a pattern's time
  const double bound = deviations * 0.5 / std::sqrt(160);
  for (const char* control : {"static", "input"})
    for (const char* task : {"first", "xor"})
      EXPECT_NEAR(number(report, std::string(task) + "_accuracy_" + control), 0.5, bound) << control;
}

TEST_F(LsmMemory, WritesTheSameBytesAtAnyThreadsAndSlice) {
  ExperimentOptions options = to_file("a.h5");
  train({}, options);
  const std::string one = bytes_of("a.h5");
  ASSERT_FALSE(one.empty());
  for (const auto& [threads, slice] : {std::pair(3, 0), {2, 1}}) {
    options.threads = threads;
    options.slice = slice;
    train({}, options);
    EXPECT_EQ(bytes_of("a.h5"), one) << threads;
  }
}

TEST_F(LsmMemory, KeepsAReadoutForEachTaskAndGapAndTheCurves) {
  const ExperimentReport report = train({}, to_file("a.h5"));
  const ResultsReader results("a.h5");
  EXPECT_EQ(results.readouts(), (std::vector<std::string>{"first_10ms", "first_40ms", "xor_10ms", "xor_40ms"}));
  EXPECT_FALSE(results.has_readout());
  const auto curves = results.curves();
  ASSERT_EQ(curves.size(), 4u);
  EXPECT_EQ(series(curves.at("memory_xor"), "static").y, series(curve(report, "memory_xor"), "static").y);
  EXPECT_EQ(std::get<double>(results.figures().at("memory_ms_at_90")), number(report, "memory_ms_at_90"));
  for (const char* timing : {"wall_s", "samples_per_second"}) EXPECT_FALSE(results.figures().contains(timing));
}

TEST_F(LsmMemory, EvalGivesTheFiguresThatTrainingSaw) {
  const ExperimentReport trained = train({}, to_file("a.h5"));
  ExperimentOptions options;
  options.threads = 2;
  const ExperimentReport again = eval_lsm("a.h5", {}, library(), options);
  for (const char* name : {"memory_ms_at_90", "xor_memory_ms_at_90", "first_accuracy", "xor_accuracy"})
    EXPECT_EQ(number(again, name), number(trained, name)) << name;
  EXPECT_EQ(series(curve(again, "memory_first"), "liquid").y, series(curve(trained, "memory_first"), "liquid").y);
  EXPECT_EQ(again.notes, (std::vector<std::string>{"This is not the first look at the test split: training took it. "
                                                   "Choose nothing by this figure."}));
}

TEST_F(LsmMemory, WithoutTestTheSplitStaysClosedUntilEvalOpensIt) {
  ExperimentOptions options = to_file("a.h5");
  options.test = false;
  options.progress = [](std::string_view phase, double, double, std::string_view) {
    EXPECT_EQ(phase.find("test"), std::string_view::npos) << phase;
  };
  const ExperimentReport closed = train({}, options);
  for (const std::string& name : names(closed))
    EXPECT_TRUE(name.find("memory") == std::string::npos || name.starts_with("validation_")) << name;
  EXPECT_FALSE(names(closed).contains("first_accuracy"));
  for (const auto& [name, its] : closed.curves) EXPECT_TRUE(name.starts_with("validation_")) << name;
  const ExperimentReport opened = train({}), again = eval_lsm("a.h5", {}, library(), {});
  for (const char* name : {"memory_ms_at_90", "first_accuracy", "xor_accuracy"})
    EXPECT_EQ(number(again, name), number(opened, name)) << name;
  EXPECT_EQ(again.notes,
            (std::vector<std::string>{"Training left the test split closed, so that the first eval is the one "
                                      "look at it. Choose nothing by this figure."}));
}

TEST_F(LsmMemory, WithoutControlsHasTheSameLiquid) {
  const ExperimentReport with = train(), without = train({"controls=false"});
  EXPECT_EQ(number(with, "first_accuracy"), number(without, "first_accuracy"));
  EXPECT_FALSE(names(without).contains("first_accuracy_static"));
}

TEST_F(LsmMemory, TrainsTheSameFromItsStoredConfig) {
  train({"controls=false"}, to_file("a.h5"));
  const std::string first = bytes_of("a.h5");
  const Value stored = parse_config(ResultsReader("a.h5").header().config, "stored");
  train_lsm(stored, library(), to_file("b.h5"));
  EXPECT_EQ(bytes_of("b.h5"), first);
}

TEST_F(LsmMemory, AGapWithoutSamplesIsRefusedBeforeTheWork) {
  const auto refusal = [](const std::vector<std::string>& overrides) {
    return message_of([&] { check_lsm(read_lsm(config(overrides), library()), library(), 1, 0); });
  };
  const std::string place = "memory.toml:10:8: dataset.gaps lists 2 gaps, but the ",
                    few = " split has too few samples (1): each gap needs one or more";
  EXPECT_EQ(refusal({"dataset.limit_train=1"}), place + "train" + few);
  EXPECT_EQ(refusal({"dataset.validation=1"}), place + "validation" + few);
  EXPECT_EQ(refusal({"dataset.limit_test=1"}), place + "test" + few);
  EXPECT_EQ(refusal({"dataset.validation=0"}),
            "--set dataset.validation = 0 leaves nothing to choose lambda on; write 1 or more");
  EXPECT_EQ(refusal({"dataset.validation=160"}),
            "--set dataset.validation = 160 is out of range; of 160 training samples, 0 to 159 can be set aside");
}

TEST_F(LsmMemory, WithoutATestItsSplitMayBeTooSmallUntilEval) {
  ExperimentOptions closed = to_file("a.h5");
  closed.test = false;
  train({"controls=false", "dataset.limit_test=1"}, closed);
  EXPECT_EQ(
      message_of([&] { eval_lsm("a.h5", {}, library(), {}); }),
      "a.h5:/config:12:8: dataset.gaps lists 2 gaps, but the test split has too few samples (1): each gap needs one "
      "or more");
}

TEST_F(LsmMemory, SaysWhatIsOddOnceForAllReadouts) {
  const std::vector<std::string> notes =
      train({"controls=false", "liquid.neuron.threshold=1e6", "readout.kind=logistic", "readout.max_iterations=1"})
          .notes;
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_TRUE(notes[0].starts_with("The liquid never fires, ")) << notes[0];
  EXPECT_EQ(
      notes[1],
      "In 4 of the 4 readouts of the liquid, lambda lies at the end of readout.lambdas; a wider list may do better.");
  EXPECT_TRUE(notes[2].starts_with("The readout first_10ms of the liquid did not converge: ")) << notes[2];
  EXPECT_TRUE(notes[2].ends_with("; 3 of its others have a remark too.")) << notes[2];
}

TEST_F(LsmMemory, ItsReportHasSamplesScoresAndFeatures) {
  train({"controls=false"}, to_file("a.h5"));
  const ResultsReader results("a.h5");
  EXPECT_EQ(results.contestants(), results.readouts());
  EXPECT_EQ(results.samples().size(), 3U);
  std::set<std::string> names;
  for (const report::Plot& plot : report::results_plots(results, "a.h5")) names.insert(plot.name);
  for (const char* name : {"confusion-first_10ms", "confusion-xor_40ms", "lambda", "features", "curve-memory_first"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST_F(LsmMemory, EvalRefusesAReadoutThatIsMissingOrDoesNotFit) {
  train({"controls=false"}, to_file("a.h5"));
  const ResultsReader reader("a.h5");
  const auto changed = [&](const auto& change) {
    ResultsWriter writer("b.h5", reader.header(), Existing::replace);
    for (const std::string& name : reader.readouts()) {
      ReadoutArrays arrays = reader.readout(name);
      if (change(name, arrays)) writer.readout(arrays, name);
    }
    for (const std::string& projection : reader.projections()) writer.edges(projection, reader.edges(projection));
    writer.finish();
    return message_of([&] { eval_lsm("b.h5", {}, library(), {}); });
  };
  EXPECT_EQ(changed([](const std::string& name, ReadoutArrays&) { return name != "xor_40ms"; }),
            "b.h5:/readouts/xor_40ms: no such group; /readouts has first_10ms, first_40ms, xor_10ms");
  EXPECT_EQ(
      changed([](const std::string& name, ReadoutArrays& a) {
        if (name == "first_10ms") a.mean.resize(7), a.scale.resize(7), a.weights.resize(14);
        return true;
      }),
      "b.h5:/readouts/first_10ms/weights: 7 features, but the liquid of its config gives 60; the file was changed, "
      "train anew with: crosspike train");
}

}  // namespace
}  // namespace crosspike
