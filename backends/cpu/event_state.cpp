// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/backends/cpu/event_state.hpp>
#include <crosspike/core/error.hpp>

namespace crosspike::cpu {

template <class R>
EventState<R>::EventState(const EventLayout<R>& layout, int lanes) : layout_(layout), lanes_(lanes) {
  const auto n = static_cast<std::size_t>(lanes);
  const std::size_t populations = layout.populations.size();
  for (const auto& population : layout.populations) {
    auto& fields = columns_.emplace_back();
    for (const std::size_t width : population.neurons->widths()) fields.emplace_back(n * population.size * width);
  }
  for (std::size_t p = 0; p < layout.ranges.size(); ++p) {
    auto& part = partitions.emplace_back();
    part.sums.assign(n, std::vector<Sum>(layout.slots(p), 0));
    part.due.assign(n, std::vector<std::vector<Due>>(layout.due.back().first + layout.due.back().depth));
    part.fired.resize(populations);
    part.touched.assign(n, std::vector<bool>(populations, false));
    part.idle.assign(n, std::vector<int>(populations, 0));
    part.index.resize(chunk_neurons + 64);
    part.count.resize(chunk_neurons + 64);
  }
  for (const HistoryPlan& history : layout.spike_histories) spike_histories.emplace_back(history.depth, lanes);
  for (const HistoryPlan& history : layout.value_histories)
    value_histories.emplace_back(history.depth, lanes, history.width);
  source.resize(layout.projections.size());
  output.resize(populations);
}

template <class R>
void EventState<R>::reset(int lane, std::uint32_t stream) {
  const auto l = static_cast<std::size_t>(lane);
  for (std::size_t p = 0; p < columns_.size(); ++p) initialise(p, lane, stream);
  for (auto& part : partitions) silence(part, l);
  for (SpikeHistory& history : spike_histories) history.erase_lane(lane);
  for (ValueHistory& history : value_histories) history.erase_lane(lane);
}

// Nothing has arrived, and nothing is due.
template <class R>
void EventState<R>::silence(PartitionState<Sum>& partition, std::size_t lane) {
  std::fill(partition.sums[lane].begin(), partition.sums[lane].end(), Sum{0});
  for (auto& slot : partition.due[lane]) slot.clear();
  partition.touched[lane].assign(columns_.size(), false);
  partition.idle[lane].assign(columns_.size(), 0);
}

template <class R>
void EventState<R>::initialise(std::size_t population, int lane, std::uint32_t stream) {
  const PopulationPlan<R>& plan = layout_.populations[population];
  for (std::size_t f = 0; f < columns_[population].size(); ++f) {
    const std::vector<double> drawn =
        plan.initial.empty() ? layout_.initial(population, f, stream) : std::vector<double>{};
    const std::vector<double>& values = plan.initial.empty() ? drawn : plan.initial[f];
    std::byte* to = column(population, f, lane, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (plan.neurons->integers()[f])
        reinterpret_cast<std::int32_t*>(to)[i] = static_cast<std::int32_t>(values[i]);
      else
        reinterpret_cast<R*>(to)[i] = static_cast<R>(values[i]);
    }
  }
}

template <class R>
std::byte* EventState<R>::column(std::size_t population, std::size_t field, int lane, std::size_t element) {
  const PopulationPlan<R>& plan = layout_.populations[population];
  return columns_[population][field].data() +
         plan.neurons->widths()[field] * (static_cast<std::size_t>(lane) * plan.size + element);
}

template <class R>
double EventState<R>::absolute(std::size_t population, std::size_t field, int lane, std::size_t element) const {
  const PopulationPlan<R>& plan = layout_.populations[population];
  const std::byte* at = const_cast<EventState&>(*this).column(population, field, lane, element);
  const double value = plan.neurons->integers()[field] ? *reinterpret_cast<const std::int32_t*>(at)
                                                       : static_cast<double>(*reinterpret_cast<const R*>(at));
  return value + plan.offset_at(field, element);
}

template <class R>
void EventState<R>::push(std::size_t partition, std::size_t projection, std::int64_t tick, int lane, const Spikes& rows,
                         std::int64_t not_before) {
  const ProjectionPlan& p = layout_.projections[projection];
  const SynapseStore& store = *p.stores[partition];
  const DueSlots& slots = layout_.due[static_cast<std::size_t>(p.level)];
  auto& due = partitions[partition].due[static_cast<std::size_t>(lane)];
  const auto index = rows.at(tick, lane);
  const auto counts = rows.counts_at(tick, lane);
  for (std::size_t k = 0; k < index.size(); ++k)
    for (const Run& run : store.runs_of(index[k])) {
      const std::int64_t at = tick + p.delay + run.delay;
      if (at < not_before) continue;
      due[slots.at(at)].push_back(
          {static_cast<std::uint32_t>(projection), run.offset, run.length, counts.empty() ? 1 : counts[k]});
    }
}

template <class R>
std::string EventState<R>::column_name(std::size_t population, std::size_t field) const {
  const Node& node = layout_.network.node(layout_.populations[population].node);
  return node.name + "." + node.kind->state[field].name;
}

template <class R>
void EventState<R>::save(Archive& archive) const {
  for (std::size_t p = 0; p < columns_.size(); ++p)
    for (std::size_t f = 0; f < columns_[p].size(); ++f) archive.put<std::byte>(column_name(p, f), columns_[p][f]);
  for (std::size_t h = 0; h < spike_histories.size(); ++h)
    archive.put(layout_.spike_histories[h].name, spike_histories[h].rows().view());
  for (std::size_t h = 0; h < value_histories.size(); ++h)
    archive.put(layout_.value_histories[h].name, value_histories[h].rows().view());
}

// Due spikes depend on how neurons were cut, so an archive has the rows that they come from instead.
template <class R>
void EventState<R>::load(const Archive& archive, std::int64_t next_tick) {
  for (std::size_t p = 0; p < columns_.size(); ++p)
    for (std::size_t f = 0; f < columns_[p].size(); ++f) {
      auto bytes = archive.get<std::byte>(column_name(p, f));
      if (bytes.size() != columns_[p][f].size())
        throw Error(Fault::input, fmt::format("the saved array '{}' has {} bytes, the network needs {}",
                                              column_name(p, f), bytes.size(), columns_[p][f].size()));
      columns_[p][f] = std::move(bytes);
    }
  for (std::size_t h = 0; h < spike_histories.size(); ++h)
    spike_histories[h].load(
        archive.get_spikes(layout_.spike_histories[h].name, lanes_, layout_.spike_histories[h].width));
  for (std::size_t h = 0; h < value_histories.size(); ++h)
    value_histories[h].load(
        archive.get_values(layout_.value_histories[h].name, lanes_, layout_.value_histories[h].width));

  for (std::size_t part = 0; part < partitions.size(); ++part) {
    for (int lane = 0; lane < lanes_; ++lane) silence(partitions[part], static_cast<std::size_t>(lane));
    for (std::size_t i = 0; i < layout_.projections.size(); ++i) {
      const SpikeHistory& history = spike_histories[layout_.projections[i].history];
      for (std::int64_t tick = history.held().first; tick < history.held().end; ++tick)
        for (int lane = 0; lane < lanes_; ++lane) push(part, i, tick, lane, history.at(tick), next_tick);
    }
  }
}

template class EventState<float>;
template class EventState<double>;

}  // namespace crosspike::cpu
