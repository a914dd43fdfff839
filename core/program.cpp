// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/program.hpp>

namespace crosspike {

namespace {

// The rows that the tap will have in this slice, by (tick, lane).
void list_rows(const FieldTap& tap, std::span<const Lane> lanes, std::int64_t first_tick, int ticks, TapRows& rows) {
  rows.ticks.clear();
  rows.lanes.clear();
  rows.row_at.clear();
  for (std::int64_t tick = first_tick; tick < first_tick + ticks; ++tick)
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      const std::int64_t local = tick - lanes[lane].origin;
      const bool recorded = (local + 1) % tap.every == 0;
      rows.row_at.push_back(recorded ? static_cast<std::int32_t>(rows.ticks.size()) : -1);
      if (!recorded) continue;
      rows.ticks.push_back(local);
      rows.lanes.push_back(static_cast<int>(lane));
    }
}

bool crosses_claims(const Plan& plan, PortRef port) {
  for (const ClaimPlan& claim : plan.claims) {
    const auto mine = [&](NodeId id) { return std::binary_search(claim.nodes.begin(), claim.nodes.end(), id); };
    if (!mine(port.node)) continue;
    for (const std::size_t w : plan.network->wires_from(port.node))
      if (const Wire& wire = plan.network->wires()[w]; wire.from == port && !mine(wire.to.node)) return true;
  }
  return false;
}

}  // namespace

std::shared_ptr<const Program> Program::build(Plan plan, Team& team) {
  auto program = std::make_shared<Program>();
  program->plan_ = std::move(plan);
  const Plan& p = program->plan_;
  for (std::size_t c = 0; c < p.claims.size(); ++c)
    program->kernels_.push_back(p.claims[c].backend->runner()->build(p.claim(c), p.kernel_options(), team));
  return program;
}

State::State(std::shared_ptr<const Program> program) : program_(std::move(program)) {
  const Plan& plan = program_->plan();
  lanes_.resize(static_cast<std::size_t>(plan.options.lanes));
  broken_.assign(lanes_.size(), false);
  for (std::size_t c = 0; c < plan.claims.size(); ++c) kernels_.push_back(program_->kernel(c).make_state());
  const Network& network = program_->network();
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    if (!network.node(id).kind->filled_by_caller) continue;
    if (network.carries({id, 0}) == Carries::spikes)
      input_spikes_[id].begin(0, lanes());
    else
      input_values_[id].begin(0, 0, lanes(), network.node(id).size());
  }
  wires_.taps.resize(plan.taps.fields.size());
  for (int lane = 0; lane < lanes(); ++lane) reset(lane, static_cast<std::uint64_t>(lane));
}

void State::reset(int lane, std::uint64_t stream) {
  if (stream > 0xffffffffu) throw Error(Fault::input, fmt::format("stream {} is beyond 2^32 - 1", stream));
  const auto l = static_cast<std::size_t>(lane);
  lanes_[l] = {stream, tick_};
  broken_[l] = false;
  for (auto& [port, buffer] : wires_.spikes) buffer.erase_lane(lane);
  for (auto& [port, buffer] : wires_.values) buffer.erase_lane(lane);
  for (std::size_t c = 0; c < kernels_.size(); ++c) program_->kernel(c).reset(*kernels_[c], lane, lanes_[l]);
}

SpikeBuffer& State::input_spikes(NodeId node) {
  const auto found = input_spikes_.find(node);
  if (found != input_spikes_.end()) return found->second;
  throw Error(Fault::input, fmt::format("'{}' is no input that carries spikes", program_->network().node(node).name));
}

ValueBuffer& State::input_values(NodeId node) {
  const auto found = input_values_.find(node);
  if (found != input_values_.end()) return found->second;
  throw Error(Fault::input, fmt::format("'{}' is no input that carries values", program_->network().node(node).name));
}

void State::require_inputs(std::int64_t ticks) const {
  const auto check = [&](NodeId id, std::int64_t first, std::int64_t held, int held_lanes) {
    if (first != tick_ || held < ticks)
      throw Error(Fault::input, fmt::format("input '{}' holds {} ticks from tick {}, the run needs {} from tick {}",
                                            program_->network().node(id).name, held, first, ticks, tick_));
    if (held_lanes != lanes())
      throw Error(Fault::input, fmt::format("input '{}' holds {} lanes, the state has {}",
                                            program_->network().node(id).name, held_lanes, lanes()));
  };
  for (const auto& [id, buffer] : input_spikes_) {
    const Spikes rows = buffer.view();
    check(id, rows.first_tick, rows.ticks, rows.lanes);
    require_events(id, rows, ticks);
  }
  for (const auto& [id, buffer] : input_values_) {
    const Values rows = buffer.view();
    check(id, rows.first_tick, rows.ticks, rows.lanes);
    if (rows.width != program_->network().node(id).size())
      throw Error(Fault::input,
                  fmt::format("input '{}' holds rows of {} values, it has {} elements",
                              program_->network().node(id).name, rows.width, program_->network().node(id).size()));
    for (std::int64_t tick = tick_; tick < tick_ + ticks; ++tick)
      for (int lane = 0; lane < lanes(); ++lane) {
        const auto row = rows.at(tick, lane);
        const auto bad = std::find_if_not(row.begin(), row.end(), [](float value) { return std::isfinite(value); });
        if (bad == row.end()) continue;
        const Lane& where = lanes_[static_cast<std::size_t>(lane)];
        throw Error(Fault::input, fmt::format("input '{}': {} for element {} in tick {} of stream {}; allowed: finite "
                                              "numbers",
                                              program_->network().node(id).name, *bad, bad - row.begin(),
                                              tick - where.origin, where.stream));
      }
  }
}

// Kernels index by channel and trust the bound behind every quantum, so what a caller filled in is checked here.
void State::require_events(NodeId id, const Spikes& rows, std::int64_t ticks) const {
  const Node& node = program_->network().node(id);
  const double most = program_->network().max_count(id);
  const bool scaled = program_->network().has_amplitude({id, 0});
  for (std::int64_t tick = tick_; tick < tick_ + ticks; ++tick)
    for (int lane = 0; lane < lanes(); ++lane) {
      const auto refuse = [&](const std::string& what, const std::string& mend) {
        const Lane& where = lanes_[static_cast<std::size_t>(lane)];
        throw Error(Fault::input, fmt::format("input '{}': {} in tick {} of stream {}; {}", node.name, what,
                                              tick - where.origin, where.stream, mend));
      };
      const auto index = rows.at(tick, lane);
      const auto count = rows.counts_at(tick, lane);
      for (std::size_t k = 0; k < index.size(); ++k) {
        if (index[k] >= node.size())
          refuse(fmt::format("channel {}", index[k]), fmt::format("allowed: 0 to {}", node.size() - 1));
        if (k > 0 && index[k] <= index[k - 1])
          refuse(fmt::format("channel {} after channel {}", index[k], index[k - 1]),
                 "channels ascend; add up the counts of equal ones");
        if (const double n = count.empty() ? 1 : std::abs(static_cast<double>(count[k])); n > most)
          refuse(fmt::format("{} events of channel {}", n, index[k]),
                 fmt::format("declared max_count {}; raise it", most));
      }
      const float amplitude = rows.amplitude_at(tick, lane);
      if (amplitude != 1 && !scaled)
        refuse(fmt::format("an amplitude of {}", amplitude), "write amplitude = true for this input");
      if (!std::isfinite(amplitude)) refuse(fmt::format("an amplitude of {}", amplitude), "allowed: finite numbers");
    }
}

void State::begin_slice(std::int64_t first_tick, int ticks, bool whole) {
  for (auto& [id, buffer] : input_spikes_) {
    if (whole && buffer.ticks() == ticks)
      std::swap(wires_.spikes[{id, 0}], buffer);
    else
      wires_.spikes[{id, 0}].copy_rows(buffer.view(), first_tick, ticks);
  }
  for (auto& [id, buffer] : input_values_) {
    if (whole && buffer.view().ticks == ticks)
      std::swap(wires_.values[{id, 0}], buffer);
    else
      wires_.values[{id, 0}].copy_rows(buffer.view(), first_tick, ticks);
  }
  const std::vector<FieldTap>& taps = program_->plan().taps.fields;
  for (std::size_t t = 0; t < taps.size(); ++t) {
    TapRows& rows = wires_.taps[t];
    list_rows(taps[t], lanes_, first_tick, ticks, rows);
    const std::size_t width =
        taps[t].indices.empty() ? program_->network().node(taps[t].node).size() : taps[t].indices.size();
    rows.values.assign(rows.ticks.size() * width, 0.0);
  }
}

void State::advance(std::int64_t ticks, Team& team, const Observer& observer) {
  if (ticks <= 0) return;
  if (std::find(broken_.begin(), broken_.end(), true) != broken_.end())
    throw Error(Fault::system, "this state was left by an error in the middle of a slice; reset or load it first");
  require_inputs(ticks);
  const std::int64_t first = tick_, last = tick_ + ticks;
  slice_end_ = first;
  const std::int64_t length = program_->plan().slice;
  try {
    team.run([&](Team::Member& member) {
      for (std::int64_t tick = first; tick < last; tick += length) {
        const auto n = static_cast<int>(std::min(length, last - tick));
        if (member.rank() == 0) {
          begin_slice(tick, n, n == ticks);
          slice_end_ = tick + n;
        }
        member.barrier();
        const Slice slice{tick, n, lanes_, wires_};
        for (std::size_t c = 0; c < kernels_.size(); ++c) {
          program_->kernel(c).advance(*kernels_[c], slice, member);
          member.barrier();
        }
        if (member.rank() == 0) {
          tick_ = tick + n;
          if (observer) observer({tick, n, lanes_, wires_});
        }
        member.barrier();
      }
    });
  } catch (...) {
    broken_.assign(broken_.size(), true);
    tick_ = slice_end_;  // some stages have run the slice, others not: no tick may come twice
    throw;
  }
}

std::vector<double> State::read(NodeId node, std::size_t field, int lane) const {
  for (std::size_t c = 0; c < kernels_.size(); ++c) {
    const auto& nodes = program_->plan().claims[c].nodes;
    if (!std::binary_search(nodes.begin(), nodes.end(), node)) continue;
    if (auto values = program_->kernel(c).read(*kernels_[c], node, field, lane)) return *std::move(values);
  }
  throw Error(Fault::input,
              fmt::format("no backend keeps a state of '{}' that could be read", program_->network().node(node).name));
}

Work State::work() const {
  Work sum;
  for (std::size_t c = 0; c < kernels_.size(); ++c) sum += program_->kernel(c).work(*kernels_[c]);
  return sum;
}

// Wires between claims are saved with the kernels: where a later claim feeds back, their last slice is not yet read.
std::string State::wire_name(PortRef port) const {
  const Node& node = program_->network().node(port.node);
  return fmt::format("{}.{}.wire", node.name, node.kind->outputs[port.port].name);
}

void State::save(Archive& archive) const {
  const std::int64_t head[] = {static_cast<std::int64_t>(program_->network().hash()), tick_};
  archive.put<std::int64_t>("state", head);
  std::vector<std::int64_t> lanes;
  for (const Lane& lane : lanes_) lanes.insert(lanes.end(), {static_cast<std::int64_t>(lane.stream), lane.origin});
  archive.put<std::int64_t>("lanes", lanes);
  for (const auto& ports : program_->plan().needed)
    for (const PortRef port : ports) {
      if (const auto found = wires_.spikes.find(port); found != wires_.spikes.end())
        archive.put(wire_name(port), found->second.view());
      if (const auto found = wires_.values.find(port); found != wires_.values.end())
        archive.put(wire_name(port), found->second.view());
    }
  for (std::size_t c = 0; c < kernels_.size(); ++c) program_->kernel(c).save(*kernels_[c], archive);
}

void State::load(const Archive& archive) {
  const auto head = archive.get<std::int64_t>("state");
  const auto saved = archive.get<std::int64_t>("lanes");
  if (head.size() != 2 || static_cast<std::uint64_t>(head[0]) != program_->network().hash())
    throw Error(Fault::input, "the saved state belongs to another network");
  if (saved.size() != 2 * lanes_.size())
    throw Error(Fault::input,
                fmt::format("the saved state has {} lanes, this one {}", saved.size() / 2, lanes_.size()));
  broken_.assign(broken_.size(), true);  // until everything is loaded
  tick_ = head[1];
  for (std::size_t l = 0; l < lanes_.size(); ++l)
    lanes_[l] = {static_cast<std::uint64_t>(saved[2 * l]), saved[2 * l + 1]};
  wires_.spikes.clear();
  wires_.values.clear();
  for (const auto& ports : program_->plan().needed)
    for (const PortRef port : ports) {
      const std::size_t width = program_->network().node(port.node).size();
      // Saved before the first slice, or tapped here and not there.
      const bool crosses = crosses_claims(program_->plan(), port);
      if (!archive.has(wire_name(port) + ".ticks") && (tick_ == 0 || !crosses)) continue;
      if (program_->network().carries(port) == Carries::spikes)
        wires_.spikes[port] = archive.get_spikes(wire_name(port), lanes(), width);
      else
        wires_.values[port] = archive.get_values(wire_name(port), lanes(), width);
    }
  for (std::size_t c = 0; c < kernels_.size(); ++c) program_->kernel(c).load(*kernels_[c], archive, tick_);
  broken_.assign(broken_.size(), false);
}

}  // namespace crosspike
