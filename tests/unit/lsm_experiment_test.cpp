// SPDX-License-Identifier: Apache-2.0
// Training and evaluating a liquid on small bars: figures, files that do not depend on threads, the one look at the
// test split, and what a saved liquid brings back.
#include <crosspike/core/results.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/tests/unit/lsm_fixture.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <iterator>
#include <set>

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
  std::vector<std::string> expected;
  for (const char* accuracy : {"test_accuracy", "baseline_accuracy", "static_accuracy", "no_recurrence_accuracy",
                               "liquid_minus_baseline", "liquid_minus_static", "liquid_minus_no_recurrence"})
    for (const char* end : {"", "_low", "_high"}) expected.push_back(std::string(accuracy) + end);
  for (const char* name :
       {"test_samples", "validation_accuracy", "baseline_validation_accuracy", "static_validation_accuracy",
        "no_recurrence_validation_accuracy", "baseline_features", "samples_per_second",
        "samples_per_second_with_conversion", "input_events_per_second", "input_events_per_sample",
        "spikes_per_neuron_and_tick", "lambda", "baseline_lambda", "static_lambda", "no_recurrence_lambda",
        "train_samples", "validation_samples", "features", "wall_s"})
    expected.emplace_back(name);
  EXPECT_EQ(names, expected);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "train_samples")), 90);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "validation_samples")), 30);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "test_samples")), 30);
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "features")), 180);
  EXPECT_LT(number(report, "samples_per_second_with_conversion"), number(report, "samples_per_second"));
}

TEST_F(LsmExperiment, LearnsWhatCanBeLearned) { EXPECT_GE(number(train(), "test_accuracy"), 0.9); }

TEST_F(LsmExperiment, EveryKindOfReadoutLearnsIt) {
  for (const char* kind : {"logistic", "rls"})
    EXPECT_GE(number(train({std::string("readout.kind=") + kind, "controls=false"}), "test_accuracy"), 0.9) << kind;
}

TEST_F(LsmExperiment, RlsThatForgetsNothingIsRidge) {
  const ExperimentReport rls = train({"readout.kind=rls", "readout.alphas=[30, 300]"}),
                         ridge = train({"readout.lambdas=[30, 300]"});
  for (const char* name : {"test_accuracy", "baseline_accuracy", "static_accuracy", "no_recurrence_accuracy",
                           "validation_accuracy", "lambda", "liquid_minus_static_low"})
    EXPECT_EQ(number(rls, name), number(ridge, name)) << name;
}

TEST_F(LsmExperiment, EveryKindIsSavedAndEvaluatedAndIndependentOfThreads) {
  for (const std::string kind : {"ridge", "logistic", "rls"}) {
    ExperimentOptions options;
    options.out = file("out.h5");
    options.existing = Existing::replace;
    const std::vector<std::string> config = {"readout.kind=" + kind, "controls=false"};
    const ExperimentReport trained = train(config, options);
    const std::string bytes = bytes_of(file("out.h5"));
    EXPECT_EQ(ResultsReader(file("out.h5")).readout().kind, kind);
    const ExperimentReport again = eval_lsm(file("out.h5"), {}, library(), {});
    EXPECT_EQ(again.scores[0].second.confusion, trained.scores[0].second.confusion) << kind;
    options.threads = 3;
    train(config, options);
    EXPECT_EQ(bytes_of(file("out.h5")), bytes) << kind;
  }
}

TEST_F(LsmExperiment, ScoresOfEveryContestantAreStored) {
  ExperimentOptions options;
  options.out = file("out.h5");
  const ExperimentReport report = train({"readout.lambdas=[30, 300]"}, options);
  const ResultsReader results(file("out.h5"));
  EXPECT_EQ(results.contestants(), (std::vector<std::string>{"input", "liquid", "no_recurrence", "static"}));
  for (const auto& [contestant, prefix] :
       {std::pair("liquid", "test"), std::pair("input", "baseline"), std::pair("static", "static"),
        std::pair("no_recurrence", "no_recurrence")}) {
    const ReadoutScores scores = results.scores(contestant);
    EXPECT_EQ(scores.lambda, (std::vector<double>{30, 300}));
    EXPECT_EQ(scores.accuracy, number(report, std::string(prefix) + "_accuracy"));
    EXPECT_EQ(scores.accuracy_low, number(report, std::string(prefix) + "_accuracy_low"));
    EXPECT_LT(scores.accuracy_low, scores.accuracy);
    std::int64_t all = 0, right = 0;
    for (std::size_t c = 0; c < 9; ++c) all += scores.confusion[c], right += c % 4 == 0 ? scores.confusion[c] : 0;
    EXPECT_EQ(all, 30);
    EXPECT_DOUBLE_EQ(static_cast<double>(right) / 30, scores.accuracy);
    EXPECT_EQ(scores.recall[1], static_cast<double>(scores.confusion[4]) / 10);  // ten test samples of each class
  }
  EXPECT_DOUBLE_EQ(number(report, "liquid_minus_static"),
                   number(report, "test_accuracy") - number(report, "static_accuracy"));
}

TEST_F(LsmExperiment, SaysWhatDidNotConverge) {
  const ExperimentReport report =
      train({"readout.kind=logistic", "readout.lambdas=[1]", "readout.max_iterations=1", "controls=false"});
  ASSERT_EQ(report.notes.size(), 2U);
  EXPECT_TRUE(
      report.notes[0].starts_with("The readout of the liquid did not converge: after readout.max_iterations = 1 "))
      << report.notes[0];
  EXPECT_EQ(report.notes[1],
            "The readout of the liquid was compared on validation before it had converged for lambda = 1.");
}

TEST_F(LsmExperiment, EvalRefusesAReadoutThatItsLiquidDoesNotFit) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  const ResultsReader reader(file("out.h5"));
  const auto changed = [&](const auto& change) {
    ReadoutArrays arrays = reader.readout();
    change(arrays);
    ResultsWriter writer(file("other.h5"), reader.header(), Existing::replace);
    writer.readout(arrays);
    for (const std::string& projection : reader.projections()) writer.edges(projection, reader.edges(projection));
    writer.finish();
    return message_of([&] { eval_lsm(file("other.h5"), {}, library(), {}); });
  };
  EXPECT_EQ(changed([](ReadoutArrays& a) { a.kind = "forest"; }),
            file("other.h5").string() + ":/readout@kind is 'forest'; this crosspike knows ridge, logistic, rls");
  EXPECT_EQ(
      changed([](ReadoutArrays& a) { a.mean.resize(7), a.scale.resize(7), a.weights.resize(21); }),
      file("other.h5").string() +
          ":/readout/weights: 7 features, but the liquid of its config gives 180; the file was changed, train anew "
          "with: crosspike train");
}

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

TEST_F(LsmExperiment, EvalUsesTheEdgesThatTrainingSaved) {
  ExperimentOptions options;
  options.out = file("out.h5");
  const ExperimentReport trained = train({"controls=false"}, options);
  options.out.reset();
  {  // the stored seed draws other edges now
    hdf5::File results = hdf5::File::open(file("out.h5"));
    std::string config = results.dataset("/config").read_text();
    const auto at = config.find("seed = 3");
    ASSERT_NE(at, std::string::npos);
    ResultsWriter writer(file("other.h5"), {"0", 4, config.replace(at, 8, "seed = 4")}, Existing::refuse);
    const ResultsReader reader(file("out.h5"));
    writer.readout(reader.readout());
    for (const std::string& projection : reader.projections()) writer.edges(projection, reader.edges(projection));
    writer.finish();
  }
  EXPECT_EQ(number(eval_lsm(file("other.h5"), {}, library(), options), "test_accuracy"),
            number(trained, "test_accuracy"));
}

TEST_F(LsmExperiment, EvalRefusesWhatTheReadoutWasNotFittedTo) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  const auto refusal = [&](const std::string& assignment) {
    return message_of([&] { eval_lsm(file("out.h5"), {assignment}, library(), {}); });
  };
  for (const char* assignment : {"seed=99", "features.transform=square_root", "liquid.neurons=61",
                                 "liquid.neuron.threshold=2", "input.max_per_tick=3", "dataset.test_share=0.5",
                                 "dataset.events.threshold=0.2", "dataset.kind=nmnist", "liquid={}"})
    EXPECT_EQ(refusal(assignment), "--set " + std::string(assignment) + ": the readout in " + file("out.h5").string() +
                                       " was fitted to another config; eval takes only dataset.path, the files and "
                                       "folders of dataset.test_..., dataset.limit_test and placement; train anew "
                                       "with: crosspike train");
  EXPECT_EQ(refusal("seed=3"), "");  // what it is anyway
}

TEST_F(LsmExperiment, EvalTakesAnotherPlaceOfTheTestSplit) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  fs::create_directory(file("moved"));
  for (const char* name : {"test-images", "test-labels"}) fs::rename(file(name), file("moved") / name);
  const ExperimentReport report =
      eval_lsm(file("out.h5"),
               {"dataset.path=\"" + file("moved").string() + "\"", "dataset.limit_test=20", "placement.default=cpu"},
               library(), {});
  EXPECT_EQ(std::get<std::int64_t>(figure(report, "test_samples")), 20);
}

TEST_F(LsmExperiment, EvalWritesItsFiguresWhereItIsTold) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  const std::string trained = bytes_of(file("out.h5"));
  EXPECT_EQ(message_of([&] { eval_lsm(file("out.h5"), {}, library(), options); }),
            "--out " + file("out.h5").string() + " would replace the readout that is being scored; name another file");
  EXPECT_EQ(bytes_of(file("out.h5")), trained);
  options.out = file("eval.h5");
  const ExperimentReport report = eval_lsm(file("out.h5"), {}, library(), options);
  const auto stored = ResultsReader(file("eval.h5")).figures();
  EXPECT_EQ(std::get<double>(stored.at("test_accuracy")), number(report, "test_accuracy"));
  EXPECT_EQ(std::get<std::int64_t>(stored.at("test_samples")), 30);
  EXPECT_EQ(ResultsReader(file("eval.h5")).scores("liquid").confusion, report.scores[0].second.confusion);
  EXPECT_EQ(stored.size(), 4u);  // times would differ from run to run
  EXPECT_EQ(message_of([&] { eval_lsm(file("out.h5"), {}, library(), options); }),
            file("eval.h5").string() + " exists; pass --force to overwrite it or --out to name another file");
  EXPECT_EQ(message_of([&] { eval_lsm(file("eval.h5"), {}, library(), {}); }),
            file("eval.h5").string() + ": there is no readout in it; eval scores the results of crosspike train");
}

TEST_F(LsmExperiment, TrainsTheSameFromItsStoredConfig) {
  ExperimentOptions options;
  options.out = file("out.h5");
  train({"controls=false"}, options);
  const std::string first = bytes_of(file("out.h5"));
  const Value stored = parse_config(ResultsReader(file("out.h5")).header().config, "stored");
  options.existing = Existing::replace;
  train_lsm(stored, library(), options);
  EXPECT_EQ(bytes_of(file("out.h5")), first);
}

TEST_F(LsmExperiment, SaysThatTheReplacedFileHadLookedAtThisTestSplit) {
  ExperimentOptions options;
  options.out = file("out.h5");
  options.existing = Existing::replace;
  const std::vector<std::string> fast = {"controls=false", "readout.lambdas=[100]"};
  EXPECT_TRUE(train(fast, options).notes.empty());
  EXPECT_EQ(train(fast, options).notes,
            (std::vector<std::string>{file("out.h5").string() + " held an accuracy on this test split: this is not the "
                                                                "first look at it. Choose nothing by this figure."}));
  fs::copy(file("test-images"), file("fresh-images"));
  EXPECT_TRUE(
      train({"controls=false", "readout.lambdas=[100]", "dataset.test_images=fresh-images"}, options).notes.empty());
  std::ofstream(file("out.h5")) << "no results";
  EXPECT_TRUE(train(fast, options).notes.empty());
}

TEST_F(LsmExperiment, ASavedLiquidIsTheSameLiquid) {
  for (const char* neuron : {"{}", "{ kind = \"ilif\" }"}) {  // the second scales its output
    ExperimentOptions options;
    options.out = file("out.h5");
    options.existing = Existing::replace;
    const std::string kind = std::string("liquid.neuron=") + neuron;
    const std::vector<std::string> written = {kind, "liquid.inputs.weight={ normal = [0, 0.6] }",
                                              "liquid.recurrent.weight={ normal = [0, 0.05] }", "controls=false"};
    train(written, options);
    const LsmSettings drawn = settings(written),
                      saved = settings({"liquid.from=\"" + file("out.h5").string() + "\"", "seed=3", kind});
    const TrainingSplits splits = open_training_splits(drawn.dataset);
    const auto features = [&](const LsmSettings& s) {
      return collect_liquid(build_liquid(s.liquid, library(), 1, 0), s, *splits.validation, 1, {}, "").counts;
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
  ExperimentOptions options;
  std::vector<std::string> phases;
  options.progress = [&](std::string_view phase, double, double, std::string_view) {
    fs::remove(file("test-images"));  // seen by whoever reads it from now on
    if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
  };
  EXPECT_EQ(message_of([&] { train({}, options); }),
            file("test-images").string() + ": cannot read the file: No such file or directory");
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
            file("test-labels").string() + ": cannot read the file: No such file or directory");
}

TEST_F(LsmExperiment, NeedsAValidationSplit) {
  EXPECT_EQ(message_of([&] { train({"dataset.validation=0"}); }),
            "--set dataset.validation = 0 leaves nothing to choose lambda on; write 1 or more");
}

TEST_F(LsmExperiment, SaysWhenLambdaLiesAtTheEndOfItsList) {
  const std::string end = " lies at the end of readout.lambdas; a wider list may do better.";
  EXPECT_EQ(train({"readout.lambdas=[1e28, 1e30]"}).notes,
            (std::vector<std::string>{"lambda = 1e+30 of the liquid" + end, "lambda = 1e+30 of the input alone" + end,
                                      "lambda = 1e+30 of the static features" + end,
                                      "lambda = 1e+30 of the liquid without recurrence" + end}));
  EXPECT_TRUE(train({"controls=false", "readout.lambdas=[100]"}).notes.empty());
}

TEST_F(LsmExperiment, AtTheEndOfItsListIsNoMatterWhereNothingCanBeBetter) {
  const ExperimentReport report = train({"controls=false", "liquid.neurons=300", "readout.lambdas=[10, 1000]"});
  EXPECT_EQ(std::get<double>(figure(report, "validation_accuracy")), 1);
  EXPECT_TRUE(report.notes.empty());
}

TEST_F(LsmExperiment, SaysWhenTheLiquidIsSilent) {
  const auto notes = [&](const char* threshold) {
    return train({"controls=false", "readout.lambdas=[100]", std::string("liquid.neuron.threshold=") + threshold})
        .notes;
  };
  EXPECT_EQ(notes("1000"), (std::vector<std::string>{
                               "The liquid never fires, so that its readout knows no more than how many samples each "
                               "class has; raise the scale of liquid.inputs.weight or lower the neuron's threshold."}));
  EXPECT_TRUE(notes("1").empty());
}

TEST_F(LsmExperiment, RefusesBeforeAnySampleWhatDoesNotFit) {
  ExperimentOptions options;
  options.progress = [](std::string_view phase, double, double, std::string_view) { FAIL() << phase; };
  const auto refusal = [&](const std::vector<std::string>& overrides, std::size_t limit) {
    options.memory_limit = limit;
    return message_of([&] { train(overrides, options); });
  };
  EXPECT_EQ(refusal({"liquid.neurons=15447"}, 0),
            "not an input error: the readout of the liquid has 46341 features, a readout of kind ridge takes up to "
            "46340; use "
            "fewer liquid.neurons "
            "or features.bins");
  // 2 x 12 x 12 channels x 12 bins, for which rls keeps a matrix of 8 x 3457^2 bytes = 91 MiB.
  const std::size_t limit = std::size_t{60} << 20;
  const std::string message = refusal({"features.bins=12", "readout.kind=rls"}, limit),
                    part =
                        " of it to solve for the readout of the input alone, which has 3456 features; 60.0 MiB are "
                        "available; use fewer features.bins or a smaller input.crop, or write controls = false";
  EXPECT_TRUE(message.ends_with(part)) << message;
  EXPECT_EQ(message_of([&] {
              train({"features.bins=12", "readout.kind=rls", "controls=false"}, {.memory_limit = limit});
            }),
            "");
}

TEST_F(LsmExperiment, StopsWhereProgressThrows) {
  ExperimentOptions options;
  options.out = file("out.h5");
  options.threads = 3;
  options.progress = [](std::string_view, double, double, std::string_view) {
    throw Error(Fault::interrupted, "stop");
  };
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(file("."))) names.insert(entry.path().filename().string());
    return names;
  };
  const auto before = files();
  EXPECT_EQ(message_of([&] { train({}, options); }), "not an input error: stop");
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace crosspike
