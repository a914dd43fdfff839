// SPDX-License-Identifier: Apache-2.0
// Where plots put what they show, checked in the SVG itself.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/apps/report/axes.hpp>
#include <crosspike/apps/report/cells.hpp>
#include <crosspike/apps/report/lines.hpp>
#include <crosspike/apps/report/records.hpp>
#include <crosspike/apps/report/score_plots.hpp>
#include <limits>
#include <random>
#include <regex>

namespace crosspike::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> texts_of(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks) texts.push_back(tick.text);
  return texts;
}

using Texts = std::vector<std::string>;

// All numbers that an SVG's attributes hold are finite.
void expect_drawable(const Plot& plot) {
  EXPECT_FALSE(std::regex_search(plot.body, std::regex("[\" ,(MLVHh]-?(nan|inf)"))) << plot.body;
  EXPECT_GT(plot.height, 0);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(ReportAxes, TicksAreRoundNumbers) {
  EXPECT_EQ(texts_of(linear_axis(0, 1000, "", 7, Ends::as_given)), (Texts{"0", "200", "400", "600", "800", "1000"}));
  EXPECT_EQ(texts_of(linear_axis(0, 1, "", 5, Ends::as_given)), (Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(texts_of(linear_axis(-72, -48.5, "", 3, Ends::rounded)), (Texts{"−80", "−70", "−60", "−50", "−40"}));
  EXPECT_EQ(texts_of(linear_axis(0, 3e7, "", 3, Ends::as_given)), (Texts{"0", "1e7", "2e7", "3e7"}));
  EXPECT_EQ(texts_of(logarithmic_axis(0.1, 1000, "", 5)), (Texts{"0.1", "1", "10", "100", "1000"}));
}

TEST(ReportAxes, RoundedEndsContainTheirValues) {
  const Axis axis = linear_axis(0.137, 0.861, "", 5, Ends::rounded);
  EXPECT_LE(axis.low, 0.137);
  EXPECT_GE(axis.high, 0.861);
  EXPECT_EQ(axis.ticks.front().value, axis.low);
  EXPECT_EQ(axis.ticks.back().value, axis.high);
}

TEST(ReportAxes, CanBeDrawnWhateverTheyAreOver) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {5, 5}, {0, 0}, {nan, 1}, {-HUGE_VAL, HUGE_VAL}, {-1.7e308, 1.7e308}, {1e-310, 2e-310}, {1e15, 1e15 + 1}}) {
    const Axis axis = linear_axis(low, high, "", 5, Ends::rounded);
    EXPECT_LT(axis.low, axis.high) << low << " " << high;
    EXPECT_TRUE(std::isfinite(axis.high - axis.low));
    EXPECT_FALSE(axis.ticks.empty()) << low << " " << high;
    EXPECT_LE(axis.ticks.size(), 64U);
  }
}

TEST(ReportAxes, AShareIsLinearOrLogarithmic) {
  EXPECT_DOUBLE_EQ(linear_axis(-1, 3, "", 5, Ends::as_given).share(0), 0.25);
  EXPECT_DOUBLE_EQ(logarithmic_axis(1, 10000, "", 5).share(100), 0.5);
  EXPECT_EQ(logarithmic_axis(1, 100, "", 5).share(-3), 0);
}

TEST(ReportAxes, GridsOfEqualRatiosAreGeometric) {
  using Grid = std::vector<double>;
  EXPECT_TRUE(is_geometric(Grid{1, 2, 4, 8}));
  EXPECT_TRUE(is_geometric(Grid{1, 3, 10, 30, 100}));
  EXPECT_TRUE(is_geometric(Grid{0.001, 0.01, 0.1}));
  EXPECT_FALSE(is_geometric(Grid{100, 200, 300, 400}));
  EXPECT_FALSE(is_geometric(Grid{0, 1, 10}));
  EXPECT_FALSE(is_geometric(Grid{-1, 1, 10}));
  EXPECT_FALSE(is_geometric(Grid{10, 100}));
}

TEST(ReportSvg, TextIsEscapedAndAlwaysUtf8) {
  EXPECT_EQ(escaped("<script>\"a\" & 'b'</script>"), "&lt;script&gt;&quot;a&quot; &amp; 'b'&lt;/script&gt;");
  EXPECT_EQ(escaped("20 µs → \xf0\x9f\xa7\xa0"), "20 µs → \xf0\x9f\xa7\xa0");
  EXPECT_EQ(escaped(std::string("a\0b\x01", 4)), "a\uFFFDb\uFFFD");
  EXPECT_EQ(escaped("\xff|\xc3|\xed\xa0\x80|\xc0\xaf"), "\uFFFD|\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD");
  EXPECT_EQ(shortened("µµµµµ", 4), "µµµ…");
  EXPECT_EQ(shortened("µµµµ", 4), "µµµµ");
}

TEST(ReportSvg, CoordinatesAreShort) {
  EXPECT_EQ(coordinate(12), "12");
  EXPECT_EQ(coordinate(3.5), "3.5");
  EXPECT_EQ(coordinate(-0.001), "0");
  EXPECT_EQ(coordinate(1.0 / 3), "0.33");
}

TEST(ReportSvg, AFileOfItsOwnNeedsNoStyleSheetAndIsWhite) {
  const std::string svg = standalone_svg({"n", "A <title>", "c", "", 100, "<text>x</text>"});
  EXPECT_EQ(svg.find("var("), std::string::npos);
  EXPECT_NE(svg.find("<rect width=\"520\" height=\"100\" class=\"paper\"/>"), std::string::npos);
  EXPECT_NE(svg.find(".plot .paper{fill:#ffffff}"), std::string::npos);
  EXPECT_NE(svg.find("<title>A &lt;title&gt;</title>"), std::string::npos);
}

TEST(ReportSvg, NamesOfFilesAreSafeAndDiffer) {
  std::vector<Plot> plots(3);
  plots[0].name = plots[1].name = "raster-../é x";
  plots[2].name = "lambda";
  make_names_safe(plots);
  EXPECT_EQ(plots[0].name, "raster-..____x");
  EXPECT_EQ(plots[1].name, "raster-..____x-2");
  EXPECT_EQ(plots[2].name, "lambda");
}

TEST(ReportCells, NeighboursAreOneStroke) {
  Cells cells{6,
              2,
              {1, 1, 0, 0, 1, 2,  //
               0, 0, 0, 1, 1, 1}};
  EXPECT_EQ(strokes(cells, 1, 10), "M0 5h2m2 0h1M3 15h3");
  EXPECT_EQ(strokes(cells, 2, 1), "M5 0.5h1");
  EXPECT_EQ(strokes(cells, 3, 1), "");
}

// The marks of a raster: from, to (columns of the area) and y (units below its top).
struct Mark {
  double from, to, y;
};
struct Marks {
  double left = 0, columns = 0;
  std::vector<Mark> marks;
};
Marks marks_of(const Plot& plot) {
  Marks all;
  std::smatch found;
  const std::regex group("<g transform=\"translate\\((\\d+),30\\)\"><path d=\"([^\"]*)\" class=\"cells s1\"");
  if (!std::regex_search(plot.body, found, group)) return all;
  all.left = std::stod(found[1]);
  all.columns = plot_width - all.left - room_right;
  const std::string d = found[2];
  double x = 0, y = 0;
  const std::regex step("([Mm])([\\d.]+) ([\\d.]+)h(\\d+)");
  for (auto at = std::sregex_iterator(d.begin(), d.end(), step); at != std::sregex_iterator(); ++at) {
    x = (*at)[1] == "M" ? std::stod((*at)[2]) : x + std::stod((*at)[2]);
    if ((*at)[1] == "M") y = std::stod((*at)[3]);
    all.marks.push_back({x, x + std::stod((*at)[4]), y});
    x += std::stod((*at)[4]);
  }
  return all;
}

TEST(ReportRaster, ASpikeLandsAtItsTimeAndItsNeuron) {
  SpikeTrain train{{25, 50, 100}, {3, 0, 1}, {}, 4};
  const Plot plot = raster_plot(train, "exc", 100, {"raster-exc", "Spikes", "/spikes/exc"});
  const Marks all = marks_of(plot);
  ASSERT_EQ(all.marks.size(), 3U);  // in order of rows, from above: neurons 3, 1, 0
  const std::vector<std::pair<double, double>> wanted = {{25, 3}, {100, 1}, {50, 0}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(all.marks[i].to / all.columns, wanted[i].first / 100, 1 / all.columns);
    EXPECT_EQ(all.marks[i].y, (3 - wanted[i].second + 0.5) * 14);
  }
  EXPECT_EQ(all.marks[1].to, all.columns);  // the last tick ends where the axis does
}

TEST(ReportRaster, TheRateCountsSilentNeuronsAndSpikesOfTheirCount) {
  const SpikeTrain train{{0.5, 99.5}, {0, 0}, {1, 3}, 10};  // 4 spikes of 10 neurons in 100 ms
  const Plot plot = raster_plot(train, "exc", 100, {"raster-exc", "Spikes", "/spikes/exc"});
  EXPECT_EQ(plot.caption,
            "4 spikes of 10 neurons, from /spikes/exc. Below it the mean rate per neuron in bins of 1 ms.");
  // 3 spikes in the last 1 ms of 10 neurons are 300 Hz, the highest tick; 1 spike is a third of it.
  EXPECT_NE(plot.body.find(">300</text>"), std::string::npos);
  std::smatch bars;
  ASSERT_TRUE(
      std::regex_search(plot.body, bars, std::regex("<path d=\"M\\d+ ([\\d.]+)V([\\d.]+)H[^\"]*\" class=\"f1\"")));
  EXPECT_NEAR(std::stod(bars[1]) - std::stod(bars[2]), 64 * 100.0 / 300, 0.01);
}

TEST(ReportRaster, ASamplesInputIsEventsOfChannels) {
  const SpikeTrain train{{1, 2}, {0, 1}, {120, 1}, 10};
  const Plot plot = raster_plot(train, "input", 10, {"r", "Sample 1", "/samples/1/spikes/input", true});
  EXPECT_EQ(plot.title, "Events of input");
  EXPECT_TRUE(plot.caption.starts_with("121 events of 10 channels, from /samples/1/spikes/input.")) << plot.caption;
}

TEST(ReportRaster, FewSpikesAreNoSpecks) {
  const SpikeTrain train{{25, 50, 100}, {3, 150, 199}, {}, 200};
  const Plot plot = raster_plot(train, "exc", 100, {"raster-exc", "Spikes", "/spikes/exc"});
  const Marks all = marks_of(plot);
  ASSERT_EQ(all.marks.size(), 3U);
  for (const Mark& mark : all.marks) EXPECT_EQ(mark.to - mark.from, 3);
  EXPECT_NE(plot.body.find("stroke-width=\"3\""), std::string::npos);
}

TEST(ReportRaster, BinsHoldWholeTicks) {
  SpikeTrain train;
  train.elements = 1;
  for (int tick = 1; tick <= 60; ++tick) {  // one spike a tick of 3 ms, where bins of 2 ms would be round
    train.timestamps_ms.push_back(3.0 * tick);
    train.node_ids.push_back(0);
  }
  const Plot plot = raster_plot(train, "a", 180, {"raster-a", "Spikes", "/spikes/a"});
  EXPECT_NE(plot.caption.find("in bins of 3 ms"), std::string::npos) << plot.caption;
}

TEST(ReportRaster, WithoutSpikesAndWithOneNeuronItIsDrawnAllTheSame) {
  const Shown shown{"raster-a", "Spikes", "/spikes/a"};
  for (const SpikeTrain& train : {SpikeTrain{}, SpikeTrain{{}, {}, {}, 0}, SpikeTrain{{}, {}, {}, 800}}) {
    const Plot plot = raster_plot(train, "a", 0, shown);
    expect_drawable(plot);
    EXPECT_TRUE(marks_of(plot).marks.empty());
  }
  const Plot one = raster_plot({{1}, {0}, {}, 1}, "a", 10, shown);
  expect_drawable(one);
  EXPECT_EQ(marks_of(one).marks.size(), 1U);
  EXPECT_EQ(one.caption, "1 spike of 1 neuron, from /spikes/a. Below it the mean rate per neuron in bins of 0.1 ms.");
}

TEST(ReportRaster, SaysWhereThePopulationsSizeIsNotKnown) {
  const Plot plot = raster_plot({{1, 2}, {0, 18446744073709551615ULL}, {}, {}}, "a", 10, {"r", "Spikes", "/spikes/a"});
  expect_drawable(plot);
  EXPECT_NE(plot.caption.find("The file does not say how many neurons there are"), std::string::npos);
}

TEST(ReportRaster, SomeRecordedNeuronsFillTheirOwnRows) {
  const Plot plot = raster_plot({{5, 6}, {700, 703}, {}, 4}, "a", 10, {"r", "Spikes", "/spikes/a"});
  const Marks all = marks_of(plot);
  ASSERT_EQ(all.marks.size(), 2U);
  EXPECT_EQ(all.marks[0].y, 7);         // 703, the highest of four rows
  EXPECT_EQ(all.marks[1].y, 3.5 * 14);  // 700
}

// Poisson spikes of 1,000 neurons in 1 s.
SpikeTrain noise(std::size_t spikes) {
  std::mt19937_64 random(7);
  SpikeTrain train;
  train.elements = 1000;
  for (std::size_t i = 0; i < spikes; ++i) {
    train.timestamps_ms.push_back(0.1 * (1 + std::floor(1e4 * static_cast<double>(i) / static_cast<double>(spikes))));
    train.node_ids.push_back(random() % 1000);
  }
  return train;
}

TEST(ReportRaster, StaysLightHoweverManySpikesThereAre) {
  for (const std::size_t spikes : {100'000U, 1'000'000U}) {
    const Plot plot = raster_plot(noise(spikes), "exc", 1000, {"raster-exc", "Spikes", "/spikes/exc"});
    EXPECT_LT(plot.body.size(), 400'000U) << spikes;
    EXPECT_LT(count(plot.body, "<"), 100U);  // one path, not an element a spike
  }
}

ValuesTable table_of(std::vector<double> values, std::uint64_t width) {
  ValuesTable table;
  table.info = {0.1, 1, 0.1, "mV", {}};
  table.width = width;
  table.rows = values.size() / width;
  table.values = std::move(values);
  return table;
}

TEST(ReportValues, ATraceHasAGapWhereAValueIsNoNumber) {
  const Plot plot = values_plot(table_of({1, 2, nan, 4, 5}, 1), "v", {"values-v", "Values", "/values/v"});
  expect_drawable(plot);
  std::smatch trace;
  ASSERT_TRUE(std::regex_search(plot.body, trace, std::regex("<path d=\"([^\"]*)\" class=\"trace s1\"")));
  EXPECT_EQ(count(trace[1], "M"), 2U);
  EXPECT_EQ(plot.caption,
            "All of 1 recorded element, from /values/v; the number at the right says which. All have the same scale. "
            "1 value is not finite and left out.");
}

TEST(ReportValues, LongTracesKeepTheirPeaksInFewPoints) {
  std::vector<double> values(200'000, 0);
  values[123'456] = 50;
  const Plot plot = values_plot(table_of(values, 1), "v", {"values-v", "Values", "/values/v"});
  EXPECT_LT(plot.body.size(), 40'000U);
  const std::size_t end = plot.body.find("\" class=\"trace s1\"");  // no expression: its match recurses along the path
  ASSERT_NE(end, std::string::npos);
  const std::string head = plot.body.substr(0, end);
  EXPECT_NE(head.substr(head.rfind("<path d=\"")).find(" 30L"),
            std::string::npos);  // the top of the lane, where 50 lies
}

TEST(ReportValues, HugeNumbersAndOnlyNanAreDrawn) {
  const Shown shown{"values-v", "Values", "/values/v"};
  expect_drawable(values_plot(table_of({1e308, -1e308, HUGE_VAL}, 1), "v", shown));
  expect_drawable(values_plot(table_of({nan, nan}, 2), "v", shown));
  expect_drawable(values_plot(table_of({}, 3), "v", shown));
}

TEST(ReportLines, APointLandsAtItsValuesAndABarAtItsBounds) {
  LinePlot plot;
  plot.curve = {"t", "x (ms)", "y", {0, 50, 100}, {{"a", {0, 0.5, 1}, {0, 0.25, 1}, {0, 0.75, 1}}}};
  plot.x = linear_axis(0, 100, "x (ms)", 5, Ends::as_given);
  const Plot drawn = line_plot(plot);
  std::smatch line;
  const std::regex points("<path d=\"M([\\d.]+) ([\\d.]+)L([\\d.]+) ([\\d.]+)L([\\d.]+) ([\\d.]+)\" class=\"line s1\"");
  ASSERT_TRUE(std::regex_search(drawn.body, line, points)) << drawn.body;
  EXPECT_EQ(std::stod(line[5]), plot_width - room_right);
  EXPECT_NEAR(std::stod(line[3]), (std::stod(line[1]) + std::stod(line[5])) / 2, 0.01);
  EXPECT_EQ(std::stod(line[2]), room_above + 220);  // 0 below, 1 above
  EXPECT_EQ(std::stod(line[4]), room_above + 110);
  EXPECT_EQ(std::stod(line[6]), room_above);
  EXPECT_NE(drawn.body.find(" 195V85M"), std::string::npos);  // 0.25 and 0.75 of 220 above 250
}

TEST(ReportLines, ALongTitleTakesTwoLinesAndIsNotCut) {
  LinePlot plot;
  plot.curve = {
      "Telling which of the patterns came first, 6,000 test samples a gap", "x", "y", {1, 2}, {{"a", {1, 2}, {}, {}}}};
  const Plot drawn = line_plot(plot);
  EXPECT_NE(drawn.body.find(">Telling which of the patterns came first, 6,000 test samples</text>"), std::string::npos);
  EXPECT_NE(drawn.body.find(">a gap</text>"), std::string::npos);
  plot.curve.title = "t";
  EXPECT_EQ(drawn.height - line_plot(plot).height, 16);
}

TEST(ReportLines, GapsAreSaidAndHugeNumbersDrawn) {
  LinePlot plot;
  plot.curve = {"t", "x", "y", {1, 2, 3}, {{"a", {1, nan, 3}, {}, {}}, {"b", {1e308, -1e308, HUGE_VAL}, {}, {}}}};
  plot.caption = "From /curves/c.";
  const Plot drawn = line_plot(plot);
  expect_drawable(drawn);
  EXPECT_EQ(drawn.caption, "From /curves/c. 2 of the points are no number and left out.");
  plot.curve = {"t", "x", "y", {}, {}};
  expect_drawable(line_plot(plot));
}

TEST(ReportLines, TheChosenPointHasARing) {
  LinePlot plot;
  plot.curve = {"t", "lambda", "accuracy", {1, 10, 100}, {{"a", {0.5, 0.9, 0.6}, {}, {}}}};
  plot.chosen = {10};
  const std::string body = line_plot(plot).body;
  std::smatch ring, dot;
  ASSERT_TRUE(std::regex_search(body, ring, std::regex("<circle cx=\"([\\d.]+)\" cy=\"([\\d.]+)\" r=\"7\"")));
  EXPECT_NE(body.find("<circle cx=\"" + ring[1].str() + "\" cy=\"" + ring[2].str() + "\" r=\"3.5\""),
            std::string::npos);
  plot.chosen = {std::nullopt};
  EXPECT_EQ(line_plot(plot).body.find("r=\"7\""), std::string::npos);
}

TEST(ReportLines, SeveralSeriesStandBesideEachOtherAndTheirRingsToo) {
  LinePlot plot;
  const CurveSeries series{"a", {0.5, 0.9}, {0.4, 0.8}, {0.6, 1}};
  plot.curve = {"t", "x", "y", {0, 100}, {series, series, series}};
  plot.x = linear_axis(-10, 110, "x", 5, Ends::as_given);
  plot.chosen = {100, 100, 100};
  const std::string body = line_plot(plot).body;
  std::vector<double> rings, bars;
  const std::regex ring("<circle cx=\"([\\d.]+)\" cy=\"[\\d.]+\" r=\"7\""), bar("<path d=\"M([\\d.]+) [\\d.]+V");
  for (auto at = std::sregex_iterator(body.begin(), body.end(), ring); at != std::sregex_iterator(); ++at)
    rings.push_back(std::stod((*at)[1]));
  for (auto at = std::sregex_iterator(body.begin(), body.end(), bar); at != std::sregex_iterator(); ++at)
    bars.push_back(std::stod((*at)[1]));
  ASSERT_EQ(rings.size(), 3U);
  ASSERT_EQ(bars.size(), 3U);
  for (const auto& places : {rings, bars}) {
    EXPECT_NEAR(places[1] - places[0], 5, 0.02);
    EXPECT_NEAR(places[2] - places[1], 5, 0.02);
  }
  plot.curve.series.resize(1);
  const std::string alone = line_plot(plot).body;
  std::smatch middle;
  ASSERT_TRUE(std::regex_search(alone, middle, ring));
  EXPECT_EQ(std::stod(middle[1]), rings[1]);  // in its place
}

TEST(ReportEvents, EachPolarityHasItsPixelsAndTheImageItsPlace) {
  // 2 x 3 pixels; ON in the lower right one three times, OFF in the upper left one once.
  const SpikeTrain input{{1, 1, 2, 3}, {0, 11, 11, 11}, {}, 12};
  const SampleFacts facts{0, {2, 2, 3}, SampleImage{2, 2, {0, 255, 128, 7}}};
  const Plot plot =
      events_plot(facts, input, 3, "Image and its events", {"events", "Sample 1", "/samples/1/spikes/input"});
  expect_drawable(plot);
  EXPECT_NE(plot.body.find("<path d=\"M0 0.5h1\" class=\"s1\" stroke-opacity=\"0.4\"/>"), std::string::npos);
  EXPECT_NE(plot.body.find("<path d=\"M2 1.5h1\" class=\"s2\" stroke-opacity=\"1\"/>"), std::string::npos);
  EXPECT_NE(plot.body.find("href=\"data:image/png;base64,iVBORw0KGgo"), std::string::npos);
  EXPECT_NE(plot.caption.find("4 events, from /samples/1/spikes/input"), std::string::npos);
}

TEST(ReportFeatures, SilentAndSaturatedSharesAreCounted) {
  const ReadoutArrays readout{{"a"}, {}, {0}, {0, 0, 5, 2, nan}, {0, 1, 0, 0.5, 1}, 1};
  const Plot plot = feature_plot(readout, "/readout");
  expect_drawable(plot);
  EXPECT_EQ(
      plot.caption,
      "5 features over the samples that the readout was fitted to, from /readout/mean and /readout/scale. Silent, "
      "0 for every sample: 1 (20.0 %). Saturated, the same other number for every sample: 1 (20.0 %). Not finite "
      "and left out: 1.");
  expect_drawable(feature_plot({}, "/readout"));
}

TEST(ReportHeat, AShadeIsAShareAndTheFirstRowLiesAbove) {
  HeatMap map;
  const std::vector<std::string> classes = {"shirt", "shoe"};
  map.x = category_axis(classes, "predicted");
  map.y = category_axis(classes, "true");
  map.share = {0.75, 0.25, nan, 1};
  map.text = {"3", "1", "", "4"};
  const std::string body = heat_map(map).body;
  std::vector<double> tops;
  const std::regex cell("<rect x=\"[\\d.]+\" y=\"([\\d.]+)\"[^>]*class=\"f1 cell\"");
  for (auto at = std::sregex_iterator(body.begin(), body.end(), cell); at != std::sregex_iterator(); ++at)
    tops.push_back(std::stod((*at)[1]));
  ASSERT_EQ(tops.size(), 3U);  // NaN has none
  EXPECT_EQ(tops[0], tops[1]);
  EXPECT_LT(tops[1], tops[2]);
  EXPECT_NE(body.find("fill-opacity=\"0.75\""), std::string::npos);
  EXPECT_NE(body.find(">shoe</text>"), std::string::npos);
}

TEST(ReportHeat, ASmallMapIsNarrowAndItsLongLabelStandsAboveIt) {
  HeatMap map;
  const std::vector<std::string> values = {"0", "1"};
  map.x = category_axis(values, "liquid.neurons");
  map.y = category_axis(values, "liquid.recurrent_scale");
  map.share = {0, 0.5, 0.5, 1};
  const Plot small = heat_map(map);
  EXPECT_LT(small.width, 350);
  EXPECT_NE(small.body.find(">liquid.recurrent_scale</text>"), std::string::npos);
  EXPECT_NE(small.body.find("y=\"48\""), std::string::npos);  // 18 below where cells begin otherwise
  EXPECT_NE(inline_svg(small).find("viewBox=\"0 0 " + std::to_string(small.width) + " "), std::string::npos);
  const std::vector<std::string> many(10, "0");
  map.x = map.y = category_axis(many, "class");
  map.share.assign(100, 0.5);
  EXPECT_EQ(heat_map(map).width, plot_width);
}

}  // namespace
}  // namespace crosspike::report
