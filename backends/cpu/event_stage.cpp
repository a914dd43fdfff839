// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <crosspike/backends/cpu/event_stage.hpp>
#include <crosspike/backends/cpu/kinds.hpp>
#include <crosspike/backends/cpu/population.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/operators/weights.hpp>
#include <cstring>
#include <limits>

namespace crosspike::cpu {

namespace {

constexpr std::uint32_t most_slots = 65'536;
constexpr std::size_t ahead = 4;  // runs of synapses that are fetched while one is delivered
constexpr int quiet_check = 16;   // idle ticks between looks whether a step still changes anything

// Wires that bring values to a port: what they add, in the order of the wires.
struct Feed {
  PortRef source;
  int delay;
  std::size_t history;  // index into State::value_histories; unused when delay == 0
};

struct PortPlan {
  int exponent = 0;
  bool has_sums = false;
  std::vector<Feed> feeds;
  std::vector<float> bias;  // of the weight nodes into it, added once per tick; empty: none
  bool connected() const { return has_sums || !feeds.empty() || !bias.empty(); }
};

template <class R>
struct PopulationPlan {
  NodeId node;
  std::uint32_t size;
  int level;  // populations of one tick step level after level: zero-delay wires inside
  std::unique_ptr<Population<R>> neurons;
  std::vector<PortPlan> ports;
  std::vector<double> offset;                // per state field: 0 or the parameter that the column is relative to
  std::vector<std::vector<double>> offsets;  // the same per element, where that parameter is heterogeneous
  std::vector<std::vector<double>> initial;  // relative; empty when drawn per sample
  std::optional<std::size_t> shown;          // the State field that its values output shows
  double max_count;
  bool always;                    // never idle: draws, or a port with values or bias
  std::vector<std::size_t> taps;  // numbers of FieldTaps

  double offset_at(std::size_t field, std::size_t element) const {
    return offsets[field].empty() ? offset[field] : offsets[field][element];
  }
};

struct ProjectionPlan {
  NodeId weight;
  PortRef source;
  int delay;                                          // of its incoming wire
  int longest;                                        // delay + the longest of its synapses
  int population, port, level;                        // target
  int internal;                                       // index of the source population in this stage, or -1
  std::size_t history;                                // index into State::spike_histories
  std::vector<std::unique_ptr<SynapseStore>> stores;  // by partition
};

struct Due {
  std::uint32_t projection, offset, length;
  std::int32_t count;
};

// One partition's range of one population, and where its ports' slots begin.
struct Range {
  std::uint32_t low, high, base;
};

template <class Sum>
struct alignas(64) PartitionState {
  std::vector<std::vector<Sum>> sums;              // [lane][slot]
  std::vector<std::vector<std::vector<Due>>> due;  // [lane][level * depth + tick % depth]
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
  std::vector<std::vector<std::vector<std::byte>>> columns;  // [population][field]: [lane][element]
  std::vector<PartitionState<Sum>> partitions;
  std::vector<SpikeHistory> spike_histories;
  std::vector<ValueHistory> value_histories;
  std::vector<Spikes> source;        // per projection, refreshed by rank 0
  std::vector<SpikeBuffer*> output;  // per population
};

template <class R>
class EventStage final : public Stage {
  using State = EventState<R>;
  using Sum = typename State::Sum;

 public:
  EventStage(const Claim& claim, const EventStagePlan& plan, const Options& options, Team& team)
      : network_(claim.network), options_(options), taps_(claim.field_taps) {
    for (const NodeId id : plan.populations) add_population(id);
    for (const NodeId id : plan.weights) add_projection(claim, id);
    set_levels();
    lay_out();
    depth_ = 1;
    for (const ProjectionPlan& p : projections_) depth_ = std::max(depth_, p.longest + 1);
    depth_ = static_cast<int>(std::bit_ceil(static_cast<unsigned>(depth_)));
    team.run([&](Team::Member& member) {
      for (std::size_t part = static_cast<std::size_t>(member.rank()); part < ranges_.size();
           part += static_cast<std::size_t>(member.size()))
        for (ProjectionPlan& p : projections_) {
          const Range& range = ranges_[part][static_cast<std::size_t>(p.population)];
          const std::uint32_t base = range.base + static_cast<std::uint32_t>(p.port) * (range.high - range.low);
          p.stores[part] = std::make_unique<SynapseStore>(network_, p.weight, claim.quanta.weights.at(p.weight),
                                                          range.low, range.high, base);
        }
    });
  }

  std::unique_ptr<StageState> make_state() const override {
    auto state = std::make_unique<State>();
    const auto lanes = static_cast<std::size_t>(options_.lanes);
    for (const auto& population : populations_) {
      auto& fields = state->columns.emplace_back();
      for (const std::size_t width : population.neurons->widths()) fields.emplace_back(lanes * population.size * width);
    }
    for (const auto& ranges : ranges_) {
      auto& part = state->partitions.emplace_back();
      part.sums.assign(lanes, std::vector<Sum>(slots_of(ranges), 0));
      part.due.assign(lanes, std::vector<std::vector<Due>>(static_cast<std::size_t>(levels_ * depth_)));
      part.fired.resize(populations_.size());
      part.touched.assign(lanes, std::vector<bool>(populations_.size(), false));
      part.idle.assign(lanes, std::vector<int>(populations_.size(), 0));
      part.index.resize(chunk_neurons + 64);
      part.count.resize(chunk_neurons + 64);
    }
    for (const int depth : spike_history_depth_) state->spike_histories.emplace_back(depth, options_.lanes);
    for (const auto& [depth, width] : value_history_) state->value_histories.emplace_back(depth, options_.lanes, width);
    state->source.resize(projections_.size());
    state->output.resize(populations_.size());
    return state;
  }

  void reset(StageState& base, int lane, const Lane& info) const override {
    State& state = static_cast<State&>(base);
    const auto l = static_cast<std::size_t>(lane);
    for (std::size_t p = 0; p < populations_.size(); ++p) initialise(state, p, lane, info);
    for (auto& part : state.partitions) {
      std::fill(part.sums[l].begin(), part.sums[l].end(), Sum{0});
      for (auto& slot : part.due[l]) slot.clear();
      part.touched[l].assign(populations_.size(), false);
      part.idle[l].assign(populations_.size(), 0);
    }
    for (SpikeHistory& history : state.spike_histories) history.erase_lane(lane);
    for (ValueHistory& history : state.value_histories) history.erase_lane(lane);
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
      for (int level = 0; level < levels_; ++level) {
        for_my_partitions(member, [&](std::size_t part) {
          expand(state, part, tick, level, false, slice);
          for (int lane = 0; lane < options_.lanes; ++lane) {
            deliver(state, part, tick, level, lane);
            for (std::size_t p = 0; p < populations_.size(); ++p)
              if (populations_[p].level == level) step(state, part, p, tick, lane, slice);
          }
        });
        if (!recurrent_) continue;
        member.barrier();
        if (member.rank() == 0) merge(state, tick, tick + 1, level);
        member.barrier();
        for_my_partitions(member, [&](std::size_t part) {
          for (std::size_t p = 0; p < populations_.size(); ++p)
            if (populations_[p].level == level) state.partitions[part].fired[p].begin(tick + 1, options_.lanes);
          expand(state, part, tick, level, true, slice);
        });
      }
    member.barrier();
    if (member.rank() == 0) end(state, slice);
  }

  std::optional<std::vector<double>> read(const StageState& base, NodeId node, std::size_t field,
                                          int lane) const override {
    const State& state = static_cast<const State&>(base);
    for (std::size_t p = 0; p < populations_.size(); ++p) {
      if (populations_[p].node != node || field >= populations_[p].neurons->widths().size()) continue;
      std::vector<double> values(populations_[p].size);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = absolute(state, p, field, lane, i);
      return values;
    }
    return std::nullopt;
  }

  void save(const StageState& base, Archive& archive) const override {
    const State& state = static_cast<const State&>(base);
    for (std::size_t p = 0; p < populations_.size(); ++p)
      for (std::size_t f = 0; f < state.columns[p].size(); ++f)
        archive.put<std::byte>(column_name(p, f), state.columns[p][f]);
    for (std::size_t h = 0; h < state.spike_histories.size(); ++h)
      archive.put(spike_history_name_[h], state.spike_histories[h].view());
    for (std::size_t h = 0; h < state.value_histories.size(); ++h)
      archive.put(value_history_name_[h], state.value_histories[h].view());
  }

  Work work(const StageState& base) const override {
    Work sum;
    for (const auto& partition : static_cast<const State&>(base).partitions) sum += partition.work;
    return sum;
  }

  void load(StageState& base, const Archive& archive, std::int64_t next_tick) const override {
    State& state = static_cast<State&>(base);
    for (std::size_t p = 0; p < populations_.size(); ++p)
      for (std::size_t f = 0; f < state.columns[p].size(); ++f) {
        auto bytes = archive.get<std::byte>(column_name(p, f));
        if (bytes.size() != state.columns[p][f].size())
          throw Error(Fault::input, fmt::format("the saved array '{}' has {} bytes, the network needs {}",
                                                column_name(p, f), bytes.size(), state.columns[p][f].size()));
        state.columns[p][f] = std::move(bytes);
      }
    for (const ProjectionPlan& p : projections_)
      state.spike_histories[p.history].load(
          archive.get_spikes(spike_history_name_[p.history], options_.lanes, network_.node(p.source.node).size()));
    for (std::size_t h = 0; h < state.value_histories.size(); ++h)
      state.value_histories[h].load(
          archive.get_values(value_history_name_[h], options_.lanes, value_history_[h].second));
    refill_due(state, next_tick);
  }

 private:
  // ---- building ----

  void add_population(NodeId id) {
    const Node& node = network_.node(id);
    PopulationPlan<R> p{.node = id,
                        .size = static_cast<std::uint32_t>(node.size()),
                        .level = 0,
                        .neurons = population_for<R>(network_, node),
                        .ports = {},
                        .offset = {},
                        .offsets = {},
                        .initial = {},
                        .shown = {},
                        .max_count = network_.max_count(id),
                        .always = node.kind->draws,
                        .taps = {}};
    for (const Port& output : node.kind->outputs)
      if (output.shows) p.shown = node.kind->find_state(output.shows);
    for (std::size_t port = 0; port < node.kind->inputs.size(); ++port) {
      PortPlan& ports = p.ports.emplace_back();
      for (const std::size_t w : network_.wires_into(PortRef{id, port}))
        add_feed(ports, network_.wires()[w], node.size());
      if (!ports.feeds.empty() || !ports.bias.empty()) p.always = true;
    }
    for (const FieldInfo& field : node.kind->state) {
      const Param* offset = field.offset.empty() ? nullptr : &node.param(field.offset);
      p.offset.push_back(offset ? offset->value : 0);
      p.offsets.push_back(offset ? offset->each : std::vector<double>{});
    }
    for (std::size_t t = 0; t < taps_.size(); ++t)
      if (taps_[t].node == id) p.taps.push_back(t);
    populations_.push_back(std::move(p));
    if (!node.initial_per_sample) {
      PopulationPlan<R>& last = populations_.back();
      for (std::size_t f = 0; f < node.initial.size(); ++f)
        last.initial.push_back(draw_initial(populations_.size() - 1, f, 0));
    }
  }

  void add_feed(PortPlan& port, const Wire& wire, std::size_t size) {
    const Node& from = network_.node(wire.from.node);
    if (network_.carries(wire.from) == Carries::sums) {
      const std::vector<double> bias = crosspike::bias(from);
      if (!bias.empty() && port.bias.empty()) port.bias.assign(size, 0.f);
      for (std::size_t i = 0; i < bias.size(); ++i) port.bias[i] += static_cast<float>(bias[i]);
      port.has_sums = true;
      return;
    }
    port.feeds.push_back({wire.from, wire.delay, value_history_.size()});
    value_history_.emplace_back(wire.delay, size);
    value_history_name_.push_back(fmt::format("{}.feed{}", from.name, value_history_.size()));
  }

  void add_projection(const Claim& claim, NodeId id) {
    const Wire& in = network_.incoming(id);
    const PortRef target = network_.wires()[network_.wires_from(id).front()].to;
    ProjectionPlan p{.weight = id,
                     .source = in.from,
                     .delay = in.delay,
                     .longest = in.delay + claim.quanta.weights.at(id).longest_delay,
                     .population = population_of(target.node),
                     .port = static_cast<int>(target.port),
                     .level = 0,
                     .internal = population_of(in.from.node),
                     .history = spike_history_depth_.size(),
                     .stores = {}};
    spike_history_depth_.push_back(p.longest);
    spike_history_name_.push_back(network_.node(id).name + ".spikes");
    populations_[static_cast<std::size_t>(p.population)].ports[target.port].exponent = claim.quanta.exponent.at(target);
    recurrent_ |= p.internal >= 0;
    projections_.push_back(std::move(p));
  }

  int population_of(NodeId node) const {
    for (std::size_t p = 0; p < populations_.size(); ++p)
      if (populations_[p].node == node) return static_cast<int>(p);
    return -1;
  }

  // A population steps after all that reach it without delay inside the stage (a cycle of them was refused).
  void set_levels() {
    std::vector<std::pair<int, int>> undelayed;
    for (const ProjectionPlan& p : projections_)
      if (p.internal >= 0 && p.delay == 0) undelayed.emplace_back(p.internal, p.population);
    for (std::size_t to = 0; to < populations_.size(); ++to)
      for (const PortPlan& port : populations_[to].ports)
        for (const Feed& feed : port.feeds) {
          const int from = population_of(feed.source.node);
          recurrent_ |= from >= 0;
          if (from >= 0 && feed.delay == 0) undelayed.emplace_back(from, static_cast<int>(to));
        }
    for (std::size_t round = 0; round < populations_.size(); ++round)
      for (const auto& [from, to] : undelayed) raise(from, to);
    levels_ = 1;
    for (const auto& population : populations_) levels_ = std::max(levels_, population.level + 1);
    for (ProjectionPlan& p : projections_) p.level = populations_[static_cast<std::size_t>(p.population)].level;
  }
  void raise(int from, int to) {
    int& level = populations_[static_cast<std::size_t>(to)].level;
    level = std::max(level, populations_[static_cast<std::size_t>(from)].level + 1);
  }

  void lay_out() {
    std::vector<NodeId> nodes;
    for (const auto& population : populations_) nodes.push_back(population.node);
    const auto parts = static_cast<std::uint64_t>(partition_count(network_, nodes, options_.partitions));
    for (std::uint64_t part = 0; part < parts; ++part) {
      std::vector<Range>& ranges = ranges_.emplace_back();
      std::uint32_t base = 0;
      for (const auto& population : populations_) {
        const auto low = static_cast<std::uint32_t>(population.size * part / parts);
        const auto high = static_cast<std::uint32_t>(population.size * (part + 1) / parts);
        ranges.push_back({low, high, base});
        base += (high - low) * static_cast<std::uint32_t>(population.ports.size());
      }
    }
    for (ProjectionPlan& p : projections_) p.stores.resize(ranges_.size());
  }

  std::size_t slots_of(const std::vector<Range>& ranges) const {
    std::size_t slots = 0;
    for (std::size_t p = 0; p < ranges.size(); ++p)
      slots += (ranges[p].high - ranges[p].low) * populations_[p].ports.size();
    return slots;
  }

  std::vector<double> draw_initial(std::size_t p, std::size_t field, std::uint32_t stream) const {
    const Node& node = network_.node(populations_[p].node);
    const RandomKey key = random_key(network_.seed, Purpose::initial_state, node.name);
    std::vector<double> values(node.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      Draws<double> draws(key, static_cast<std::uint32_t>(i), field, stream);
      values[i] = node.initial[field].draw(draws, i) - populations_[p].offset_at(field, i);
    }
    return values;
  }

  // ---- state ----

  std::string column_name(std::size_t p, std::size_t field) const {
    const Node& node = network_.node(populations_[p].node);
    return node.name + "." + node.kind->state[field].name;
  }

  void initialise(State& state, std::size_t p, int lane, const Lane& info) const {
    const PopulationPlan<R>& population = populations_[p];
    for (std::size_t f = 0; f < state.columns[p].size(); ++f) {
      const std::vector<double> drawn = population.initial.empty()
                                            ? draw_initial(p, f, static_cast<std::uint32_t>(info.stream))
                                            : std::vector<double>{};
      const std::vector<double>& values = population.initial.empty() ? drawn : population.initial[f];
      std::byte* column = column_at(state, p, f, lane, 0);
      for (std::size_t i = 0; i < values.size(); ++i) store(column, population.neurons->integers()[f], i, values[i]);
    }
  }

  static void store(std::byte* column, bool integer, std::size_t i, double value) {
    if (integer)
      reinterpret_cast<std::int32_t*>(column)[i] = static_cast<std::int32_t>(value);
    else
      reinterpret_cast<R*>(column)[i] = static_cast<R>(value);
  }

  std::byte* column_at(State& state, std::size_t p, std::size_t field, int lane, std::size_t element) const {
    const PopulationPlan<R>& population = populations_[p];
    return state.columns[p][field].data() +
           population.neurons->widths()[field] * (static_cast<std::size_t>(lane) * population.size + element);
  }

  double absolute(const State& state, std::size_t p, std::size_t field, int lane, std::size_t element) const {
    const std::byte* at = column_at(const_cast<State&>(state), p, field, lane, element);
    const double value = populations_[p].neurons->integers()[field]
                             ? *reinterpret_cast<const std::int32_t*>(at)
                             : static_cast<double>(*reinterpret_cast<const R*>(at));
    return value + populations_[p].offset_at(field, element);
  }

  // ---- one slice ----

  template <class Body>
  void for_my_partitions(const Team::Member& member, Body body) const {
    for (std::size_t part = static_cast<std::size_t>(member.rank()); part < ranges_.size();
         part += static_cast<std::size_t>(member.size()))
      body(part);
  }

  void begin(State& state, const Slice& slice) const {
    for (std::size_t p = 0; p < populations_.size(); ++p) {
      if (populations_[p].shown) {
        slice.wires.values[{populations_[p].node, 0}].begin(slice.first_tick, slice.ticks, options_.lanes,
                                                            populations_[p].size);
      } else {
        state.output[p] = &slice.wires.spikes[{populations_[p].node, 0}];
        state.output[p]->begin(slice.first_tick, options_.lanes);
      }
    }
    for (std::size_t i = 0; i < projections_.size(); ++i)
      state.source[i] = slice.wires.spikes[projections_[i].source].view();
    for (const auto& population : populations_)
      for (const PortPlan& port : population.ports)
        for (const Feed& feed : port.feeds) slice.wires.values[feed.source];  // exists before ranks read the map
  }

  // Sources that run later in the order still hold the slice before: all their rows enter the due slots at once.
  void expand_feedback(State& state, std::size_t part, const Slice& slice) const {
    for (std::size_t i = 0; i < projections_.size(); ++i) {
      const Spikes& rows = state.source[i];
      if (projections_[i].internal >= 0 || rows.first_tick == slice.first_tick) continue;
      for (std::int64_t tick = rows.first_tick; tick < rows.first_tick + rows.ticks; ++tick)
        for (int lane = 0; lane < options_.lanes; ++lane) push_runs(state, part, i, tick, lane, rows, slice.first_tick);
    }
  }

  // Spikes of `tick` into the due slots: of outside sources before the level that they reach steps, of inside ones
  // after the level that sent them did.
  void expand(State& state, std::size_t part, std::int64_t tick, int level, bool internal, const Slice& slice) const {
    for (std::size_t i = 0; i < projections_.size(); ++i) {
      const ProjectionPlan& p = projections_[i];
      if ((p.internal >= 0) != internal) continue;
      if (internal ? populations_[static_cast<std::size_t>(p.internal)].level != level : p.level != level) continue;
      const Spikes& rows = state.source[i];
      if (!internal && rows.first_tick != slice.first_tick) continue;
      if (tick >= rows.first_tick + rows.ticks) continue;  // a later claim's, which has not run yet
      for (int lane = 0; lane < options_.lanes; ++lane) push_runs(state, part, i, tick, lane, rows, tick);
    }
  }

  void push_runs(State& state, std::size_t part, std::size_t projection, std::int64_t tick, int lane,
                 const Spikes& rows, std::int64_t not_before) const {
    const ProjectionPlan& p = projections_[projection];
    const SynapseStore& store = *p.stores[part];
    auto* due = state.partitions[part].due[static_cast<std::size_t>(lane)].data() + p.level * depth_;
    const auto index = rows.at(tick, lane);
    const auto counts = rows.counts_at(tick, lane);
    for (std::size_t k = 0; k < index.size(); ++k)
      for (const Run& run : store.runs_of(index[k])) {
        const std::int64_t at = tick + p.delay + run.delay;
        if (at < not_before) continue;  // loading a checkpoint: delivered before it was written
        due[at & (depth_ - 1)].push_back(
            {static_cast<std::uint32_t>(projection), run.offset, run.length, counts.empty() ? 1 : counts[k]});
      }
  }

  void deliver(State& state, std::size_t part, std::int64_t tick, int level, int lane) const {
    auto& partition = state.partitions[part];
    const auto l = static_cast<std::size_t>(lane);
    auto& due = partition.due[l][static_cast<std::size_t>(level * depth_ + static_cast<int>(tick & (depth_ - 1)))];
    Sum* sums = partition.sums[l].data();
    std::uint64_t delivered = 0;
    for (std::size_t k = 0; k < due.size(); ++k) {
      if (k + ahead < due.size()) projections_[due[k + ahead].projection].stores[part]->prefetch(due[k + ahead].offset);
      const Due& run = due[k];
      const ProjectionPlan& p = projections_[run.projection];
      p.stores[part]->deliver(run.offset, run.length, run.count, sums);
      delivered += run.length;
      partition.touched[l][static_cast<std::size_t>(p.population)] = true;
    }
    partition.work.synaptic_events += delivered;
    due.clear();
  }

  void step(State& state, std::size_t part, std::size_t p, std::int64_t tick, int lane, const Slice& slice) const {
    const PopulationPlan<R>& population = populations_[p];
    auto& partition = state.partitions[part];
    const auto l = static_cast<std::size_t>(lane);
    const Range& range = ranges_[part][p];
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
    const PopulationPlan<R>& population = populations_[p];
    const std::size_t n = high - low;
    alignas(64) R inputs[most_ports][chunk_neurons];
    const R* input[most_ports];
    for (std::size_t port = 0; port < population.ports.size(); ++port)
      input[port] = gather(state, partition, population, port, range, low, n, tick, lane, slice, inputs[port]);
    void* columns[most_columns];
    const std::size_t fields = state.columns[p].size();
    for (std::size_t f = 0; f < fields; ++f) columns[f] = column_at(state, p, f, lane, low);
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
    const PortPlan& plan = population.ports[port];
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
    for (std::size_t i = 0; i < n && !plan.bias.empty(); ++i) out[i] += static_cast<R>(plan.bias[low + i]);
    for (const Feed& feed : plan.feeds) {
      const Values now = slice.wires.values.find(feed.source)->second.view(),
                   old = state.value_histories[feed.history].view();
      const std::int64_t at = tick - feed.delay;
      const bool in_slice = at >= now.first_tick && at < now.first_tick + now.ticks;
      if (!in_slice && !state.value_histories[feed.history].holds(at)) continue;  // before the run began
      const std::span<const float> row = (in_slice ? now : old).at(at, lane);
      for (std::size_t i = 0; i < n; ++i) out[i] += static_cast<R>(row[low + i]);
    }
    return out;
  }

  void check_counts(const PopulationPlan<R>& population, std::span<const std::uint32_t> index,
                    std::span<const std::int32_t> counts, std::int64_t tick, std::uint64_t stream) const {
    for (std::size_t k = 0; k < counts.size(); ++k)
      if (std::abs(static_cast<double>(counts[k])) > population.max_count)
        throw Error(Fault::input, fmt::format("{}: {} events of element {} in tick {} of stream {}; declared bound {}; "
                                              "raise it",
                                              network_.node(population.node).name, counts[k], index[k], tick, stream,
                                              population.max_count));
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
    if (!populations_[p].shown) return;
    const std::span<float> row = slice.wires.values.find({populations_[p].node, 0})->second.row(tick, lane);
    for (std::uint32_t i = range.low; i < range.high; ++i)
      row[i] = static_cast<float>(absolute(state, p, *populations_[p].shown, lane, i));
  }

  // Rows of a tap are ordered by (tick, lane), and a lane has one after every n-th of its own ticks.
  static std::size_t row_of(int every, std::int64_t tick, int lane, const Slice& slice) {
    std::int64_t row = 0;
    for (int other = 0; other < static_cast<int>(slice.lanes.size()); ++other) {
      const std::int64_t origin = slice.lanes[static_cast<std::size_t>(other)].origin;
      row += (tick - origin) / every - (slice.first_tick - origin) / every;
      if (other < lane && (tick - origin + 1) % every == 0) ++row;
    }
    return static_cast<std::size_t>(row);
  }

  // The row of (tick, lane) in the tap's table was made before the slice; each partition fills its own elements.
  void record(State& state, std::size_t tap, std::size_t p, const Range& range, std::int64_t tick, int lane,
              const Slice& slice) const {
    const FieldTap& plan = taps_[tap];
    const std::int64_t local = tick - slice.lanes[static_cast<std::size_t>(lane)].origin;
    if ((local + 1) % plan.every != 0) return;
    TapRows& rows = slice.wires.taps[tap];
    const std::size_t row = row_of(plan.every, tick, lane, slice);
    const std::size_t width = plan.indices.empty() ? populations_[p].size : plan.indices.size();
    double* out = rows.values.data() + row * width;
    for (std::size_t k = 0; k < width; ++k) {
      const std::uint32_t element = plan.indices.empty() ? static_cast<std::uint32_t>(k) : plan.indices[k];
      if (element >= range.low && element < range.high) out[k] = absolute(state, p, plan.field, lane, element);
    }
  }

  // Rank 0: what the partitions collected in ticks [first, last) becomes rows of the population's wire; partitions are
  // contiguous ranges, so joining them in order keeps a row ascending.
  void merge(State& state, std::int64_t first, std::int64_t last, int level) const {
    for (std::size_t p = 0; p < populations_.size(); ++p) {
      if (populations_[p].shown || populations_[p].level != level) continue;
      for (std::int64_t tick = first; tick < last; ++tick)
        for (int lane = 0; lane < options_.lanes; ++lane) {
          for (const auto& partition : state.partitions) {
            const Spikes rows = partition.fired[p].view();
            state.output[p]->append(rows.at(tick, lane), rows.counts_at(tick, lane));
          }
          state.output[p]->end_row();
        }
      for (std::size_t i = 0; i < projections_.size(); ++i)
        if (projections_[i].internal == static_cast<int>(p)) state.source[i] = state.output[p]->view();
    }
  }

  void end(State& state, const Slice& slice) const {
    if (!recurrent_)
      for (int level = 0; level < levels_; ++level)
        merge(state, slice.first_tick, slice.first_tick + slice.ticks, level);
    for (std::size_t i = 0; i < projections_.size(); ++i)
      state.spike_histories[projections_[i].history].append(slice.wires.spikes[projections_[i].source].view());
    for (const auto& population : populations_)
      for (const PortPlan& port : population.ports)
        for (const Feed& feed : port.feeds)
          state.value_histories[feed.history].append(slice.wires.values[feed.source].view());
  }

  // What had been delivered before `next_tick` is over; the rows of a later claim's last slice come with its wire.
  void refill_due(State& state, std::int64_t next_tick) const {
    for (std::size_t part = 0; part < ranges_.size(); ++part) {
      for (auto& lane : state.partitions[part].due)
        for (auto& slot : lane) slot.clear();
      for (auto& lane : state.partitions[part].idle) lane.assign(populations_.size(), 0);
      for (std::size_t i = 0; i < projections_.size(); ++i) {
        const Spikes rows = state.spike_histories[projections_[i].history].view();
        for (std::int64_t tick = rows.first_tick; tick < rows.first_tick + rows.ticks; ++tick)
          for (int lane = 0; lane < options_.lanes; ++lane) push_runs(state, part, i, tick, lane, rows, next_tick);
      }
    }
  }

  const Network& network_;
  const Options options_;
  const std::span<const FieldTap> taps_;
  std::vector<PopulationPlan<R>> populations_;
  std::vector<ProjectionPlan> projections_;
  std::vector<std::vector<Range>> ranges_;  // [partition][population]
  std::vector<int> spike_history_depth_;
  std::vector<std::pair<int, std::size_t>> value_history_;  // depth, width
  std::vector<std::string> spike_history_name_, value_history_name_;
  bool recurrent_ = false;
  int levels_ = 1, depth_ = 1;
};

}  // namespace

int partition_count(const Network& network, std::span<const NodeId> populations, int wanted) {
  const auto slots = [&](std::uint64_t parts) {  // of the largest partition: each population is cut by itself
    std::uint64_t sum = 0;
    for (const NodeId id : populations)
      sum += (network.node(id).size() + parts - 1) / parts * network.node(id).kind->inputs.size();
    return sum;
  };
  if (slots(std::numeric_limits<std::uint32_t>::max()) > most_slots)
    throw Error(Fault::cannot, fmt::format("{}: more than {} input ports in one stage; make fewer, larger populations",
                                           network.node(populations.front()).name, most_slots));
  auto parts = static_cast<std::uint64_t>(std::max(1, wanted));
  while (slots(parts) > most_slots) ++parts;
  return static_cast<int>(parts);
}

std::unique_ptr<Stage> make_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options,
                                        Team& team) {
  if (claim.network.precision == Precision::double_)
    return std::make_unique<EventStage<double>>(claim, plan, options, team);
  return std::make_unique<EventStage<float>>(claim, plan, options, team);
}

Footprint estimate_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options) {
  const Network& network = claim.network;
  const std::size_t real = network.precision == Precision::double_ ? 8 : 4,
                    lanes = static_cast<std::size_t>(options.lanes);
  const auto parts = static_cast<std::size_t>(partition_count(network, plan.populations, options.partitions));
  Footprint f;
  for (const NodeId id : plan.populations) {
    const Node& node = network.node(id);
    f.state_bytes += node.size() * lanes * (node.kind->state.size() + node.kind->inputs.size()) * real;
    f.program_bytes += node.size() * node.kind->state.size() * sizeof(double);
    if (!node.uniform()) f.program_bytes += node.size() * node.kind->params.size() * real * 2;
  }
  for (const NodeId id : plan.weights) {
    const WeightQuantum& quantum = claim.quanta.weights.at(id);
    const std::size_t sources = network.node(network.incoming(id).from.node).size();
    const std::size_t runs = std::min<std::size_t>(
        quantum.synapses, sources * (static_cast<std::size_t>(quantum.longest_delay) + 1) * parts);
    f.program_bytes +=
        quantum.synapses * SynapseStore::bytes_per_synapse(quantum) + runs * sizeof(Run) + sources * parts * 4;
  }
  return f;
}

}  // namespace crosspike::cpu
