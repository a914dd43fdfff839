// SPDX-License-Identifier: Apache-2.0
// What crosses a backend's border. A backend claims what it can run, says why it declines the rest, and builds one
// kernel per claim. backends/cpu/README.md is the worked example; tests/plugins/ holds the smallest one.
#pragma once

#include <crosspike/core/archive.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/quantum.hpp>
#include <crosspike/core/team.hpp>
#include <crosspike/core/wires.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace crosspike {

// Records `field` of the elements `indices` (empty: all) after every n-th tick of each lane.
struct FieldTap {
  NodeId node = 0;
  std::size_t field = 0;
  int every = 1;
  std::vector<std::uint32_t> indices;
};

struct Options {
  int partitions = 1;  // parts that a kernel may work on at once; nothing observable depends on it
  int lanes = 1;
  bool skip_idle = true;
};

// The nodes that one kernel will run, and all that it needs to know of the rest of the network.
struct Claim {
  const Network& network;
  const Quanta& quanta;
  std::span<const NodeId> nodes;         // ascending
  std::span<const FieldTap> field_taps;  // of the whole plan, by number
  const std::set<PortRef>& needed;       // output ports whose buffers somebody outside this claim reads
};

struct Footprint {
  std::size_t program_bytes = 0, state_bytes = 0;
};

// What a backend cannot run although it declined no single node.
struct Refusal {
  std::vector<NodeId> nodes;
  std::string reason, mend;
};

struct Lane {
  std::uint64_t stream = 0;  // sample or sequence number: part of every random address
  std::int64_t origin = 0;   // the State's tick at which it was reset
};

struct Slice {
  std::int64_t first_tick = 0;
  int ticks = 0;
  std::span<const Lane> lanes;
  Wires& wires;
};

// What a kernel has done since its state was made; benchmarks divide by it. Nothing is counted where nothing was
// touched.
struct Work {
  std::uint64_t neuron_steps = 0;     // neurons x ticks x lanes that were stepped, not skipped as idle
  std::uint64_t synaptic_events = 0;  // synapses whose weight was added to a sum, once for each event of their source
  Work& operator+=(const Work& other) {
    neuron_steps += other.neuron_steps;
    synaptic_events += other.synaptic_events;
    return *this;
  }
};

class KernelState {
 public:
  virtual ~KernelState() = default;
};

// Immutable, owned by a Program and shared by all its States.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::unique_ptr<KernelState> make_state() const = 0;
  // Lane `lane` begins anew at the slice that starts next.
  virtual void reset(KernelState&, int lane, const Lane&) const = 0;
  // Called by every rank of the team. Buffers of this claim's needed ports hold this slice afterwards; those of sources
  // that run later in the order still hold the slice before.
  virtual void advance(KernelState&, const Slice&, Team::Member&) const = 0;
  // A State field of one of its nodes, in absolute values; nothing when the backend does not keep it.
  virtual std::optional<std::vector<double>> read(const KernelState&, NodeId, std::size_t field, int lane) const = 0;
  virtual Work work(const KernelState&) const { return {}; }
  virtual void save(const KernelState&, Archive&) const = 0;
  virtual void load(KernelState&, const Archive&, std::int64_t tick) const = 0;  // `tick` is the next to be advanced
};

// The part of a backend that runs networks.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual std::variant<Footprint, Refusal> estimate(const Claim&, const Options&) const = 0;  // allocates nothing large
  virtual std::unique_ptr<Kernel> build(const Claim&, const Options&, Team&) const = 0;
};

class Exporter;  // core/exporter.hpp

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  virtual std::optional<std::string> unusable() const { return {}; }              // why this machine cannot use it
  virtual std::optional<std::string> declines(const Network&, NodeId) const = 0;  // the reason, or nothing
  virtual const Runner* runner() const { return nullptr; }                        // null: only writes and reads
  virtual const Exporter* exporter() const { return nullptr; }                    // null: only runs
};

// The plain C header that a plugin exports. It is read before anything C++ crosses the border.
inline constexpr std::uint32_t backend_interface_version = 2;  // 2: exporter()
struct PluginHeader {
  char magic[8];  // "xspike\0"
  std::uint32_t interface_version;
  const char* toolchain;  // compiler major / libstdc++ ABI / C++ standard / sanitizer; compared as text
  Backend* (*create)();
};
#define CROSSPIKE_PLUGIN_SYMBOL "crosspike_plugin"
#define CROSSPIKE_EXPORT __attribute__((visibility("default")))

const char* plugin_toolchain();  // of this library

}  // namespace crosspike
