// SPDX-License-Identifier: Apache-2.0
// N-MNIST event files and directories (Orchard et al., Front. Neurosci. 9:437, 2015; garrickorchard.com),
// read and written exactly, overflow records included.
//
// A file has no header; each event is 5 bytes, a big-endian 40-bit word: bits 39-32 x, 31-24 y, 23 polarity
// (1 ON), 22-0 time in microseconds. A record with y = 240 is no event: it marks a timer overflow and adds
// 2^13 us to the time of every later record (gorchard/event-Python:eventvision.py;
// neuromorphs/tonic:tonic/io.py). One record can therefore say times below 2^23 us = 8.4 s; a sample that
// lasts longer is written with as many overflow records before an event as bring the rest below 2^23.
// A reader without overflow handling (gorchard/Matlab_AER_vision_functions) sees each of them as an OFF
// event at x = 0, y = 240, outside the sensor, at time 2^23 - 1, and later times too small.
#pragma once

#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crosspike {

inline constexpr SensorShape nmnist_sensor{.polarities = 2, .height = 34, .width = 34};
inline constexpr std::uint64_t nmnist_max_bytes = std::uint64_t{1} << 28;        // largest file that is read
inline constexpr std::int64_t nmnist_max_time_us = (std::int64_t{1} << 32) - 1;  // latest event that is written

enum class TimeOrder {
  require,  // an event earlier than the one before it is an error
  sort,     // events are put in order of time; those of equal time keep their order
};

/// Decodes a file's bytes into `out`. Throws Error (input) with the byte offset of the record that is wrong.
/// `name` stands for the file in messages.
void parse_nmnist(std::span<const std::uint8_t> file, std::string_view name, SensorShape sensor, TimeOrder order,
                  std::vector<Event>& out);

/// Encodes events, whose times must not decrease. Throws Error (input) for what the format cannot hold.
std::vector<std::uint8_t> format_nmnist(std::span<const Event> events);

/// One half of a data set, `<root>/Train` or `<root>/Test`: `<label>/<id>.bin`, the label a number from 0 to
/// 255 without leading zeros. Files are listed at once, by (length of id, id, label) so that the order does not
/// group classes, and read when asked for. Entries whose name starts with a dot are passed over.
class NmnistDirectory {
 public:
  /// Throws Error (input) where the directory is missing, empty, or holds anything else.
  explicit NmnistDirectory(const std::filesystem::path& half, SensorShape sensor = nmnist_sensor);

  std::int64_t size() const { return static_cast<std::int64_t>(files_.size()); }
  int label(std::int64_t number) const { return files_[static_cast<std::size_t>(number)].label; }
  int classes() const { return classes_; }  // largest label + 1
  std::filesystem::path file(std::int64_t number) const;
  SensorShape sensor() const { return sensor_; }

  /// Reads one sample; `bytes` is scratch. Safe from several threads with scratch of their own.
  void read(std::int64_t number, std::vector<std::uint8_t>& bytes, std::vector<Event>& out) const;

 private:
  struct File {
    std::string id;
    int label;
  };
  std::filesystem::path half_;
  SensorShape sensor_;
  std::vector<File> files_;
  int classes_ = 0;
};

/// Writes one half of a data set in that layout. N-MNIST numbers its files from 1.
class NmnistWriter {
 public:
  explicit NmnistWriter(std::filesystem::path half) : half_(std::move(half)) {}

  /// Writes `<half>/<label>/<number + 1, five digits or more>.bin`; returns the bytes written.
  std::int64_t write(std::int64_t number, int label, std::span<const Event> events) const;

 private:
  std::filesystem::path half_;
};

}  // namespace crosspike
