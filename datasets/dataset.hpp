// SPDX-License-Identifier: Apache-2.0
// Labelled event samples as models and commands see them, whatever they are read or made from, in three
// splits. The test split opens only against a seal, so that looking at it early takes intent.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/datasets/dense.hpp>
#include <crosspike/datasets/events.hpp>
#include <crosspike/datasets/pattern_pairs.hpp>
#include <crosspike/datasets/saccade.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crosspike {

/// Memory that reading one sample needs; one per thread, reused.
struct EventScratch {
  SaccadeConverter::Scratch saccade;
  std::vector<std::uint8_t> bytes;
};

struct ImageView {
  int height = 0, width = 0;             // pixels
  std::span<const std::uint8_t> pixels;  // (row, column), 0 is dark
};

/// Samples 0 to size() - 1 of one split. All functions are safe from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual std::int64_t size() const = 0;
  virtual int classes() const = 0;  // largest label in the whole training file or directory + 1; 0: no labels
  virtual SensorShape shape() const = 0;
  virtual int label(std::int64_t sample) const = 0;

  /// The sample's number in its file or directory, whatever the splits and limits; its random stream.
  virtual std::int64_t number(std::int64_t sample) const = 0;

  /// Puts the sample's events, in order of time, into `out`. Throws Error where its file is broken.
  virtual void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const = 0;

  /// The image that the sample's events are made from; empty where there is none.
  virtual ImageView image(std::int64_t /*sample*/) const { return {}; }
};

/// How the samples of one's own file become splits. They are put in a random order first, since many a file has one
/// class after another; the order depends on `order_seed` and on the number of samples alone.
struct OwnSplits {
  double validation_share = 0.2, test_share = 0.2;  // of all samples in the file; test_share is 0 with a test file
  std::uint64_t order_seed = 1;
  bool shuffle = true;  // false: as they lie in the file, first train, then validation, then test
};

/// Where samples come from. Of idx_saccades, nmnist and pattern_pairs the validation split is the last `validation`
/// samples of the training half.
struct DatasetSource {
  enum class Kind {
    idx_saccades,   // IDX images, converted to events when asked for
    nmnist,         // event files in N-MNIST's layout
    events,         // one HDF5 file of events, event_file.hpp
    dense,          // .npy arrays of counts or of sensor values, dense.hpp
    pattern_pairs,  // made up: two spike patterns, a time apart, pattern_pairs.hpp
  };
  Kind kind = Kind::idx_saccades;
  std::filesystem::path path = "/usr/share/datasets/fashion-mnist";  // Debian's dataset-fashion-mnist
  std::string train_images = "train-images-idx3-ubyte.gz";           // idx_saccades: names inside path
  std::string train_labels = "train-labels-idx1-ubyte.gz";
  std::string test_images = "t10k-images-idx3-ubyte.gz";
  std::string test_labels = "t10k-labels-idx1-ubyte.gz";
  std::string train_folder = "Train";  // nmnist: names inside path
  std::string test_folder = "Test";
  std::filesystem::path file, test_file;  // events; no test_file: a share of `file`
  DenseFiles dense;
  PatternPairOptions patterns;
  OwnSplits splits;  // events, dense
  std::int64_t validation = 10000;
  std::optional<std::int64_t> limit_train;  // first samples of what validation leaves
  std::optional<std::int64_t> limit_test;   // first samples
  SaccadeOptions events;                    // nmnist uses only its height and width

  /// Whether a file of one's own is split by shares.
  bool own() const { return kind == Kind::events || kind == Kind::dense; }
  /// The files and folders that it reads, whether they exist or not.
  std::vector<std::filesystem::path> inputs() const;

  /// Where the config says a key (or, of one left out, its table), for messages; empty for a source made in code.
  std::map<std::string, Location> places{};
};

/// Throws Error (input): the key's place, if it has one, then "dataset.KEY" and the message.
[[noreturn]] void fail_at_key(const DatasetSource& source, const std::string& key, std::string_view message);

/// The sensor of its samples. Where a file says it, the file is opened. Throws Error (input).
SensorShape sensor_of(const DatasetSource& source);

struct TrainingSplits;

/// Throws Error (input) where files are missing or broken, or have fewer samples than are asked for.
TrainingSplits open_training_splits(const DatasetSource& source);

/// All samples, labelled or not, in the order of their numbers: for simulations that train nothing. Of what has a test
/// file or folder of its own, those of the training half.
std::unique_ptr<const Dataset> open_all_samples(const DatasetSource& source);

/// The right to open the test split once; only open_training_splits gives one. An experiment hands it to whatever
/// measures the final figure; everything before works without it.
class TestSplitSeal {
 public:
  TestSplitSeal(TestSplitSeal&& other) noexcept : classes_(std::exchange(other.classes_, 0)) {}
  TestSplitSeal& operator=(TestSplitSeal&&) = delete;
  bool whole() const { return classes_ > 0; }  // false once moved from

 private:
  friend TrainingSplits open_training_splits(const DatasetSource& source);
  friend std::unique_ptr<const Dataset> open_test_split(const DatasetSource& source, TestSplitSeal seal);
  explicit TestSplitSeal(int classes) : classes_(classes) {}

  int classes_;  // of the training file; 0: spent
};

struct TrainingSplits {
  std::unique_ptr<const Dataset> train, validation;
  TestSplitSeal seal;  // of the same source's test split
};

/// Everything that opening the test split can refuse, before the work at whose end it is opened: files that are missing
/// or broken, limit_test beyond their samples, labels that training does not have, channels that are not training's,
/// the training file once more. `classes` and `shape`, where it is known, are training's. Event files are listed, not
/// read; of images only the sizes are used. Nothing of a sample comes out; returned is their number. Throws Error
/// (input).
std::int64_t check_test_split(const DatasetSource& source, int classes, std::optional<SensorShape> shape = {});

/// The one look at the test split, with training's classes. Throws Error (input) as check_test_split does, and where
/// the seal was used before.
std::unique_ptr<const Dataset> open_test_split(const DatasetSource& source, TestSplitSeal seal);

/// Without a seal: for work that looks at no figure, and for further looks, which must say that they are such.
std::unique_ptr<const Dataset> open_test_split_again(const DatasetSource& source, int classes,
                                                     std::optional<SensorShape> shape = {});

/// Called after each sample; may throw to stop.
using ProgressCallback = std::function<void(std::int64_t done, std::int64_t total)>;

struct DatasetDescription {
  std::vector<std::int64_t> samples_per_class;
  std::int64_t measured = 0;  // samples whose events were read
  double mean_events = 0;     // per measured sample
  std::int64_t min_events = 0, max_events = 0;
  std::int64_t last_time_us = 0;  // of all measured samples
};

/// Counts labels of all samples and events of the first `measure`.
DatasetDescription describe(const Dataset& dataset, std::int64_t measure, const ProgressCallback& progress);

}  // namespace crosspike
