// SPDX-License-Identifier: Apache-2.0
// The event engine: populations (one, or a strong component of several) with the weight nodes that feed them.
//
// Neurons are cut into partitions, each a contiguous range of every population with at most 65,536 slots (port,
// neuron). A partition keeps the synapses of its own neurons. When a source fires, each of its runs goes into the due
// slot of (tick + delay); a tick delivers what is due, steps the populations, and collects who fired. Sums are
// integers, so neither partitions nor threads nor the order of delivery can change a bit.
#pragma once

#include <crosspike/backends/cpu/stage.hpp>
#include <crosspike/backends/cpu/synapses.hpp>

namespace crosspike::cpu {

struct EventStagePlan {
  std::vector<NodeId> populations;  // ascending
  std::vector<NodeId> weights;      // weight nodes that give them sums
};

std::unique_ptr<Stage> make_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options,
                                        Team& team);

}  // namespace crosspike::cpu
