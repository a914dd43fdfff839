// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <crosspike/models/readout/standardise.hpp>

namespace crosspike {

Standardisation standardise(const FeatureSet& set, Team& team) {
  const std::size_t features = set.features;
  const auto samples = static_cast<double>(set.samples());
  Standardisation result;
  result.mean.resize(features);
  result.scale.resize(features);
  result.inverse.resize(features);
  team.run([&](Team::Member& member) {  // columns are shared out, so that a sum has one order whatever the team
    const auto rank = static_cast<std::size_t>(member.rank()), ranks = static_cast<std::size_t>(member.size());
    const std::size_t first = features * rank / ranks, size = features * (rank + 1) / ranks - first;
    if (size == 0) return;
    std::vector<double> row(size);
    double* mean = result.mean.data() + first;
    double* scale = result.scale.data() + first;
    const auto pass = [&](const auto& add) {
      for (const FeatureBlock& block : set.blocks)
        for (std::size_t r = 0; r < block.rows; ++r) {
          widen(set, block, r, first, size, row.data());
          for (std::size_t i = 0; i < size; ++i) add(i);
        }
    };
    pass([&](std::size_t i) { mean[i] += row[i]; });
    for (std::size_t i = 0; i < size; ++i) mean[i] /= samples;
    pass([&](std::size_t i) { scale[i] += (row[i] - mean[i]) * (row[i] - mean[i]); });
    for (std::size_t i = 0; i < size; ++i) {
      scale[i] = std::sqrt(scale[i] / samples);
      if (scale[i] > 0) result.inverse[first + i] = 1 / scale[i];
    }
  });
  return result;
}

FeatureSet joined(const FeatureSet& train, const FeatureSet& validation) {
  FeatureSet all = train;
  all.name = train.name + " and " + validation.name;
  all.blocks.insert(all.blocks.end(), validation.blocks.begin(), validation.blocks.end());
  return all;
}

std::vector<std::size_t> class_counts(const FeatureSet& set) {
  std::vector<std::size_t> counts(set.classes);
  for (const FeatureBlock& block : set.blocks)
    for (const int label : block.labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

Readout unstandardised(const Standardisation& by, std::span<const double> weights, std::span<const double> bias) {
  Readout readout;
  readout.features = by.mean.size();
  readout.classes = bias.size();
  readout.weights.assign(weights.begin(), weights.end());
  readout.bias.assign(bias.begin(), bias.end());
  readout.mean = by.mean;
  readout.scale = by.scale;
  for (std::size_t c = 0; c < readout.classes; ++c) {
    double* row = readout.weights.data() + c * readout.features;
    for (std::size_t i = 0; i < readout.features; ++i) {
      row[i] *= by.inverse[i];
      readout.bias[c] -= row[i] * by.mean[i];
    }
  }
  return readout;
}

}  // namespace crosspike
