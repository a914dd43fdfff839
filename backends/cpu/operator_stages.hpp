// SPDX-License-Identifier: Apache-2.0
// Stages of operators that are no weights into an event stage: listed spikes, stepped currents, delays, and weights
// whose input has an amplitude. Rank 0 does their work: they are a small part of any run so far.
#pragma once

#include <crosspike/backends/cpu/stage.hpp>

namespace crosspike::cpu {

// linear or conv2d of spikes with an amplitude give values: amplitude x sum of weight x count, as integers up to the
// product.
std::unique_ptr<Stage> make_operator_stage(const Claim& claim, NodeId node, const Options& options);
Footprint estimate_operator_stage(const Claim& claim, NodeId node, const Options& options);

}  // namespace crosspike::cpu
