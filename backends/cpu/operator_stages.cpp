// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <crosspike/backends/cpu/operator_stages.hpp>
#include <crosspike/backends/cpu/synapses.hpp>
#include <crosspike/operators/spike_list.hpp>
#include <crosspike/operators/step_current.hpp>
#include <crosspike/operators/weights.hpp>
#include <map>

namespace crosspike::cpu {

namespace {

std::int64_t local_tick(const Slice& slice, std::int64_t tick, int lane) {
  return tick - slice.lanes[static_cast<std::size_t>(lane)].origin;
}

class NoState final : public StageState {};

class SpikeListStage final : public Stage {
 public:
  SpikeListStage(const Claim& claim, NodeId node, const Options& options)
      : node_(node), lanes_(options.lanes), spikes_(listed_spikes(claim.network, claim.network.node(node))) {}

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

class StepCurrentStage final : public Stage {
 public:
  StepCurrentStage(const Claim& claim, NodeId node, const Options& options)
      : node_(node),
        lanes_(options.lanes),
        width_(claim.network.node(node).size()),
        steps_(current_steps(claim.network, claim.network.node(node))) {}

  std::unique_ptr<StageState> make_state() const override { return std::make_unique<NoState>(); }
  void reset(StageState&, int, const Lane&) const override {}

  void advance(StageState&, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    ValueBuffer& out = slice.wires.values[{node_, 0}];
    out.begin(slice.first_tick, slice.ticks, lanes_, width_);
    for (int lane = 0; lane < lanes_; ++lane) {
      std::vector<float> now(width_, 0.f);
      std::size_t next = 0;
      for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick) {
        for (; next < steps_.size() && steps_[next].tick <= local_tick(slice, tick, lane); ++next) {
          const auto value = static_cast<float>(steps_[next].value);
          if (steps_[next].element == every_element)
            std::fill(now.begin(), now.end(), value);
          else
            now[steps_[next].element] = value;
        }
        std::ranges::copy(now, out.row(tick, lane).begin());
      }
    }
  }

 private:
  NodeId node_;
  int lanes_;
  std::size_t width_;
  std::vector<CurrentStep> steps_;
};

// Stages that need spikes of earlier ticks keep them in a history.
struct HistoryState final : StageState {
  explicit HistoryState(int depth, int lanes) : history(depth, lanes) {}
  SpikeHistory history;
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
  void reset(StageState& state, int lane, const Lane&) const override { history(state).erase_lane(lane); }
  void save(const StageState& state, Archive& archive) const override {
    archive.put(name_ + ".in", static_cast<const HistoryState&>(state).history.view());
  }
  void load(StageState& state, const Archive& archive, std::int64_t) const override {
    history(state).load(archive.get_spikes(name_ + ".in", lanes_, source_width_));
  }

  void advance(StageState& state, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    run(history(state), slice.wires.spikes[source_].view(), slice);
    history(state).append(slice.wires.spikes[source_].view());
  }

 protected:
  virtual void run(const SpikeHistory& history, const Spikes& now, const Slice& slice) const = 0;
  // The rows that hold `tick`, or null: before the run began.
  static const Spikes* rows_with(std::int64_t tick, const Spikes& now, const SpikeHistory& history, const Spikes& old) {
    if (tick >= now.first_tick && tick < now.first_tick + now.ticks) return &now;
    return history.holds(tick) ? &old : nullptr;
  }

  NodeId node_;
  PortRef source_;
  int delay_, lanes_, longest_ = 0;
  std::size_t source_width_;
  std::string name_;

 private:
  static SpikeHistory& history(StageState& state) { return static_cast<HistoryState&>(state).history; }
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
  void run(const SpikeHistory& history, const Spikes& now, const Slice& slice) const override {
    SpikeBuffer& out = slice.wires.spikes[{node_, 0}];
    const Spikes old = history.view();
    out.begin(slice.first_tick, lanes_);
    std::map<std::uint32_t, std::int32_t> row;  // ascending; one source tick per distinct delay adds to it
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int lane = 0; lane < lanes_; ++lane) {
        row.clear();
        float amplitude = 1;
        for (const int delay : distinct_) {
          const Spikes* from = rows_with(tick - delay, now, history, old);
          if (!from) continue;
          const auto index = from->at(tick - delay, lane);
          const auto count = from->counts_at(tick - delay, lane);
          for (std::size_t k = 0; k < index.size(); ++k)
            if (ticks_[index[k]] == delay) row[index[k]] = count.empty() ? 1 : count[k];
          if (distinct_.size() == 1) amplitude = from->amplitude_at(tick - delay, lane);
        }
        for (const auto& [index, count] : row) out.append(index, count);
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
  void run(const SpikeHistory& history, const Spikes& now, const Slice& slice) const override {
    ValueBuffer& out = slice.wires.values[{node_, 0}];
    const Spikes old = history.view();
    out.begin(slice.first_tick, slice.ticks, lanes_, width_);
    std::vector<std::int64_t> sums(width_);
    for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
      for (int lane = 0; lane < lanes_; ++lane) {
        const auto row = out.row(tick, lane);
        for (std::size_t i = 0; i < bias_.size(); ++i) row[i] = static_cast<float>(bias_[i]);
        const Spikes* from = rows_with(tick - delay_, now, history, old);
        if (!from) continue;
        std::fill(sums.begin(), sums.end(), 0);
        const auto index = from->at(tick - delay_, lane);
        const auto count = from->counts_at(tick - delay_, lane);
        for (std::size_t k = 0; k < index.size(); ++k)
          for (const Run& run : store_.runs_of(index[k]))
            store_.deliver(run.offset, run.length, count.empty() ? 1 : count[k], sums.data());
        const float scale = from->amplitude_at(tick - delay_, lane);
        for (std::size_t i = 0; i < width_; ++i) row[i] += static_cast<float>(sums[i]) * quantum_ * scale;
      }
  }

  std::size_t width_;
  float quantum_;
  std::vector<double> bias_;
  SynapseStore store_;
};

}  // namespace

std::unique_ptr<Stage> make_spike_list_stage(const Claim& claim, NodeId node, const Options& options) {
  return std::make_unique<SpikeListStage>(claim, node, options);
}
std::unique_ptr<Stage> make_step_current_stage(const Claim& claim, NodeId node, const Options& options) {
  return std::make_unique<StepCurrentStage>(claim, node, options);
}
std::unique_ptr<Stage> make_delay_stage(const Claim& claim, NodeId node, const Options& options) {
  return std::make_unique<DelayStage>(claim, node, options);
}
std::unique_ptr<Stage> make_scaled_weights_stage(const Claim& claim, NodeId node, const Options& options) {
  return std::make_unique<ScaledWeightsStage>(claim, node, options);
}

}  // namespace crosspike::cpu
