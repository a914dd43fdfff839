// SPDX-License-Identifier: Apache-2.0
// Dense inputs: .npy arrays of shape (sample, step, channel...) with one row of the sensor per step of time. Counts are
// events already; values become events by send-on-delta.
#pragma once

#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace crosspike {

struct DenseFiles {
  enum class Encoding {
    counts,  // entries are numbers of events: whole, 0 to 65,535
    delta,   // ON (OFF) events where a channel has risen (fallen) by `threshold` since its last event or the start
  };
  std::filesystem::path inputs, labels;            // labels (sample), whole numbers from 0; may be empty for `run`
  std::filesystem::path test_inputs, test_labels;  // empty: a share of `inputs`
  double step_ms = 1;                              // from row to row; a whole number of microseconds
  Encoding encoding = Encoding::counts;
  double threshold = 0.1;  // delta, in the unit of the values
};

}  // namespace crosspike
