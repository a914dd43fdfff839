// SPDX-License-Identifier: Apache-2.0
// Arrays of numbers that a config names: "w.npy", "w.csv" or "data.h5:/path/to/dataset", read as doubles in C order.
// Every size that a file states is checked against the file before memory is taken for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct NamedArray {
  std::string name;                  // as the config wrote it; every message begins with it
  std::vector<std::uint64_t> shape;  // empty = scalar
  std::vector<double> values;        // C order

  // Throws Error(input) that names the first index at which a NaN or an infinity stands; `context` says what needs
  // finite numbers ("weights of projections.drive").
  void require_finite(const std::string& context) const;
};

// Formats by their ending:
//   .npy            format 1 and 2 (numpy/numpy:numpy/lib/format.py), little-endian f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or
//   b1,
//                   C or Fortran order
//   .csv .txt .tsv  numbers between commas, semicolons or blanks; one line of column names and lines that begin with #
//                   are passed over; one column is a vector; dimensions of 1 may be left out or added to fit `expected`
//   .h5 .hdf5 .nir  with the path of a dataset of integers, floats or bools
// Throws Error(input), naming the file and the byte, line or path, for files that are damaged, not as `expected`, or
// hold an integer that a double cannot hold exactly.
NamedArray load_array(const std::string& spec, const std::optional<std::vector<std::uint64_t>>& expected = {});

}  // namespace crosspike
