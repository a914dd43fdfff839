// SPDX-License-Identifier: Apache-2.0
// crosspike report: what it writes, that equal input gives equal bytes, and what it refuses.
#include <gtest/gtest.h>

#include <crosspike/core/results.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::Finished;
using testing::Workplace;

const std::string config = "format = 1\nmodel = \"network\"\n# <script>alert(1)</script>\n";

// A results file with something under most paths.
void write_results(const Workplace& work, const std::string& name, const std::string& population = "exc") {
  ResultsWriter writer(work.folder() / name, {"0.1.0", 42, config}, Existing::refuse);
  writer.figure("simulated_s", 0.1);
  writer.figure("lambda", 10.0);
  writer.figure("note", std::string("<b>&"));
  const std::vector<double> times = {1, 2, 50}, rows = {-65, -64, -63};
  const std::vector<std::uint64_t> ids = {0, 1, 2};
  writer.spikes({population, {}}, times, ids);
  writer.spike_elements({population, {}}, 3);
  writer.values({"membrane", {}}, 1, std::span(rows), {0.1, 1, 0.1, "mV", {}});
  writer.scores("liquid", {2, {4, 1, 0, 5}, {1, 10, 100}, {0.5, 0.75, 0.6}, 0.9, 10});
  writer.curve("memory", {"Memory", "delay (ms)", "accuracy", {50, 100}, {{"liquid", {1, 0.5}, {}, {}}}});
  writer.readout({{"a", "b"}, {1, 2, 3, 4}, {0, 0}, {0, 1}, {0, 2}, 10});
  writer.spikes({"input", 7}, times, ids);
  writer.sample(7, {1, {2, 1, 2}, SampleImage{1, 2, {0, 255}}});
  writer.finish();
}

void expect_error(const Workplace& work, const std::vector<std::string>& words, const std::string& message,
                  int code = 2) {
  const auto before = work.files();
  const Finished run = work.run(words);
  EXPECT_EQ(run.code, code) << message;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + message + "\n");
  EXPECT_EQ(work.files(), before);
}

TEST(CliReport, ACaptionHoldsTheIntervalOfTheAccuracyWhereThereIsOne) {
  Workplace work;
  {
    ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, config}, Existing::refuse);
    ReadoutScores scores{1, {10}, {}, {}, 1, 10};
    scores.accuracy_low = 0.725;
    scores.accuracy_high = 1;
    writer.scores("liquid", scores);
    writer.finish();
  }
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  EXPECT_NE(work.read("r.html").find("95 % interval of the accuracy: 72.50 to 100.00 %."), std::string::npos);
}

TEST(CliReport, AccuraciesStandSideBySideAndNotInTheListOfFigures) {
  Workplace work;
  {
    const std::string of_data = "format = 1\nmodel = \"lsm\"\n[dataset]\nkind = \"events\"\nfile = \"a/b/tones.h5\"\n";
    ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, of_data}, Existing::refuse);
    for (const auto& [name, share] : std::vector<std::pair<const char*, double>>{{"validation_accuracy", 0.8625},
                                                                                 {"test_accuracy", 0.8},
                                                                                 {"test_accuracy_low", 0.7},
                                                                                 {"test_accuracy_high", 0.875},
                                                                                 {"static_accuracy", 0.5},
                                                                                 {"static_accuracy_low", 0.4},
                                                                                 {"static_accuracy_high", 0.6},
                                                                                 {"liquid_minus_static", 0.3},
                                                                                 {"liquid_minus_static_low", -0.01},
                                                                                 {"liquid_minus_static_high", 0.45},
                                                                                 {"first_accuracy", 0.9625}})
      writer.figure(name, share);
    writer.figure("baseline_features", std::string("counts"));
    writer.finish();
  }
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  const std::string html = work.read("r.html");
  for (const char* text :
       {"<h1>Results of model lsm on tones.<wbr/>h5 (events)</h1>",
        "<tr><th>liquid</th><td class=\"number\">86.25 %</td><td class=\"number\">80.00 % (70.00 to 87.50)</td>",
        "<tr><th>static features</th><td class=\"number\"></td><td class=\"number\">50.00 % (40.00 to 60.00)</td>"
        "<td class=\"number\">+30.00 points (-1.00 to +45.00)</td>",
        "<tr><th>first_<wbr/>accuracy</th><td class=\"number\">96.25 %</td>",
        "<tr><th>baseline_<wbr/>features</th><td class=\"number\">counts</td>"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
  for (const char* text : {"test_<wbr/>accuracy", "liquid_<wbr/>minus", "overflow-wrap:anywhere}td"})
    EXPECT_EQ(html.find(text), std::string::npos) << text;
}

TEST(CliReport, OfAClassSomeFiguresAreNotEnough) {
  Workplace work;
  {
    ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, config}, Existing::refuse);
    ReadoutScores scores{2, {4, 1, 0, 5}, {}, {}, 0.9, 10};
    scores.f1 = {0.9, 0.9};
    writer.scores("liquid", scores);
    writer.finish();
  }
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  EXPECT_EQ(work.read("r.html").find("id=\"classes-liquid\""), std::string::npos);
}

TEST(CliReport, WritesAPageAndWhatDiffersBesideIt) {
  Workplace work;
  write_results(work, "r.h5");
  const Finished run = work.run({"report", "r.h5"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"r.h5", "r.html", "r.json"}));
  const std::string html = work.read("r.html");
  for (const char* part :
       {"id=\"raster-exc\"", "id=\"values-membrane\"", "id=\"confusion-liquid\"", "id=\"lambda\"",
        "id=\"curve-memory\"", "id=\"features\"", "id=\"events-sample-7\"", "Seed 42", "simulated_<wbr/>s"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
  EXPECT_EQ(html.find(work.folder().string()), std::string::npos);
  const auto beside = nlohmann::json::parse(work.read("r.json"));
  for (const char* key : {"made_at", "host", "made_from", "wall_s", "commit"}) EXPECT_TRUE(beside.contains(key)) << key;
  EXPECT_EQ(beside["html_bytes"], html.size());
}

TEST(CliReport, EqualResultsGiveEqualPagesWhateverTheirNames) {
  Workplace work;
  write_results(work, "a.h5");
  write_results(work, "b.h5");
  EXPECT_EQ(work.run({"report", "a.h5", "--plots", "a"}).code, 0);
  EXPECT_EQ(work.run({"report", "a.h5", "--out", "a.html"}).code, 0);
  EXPECT_EQ(work.run({"report", "b.h5", "--out", "other.html", "--plots", "b"}).code, 0);
  EXPECT_TRUE(work.read("a.html") == work.read("other.html"));
  EXPECT_TRUE(work.read("a/raster-exc.svg") == work.read("b/raster-exc.svg"));
  EXPECT_NE(work.read("b/raster-exc.svg"), "");
}

TEST(CliReport, LoadsNothingAndRunsNothing) {
  Workplace work;
  write_results(work, "r.h5", "<script>&\"x\"");
  ASSERT_EQ(work.run({"report", "r.h5", "--plots", "plots"}).code, 0);
  EXPECT_EQ(work.files(), (std::vector<std::string>{"plots", "r.h5"}));
  EXPECT_NE(work.read("plots/raster-_script___x_.svg"), "");
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  const std::string html = work.read("r.html");
  for (const char* part : {"<script", "<link", "http:", "https:", "@import", "url(", "<iframe", "<b>&"})
    EXPECT_EQ(html.find(part), std::string::npos) << part;
  EXPECT_NE(html.find("# &lt;script&gt;alert(1)&lt;/script&gt;"), std::string::npos);
  EXPECT_NE(html.find("Spikes of &lt;script&gt;&amp;&quot;x&quot;"), std::string::npos);
}

TEST(CliReport, JsonSaysWhatWasWritten) {
  Workplace work;
  write_results(work, "r.h5");
  const Finished run = work.run({"report", "r.h5", "--out", "x.html", "--plots", "p", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto said = nlohmann::json::parse(run.out);
  EXPECT_EQ(said["html"], "x.html");
  EXPECT_EQ(said["sidecar"], "x.json");
  EXPECT_EQ(said["plots"].size(), said["figures"]["plots"]);
  EXPECT_EQ(said["figures"]["html_bytes"], work.read("x.html").size());
  for (const std::string path : said["plots"]) EXPECT_NE(work.read(path), "") << path;
}

TEST(CliReport, AStudyIsDrawnWithTheFiguresChosen) {
  Workplace work;
  work.write("s.csv", "# crosspike sweep 1\nk,figure,mean,sd,n\n1,a,1,0,1\n2,a,2,0,1\n1,b,1,0,1\n2,b,2,0,1\n");
  ASSERT_EQ(work.run({"report", "s.csv", "--figures", "b", "--plots", "p", "--out", "s.html"}).code, 0);
  EXPECT_NE(work.read("p/study-b.svg"), "");
  EXPECT_EQ(work.read("p/study-a.svg"), "");
  EXPECT_NE(work.read("s.html").find("Study over k"), std::string::npos);
  EXPECT_NE(work.read("s.html").find("\">b</th></tr>"), std::string::npos);
  EXPECT_EQ(work.read("s.html").find("\">a</th></tr>"), std::string::npos);
}

TEST(CliReport, AStudysPageShowsValidationAndSaysHowToSeeTheTest) {
  Workplace work;
  work.write("s.csv",
             "k,figure,mean,sd,n\n1,test_accuracy,0.5,0,2\n1,validation_accuracy,0.8625,0.01,2\n"
             "2,test_accuracy,0.6,0,2\n2,validation_accuracy,0.9625,0.02,2\n");
  ASSERT_EQ(work.run({"report", "s.csv"}).code, 0);
  const std::string html = work.read("s.html");
  EXPECT_EQ(html.find("study-test_accuracy"), std::string::npos);
  EXPECT_EQ(html.find(">test_accuracy</th>"), std::string::npos);
  EXPECT_NE(html.find("--figures test_accuracy shows one, and names with commas more."), std::string::npos);
  for (const char* text : {">86.25 %</td>", ">1.00 points</td>", ">96.25 %</td>"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
}

TEST(CliReport, ResultsWithoutRecordsHaveTheirFiguresAndConfig) {
  Workplace work;
  ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, "format = 1\n"}, Existing::refuse);
  writer.finish();
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  EXPECT_NE(work.read("r.html").find("The results hold nothing that could be drawn."), std::string::npos);
}

TEST(CliReport, ManySamplesAreDrawnInPartAndThePageSaysSo) {
  Workplace work;
  {
    ResultsWriter writer(work.folder() / "r.h5", {"0.1.0", 1, "format = 1\n"}, Existing::refuse);
    const std::vector<double> times = {1};
    const std::vector<std::uint64_t> ids = {0};
    for (std::uint64_t sample = 0; sample < 9; ++sample) writer.spikes({"exc", sample}, times, ids);
    writer.finish();
  }
  ASSERT_EQ(work.run({"report", "r.h5"}).code, 0);
  const std::string html = work.read("r.html");
  EXPECT_NE(html.find("The first 4 of 9 samples are drawn."), std::string::npos);
  EXPECT_NE(html.find("id=\"raster-exc-sample-3\""), std::string::npos);
  EXPECT_EQ(html.find("id=\"raster-exc-sample-4\""), std::string::npos);
}

TEST(CliReportErrors, NeverReplacesWithoutForceAndNeverItsSource) {
  Workplace work;
  write_results(work, "r.h5");
  work.write("r.html", "mine");
  expect_error(work, {"report", "r.h5"}, "r.html exists; pass --force to overwrite it or --out to name another file");
  EXPECT_EQ(work.run({"report", "r.h5", "--force"}).code, 0);
  EXPECT_NE(work.read("r.html"), "mine");
  expect_error(work, {"report", "r.h5", "--out", "r.h5", "--force"},
               "r.h5 is what the report is made from; name another with --out");
  expect_error(work, {"report", "r.h5", "--out", "r.json", "--force"},
               "--out r.json: that is the name of the sidecar; write e.g. --out r.html");
  expect_error(work, {"report", "r.h5", "--out", "-"},
               "--out -: a report is two files and does not go to stdout; write e.g. --out report.html");
}

TEST(CliReportErrors, ASidecarInTheWayLeavesNoPage) {
  Workplace work;
  write_results(work, "r.h5");
  work.write("r.json", "mine");
  expect_error(work, {"report", "r.h5"}, "r.json exists; pass --force to overwrite it or --out to name another file");
}

TEST(CliReportErrors, FoldersThatCannotBeWritten) {
  Workplace work;
  write_results(work, "r.h5");
  work.write("taken", "a file");
  expect_error(work, {"report", "r.h5", "--out", "no/r.html"},
               "cannot write no/r.html: folder no does not exist; create it first");
  expect_error(work, {"report", "r.h5", "--plots", "taken"}, "--plots taken is a file; name a folder");
  expect_error(work, {"report", "r.h5", "--plots", "a/b"},
               "--plots a/b: cannot make that folder (No such file or directory)");
}

TEST(CliReportErrors, FilesThatAreNoResults) {
  Workplace work;
  work.write("empty.h5", "");
  work.write("notes.txt", "hello");
  work.write("cut.h5", "\x89HDF\r\n\x1a\n");
  work.write("bad.csv", "a,b\n");
  {
    hdf5::File file = hdf5::File::create(work.folder() / "other.h5");
    file.close();
  }
  expect_error(work, {"report", "empty.h5"}, "empty.h5 is empty: no results and no study");
  expect_error(work, {"report", "notes.txt"},
               "notes.txt: neither results (HDF5, as `crosspike run` and `train` write them) nor a study (a name that "
               "ends in .csv)");
  expect_error(work, {"report", "gone.h5"}, "gone.h5: no such file");
  expect_error(work, {"report", "."}, ". is a folder; name the results (.h5) or the study's table (.csv) in it");
  expect_error(work, {"report", "cut.h5"}, "cut.h5 is truncated (it ends at byte 8, inside its superblock)");
  expect_error(work, {"report", "other.h5"},
               "other.h5: an HDF5 file, but no results of crosspike (the attributes format and crosspike are missing)");
  expect_error(work, {"report", "bad.csv"},
               "bad.csv:1: the header is 'a,b'; a study's names the keys of its grid, then figure,mean,sd,n");
  expect_error(work, {"report"}, "crosspike report needs FILE; e.g. crosspike report results.h5 --out report.html");
}

// A results file by another hand.
template <class Fill>
void write_by_hand(const Workplace& work, const Fill& fill) {
  hdf5::File file = hdf5::File::create(work.folder() / "h.h5");
  file.set_attribute("format", std::int32_t{1});
  file.set_attribute("crosspike", "0.1.0");
  file.set_attribute("seed", std::uint64_t{1});
  file.write_text("config", "");
  file.ensure_group("figures");
  fill(file);
  file.close();
}

TEST(CliReportErrors, PartsThatAreMissingOrOfOtherShapes) {
  const std::vector<double> three = {1, 2, 3}, odd = {1, -2, 3};
  const std::vector<std::uint64_t> two = {0, 1}, ids = {0, 1, 2};
  const auto refused = [&](const auto& fill, const std::string& message) {
    Workplace work;
    write_by_hand(work, fill);
    expect_error(work, {"report", "h.h5"}, message);
  };
  refused([&](hdf5::File& f) { f.ensure_group("spikes/exc"); },
          "h.h5:/spikes/exc/timestamps: no such dataset; /spikes/exc is empty");
  refused(
      [&](hdf5::File& f) {
        f.write("spikes/exc/timestamps", {3}, std::span(three));
        f.write("spikes/exc/node_ids", {2}, std::span(two));
      },
      "h.h5:/spikes/exc/node_ids: shape (2), but timestamps has 3");
  refused(
      [&](hdf5::File& f) {
        f.write("spikes/exc/timestamps", {3}, std::span(odd));
        f.write("spikes/exc/node_ids", {3}, std::span(ids));
      },
      "h.h5:/spikes/exc/timestamps: holds -2; times from 0 to 1e+12 ms are expected");
  refused([&](hdf5::File& f) { f.write("values/v", {3}, std::span(three)); },
          "h.h5:/values/v: shape (3); (row, element) is expected");
  refused([&](hdf5::File& f) { f.ensure_group("readout"); },
          "h.h5:/readout/classes: no such dataset; /readout is empty");
  refused(
      [&](hdf5::File& f) {
        f.write("samples/3/spikes/input/timestamps", {3}, std::span(three));
        f.write("samples/3/spikes/input/node_ids", {3}, std::span(ids));
        f.group("samples/3").set_attribute("input_shape", std::array<std::uint64_t, 3>{2, 0, 5});
      },
      "h.h5:/samples/3@input_shape: 2 x 0 x 5; allowed are 1 or 2 polarities and up to 4194304 channels");
}

TEST(CliReportErrors, FiguresThatAreNotThere) {
  Workplace work;
  write_results(work, "r.h5");
  work.write("s.csv", "k,figure,mean,sd,n\n1,accuracy,1,0,1\n");
  expect_error(work, {"report", "r.h5", "--figures", "accuracy"},
               "--figures chooses among a study's; r.h5 holds results, whose figures are one table");
  expect_error(work, {"report", "s.csv", "--figures", "acuracy"},
               "--figures: s.csv has no figure 'acuracy'; did you mean 'accuracy'? it has: accuracy");
  expect_error(work, {"report", "s.csv", "--figures", "a,,b"},
               "--figures is 'a,,b'; names separated by commas are expected");
}

}  // namespace
}  // namespace crosspike
