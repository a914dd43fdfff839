// SPDX-License-Identifier: Apache-2.0
// Plots of what a run recorded: spikes as a raster above their rate, values as traces, and a sample's image beside its
// events.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <crosspike/core/results.hpp>
#include <cstdint>
#include <string>

namespace crosspike::report {

// How a plot of a record is called and where its data lie.
struct Shown {
  std::string name, section, path;  // "raster-exc", "Spikes", "/spikes/exc"
  bool of_input = false;            // whose elements are channels, not neurons
};

// `until_ms`: where the time axis ends.
Plot raster_plot(const SpikeTrain& train, const std::string& population, double until_ms, const Shown& shown);
Plot values_plot(const ValuesTable& table, const std::string& recorder, const Shown& shown);
// `input`: the sample's events as spikes of the population input; `facts` with its shape.
Plot events_plot(const SampleFacts& facts, const SpikeTrain& input, double until_ms, const std::string& title,
                 const Shown& shown);

}  // namespace crosspike::report
