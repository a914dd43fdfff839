// SPDX-License-Identifier: Apache-2.0
// Accumulation of X'X and X'Y: staging of a batch, its products by tile, and the choice between float and
// double products of counts.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/normal_equations.hpp>
#include <utility>

namespace crosspike {
namespace {

constexpr std::size_t batch_rows = 1024;
constexpr std::size_t tile_width = 512;
constexpr std::size_t tile_size = batch_rows * tile_width;

constexpr double float_exact = 16'777'216.0;              // 2^24
constexpr double double_exact = 9'007'199'254'740'992.0;  // 2^53
// With fewer rows a float product and its addition to the total take longer than a double product (measured at 2,048
// features: 37 Gflop/s for 24 rows, 32 in double).
constexpr std::size_t fewest_float_rows = 24;

std::size_t tiles_of(std::size_t features) { return (features + tile_width - 1) / tile_width; }

int to_int(std::size_t size) { return static_cast<int>(size); }

}  // namespace

struct NormalEquations::Batch {
  std::size_t rows = 0;
  std::vector<float> values;  // (tile, row, column): a tile's columns lie together, as the products read them
  std::vector<int> labels;
  std::vector<float> largest;  // per tile, of the values in this batch; for counts

  explicit Batch(std::size_t tiles) : values(tiles * tile_size), labels(batch_rows), largest(tiles) {}
  float* row(std::size_t tile, std::size_t index) { return values.data() + tile * tile_size + index * tile_width; }
  const float* row(std::size_t tile, std::size_t index) const {
    return values.data() + tile * tile_size + index * tile_width;
  }
};

struct NormalEquations::Scratch {
  std::vector<float> product = std::vector<float>(tile_width * tile_width);
  std::vector<double> left, right;  // (row, column), only for double products
};

std::size_t NormalEquations::bytes(std::size_t features, std::size_t classes) {
  return features * (features + classes) * sizeof(double) + tiles_of(features) * tile_size * sizeof(float);
}

NormalEquations::NormalEquations(std::size_t features, std::size_t classes, FeatureKind kind)
    : features_(features), classes_(classes), kind_(kind), tiles_(tiles_of(features)) {
  if (features == 0 || features > most_ridge_features || classes == 0) {
    throw Error(Fault::input, fmt::format("a ridge readout of {} features and {} classes; it takes 1 to {} features "
                                          "and at least 1 class",
                                          features, classes, most_ridge_features));
  }
  use_one_blas_thread();
  gram_.resize(features * features);
  class_sums_.resize(classes * features);
  class_counts_.resize(classes);
  shift_.resize(features);
}

NormalEquations::Range NormalEquations::tile(std::size_t index) const {
  const std::size_t begin = index * tile_width;
  return {begin, std::min(tile_width, features_ - begin)};
}

void NormalEquations::add(const FeatureSet& set, Team& team, const std::function<void(std::size_t)>& progress) {
  check(set);
  if (set.features != features_ || set.classes != classes_ || set.kind != kind_) {
    throw Error(
        Fault::input,
        fmt::format("features of {}: {} features ({}) and {} classes cannot be added to sums over "
                    "{} features ({}) and {} classes; all splits must be alike",
                    set.name, set.features, name_of(set.kind), set.classes, features_, name_of(kind_), classes_));
  }
  if (kind_ == FeatureKind::counts) {
    const double largest = largest_count(set);
    const double bound = largest_sum_ + static_cast<double>(set.samples()) * largest * largest;
    if (bound > double_exact) {
      throw Error(Fault::cannot, fmt::format("features of {}: sums of squares of {} counts up to {:.0f} can pass 2^53 "
                                             "and are then not exact; use fewer samples or smaller counts",
                                             set.name, samples_ + set.samples(), largest));
    }
    largest_sum_ = bound;
  }
  Batch batch(tiles_);
  std::size_t done = 0;
  for (const FeatureBlock& block : set.blocks) {
    for (std::size_t row = 0; row < block.rows;) {
      const std::size_t rows = std::min(batch_rows - batch.rows, block.rows - row);
      stage(block, row, rows, batch, team);
      row += rows;
      done += rows;
      if (batch.rows < batch_rows) continue;
      accumulate(batch, team);
      if (progress) progress(done);
    }
  }
  if (batch.rows > 0) accumulate(batch, team);
}

void NormalEquations::stage(const FeatureBlock& block, std::size_t first_row, std::size_t rows, Batch& batch,
                            Team& team) const {
  team.run([&](Team::Member& member) {
    const auto step = static_cast<std::size_t>(member.size());
    for (std::size_t t = static_cast<std::size_t>(member.rank()); t < tiles_; t += step) {
      const Range columns = tile(t);
      for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t from = (first_row + r) * features_ + columns.begin;
        float* to = batch.row(t, batch.rows + r);
        if (kind_ == FeatureKind::reals) {
          std::copy_n(block.reals.data() + from, columns.size, to);
          continue;
        }
        const std::uint16_t* counts = block.counts.data() + from;
        for (std::size_t c = 0; c < columns.size; ++c) to[c] = static_cast<float>(counts[c]);
        if (kind_ == FeatureKind::square_roots) {
          for (std::size_t c = 0; c < columns.size; ++c) to[c] = std::sqrt(to[c]);
        }
      }
    }
  });
  std::copy_n(block.labels.data() + first_row, rows, batch.labels.data() + batch.rows);
  batch.rows += rows;
}

void NormalEquations::accumulate(Batch& batch, Team& team) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t left = 0; left < tiles_; ++left) {
    for (std::size_t right = left; right < tiles_; ++right) pairs.emplace_back(left, right);
  }
  std::atomic<std::size_t> next{0};  // who computes a tile has no influence on its sums
  team.run([&](Team::Member& member) {
    const auto step = static_cast<std::size_t>(member.size());
    for (std::size_t t = static_cast<std::size_t>(member.rank()); t < tiles_; t += step) prepare(t, batch);
    Scratch scratch;
    member.barrier();
    for (std::size_t i = next++; i < pairs.size(); i = next++) {
      multiply(pairs[i].first, pairs[i].second, batch, scratch);
    }
  });
  for (std::size_t r = 0; r < batch.rows; ++r) ++class_counts_[static_cast<std::size_t>(batch.labels[r])];
  samples_ += batch.rows;
  batch.rows = 0;
}

void NormalEquations::prepare(std::size_t tile_index, Batch& batch) {
  const Range columns = tile(tile_index);
  float* shift = shift_.data() + columns.begin;
  float largest = 0;
  for (std::size_t r = 0; r < batch.rows; ++r) {
    const float* row = batch.row(tile_index, r);
    for (std::size_t c = 0; c < columns.size; ++c) largest = std::max(largest, row[c]);
  }
  batch.largest[tile_index] = largest;

  const bool shifted = kind_ != FeatureKind::counts;
  if (shifted && samples_ == 0) {
    std::vector<double> sums(columns.size, 0.0);
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const float* row = batch.row(tile_index, r);
      for (std::size_t c = 0; c < columns.size; ++c) sums[c] += row[c];
    }
    for (std::size_t c = 0; c < columns.size; ++c) {
      shift[c] = static_cast<float>(sums[c] / static_cast<double>(batch.rows));
    }
  }
  for (std::size_t r = 0; r < batch.rows; ++r) {
    float* row = batch.row(tile_index, r);
    if (shifted) {
      for (std::size_t c = 0; c < columns.size; ++c) row[c] -= shift[c];
    }
    double* sums = class_sums_.data() + static_cast<std::size_t>(batch.labels[r]) * features_ + columns.begin;
    for (std::size_t c = 0; c < columns.size; ++c) sums[c] += row[c];
  }
}

void NormalEquations::multiply(std::size_t left, std::size_t right, const Batch& batch, Scratch& scratch) {
  std::size_t chunk = batch_rows;
  if (kind_ == FeatureKind::counts) {
    const double largest = static_cast<double>(batch.largest[left]) * static_cast<double>(batch.largest[right]);
    if (largest == 0) return;
    if (largest * static_cast<double>(std::min(fewest_float_rows, batch.rows)) > float_exact) {
      multiply_in_double(left, right, batch, scratch);
      return;
    }
    chunk = std::min(chunk, static_cast<std::size_t>(float_exact / largest));
  }
  const int left_width = to_int(tile(left).size);
  const int right_width = to_int(tile(right).size);
  const int stride = to_int(tile_width);
  for (std::size_t first = 0; first < batch.rows; first += chunk) {
    const int rows = to_int(std::min(chunk, batch.rows - first));
    if (left == right) {
      cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, left_width, rows, 1.0F, batch.row(left, first), stride, 0.0F,
                  scratch.product.data(), stride);
    } else {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, left_width, right_width, rows, 1.0F, batch.row(left, first),
                  stride, batch.row(right, first), stride, 0.0F, scratch.product.data(), stride);
    }
    add_product(left, right, scratch);
  }
}

void NormalEquations::multiply_in_double(std::size_t left, std::size_t right, const Batch& batch, Scratch& scratch) {
  const auto widen = [&](std::size_t tile_index, std::vector<double>& to) {
    const float* from = batch.row(tile_index, 0);
    to.assign(from, from + batch.rows * tile_width);
  };
  widen(left, scratch.left);
  widen(right, scratch.right);
  const Range rows = tile(left);
  const Range columns = tile(right);
  const int stride = to_int(tile_width);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, to_int(rows.size), to_int(columns.size), to_int(batch.rows), 1.0,
              scratch.left.data(), stride, scratch.right.data(), stride, 1.0,
              gram_.data() + rows.begin * features_ + columns.begin, to_int(features_));
}

void NormalEquations::add_product(std::size_t left, std::size_t right, const Scratch& scratch) {
  const Range rows = tile(left);
  const Range columns = tile(right);
  for (std::size_t r = 0; r < rows.size; ++r) {
    const float* from = scratch.product.data() + r * tile_width;
    double* to = gram_.data() + (rows.begin + r) * features_ + columns.begin;
    for (std::size_t c = left == right ? r : 0; c < columns.size; ++c) to[c] += static_cast<double>(from[c]);
  }
}

}  // namespace crosspike
