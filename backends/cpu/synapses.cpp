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

// Equal delays keep their order.
template <class S>
void sort_by_delay(std::span<std::int32_t> delays, std::span<S> synapses) {
  std::vector<std::uint64_t> keys(delays.size());
  for (std::size_t k = 0; k < keys.size(); ++k) keys[k] = static_cast<std::uint64_t>(delays[k]) << 32 | k;
  std::sort(keys.begin(), keys.end());
  const std::vector<S> unsorted(synapses.begin(), synapses.end());
  for (std::size_t k = 0; k < keys.size(); ++k) {
    delays[k] = static_cast<std::int32_t>(keys[k] >> 32);
    synapses[k] = unsorted[keys[k] & 0xffffffffu];
  }
}

}  // namespace

SynapseStore::SynapseStore(const Network& network, NodeId weight, const WeightQuantum& quantum, std::uint32_t first,
                           std::uint32_t last, std::uint32_t base)
    : shift_(quantum.shift) {
  // Two passes over the rule instead of a copy of all synapses: count per source, then fill.
  const std::size_t sources = network.node(network.incoming(weight).from.node).size();
  std::vector<std::uint64_t> end(sources + 1, 0);
  for_each_synapse(network, weight, first, last, [&](const Synapse& s) { ++end[s.source + 1]; });
  for (std::size_t source = 0; source < sources; ++source) end[source + 1] += end[source];
  const std::uint64_t total = end[sources];
  if (total > most_synapses)
    throw Error(Fault::cannot,
                fmt::format("{}: {} synapses on one partition; use more threads", network.node(weight).name, total));
  const bool narrow = quantum.bits == 16 && base + (last - first) <= 65'536;
  narrow ? narrow_.resize(total + group - 1) : wide_.resize(total + group - 1);  // spare entries: see add()
  std::vector<std::int32_t> delays(quantum.longest_delay > 0 ? total : 0);
  std::vector<std::uint64_t> begin = end;
  for_each_synapse(network, weight, first, last, [&](const Synapse& s) {
    const std::uint32_t slot = base + s.target - first;
    const std::uint64_t at = begin[s.source]++;
    const std::int32_t stored = quantum.stored(s.weight);
    if (narrow)
      narrow_[at] = static_cast<std::uint32_t>(stored) << 16 | slot;
    else
      wide_[at] = {slot, stored};
    if (!delays.empty()) delays[at] = s.delay;
  });

  first_run_.push_back(0);
  for (std::size_t source = 0; source < sources; ++source) {
    const auto from = static_cast<std::size_t>(end[source]), to = static_cast<std::size_t>(end[source + 1]);
    const auto of_source = std::span(delays).subspan(delays.empty() ? 0 : from, delays.empty() ? 0 : to - from);
    if (!std::is_sorted(of_source.begin(), of_source.end()))
      narrow ? sort_by_delay(of_source, std::span(narrow_).subspan(from, to - from))
             : sort_by_delay(of_source, std::span(wide_).subspan(from, to - from));
    for (std::size_t at = from; at < to;) {
      std::size_t next = of_source.empty() ? to : at + 1;
      while (next < to && of_source[next - from] == of_source[at - from]) ++next;
      runs_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(next - at),
                       of_source.empty() ? 0 : of_source[at - from]});
      at = next;
    }
    first_run_.push_back(static_cast<std::uint32_t>(runs_.size()));
  }
  runs_.shrink_to_fit();
}

std::size_t SynapseStore::bytes(const Network& network, NodeId weight, const WeightQuantum& quantum,
                                std::size_t partitions) {
  const std::size_t sources = network.node(network.incoming(weight).from.node).size();
  const std::size_t groups = sources * (static_cast<std::size_t>(quantum.longest_delay) + 1) * partitions;
  const std::size_t runs = std::min(groups, static_cast<std::size_t>(quantum.synapses));
  return quantum.synapses * (quantum.bits == 16 ? 4 : 8) + runs * sizeof(Run) +
         sources * partitions * sizeof(std::uint32_t);
}

}  // namespace crosspike::cpu
