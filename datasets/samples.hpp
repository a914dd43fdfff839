// SPDX-License-Identifier: Apache-2.0
// A file, folder or generator of samples, which the splits of a data set share; one factory for each kind. Within
// datasets/ only: everybody else sees splits, dataset.hpp.
#pragma once

#include <crosspike/datasets/dataset.hpp>
#include <memory>
#include <string>
#include <vector>

namespace crosspike {

/// Samples 0 to size() - 1; functions are safe from several threads at once.
class Samples {
 public:
  virtual ~Samples() = default;
  virtual std::int64_t size() const = 0;
  virtual int classes() const = 0;  // largest label + 1; 0: no labels
  virtual SensorShape shape() const = 0;
  virtual int label(std::int64_t number) const = 0;
  virtual void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const = 0;
  virtual ImageView image(std::int64_t /*number*/) const { return {}; }  // that the events are made from
};

enum class Half { train, test };

/// Throw Error (input) where something is missing or broken.
std::shared_ptr<const Samples> open_images(const DatasetSource& source, Half half);
std::shared_ptr<const Samples> open_recordings(const DatasetSource& source, Half half);
std::shared_ptr<const Samples> open_event_file(const std::filesystem::path& file);
std::shared_ptr<const Samples> open_dense_file(const DenseFiles& files, Half half);
std::shared_ptr<const Samples> open_pattern_pairs(const DatasetSource& source, Half half);

}  // namespace crosspike
