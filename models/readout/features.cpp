// SPDX-License-Identifier: Apache-2.0
// Checks of feature sets. They run before any sum is touched, on one thread, so that the sample a message
// names doesn't depend on the number of threads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/features.hpp>

namespace crosspike {
namespace {

[[noreturn]] void refuse(const FeatureSet& set, const std::string& problem) {
  throw Error(Fault::input, fmt::format("features of {}: {}", set.name, problem));
}

void check_sizes(const FeatureSet& set, const FeatureBlock& block, std::size_t number) {
  const auto expect = [&](const char* what, std::size_t size, std::size_t expected) {
    if (size != expected) {
      refuse(set, fmt::format("block {} has {} {}; {} rows of {} features need {}", number, size, what, block.rows,
                              set.features, expected));
    }
  };
  const bool reals = set.kind == FeatureKind::reals;
  expect("counts", block.counts.size(), reals ? 0 : block.rows * set.features);
  expect("reals", block.reals.size(), reals ? block.rows * set.features : 0);
  expect("labels", block.labels.size(), block.rows);
}

}  // namespace

const char* name_of(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::counts:
      return "counts";
    case FeatureKind::square_roots:
      return "square roots";
    case FeatureKind::reals:
      return "reals";
  }
  return "unknown";
}

std::size_t FeatureSet::samples() const {
  std::size_t sum = 0;
  for (const FeatureBlock& block : blocks) sum += block.rows;
  return sum;
}

void check(const FeatureSet& set) {
  if (set.features == 0) refuse(set, "there is no feature; a readout needs at least one");
  if (set.classes == 0) refuse(set, "there is no class; a readout needs at least one");
  std::size_t first_sample = 0;
  for (std::size_t number = 0; number < set.blocks.size(); ++number) {
    const FeatureBlock& block = set.blocks[number];
    check_sizes(set, block, number);
    for (std::size_t row = 0; row < block.rows; ++row) {
      const int label = block.labels[row];
      if (label < 0 || static_cast<std::size_t>(label) >= set.classes) {
        refuse(set, fmt::format("sample {} has label {}; labels go from 0 to {}", first_sample + row, label,
                                set.classes - 1));
      }
    }
    // !(|x| <= limit) also catches NaN.
    const auto bad = std::find_if(block.reals.begin(), block.reals.end(),
                                  [](float value) { return !(std::abs(value) <= largest_real_feature); });
    if (bad != block.reals.end()) {
      const auto at = static_cast<std::size_t>(bad - block.reals.begin());
      refuse(set, fmt::format("sample {}, feature {} is {}; features must be finite and at most {:g} in magnitude",
                              first_sample + at / set.features, at % set.features, *bad, largest_real_feature));
    }
    first_sample += block.rows;
  }
  if (first_sample == 0) refuse(set, "there are no samples; a readout needs at least one");
}

std::uint16_t largest_count(const FeatureSet& set) {
  std::uint16_t largest = 0;
  for (const FeatureBlock& block : set.blocks) {
    for (const std::uint16_t count : block.counts) largest = std::max(largest, count);
  }
  return largest;
}

}  // namespace crosspike
