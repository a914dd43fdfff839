// SPDX-License-Identifier: Apache-2.0
// What the experiments with liquids write alike into their results.
#pragma once

#include <crosspike/core/network.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/models/lsm/experiment.hpp>

namespace crosspike {

ResultsHeader results_header(const LsmSettings& settings);
void write_figures(ResultsWriter& writer, const ExperimentReport& report);  // and curves; without the timings
// All synapses of the liquid, as a config would write them.
void write_liquid_edges(ResultsWriter& writer, const Network& liquid);

}  // namespace crosspike
