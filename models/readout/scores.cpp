// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/scores.hpp>
#include <limits>

namespace crosspike {
namespace {

constexpr double z = 1.959963984540054;  // the normal distribution's 97.5 % point

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Interval wilson(std::size_t right, std::size_t samples) {
  if (samples == 0 || right > samples)
    throw Error(Fault::input, fmt::format("{} right of {} samples have no accuracy", right, samples));
  const auto n = static_cast<double>(samples);
  const double p = static_cast<double>(right) / n;
  const double centre = p + z * z / (2 * n), half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double divisor = 1 + z * z / n;
  return {right == 0 ? 0 : (centre - half) / divisor, right == samples ? 1 : (centre + half) / divisor};
}

ClassFigures class_figures(std::span<const std::size_t> confusion, std::size_t classes) {
  ClassFigures figures;
  for (std::size_t c = 0; c < classes; ++c) {
    std::size_t truly = 0, predicted = 0;
    for (std::size_t other = 0; other < classes; ++other) {
      truly += confusion[c * classes + other];
      predicted += confusion[other * classes + c];
    }
    const std::size_t right = confusion[c * classes + c];
    figures.precision.push_back(ratio(right, predicted));
    figures.recall.push_back(ratio(right, truly));
    figures.f1.push_back(ratio(2 * right, predicted + truly));
  }
  return figures;
}

PairedDifference paired_difference(const Score& first, const Score& second) {
  if (first.right.size() != second.right.size() || first.right.empty())
    throw Error(Fault::input, fmt::format("readouts that scored {} and {} samples cannot be compared sample by sample",
                                          first.right.size(), second.right.size()));
  double only_first = 0, only_second = 0;
  for (std::size_t i = 0; i < first.right.size(); ++i) {
    only_first += first.right[i] && !second.right[i];
    only_second += second.right[i] && !first.right[i];
  }
  const auto n = static_cast<double>(first.right.size());
  const double more = only_first - only_second, centre = more / (n + 2);
  const double half = z * std::sqrt(only_first + only_second + 1 - more * more / (n + 2)) / (n + 2);
  return {more / n, {std::max(-1.0, centre - half), std::min(1.0, centre + half)}};
}

ReadoutScores scores_of(const Score& score, const Readout& readout) {
  ReadoutScores scores;
  scores.classes = readout.classes;
  scores.confusion.assign(score.confusion.begin(), score.confusion.end());
  for (const LambdaScore& tried : readout.validation) {
    scores.lambda.push_back(tried.lambda);
    scores.validation_accuracy.push_back(tried.accuracy);
  }
  scores.accuracy = score.accuracy();
  scores.samples = static_cast<std::int64_t>(score.samples);
  const Interval interval = wilson(score.correct, score.samples);
  scores.accuracy_low = interval.low;
  scores.accuracy_high = interval.high;
  ClassFigures figures = class_figures(score.confusion, readout.classes);
  scores.precision = std::move(figures.precision);
  scores.recall = std::move(figures.recall);
  scores.f1 = std::move(figures.f1);
  return scores;
}

ReadoutArrays stored(const Readout& readout) {
  ReadoutArrays arrays;
  for (std::size_t c = 0; c < readout.classes; ++c) arrays.classes.push_back(fmt::format("{}", c));
  arrays.weights = readout.weights;
  arrays.bias = readout.bias;
  arrays.mean = readout.mean;
  arrays.scale = readout.scale;
  arrays.lambda = readout.lambda;
  arrays.kind = name_of(readout.kind);
  if (readout.kind == ReadoutKind::rls) arrays.forgetting = readout.forgetting;
  return arrays;
}

Readout from_stored(const ReadoutArrays& arrays, const std::string& where) {
  const auto kind = readout_kind(arrays.kind);
  if (!kind)
    throw Error(Fault::input,
                fmt::format("{}:/readout@kind is '{}'; this crosspike knows ridge, logistic, rls", where, arrays.kind));
  Readout readout;
  readout.features = arrays.mean.size();
  readout.classes = arrays.classes.size();
  readout.lambda = arrays.lambda;
  readout.weights = arrays.weights;
  readout.bias = arrays.bias;
  readout.mean = arrays.mean;
  readout.scale = arrays.scale;
  readout.kind = *kind;
  readout.forgetting = arrays.forgetting.value_or(1);
  return readout;
}

}  // namespace crosspike
