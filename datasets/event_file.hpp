// SPDX-License-Identifier: Apache-2.0
// The plain event file, which anybody writes with h5py in six lines: one HDF5 file of labelled samples of events.
//
//   /times           (events)       numbers >= 0 in `unit`, counted from the start of their sample; any order within it
//   /channels        (events)       integers, 0 to the product of `shape` - 1
//   /counts          (events)       integers, 1 to 65,535: equal events at once; optional, 1
//   /sample_offsets  (samples + 1)  sample i has events offsets[i] to offsets[i + 1] - 1; optional: all are one sample
//   /labels          (samples)      integers from 0; optional, but training needs them
//   /shape           (1 to 3)       [channels], [height, width] or [polarities, height, width], 1 or 2 polarities;
//                                   channel = (polarity * height + y) * width + x
//   /unit            text           s, ms, us or ns
//
// `shape` and `unit` may also be attributes of the file.
#pragma once

#include <crosspike/core/hdf5.hpp>
#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

namespace crosspike {

/// Opens and checks the whole file once, in parts, and then reads a sample when asked for: events are never all in
/// memory. Times become whole microseconds, to the nearest. All functions are safe from several threads at once.
class EventFile {
 public:
  /// Throws Error (input) with the HDF5 path and the place in it of what is wrong.
  explicit EventFile(const std::filesystem::path& file);

  std::int64_t size() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  bool labelled() const { return !labels_.empty(); }
  int label(std::int64_t sample) const { return labels_[static_cast<std::size_t>(sample)]; }
  int classes() const { return classes_; }  // largest label + 1; 0 without labels
  SensorShape shape() const { return shape_; }

  /// In order of time, then channel.
  void read(std::int64_t sample, std::vector<Event>& out) const;

 private:
  void read_head();
  void read_labels();
  void check_events() const;
  void check_part(std::uint64_t first, std::uint64_t count) const;
  void append(std::uint64_t first, std::uint64_t count, std::vector<Event>& out) const;

  mutable std::mutex mutex_;  // libhdf5's objects are used by one thread at a time
  hdf5::File file_;
  hdf5::Dataset times_, channels_;
  std::optional<hdf5::Dataset> counts_;
  SensorShape shape_;
  double us_per_unit_ = 1;
  std::vector<std::uint64_t> offsets_;
  std::vector<int> labels_;
  int classes_ = 0;
};

/// What its `shape` says, without a look at the events. Throws Error (input).
SensorShape event_file_shape(const std::filesystem::path& file);

}  // namespace crosspike
