// SPDX-License-Identifier: Apache-2.0
// Scoring with a fitted readout.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/readout.hpp>

namespace crosspike {
namespace {

constexpr ReadoutKind kinds[] = {ReadoutKind::ridge, ReadoutKind::logistic, ReadoutKind::rls};

void check_shape(const Readout& readout, const FeatureSet& set) {
  if (set.features != readout.features || set.classes != readout.classes) {
    throw Error(Fault::input, fmt::format("features of {}: {} features and {} classes; the readout was fitted on {} "
                                          "features and {} classes",
                                          set.name, set.features, set.classes, readout.features, readout.classes));
  }
}

}  // namespace

const char* name_of(ReadoutKind kind) {
  switch (kind) {
    case ReadoutKind::ridge:
      return "ridge";
    case ReadoutKind::logistic:
      return "logistic";
    case ReadoutKind::rls:
      return "rls";
  }
  return "unknown";
}

std::optional<ReadoutKind> readout_kind(std::string_view name) {
  for (const ReadoutKind kind : kinds)
    if (name == name_of(kind)) return kind;
  return {};
}

std::vector<int> predict(const Readout& readout, const FeatureSet& set, Team& team) {
  check(set);
  check_shape(readout, set);
  use_one_blas_thread();
  std::vector<int> predicted(set.samples());
  team.run([&](Team::Member& member) {
    const auto rank = static_cast<std::size_t>(member.rank());
    const auto size = static_cast<std::size_t>(member.size());
    std::vector<double> row(set.features);
    std::vector<double> scores(set.classes);
    std::size_t sample = 0;
    for (const FeatureBlock& block : set.blocks) {
      for (std::size_t r = 0; r < block.rows; ++r, ++sample) {
        if (sample % size != rank) continue;
        widen(set, block, r, 0, set.features, row.data());
        scores = readout.bias;
        // One product per sample, so that its scores are the same alone and in any set.
        cblas_dgemv(CblasRowMajor, CblasNoTrans, static_cast<int>(set.classes), static_cast<int>(set.features), 1.0,
                    readout.weights.data(), static_cast<int>(set.features), row.data(), 1, 1.0, scores.data(), 1);
        predicted[sample] = static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
      }
    }
  });
  return predicted;
}

Score score(const Readout& readout, const FeatureSet& set, Team& team) {
  const std::vector<int> predicted = predict(readout, set, team);
  Score result;
  result.samples = predicted.size();
  result.confusion.resize(set.classes * set.classes);
  result.right.resize(result.samples);
  std::size_t sample = 0;
  for (const FeatureBlock& block : set.blocks) {
    for (const int label : block.labels) {
      const int guess = predicted[sample];
      result.right[sample++] = guess == label;
      if (guess == label) ++result.correct;
      ++result.confusion[static_cast<std::size_t>(label) * set.classes + static_cast<std::size_t>(guess)];
    }
  }
  return result;
}

std::size_t best_of(const std::vector<LambdaScore>& curve) {
  const auto worse = [](const LambdaScore& a, const LambdaScore& b) {
    return a.accuracy != b.accuracy ? a.accuracy < b.accuracy : a.lambda < b.lambda;
  };
  return static_cast<std::size_t>(std::max_element(curve.begin(), curve.end(), worse) - curve.begin());
}

}  // namespace crosspike
