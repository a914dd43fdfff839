// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/datasets/idx.hpp>
#include <crosspike/datasets/nmnist.hpp>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

// A file of samples that several splits share.
class Samples {
 public:
  virtual ~Samples() = default;
  virtual std::int64_t size() const = 0;
  virtual int classes() const = 0;
  virtual SensorShape shape() const = 0;
  virtual int label(std::int64_t number) const = 0;
  virtual void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const = 0;
};

SaccadeConverter converter_for(const DatasetSource& source, const Images& images, std::string_view split) {
  try {
    return SaccadeConverter(source.events, images.height, images.width, split);
  } catch (const Error& error) {
    fail_at_key(source, "events", fmt::format(": {}", error.what()));
  }
}

class ImageSamples final : public Samples {
 public:
  ImageSamples(const DatasetSource& source, const std::string& images, const std::string& labels,
               std::string_view split)
      : pair_(load_idx_pair(source.path / images, source.path / labels)),
        classes_(*std::max_element(pair_.labels.begin(), pair_.labels.end()) + 1),
        converter_(converter_for(source, pair_.images, split)) {}

  std::int64_t size() const override { return pair_.images.count; }
  int classes() const override { return classes_; }
  SensorShape shape() const override { return converter_.options().sensor(); }
  int label(std::int64_t number) const override { return pair_.labels[static_cast<std::size_t>(number)]; }
  void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const override {
    const auto made =
        converter_.convert(pair_.images.image(number), static_cast<std::uint32_t>(number), scratch.saccade);
    out.assign(made.begin(), made.end());
  }

 private:
  LabelledImages pair_;
  int classes_;
  SaccadeConverter converter_;
};

class RecordedSamples final : public Samples {
 public:
  RecordedSamples(const fs::path& half, SensorShape sensor) : directory_(half, sensor) {}

  std::int64_t size() const override { return directory_.size(); }
  int classes() const override { return directory_.classes(); }
  SensorShape shape() const override { return directory_.sensor(); }
  int label(std::int64_t number) const override { return directory_.label(number); }
  void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const override {
    directory_.read(number, scratch.bytes, out);
  }

 private:
  NmnistDirectory directory_;
};

class SplitOfSamples final : public Dataset {
 public:
  SplitOfSamples(std::shared_ptr<const Samples> samples, std::int64_t first, std::int64_t size, int classes)
      : samples_(std::move(samples)), first_(first), size_(size), classes_(classes) {}

  std::int64_t size() const override { return size_; }
  int classes() const override { return classes_; }
  SensorShape shape() const override { return samples_->shape(); }
  int label(std::int64_t sample) const override { return samples_->label(first_ + sample); }
  std::int64_t number(std::int64_t sample) const override { return first_ + sample; }
  void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const override {
    samples_->events(first_ + sample, scratch, out);
  }

 private:
  std::shared_ptr<const Samples> samples_;
  std::int64_t first_, size_;
  int classes_;
};

enum class Half { train, test };

std::shared_ptr<const Samples> open_half(const DatasetSource& source, Half half) {
  const bool train = half == Half::train;
  if (!fs::is_directory(source.path))
    fail_at_key(source, "path",
                fmt::format(" = \"{}\" names no directory; set it to the data set's, or install Debian's "
                            "dataset-fashion-mnist for the default",
                            source.path.string()));
  if (source.kind == DatasetSource::Kind::nmnist)
    return std::make_shared<const RecordedSamples>(source.path / (train ? source.train_folder : source.test_folder),
                                                   source.events.sensor());
  return train ? std::make_shared<const ImageSamples>(source, source.train_images, source.train_labels, "train")
               : std::make_shared<const ImageSamples>(source, source.test_images, source.test_labels, "test");
}

std::int64_t limited(const DatasetSource& source, const std::string& key, std::optional<std::int64_t> limit,
                     std::int64_t available) {
  if (!limit) return available;
  if (*limit < 1 || *limit > available)
    fail_at_key(source, key, fmt::format(" = {} is out of range; 1 to {} is allowed", *limit, available));
  return *limit;
}

std::unique_ptr<const Dataset> open_test(const DatasetSource& source, int classes) {
  const auto samples = open_half(source, Half::test);
  if (samples->classes() > classes) {
    const bool recorded = source.kind == DatasetSource::Kind::nmnist;
    const fs::path labels = source.path / (recorded ? source.test_folder : source.test_labels);
    throw Error(Fault::input, fmt::format("{}: labels go up to {}, those of training up to {}; the two do not belong "
                                          "together",
                                          labels.string(), samples->classes() - 1, classes - 1));
  }
  return std::make_unique<SplitOfSamples>(samples, 0, limited(source, "limit_test", source.limit_test, samples->size()),
                                          classes);
}

}  // namespace

void fail_at_key(const DatasetSource& source, const std::string& key, std::string_view message) {
  const std::string text = fmt::format("dataset.{}{}", key, message);
  if (const auto place = source.places.find(key); place != source.places.end()) fail_at(place->second, text);
  throw Error(Fault::input, text);
}

TrainingSplits open_training_splits(const DatasetSource& source) {
  const auto samples = open_half(source, Half::train);
  if (source.validation < 0 || source.validation >= samples->size())
    fail_at_key(source, "validation",
                fmt::format(" = {} is out of range; of {} training samples, 0 to {} can be set aside",
                            source.validation, samples->size(), samples->size() - 1));
  const std::int64_t rest = samples->size() - source.validation;
  const int classes = samples->classes();
  return {
      std::make_unique<SplitOfSamples>(samples, 0, limited(source, "limit_train", source.limit_train, rest), classes),
      std::make_unique<SplitOfSamples>(samples, rest, source.validation, classes), TestSplitSeal(classes)};
}

std::int64_t check_test_split(const DatasetSource& source, int classes) { return open_test(source, classes)->size(); }

std::unique_ptr<const Dataset> open_test_split(const DatasetSource& source, TestSplitSeal seal) {
  if (!seal.whole())
    throw Error(Fault::input, "the test split was opened before in this experiment; it is looked at once");
  return open_test(source, seal.classes_);
}

std::unique_ptr<const Dataset> open_test_split_again(const DatasetSource& source, int classes) {
  return open_test(source, classes);
}

DatasetDescription describe(const Dataset& dataset, std::int64_t measure, const ProgressCallback& progress) {
  DatasetDescription d;
  d.samples_per_class.resize(static_cast<std::size_t>(dataset.classes()));
  for (std::int64_t i = 0; i < dataset.size(); ++i) ++d.samples_per_class[static_cast<std::size_t>(dataset.label(i))];
  d.measured = std::min(measure, dataset.size());
  EventScratch scratch;
  std::vector<Event> events;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < d.measured; ++i) {
    dataset.events(i, scratch, events);
    const auto count = static_cast<std::int64_t>(events.size());
    sum += count;
    d.min_events = i == 0 ? count : std::min(d.min_events, count);
    d.max_events = std::max(d.max_events, count);
    if (!events.empty()) d.last_time_us = std::max(d.last_time_us, events.back().time_us);
    progress(i + 1, d.measured);
  }
  if (d.measured > 0) d.mean_events = static_cast<double>(sum) / static_cast<double>(d.measured);
  return d;
}

}  // namespace crosspike
