// SPDX-License-Identifier: Apache-2.0
// What results.h5 holds for plots and comparisons: scores of readouts, curves, and what a sample is.
#include <algorithm>
#include <array>
#include <crosspike/core/results_internal.hpp>
#include <utility>

namespace crosspike {
namespace {

using hdf5::Dataset;
using hdf5::Group;
using hdf5::Shape;
using namespace results_internal;

// A name that becomes one part of an HDF5 path.
void require_part(const std::string& where, const std::string& name) {
  if (name.empty() || name == "." || name.find('/') != std::string::npos)
    bug(where, fmt::format("the name '{}'", name));
}

void write_bound(Group& group, const char* bound, const CurveSeries& series, const std::vector<double>& values) {
  if (values.empty()) return;
  if (values.size() != series.y.size())
    bug(group.where(),
        fmt::format("{} points, {} {} bounds in series {}", series.y.size(), values.size(), bound, series.name));
  group.write(fmt::format("{}/{}", bound, series.name), {values.size()}, std::span(values));
}

std::vector<double> read_bound(const Group& group, const char* bound, const CurveSeries& series) {
  const std::string path = fmt::format("{}/{}", bound, series.name);
  return group.has(path) ? read_vector<double>(group, path, series.y.size(), "x") : std::vector<double>();
}

// The arrays by class, under their names in the file.
template <class Scores>
auto class_arrays(Scores& scores) {
  return std::array{std::pair<const char*, decltype((scores.f1))>{"precision", scores.precision},
                    std::pair<const char*, decltype((scores.f1))>{"recall", scores.recall},
                    std::pair<const char*, decltype((scores.f1))>{"f1", scores.f1}};
}

}  // namespace

void ResultsWriter::scores(const std::string& contestant, const ReadoutScores& scores) {
  require_part(file_.where(), contestant);
  Group group = file_.ensure_group("/scores/" + contestant);
  if (scores.lambda.size() != scores.validation_accuracy.size())
    bug(group.where(),
        fmt::format("{} lambdas, {} accuracies", scores.lambda.size(), scores.validation_accuracy.size()));
  const std::uint64_t classes = scores.classes, tried = scores.lambda.size();
  group.write("confusion", {classes, classes}, std::span(scores.confusion),
              storage_for(classes * classes, sizeof(std::int64_t)));
  group.write("lambda", {tried}, std::span(scores.lambda));
  group.write("validation_accuracy", {tried}, std::span(scores.validation_accuracy));
  group.set_attribute("accuracy", scores.accuracy);
  group.set_attribute("samples", scores.samples);
  if (scores.accuracy_low) group.set_attribute("accuracy_low", *scores.accuracy_low);
  if (scores.accuracy_high) group.set_attribute("accuracy_high", *scores.accuracy_high);
  for (const auto& [name, figures] : class_arrays(scores)) {
    if (figures.empty()) continue;
    if (figures.size() != classes)
      bug(group.where(), fmt::format("{} classes, {} of {}", classes, figures.size(), name));
    group.write(name, {classes}, std::span(std::as_const(figures)));
  }
}

void ResultsWriter::curve(const std::string& name, const Curve& curve) {
  require_part(file_.where(), name);
  Group group = file_.ensure_group("/curves/" + name);
  group.set_attribute("title", curve.title);
  group.set_attribute("x_label", curve.x_label);
  group.set_attribute("y_label", curve.y_label);
  group.write("x", {curve.x.size()}, std::span(curve.x));
  group.ensure_group("y");
  for (const CurveSeries& series : curve.series) {
    require_part(group.where(), series.name);
    if (series.y.size() != curve.x.size())
      bug(group.where(), fmt::format("{} points, {} in series {}", curve.x.size(), series.y.size(), series.name));
    group.write("y/" + series.name, {series.y.size()}, std::span(series.y));
    write_bound(group, "low", series, series.low);
    write_bound(group, "high", series, series.high);
  }
}

void ResultsWriter::sample(std::uint64_t number, const SampleFacts& facts) {
  Group group = file_.ensure_group(fmt::format("/samples/{}", number));
  if (facts.label) group.set_attribute("label", *facts.label);
  if (!facts.input_shape.empty()) {
    if (facts.input_shape.size() != 3) bug(group.where(), "an input of other than three dimensions");
    group.set_attribute("input_shape", std::array{facts.input_shape[0], facts.input_shape[1], facts.input_shape[2]});
  }
  if (facts.image) group.write("image", {facts.image->height, facts.image->width}, std::span(facts.image->pixels));
}

std::vector<std::string> ResultsReader::contestants() const { return members("/scores"); }

ReadoutScores ResultsReader::scores(const std::string& contestant) const {
  const Group group = file_.group("/scores/" + contestant);
  ReadoutScores scores;
  const Dataset confusion = group.dataset("confusion");
  const Shape shape = confusion.shape();
  if (shape.size() != 2 || shape[0] != shape[1])
    throw Error(Fault::input,
                fmt::format("{}: shape ({}); (class, class) is expected", confusion.where(), fmt::join(shape, ", ")));
  scores.classes = shape[0];
  scores.confusion = confusion.read<std::int64_t>();
  for (const std::int64_t n : scores.confusion)
    if (n < 0) throw Error(Fault::input, fmt::format("{}: holds {}; counts from 0 are expected", confusion.where(), n));
  scores.lambda = group.dataset("lambda").read<double>();
  scores.validation_accuracy = read_vector<double>(group, "validation_accuracy", scores.lambda.size(), "lambda");
  scores.accuracy = group.attribute<double>("accuracy");
  scores.samples = group.attribute<std::int64_t>("samples");
  if (group.has_attribute("accuracy_low")) scores.accuracy_low = group.attribute<double>("accuracy_low");
  if (group.has_attribute("accuracy_high")) scores.accuracy_high = group.attribute<double>("accuracy_high");
  for (auto& [name, figures] : class_arrays(scores))
    if (group.has(name)) figures = read_vector<double>(group, name, scores.classes, "confusion");
  return scores;
}

std::map<std::string, Curve> ResultsReader::curves() const {
  std::map<std::string, Curve> curves;
  for (const std::string& name : members("/curves")) {
    const Group group = file_.group("/curves/" + name);
    Curve& curve = curves[name];
    curve.title = group.attribute_text("title");
    curve.x_label = group.attribute_text("x_label");
    curve.y_label = group.attribute_text("y_label");
    curve.x = group.dataset("x").read<double>();
    for (const std::string& series : group.group("y").names()) {
      CurveSeries& line = curve.series.emplace_back();
      line.name = series;
      line.y = read_vector<double>(group, "y/" + series, curve.x.size(), "x");
      line.low = read_bound(group, "low", line);
      line.high = read_bound(group, "high", line);
    }
  }
  return curves;
}

SampleFacts ResultsReader::sample(std::uint64_t number) const {
  const Group group = file_.group(fmt::format("/samples/{}", number));
  SampleFacts facts;
  if (group.has_attribute("label")) facts.label = group.attribute<std::int64_t>("label");
  if (group.has_attribute("input_shape")) {
    facts.input_shape = group.attribute_values<std::uint64_t>("input_shape");
    if (facts.input_shape.size() != 3)
      throw Error(Fault::input, fmt::format("{}: {} numbers; 3 are expected", group.where_attribute("input_shape"),
                                            facts.input_shape.size()));
  }
  if (group.has("image")) {
    const Dataset data = group.dataset("image");
    const Shape shape = data.shape();
    if (shape.size() != 2)
      throw Error(Fault::input,
                  fmt::format("{}: shape ({}); (row, column) is expected", data.where(), fmt::join(shape, ", ")));
    facts.image = SampleImage{shape[0], shape[1], data.read<std::uint8_t>()};
  }
  return facts;
}

}  // namespace crosspike
