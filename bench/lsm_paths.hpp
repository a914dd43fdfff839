// SPDX-License-Identifier: Apache-2.0
// One liquid, three ways to run it that must give the same spikes: our event engine; a dense path, in which every
// weight is read each tick by a matrix product; and a sparse path, in which every synapse is.
//
// The two time-driven paths advance a batch of samples at once and hold the network's integer weights in floats, which
// adds them exactly while no sum reaches 2^24. They end in the engine's own neuron step.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace crosspike {

struct LiquidTask {
  std::shared_ptr<const Program> program;  // as build_liquid makes it
  int ticks, bins;                         // of a sample; of its features
};

struct LiquidRun {
  std::vector<std::uint16_t> counts;               // [sample][bin][neuron]: the readout's features
  std::vector<std::vector<std::uint64_t>> spikes;  // per sample: tick << 32 | neuron, ascending; only when kept
  Work work;                                       // of the event path
};

class LiquidPath {
 public:
  virtual ~LiquidPath() = default;
  virtual void run(std::span<const BinnedSpikes> samples, int threads, bool keep_spikes, LiquidRun& out) const = 0;
};

// Throws Error(check) with the first spikes that `path`, the one of that name, has and the event path lacks, or the
// other way round; both runs kept theirs.
void require_equal(const std::string& path, const LiquidRun& events, const LiquidRun& other);

std::unique_ptr<LiquidPath> make_event_path(const LiquidTask& task);

// Below 64 samples a batch pays too much for each weight that it reads; beyond 256 it gains little.
inline constexpr std::size_t least_batch = 64, most_batch = 256;

// `samples` rounded up so that each thread has the same number of batches of 64.
std::size_t whole_batches(std::size_t samples, int threads);
// For samples in whole batches: the largest batch of which each thread has the same number.
std::size_t largest_batch(std::size_t samples, int threads);

// `batch` samples advance together: a power of two, from 64 to 256. Throw Error(cannot) for a liquid that these paths
// do not describe: other delays, neurons that differ, sums beyond 2^24.
std::unique_ptr<LiquidPath> make_dense_path(const LiquidTask& task, std::size_t batch);
std::unique_ptr<LiquidPath> make_sparse_path(const LiquidTask& task, std::size_t batch);

// Bytes of weights that one batch reads.
double dense_weight_bytes(const LiquidTask& task);
double sparse_weight_bytes(const LiquidTask& task);

}  // namespace crosspike
