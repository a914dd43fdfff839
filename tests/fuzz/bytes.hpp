// SPDX-License-Identifier: Apache-2.0
// What the targets of HDF5 readers share: a file that the bytes describe, mostly as it should be, now and then of
// another type, shape or length. The bytes make the content and not the file itself: libhdf5 fails on damaged files in
// ways that are not ours to mend, and almost no bytes would get past it.
#pragma once

#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/hdf5.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace crosspike::fuzz {

// By hand, as NDEBUG may be set.
inline void demand(bool condition) {
  if (!condition) std::abort();
}

// What is foreign is read, or refused as an input.
template <class Act>
void unless_refused(Act act) {
  try {
    act();
  } catch (const Error& error) {
    demand(error.fault() == Fault::input);
  }
}

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::size_t below(std::size_t n) { return next() % n; }
  bool rarely() { return next() >= 248; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// A file of this process that goes with it. On Linux's memory where there is one, since every input is a file.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& ending) {
    const std::filesystem::path memory = "/dev/shm";
    path_ = (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
            ("crosspike-fuzz-" + std::to_string(::getpid()) + ending);
  }
  ~TemporaryFile() {
    std::error_code gone;
    std::filesystem::remove(path_, gone);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline double odd_number(Bytes& bytes) {
  constexpr double numbers[] = {0,
                                -1,
                                0.5,
                                -0.0,
                                1e300,
                                1e-300,
                                std::numeric_limits<double>::quiet_NaN(),
                                1e18,
                                0x1p53,
                                65535.5,
                                -1e300,
                                4294967296.0,
                                std::numeric_limits<double>::infinity()};
  return numbers[bytes.below(std::size(numbers))];
}

inline std::int64_t odd_integer(Bytes& bytes) {
  constexpr std::int64_t numbers[] = {0,
                                      -1,
                                      2,
                                      255,
                                      65535,
                                      65536,
                                      65537,
                                      2147483647,
                                      2147483648,
                                      std::numeric_limits<std::int64_t>::max(),
                                      7,
                                      100000,
                                      std::numeric_limits<std::int64_t>::min()};
  return numbers[bytes.below(std::size(numbers))];
}

inline void put_reals(hdf5::Group& group, const std::string& path, const hdf5::Shape& shape,
                      const std::vector<double>& values) {
  group.write<double>(path, shape, std::span(values));
}
inline void put_integers(hdf5::Group& group, const std::string& path, const hdf5::Shape& shape,
                         const std::vector<std::int64_t>& values) {
  group.write<std::int64_t>(path, shape, std::span(values));
}

// Something of this name that is not what a reader hopes for.
inline void put_odd(hdf5::Group& group, const std::string& path, Bytes& bytes) {
  const std::size_t n = bytes.below(5);
  switch (bytes.below(8)) {
    case 0:
      group.ensure_group(path);
      break;
    case 1:
      group.write_text(path, bytes.rarely() ? "" : "odd");
      break;
    case 2:
      group.write_texts(path, {n}, std::vector<std::string>(n, "x"));
      break;
    case 3: {
      std::vector<double> values;
      for (std::size_t i = 0; i < 2 * n; ++i) values.push_back(odd_number(bytes));
      put_reals(group, path, {n, 2}, values);
      break;
    }
    case 4:
      put_reals(group, path, {}, {odd_number(bytes)});
      break;
    case 5: {
      std::vector<double> values;
      for (std::size_t i = 0; i < n; ++i) values.push_back(odd_number(bytes));
      put_reals(group, path, {n}, values);
      break;
    }
    case 6: {
      std::vector<std::int64_t> values;
      for (std::size_t i = 0; i < n; ++i) values.push_back(odd_integer(bytes));
      put_integers(group, path, {n}, values);
      break;
    }
    default:
      put_integers(group, path, {0, n}, {});
  }
}

}  // namespace crosspike::fuzz
