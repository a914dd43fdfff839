// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/backends/cpu/event_stage.hpp>
#include <crosspike/backends/cpu/event_state.hpp>
#include <crosspike/core/error.hpp>
#include <cstring>

namespace crosspike::cpu {

namespace {

constexpr std::size_t ahead = 4;  // runs of synapses that are fetched while one is delivered
constexpr int quiet_check = 16;   // idle ticks between looks whether a step still changes anything

template <class R>
class EventStage final : public Stage {
  using State = EventState<R>;
  using Sum = typename State::Sum;

 public:
  EventStage(const Claim& claim, const EventStagePlan& plan, const Options& options, Team& team)
      : layout_(claim, plan, options, team), options_(options), taps_(claim.field_taps) {}

  std::unique_ptr<StageState> make_state() const override { return std::make_unique<State>(layout_, options_.lanes); }

  void reset(StageState& base, int lane, const Lane& info) const override {
    static_cast<State&>(base).reset(lane, static_cast<std::uint32_t>(info.stream));
  }

  void advance(StageState& base, const Slice& slice, Team::Member& member) const override {
    State& state = static_cast<State&>(base);
    if (member.rank() == 0) begin(state, slice);
    member.barrier();
    for_my_partitions(member, [&](std::size_t part) {
      for (auto& fired : state.partitions[part].fired) fired.begin(slice.first_tick, options_.lanes);
      expand_feedback(state, part, slice);
    });
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int level = 0; level < levels(); ++level) {
        for_my_partitions(member, [&](std::size_t part) {
          expand(state, part, tick, level, false, slice);
          for (int lane = 0; lane < options_.lanes; ++lane) {
            deliver(state, part, tick, level, lane);
            for (std::size_t p = 0; p < layout_.populations.size(); ++p)
              if (layout_.populations[p].level == level) step(state, part, p, tick, lane, slice);
          }
        });
        if (!layout_.recurrent) continue;
        member.barrier();
        if (member.rank() == 0) merge(state, tick, tick + 1, level);
        member.barrier();
        for_my_partitions(member, [&](std::size_t part) {
          for (std::size_t p = 0; p < layout_.populations.size(); ++p)
            if (layout_.populations[p].level == level) state.partitions[part].fired[p].begin(tick + 1, options_.lanes);
          expand(state, part, tick, level, true, slice);
        });
      }
    member.barrier();
    if (member.rank() == 0) end(state, slice);
  }

  std::optional<std::vector<double>> read(const StageState& base, NodeId node, std::size_t field,
                                          int lane) const override {
    const State& state = static_cast<const State&>(base);
    for (std::size_t p = 0; p < layout_.populations.size(); ++p) {
      if (layout_.populations[p].node != node || field >= layout_.populations[p].neurons->widths().size()) continue;
      std::vector<double> values(layout_.populations[p].size);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = state.absolute(p, field, lane, i);
      return values;
    }
    return std::nullopt;
  }

  void save(const StageState& base, Archive& archive) const override { static_cast<const State&>(base).save(archive); }

  void load(StageState& base, const Archive& archive, std::int64_t next_tick) const override {
    static_cast<State&>(base).load(archive, next_tick);
  }

  Work work(const StageState& base) const override {
    Work sum;
    for (const auto& partition : static_cast<const State&>(base).partitions) sum += partition.work;
    return sum;
  }

 private:
  template <class Body>
  void for_my_partitions(const Team::Member& member, Body body) const {
    for (std::size_t part = static_cast<std::size_t>(member.rank()); part < layout_.ranges.size();
         part += static_cast<std::size_t>(member.size()))
      body(part);
  }

  void begin(State& state, const Slice& slice) const {
    for (std::size_t p = 0; p < layout_.populations.size(); ++p) {
      if (layout_.populations[p].shown) {
        slice.wires.values[{layout_.populations[p].node, 0}].begin(slice.first_tick, slice.ticks, options_.lanes,
                                                                   layout_.populations[p].size);
      } else {
        state.output[p] = &slice.wires.spikes[{layout_.populations[p].node, 0}];
        state.output[p]->begin(slice.first_tick, options_.lanes);
      }
    }
    for (std::size_t i = 0; i < layout_.projections.size(); ++i)
      state.source[i] = slice.wires.spikes[layout_.projections[i].source].view();
    for (const auto& population : layout_.populations)
      for (const PortPlan<R>& port : population.ports)
        for (const Feed<R>& feed : port.feeds)
          if (feed.bias.empty()) slice.wires.values[feed.source];  // exists before ranks read the map
  }

  // Sources that run later in the order still hold the slice before: all their rows enter the due slots at once.
  void expand_feedback(State& state, std::size_t part, const Slice& slice) const {
    for (std::size_t i = 0; i < layout_.projections.size(); ++i) {
      const Spikes& rows = state.source[i];
      if (layout_.projections[i].internal >= 0 || rows.first_tick == slice.first_tick) continue;
      for (std::int64_t tick = rows.first_tick; tick < rows.first_tick + rows.ticks; ++tick)
        for (int lane = 0; lane < options_.lanes; ++lane) state.push(part, i, tick, lane, rows, slice.first_tick);
    }
  }

  // Spikes of `tick` into the due slots: of outside sources before the level that they reach steps, of inside ones
  // after the level that sent them did.
  void expand(State& state, std::size_t part, std::int64_t tick, int level, bool internal, const Slice& slice) const {
    for (std::size_t i = 0; i < layout_.projections.size(); ++i) {
      const ProjectionPlan& p = layout_.projections[i];
      if ((p.internal >= 0) != internal) continue;
      if (internal ? layout_.populations[static_cast<std::size_t>(p.internal)].level != level : p.level != level)
        continue;
      const Spikes& rows = state.source[i];
      if (!internal && rows.first_tick != slice.first_tick) continue;
      if (tick >= rows.first_tick + rows.ticks) continue;  // a later claim's, which has not run yet
      for (int lane = 0; lane < options_.lanes; ++lane) state.push(part, i, tick, lane, rows, tick);
    }
  }

  void deliver(State& state, std::size_t part, std::int64_t tick, int level, int lane) const {
    auto& partition = state.partitions[part];
    const auto l = static_cast<std::size_t>(lane);
    auto& due = partition.due[l][layout_.due[static_cast<std::size_t>(level)].at(tick)];
    Sum* sums = partition.sums[l].data();
    std::uint64_t delivered = 0;
    for (std::size_t k = 0; k < due.size(); ++k) {
      if (k + ahead < due.size())
        layout_.projections[due[k + ahead].projection].stores[part]->prefetch(due[k + ahead].offset);
      const Due& run = due[k];
      const ProjectionPlan& p = layout_.projections[run.projection];
      p.stores[part]->deliver(run.offset, run.length, run.count, sums);
      delivered += run.length;
      partition.touched[l][static_cast<std::size_t>(p.population)] = true;
    }
    partition.work.synaptic_events += delivered;
    due.clear();
  }

  void step(State& state, std::size_t part, std::size_t p, std::int64_t tick, int lane, const Slice& slice) const {
    const PopulationPlan<R>& population = layout_.populations[p];
    auto& partition = state.partitions[part];
    const auto l = static_cast<std::size_t>(lane);
    const Range& range = layout_.ranges[part][p];
    const bool arrived = partition.touched[l][p];
    partition.touched[l][p] = false;
    int& idle = partition.idle[l][p];
    if (arrived || population.always || !options_.skip_idle)
      idle = 0;
    else if (idle >= 0)
      ++idle;
    const bool look = idle > 0 && idle % quiet_check == 1;  // no input: does a step still change anything?
    bool changed = false;
    SpikeBuffer& fired = partition.fired[p];
    if (idle >= 0) {
      for (std::uint32_t low = range.low; low < range.high; low += chunk_neurons) {
        const std::uint32_t high = std::min<std::uint32_t>(range.high, low + chunk_neurons);
        changed |= step_chunk(state, partition, p, range, low, high, tick, lane, slice, look, fired);
      }
      if (look && !changed) idle = -1;
    }
    if (!population.shown) fired.end_row();
    show(state, p, range, tick, lane, slice);
    for (const std::size_t tap : population.taps) record(state, tap, p, range, tick, lane, slice);
  }

  bool step_chunk(State& state, PartitionState<Sum>& partition, std::size_t p, const Range& range, std::uint32_t low,
                  std::uint32_t high, std::int64_t tick, int lane, const Slice& slice, bool look,
                  SpikeBuffer& fired) const {
    const PopulationPlan<R>& population = layout_.populations[p];
    const std::size_t n = high - low;
    alignas(64) R inputs[most_ports][chunk_neurons];
    const R* input[most_ports];
    for (std::size_t port = 0; port < population.ports.size(); ++port)
      input[port] = gather(state, partition, population, port, range, low, n, tick, lane, slice, inputs[port]);
    void* columns[most_columns];
    const std::size_t fields = population.neurons->widths().size();
    for (std::size_t f = 0; f < fields; ++f) columns[f] = state.column(p, f, lane, low);
    if (look) keep_columns(partition, population, columns, n);
    const Lane& info = slice.lanes[static_cast<std::size_t>(lane)];
    const bool graded = population.neurons->graded();
    const Chunk<R> chunk{.n = n,
                         .first = low,
                         .columns = columns,
                         .inputs = input,
                         .tick = static_cast<std::uint64_t>(tick - info.origin),
                         .stream = static_cast<std::uint32_t>(info.stream),
                         .index = partition.index.data(),
                         .count = graded ? partition.count.data() : nullptr};
    const std::size_t events = population.neurons->step(chunk);
    partition.work.neuron_steps += n;
    const auto index = std::span<const std::uint32_t>(partition.index).first(events);
    const auto count =
        graded ? std::span<const std::int32_t>(partition.count).first(events) : std::span<const std::int32_t>{};
    check_counts(population, index, count, tick - info.origin, info.stream);
    fired.append(index, count);
    return look && (events > 0 || columns_changed(partition, population, columns, n));
  }

  const R* gather(State& state, PartitionState<Sum>& partition, const PopulationPlan<R>& population, std::size_t port,
                  const Range& range, std::uint32_t low, std::size_t n, std::int64_t tick, int lane, const Slice& slice,
                  R* out) const {
    static constexpr R silence[chunk_neurons] = {};
    const PortPlan<R>& plan = population.ports[port];
    if (!plan.connected()) return silence;
    if (plan.has_sums) {
      Sum* sums = partition.sums[static_cast<std::size_t>(lane)].data() + range.base + port * (range.high - range.low) +
                  (low - range.low);
      const R quantum = static_cast<R>(std::ldexp(1.0, -plan.exponent));
      for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<R>(sums[i]) * quantum;
        sums[i] = 0;
      }
    } else {
      std::fill_n(out, n, R{0});
    }
    for (const Feed<R>& feed : plan.feeds) {
      if (feed.bias.empty())
        add(row_of(state, feed, tick, lane, slice), low, n, out);
      else
        add(std::span<const R>(feed.bias), low, n, out);
    }
    return out;
  }

  template <class V>
  static void add(std::span<const V> row, std::uint32_t low, std::size_t n, R* out) {
    for (std::size_t i = 0; i < n && !row.empty(); ++i) out[i] += static_cast<R>(row[low + i]);
  }

  // Empty before the run began.
  static std::span<const float> row_of(const State& state, const Feed<R>& feed, std::int64_t tick, int lane,
                                       const Slice& slice) {
    const Values now = slice.wires.values.find(feed.source)->second.view();
    const ValueHistory& old = state.value_histories[feed.history];
    const std::int64_t at = tick - feed.delay;
    if (at >= now.first_tick && at < now.first_tick + now.ticks) return now.at(at, lane);
    return old.held().holds(at) ? old.at(at, lane) : std::span<const float>{};
  }

  void check_counts(const PopulationPlan<R>& population, std::span<const std::uint32_t> index,
                    std::span<const std::int32_t> counts, std::int64_t tick, std::uint64_t stream) const {
    for (std::size_t k = 0; k < counts.size(); ++k) {
      if (std::abs(static_cast<double>(counts[k])) <= population.max_count) continue;
      const Node& node = layout_.network.node(population.node);
      throw Error(Fault::input,
                  fmt::format("{}{}{}: {} events of element {} in tick {} of stream {}; declared bound {}; "
                              "raise it",
                              node.where, node.where.empty() ? "" : ": ", node.name, counts[k], index[k], tick, stream,
                              population.max_count));
    }
  }

  static void keep_columns(PartitionState<Sum>& partition, const PopulationPlan<R>& population, void* const* columns,
                           std::size_t n) {
    partition.before.clear();
    for (std::size_t f = 0; f < population.neurons->widths().size(); ++f) {
      const auto* bytes = static_cast<const std::byte*>(columns[f]);
      partition.before.insert(partition.before.end(), bytes, bytes + n * population.neurons->widths()[f]);
    }
  }
  static bool columns_changed(const PartitionState<Sum>& partition, const PopulationPlan<R>& population,
                              void* const* columns, std::size_t n) {
    const std::byte* before = partition.before.data();
    for (std::size_t f = 0; f < population.neurons->widths().size(); ++f) {
      const std::size_t bytes = n * population.neurons->widths()[f];
      if (std::memcmp(before, columns[f], bytes) != 0) return true;
      before += bytes;
    }
    return false;
  }

  void show(State& state, std::size_t p, const Range& range, std::int64_t tick, int lane, const Slice& slice) const {
    if (!layout_.populations[p].shown) return;
    const std::span<float> row = slice.wires.values.find({layout_.populations[p].node, 0})->second.row(tick, lane);
    for (std::uint32_t i = range.low; i < range.high; ++i)
      row[i] = static_cast<float>(state.absolute(p, *layout_.populations[p].shown, lane, i));
  }

  // The row of (tick, lane) in the tap's table was made before the slice; each partition fills its own elements.
  void record(State& state, std::size_t tap, std::size_t p, const Range& range, std::int64_t tick, int lane,
              const Slice& slice) const {
    const FieldTap& plan = taps_[tap];
    TapRows& rows = slice.wires.taps[tap];
    const std::int32_t row = rows.row_at[static_cast<std::size_t>((tick - slice.first_tick) * options_.lanes + lane)];
    if (row < 0) return;
    const std::size_t width = plan.indices.empty() ? layout_.populations[p].size : plan.indices.size();
    double* out = rows.values.data() + static_cast<std::size_t>(row) * width;
    for (std::size_t k = 0; k < width; ++k) {
      const std::uint32_t element = plan.indices.empty() ? static_cast<std::uint32_t>(k) : plan.indices[k];
      if (element >= range.low && element < range.high) out[k] = state.absolute(p, plan.field, lane, element);
    }
  }

  // Rank 0: what the partitions collected in ticks [first, last) becomes rows of the population's wire; partitions are
  // contiguous ranges, so joining them in order keeps a row ascending.
  void merge(State& state, std::int64_t first, std::int64_t last, int level) const {
    for (std::size_t p = 0; p < layout_.populations.size(); ++p) {
      if (layout_.populations[p].shown || layout_.populations[p].level != level) continue;
      for (std::int64_t tick = first; tick < last; ++tick)
        for (int lane = 0; lane < options_.lanes; ++lane) {
          for (const auto& partition : state.partitions) {
            const Spikes rows = partition.fired[p].view();
            state.output[p]->append(rows.at(tick, lane), rows.counts_at(tick, lane));
          }
          state.output[p]->end_row();
        }
      for (std::size_t i = 0; i < layout_.projections.size(); ++i)
        if (layout_.projections[i].internal == static_cast<int>(p)) state.source[i] = state.output[p]->view();
    }
  }

  void end(State& state, const Slice& slice) const {
    if (!layout_.recurrent)
      for (int level = 0; level < levels(); ++level)
        merge(state, slice.first_tick, slice.first_tick + slice.ticks, level);
    for (std::size_t i = 0; i < layout_.projections.size(); ++i)
      state.spike_histories[layout_.projections[i].history].append(
          slice.wires.spikes[layout_.projections[i].source].view());
    for (const auto& population : layout_.populations)
      for (const PortPlan<R>& port : population.ports)
        for (const Feed<R>& feed : port.feeds)
          if (feed.bias.empty()) state.value_histories[feed.history].append(slice.wires.values[feed.source].view());
  }

  int levels() const { return static_cast<int>(layout_.due.size()); }

  const EventLayout<R> layout_;
  const Options options_;
  const std::span<const FieldTap> taps_;
};

}  // namespace

std::unique_ptr<Stage> make_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options,
                                        Team& team) {
  if (claim.network.precision == Precision::double_)
    return std::make_unique<EventStage<double>>(claim, plan, options, team);
  return std::make_unique<EventStage<float>>(claim, plan, options, team);
}

}  // namespace crosspike::cpu
