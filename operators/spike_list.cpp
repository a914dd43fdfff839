// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/operators/spike_list.hpp>
#include <crosspike/operators/ticks.hpp>

namespace crosspike {

namespace {

struct Raw {
  std::int64_t tick;
  std::uint32_t element;
  std::int64_t count;
};

std::int64_t spike_tick(const Node& node, const std::vector<double>& times, std::size_t i, double dt) {
  if (!(times[i] > 0))
    refuse_node(node, fmt::format("times[{}] = {} ms; allowed: above 0, since tick 0 covers (0, dt]", i, times[i]));
  return std::max<std::int64_t>(0, in_ticks<Round::up>(node, times, i, dt) - 1);
}

std::int64_t spike_count(const Node& node, const std::vector<double>& counts, std::size_t i) {
  const double count = counts[i];
  if (count == 0 || count != std::floor(count) || std::abs(count) > 2147483647)
    refuse_node(node, fmt::format("counts[{}] = {}; allowed: whole numbers from -2147483647 to 2147483647, except 0", i,
                                  count));
  return static_cast<std::int64_t>(count);
}

}  // namespace

std::vector<ListedSpike> listed_spikes(const Node& node, double dt) {
  const std::vector<double>& times = series(node, "times");
  const std::vector<double>& elements = series(node, "elements", times.size());
  const std::vector<double>* counts = node.array("counts") ? &series(node, "counts", times.size()) : nullptr;
  std::vector<Raw> raw;
  for (std::size_t i = 0; i < times.size(); ++i)
    raw.push_back(
        {spike_tick(node, times, i, dt), element_at(node, elements, i), counts ? spike_count(node, *counts, i) : 1});
  std::stable_sort(raw.begin(), raw.end(), [](const Raw& a, const Raw& b) {
    return std::pair(a.tick, a.element) < std::pair(b.tick, b.element);
  });

  std::vector<ListedSpike> spikes;
  for (std::size_t i = 0; i < raw.size();) {
    const Raw& spike = raw[i];
    std::int64_t sum = 0;
    for (; i < raw.size() && raw[i].tick == spike.tick && raw[i].element == spike.element; ++i) sum += raw[i].count;
    if (std::abs(sum) > 2147483647)
      refuse_node(node, fmt::format("the counts of element {} in tick {} add up to {}; allowed: up to 2147483647",
                                    spike.element, spike.tick, sum));
    if (sum != 0) spikes.push_back({spike.tick, spike.element, static_cast<std::int32_t>(sum)});
  }
  return spikes;
}

double SpikeList::node_max_count(const Node& node, double dt) {
  double largest = 1;
  for (const ListedSpike& spike : listed_spikes(node, dt))
    largest = std::max(largest, std::abs(static_cast<double>(spike.count)));
  return largest;
}

}  // namespace crosspike
