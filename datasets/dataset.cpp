// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/random.hpp>
#include <crosspike/datasets/event_file.hpp>
#include <crosspike/datasets/samples.hpp>
#include <numeric>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

using Numbers = std::vector<std::int64_t>;

class SplitOfSamples final : public Dataset {
 public:
  SplitOfSamples(std::shared_ptr<const Samples> samples, Numbers numbers, int classes)
      : samples_(std::move(samples)), numbers_(std::move(numbers)), classes_(classes) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(numbers_.size()); }
  int classes() const override { return classes_; }
  SensorShape shape() const override { return samples_->shape(); }
  int label(std::int64_t sample) const override { return samples_->label(number(sample)); }
  std::int64_t number(std::int64_t sample) const override { return numbers_[static_cast<std::size_t>(sample)]; }
  void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const override {
    samples_->events(number(sample), scratch, out);
  }
  ImageView image(std::int64_t sample) const override { return samples_->image(number(sample)); }

 private:
  std::shared_ptr<const Samples> samples_;
  Numbers numbers_;
  int classes_;
};

bool has_test_file(const DatasetSource& source) {
  return source.kind == DatasetSource::Kind::events ? !source.test_file.empty() : !source.dense.test_inputs.empty();
}

// What may have been meant by a file that is not there: the one beside the config, or one of a like name.
std::string meant(const DatasetSource& source, const std::string& key, const fs::path& file) {
  std::error_code unknown;
  const auto place = source.places.find(key);
  const fs::path config = place != source.places.end() ? fs::path(place->second.file).parent_path() : fs::path();
  if (file.is_relative() && !config.empty() && fs::exists(config / file, unknown))
    return fmt::format("; it lies beside the config, so write {} = \"{}\", or run there", key,
                       (config / file).string());
  std::vector<std::string> names;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (auto entry = fs::directory_iterator(folder, unknown); !unknown && entry != fs::directory_iterator();
       entry.increment(unknown))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  const auto near = nearest(file.filename().string(), names);
  return near ? fmt::format("; did you mean '{}'?", *near) : "; paths count from the folder in which the command runs";
}

// Sooner than its reader, which knows the file but not who named it.
void require_file(const DatasetSource& source, const std::string& key, const fs::path& file) {
  std::error_code unknown;
  if (!fs::exists(file, unknown))
    fail_at_key(source, key, fmt::format(" = \"{}\" names no file{}", file.string(), meant(source, key, file)));
}

void require_files(const DatasetSource& source) {
  if (source.kind != DatasetSource::Kind::events) return;
  require_file(source, "file", source.file);
  if (has_test_file(source)) require_file(source, "test_file", source.test_file);
}

std::shared_ptr<const Samples> open_half(const DatasetSource& source, Half half) {
  require_files(source);
  switch (source.kind) {
    case DatasetSource::Kind::events:
      return open_event_file(half == Half::test && has_test_file(source) ? source.test_file : source.file);
    case DatasetSource::Kind::dense:
      return open_dense_file(source.dense, half == Half::test && has_test_file(source) ? Half::test : Half::train);
    case DatasetSource::Kind::pattern_pairs:
      return open_pattern_pairs(source, half);
    default:
      break;
  }
  if (!fs::is_directory(source.path))
    fail_at_key(source, "path",
                fmt::format(" = \"{}\" names no directory; set it to the data set's, or install Debian's "
                            "dataset-fashion-mnist for the default",
                            source.path.string()));
  return source.kind == DatasetSource::Kind::nmnist ? open_recordings(source, half) : open_images(source, half);
}

// Of one's own file: which of its samples are whose.
struct Shares {
  Numbers train, validation, test;
};

Numbers numbers_below(std::int64_t size) {
  Numbers numbers(static_cast<std::size_t>(size));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

Numbers ordered(const OwnSplits& splits, std::int64_t size) {
  Numbers numbers = numbers_below(size);
  if (!splits.shuffle) return numbers;
  Draws<double> draws(random_key(splits.order_seed, Purpose::conversion, "dataset/order"), 0, 0, 0);
  for (std::size_t i = numbers.size(); i > 1; --i)  // Fisher and Yates
    std::swap(numbers[i - 1], numbers[draws.below(static_cast<std::uint32_t>(i))]);
  return numbers;
}

Shares shares_of(const DatasetSource& source, std::int64_t size) {
  const OwnSplits& splits = source.splits;
  const auto part = [&](double share) { return std::llround(share * static_cast<double>(size)); };
  const std::int64_t test = has_test_file(source) ? 0 : part(splits.test_share),
                     validation = part(splits.validation_share), train = size - test - validation;
  if (train < 1 || validation < 1)
    fail_at_key(source, "validation_share",
                fmt::format(" = {} and test_share = {} of {} samples leave {} to train on and {} to validate on; both "
                            "need one or more",
                            splits.validation_share, has_test_file(source) ? 0 : splits.test_share, size,
                            std::max<std::int64_t>(0, train), validation));
  const Numbers all = ordered(splits, size);
  const auto cut = [&](std::int64_t from, std::int64_t to) { return Numbers(all.begin() + from, all.begin() + to); };
  return {cut(0, train), cut(train, train + validation), cut(train + validation, size)};
}

// What has labels, and what only simulations can use.
void require_labels(const DatasetSource& source, const Samples& samples) {
  if (samples.classes() > 0) return;
  const bool events = source.kind == DatasetSource::Kind::events;
  fail_at_key(source, events ? "file" : "inputs",
              fmt::format(" = \"{}\" has no labels, and a readout learns them; {}",
                          (events ? source.file : source.dense.inputs).string(),
                          events ? "write `labels`, a whole number for each sample, into it"
                                 : "name them: labels = \"labels.npy\""));
}

std::int64_t limited(const DatasetSource& source, const std::string& key, std::optional<std::int64_t> limit,
                     std::int64_t available) {
  if (!limit) return available;
  if (*limit < 1 || *limit > available)
    fail_at_key(source, key, fmt::format(" = {} is out of range; 1 to {} is allowed", *limit, available));
  return *limit;
}

struct Halves {
  std::string train, test, test_labels;  // of inputs the file or folder, and of the test's labels
  std::string test_key;                  // names the test's inputs
};

Halves halves_of(const DatasetSource& source) {
  switch (source.kind) {
    case DatasetSource::Kind::events:
      return {source.file, source.test_file, source.test_file, "test_file"};
    case DatasetSource::Kind::dense:
      return {source.dense.inputs, source.dense.test_inputs, source.dense.test_labels, "test_inputs"};
    case DatasetSource::Kind::nmnist:
      return {source.path / source.train_folder, source.path / source.test_folder, source.path / source.test_folder,
              "test_folder"};
    case DatasetSource::Kind::pattern_pairs:
      return {};
    default:
      return {source.path / source.train_images, source.path / source.test_images, source.path / source.test_labels,
              "test_images"};
  }
}

// Of "a.h5:/inputs" the file and what is in it.
std::pair<fs::path, std::string> file_and_dataset(const std::string& text) {
  const auto at = text.find(":/");
  return {text.substr(0, at), at == std::string::npos ? "" : text.substr(at)};
}

// Every one of its samples would have been trained on, or chosen by.
void refuse_training_samples(const DatasetSource& source) {
  const Halves halves = halves_of(source);
  if (halves.test.empty()) return;
  const auto [train, of_train] = file_and_dataset(halves.train);
  const auto [test, of_test] = file_and_dataset(halves.test);
  std::error_code unknown;
  if (of_train != of_test || !fs::equivalent(train, test, unknown)) return;
  fail_at_key(source, halves.test_key,
              fmt::format(" = \"{}\" holds the training samples; a readout is to be tested on others{}", halves.test,
                          source.own() ? ", so leave it away, and a test_share of them is kept apart" : ""));
}

std::unique_ptr<const Dataset> open_test(const DatasetSource& source, int classes, std::optional<SensorShape> shape) {
  refuse_training_samples(source);
  const auto samples = open_half(source, Half::test);
  const bool of_one_file = source.own() && !has_test_file(source);
  Numbers numbers = of_one_file ? shares_of(source, samples->size()).test : numbers_below(samples->size());
  if (numbers.empty())
    fail_at_key(source, "test_share",
                fmt::format(" = {} leaves no sample to test on; raise it, or name a file of test samples with {}",
                            source.splits.test_share,
                            source.kind == DatasetSource::Kind::events ? "test_file" : "test_inputs and test_labels"));
  if (!of_one_file && samples->classes() == 0)
    throw Error(Fault::input, fmt::format("{}: has no labels to test against", halves_of(source).test_labels));
  if (const SensorShape own = samples->shape(); shape && own != *shape)
    throw Error(
        Fault::input,
        fmt::format("{}: its samples have {} x {} x {} channels (polarity x row x column), those of training {} x "
                    "{} x {}; the two do not belong together",
                    halves_of(source).test, own.polarities, own.height, own.width, shape->polarities, shape->height,
                    shape->width));
  if (samples->classes() > classes)
    throw Error(Fault::input, fmt::format("{}: labels go up to {}, those of training up to {}; the two do not belong "
                                          "together",
                                          halves_of(source).test_labels, samples->classes() - 1, classes - 1));
  numbers.resize(static_cast<std::size_t>(
      limited(source, "limit_test", source.limit_test, static_cast<std::int64_t>(numbers.size()))));
  return std::make_unique<SplitOfSamples>(samples, std::move(numbers), classes);
}

}  // namespace

void fail_at_key(const DatasetSource& source, const std::string& key, std::string_view message) {
  const std::string text = fmt::format("dataset.{}{}", key, message);
  if (const auto place = source.places.find(key); place != source.places.end()) fail_at(place->second, text);
  throw Error(Fault::input, text);
}

std::vector<fs::path> DatasetSource::inputs() const {
  std::vector<fs::path> all;
  switch (kind) {
    case Kind::idx_saccades:
      return {path / train_images, path / train_labels, path / test_images, path / test_labels};
    case Kind::nmnist:
      return {path / train_folder, path / test_folder};
    case Kind::events:
      all = {file, test_file};
      break;
    case Kind::dense:
      all = {dense.inputs, dense.labels, dense.test_inputs, dense.test_labels};
      break;
    case Kind::pattern_pairs:
      break;
  }
  std::erase_if(all, [](const fs::path& each) { return each.empty(); });
  return all;
}

SensorShape sensor_of(const DatasetSource& source) {
  switch (source.kind) {
    case DatasetSource::Kind::events:
      require_files(source);
      return event_file_shape(source.file);
    case DatasetSource::Kind::dense:
      return open_half(source, Half::train)->shape();
    case DatasetSource::Kind::pattern_pairs:
      return {.polarities = 1, .height = 1, .width = source.patterns.channels};
    default:
      return source.events.sensor();
  }
}

TrainingSplits open_training_splits(const DatasetSource& source) {
  const auto samples = open_half(source, Half::train);
  require_labels(source, *samples);
  Shares shares;
  if (source.own()) {
    shares = shares_of(source, samples->size());
  } else {
    if (source.validation < 0 || source.validation >= samples->size())
      fail_at_key(source, "validation",
                  fmt::format(" = {} is out of range; of {} training samples, 0 to {} can be set aside",
                              source.validation, samples->size(), samples->size() - 1));
    const Numbers all = numbers_below(samples->size());
    const auto rest = all.end() - source.validation;
    shares = {Numbers(all.begin(), rest), Numbers(rest, all.end()), {}};
  }
  const auto train = static_cast<std::int64_t>(shares.train.size());
  shares.train.resize(static_cast<std::size_t>(limited(source, "limit_train", source.limit_train, train)));
  const int classes = samples->classes();
  return {std::make_unique<SplitOfSamples>(samples, std::move(shares.train), classes),
          std::make_unique<SplitOfSamples>(samples, std::move(shares.validation), classes), TestSplitSeal(classes)};
}

std::unique_ptr<const Dataset> open_all_samples(const DatasetSource& source) {
  const auto samples = open_half(source, Half::train);
  Numbers numbers = numbers_below(samples->size());
  numbers.resize(static_cast<std::size_t>(
      limited(source, "limit_train", source.limit_train, static_cast<std::int64_t>(numbers.size()))));
  return std::make_unique<SplitOfSamples>(samples, std::move(numbers), samples->classes());
}

std::int64_t check_test_split(const DatasetSource& source, int classes, std::optional<SensorShape> shape) {
  return open_test(source, classes, shape)->size();
}

std::unique_ptr<const Dataset> open_test_split(const DatasetSource& source, TestSplitSeal seal) {
  if (!seal.whole())
    throw Error(Fault::input, "the test split was opened before in this experiment; it is looked at once");
  return open_test(source, seal.classes_, {});
}

std::unique_ptr<const Dataset> open_test_split_again(const DatasetSource& source, int classes,
                                                     std::optional<SensorShape> shape) {
  return open_test(source, classes, shape);
}

DatasetDescription describe(const Dataset& dataset, std::int64_t measure, const ProgressCallback& progress) {
  DatasetDescription d;
  d.samples_per_class.resize(static_cast<std::size_t>(dataset.classes()));
  for (std::int64_t i = 0; i < dataset.size() && dataset.classes() > 0; ++i)
    ++d.samples_per_class[static_cast<std::size_t>(dataset.label(i))];
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
