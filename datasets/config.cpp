// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {
namespace {

constexpr std::int64_t most_seed = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t most_samples = std::numeric_limits<std::uint32_t>::max();  // sample numbers are 32 bits

std::optional<std::int64_t> limit_from(TableReader& reader, const std::string& key) {
  if (reader.find(key) == nullptr) return std::nullopt;
  return reader.integer(key, required, 1, most_samples);
}

// Where each of the keys says something, for messages. Only of keys that are read: asking for one makes it known.
void keep_places(TableReader& reader, DatasetSource& source, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const Value* written = reader.find(key);
    source.places[key] = written != nullptr ? written->where() : reader.where();
  }
}

void read_limits(TableReader& reader, DatasetSource& source) {
  source.limit_train = limit_from(reader, "limit_train");
  source.limit_test = limit_from(reader, "limit_test");
  keep_places(reader, source, {"limit_train", "limit_test"});
}

void read_splits(TableReader& reader, DatasetSource& source) {
  source.validation = reader.integer("validation", source.validation, 0, most_samples);
  read_limits(reader, source);
  keep_places(reader, source, {"path", "validation"});
}

// Shares of one's own file; with a test file of its own there is none for the test.
void read_own_splits(TableReader& reader, DatasetSource& source, bool has_test_file) {
  OwnSplits& splits = source.splits;
  splits.validation_share = reader.quantity("validation_share", Unit::none, splits.validation_share, 0, 1);
  if (!has_test_file) splits.test_share = reader.quantity("test_share", Unit::none, splits.test_share, 0, 1);
  splits.shuffle = reader.boolean("shuffle", splits.shuffle);
  if (splits.shuffle) splits.order_seed = static_cast<std::uint64_t>(reader.integer("order_seed", 1, 0, most_seed));
  read_limits(reader, source);
  keep_places(reader, source, {"validation_share"});
  if (!has_test_file) keep_places(reader, source, {"test_share"});
}

int pixels_from(TableReader& reader, const std::string& key, int fallback, int most) {
  return static_cast<int>(reader.integer(key, fallback, 1, most));
}

// check() has the last word on ranges; the bounds here are the ones that deserve the value's own place.
SaccadeOptions saccades_from(TableReader reader, std::uint64_t seed) {
  SaccadeOptions o;
  o.seed = seed;
  o.height = pixels_from(reader, "height", o.height, 1024);
  o.width = pixels_from(reader, "width", o.width, 1024);
  o.excursion_px = reader.quantity("excursion", Unit::px, o.excursion_px, 0, 1024);
  o.segment_ms = reader.quantity("segment", Unit::ms, o.segment_ms, 0.001, 1e5);
  o.step_ms = reader.quantity("step", Unit::ms, o.step_ms, 0.001, 1e5);
  o.epsilon = reader.quantity("epsilon", Unit::none, o.epsilon, 1e-6, 1);
  o.threshold = reader.quantity("threshold", Unit::none, o.threshold, 0.01, 10);
  o.threshold_mismatch = reader.quantity("threshold_mismatch", Unit::none, o.threshold_mismatch, 0, 1);
  o.leak_rate_hz = reader.quantity("leak_rate", Unit::Hz, o.leak_rate_hz, 0, 1000);
  o.shot_noise_hz = reader.quantity("shot_noise", Unit::Hz, o.shot_noise_hz, 0, 1e4);
  o.jitter_ms = reader.quantity("jitter", Unit::ms, o.jitter_ms, 0, 1000);
  o.refractory_ms = reader.quantity("refractory", Unit::ms, o.refractory_ms, 0, 1e6);
  o.max_events_per_step = static_cast<int>(reader.integer("max_events_per_step", o.max_events_per_step, 0, 1'000'000));
  try {
    check(o);
  } catch (const Error& error) {
    fail_at(reader.where(), fmt::format("dataset.events: {}", error.what()));
  }
  return o;
}

void read_images(TableReader& reader, DatasetSource& source, std::uint64_t seed) {
  source.path = reader.text("path", source.path.string());
  source.train_images = reader.text("train_images", source.train_images);
  source.train_labels = reader.text("train_labels", source.train_labels);
  source.test_images = reader.text("test_images", source.test_images);
  source.test_labels = reader.text("test_labels", source.test_labels);
  keep_places(reader, source, {"test_images"});
  const TableReader events = reader.table("events");
  source.events = saccades_from(events, seed);
  source.places["events"] = events.where();
  read_splits(reader, source);
}

// The default path holds images, so recordings have none.
void read_recordings(TableReader& reader, DatasetSource& source, std::uint64_t) {
  source.path = reader.text("path", required);
  source.train_folder = reader.text("train_folder", source.train_folder);
  source.test_folder = reader.text("test_folder", source.test_folder);
  keep_places(reader, source, {"test_folder"});
  source.events.height = pixels_from(reader, "height", source.events.height, 240);
  source.events.width = pixels_from(reader, "width", source.events.width, 256);
  read_splits(reader, source);
}

void read_event_files(TableReader& reader, DatasetSource& source, std::uint64_t) {
  reader.require("file", "\"events.h5\"");
  source.file = reader.text("file", required);
  if (reader.has("test_file")) source.test_file = reader.text("test_file", required);
  keep_places(reader, source, {"file", "test_file"});
  read_own_splits(reader, source, !source.test_file.empty());
}

void read_dense_files(TableReader& reader, DatasetSource& source, std::uint64_t) {
  DenseFiles& files = source.dense;
  reader.require("inputs", "\"inputs.npy\"");
  files.inputs = reader.text("inputs", required);
  if (reader.has("labels")) files.labels = reader.text("labels", required);
  for (const auto& [key, other] : {std::pair("test_inputs", "test_labels"), std::pair("test_labels", "test_inputs")})
    if (reader.has(key) && !reader.has(other))
      fail_at(reader.find(key)->key_where(),
              fmt::format("dataset.{} stands without dataset.{}; write both", key, other));
  if (reader.has("test_inputs")) {
    files.test_inputs = reader.text("test_inputs", required);
    files.test_labels = reader.text("test_labels", required);
  }
  files.step_ms = reader.quantity("step", Unit::ms, files.step_ms, 0.001, 1e6);
  const std::string words[] = {"counts", "delta"};
  if (reader.choice("encoding", words[0], words) == words[1]) {
    files.encoding = DenseFiles::Encoding::delta;
    files.threshold = reader.quantity("threshold", Unit::none, files.threshold, above_zero, 1e300);
  }
  keep_places(reader, source, {"inputs", "labels", "test_inputs"});
  read_own_splits(reader, source, !files.test_inputs.empty());
}

void read_pattern_pairs(TableReader& reader, DatasetSource& source, std::uint64_t seed) {
  PatternPairOptions& o = source.patterns;
  o.seed = seed;
  o.patterns = static_cast<int>(reader.integer("patterns", o.patterns, 2, 256));
  o.channels = static_cast<int>(reader.integer("channels", o.channels, 1, 65536));
  o.pattern_ms = reader.quantity("pattern_time", Unit::ms, o.pattern_ms, 1, 1e5);
  o.rate_hz = reader.quantity("rate", Unit::Hz, o.rate_hz, above_zero, 1000);
  o.gaps_ms = reader.quantities("gaps", Unit::ms, 0, 1e6, o.gaps_ms);
  o.lead_ms = reader.quantity("lead", Unit::ms, o.lead_ms, 0, 1e6);
  o.jitter_ms = reader.quantity("jitter", Unit::ms, o.jitter_ms, 0, 1e4);
  o.noise_hz = reader.quantity("noise", Unit::Hz, o.noise_hz, 0, 1000);
  o.train = reader.integer("train", o.train, 1, most_samples);
  o.test = reader.integer("test", o.test, 1, most_samples);
  source.validation = o.train / 4;
  source.validation = reader.integer("validation", source.validation, 0, most_samples);
  read_limits(reader, source);
  keep_places(reader, source, {"validation", "gaps"});
  try {
    check(o);
  } catch (const Error& error) {
    fail_at(reader.where(), fmt::format("dataset: {}", error.what()));
  }
}

struct KindReader {
  const char* word;
  DatasetSource::Kind kind;
  void (*read)(TableReader&, DatasetSource&, std::uint64_t seed);
};
constexpr KindReader kinds[] = {
    {"idx_saccades", DatasetSource::Kind::idx_saccades, read_images},
    {"nmnist", DatasetSource::Kind::nmnist, read_recordings},
    {"events", DatasetSource::Kind::events, read_event_files},
    {"dense", DatasetSource::Kind::dense, read_dense_files},
    {"pattern_pairs", DatasetSource::Kind::pattern_pairs, read_pattern_pairs},
};

}  // namespace

DatasetSource dataset_from(TableReader& reader, std::uint64_t seed) {
  std::vector<std::string> words;
  for (const KindReader& kind : kinds) words.emplace_back(kind.word);
  const std::string word = reader.choice("kind", words[0], words);
  DatasetSource source;
  const KindReader& chosen = kinds[std::find(words.begin(), words.end(), word) - words.begin()];
  source.kind = chosen.kind;
  chosen.read(reader, source, seed);
  return source;
}

}  // namespace crosspike
