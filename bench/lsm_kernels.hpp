// SPDX-License-Identifier: Apache-2.0
// Inner loops of the time-driven paths in lsm_paths.cpp, compiled for each SIMD target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace crosspike {

struct SparseEntry {
  std::uint32_t source;
  float weight;
};

// out[target][column] = sum over the target's entries of weight x in[source][column]. `columns` is a multiple of 64;
// the entries of target t are [first[t], first[t + 1]).
void multiply_sparse(std::span<const std::uint32_t> first, std::span<const SparseEntry> entries, const float* in,
                     std::size_t columns, float* out);

struct Combine {
  int input_shift, recurrent_shift;
  float quantum;
};

// out[i] = quantum x ((input[i] << input_shift) + (recurrent[i] << recurrent_shift)), sums in int32.
void combine_sums(const Combine& how, const float* input, const float* recurrent, std::size_t n, float* out);

}  // namespace crosspike
