// SPDX-License-Identifier: Apache-2.0
// Decides, before anything large is allocated, which backend runs which nodes, how many ticks a slice has, and what it
// costs in memory. Refuses what cannot run.
#pragma once

#include <crosspike/core/backend.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/quantum.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace crosspike {

struct Placement {
  std::string fallback = "cpu";  // `default` in a config; "auto": the first that runs the rest
  std::vector<std::pair<std::string, std::string>> named;  // node or group -> backend; the longest match wins
};

// What the caller wants to see beside the network's own outputs.
struct Taps {
  std::set<PortRef> ports;  // output ports whose buffers are kept for every slice
  std::vector<FieldTap> fields;
};

struct PlanOptions {
  int threads = 1;  // of the team that will advance it
  int lanes = 1;
  int slice = 0;                        // ticks; 0: the largest legal
  std::int64_t ticks = 0;               // of the whole run, and so of a slice at most; 0: not known
  int partitions = 0;                   // 0: one per thread
  std::size_t slice_bytes = 64u << 20;  // wires and field taps hold at most this
  bool skip_idle = true;
  std::size_t memory_limit = 0;  // 0: min(MemAvailable, cgroup limit)
  int copies = 1;                // States that will exist at once (run_samples: one per thread)
};

struct ClaimPlan {
  const Backend* backend = nullptr;
  std::vector<NodeId> nodes;  // ascending
  Footprint footprint;
};

struct Plan {
  std::shared_ptr<const Network> network;
  Quanta quanta;
  std::vector<ClaimPlan> claims;          // in the order in which a slice advances them
  std::vector<std::set<PortRef>> needed;  // per claim: its output ports that somebody outside reads
  Taps taps;
  PlanOptions options;
  int slice = 1;                         // ticks of the longest slice
  std::string slice_reason;              // what limits it
  std::vector<std::string> passed_over;  // `auto`: backends that were not chosen and why
  std::size_t wire_bytes = 0;

  Claim claim(std::size_t number) const;  // views of this plan, as backends take them
  Options kernel_options() const;

  std::size_t program_bytes() const;
  std::uint64_t synapses() const;   // of all weight nodes
  std::size_t state_bytes() const;  // of one State, its wires included
};

// The network must have been validated. Throws Error(cannot) for declined nodes and too little memory, Error(input) for
// a slice beyond the largest legal one.
Plan make_plan(std::shared_ptr<const Network> network, const Placement& placement, const Library& library, Taps taps,
               const PlanOptions& options, Team& team);

// Bytes that this process may still use: the smallest of MemAvailable and what its cgroups (v1 or v2, up to the root of
// what it sees) leave, page cache that can be dropped counted as free. `root` is where /proc and /sys are.
std::size_t available_memory(const std::filesystem::path& root = "/");
std::string bytes_text(double bytes);  // "1.2 MiB"

}  // namespace crosspike
