// SPDX-License-Identifier: Apache-2.0
// What people bring along: event files as h5py writes them and arrays as numpy does, right or wrong, in a folder of its
// own that is also the current one, so that messages hold no folder.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/hdf5.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace crosspike::test {

// Columns that are empty are left out, but for times and channels.
struct EventColumns {
  std::vector<double> times = {};
  std::vector<std::int64_t> channels = {}, counts = {}, offsets = {}, labels = {}, shape = {4};
  std::string unit = "ms";
};

template <class T>
void put_column(hdf5::File& file, const char* name, const std::vector<T>& values) {
  file.write<T>(name, {values.size()}, std::span(values));
}

inline void put_events(hdf5::File& file, const EventColumns& columns) {
  put_column(file, "times", columns.times);
  put_column(file, "channels", columns.channels);
  if (!columns.counts.empty()) put_column(file, "counts", columns.counts);
  if (!columns.offsets.empty()) put_column(file, "sample_offsets", columns.offsets);
  if (!columns.labels.empty()) put_column(file, "labels", columns.labels);
  if (!columns.shape.empty()) put_column(file, "shape", columns.shape);
  if (!columns.unit.empty()) file.write_text("unit", columns.unit);
}

inline void write_events(const std::filesystem::path& path, const EventColumns& columns) {
  hdf5::File file = hdf5::File::create(path);
  put_events(file, columns);
  file.close();
}

// So many samples of so many classes: sample i is of class i modulo `classes`, whose events are every millisecond on
// channel 2 x class and the one after.
inline EventColumns easy_events(int samples, int classes, int steps = 20) {
  EventColumns columns;
  columns.offsets = {0};
  for (int sample = 0; sample < samples; ++sample) {
    const int label = sample % classes;
    for (int step = 0; step < steps; ++step) {
      columns.times.push_back(step + 0.25);
      columns.channels.push_back(2 * label + (step + sample / classes) % 2);
    }
    columns.offsets.push_back(static_cast<std::int64_t>(columns.times.size()));
    columns.labels.push_back(label);
  }
  columns.shape = {2 * classes};
  return columns;
}

// numpy/numpy:numpy/lib/format.py, version 1, float64 in C order.
inline void write_npy(const std::filesystem::path& path, const std::string& shape, const std::vector<double>& values) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(118 - 1, ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
  for (const double value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  std::ofstream(path, std::ios::binary) << bytes;
}

class OwnFolder : public ::testing::Test {
 protected:
  OwnFolder()
      : folder_(std::filesystem::temp_directory_path() / ("crosspike-own-" + std::to_string(::getpid()))),
        previous_(std::filesystem::current_path()) {
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
  }
  ~OwnFolder() override {
    std::filesystem::current_path(previous_);
    std::filesystem::remove_all(folder_);
  }

 private:
  const std::filesystem::path folder_, previous_;
};

}  // namespace crosspike::test
