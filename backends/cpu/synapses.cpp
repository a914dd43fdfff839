// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/backends/cpu/synapses.hpp>
#include <crosspike/core/error.hpp>

namespace crosspike::cpu {

namespace {

template <class Body>
void for_each_synapse(const Network& network, NodeId weight, std::uint32_t first, std::uint32_t last, Body body) {
  std::vector<Synapse> synapses;
  for (std::uint32_t begin = first; begin < last; begin += stripe_targets) {
    synapses.clear();
    network.synapses(weight, begin, std::min(last, begin + stripe_targets), synapses);
    for (const Synapse& synapse : synapses) body(synapse);
  }
}

}  // namespace

SynapseStore::SynapseStore(const Network& network, NodeId weight, const WeightQuantum& quantum, std::uint32_t first,
                           std::uint32_t last, std::uint32_t base)
    : shift_(quantum.shift) {
  // Two passes over the rule instead of a copy of all synapses: count per (source, delay), then fill.
  const std::size_t sources = network.node(network.incoming(weight).from.node).size();
  const auto delays = static_cast<std::size_t>(quantum.longest_delay) + 1;
  std::vector<std::uint32_t> place(sources * delays + 1, 0);
  const auto key = [&](const Synapse& s) { return s.source * delays + static_cast<std::size_t>(s.delay); };
  std::uint64_t total = 0;
  for_each_synapse(network, weight, first, last, [&](const Synapse& s) {
    ++place[key(s) + 1];
    ++total;
  });
  if (total > 0xffffffffu)
    throw Error(Fault::cannot,
                fmt::format("{}: {} synapses on one partition; use more threads", network.node(weight).name, total));

  first_run_.push_back(0);
  for (std::size_t source = 0; source < sources; ++source) {
    for (std::size_t delay = 0; delay < delays; ++delay) {
      const std::size_t k = source * delays + delay;
      const std::uint32_t length = place[k + 1];
      place[k + 1] += place[k];
      if (length > 0) runs_.push_back({place[k], length, static_cast<std::int32_t>(delay)});
    }
    first_run_.push_back(static_cast<std::uint32_t>(runs_.size()));
  }
  const bool narrow = quantum.bits == 16 && base + (last - first) <= 65'536;
  narrow ? narrow_.resize(total + group - 1) : wide_.resize(total + group - 1);  // spare entries: see add()
  for_each_synapse(network, weight, first, last, [&](const Synapse& s) {
    const std::uint32_t slot = base + s.target - first, at = place[key(s)]++;
    const std::int32_t stored = quantum.stored(s.weight);
    if (narrow)
      narrow_[at] = static_cast<std::uint32_t>(stored) << 16 | slot;
    else
      wide_[at] = {slot, stored};
  });
}

std::size_t SynapseStore::bytes() const {
  return first_run_.capacity() * sizeof(std::uint32_t) + runs_.capacity() * sizeof(Run) +
         narrow_.capacity() * sizeof(std::uint32_t) + wide_.capacity() * sizeof(WideSynapse);
}

}  // namespace crosspike::cpu
