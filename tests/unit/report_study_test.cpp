// SPDX-License-Identifier: Apache-2.0
// The tables of studies: what is read, what is refused, and what is drawn of them.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/apps/report/study.hpp>

#include "message_of.hpp"

namespace crosspike::report {
namespace {

using test::message_of;

constexpr const char* good =
    "# crosspike sweep 1\n"
    "liquid.neurons,scale,figure,mean,sd,n\n"
    "100,0.5,accuracy,0.7,0.01,3\n"
    "100,0.9,accuracy,0.8,0.02,3\n"
    "1000,0.5,accuracy,0.9,,1\n"
    "1000,0.9,accuracy,nan,nan,0\n";

std::string refusal(const std::string& text) {
  return message_of([&] { parse_study(text, "s.csv"); });
}

// `good` with one piece of text in place of another.
std::string with(const std::string& before, const std::string& after) {
  std::string text = good;
  const auto at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return text.replace(at, before.size(), after);
}

TEST(ReportStudy, IsReadWithItsGaps) {
  const Study study = parse_study(good, "s.csv");
  EXPECT_EQ(study.keys, (std::vector<std::string>{"liquid.neurons", "scale"}));
  ASSERT_EQ(study.rows.size(), 4U);
  EXPECT_EQ(study.rows[1].point, (std::vector<std::string>{"100", "0.9"}));
  EXPECT_EQ(study.rows[1].mean, 0.8);
  EXPECT_EQ(study.rows[1].sd, 0.02);
  EXPECT_EQ(study.rows[1].n, 3);
  EXPECT_TRUE(std::isnan(study.rows[2].sd));
  EXPECT_TRUE(std::isnan(study.rows[3].mean));
  EXPECT_EQ(study.figures(), (std::vector<std::string>{"accuracy"}));
}

TEST(ReportStudy, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const Study study =
      parse_study("k,figure,mean,sd,n\r\n\"[1, 2]\",a,1,0,1\r\n\"say \"\"x\"\"\ny\",a,2,0,1\r\n", "s.csv");
  ASSERT_EQ(study.rows.size(), 2U);
  EXPECT_EQ(study.rows[0].point[0], "[1, 2]");
  EXPECT_EQ(study.rows[1].point[0], "say \"x\"\ny");
}

TEST(ReportStudy, OtherTablesAreRefusedWithTheirLine) {
  EXPECT_EQ(refusal(""), "s.csv: is empty; a study has a header and rows, as `crosspike sweep` writes them");
  EXPECT_EQ(refusal("# crosspike sweep 1\n"),
            "s.csv: is empty; a study has a header and rows, as `crosspike sweep` writes them");
  EXPECT_EQ(refusal("k,figure,mean,sd,n\n"), "s.csv: has a header but no rows");
  EXPECT_EQ(
      refusal(with("sweep 1", "sweep 2")),
      "s.csv:1: '# crosspike sweep 2' is not the comment of a study that this version reads; '# crosspike sweep 1' "
      "is expected");
  EXPECT_EQ(message_of([] { parse_study("# crosspike sweep runs 1\nk,seed,a\n", "f/sw.runs.csv"); }),
            "f/sw.runs.csv is a sweep's table of runs, a row each; a report is drawn of the means at its points: name "
            "f/sw.csv");
  EXPECT_EQ(refusal("a,b\n1,2\n"),
            "s.csv:1: the header is 'a,b'; a study's names the keys of its grid, then "
            "figure,mean,sd,n");
  EXPECT_EQ(
      refusal(with("sd,n", "n,sd")),
      "s.csv:2: the header is 'liquid.neurons,scale,figure,mean,n,sd'; a study's names the keys of its grid, then "
      "figure,mean,sd,n");
  EXPECT_EQ(refusal(with("scale", "liquid.neurons")), "s.csv:2: the header names 'liquid.neurons' twice");
  EXPECT_EQ(refusal(with(",scale", ",")), "s.csv:2: the header has a key without a name");
  EXPECT_EQ(refusal(with("0.02,3", "0.02")), "s.csv:4: 5 fields; the header has 6");
  EXPECT_EQ(refusal(with("0.8", "eight")), "s.csv:4: mean is 'eight'; a number is expected, or nan");
  EXPECT_EQ(refusal(with("0.8", "")), "s.csv:4: mean is ''; a number is expected, or nan");
  EXPECT_EQ(refusal(with("0.8", "1e999")), "s.csv:4: mean is '1e999', which is beyond the range of a number");
  EXPECT_EQ(refusal(with("0.02", "-0.02")), "s.csv:4: sd is '-0.02'; it cannot be negative");
  EXPECT_EQ(refusal(with("0.02,3", "0.02,2.5")), "s.csv:4: n is '2.5'; a whole number from 0 is expected");
  EXPECT_EQ(refusal(with("0.9,accuracy,0.8", "0.9,,0.8")), "s.csv:4: figure is empty; a figure's name is expected");
  EXPECT_EQ(refusal(with("100,0.9", "100,0.5")),
            "s.csv:4: the figure 'accuracy' of this grid point stands in a row above already");
  EXPECT_EQ(refusal(with("100,0.9", "\"100,0.9")), "s.csv:4: a quote is opened and never closed");
  EXPECT_EQ(refusal(with("100,0.9", "1\"00,0.9")),
            "s.csv:4: a quote inside the field '1\"00'; put the whole field into quotes and double those inside");
  EXPECT_EQ(refusal(with("100,0.9", "\"100\"x,0.9")),
            "s.csv:4: text follows a closing quote; a comma or the line's end is expected");
  EXPECT_EQ(refusal(std::string("k,figure,mean,sd,n\n\0", 20)), "s.csv: holds a NUL byte, so it is no CSV text");
}

TEST(ReportStudy, AGridOfTwoKeysHasLinesAndAMap) {
  const auto plots = study_plots(parse_study(good, "s.csv"), {}, "s.csv");
  ASSERT_EQ(plots.size(), 2U);
  EXPECT_EQ(plots[0].name, "study-accuracy");
  EXPECT_EQ(
      plots[0].caption,
      "Mean of 0 to 3 runs a point; bars show one standard deviation. 1 of the points is no number and left out.");
  EXPECT_NE(plots[0].body.find(">scale = 0.5</text>"), std::string::npos);
  EXPECT_EQ(plots[1].name, "study-accuracy-map");
}

TEST(ReportStudy, OneKeyHasNoMapAndQuantitiesOfOneUnitAreNumbers) {
  const auto plots = study_plots(
      parse_study("delay,figure,mean,sd,n\n100 ms,a,1,0,1\n9 ms,a,2,0,1\n50 ms,a,3,0,1\n", "s.csv"), {}, "s.csv");
  ASSERT_EQ(plots.size(), 1U);
  EXPECT_NE(plots[0].body.find(">delay (ms)</text>"), std::string::npos);
}

TEST(ReportStudy, WordsAreCategoriesInTheOrderOfTheFile) {
  const auto plots = study_plots(parse_study("kind,figure,mean,sd,n\nlif,a,1,0,1\nif,a,2,0,1\n", "s.csv"), {}, "s.csv");
  const std::string& body = plots.at(0).body;
  EXPECT_LT(body.find(">lif</text>"), body.find(">if</text>"));
}

TEST(ReportStudy, FiguresAreChosenByName) {
  const Study study = parse_study("k,figure,mean,sd,n\n1,accuracy,1,0,1\n1,wall_s,2,0,1\n", "s.csv");
  EXPECT_EQ(study_plots(study, {"wall_s"}, "s.csv").size(), 1U);
  EXPECT_EQ(message_of([&] { study_plots(study, {"acuracy"}, "s.csv"); }),
            "--figures: s.csv has no figure 'acuracy'; did you mean 'accuracy'? it has: accuracy, wall_s");
}

// A table over k = 1 and 2 with a row for each figure and point, whose mean is k times the figure's place, from 1.
Study study_of(const std::vector<std::string>& figures, const std::string& equal_at_all_points = {}) {
  std::string text = "k,figure,mean,sd,n\n";
  for (const int k : {1, 2})
    for (std::size_t i = 0; i < figures.size(); ++i)
      text += std::to_string(k) + "," + figures[i] + "," +
              std::to_string(figures[i] == equal_at_all_points ? 7 : k * (static_cast<int>(i) + 1)) + ",0,1\n";
  return parse_study(text, "s.csv");
}

TEST(ReportStudy, SettingsAreChosenOnValidationSoTestFiguresAreLeftOut) {
  const Study study = study_of({"test_accuracy", "test_accuracy_low", "no_recurrence_accuracy", "liquid_minus_static",
                                "test_samples", "spikes_per_neuron_and_tick", "lambda", "train_samples",
                                "validation_samples", "validation_accuracy", "static_validation_accuracy"});
  const FigureChoice main = choose_figures(study, {}, "s.csv");
  EXPECT_EQ(main.names, (std::vector<std::string>{"validation_accuracy", "static_validation_accuracy",
                                                  "spikes_per_neuron_and_tick"}));
  EXPECT_EQ(main.note,
            "Figures of the test split are left out, because settings are chosen on validation; --figures "
            "test_accuracy shows one, and names with commas more. Left out as secondary or equal at all points: "
            "lambda, train_samples, "
            "validation_samples.");
  EXPECT_EQ(study_plots(study, {}, "s.csv").size(), 3U);
  const FigureChoice named = choose_figures(study, {"test_accuracy"}, "s.csv");
  EXPECT_EQ(named.names, (std::vector<std::string>{"test_accuracy"}));
  EXPECT_EQ(named.note, "");
}

TEST(ReportStudy, ATestFigureIsKnownByItsCounterpartOnValidation) {
  const Study study = study_of({"memory_ms_at_90", "memory_ms_at_90_input", "first_accuracy_static",
                                "validation_memory_ms_at_90", "validation_first_accuracy"});
  EXPECT_EQ(choose_figures(study, {}, "s.csv").names,
            (std::vector<std::string>{"validation_memory_ms_at_90", "validation_first_accuracy"}));
}

TEST(ReportStudy, WithoutValidationWhatDiffersIsShown) {
  const Study study = study_of({"simulated_s", "spikes_exc", "rate_hz_exc"}, "simulated_s");
  EXPECT_EQ(choose_figures(study, {}, "s.csv").names, (std::vector<std::string>{"rate_hz_exc"}));
  EXPECT_EQ(choose_figures(study_of({"a"}, "a"), {}, "s.csv").names, (std::vector<std::string>{"a"}));
}

TEST(ReportStudy, AnAccuracyOnAMapIsPercentSoThatEqualHalvesAreWrittenAlike) {
  const auto plots = study_plots(
      parse_study("a,b,figure,mean,sd,n\n1,1,accuracy,0.8625,0,1\n1,2,accuracy,0.9625,0,1\n2,1,accuracy,0.5,0,1\n"
                  "2,2,accuracy,1,0,1\n",
                  "s.csv"),
      {}, "s.csv");
  ASSERT_EQ(plots.size(), 2U);
  for (const char* text : {">86.25</text>", ">96.25</text>", ">100.00 %</text>"})
    EXPECT_NE(plots[1].body.find(text), std::string::npos) << text;
}

TEST(ReportStudy, WithoutAKeyThereIsATableOnly) {
  EXPECT_TRUE(study_plots(parse_study("figure,mean,sd,n\na,1,0,5\n", "s.csv"), {}, "s.csv").empty());
}

}  // namespace
}  // namespace crosspike::report
