// SPDX-License-Identifier: Apache-2.0
// A Program is a built plan: immutable, shareable. A State is what one run of it changes: membranes, spikes in flight,
// plastic weights, for one or more lanes (independent samples or sequences that advance together).
#pragma once

#include <crosspike/core/plan.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace crosspike {

class Program {
 public:
  static std::shared_ptr<const Program> build(Plan plan, Team& team);
  const Plan& plan() const { return plan_; }
  const Network& network() const { return *plan_.network; }
  const Kernel& kernel(std::size_t claim) const { return *kernels_[claim]; }

 private:
  Plan plan_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
};

// What an observer sees at the end of a slice: the buffers of tapped ports, and the rows of field taps.
struct SliceView {
  std::int64_t first_tick;
  int ticks;
  std::span<const Lane> lanes;
  const Wires& wires;
};
using Observer = std::function<void(const SliceView&)>;  // called by rank 0 between slices

class State {
 public:
  explicit State(std::shared_ptr<const Program> program);

  std::int64_t tick() const { return tick_; }
  int lanes() const { return static_cast<int>(lanes_.size()); }
  const Program& program() const { return *program_; }

  // The lane's elements take their initial values, its spikes in flight are dropped, its tick becomes 0.
  void reset(int lane, std::uint64_t stream);

  // The buffers of an `input` node. Before advance(n) they must hold the ticks [tick(), tick() + n); afterwards they
  // hold nothing of use.
  SpikeBuffer& input_spikes(NodeId node);
  ValueBuffer& input_values(NodeId node);

  // Throws Error(input) for inputs that are missing or break their declaration, before anything runs. Throws what a
  // kernel threw; the State then refuses use until every lane is reset or it is loaded.
  void advance(std::int64_t ticks, Team& team, const Observer& observer = {});

  // A State field of one node, in absolute values.
  std::vector<double> read(NodeId node, std::size_t field, int lane = 0) const;

  Work work() const;  // of all kernels since this State was made

  void save(Archive& archive) const;
  // Throws Error(input) when it belongs to another network or other claims, or is damaged; the State then refuses use
  // as after an error in advance.
  void load(const Archive& archive);

 private:
  void begin_slice(std::int64_t first_tick, int ticks, bool whole);
  void require_inputs(std::int64_t ticks) const;
  void require_events(NodeId id, const Spikes& rows, std::int64_t ticks) const;
  std::string wire_name(PortRef port) const;

  std::shared_ptr<const Program> program_;
  std::vector<std::unique_ptr<KernelState>> kernels_;
  std::vector<Lane> lanes_;
  std::vector<bool> broken_;  // per lane, after an exception
  Wires wires_;
  std::map<NodeId, SpikeBuffer> input_spikes_;
  std::map<NodeId, ValueBuffer> input_values_;
  std::int64_t tick_ = 0, slice_end_ = 0;
};

}  // namespace crosspike
