// SPDX-License-Identifier: Apache-2.0
// Training and evaluating a liquid on small bars: figures, files that do not depend on threads, the one look at the
// test split, and what a saved liquid brings back.
#include <crosspike/core/results.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <iterator>

namespace crosspike {
namespace {

using namespace test;
namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const Figure& figure(const ExperimentReport& report, const std::string& name) {
  for (const auto& [other, value] : report.figures)
    if (other == name) return value;
  throw std::runtime_error("no figure " + name);
}
double number(const ExperimentReport& report, const std::string& name) {
  return std::get<double>(figure(report, name));
}

class LsmExperiment : public Bars {
 protected:
  ExperimentReport train(const std::vector<std::string>& overrides = {}, ExperimentOptions options = {}) const {
    return train_lsm(config(overrides), library(), options);
  }
};

TEST_F(LsmExperiment, ReportsEveryFigure) {
  const ExperimentReport report = train();
  std::vector<std::string> names;
  for (const auto& [name, value] : report.figures) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"test_accuracy",
                                             "baseline_accuracy",
                                             "static_accuracy",
                                             "no_recurrence_accuracy",
                                             "validation_accuracy",
                                             "baseline_validation_accuracy",
                                             "static_validation_accuracy",
                                             "no_recurrence_validation_accuracy",
                                             "baseline_features",
                                             "test_samples",
                                             "samples_per_second",
                                             "input_events_per_second",
                                             "input_events_per_sample",
                                             "spikes_per_neuron_and_tick",
                                             "lambda",
                                             "train_samples",
                                             "validation_samples",
                                             "features",
                                             "test_looks",
                                             "wall_s"}));
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "train_samples")), 90);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "validation_samples")), 30);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "test_samples")), 30);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "features")), 180);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "test_looks")), 1);
}

TEST_F(LsmExperiment, LearnsWhatCanBeLearned) { EXPECT_GE(number(train(), "test_accuracy"), 0.9); }

TEST_F(LsmExperiment, StaysAtChanceOnShuffledLabels) {
  shuffle_labels();  // 30 draws at 1/3: five standard deviations above are 0.76
  EXPECT_LT(number(train(), "test_accuracy"), 0.76);
}

TEST_F(LsmExperiment, WithoutControlsHasTheSameLiquid) {
  const ExperimentReport with = train(), without = train({"controls=false"});
  EXPECT_EQ(number(with, "test_accuracy"), number(without, "test_accuracy"));
  EXPECT_THROW(figure(without, "baseline_accuracy"), std::runtime_error);
}

TEST_F(LsmExperiment, WritesTheSameBytesAtAnyNumberOfThreadsAndAnySlice) {
  const auto trained = [&](int threads, int slice) {
    ExperimentOptions options;
    options.threads = threads;
    options.slice = slice;
    options.out = file("out.h5");
    options.existing = Existing::replace;
    train({}, options);
    return bytes_of(file("out.h5"));
  };
  const std::string one = trained(1, 0);
  ASSERT_FALSE(one.empty());
  EXPECT_EQ(trained(2, 0), one);
  EXPECT_EQ(trained(3, 0), one);
  EXPECT_EQ(trained(1, 1), one);
  EXPECT_EQ(trained(2, 7), one);
}

TEST_F(LsmExperiment, TracesAndMembranesDoNotDependOnThreadsEither) {
  const auto trained = [&](int threads) {
    ExperimentOptions options;
    options.threads = threads;
    options.out = file("out.h5");
    options.existing = Existing::replace;
    train({"features.trace=\"30 ms\"", "features.membranes=true", "controls=false"}, options);
    return bytes_of(file("out.h5"));
  };
  EXPECT_EQ(trained(3), trained(1));
}

TEST_F(LsmExperiment, EvalGivesTheAccuracyThatTrainingSaw) {
  ExperimentOptions options;
  options.out = file("out.h5");
  const ExperimentReport trained = train({"controls=false"}, options);
  options.out.reset();
  options.threads = 2;
  const ExperimentReport again = eval_lsm(file("out.h5"), {}, library(), options);
  EXPECT_EQ(number(again, "test_accuracy"), number(trained, "test_accuracy"));
  EXPECT_EQ(again.notes, (std::vector<std::string>{"This is not the first look at the test split: training took it. "
                                                   "Choose nothing by this figure."}));
}

TEST_F(LsmExperiment, EvalRefusesALiquidOfAnotherSize) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  EXPECT_EQ(message_of([&] { eval_lsm(file("out.h5"), {"liquid.neurons=61"}, library(), {}); }),
            file("out.h5").string() + ": its readout has 180 features, the liquid gives 183");
}

TEST_F(LsmExperiment, ASavedLiquidIsTheSameLiquid) {
  for (const char* neuron : {"{}", "{ kind = \"ilif\" }"}) {  // the second scales its output
    ExperimentOptions options;
    options.out = file("out.h5");
    options.existing = Existing::replace;
    const std::string kind = std::string("liquid.neuron=") + neuron;
    const LsmSettings drawn = settings({kind}),
                      saved = settings({"liquid.from=\"" + file("out.h5").string() + "\"", "seed=3", kind});
    train({kind, "controls=false"}, options);
    const TrainingSplits splits = open_training_splits(drawn.dataset);
    const auto features = [&](const LsmSettings& s) {
      return collect_liquid(build_liquid(s.network, library(), 1, 0), s, *splits.validation, 1, {}, "").counts;
    };
    EXPECT_EQ(features(saved), features(drawn)) << neuron;
  }
}

TEST_F(LsmExperiment, ASavedLiquidMustFit) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  const Value smaller = config({"liquid.from=\"" + file("out.h5").string() + "\"", "liquid.neurons=1"});
  EXPECT_EQ(message_of([&] { train_lsm(smaller, library(), {}); }),
            "--set liquid.from: liquid.inputs: edge 24: target 1 of a population of 1");
}

TEST_F(LsmExperiment, RefusesAResultsFileThatExistsBeforeAnyWork) {
  std::ofstream(file("out.h5")) << "mine";
  ExperimentOptions options;
  options.out = file("out.h5");
  options.progress = [](std::string_view phase, double, double, std::string_view) { FAIL() << phase; };
  EXPECT_EQ(message_of([&] { train({}, options); }),
            file("out.h5").string() + " exists; pass --force to overwrite it or --out to name another file");
  EXPECT_EQ(bytes_of(file("out.h5")), "mine");
}

TEST_F(LsmExperiment, OpensTheTestSplitAfterAllElse) {
  std::ofstream(file("test-images"), std::ios::binary) << "broken";  // whoever reads it throws
  ExperimentOptions options;
  std::vector<std::string> phases;
  options.progress = [&](std::string_view phase, double, double, std::string_view) {
    if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
  };
  EXPECT_NE(message_of([&] { train({}, options); }), "");
  EXPECT_EQ(phases,
            (std::vector<std::string>{"liquid: train", "liquid: validation", "liquid: readout", "no recurrence: train",
                                      "no recurrence: validation", "no recurrence: readout", "static: train",
                                      "static: validation", "static: readout", "input: train", "input: validation",
                                      "input counts: readout", "input square roots: readout"}));
}

TEST_F(LsmExperiment, MissesTestFilesBeforeTheWork) {
  fs::remove(file("test-labels"));
  ExperimentOptions options;
  options.progress = [](std::string_view phase, double, double, std::string_view) { FAIL() << phase; };
  EXPECT_EQ(message_of([&] { train({}, options); }),
            file("test-labels").string() +
                ": there is no such file; training ends with a look at the test split, so it needs one");
}

TEST_F(LsmExperiment, NeedsAValidationSplit) {
  EXPECT_EQ(message_of([&] { train({"dataset.validation=0"}); }),
            "dataset.validation = 0 leaves nothing to choose lambda on; write 1 or more");
}

TEST_F(LsmExperiment, SaysWhenLambdaLiesAtTheEndOfItsList) {
  EXPECT_EQ(train({"controls=false", "readout.lambdas=[1e20, 1e25]"}).notes,
            (std::vector<std::string>{
                "lambda = 1e+25 of the liquid lies at the end of readout.lambdas; a wider list may do better."}));
  EXPECT_TRUE(train({"controls=false", "readout.lambdas=[100]"}).notes.empty());
}

TEST_F(LsmExperiment, StopsWhereProgressThrows) {
  ExperimentOptions options;
  options.out = file("out.h5");
  options.threads = 3;
  options.progress = [](std::string_view, double, double, std::string_view) {
    throw Error(Fault::interrupted, "stop");
  };
  EXPECT_THROW(train({}, options), Error);
  EXPECT_FALSE(fs::exists(file("out.h5")));
}

}  // namespace
}  // namespace crosspike
