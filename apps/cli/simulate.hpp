// SPDX-License-Identifier: Apache-2.0
// One run of a general network, for run, sweep and compare.
#pragma once

#include <crosspike/apps/cli/session.hpp>
#include <crosspike/core/program.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crosspike::cli {

struct Simulated {
  NetworkModel model;
  std::shared_ptr<const Program> program;
  std::map<PortRef, std::uint64_t> spikes;  // of every population, recorded or not, over all samples
  std::int64_t samples = 1;                 // of the data set, if there is one
  Figures figures;                          // nothing that another machine would measure otherwise
  double build_s = 0, wall_s = 0;
  std::uint64_t synaptic_events = 0;

  double seconds() const {  // of simulated time
    return static_cast<double>(samples) * static_cast<double>(model.ticks) * model.network->dt / 1000;
  }
};

// Throws Error(input) where a population waits for a data set that the config does not have.
void refuse_inputs(const NetworkModel& model);

// A network with a [dataset] runs once for each of its samples. With `out`, what the recorders see is written there;
// without, nothing is recorded. `name` stands before the remark.
Simulated simulate(Session& session, const Value& config, const std::optional<std::filesystem::path>& out,
                   const std::string& name);

}  // namespace crosspike::cli
