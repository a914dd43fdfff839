// SPDX-License-Identifier: Apache-2.0
// `model = "network"`: the general config, from which a Network is built. Every ready-made model produces one of these
// (`explain --expand` prints it). docs/config.md is its description for users.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/plan.hpp>
#include <crosspike/core/recorder.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

// The [dataset] of a network and the population that it feeds, one run a sample.
struct DatasetInput {
  NodeId node = 0;
  DatasetSource source;
};

struct NetworkModel {
  std::shared_ptr<const Network> network{};  // validated
  Placement placement{};
  std::vector<Recorder> recorders{};
  std::optional<DatasetInput> dataset{};
  double time = 0;  // ms, of one run or one sample
  std::int64_t ticks = 0;
  Value resolved{Table{}};  // the config with every default that was used
};

// Throws Error(input) with file:line:column for what is wrong in the config.
NetworkModel build_network(const Value& config, const Library& library);

}  // namespace crosspike
