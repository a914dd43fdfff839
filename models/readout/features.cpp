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

void check_alike(const FeatureSet& set, const FeatureSet& train) {
  if (set.features == train.features && set.classes == train.classes && set.kind == train.kind) return;
  refuse(set,
         fmt::format("{} features ({}) and {} classes; {} has {} features ({}) and {} classes, and all splits must "
                     "be alike",
                     set.features, name_of(set.kind), set.classes, train.name, train.features, name_of(train.kind),
                     train.classes));
}

FeatureSet with_labels(FeatureSet set, std::span<const int> labels, std::size_t classes) {
  if (labels.size() != set.samples())
    refuse(set, fmt::format("{} labels for {} samples; give one for each", labels.size(), set.samples()));
  set.classes = classes;
  std::size_t first = 0;
  for (FeatureBlock& block : set.blocks) {
    block.labels = labels.subspan(first, block.rows);
    first += block.rows;
  }
  return set;
}

FeatureSet rows_of(const FeatureSet& set, std::span<const std::size_t> positions) {
  std::vector<std::size_t> ends;
  std::size_t samples = 0;
  for (const FeatureBlock& block : set.blocks) ends.push_back(samples += block.rows);
  FeatureSet part{set.name, set.features, set.classes, set.kind, {}};
  for (std::size_t i = 0; i < positions.size();) {
    if (positions[i] >= samples)
      refuse(set, fmt::format("there is no sample {}; it has {}, counted from 0", positions[i], samples));
    const auto number =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), positions[i]) - ends.begin());
    const FeatureBlock& block = set.blocks[number];
    const std::size_t row = positions[i] - (ends[number] - block.rows);
    std::size_t rows = 1;  // neighbours that follow one another stay one block
    while (i + rows < positions.size() && positions[i + rows] == positions[i] + rows && row + rows < block.rows) ++rows;
    const auto values = [&](auto all) {
      return all.empty() ? all : all.subspan(row * set.features, rows * set.features);
    };
    part.blocks.push_back({rows, values(block.counts), values(block.reals), block.labels.subspan(row, rows)});
    i += rows;
  }
  return part;
}

void widen(const FeatureSet& set, const FeatureBlock& block, std::size_t row, std::size_t first, std::size_t size,
           double* to) {
  const std::size_t from = row * set.features + first;
  if (set.kind == FeatureKind::reals) {
    std::copy_n(block.reals.data() + from, size, to);
    return;
  }
  std::copy_n(block.counts.data() + from, size, to);
  if (set.kind == FeatureKind::square_roots) {
    // In float, as the sums were: the readout must see the features that it was fitted on.
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<double>(std::sqrt(static_cast<float>(to[i])));
  }
}

void widen_rows(const FeatureSet& set, std::size_t first, std::size_t rows, double* to, int* labels) {
  std::size_t begin = 0;
  const std::size_t last = first + rows;
  for (const FeatureBlock& block : set.blocks) {
    for (std::size_t row = first > begin ? first - begin : 0; row < block.rows && begin + row < last; ++row) {
      widen(set, block, row, 0, set.features, to);
      to += set.features;
      *labels++ = block.labels[row];
    }
    begin += block.rows;
    if (begin >= last) return;
  }
}

}  // namespace crosspike
