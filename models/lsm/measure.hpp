// SPDX-License-Identifier: Apache-2.0
// What a liquid is good for before any readout is trained: how many inputs it tells apart, how many it should not, how
// far it moves classes apart, and how much it remembers.
#pragma once

#include <crosspike/core/library.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/memory_capacity.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <cstdint>

namespace crosspike {

// Of labelled states, after Norton and Ventura (Neurocomputing 73, 2010); distances are Euclidean.
struct Separation {
  double between = 0;        // mean distance of class centres, over all ordered pairs of classes, each with itself too
  double within = 0;         // mean over classes of the mean distance to the class centre
  std::int64_t classes = 0;  // that occur
  double value() const { return between / (within + 1); }
};

struct LiquidMeasures {
  std::int64_t samples = 0;      // the first training samples, at most 500
  std::size_t features = 0;      // of a state: what the readout reads
  std::size_t kernel_rank = 0;   // of the states of these samples (Legenstein and Maass, Neural Networks 20, 2007)
  std::size_t general_rank = 0;  // of as many copies of the first sample, each event moved by a Gaussian of one tick
  Separation separation{};       // of the same states
  MemoryCapacity memory{};
};

// `train` is what open_training_splits gave; no other split is looked at. Equal at any number of threads.
LiquidMeasures measure_liquid(const LsmSettings& settings, const Library& library, const Dataset& train, int threads,
                              int slice, const Progress& progress);

// Numerical rank: diagonal entries of R in a QR factorisation with column pivoting that are above max(rows, features) x
// 2^-52 of the largest.
std::size_t rank_of(const FeatureSet& states);

Separation separation_of(const FeatureSet& states);

}  // namespace crosspike
