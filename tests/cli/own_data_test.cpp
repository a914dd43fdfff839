// SPDX-License-Identifier: Apache-2.0
// Own events through run, train, eval and report, and what [dataset] refuses.
#include <gtest/gtest.h>

#include <crosspike/core/results.hpp>
#include <crosspike/tests/unit/own_data.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using test::EventColumns;
using testing::Finished;
using testing::Workplace;

constexpr const char* network = R"(format = 1
model = "network"
run = { dt = "1 ms", time = "10 ms" }
dataset = { kind = "events", file = "events.h5" }
[populations]
input = { kind = "input" }
cells = { kind = "lif", size = 4, rest = 0, reset = 0, threshold = 0.5, refractory = 0 }
[projections.p]
from = "input"
to = "cells"
connect = { rule = "one_to_one" }
weight = 1
delay = 0
[recorders]
input_raster = { of = "input.out" }
raster = { of = "cells.spikes" }
)";

constexpr const char* liquid = R"(format = 1
model = "lsm"
dataset = { kind = "events", file = "events.h5" }
[input]
tick = "1 ms"
ticks = 20
[liquid]
preset = "gaussian"
neurons = 30
inputs.weight = { normal = [0, 5] }
[readout]
lambdas = [1, 100]
)";

constexpr const char* memory = R"(format = 1
model = "lsm"
[dataset]
kind = "pattern_pairs"
patterns = 2
channels = 10
pattern_time = "20 ms"
gaps = ["10 ms", "40 ms"]
train = 120
test = 60
[input]
tick = "2 ms"
[liquid]
preset = "gaussian"
neurons = 20
[readout]
lambdas = [1, 100]
)";

EventColumns three_samples() {
  EventColumns columns;
  columns.times = {0, 2.5, 2.75, 9.99, /**/ 4, 10.5};  // the last is after the run
  columns.channels = {0, 3, 3, 1, /**/ 2, 2};
  columns.offsets = {0, 4, 6, 6};
  return columns;
}

TEST(CliOwnData, RunHasTheSpikesOfEverySampleOfAnEventFile) {
  Workplace work;
  work.write("t.toml", network);
  test::write_events(work.folder() / "events.h5", three_samples());
  const Finished run = work.run({"run", "t.toml", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const json figures = json::parse(run.out).at("figures");
  EXPECT_EQ(figures.at("samples"), 3);
  EXPECT_EQ(figures.at("spikes_input"), 5);
  EXPECT_EQ(figures.at("spikes_cells"), 4);  // the two at 2.5 ms and 2.75 ms are one tick and one spike
  const ResultsReader results(work.folder() / "t.h5");
  EXPECT_EQ(results.samples(), (std::vector<std::uint64_t>{0, 1, 2}));
  const SpikeTrain first = results.spikes({"input", 0}), second = results.spikes({"input", 1}),
                   third = results.spikes({"input", 2}), cells = results.spikes({"cells", 0});
  // What happens in tick t is stamped (t + 1) dt.
  EXPECT_EQ(first.timestamps_ms, (std::vector<double>{1, 3, 10}));
  EXPECT_EQ(first.node_ids, (std::vector<std::uint64_t>{0, 3, 1}));
  EXPECT_EQ(first.counts, (std::vector<std::int32_t>{1, 2, 1}));
  EXPECT_EQ(second.timestamps_ms, (std::vector<double>{5}));
  EXPECT_EQ(second.node_ids, (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(third.timestamps_ms.empty());
  EXPECT_EQ(cells.node_ids, first.node_ids);
}

TEST(CliOwnData, RunTakesTheFirstSamplesAndGivesTheSameBytesAtAnyThreads) {
  Workplace work;
  work.write("t.toml", network);
  test::write_events(work.folder() / "events.h5", three_samples());
  for (const char* threads : {"1", "3"})
    ASSERT_EQ(work.run({"run", "t.toml", "--set", "dataset.limit_train=2", "--threads", threads, "--out",
                        std::string(threads) + ".h5"})
                  .code,
              0);
  EXPECT_EQ(work.read("1.h5"), work.read("3.h5"));
  EXPECT_EQ(ResultsReader(work.folder() / "1.h5").samples(), (std::vector<std::uint64_t>{0, 1}));
}

TEST(CliOwnData, TrainEvalAndReportOfAnEventFile) {
  Workplace work;
  work.write("t.toml", liquid);
  test::write_events(work.folder() / "events.h5", test::easy_events(60, 2));
  const Finished trained = work.run({"train", "t.toml", "--json"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const json figures = json::parse(trained.out).at("figures");
  EXPECT_EQ(figures.at("train_samples"), 36);
  EXPECT_EQ(figures.at("validation_samples"), 12);
  EXPECT_EQ(figures.at("test_samples"), 12);
  EXPECT_EQ(figures.at("baseline_accuracy"), 1);  // the classes share no channel
  EXPECT_EQ(figures.at("test_accuracy"), 1);
  const Finished again = work.run({"eval", "t.h5", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out).at("figures").at("test_accuracy"), figures.at("test_accuracy"));
  const Finished page = work.run({"report", "t.h5"});
  ASSERT_EQ(page.code, 0) << page.err;
  const std::string html = work.read("t.html");
  EXPECT_NE(html.find("events.h5"), std::string::npos);  // the config is in it
  EXPECT_NE(html.find("id=\"classes-liquid\""), std::string::npos);
  EXPECT_NE(html.find("id=\"raster-input-sample-"), std::string::npos);
  EXPECT_EQ(html.find("id=\"events-sample-"), std::string::npos);  // channels on a line: their raster says it all
}

TEST(CliOwnData, EvalTakesAFileOfNewSamplesButNoOtherShare) {
  Workplace work;
  work.write("l.toml", liquid);
  test::write_events(work.folder() / "events.h5", test::easy_events(60, 2));
  test::write_events(work.folder() / "new.h5", test::easy_events(20, 2));
  const Finished refused = work.run({"train", "l.toml", "--out", "l.h5", "--set", "dataset.test_share=0"});
  EXPECT_EQ(refused.code, 2);
  const Finished trained = work.run({"train", "l.toml", "--out", "l.h5", "--no-test", "--set", "dataset.test_share=0"});
  ASSERT_EQ(trained.code, 0) << trained.err;  // all of the file to train and to choose on
  const Finished swept = work.run({"sweep", "l.toml", "--out", "sizes", "--no-test", "--set", "dataset.test_share=0",
                                   "--grid", "liquid.neurons=20,30"});
  EXPECT_EQ(swept.code, 0) << swept.err;
  EXPECT_NE(trained.out.find("accuracy            validation\n  liquid "), std::string::npos) << trained.out;
  const Finished eval = work.run({"eval", "l.h5", "--set", "dataset.test_file=new.h5", "--json"});
  ASSERT_EQ(eval.code, 0) << eval.err;
  EXPECT_EQ(json::parse(eval.out).at("figures").at("test_samples"), 20);
  const Finished share = work.run({"eval", "l.h5", "--set", "dataset.test_share=0.5"});
  EXPECT_EQ(share.code, 2);
  EXPECT_EQ(
      share.err,
      "error: --set dataset.test_share=0.5: the readout in l.h5 was fitted to another config; eval takes only "
      "dataset.path, the files and folders of dataset.test_..., dataset.limit_test and placement; train anew with: "
      "crosspike train\n");
}

TEST(CliOwnData, TheTestFileIsAnotherFileWithTheSameChannels) {
  Workplace work;
  work.write("l.toml", liquid);
  test::write_events(work.folder() / "events.h5", test::easy_events(60, 2));
  test::EventColumns turned = test::easy_events(20, 2);
  turned.shape = {2, 2};  // as many channels, elsewhere
  test::write_events(work.folder() / "turned.h5", turned);
  const auto refusal = [&](const std::vector<std::string>& words) {
    const Finished run = work.run(words);
    EXPECT_EQ(run.code, 2);
    return run.err;
  };
  const std::string same =
      "dataset.test_file = \"./events.h5\" holds the training samples; a readout is to be tested on others, so leave "
      "it "
      "away, and a test_share of them is kept apart\n";
  EXPECT_EQ(refusal({"train", "l.toml", "--out", "l.h5", "--set", "dataset.test_file=./events.h5"}),
            "error: --set " + same);
  const std::string turned_text =
      "error: turned.h5: its samples have 1 x 2 x 2 channels (polarity x row x column), those of training 1 x 1 x 4; "
      "the "
      "two do not belong together\n";
  EXPECT_EQ(refusal({"train", "l.toml", "--out", "l.h5", "--set", "dataset.test_file=turned.h5"}), turned_text);
  ASSERT_EQ(work.run({"train", "l.toml", "--out", "l.h5"}).code, 0);
  EXPECT_EQ(refusal({"eval", "l.h5", "--set", "dataset.test_file=turned.h5"}), turned_text);
  EXPECT_EQ(refusal({"eval", "l.h5", "--set", "dataset.test_file=./events.h5"}), "error: --set " + same);
}

TEST(CliOwnData, TrainSaysWhichEventsItLeavesOut) {
  Workplace work;
  work.write("l.toml", liquid);
  test::write_events(work.folder() / "events.h5", test::easy_events(60, 2));
  const Finished run =
      work.run({"train", "l.toml", "--out", "l.h5", "--set", "input.ticks=1", "--set", "features.bins=1"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find(" % of the events come after "), std::string::npos) << run.out;
}

TEST(CliOwnData, AMemoryExperimentIsNotExportedWithoutItsReadouts) {
  Workplace work;
  work.write("m.toml", memory);
  ASSERT_EQ(work.run({"train", "m.toml", "--out", "m.h5", "--set", "controls=false"}).code, 0);
  const Finished run = work.run({"export", "m.h5", "--target", "nir"});
  EXPECT_EQ(run.code, 3);
  EXPECT_EQ(run.err,
            "error: m.h5: has a readout for each of several tasks (first_10ms, ...), and a graph holds one; export its "
            "config for the liquid alone\n");
}

TEST(CliOwnData, TheReportOfAMemoryExperimentDrawsItsCurves) {
  Workplace work;
  work.write("t.toml", memory);
  ASSERT_EQ(work.run({"train", "t.toml"}).code, 0);
  const Finished run = work.run({"report", "t.h5", "--plots", "plots", "--out", "t.html"});
  ASSERT_EQ(run.code, 0) << run.err;
  const std::string page = work.read("t.html");
  for (const char* title : {"Telling which of the patterns came first", "Telling the exclusive or of the patterns"})
    EXPECT_NE(page.find(title), std::string::npos) << title;
  const std::string plot = work.read("plots/curve-memory_first.svg");
  EXPECT_EQ(plot.rfind("<svg", 0), 0u) << plot.substr(0, 100);
  for (const char* word : {"without recurrence", "static", "input", "silent gap between the patterns, ms"})
    EXPECT_NE(plot.find(word), std::string::npos) << word;
}

// ---- what is refused ----

void expect_error(const std::string& config, const std::vector<std::string>& words, const std::string& message,
                  int code = 2) {
  Workplace work;
  work.write("t.toml", config);
  test::write_events(work.folder() / "events.h5", test::easy_events(10, 2));
  const auto before = work.files();
  const Finished run = work.run(words);
  EXPECT_EQ(run.code, code) << message;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + message + "\n");
  EXPECT_EQ(work.files(), before);
}

std::string with(std::string text, const std::string& before, const std::string& after) {
  const auto at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return text.replace(at, before.size(), after);
}

const std::vector<std::string> to_run = {"run", "t.toml"}, to_validate = {"validate", "t.toml"},
                               to_train = {"train", "t.toml"};

TEST(CliDatasetErrors, NoPopulationToFeed) {
  expect_error(with(network, "{ kind = \"input\" }", "{ kind = \"poisson\", size = 4 }"), to_run,
               "t.toml:4:11: dataset feeds a population of kind input, and there is none; add one such as: "
               "populations.input = { kind = \"input\" }");
}

TEST(CliDatasetErrors, SeveralPopulationsToFeed) {
  expect_error(with(network, "[projections.p]", "other = { kind = \"input\" }\n[projections.p]"), to_run,
               "t.toml:4:11: dataset could feed input or other; name one: feeds = \"input\"");
}

TEST(CliDatasetErrors, FeedsWhatIsNotThere) {
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", feeds = \"inptu\""), to_run,
               "t.toml:4:58: dataset.feeds: there is no node 'inptu'; did you mean 'input'?");
}

TEST(CliDatasetErrors, FeedsWhatTakesNoEvents) {
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", feeds = \"cells\""), to_run,
               "t.toml:4:58: dataset.feeds = \"cells\" is no population of kind input that carries spikes");
}

TEST(CliDatasetErrors, AnotherInputThatWaitsForEver) {
  expect_error(with(with(network, "\"events.h5\"", "\"events.h5\", feeds = \"input\""), "[projections.p]",
                    "other = { kind = \"input\", size = 3 }\n[projections.p]"),
               to_run,
               "t.toml:4:11: dataset feeds 'input', and 'other' of kind input would wait for ever; use another kind, "
               "such as spike_list");
}

TEST(CliDatasetErrors, AnInputOfAnotherSize) {
  expect_error(
      with(with(network, "kind = \"input\"", "kind = \"input\", size = 5"), "size = 4, rest", "size = 5, rest"), to_run,
      "t.toml:4:11: dataset has 4 channels, but population 'input' has 5 elements; leave its size away, and it "
      "follows from the data set");
}

TEST(CliDatasetErrors, AnInputWithoutADataSet) {
  expect_error(
      with(with(network, "dataset = { kind = \"events\", file = \"events.h5\" }\n", ""), "kind = \"input\"",
           "kind = \"input\", size = 4"),
      to_run,
      "t.toml:5:9: population 'input' (kind input) waits for a data set, and there is no [dataset]; add one "
      "such as: dataset = { kind = \"events\", file = \"events.h5\" }, or use kind spike_list, step_current or "
      "poisson");
}

TEST(CliDatasetErrors, AFileThatIsNotSaid) {
  expect_error(with(network, ", file = \"events.h5\"", ""), to_validate,
               "t.toml:4:11: dataset has no key 'file'; add a line such as: file = \"events.h5\"");
  expect_error(with(network, "kind = \"events\", file = \"events.h5\"", "kind = \"dense\""), to_validate,
               "t.toml:4:11: dataset has no key 'inputs'; add a line such as: inputs = \"inputs.npy\"");
}

TEST(CliDatasetErrors, AFileThatIsMissing) {
  expect_error(with(network, "\"events.h5\"", "\"event.h5\""), to_run,
               "t.toml:4:37: dataset.file = \"event.h5\" names no file; did you mean 'events.h5'?");
}

TEST(CliDatasetErrors, AFileBesideTheConfigInAnotherFolder) {
  Workplace work;
  std::filesystem::create_directory(work.folder() / "study");
  work.write("study/t.toml", network);
  test::write_events(work.folder() / "study/events.h5", test::easy_events(10, 2));
  EXPECT_EQ(work.run({"validate", "study/t.toml"}).err,
            "error: study/t.toml:4:37: dataset.file = \"events.h5\" names no file; it lies beside the config, so write "
            "file = \"study/events.h5\", or run there\n");
}

// What validate says of a liquid on these events.
Finished validated(const test::EventColumns& columns) {
  Workplace work;
  work.write("l.toml", liquid);
  test::write_events(work.folder() / "events.h5", columns);
  return work.run({"validate", "l.toml"});
}

TEST(CliDatasetErrors, SamplesOfOneClass) {
  test::EventColumns columns = test::easy_events(60, 2);
  columns.labels.assign(60, 1);
  const Finished run = validated(columns);
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: l.toml:3:37: dataset.file: all 36 training samples are of class 1; a readout tells two classes or "
            "more apart\n");
}

TEST(CliDatasetErrors, EventsOfAnotherUnit) {
  test::EventColumns columns = test::easy_events(60, 2);
  columns.unit = "s";
  const Finished run = validated(columns);
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: l.toml:3:37: dataset.file: all events of the first 36 training samples come after 20 ms, where "
            "samples end, the first of them at "
            "250 ms; is the unit of their times right? If so, raise input.ticks\n");
}

TEST(CliOwnData, ValidateNotesSilenceAtTheEndOfSamplesAndNoEventsAtAll) {
  Workplace work;
  work.write("l.toml", liquid);
  test::write_events(work.folder() / "events.h5", test::easy_events(60, 2));
  EXPECT_NE(work.run({"validate", "l.toml", "--set", "input.ticks=400"})
                .out.find("note: The events of the first 36 training samples end by "),
            std::string::npos);
  test::EventColumns none = test::easy_events(60, 2, 0);
  EXPECT_NE(validated(none).out.find("note: None of the first 36 training samples has an event.\n"), std::string::npos)
      << validated(none).out << validated(none).err;
}

TEST(CliOwnData, ValidateNotesWhatIsOddInLabelsAndTimes) {
  test::EventColumns columns = test::easy_events(60, 2);
  EXPECT_EQ(validated(columns).out.find("note: "), std::string::npos) << validated(columns).out;
  columns.unit = "us";
  for (auto& label : columns.labels) label = label == 0 ? 0 : 9;
  const Finished run = validated(columns);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(
      run.out.find("note: No training sample is of class 1, 2, 3, 4, 5 or of 3 more; classes are numbered from 0 to "
                   "the largest label.\n"),
      std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("note: All events of the first 36 training samples lie in their first tick of "),
            std::string::npos)
      << run.out;
}

TEST(CliDatasetErrors, KeysOfAnotherKind) {
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", threshold = 1"), to_validate,
               "t.toml:4:50: dataset has no key 'threshold'; it knows: kind, file, test_file, validation_share, "
               "test_share, shuffle, order_seed, limit_train, limit_test, feeds");
}

TEST(CliDatasetErrors, SharesAndSeedsOutOfRange) {
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", validation_share = 1.5"), to_validate,
               "t.toml:4:69: dataset.validation_share is 1.5; allowed is 0 to 1");
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", order_seed = -1"), to_validate,
               "t.toml:4:63: dataset.order_seed is -1; allowed is at least 0");
  expect_error(with(network, "\"events.h5\"", "\"events.h5\", limit_train = 11"), to_run,
               "t.toml:4:64: dataset.limit_train = 11 is out of range; 1 to 10 is allowed");
}

TEST(CliDatasetErrors, TestArraysWithoutTheirLabels) {
  const auto dense = [](const std::string& keys) {
    return with(network, "kind = \"events\", file = \"events.h5\"", "kind = \"dense\", inputs = \"x.npy\", " + keys);
  };
  expect_error(dense("test_inputs = \"y.npy\""), to_validate,
               "t.toml:4:47: dataset.test_inputs stands without dataset.test_labels; write both");
  expect_error(dense("test_labels = \"y.npy\""), to_validate,
               "t.toml:4:47: dataset.test_labels stands without dataset.test_inputs; write both");
  expect_error(dense("encoding = \"detla\""), to_validate,
               "t.toml:4:58: dataset.encoding is \"detla\"; allowed are counts, delta; did you mean 'delta'?");
  expect_error(dense("encoding = \"delta\", threshold = 0"), to_validate,
               "t.toml:4:79: dataset.threshold is 0; allowed is above 0, at most 1e+300");
  expect_error(dense("step = \"1 mV\""), to_validate,
               "t.toml:4:54: dataset.step: '1 mV' is a voltage, not a time; write e.g. \"20 ms\"");
}

TEST(CliDatasetErrors, MoreEventsInATickThanTheInputTakes) {
  Workplace work;
  work.write("t.toml", with(network, "kind = \"input\"", "kind = \"input\", max_count = 1"));
  test::write_events(work.folder() / "events.h5", three_samples());
  const Finished run = work.run({"run", "t.toml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("declared max_count 1; raise it\n"), std::string::npos) << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"events.h5", "t.toml"}));
}

TEST(CliDatasetErrors, APolarityThatTheEventsDoNotHave) {
  expect_error(with(liquid, "ticks = 20", "ticks = 20\npolarity = \"on\""), to_train,
               "t.toml:4:1: input: polarity on and off belong to sensors of two polarities, and this one has one");
}

TEST(CliDatasetErrors, TrainingOnEventsWithoutLabels) {
  Workplace work;
  work.write("t.toml", liquid);
  EventColumns columns = test::easy_events(10, 2);
  columns.labels = {};
  test::write_events(work.folder() / "events.h5", columns);
  for (const char* command : {"train", "validate"}) {
    const Finished run = work.run({command, "t.toml"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err,
              "error: t.toml:3:37: dataset.file = \"events.h5\" has no labels, and a readout learns them; write "
              "`labels`, a whole number for each sample, into it\n");
  }
}

TEST(CliDatasetErrors, TooFewSamplesToSplit) {
  expect_error(
      with(liquid, "\"events.h5\"", "\"events.h5\", validation_share = 0.01"), to_train,
      "t.toml:3:69: dataset.validation_share = 0.01 and test_share = 0.2 of 10 samples leave 8 to train on and "
      "0 to validate on; both need one or more");
  expect_error(with(liquid, "\"events.h5\"", "\"events.h5\", test_share = 0"), to_train,
               "t.toml:3:63: dataset.test_share = 0 leaves no sample to test on; raise it, or name a file of test "
               "samples with test_file");
}

TEST(CliDatasetErrors, ResultsOverTheEvents) {
  expect_error(network, {"run", "t.toml", "--out", "events.h5", "--force"},
               "events.h5 is read by this config (t.toml:4:37); name another with --out");
  expect_error(liquid, {"train", "t.toml", "--out", "events.h5", "--force"},
               "events.h5 is read by this config (t.toml:3:37); name another with --out");
}

TEST(CliDatasetErrors, MemoryThatCannotBe) {
  expect_error(with(memory, "gaps = [\"10 ms\", \"40 ms\"]", "gaps = [\"40 ms\", \"10 ms\"]"), to_train,
               "t.toml:3:1: dataset: gaps must ascend, each gap once");
  expect_error(with(memory, "channels = 10", "channels = 10\njittre = 1"), to_train,
               "t.toml:7:1: dataset has no key 'jittre'; did you mean 'jitter'? It knows: kind, patterns, channels, "
               "pattern_time, rate, gaps, lead, jitter, noise, train, test, validation, limit_train, limit_test");
  expect_error(memory, {"train", "t.toml", "--set", "features.window=300 ms"},
               "--set features.window = 300 ms is longer than a sample, 180 ms");
}

}  // namespace
}  // namespace crosspike
