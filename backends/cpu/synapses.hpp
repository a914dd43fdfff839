// SPDX-License-Identifier: Apache-2.0
// The synapses of one weight node towards one partition, grouped into runs by (source, delay).
//
// A synapse takes 4 bytes when its node stores 16-bit weights and slots fit too: bits 0-15 local slot, bits 16-31
// signed weight. Else 8 bytes: 32-bit slot, 32-bit weight. A slot is a (port, neuron) of the partition. What arrives is
// count x (weight << shift) quanta.
#pragma once

#include <crosspike/core/network.hpp>
#include <crosspike/core/quantum.hpp>
#include <cstdint>
#include <span>
#include <vector>

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
  SynapseStore(const Network& network, NodeId weight, const WeightQuantum& quantum, std::uint32_t first,
               std::uint32_t last, std::uint32_t base);

  std::span<const Run> runs_of(std::uint32_t source) const {
    return std::span(runs_).subspan(first_run_[source], first_run_[source + 1] - first_run_[source]);
  }

  template <class Sum>
  void deliver(std::uint32_t offset, std::uint32_t length, std::int32_t count, Sum* __restrict sums) const {
    const Sum factor = static_cast<Sum>(count) << shift_;
    narrow_.empty() ? add(wide_.data() + offset, length, factor, sums)
                    : add(narrow_.data() + offset, length, factor, sums);
  }

  // Asks for the first 192 bytes of a run that will be delivered soon.
  void prefetch(std::uint32_t offset) const {
    const char* at = narrow_.empty() ? reinterpret_cast<const char*>(wide_.data() + offset)
                                     : reinterpret_cast<const char*>(narrow_.data() + offset);
    for (int line = 0; line < 3; ++line) __builtin_prefetch(at + 64 * line);
  }

  // What the stores of one weight node take in all partitions, an upper bound; and the most synapses of one store.
  static std::size_t bytes(const Network& network, NodeId weight, const WeightQuantum& quantum, std::size_t partitions);
  static constexpr std::uint64_t most_synapses = 0xffffffffu;

 private:
  static constexpr std::uint32_t group = 4;

  static std::uint32_t slot(std::uint32_t synapse) { return synapse & 0xffffu; }
  static std::uint32_t slot(const WideSynapse& synapse) { return synapse.slot; }
  static std::int32_t weight(std::uint32_t synapse) { return static_cast<std::int32_t>(synapse) >> 16; }
  static std::int32_t weight(const WideSynapse& synapse) { return synapse.weight; }

  // Groups of four, then three of which those beyond the run's end count 0 times: fewer loops whose end a processor
  // guesses wrong, once per run each. The arrays have three spare entries.
  template <class Sum, class S>
  static void add(const S* __restrict synapse, std::uint32_t length, Sum factor, Sum* __restrict sums) {
    const auto one = [&](const S& s, Sum times) { sums[slot(s)] += times * static_cast<Sum>(weight(s)); };
    const S* const end = synapse + length / group * group;
    for (; synapse != end; synapse += group) {
      one(synapse[0], factor);
      one(synapse[1], factor);
      one(synapse[2], factor);
      one(synapse[3], factor);
    }
    const std::uint32_t left = length % group;
    one(synapse[0], left > 0 ? factor : 0);
    one(synapse[1], left > 1 ? factor : 0);
    one(synapse[2], left > 2 ? factor : 0);
  }

  int shift_;
  std::vector<std::uint32_t> first_run_;  // sources + 1
  std::vector<Run> runs_;
  std::vector<std::uint32_t> narrow_;
  std::vector<WideSynapse> wide_;
};

}  // namespace crosspike::cpu
