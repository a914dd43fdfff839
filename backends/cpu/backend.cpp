// SPDX-License-Identifier: Apache-2.0
// The cpu backend: cuts a claim into stages and runs them in topological order.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/backends/cpu/event_layout.hpp>
#include <crosspike/backends/cpu/event_stage.hpp>
#include <crosspike/backends/cpu/kind_population.hpp>
#include <crosspike/backends/cpu/kinds.hpp>
#include <crosspike/backends/cpu/operator_stages.hpp>
#include <crosspike/backends/cpu/simd.hpp>
#include <crosspike/core/backend.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/graph.hpp>
#include <cstdlib>

namespace crosspike {

namespace cpu {
namespace {

struct StagePlan {
  std::vector<NodeId> operators;  // one, unless the component is a loop that this backend cannot run
  EventStagePlan events;
};

bool gives_sums(const Network& network, NodeId id) {
  return network.node(id).kind->is_weight && network.carries({id, 0}) == Carries::sums;
}

// Weights that give sums, of which only one end is in the claim.
std::vector<NodeId> parted_weights(const Claim& claim) {
  const Network& network = claim.network;
  const auto mine = [&](NodeId id) { return std::binary_search(claim.nodes.begin(), claim.nodes.end(), id); };
  std::vector<NodeId> parted;
  for (NodeId id = 0; id < network.nodes().size(); ++id)
    if (gives_sums(network, id) && mine(id) != mine(network.wires()[network.wires_from(id).front()].to.node))
      parted.push_back(id);
  return parted;
}

// Weights that give sums live in their target's stage; stages are then the strong components of what is left.
std::vector<StagePlan> cut_stages(const Claim& claim) {
  const Network& network = claim.network;
  const auto count = static_cast<std::uint32_t>(network.nodes().size());
  std::vector<NodeId> home(count);
  std::vector<bool> mine(count, false);
  for (const NodeId id : claim.nodes) mine[id] = true;
  for (NodeId id = 0; id < count; ++id) {
    home[id] = id;
    if (mine[id] && gives_sums(network, id)) home[id] = network.wires()[network.wires_from(id).front()].to.node;
  }
  Edges edges;
  for (const Wire& wire : network.wires()) {
    const NodeId from = home[wire.from.node], to = home[wire.to.node];
    if (mine[from] && mine[to] && from != to) edges.emplace_back(from, to);
  }
  std::vector<StagePlan> stages;
  for (const auto& component : strong_components(count, edges)) {
    StagePlan stage;
    for (const NodeId id : component) {
      if (!mine[id] || home[id] != id) continue;
      if (network.node(id).kind->form == Kind::Form::stepped)
        stage.events.populations.push_back(id);
      else
        stage.operators.push_back(id);
    }
    if (stage.events.populations.empty() && stage.operators.empty()) continue;
    for (const NodeId id : claim.nodes)
      if (home[id] != id && std::find(component.begin(), component.end(), home[id]) != component.end())
        stage.events.weights.push_back(id);
    stages.push_back(std::move(stage));
  }
  return stages;
}

class CpuState final : public KernelState {
 public:
  std::vector<std::unique_ptr<StageState>> stages;
};

class CpuKernel final : public Kernel {
 public:
  explicit CpuKernel(std::vector<std::unique_ptr<Stage>> stages) : stages_(std::move(stages)) {}

  std::unique_ptr<KernelState> make_state() const override {
    auto state = std::make_unique<CpuState>();
    for (const auto& stage : stages_) state->stages.push_back(stage->make_state());
    return state;
  }
  void reset(KernelState& state, int lane, const Lane& info) const override {
    for (std::size_t s = 0; s < stages_.size(); ++s) stages_[s]->reset(stage(state, s), lane, info);
  }
  void advance(KernelState& state, const Slice& slice, Team::Member& member) const override {
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      stages_[s]->advance(stage(state, s), slice, member);
      member.barrier();
    }
  }
  std::optional<std::vector<double>> read(const KernelState& state, NodeId node, std::size_t field,
                                          int lane) const override {
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (auto values = stages_[s]->read(*static_cast<const CpuState&>(state).stages[s], node, field, lane))
        return values;
    return std::nullopt;
  }
  void save(const KernelState& state, Archive& archive) const override {
    for (std::size_t s = 0; s < stages_.size(); ++s)
      stages_[s]->save(*static_cast<const CpuState&>(state).stages[s], archive);
  }
  Work work(const KernelState& state) const override {
    Work sum;
    for (std::size_t s = 0; s < stages_.size(); ++s)
      sum += stages_[s]->work(*static_cast<const CpuState&>(state).stages[s]);
    return sum;
  }
  void load(KernelState& state, const Archive& archive, std::int64_t tick) const override {
    for (std::size_t s = 0; s < stages_.size(); ++s) stages_[s]->load(stage(state, s), archive, tick);
  }

 private:
  static StageState& stage(KernelState& state, std::size_t s) { return *static_cast<CpuState&>(state).stages[s]; }
  std::vector<std::unique_ptr<Stage>> stages_;
};

class CpuRunner final : public Runner {
 public:
  std::variant<Footprint, Refusal> estimate(const Claim& claim, const Options& options) const override {
    if (std::vector<NodeId> parted = parted_weights(claim); !parted.empty())
      return Refusal{std::move(parted), "sums do not cross from one backend to another",
                     "place a weight node where its target is"};
    Footprint total;
    for (const StagePlan& stage : cut_stages(claim)) {
      if (stage.operators.size() + stage.events.populations.size() > 1 && !stage.operators.empty())
        return Refusal{stage.operators, "they are part of a loop",
                       "put the delay on the projections of the loop instead"};
      for (const NodeId id : stage.events.weights)
        if (claim.quanta.weights.at(id).synapses / static_cast<std::uint64_t>(options.partitions) >
            SynapseStore::most_synapses)
          return Refusal{{id}, "a partition takes at most 2^32 - 1 synapses", "use more threads"};
      const Footprint f = stage.events.populations.empty()
                              ? estimate_operator_stage(claim, stage.operators.front(), options)
                              : estimate_event_stage(claim, stage.events, options);
      total.program_bytes += f.program_bytes;
      total.state_bytes += f.state_bytes;
    }
    return total;
  }

  std::unique_ptr<Kernel> build(const Claim& claim, const Options& options, Team& team) const override {
    std::vector<std::unique_ptr<Stage>> stages;
    for (const StagePlan& plan : cut_stages(claim)) {
      stages.push_back(plan.events.populations.empty() ? make_operator_stage(claim, plan.operators.front(), options)
                                                       : make_event_stage(claim, plan.events, options, team));
    }
    return std::make_unique<CpuKernel>(std::move(stages));
  }
};

class CpuBackend final : public Backend {
 public:
  CpuBackend() {
    if (const char* level = std::getenv("CROSSPIKE_SIMD")) use_simd(level);
  }
  std::string_view name() const override { return "cpu"; }
  std::optional<std::string> declines(const Network& network, NodeId id) const override {
    const Kind& kind = *network.node(id).kind;
    if (kind.form == Kind::Form::stepped) {
      if (!has_population(kind.name)) return fmt::format("kind '{}' is not compiled into this backend", kind.name);
      return mixed_variants(network.node(id));
    }
    for (const char* known : {"sparse", "linear", "conv2d", "delay", "spike_list", "step_current"})
      if (kind.name == known) return std::nullopt;
    return fmt::format("it has no kernel for operator '{}'", kind.name);
  }
  const Runner* runner() const override { return &runner_; }

 private:
  CpuRunner runner_;
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<cpu::CpuBackend>(); }

}  // namespace crosspike
