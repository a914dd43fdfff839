// SPDX-License-Identifier: Apache-2.0
// `model = "lsm"`: what its config says, and the general network config that its liquid is.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/datasets/events.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/models/readout/fit.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

// What the readout sees of a sample: spike counts of each neuron in `bins` equal parts of the sample or of its end, and
// beside them, if asked for, an exponential trace and the membrane at its end.
struct FeatureSettings {
  int bins = 2;
  int first_tick = 0;              // from here to the end of the sample spikes are counted
  bool square_root = false;        // of the counts
  std::optional<double> trace_ms;  // time constant
  bool membranes = false;
  bool reals() const { return trace_ms || membranes; }
  // Of a tick of a sample of so many; -1 before the first.
  int bin_of(int tick, int ticks) const {
    if (tick < first_tick) return -1;
    return static_cast<int>(static_cast<std::int64_t>(tick - first_tick) * bins / (ticks - first_tick));
  }
};

struct LsmSettings {
  std::uint64_t seed = 1;
  DatasetSource dataset;
  BinOptions binning;
  SensorShape sensor, input;  // before and after crop and polarity
  FeatureSettings features;
  ReadoutSettings readout{};  // of the liquid and of the controls
  bool controls = true;       // static features, no recurrence, counts of the input
  Value network{Table{}};     // the liquid as a `model = "network"` config: what `explain --expand` prints
  Value network_without_recurrence{Table{}};
  NetworkModel liquid{};    // built from `network`
  Value resolved{Table{}};  // the lsm config with every default that was used
};

// Throws Error(input) with file:line:column, also for what is wrong with the network.
LsmSettings read_lsm(const Value& config, const Library& library);

}  // namespace crosspike
