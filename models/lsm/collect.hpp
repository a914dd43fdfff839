// SPDX-License-Identifier: Apache-2.0
// Runs the samples of a data set through a liquid and collects a row of features each.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/readout/features.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace crosspike {

// Rows of one split, in order of samples; counts, or floats when the settings ask for traces or membranes.
struct FeatureRows {
  std::size_t features = 0;
  std::size_t classes = 0;
  FeatureKind kind = FeatureKind::counts;
  std::vector<std::uint16_t> counts;
  std::vector<float> reals;
  std::vector<int> labels;

  FeatureSet set(std::string name) const;  // views these rows
};

// How much work a collection did.
struct CollectWork {
  double seconds = 0;             // in all
  double simulating_seconds = 0;  // of them simulation and features, from converted events in memory
  std::uint64_t samples = 0, input_events = 0, spikes = 0;
  std::int64_t counts = 0, late = 0, clipped = 0;  // counts that became input, and those that binning left out
};

// Features of a liquid of so many neurons.
std::size_t liquid_features(const FeatureSettings& features, std::size_t neurons);

// Throws Error(input) for a negative count and for more than 65,535 spikes in a bin, naming sample and neuron.
// `program` is a built liquid with one lane whose tapped port is its population's spikes.
FeatureRows collect_liquid(const std::shared_ptr<const Program>& program, const LsmSettings& settings,
                           const Dataset& dataset, int threads, const Progress& progress, const std::string& phase,
                           CollectWork* work = nullptr);

// Counts of the input channels themselves in the same time bins.
FeatureRows collect_input(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                          const std::string& phase);

// ReLU(W_in x), x the event counts of a time bin, W_in the liquid's input weights: a feature per neuron and bin, no
// time.
FeatureRows collect_static(const Network& liquid, const LsmSettings& settings, const Dataset& dataset, int threads,
                           const Progress& progress, const std::string& phase);

// Builds a liquid as collect_liquid wants it.
std::shared_ptr<const Program> build_liquid(const NetworkModel& model, const Library& library, int threads, int slice);

}  // namespace crosspike
