// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/files.hpp>
#include <crosspike/datasets/nmnist.hpp>
#include <tuple>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t record_bytes = 5;
constexpr std::uint8_t overflow_row = 240;
constexpr std::int64_t overflow_us = std::int64_t{1} << 13;
constexpr std::int64_t largest_time = (std::int64_t{1} << 23) - 1;  // of one record

[[noreturn]] void refuse(std::string_view name, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", name, what));
}

void check_sensor(SensorShape sensor) {
  if (sensor.polarities != 2 || sensor.height < 1 || sensor.height > overflow_row || sensor.width < 1 ||
      sensor.width > 256)
    throw Error(Fault::input, fmt::format("N-MNIST files cannot hold events of a sensor of {} polarities x {} x {}; 2 "
                                          "polarities, 1 to 240 rows and 1 to 256 columns are allowed",
                                          sensor.polarities, sensor.height, sensor.width));
}

int label_of(const std::string& folder) {
  int label = -1;
  const auto [end, error] = std::from_chars(folder.data(), folder.data() + folder.size(), label);
  const bool whole = error == std::errc() && end == folder.data() + folder.size();
  return whole && label >= 0 && label <= 255 && folder == std::to_string(label) ? label : -1;
}

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

}  // namespace

void parse_nmnist(std::span<const std::uint8_t> file, std::string_view name, SensorShape sensor, TimeOrder order,
                  std::vector<Event>& out) {
  check_sensor(sensor);
  if (file.size() % record_bytes != 0)
    refuse(name,
           fmt::format("byte {}: the file has {} bytes, not a multiple of the {} of a record; it is cut off or no "
                       "N-MNIST file",
                       file.size() - file.size() % record_bytes, file.size(), record_bytes));
  out.clear();
  out.reserve(file.size() / record_bytes);
  std::int64_t offset_us = 0, latest = 0;
  bool ordered = true;
  for (std::size_t at = 0; at < file.size(); at += record_bytes) {
    const std::uint8_t* record = file.data() + at;
    if (record[1] == overflow_row) {
      offset_us += overflow_us;
      continue;
    }
    const Event event{.time_us = offset_us + ((record[2] & 0x7F) << 16 | record[3] << 8 | record[4]),
                      .x = record[0],
                      .y = record[1],
                      .on = (record[2] & 0x80) != 0};
    if (event.x >= sensor.width || event.y >= sensor.height)
      refuse(name, fmt::format("byte {}: an event at x = {}, y = {} lies outside the sensor of {} x {} pixels (width x "
                               "height)",
                               at, event.x, event.y, sensor.width, sensor.height));
    if (event.time_us < latest) {
      if (order == TimeOrder::require)
        refuse(name, fmt::format("byte {}: an event at {} us follows one at {} us; events must be in order of time", at,
                                 event.time_us, latest));
      ordered = false;
    }
    latest = std::max(latest, event.time_us);
    out.push_back(event);
  }
  if (!ordered)
    std::stable_sort(out.begin(), out.end(), [](const Event& a, const Event& b) { return a.time_us < b.time_us; });
}

std::vector<std::uint8_t> format_nmnist(std::span<const Event> events) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(events.size() * record_bytes);
  const auto record = [&](std::uint8_t x, std::uint8_t y, bool on, std::int64_t time) {
    for (const std::int64_t byte :
         {std::int64_t{x}, std::int64_t{y}, (on ? 0x80 : 0) | time >> 16, time >> 8 & 0xFF, time & 0xFF})
      bytes.push_back(static_cast<std::uint8_t>(byte));
  };
  std::int64_t offset_us = 0, previous = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.x > 255 || event.y >= overflow_row)
      throw Error(Fault::input,
                  fmt::format("event {} at x = {}, y = {} does not fit an N-MNIST file; x up to 255 and y up "
                              "to 239 do",
                              i, event.x, event.y));
    if (event.time_us < previous || event.time_us > nmnist_max_time_us)
      throw Error(Fault::input,
                  fmt::format("event {} at {} us does not fit an N-MNIST file; times from that of the event "
                              "before ({} us) to {} us do",
                              i, event.time_us, previous, nmnist_max_time_us));
    previous = event.time_us;
    for (; event.time_us - offset_us > largest_time; offset_us += overflow_us)
      record(0, overflow_row, false, largest_time);
    record(static_cast<std::uint8_t>(event.x), static_cast<std::uint8_t>(event.y), event.on, event.time_us - offset_us);
  }
  return bytes;
}

NmnistDirectory::NmnistDirectory(const fs::path& half, SensorShape sensor) : half_(half), sensor_(sensor) {
  check_sensor(sensor);
  std::error_code error;
  fs::directory_iterator folders(half, error);
  if (error) refuse(half.string(), fmt::format("cannot list the directory: {}", error.message()));
  for (const fs::directory_entry& folder : folders) {
    if (hidden(folder)) continue;
    const int label = label_of(folder.path().filename().string());
    if (label < 0 || !folder.is_directory())
      refuse(folder.path().string(), "only directories named by a label, 0 to 255, belong here");
    classes_ = std::max(classes_, label + 1);
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
      if (hidden(file)) continue;
      if (file.path().extension() != ".bin" || !file.is_regular_file())
        refuse(file.path().string(), "only event files named <id>.bin belong here");
      files_.push_back({file.path().stem().string(), label});
    }
  }
  if (files_.empty()) refuse(half.string(), "there are no event files; <label>/<id>.bin is expected here");
  // Length first, so that 100000 comes after 99999.
  std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
    return std::tuple(a.id.size(), std::string_view(a.id), a.label) <
           std::tuple(b.id.size(), std::string_view(b.id), b.label);
  });
}

fs::path NmnistDirectory::file(std::int64_t number) const {
  const File& file = files_[static_cast<std::size_t>(number)];
  return half_ / std::to_string(file.label) / (file.id + ".bin");
}

void NmnistDirectory::read(std::int64_t number, std::vector<std::uint8_t>& bytes, std::vector<Event>& out) const {
  const fs::path path = file(number);
  read_file(path, nmnist_max_bytes, bytes);
  parse_nmnist(bytes, path.string(), sensor_, TimeOrder::require, out);
}

std::int64_t NmnistWriter::write(std::int64_t number, int label, std::span<const Event> events) const {
  const fs::path folder = half_ / std::to_string(label);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(Fault::system, fmt::format("{}: cannot make the directory: {}", folder.string(), error.message()));
  const std::vector<std::uint8_t> bytes = format_nmnist(events);
  write_file(folder / fmt::format("{:05}.bin", number + 1), bytes);
  return static_cast<std::int64_t>(bytes.size());
}

}  // namespace crosspike
