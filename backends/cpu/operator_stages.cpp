// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <crosspike/backends/cpu/history.hpp>
#include <crosspike/backends/cpu/operator_stages.hpp>
#include <crosspike/backends/cpu/synapses.hpp>
#include <crosspike/operators/spike_list.hpp>
#include <crosspike/operators/step_current.hpp>
#include <crosspike/operators/weights.hpp>

namespace crosspike::cpu {

namespace {

std::int64_t local_tick(const Slice& slice, std::int64_t tick, int lane) {
  return tick - slice.lanes[static_cast<std::size_t>(lane)].origin;
}

int longest_ticks(const Node& delay) {
  double longest = 0;
  for (std::size_t i = 0; i < delay.size(); ++i) longest = std::max(longest, delay.param("ticks").at(i));
  return static_cast<int>(longest);
}

class NoState final : public StageState {};

class SpikeListStage final : public Stage {
 public:
  SpikeListStage(const Claim& claim, NodeId node, const Options& options)
      : node_(node), lanes_(options.lanes), spikes_(listed_spikes(claim.network.node(node), claim.network.dt)) {}

  std::unique_ptr<StageState> make_state() const override { return std::make_unique<NoState>(); }
  void reset(StageState&, int, const Lane&) const override {}

  void advance(StageState&, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    SpikeBuffer& out = slice.wires.spikes[{node_, 0}];
    out.begin(slice.first_tick, lanes_);
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int lane = 0; lane < lanes_; ++lane) {
        const std::int64_t local = local_tick(slice, tick, lane);
        auto spike = std::lower_bound(spikes_.begin(), spikes_.end(), local,
                                      [](const ListedSpike& s, std::int64_t t) { return s.tick < t; });
        for (; spike != spikes_.end() && spike->tick == local; ++spike) out.append(spike->element, spike->count);
        out.end_row();
      }
  }

 private:
  NodeId node_;
  int lanes_;
  std::vector<ListedSpike> spikes_;
};

// Where each lane stands in the list of steps, so that a slice does not begin at the first one.
struct StepCurrentState final : StageState {
  struct Position {
    std::int64_t tick = 0;  // of the lane, that comes next
    std::size_t next = 0;
    std::vector<float> now;
  };
  std::vector<Position> lanes;
};

class StepCurrentStage final : public Stage {
 public:
  StepCurrentStage(const Claim& claim, NodeId node, const Options& options)
      : node_(node),
        lanes_(options.lanes),
        width_(claim.network.node(node).size()),
        steps_(current_steps(claim.network, claim.network.node(node))) {}

  std::unique_ptr<StageState> make_state() const override {
    auto state = std::make_unique<StepCurrentState>();
    state->lanes.assign(static_cast<std::size_t>(lanes_), {.now = std::vector<float>(width_, 0.f)});
    return state;
  }
  void reset(StageState&, int, const Lane&) const override {}

  void advance(StageState& base, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    ValueBuffer& out = slice.wires.values[{node_, 0}];
    out.begin(slice.first_tick, slice.ticks, lanes_, width_);
    for (int lane = 0; lane < lanes_; ++lane) {
      auto& at = static_cast<StepCurrentState&>(base).lanes[static_cast<std::size_t>(lane)];
      const std::int64_t first = local_tick(slice, slice.first_tick, lane);
      if (at.tick != first) {  // reset or loaded
        at.next = 0;
        std::fill(at.now.begin(), at.now.end(), 0.f);
      }
      for (int t = 0; t < slice.ticks; ++t) {
        for (; at.next < steps_.size() && steps_[at.next].tick <= first + t; ++at.next) apply(steps_[at.next], at.now);
        std::ranges::copy(at.now, out.row(slice.first_tick + t, lane).begin());
      }
      at.tick = first + slice.ticks;
    }
  }

 private:
  static void apply(const CurrentStep& step, std::vector<float>& now) {
    const auto value = static_cast<float>(step.value);
    if (step.element == every_element)
      std::fill(now.begin(), now.end(), value);
    else
      now[step.element] = value;
  }

  NodeId node_;
  int lanes_;
  std::size_t width_;
  std::vector<CurrentStep> steps_;
};

// Stages that need spikes of earlier ticks keep them in a history.
struct HistoryState final : StageState {
  HistoryState(int depth, int lanes) : history(depth, lanes) {}
  SpikeHistory history;
  std::vector<std::pair<std::uint32_t, std::int32_t>> row;  // scratch
  std::vector<std::int64_t> sums;                           // scratch
};

class HistoryStage : public Stage {
 public:
  HistoryStage(const Claim& claim, NodeId node, const Options& options)
      : node_(node),
        source_(claim.network.incoming(node).from),
        delay_(claim.network.incoming(node).delay),
        lanes_(options.lanes),
        source_width_(claim.network.node(source_.node).size()),
        name_(claim.network.node(node).name) {}

  std::unique_ptr<StageState> make_state() const override { return std::make_unique<HistoryState>(longest_, lanes_); }
  void reset(StageState& state, int lane, const Lane&) const override { of(state).history.erase_lane(lane); }
  void save(const StageState& state, Archive& archive) const override {
    archive.put(name_ + ".in", static_cast<const HistoryState&>(state).history.rows().view());
  }
  void load(StageState& state, const Archive& archive, std::int64_t) const override {
    of(state).history.load(archive.get_spikes(name_ + ".in", lanes_, source_width_));
  }

  void advance(StageState& state, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    const Spikes now = slice.wires.spikes[source_].view();
    run(of(state), now, slice);
    of(state).history.append(now);
  }

 protected:
  virtual void run(HistoryState& state, const Spikes& now, const Slice& slice) const = 0;
  // Rows that hold `tick`, or nothing: before the run began.
  static std::optional<Spikes> rows_with(std::int64_t tick, const Spikes& now, const SpikeHistory& history) {
    if (tick >= now.first_tick && tick < now.first_tick + now.ticks) return now;
    if (history.held().holds(tick)) return history.at(tick);
    return std::nullopt;
  }

  NodeId node_;
  PortRef source_;
  int delay_, lanes_, longest_ = 0;
  std::size_t source_width_;
  std::string name_;

 private:
  static HistoryState& of(StageState& state) { return static_cast<HistoryState&>(state); }
};

class DelayStage final : public HistoryStage {
 public:
  DelayStage(const Claim& claim, NodeId node, const Options& options) : HistoryStage(claim, node, options) {
    const Node& n = claim.network.node(node);
    for (std::uint32_t i = 0; i < n.size(); ++i) {
      ticks_.push_back(delay_ + static_cast<int>(n.param("ticks").at(i)));
      distinct_.push_back(ticks_.back());
    }
    std::sort(distinct_.begin(), distinct_.end());
    distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
    longest_ = distinct_.back();
  }

 private:
  void run(HistoryState& state, const Spikes& now, const Slice& slice) const override {
    SpikeBuffer& out = slice.wires.spikes[{node_, 0}];
    out.begin(slice.first_tick, lanes_);
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int lane = 0; lane < lanes_; ++lane) {
        state.row.clear();
        float amplitude = 1;
        for (const int delay : distinct_) {
          const auto from = rows_with(tick - delay, now, state.history);
          if (!from) continue;
          const auto index = from->at(tick - delay, lane);
          const auto count = from->counts_at(tick - delay, lane);
          for (std::size_t k = 0; k < index.size(); ++k)
            if (ticks_[index[k]] == delay) state.row.emplace_back(index[k], count.empty() ? 1 : count[k]);
          if (distinct_.size() == 1) amplitude = from->amplitude_at(tick - delay, lane);
        }
        std::sort(state.row.begin(), state.row.end());
        for (const auto& [index, count] : state.row) out.append(index, count);
        out.end_row(amplitude);
      }
  }

  std::vector<int> ticks_, distinct_;
};

class ScaledWeightsStage final : public HistoryStage {
 public:
  ScaledWeightsStage(const Claim& claim, NodeId node, const Options& options)
      : HistoryStage(claim, node, options),
        width_(claim.network.node(node).size()),
        quantum_(std::ldexp(1.f, -claim.quanta.exponent.at({node, 0}))),
        bias_(bias(claim.network.node(node))),
        store_(claim.network, node, claim.quanta.weights.at(node), 0, static_cast<std::uint32_t>(width_), 0) {
    longest_ = delay_;
  }

 private:
  void run(HistoryState& state, const Spikes& now, const Slice& slice) const override {
    ValueBuffer& out = slice.wires.values[{node_, 0}];
    out.begin(slice.first_tick, slice.ticks, lanes_, width_);
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int lane = 0; lane < lanes_; ++lane) {
        const auto row = out.row(tick, lane);
        for (std::size_t i = 0; i < bias_.size(); ++i) row[i] = static_cast<float>(bias_[i]);
        const auto from = rows_with(tick - delay_, now, state.history);
        if (!from) continue;
        state.sums.assign(width_, 0);
        const auto index = from->at(tick - delay_, lane);
        const auto count = from->counts_at(tick - delay_, lane);
        for (std::size_t k = 0; k < index.size(); ++k)
          for (const Run& run : store_.runs_of(index[k]))
            store_.deliver(run.offset, run.length, count.empty() ? 1 : count[k], state.sums.data());
        const float scale = from->amplitude_at(tick - delay_, lane);
        for (std::size_t i = 0; i < width_; ++i) row[i] += static_cast<float>(state.sums[i]) * quantum_ * scale;
      }
  }

  std::size_t width_;
  float quantum_;
  std::vector<double> bias_;
  SynapseStore store_;
};

}  // namespace

std::unique_ptr<Stage> make_operator_stage(const Claim& claim, NodeId node, const Options& options) {
  const std::string& kind = claim.network.node(node).kind->name;
  if (kind == "spike_list") return std::make_unique<SpikeListStage>(claim, node, options);
  if (kind == "step_current") return std::make_unique<StepCurrentStage>(claim, node, options);
  if (kind == "delay") return std::make_unique<DelayStage>(claim, node, options);
  return std::make_unique<ScaledWeightsStage>(claim, node, options);
}

Footprint estimate_operator_stage(const Claim& claim, NodeId id, const Options& options) {
  const Network& network = claim.network;
  const Node& node = network.node(id);
  const std::string& kind = node.kind->name;
  if (kind == "spike_list") return {listed_spikes(node, network.dt).size() * sizeof(ListedSpike), 0};
  if (kind == "step_current")
    return {current_steps(network, node).size() * sizeof(CurrentStep),
            static_cast<std::size_t>(options.lanes) * node.size() * sizeof(float)};
  const int wire = network.incoming(id).delay;
  if (kind == "delay") return {node.size() * sizeof(int), SpikeHistory::bytes(wire + longest_ticks(node))};
  return {SynapseStore::bytes(network, id, claim.quanta.weights.at(id), 1) + node.size() * sizeof(double),
          SpikeHistory::bytes(wire) + node.size() * sizeof(std::int64_t)};
}

}  // namespace crosspike::cpu
