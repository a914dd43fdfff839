// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/datasets/event_file.hpp>
#include <crosspike/datasets/samples.hpp>
#include <limits>
#include <tuple>

namespace crosspike {
namespace {

constexpr std::uint64_t part_events = std::uint64_t{1} << 20;  // checked at once
constexpr std::int64_t most_classes = 65536;
constexpr double latest_us = 0x1p53;  // beyond it, a double doesn't hold whole microseconds
constexpr std::int64_t most_rows = 65536;
constexpr std::uint64_t shape_bytes = 1024;  // far more than three sides, few enough to be shown

struct TimeUnit {
  const char* name;
  double us;
};
constexpr std::array units = {TimeUnit{"s", 1e6}, TimeUnit{"ms", 1e3}, TimeUnit{"us", 1}, TimeUnit{"ns", 1e-3}};

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", where, what));
}

std::string unit_in(const hdf5::File& file) {
  constexpr const char* hint = "write it as file[\"unit\"] = \"ms\" (s, ms, us or ns)";
  if (file.has("unit")) return file.dataset("unit").read_text();
  if (file.has_attribute("unit")) return file.attribute_text("unit");
  fail(file.where(), fmt::format("has no `unit` of its times; {}", hint));
}

double us_per_unit(const hdf5::File& file) {
  const std::string written = unit_in(file);
  std::vector<std::string> names;
  for (const TimeUnit& unit : units) {
    if (written == unit.name) return unit.us;
    names.emplace_back(unit.name);
  }
  fail(file.where(), fmt::format("unit is \"{}\"; allowed are {}", written, fmt::join(names, ", ")));
}

SensorShape shape_in(const hdf5::File& file) {
  std::vector<std::int64_t> sides;
  if (file.has("shape"))
    sides = file.dataset("shape").read<std::int64_t>(shape_bytes);
  else if (file.has_attribute("shape"))
    sides = file.attribute_values<std::int64_t>("shape");
  else
    fail(file.where(),
         "has no `shape`; write it as file[\"shape\"] = [channels], [height, width] or [2, height, width]");
  const auto text = fmt::format("shape is [{}]", fmt::join(sides, ", "));
  if (sides.empty() || sides.size() > 3)
    fail(file.where(), text + "; [channels], [height, width] and [polarities, height, width] are allowed");
  while (sides.size() < 3) sides.insert(sides.begin(), 1);
  if (sides[0] < 1 || sides[0] > 2)
    fail(file.where(), text + "; 1 or 2 polarities are allowed; write more planes as [planes x height, width]");
  for (const std::size_t side : {1u, 2u})
    if (sides[side] < 1 || sides[side] > most_rows)
      fail(file.where(), fmt::format("{}; sides of 1 to {} are allowed", text, most_rows));
  if (sides[0] * sides[1] * sides[2] > std::numeric_limits<std::int32_t>::max())
    fail(file.where(), text + "; fewer than 2^31 channels are allowed");
  return {static_cast<int>(sides[0]), static_cast<int>(sides[1]), static_cast<int>(sides[2])};
}

std::uint64_t rows_of(const hdf5::Dataset& data) {
  const hdf5::Shape shape = data.shape();
  if (shape.size() != 1)
    fail(data.where(), fmt::format("has shape ({}); one dimension is expected", fmt::join(shape, ", ")));
  return shape[0];
}

void require_rows(const hdf5::Dataset& data, std::uint64_t expected, const char* of) {
  if (const std::uint64_t rows = rows_of(data); rows != expected)
    fail(data.where(), fmt::format("has {} entries, {} has {}", rows, of, expected));
}

hdf5::Dataset required_dataset(const hdf5::File& file, const char* name) {
  if (!file.has(name)) {
    const auto names = file.names();
    const auto near = nearest(name, names);
    fail(file.where(), fmt::format("has no `{}`{}; docs/datasets.md shows how to write an event file", name,
                                   near ? fmt::format(", but `{}`", *near) : ""));
  }
  return file.dataset(name);
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& file)
    : file_(hdf5::File::open(file)),
      times_(required_dataset(file_, "times")),
      channels_(required_dataset(file_, "channels")) {
  if (file_.has("counts")) counts_ = file_.dataset("counts");
  shape_ = shape_in(file_);
  us_per_unit_ = us_per_unit(file_);
  read_head();
  read_labels();
  check_events();
}

void EventFile::read_head() {
  const std::uint64_t events = rows_of(times_);
  require_rows(channels_, events, "times");
  if (counts_) require_rows(*counts_, events, "times");
  if (!file_.has("sample_offsets")) {
    offsets_ = {0, events};
    return;
  }
  const hdf5::Dataset data = file_.dataset("sample_offsets");
  rows_of(data);
  offsets_ = data.read<std::uint64_t>();
  if (offsets_.size() < 2)
    fail(data.where(),
         fmt::format("has {} entries; one more than there are samples is expected, so 2 or more", offsets_.size()));
  if (offsets_[0] != 0) fail(data.where(), fmt::format("begins with {}; 0 is expected", offsets_[0]));
  for (std::size_t i = 1; i < offsets_.size(); ++i)
    if (offsets_[i] < offsets_[i - 1])
      fail(data.where(),
           fmt::format("entry {} is {} after {}; offsets must not fall", i, offsets_[i], offsets_[i - 1]));
  if (offsets_.back() != events)
    fail(
        data.where(),
        fmt::format("ends with {}, but there are {} events; its last entry is the number of events, so that it has one "
                    "entry more than there are samples",
                    offsets_.back(), events));
  if (size() > std::numeric_limits<std::uint32_t>::max())
    fail(data.where(), fmt::format("has {} samples; fewer than 2^32 are allowed", size()));
}

void EventFile::read_labels() {
  if (!file_.has("labels")) return;
  const hdf5::Dataset data = file_.dataset("labels");
  if (const std::uint64_t rows = rows_of(data); rows != offsets_.size() - 1)
    fail(data.where(),
         fmt::format("has {} entries for {} samples{}", rows, size(),
                     file_.has("sample_offsets") ? "" : "; without sample_offsets all events are one sample"));
  for (const std::int64_t label : data.read<std::int64_t>()) {
    if (label < 0 || label >= most_classes)
      fail(data.where(), fmt::format("entry {} is {}; labels are whole numbers from 0 to {}", labels_.size(), label,
                                     most_classes - 1));
    labels_.push_back(static_cast<int>(label));
    classes_ = std::max(classes_, static_cast<int>(label) + 1);
  }
}

void EventFile::check_events() const {
  const std::uint64_t events = offsets_.back();
  for (std::uint64_t first = 0; first < events; first += part_events)
    check_part(first, std::min(part_events, events - first));
}

void EventFile::check_part(std::uint64_t first, std::uint64_t count) const {
  const std::vector<double> times = times_.read_rows<double>(first, count);
  for (std::size_t i = 0; i < times.size(); ++i)
    if (!(times[i] >= 0 && times[i] * us_per_unit_ < latest_us))
      fail(times_.where(),
           fmt::format("event {} is at {}; times count from the start of their sample, from 0 to 2^53 us", first + i,
                       times[i]));
  const std::int64_t most = shape_.channels();
  const std::vector<std::int64_t> channels = channels_.read_rows<std::int64_t>(first, count);
  for (std::size_t i = 0; i < channels.size(); ++i)
    if (channels[i] < 0 || channels[i] >= most)
      fail(channels_.where(),
           fmt::format("event {} is of channel {}; the shape has channels 0 to {}", first + i, channels[i], most - 1));
  if (!counts_) return;
  const std::vector<std::int64_t> counts = counts_->read_rows<std::int64_t>(first, count);
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] < 1 || counts[i] > std::numeric_limits<std::uint16_t>::max())
      fail(counts_->where(), fmt::format("event {} has count {}; 1 to 65535 is allowed", first + i, counts[i]));
}

void EventFile::append(std::uint64_t first, std::uint64_t count, std::vector<Event>& out) const {
  const std::lock_guard lock(mutex_);
  const std::vector<double> times = times_.read_rows<double>(first, count);
  const std::vector<std::uint32_t> channels = channels_.read_rows<std::uint32_t>(first, count);
  const std::vector<std::uint16_t> counts =
      counts_ ? counts_->read_rows<std::uint16_t>(first, count) : std::vector<std::uint16_t>{};
  const auto width = static_cast<std::uint32_t>(shape_.width), height = static_cast<std::uint32_t>(shape_.height);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::uint32_t row = channels[i] / width;
    out.push_back({.time_us = std::llround(times[i] * us_per_unit_),
                   .x = static_cast<std::uint16_t>(channels[i] % width),
                   .y = static_cast<std::uint16_t>(row % height),
                   .on = row / height == 1,
                   .count = counts.empty() ? std::uint16_t{1} : counts[i]});
  }
}

void EventFile::read(std::int64_t sample, std::vector<Event>& out) const {
  out.clear();
  const std::uint64_t first = offsets_[static_cast<std::size_t>(sample)],
                      last = offsets_[static_cast<std::size_t>(sample) + 1];
  append(first, last - first, out);
  const auto key = [](const Event& e) { return std::tuple(e.time_us, e.on, e.y, e.x); };
  const auto before = [&](const Event& a, const Event& b) { return key(a) < key(b); };
  if (!std::is_sorted(out.begin(), out.end(), before)) std::stable_sort(out.begin(), out.end(), before);
}

SensorShape event_file_shape(const std::filesystem::path& file) { return shape_in(hdf5::File::open(file)); }

namespace {

class EventFileSamples final : public Samples {
 public:
  explicit EventFileSamples(const std::filesystem::path& file) : file_(file) {}

  std::int64_t size() const override { return file_.size(); }
  int classes() const override { return file_.classes(); }
  SensorShape shape() const override { return file_.shape(); }
  int label(std::int64_t number) const override { return file_.label(number); }
  void events(std::int64_t number, EventScratch&, std::vector<Event>& out) const override { file_.read(number, out); }

 private:
  EventFile file_;
};

}  // namespace

std::shared_ptr<const Samples> open_event_file(const std::filesystem::path& file) {
  return std::make_shared<const EventFileSamples>(file);
}

}  // namespace crosspike
