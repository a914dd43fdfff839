// SPDX-License-Identifier: Apache-2.0
// A stage: the part of a claim that advances by itself. Stages run in topological order, each a whole slice at once;
// only a strong component of populations steps tick by tick inside its event stage.
#pragma once

#include <crosspike/core/backend.hpp>
#include <memory>
#include <optional>
#include <vector>

namespace crosspike::cpu {

class StageState {
 public:
  virtual ~StageState() = default;
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::unique_ptr<StageState> make_state() const = 0;
  virtual void reset(StageState&, int lane, const Lane&) const = 0;
  virtual void advance(StageState&, const Slice&, Team::Member&) const = 0;  // every rank; a barrier follows
  virtual std::optional<std::vector<double>> read(const StageState&, NodeId, std::size_t, int) const { return {}; }
  virtual Work work(const StageState&) const { return {}; }
  virtual void save(const StageState&, Archive&) const {}
  virtual void load(StageState&, const Archive&, std::int64_t) const {}  // with the tick that comes next
};

// The last rows of a spike port, kept beyond their slice: what a delay or a checkpoint still needs.
class SpikeHistory {
 public:
  SpikeHistory(int depth, int lanes) : depth_(depth) { rows_.begin(0, lanes); }
  int depth() const { return depth_; }
  // Takes over the rows of `spikes` that are newer than those held; keeps the last `depth`.
  void append(const Spikes& spikes);
  bool holds(std::int64_t tick) const {
    return tick >= rows_.first_tick() && tick < rows_.first_tick() + rows_.ticks();
  }
  Spikes view() const { return rows_.view(); }  // also what an archive keeps
  void erase_lane(int lane) { rows_.erase_lane(lane); }
  void load(SpikeBuffer rows) { rows_ = std::move(rows); }

 private:
  int depth_;
  SpikeBuffer rows_, scratch_;
};

// The same for a port that carries values.
class ValueHistory {
 public:
  ValueHistory(int depth, int lanes, std::size_t width) : depth_(depth), width_(width) {
    rows_.begin(0, 0, lanes, width);
  }
  void append(const Values& values);
  bool holds(std::int64_t tick) const {
    const Values v = rows_.view();
    return tick >= v.first_tick && tick < v.first_tick + v.ticks;
  }
  Values view() const { return rows_.view(); }
  void erase_lane(int lane) { rows_.erase_lane(lane); }
  void load(ValueBuffer rows) { rows_ = std::move(rows); }

 private:
  int depth_;
  std::size_t width_;
  ValueBuffer rows_, scratch_;
};

}  // namespace crosspike::cpu
