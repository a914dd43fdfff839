// SPDX-License-Identifier: Apache-2.0
// What an event stage is once built, and never changes: its populations with what feeds their ports, its projections
// with their synapses, and how neurons are cut into partitions.
#pragma once

#include <crosspike/backends/cpu/event_stage.hpp>
#include <crosspike/backends/cpu/population.hpp>
#include <string>

namespace crosspike::cpu {

// What a port adds to its sums in every tick, in the order of its wires: values from elsewhere, or the bias of a weight
// node.
template <class R>
struct Feed {
  std::vector<R> bias;  // not empty: this, and nothing of what follows
  PortRef source;
  int delay = 0;
  std::size_t history = 0;  // index into value_histories
};

template <class R>
struct PortPlan {
  int exponent = 0;
  bool has_sums = false;
  std::vector<Feed<R>> feeds;
  bool connected() const { return has_sums || !feeds.empty(); }
};

template <class R>
struct PopulationPlan {
  NodeId node;
  std::uint32_t size;
  int level;  // populations of one tick step level after level: zero-delay wires inside
  std::unique_ptr<Population<R>> neurons;
  std::vector<PortPlan<R>> ports;
  std::vector<double> offset;                // per state field: 0 or the parameter that the column is relative to
  std::vector<std::vector<double>> offsets;  // the same per element, where that parameter is heterogeneous
  std::vector<std::vector<double>> initial;  // relative; empty when drawn per sample
  std::optional<std::size_t> shown;          // the state field that its values output shows
  double max_count;
  bool always;                    // never idle: draws, or a port with feeds
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
  std::size_t history;                                // index into spike_histories
  std::vector<std::unique_ptr<SynapseStore>> stores;  // by partition
};

// Rows of a port that are kept beyond their slice, under the name that they have in an archive.
struct HistoryPlan {
  std::string name;
  int depth;
  std::size_t width;  // elements of the port
};

// A run of synapses that a spike set off.
struct Due {
  std::uint32_t projection, offset, length;
  std::int32_t count;
};

// Where the spikes that are due at one level are kept: a ring of a power of two of slots, by tick.
struct DueSlots {
  std::size_t first = 0, depth = 1;
  std::size_t at(std::int64_t tick) const { return first + (static_cast<std::size_t>(tick) & (depth - 1)); }
};

// One partition's range of one population, and where its ports' slots begin.
struct Range {
  std::uint32_t low, high, base;
};

template <class R>
struct EventLayout {
  EventLayout(const Claim& claim, const EventStagePlan& plan, const Options& options, Team& team);

  int population_of(NodeId node) const;  // -1: not of this stage
  std::size_t slots(std::size_t partition) const;
  // Relative to the field's offset. `stream` counts only where values are drawn per sample.
  std::vector<double> initial(std::size_t population, std::size_t field, std::uint32_t stream) const;

  const Network& network;
  std::vector<PopulationPlan<R>> populations;
  std::vector<ProjectionPlan> projections;
  std::vector<std::vector<Range>> ranges;    // [partition][population]
  std::vector<HistoryPlan> spike_histories;  // by ProjectionPlan::history: one for each source
  std::vector<HistoryPlan> value_histories;  // by Feed::history
  std::vector<DueSlots> due;                 // by level of populations
  bool recurrent = false;                    // steps tick by tick

 private:
  void add_population(const Claim& claim, NodeId id);
  void add_feed(PortPlan<R>& port, const Wire& wire, std::size_t size);
  void add_projection(const Claim& claim, NodeId id);
  std::size_t history_of(const ProjectionPlan& projection);
  void set_levels();
  void raise(int from, int to);
  void place_due();
  void cut(int partitions);
  void fill_stores(const Claim& claim, Team& team);
};

extern template struct EventLayout<float>;
extern template struct EventLayout<double>;

// Enough for the threads and for 16-bit slots.
int partition_count(const Network& network, std::span<const NodeId> populations, int wanted);
Footprint estimate_event_stage(const Claim& claim, const EventStagePlan& plan, const Options& options);

}  // namespace crosspike::cpu
