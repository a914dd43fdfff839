// SPDX-License-Identifier: Apache-2.0
// Features that own their rows, for tests of readouts.
#pragma once

#include <algorithm>
#include <crosspike/models/readout/features.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace crosspike::test {

struct CountData {
  std::size_t features, classes;
  std::vector<std::uint16_t> values;
  std::vector<int> labels;

  FeatureSet set(FeatureKind kind = FeatureKind::counts, const std::string& name = "train") const {
    return {name, features, classes, kind, {{labels.size(), values, {}, labels}}};
  }
};

struct RealData {
  std::size_t features, classes;
  std::vector<float> values;
  std::vector<int> labels;

  FeatureSet set(const std::string& name = "train") const {
    return {name, features, classes, FeatureKind::reals, {{labels.size(), {}, values, labels}}};
  }
};

inline CountData random_counts(std::size_t samples, std::size_t features, std::size_t classes, std::uint64_t largest) {
  std::mt19937_64 draw(1);
  CountData data{features, classes, {}, {}};
  for (std::size_t s = 0; s < samples; ++s) {
    const std::size_t label = draw() % classes;
    data.labels.push_back(static_cast<int>(label));
    for (std::size_t f = 0; f < features; ++f) {
      const std::uint64_t bump = f % classes == label ? largest / 4 : 0;
      data.values.push_back(
          static_cast<std::uint16_t>(std::min<std::uint64_t>(largest, draw() % (largest + 1) + bump)));
    }
  }
  return data;
}

inline RealData to_reals(const CountData& counts, float factor, float offset) {
  RealData data{counts.features, counts.classes, {}, counts.labels};
  for (const std::uint16_t value : counts.values) data.values.push_back(factor * static_cast<float>(value) + offset);
  return data;
}

inline FeatureSet cut(const FeatureSet& whole, const std::vector<std::size_t>& sizes) {
  FeatureSet result = whole;
  result.blocks.clear();
  const FeatureBlock& all = whole.blocks.front();
  std::size_t first = 0;
  for (const std::size_t rows : sizes) {
    FeatureBlock block{rows, {}, {}, all.labels.subspan(first, rows)};
    if (!all.counts.empty()) block.counts = all.counts.subspan(first * whole.features, rows * whole.features);
    if (!all.reals.empty()) block.reals = all.reals.subspan(first * whole.features, rows * whole.features);
    result.blocks.push_back(block);
    first += rows;
  }
  return result;
}

}  // namespace crosspike::test
