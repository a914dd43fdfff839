// SPDX-License-Identifier: Apache-2.0
// What results.cpp and results_scores.cpp share.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/results.hpp>
#include <string>
#include <vector>

namespace crosspike::results_internal {

inline constexpr std::uint64_t compress_from = std::uint64_t{64}
                                               << 10;  // bytes; below, a chunk costs more than it saves

inline hdf5::Storage storage_for(std::uint64_t elements, std::uint64_t element_bytes) {
  return elements * element_bytes < compress_from ? hdf5::Storage::contiguous : hdf5::Storage::compressed;
}

[[noreturn]] inline void bug(const std::string& where, const std::string& what) {
  throw Error(Fault::system, fmt::format("{}: {}; this is a bug in crosspike", where, what));
}

// One number per element of what `of` names.
template <hdf5::Number T>
std::vector<T> read_vector(const hdf5::Group& group, const std::string& name, std::size_t length, const char* of) {
  const hdf5::Dataset data = group.dataset(name);
  const hdf5::Shape shape = data.shape();
  if (shape != hdf5::Shape{length}) {
    throw Error(Fault::input,
                fmt::format("{}: shape ({}), but {} has {}", data.where(), fmt::join(shape, ", "), of, length));
  }
  return data.read<T>();
}

}  // namespace crosspike::results_internal
