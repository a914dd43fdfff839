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

}  // namespace crosspike::cpu
