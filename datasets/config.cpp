// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <limits>
#include <optional>
#include <string>

namespace crosspike {
namespace {

constexpr std::int64_t most_samples = std::numeric_limits<std::uint32_t>::max();  // sample numbers are 32 bits

std::optional<std::int64_t> limit_from(TableReader& reader, const std::string& key) {
  if (reader.find(key) == nullptr) return std::nullopt;
  return reader.integer(key, required, 1, most_samples);
}

void read_splits(TableReader& reader, DatasetSource& source) {
  source.validation = reader.integer("validation", source.validation, 0, most_samples);
  source.limit_train = limit_from(reader, "limit_train");
  source.limit_test = limit_from(reader, "limit_test");
  for (const char* key : {"path", "validation", "limit_train", "limit_test"}) {
    const Value* written = reader.find(key);
    source.places[key] = written != nullptr ? written->where() : reader.where();
  }
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

}  // namespace

DatasetSource dataset_from(TableReader& reader, std::uint64_t seed) {
  DatasetSource source;
  const std::string kinds[] = {"idx_saccades", "nmnist"};
  const bool recorded = reader.choice("kind", kinds[0], kinds) == kinds[1];
  source.kind = recorded ? DatasetSource::Kind::nmnist : DatasetSource::Kind::idx_saccades;
  // The default path holds images, so recordings have none.
  source.path = recorded ? reader.text("path", required) : reader.text("path", source.path.string());
  if (recorded) {
    source.train_folder = reader.text("train_folder", source.train_folder);
    source.test_folder = reader.text("test_folder", source.test_folder);
    source.events.height = pixels_from(reader, "height", source.events.height, 240);
    source.events.width = pixels_from(reader, "width", source.events.width, 256);
  } else {
    source.train_images = reader.text("train_images", source.train_images);
    source.train_labels = reader.text("train_labels", source.train_labels);
    source.test_images = reader.text("test_images", source.test_images);
    source.test_labels = reader.text("test_labels", source.test_labels);
    const TableReader events = reader.table("events");
    source.events = saccades_from(events, seed);
    source.places["events"] = events.where();
  }
  read_splits(reader, source);
  return source;
}

}  // namespace crosspike
