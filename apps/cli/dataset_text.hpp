// SPDX-License-Identifier: Apache-2.0
// What info and datasets say about a data set. The test split stays closed.
#pragma once

#include <crosspike/apps/cli/session.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <optional>
#include <string>

namespace crosspike::cli {

// The [dataset] of a config of any model, or of a config without one, which must then hold nothing else; nothing where
// there is none.
std::optional<DatasetSource> dataset_of(const Value& config);

enum class DatasetUse {
  training,    // in splits, with labels
  simulation,  // all samples
};

struct DatasetFacts {
  DatasetSource source;
  DatasetUse use = DatasetUse::training;
  SensorShape shape;
  int classes = 0;
  std::int64_t train = 0, validation = 0;
  DatasetDescription measured;  // of the first training samples

  std::string text(int width) const;
  Json json() const;
};

DatasetFacts dataset_facts(const DatasetSource& source, DatasetUse use, const Progress& progress);

}  // namespace crosspike::cli
