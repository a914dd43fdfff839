// SPDX-License-Identifier: Apache-2.0
// Samples of a data set as the spikes of a population of kind input.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/datasets/events.hpp>

namespace crosspike {

// Binned events of one sample as the ticks [tick, tick + ticks) of an input with one lane.
void fill_input(SpikeBuffer& input, std::int64_t tick, int ticks, const BinnedSpikes& binned);

// The samples of a network's [dataset], one after another.
class SampleFeed {
 public:
  // Throws Error(input) where the data set is missing or broken, or its channels or times don't fit.
  SampleFeed(const Network& network, NodeId input, const DatasetSource& source, std::int64_t ticks);

  std::int64_t size() const { return dataset_->size(); }
  std::int64_t number(std::int64_t sample) const { return dataset_->number(sample); }
  // Before a whole run of `state`, which stands at the start of it.
  void fill(State& state, std::int64_t sample);

 private:
  NodeId input_;
  std::unique_ptr<const Dataset> dataset_;
  int ticks_;
  EventBinner binner_;
  EventScratch scratch_;
  std::vector<Event> events_;
  BinnedSpikes binned_;
};

}  // namespace crosspike
