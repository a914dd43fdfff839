// SPDX-License-Identifier: Apache-2.0
// Linear memory capacity of a liquid (Jaeger, Short term memory in echo state networks, GMD report 152, 2001): how much
// of a random signal's past a linear readout finds in what the liquid does now.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <memory>
#include <vector>

namespace crosspike {

struct MemoryCapacity {
  double step_ms = 0;
  std::vector<double> found{};  // squared correlation with the signal so many steps ago; [0]: with its present value
  double steps() const;         // the capacity: the sum over all lags from 1
};

// The signal u is uniform in [0, 1] and new in every step. A step has 2 u `events_per_tick` x its ticks events, spread
// evenly over its ticks and over the input channels, always in the same random order of channels. The state is the
// number of spikes of every neuron within the step. A ridge readout is fitted on 2,000 steps, its lambda chosen on 500,
// and the squared correlations are those of 1,000 further steps, so that a liquid without memory has about 0.001 at
// each of the 50 lags. A step lasts 10 ms, or longer until 8 events fall into it in the mean.
MemoryCapacity memory_capacity(const std::shared_ptr<const Program>& liquid, const LsmSettings& settings,
                               double events_per_tick, int threads, const Progress& progress);

}  // namespace crosspike
