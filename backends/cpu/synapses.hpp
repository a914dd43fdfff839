// SPDX-License-Identifier: Apache-2.0
// The synapses of one weight node towards one partition, grouped into runs by (source, delay).
//
// A synapse takes 4 bytes when its node stores 16-bit weights: bits 0-15 local slot, bits 16-31 signed weight.
// Else 8 bytes: 32-bit slot, 32-bit weight. A slot is a (port, neuron) of the partition. What arrives is
// count x (weight << shift) quanta.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <crosspike/core/network.hpp>
#include <crosspike/core/quantum.hpp>

namespace crosspike::cpu {

struct Run {
  std::uint32_t offset, length;
  std::int32_t delay;  // ticks, on top of the wire's
};
static_assert(sizeof(Run) == 12);

struct WideSynapse {
  std::uint32_t slot;
  std::int32_t weight;
};
static_assert(sizeof(WideSynapse) == 8);

class SynapseStore {
 public:
  // Targets [first, last) of `weight`; the slot of target t is base + t - first.
  SynapseStore(const Network& network, NodeId weight, const WeightQuantum& quantum, std::uint32_t first, std::uint32_t last,
               std::uint32_t base);

  std::span<const Run> runs_of(std::uint32_t source) const {
    return std::span(runs_).subspan(first_run_[source], first_run_[source + 1] - first_run_[source]);
  }

  template <class Sum>
  void deliver(std::uint32_t offset, std::uint32_t length, std::int32_t count, Sum* __restrict sums) const {
    const Sum factor = static_cast<Sum>(count) << shift_;
    if (!narrow_.empty()) {
      const std::uint32_t* synapse = narrow_.data() + offset;
      for (std::uint32_t k = 0; k < length; ++k)
        sums[synapse[k] & 0xffffu] += factor * static_cast<Sum>(static_cast<std::int32_t>(synapse[k]) >> 16);
    } else {
      const WideSynapse* synapse = wide_.data() + offset;
      for (std::uint32_t k = 0; k < length; ++k) sums[synapse[k].slot] += factor * static_cast<Sum>(synapse[k].weight);
    }
  }

  std::size_t bytes() const;
  static std::size_t bytes_per_synapse(const WeightQuantum& quantum) { return quantum.bits == 16 ? 4 : 8; }

 private:
  int shift_;
  std::vector<std::uint32_t> first_run_;  // sources + 1
  std::vector<Run> runs_;
  std::vector<std::uint32_t> narrow_;
  std::vector<WideSynapse> wide_;
};

}  // namespace crosspike::cpu
