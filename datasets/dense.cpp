// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/arrays.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/dense.hpp>
#include <crosspike/datasets/samples.hpp>
#include <limits>

namespace crosspike {
namespace {

constexpr double most_counts = std::numeric_limits<std::uint16_t>::max();
constexpr int most_classes = 65536;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", where, what));
}

// All events of all samples, made when opened: the array itself is not kept.
class DenseSamples final : public Samples {
 public:
  DenseSamples(const std::filesystem::path& inputs, const std::filesystem::path& labels, const DenseFiles& files)
      : files_(files) {
    const NamedArray array = load_array(inputs.string());
    array.require_finite("inputs");
    read_shape(array);
    if (!labels.empty()) read_labels(load_array(labels.string()));
    encode(array);
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  int classes() const override { return classes_; }
  SensorShape shape() const override { return shape_; }
  int label(std::int64_t number) const override { return labels_[static_cast<std::size_t>(number)]; }
  void events(std::int64_t number, EventScratch&, std::vector<Event>& out) const override {
    const auto sample = static_cast<std::size_t>(number);
    const auto at = [&](std::size_t i) { return events_.begin() + static_cast<std::ptrdiff_t>(offsets_[i]); };
    out.assign(at(sample), at(sample + 1));
  }

 private:
  bool delta() const { return files_.encoding == DenseFiles::Encoding::delta; }

  void read_shape(const NamedArray& array) {
    const auto text = fmt::format("has shape ({})", fmt::join(array.shape, ", "));
    if (array.shape.size() < 3 || array.shape.size() > 5)
      fail(array.name, text +
                           "; (sample, step, channel), (sample, step, height, width) and (sample, step, polarity, "
                           "height, width) are allowed");
    std::vector<std::uint64_t> sides(array.shape.begin() + 2, array.shape.end());
    while (sides.size() < 3) sides.insert(sides.begin(), 1);
    if (sides[0] < 1 || sides[0] > (delta() ? 1 : 2))
      fail(array.name, text + (delta() ? "; encoding = \"delta\" makes the polarities and takes none"
                                       : "; 1 or 2 polarities are allowed"));
    if (std::max(sides[1], sides[2]) > 65536 || std::min(sides[1], sides[2]) < 1)
      fail(array.name, text + "; 1 to 65536 rows and columns are allowed");
    if (sides[0] * sides[1] * sides[2] * (delta() ? 2 : 1) > std::numeric_limits<std::int32_t>::max())
      fail(array.name, text + "; fewer than 2^31 channels are allowed");
    shape_ = {delta() ? 2 : static_cast<int>(sides[0]), static_cast<int>(sides[1]), static_cast<int>(sides[2])};
    if (array.shape[0] < 1 || array.shape[1] < 1) fail(array.name, text + "; there are no samples in it");
    samples_ = array.shape[0];
    steps_ = array.shape[1];
  }

  void read_labels(const NamedArray& array) {
    if (array.values.size() != samples_ || array.shape.size() != 1)
      fail(array.name, fmt::format("has shape ({}); one label for each of {} samples is expected",
                                   fmt::join(array.shape, ", "), samples_));
    for (const double label : array.values) {
      if (!(label >= 0 && label < most_classes) || label != std::floor(label))
        fail(array.name, fmt::format("entry {} is {}; labels are whole numbers from 0 to {}", labels_.size(), label,
                                     most_classes - 1));
      labels_.push_back(static_cast<int>(label));
      classes_ = std::max(classes_, labels_.back() + 1);
    }
  }

  void encode(const NamedArray& array) {
    const std::size_t row = array.values.size() / samples_ / steps_;
    std::vector<double> level(row);
    for (std::size_t sample = 0, at = 0; sample < samples_; ++sample) {
      for (std::size_t step = 0; step < steps_; ++step)
        for (std::size_t channel = 0; channel < row; ++channel, ++at) {
          const double value = array.values[at];
          if (!delta())
            add_count(array, at, step, channel, value);
          else if (step == 0)
            level[channel] = value;
          else
            add_change(array, at, step, channel, value, level[channel]);
        }
      offsets_.push_back(events_.size());
    }
  }

  void add_count(const NamedArray& array, std::size_t at, std::size_t step, std::size_t channel, double value) {
    if (!(value >= 0 && value <= most_counts) || value != std::floor(value))
      fail(array.name, fmt::format("element {} is {}; counts are whole numbers from 0 to {}, other values need "
                                   "dataset.encoding = \"delta\"",
                                   at, value, most_counts));
    if (value > 0) add(step, channel, false, value);
  }

  void add_change(const NamedArray& array, std::size_t at, std::size_t step, std::size_t channel, double value,
                  double& level) {
    const double steps = std::floor(std::abs(value - level) / files_.threshold);
    if (steps < 1) return;
    if (steps > most_counts)
      fail(array.name, fmt::format("element {} moves by {:g} thresholds at once; up to {} are allowed, so raise "
                                   "dataset.threshold",
                                   at, steps, most_counts));
    add(step, channel, value > level, steps);
    level += (value > level ? 1 : -1) * steps * files_.threshold;
  }

  void add(std::size_t step, std::size_t channel, bool on, double count) {
    const auto width = static_cast<std::size_t>(shape_.width), height = static_cast<std::size_t>(shape_.height);
    const std::size_t row = channel / width;
    events_.push_back({.time_us = std::llround(static_cast<double>(step) * files_.step_ms * 1000),
                       .x = static_cast<std::uint16_t>(channel % width),
                       .y = static_cast<std::uint16_t>(row % height),
                       .on = on || row / height == 1,
                       .count = static_cast<std::uint16_t>(count)});
  }

  const DenseFiles files_;
  SensorShape shape_;
  std::size_t samples_ = 0, steps_ = 0;
  std::vector<Event> events_;
  std::vector<std::size_t> offsets_ = {0};
  std::vector<int> labels_;
  int classes_ = 0;
};

}  // namespace

std::shared_ptr<const Samples> open_dense_file(const DenseFiles& files, Half half) {
  return half == Half::train ? std::make_shared<const DenseSamples>(files.inputs, files.labels, files)
                             : std::make_shared<const DenseSamples>(files.test_inputs, files.test_labels, files);
}

}  // namespace crosspike
