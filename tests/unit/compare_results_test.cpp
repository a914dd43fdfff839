// SPDX-License-Identifier: Apache-2.0
// Two results files of which every difference is known.
#include <gtest/gtest.h>

#include <crosspike/core/compare_results.hpp>
#include <limits>
#include <tuple>

#include "own_data.hpp"

namespace crosspike {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::string config(int neurons, const char* time) {
  return "format = 1\nmodel = \"network\"\nrun = { dt = \"0.1 ms\", time = \"" + std::string(time) +
         "\" }\npopulations.a = { kind = \"lif\", size = " + std::to_string(neurons) + " }\n";
}

class CompareResults : public test::OwnFolder {
 protected:
  template <class Fill>
  static void write(const char* file, const Fill& fill, const std::string& config = "format = 1\n") {
    ResultsWriter writer(file, {"0.1.0", 1, config}, Existing::replace);
    fill(writer);
    writer.finish();
  }
  static ResultsComparison compared() { return compare(ResultsReader("a.h5"), ResultsReader("b.h5")); }
  static const ValuesComparison& values(const ResultsComparison& comparison, const std::string& name) {
    for (const ValuesComparison& each : comparison.values)
      if (each.name == name) return each;
    static const ValuesComparison none;
    ADD_FAILURE() << name << " was not compared";
    return none;
  }
};

ReadoutScores scores(std::vector<std::int64_t> confusion, std::vector<double> validation) {
  ReadoutScores scores;
  scores.classes = 2;
  scores.confusion = std::move(confusion);
  scores.lambda = {1, 10};
  scores.validation_accuracy = std::move(validation);
  scores.samples = 20;
  return scores;
}

TEST_F(CompareResults, AConfusionMatrixThatDiffersNamesTheCell) {
  write("a.h5", [](ResultsWriter& w) {
    w.scores("liquid", scores({8, 2, 3, 7}, {0.5, 0.75}));
    w.scores("static", scores({5, 5, 5, 5}, {0.5, 0.5}));
  });
  write("b.h5", [](ResultsWriter& w) { w.scores("liquid", scores({8, 2, 5, 5}, {0.5, 0.75})); });
  const ResultsComparison both = compared();
  const ValuesComparison& confusion = values(both, "scores/liquid/confusion");
  EXPECT_EQ(confusion.largest, 2);
  EXPECT_EQ(confusion.scale, 8);
  EXPECT_EQ(confusion.row, 1U);  // row by row, true classes
  EXPECT_EQ(confusion.element, 0U);
  EXPECT_EQ(confusion.a, 3);
  EXPECT_EQ(confusion.b, 5);
  EXPECT_EQ(values(both, "scores/liquid/validation_accuracy").largest, 0);
  EXPECT_EQ(values(both, "scores/static").problem, "only in A");
  EXPECT_TRUE(both.differ(1e9));
}

TEST_F(CompareResults, ValidationAccuraciesAreCompared) {
  for (const auto& [file, second] : {std::pair("a.h5", 0.75), std::pair("b.h5", 0.5)})
    write(file, [s = second](ResultsWriter& w) { w.scores("liquid", scores({8, 2, 3, 7}, {0.5, s})); });
  const ResultsComparison both = compared();
  EXPECT_EQ(values(both, "scores/liquid/validation_accuracy").largest, 0.25);
  EXPECT_EQ(values(both, "scores/liquid/validation_accuracy").row, 1U);
  EXPECT_TRUE(both.differ(0.3));
  EXPECT_FALSE(both.differ(0.34));  // 0.25 / 0.75
}

Curve curve(std::vector<double> y, const std::string& series) {
  return {.title = "t",
          .x_label = "x",
          .y_label = "y",
          .x = {50, 100},
          .series = {{.name = series, .y = std::move(y), .low = {}, .high = {}}}};
}

TEST_F(CompareResults, CurvesAreComparedBySeries) {
  write("a.h5", [](ResultsWriter& w) {
    w.curve("memory", curve({0.9, 0.8}, "liquid"));
    w.curve("other", curve({0.9, 0.8}, "liquid"));
    w.curve("first", curve({1, 1}, "liquid"));
  });
  write("b.h5", [](ResultsWriter& w) {
    w.curve("memory", curve({0.9, 0.4}, "liquid"));
    w.curve("other", curve({0.9, 0.8}, "static"));
    w.curve("second", curve({1, 1}, "liquid"));
  });
  const ResultsComparison both = compared();
  EXPECT_EQ(values(both, "curves/memory/x").largest, 0);
  EXPECT_EQ(values(both, "curves/memory/liquid").largest, 0.4);
  EXPECT_EQ(values(both, "curves/memory/liquid").row, 1U);
  EXPECT_EQ(values(both, "curves/other").problem, "other series");
  EXPECT_EQ(values(both, "curves/other").share(), infinite);
  EXPECT_EQ(values(both, "curves/first").problem, "only in A");
  EXPECT_EQ(values(both, "curves/second").problem, "only in B");
}

TEST_F(CompareResults, EqualScoresAndCurvesDoNotDiffer) {
  for (const char* file : {"a.h5", "b.h5"})
    write(file, [](ResultsWriter& w) {
      w.scores("liquid", scores({8, 2, 3, 7}, {0.5, 0.75}));
      w.curve("memory", curve({0.9, 0.8}, "liquid"));
    });
  EXPECT_FALSE(compared().differ(0));
}

TEST_F(CompareResults, SamplesAndForgettingAreCompared) {
  for (const auto& [file, label, forgetting] : {std::tuple("a.h5", 1, 0.5), std::tuple("b.h5", 2, 0.25)})
    write(file, [l = label, f = forgetting](ResultsWriter& w) {
      w.sample(3, {7, {}, {}});
      w.sample(5, {l, {}, {}});
      ReadoutArrays readout{{"a"}, {1}, {0}, {0}, {1}, 1, "rls"};
      readout.forgetting = f;
      w.readout(readout);
    });
  const ResultsComparison both = compared();
  EXPECT_EQ(values(both, "samples/5").problem, "other label, shape or image");
  EXPECT_EQ(values(both, "readout/forgetting").largest, 0.25);
  for (const ValuesComparison& each : both.values) EXPECT_NE(each.name, "samples/3");
}

// Three spikes of 2 elements in 10 ms, and of 4 elements in 20 ms: each side's rate is its own.
TEST_F(CompareResults, EachSideHasItsOwnRate) {
  const std::vector<double> times = {1, 2, 3};
  const std::vector<std::uint64_t> elements = {0, 0, 1};
  const auto spikes = [&](ResultsWriter& w) { w.spikes({"a", {}}, times, elements); };
  write("a.h5", spikes, config(2, "10 ms"));
  write("b.h5", spikes, config(4, "20 ms"));
  const PopulationComparison a = compared().populations.at(0);
  ASSERT_TRUE(a.rate_a_hz && a.rate_b_hz);
  EXPECT_DOUBLE_EQ(*a.rate_a_hz, 150);
  EXPECT_DOUBLE_EQ(*a.rate_b_hz, 37.5);
  EXPECT_FALSE(a.rate_error_hz);  // elements and times are not the same
  EXPECT_EQ(a.match(), 1);
  write("b.h5", spikes);  // a config that says neither size nor time
  const PopulationComparison unknown = compared().populations.at(0);
  EXPECT_TRUE(unknown.rate_a_hz);
  EXPECT_FALSE(unknown.rate_b_hz);
}

}  // namespace
}  // namespace crosspike
