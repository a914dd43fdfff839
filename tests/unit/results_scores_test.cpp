// SPDX-License-Identifier: Apache-2.0
// Scores, curves and facts of samples in results.h5.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/results.hpp>
#include <filesystem>
#include <limits>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const ResultsHeader header = {"0.1.0", 1, "format = 1\n"};

class ResultsScores : public ::testing::Test {
 protected:
  ResultsScores() : folder_(fs::temp_directory_path() / ("crosspike-scores-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    previous_ = fs::current_path();
    fs::current_path(folder_);
  }
  ~ResultsScores() override {
    fs::current_path(previous_);
    fs::remove_all(folder_);
  }

  // A results file that other software made.
  template <class Fill>
  static ResultsReader made_by_hand(const Fill& fill) {
    {
      hdf5::File file = hdf5::File::create("hand.h5");
      file.set_attribute("format", std::int32_t{1});
      file.set_attribute("crosspike", "0.1.0");
      file.set_attribute("seed", std::uint64_t{1});
      file.write_text("config", "");
      fill(file);
      file.close();
    }
    return ResultsReader("hand.h5");
  }

 private:
  fs::path folder_, previous_;
};

TEST_F(ResultsScores, ComeBackAsTheyWereWritten) {
  const ReadoutScores liquid = {3,
                                {5, 1, 0, 0, 6, 0, 2, 0, 4},
                                {0.1, 1, 10},
                                {0.5, 0.75, 0.625},
                                15.0 / 18,
                                18,
                                0.6,
                                0.94,
                                {0.7, 0.8, 0.9},
                                {0.1, 0.2, 0.3},
                                {0.4, 0.5, 0.6}};
  {
    ResultsWriter writer("results.h5", header, Existing::refuse);
    writer.scores("liquid", liquid);
    writer.scores("input", {2, {1, 2, 3, 4}, {}, {}, 0.5, 10});
    writer.finish();
  }
  const ResultsReader reader("results.h5");
  EXPECT_EQ(reader.contestants(), (std::vector<std::string>{"input", "liquid"}));
  const ReadoutScores back = reader.scores("liquid");
  EXPECT_EQ(back.classes, 3U);
  EXPECT_EQ(back.confusion, liquid.confusion);
  EXPECT_EQ(back.lambda, liquid.lambda);
  EXPECT_EQ(back.validation_accuracy, liquid.validation_accuracy);
  EXPECT_EQ(back.accuracy, liquid.accuracy);
  EXPECT_EQ(back.samples, 18);
  EXPECT_EQ(back.accuracy_low, 0.6);
  EXPECT_EQ(back.accuracy_high, 0.94);
  EXPECT_EQ(back.precision, liquid.precision);
  EXPECT_EQ(back.recall, liquid.recall);
  EXPECT_EQ(back.f1, liquid.f1);
  const ReadoutScores bare = reader.scores("input");
  EXPECT_TRUE(bare.lambda.empty());
  EXPECT_FALSE(bare.accuracy_low || bare.accuracy_high);
  EXPECT_TRUE(bare.precision.empty() && bare.recall.empty() && bare.f1.empty());
}

TEST_F(ResultsScores, CurvesComeBackWithTheirGapsAndBounds) {
  constexpr double gap = std::numeric_limits<double>::quiet_NaN();
  {
    ResultsWriter writer("results.h5", header, Existing::refuse);
    writer.curve("memory", {"Memory of the liquid",
                            "delay (ms)",
                            "accuracy",
                            {50, 100, 200},
                            {{"static", {0.5, gap, 0.25}, {}, {}}, {"liquid, XOR", {1, 0.75, 0.5}, {0, 0, 0}, {}}}});
    writer.curve("empty", {"Nothing", "x", "y", {}, {}});
    writer.finish();
  }
  const auto curves = ResultsReader("results.h5").curves();
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_TRUE(curves.at("empty").series.empty());
  const Curve& memory = curves.at("memory");
  EXPECT_EQ(memory.title, "Memory of the liquid");
  EXPECT_EQ(memory.x_label, "delay (ms)");
  EXPECT_EQ(memory.y_label, "accuracy");
  EXPECT_EQ(memory.x, (std::vector<double>{50, 100, 200}));
  ASSERT_EQ(memory.series.size(), 2U);
  EXPECT_EQ(memory.series[0].name, "liquid, XOR");
  EXPECT_EQ(memory.series[0].low, (std::vector<double>{0, 0, 0}));
  EXPECT_TRUE(memory.series[0].high.empty());
  EXPECT_EQ(memory.series[1].y[0], 0.5);
  EXPECT_TRUE(std::isnan(memory.series[1].y[1]));
}

TEST_F(ResultsScores, ASampleHasALabelAndAnImageWhereTheyAreKnown) {
  {
    ResultsWriter writer("results.h5", header, Existing::refuse);
    writer.sample(7, {3, {2, 4, 5}, SampleImage{2, 3, {0, 1, 2, 3, 4, 255}}});
    writer.sample(8, {});
    writer.finish();
  }
  const ResultsReader reader("results.h5");
  EXPECT_EQ(reader.samples(), (std::vector<std::uint64_t>{7, 8}));
  const SampleFacts seven = reader.sample(7);
  EXPECT_EQ(seven.label, 3);
  EXPECT_EQ(seven.input_shape, (std::vector<std::uint64_t>{2, 4, 5}));
  ASSERT_TRUE(seven.image);
  EXPECT_EQ(seven.image->height, 2U);
  EXPECT_EQ(seven.image->width, 3U);
  EXPECT_EQ(seven.image->pixels, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 255}));
  EXPECT_FALSE(reader.sample(8).label || reader.sample(8).image);
  EXPECT_TRUE(reader.populations(7).empty());
}

TEST_F(ResultsScores, AFileWithoutThemHasNone) {
  const ResultsReader reader = made_by_hand([](hdf5::File&) {});
  EXPECT_TRUE(reader.contestants().empty());
  EXPECT_TRUE(reader.curves().empty());
}

TEST_F(ResultsScores, RefuseWhatDoesNotFitTogether) {
  ResultsWriter writer("results.h5", header, Existing::refuse);
  EXPECT_EQ(message_of(
                [&] {
                  writer.scores("liquid", {1, {1}, {1, 2}, {0.5}, 1, 1});
                },
                Fault::system),
            "results.h5:/scores/liquid: 2 lambdas, 1 accuracies; this is a bug in crosspike");
  EXPECT_EQ(message_of(
                [&] {
                  writer.scores("static", {2, {1, 0, 0, 1}, {}, {}, 1, 2, {}, {}, {1}});
                },
                Fault::system),
            "results.h5:/scores/static: 2 classes, 1 of precision; this is a bug in crosspike");
  EXPECT_EQ(message_of(
                [&] {
                  writer.curve("a", {"", "", "", {1, 2}, {{"s", {1}, {}, {}}}});
                },
                Fault::system),
            "results.h5:/curves/a: 2 points, 1 in series s; this is a bug in crosspike");
  EXPECT_EQ(message_of(
                [&] {
                  writer.curve("b", {"", "", "", {1}, {{"s", {1}, {1, 2}, {}}}});
                },
                Fault::system),
            "results.h5:/curves/b: 1 points, 2 low bounds in series s; this is a bug in crosspike");
  EXPECT_EQ(message_of([&] { writer.curve("a/b", {}); }, Fault::system),
            "results.h5:/: the name 'a/b'; this is a bug in crosspike");
}

TEST_F(ResultsScores, ArraysOfOtherShapesAreRefusedWithTheirPath) {
  const std::vector<std::int64_t> four = {1, 2, 3, -4};
  const std::vector<double> two = {1, 2}, three = {1, 2, 3};
  const ResultsReader reader = made_by_hand([&](hdf5::File& file) {
    file.write("scores/flat/confusion", {4}, std::span(four));
    file.write("scores/negative/confusion", {2, 2}, std::span(four));
    file.write("curves/c/x", {2}, std::span(two));
    file.write("curves/c/y/a", {3}, std::span(three));
    for (const char* name : {"title", "x_label", "y_label"}) file.group("curves/c").set_attribute(name, "");
    file.write("samples/1/image", {3}, std::span(three));
    file.ensure_group("samples/2").set_attribute("input_shape", std::array<std::uint64_t, 2>{3, 4});
  });
  EXPECT_EQ(message_of([&] { reader.scores("flat"); }),
            "hand.h5:/scores/flat/confusion: shape (4); (class, class) is expected");
  EXPECT_EQ(message_of([&] { reader.scores("negative"); }),
            "hand.h5:/scores/negative/confusion: holds -4; counts from 0 are expected");
  EXPECT_EQ(message_of([&] { reader.scores("other"); }),
            "hand.h5:/scores/other: no such group; /scores has flat, negative");
  EXPECT_EQ(message_of([&] { reader.curves(); }), "hand.h5:/curves/c/y/a: shape (3), but x has 2");
  EXPECT_EQ(message_of([&] { reader.sample(1); }), "hand.h5:/samples/1/image: shape (3); (row, column) is expected");
  EXPECT_EQ(message_of([&] { reader.sample(2); }), "hand.h5:/samples/2@input_shape: 2 numbers; 3 are expected");
}

}  // namespace
}  // namespace crosspike
