// SPDX-License-Identifier: Apache-2.0
// What changes while an event stage runs: columns of neurons, sums, due spikes, histories.
#pragma once

#include <crosspike/backends/cpu/event_layout.hpp>
#include <crosspike/backends/cpu/history.hpp>
#include <type_traits>

namespace crosspike::cpu {

template <class Sum>
struct alignas(64) PartitionState {
  std::vector<std::vector<Sum>> sums;              // [lane][slot]
  std::vector<std::vector<std::vector<Due>>> due;  // [lane][DueSlots::at(tick)]
  std::vector<SpikeBuffer> fired;                  // [population]: since the last merge
  std::vector<std::vector<bool>> touched;          // [lane][population]: something arrived this tick
  std::vector<std::vector<int>> idle;              // [lane][population]: ticks without input; -1: settled
  std::vector<std::uint32_t> index;
  std::vector<std::int32_t> count;
  std::vector<std::byte> before;  // columns of a chunk, to see whether a step changed them
  Work work;
};

template <class R>
class EventState final : public StageState {
 public:
  using Sum = std::conditional_t<std::is_same_v<R, float>, std::int32_t, std::int64_t>;

  EventState(const EventLayout<R>& layout, int lanes);
  void reset(int lane, std::uint32_t stream);
  void save(Archive& archive) const;
  void load(const Archive& archive, std::int64_t next_tick);

  std::byte* column(std::size_t population, std::size_t field, int lane, std::size_t element);
  // What a field stands for: its column, and what that is relative to.
  double absolute(std::size_t population, std::size_t field, int lane, std::size_t element) const;
  // Spikes of `tick` into the due slots of a partition; what would arrive before `not_before` has been delivered.
  void push(std::size_t partition, std::size_t projection, std::int64_t tick, int lane, const Spikes& rows,
            std::int64_t not_before);

  std::vector<PartitionState<Sum>> partitions;
  std::vector<SpikeHistory> spike_histories;
  std::vector<ValueHistory> value_histories;
  std::vector<Spikes> source;        // per projection, refreshed by rank 0
  std::vector<SpikeBuffer*> output;  // per population

 private:
  void silence(PartitionState<Sum>& partition, std::size_t lane);
  void initialise(std::size_t population, int lane, std::uint32_t stream);
  std::string column_name(std::size_t population, std::size_t field) const;

  const EventLayout<R>& layout_;
  int lanes_;
  std::vector<std::vector<std::vector<std::byte>>> columns_;  // [population][field]: [lane][element]
};

extern template class EventState<float>;
extern template class EventState<double>;

}  // namespace crosspike::cpu
