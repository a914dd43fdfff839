// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/core/graph.hpp>
#include <crosspike/core/plan.hpp>
#include <fstream>
#include <limits>

namespace crosspike {

namespace {

constexpr int most_ticks = 65'536;  // of a slice: progress and recorders are served in between

const std::string* placed_by_name(const Placement& placement, std::string_view node) {
  const std::string* best = nullptr;
  std::size_t longest = 0;
  for (const auto& [prefix, backend] : placement.named) {
    const bool match = node == prefix || (node.substr(0, prefix.size()) == prefix && node.size() > prefix.size() &&
                                          node[prefix.size()] == '.');
    if (match && prefix.size() >= longest) {
      best = &backend;
      longest = prefix.size();
    }
  }
  return best;
}

// The first declined node's reason, or nothing.
std::optional<std::string> why_not(const Backend& backend, const Network& network, std::span<const NodeId> nodes) {
  if (const auto reason = backend.unusable()) return *reason;
  if (!backend.runner()) return "it only reads and writes files";
  std::vector<std::string> reasons;
  for (const NodeId id : nodes)
    if (const auto reason = backend.declines(network, id))
      reasons.push_back(fmt::format("{} ({}): {}", network.node(id).name, network.node(id).kind->name, *reason));
  if (reasons.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(reasons, "; "));
}

// What a backend will not run, and why.
struct Objection {
  const Backend* backend;
  std::string nodes, reason;  // no nodes: the network
  std::string text() const {
    return fmt::format("backend '{}' cannot run {}: {}", backend->name(), nodes.empty() ? "this network" : nodes,
                       reason);
  }
  // The same in a list of the backends that were tried.
  std::string entry(const Backend& tried) const {
    if (backend != &tried) return fmt::format("{}: {}", tried.name(), text());
    return fmt::format("{}: {}{}{}", tried.name(), nodes, nodes.empty() ? "" : ": ", reason);
  }
};

class Planner {
 public:
  Planner(Plan& plan, const Placement& placement, const Backend& fallback, const Library& library)
      : plan_(plan), network_(*plan.network), placement_(placement), fallback_(fallback), library_(library) {}

  std::optional<Objection> run() {
    if (auto objection = place()) return objection;
    group();
    choose_slice();
    find_needed();
    return std::nullopt;
  }

 private:
  std::optional<Objection> place() {
    const auto count = static_cast<NodeId>(network_.nodes().size());
    backend_.assign(count, nullptr);
    for (const auto& [name, backend] : placement_.named) {
      bool used = false;
      for (const Node& node : network_.nodes()) used |= node.name == name || node.name.starts_with(name + ".");
      if (!used) network_.require(name);  // throws with the nearest name
      library_.backend(backend);
    }
    for (NodeId id = 0; id < count; ++id) {
      if (network_.node(id).kind->filled_by_caller) continue;
      const std::string* named = placed_by_name(placement_, network_.node(id).name);
      if (!named && network_.node(id).kind->is_weight)
        named = placed_by_name(placement_, network_.node(target_of(id)).name);
      backend_[id] = named ? &library_.backend(*named) : &fallback_;
    }
    for (const auto& backend : library_.backends()) {
      std::vector<NodeId> nodes;
      for (NodeId id = 0; id < count; ++id)
        if (backend_[id] == backend.get()) nodes.push_back(id);
      if (nodes.empty()) continue;
      if (auto reason = why_not(*backend, network_, nodes)) return Objection{backend.get(), "", std::move(*reason)};
    }
    return std::nullopt;
  }

  NodeId target_of(NodeId weight) const { return network_.wires()[network_.wires_from(weight).front()].to.node; }

  // Nodes of one backend form one claim, split where a zero-delay path leaves the backend and comes back: along such a
  // path a node's level rises with every change of backend, and a claim is (backend, level).
  void group() {
    const auto count = static_cast<std::uint32_t>(network_.nodes().size());
    Edges edges;
    for (const Wire& wire : network_.wires())
      if (wire.delay == 0) edges.emplace_back(wire.from.node, wire.to.node);
    std::vector<int> level(count, 0);
    for (const auto& component : strong_components(count, edges)) {
      const NodeId id = component.front();  // alone: a zero-delay cycle was refused by validate
      for (const auto& [from, to] : edges)
        if (from == id && backend_[to])
          level[to] = std::max(level[to], level[id] + (backend_[id] && backend_[id] != backend_[to] ? 1 : 0));
    }
    // Sums never cross claims: a delay before a weight must not part it from its target.
    for (NodeId id = 0; id < count; ++id)
      if (network_.node(id).kind->is_weight && backend_[id] == backend_[target_of(id)])
        level[id] = level[target_of(id)];
    claim_of_.assign(count, -1);
    std::vector<std::pair<int, const Backend*>> keys;
    for (NodeId id = 0; id < count; ++id) {
      if (!backend_[id]) continue;
      const std::pair key{level[id], backend_[id]};
      auto found = std::find(keys.begin(), keys.end(), key);
      if (found == keys.end()) {
        found = keys.insert(keys.end(), key);
        plan_.claims.push_back({backend_[id], {}, {}});
      }
      claim_of_[id] = static_cast<int>(found - keys.begin());
      plan_.claims[static_cast<std::size_t>(claim_of_[id])].nodes.push_back(id);
    }
  }

  Edges claim_edges(int below_delay) const {
    Edges edges;
    for (const Wire& wire : network_.wires()) {
      const int from = claim_of_[wire.from.node], to = claim_of_[wire.to.node];
      if (from >= 0 && from != to && wire.delay < below_delay)
        edges.emplace_back(static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to));
    }
    return edges;
  }

  void choose_slice() {
    const auto claims = static_cast<std::uint32_t>(plan_.claims.size());
    const int unlimited = std::numeric_limits<int>::max();
    int largest = unlimited;
    std::set<int> delays;
    for (const Wire& wire : network_.wires()) delays.insert(wire.delay);
    for (const int delay : delays)  // edges of delay < b appear at b = delay + 1
      if (!find_cycle(claims, claim_edges(delay + 1)).empty()) {
        largest = delay;
        break;
      }
    plan_.slice_reason = largest == unlimited ? "no cycle between claims" : cycle_text(largest);
    if (plan_.options.slice > 0 && plan_.options.slice > largest)
      throw Error(Fault::input, fmt::format("--slice {} is longer than {} allows; allowed: 1 to {}",
                                            plan_.options.slice, plan_.slice_reason, largest));
    order_claims(largest);
    const std::size_t per_tick = std::max<std::size_t>(1, wire_bytes_per_tick());
    const auto by_memory =
        static_cast<int>(std::clamp<std::size_t>(plan_.options.slice_bytes / per_tick, 1, most_ticks));
    if (by_memory < largest)
      plan_.slice_reason = by_memory == most_ticks
                               ? "the longest that a slice may be"
                               : fmt::format("slice_bytes = {} MiB", plan_.options.slice_bytes >> 20);
    plan_.slice = std::min(largest, by_memory);
    if (plan_.options.ticks > 0 && plan_.options.ticks <= plan_.slice) {
      plan_.slice = static_cast<int>(plan_.options.ticks);
      plan_.slice_reason = "the length of the run";
    }
    if (plan_.options.slice > 0) {
      plan_.slice = plan_.options.slice;
      plan_.slice_reason = "--slice";
    }
    // Added to footprints and compared with the limit: far beyond any machine is as good as the exact product.
    constexpr double most_bytes = 0x1p60;
    plan_.wire_bytes = static_cast<std::size_t>(
        std::min(most_bytes, static_cast<double>(per_tick) * static_cast<double>(plan_.slice)));
  }

  std::string cycle_text(int delay) const {
    const auto cycle = find_cycle(static_cast<std::uint32_t>(plan_.claims.size()), claim_edges(delay + 1));
    std::vector<std::string> names;
    for (const auto c : cycle) {
      const ClaimPlan& claim = plan_.claims[c];
      names.push_back(fmt::format("{} on {}", network_.node(claim.nodes.front()).name, claim.backend->name()));
    }
    return fmt::format("the cycle {} -> (delay {})", fmt::join(names, " -> "), delay);
  }

  void order_claims(int slice) {
    const auto order = strong_components(static_cast<std::uint32_t>(plan_.claims.size()), claim_edges(slice));
    std::vector<ClaimPlan> sorted;
    std::vector<int> position(plan_.claims.size());
    for (const auto& component : order) {
      position[component.front()] = static_cast<int>(sorted.size());
      sorted.push_back(std::move(plan_.claims[component.front()]));
    }
    plan_.claims = std::move(sorted);
    for (int& claim : claim_of_)
      if (claim >= 0) claim = position[static_cast<std::size_t>(claim)];
  }

  // Worst case: every element spikes in every tick. Ports inside a claim count too: its stages hand each other slices.
  std::size_t wire_bytes_per_tick() const {
    std::size_t bytes = 0;
    for (NodeId id = 0; id < network_.nodes().size(); ++id)
      for (std::size_t port = 0; port < network_.node(id).kind->outputs.size(); ++port)
        if (network_.carries({id, port}) != Carries::sums) bytes += port_bytes({id, port});
    for (const FieldTap& tap : plan_.taps.fields) {
      const std::size_t width = tap.indices.empty() ? network_.node(tap.node).size() : tap.indices.size();
      bytes += (width * sizeof(double) + static_cast<std::size_t>(tap.every) - 1) / static_cast<std::size_t>(tap.every);
    }
    return bytes * static_cast<std::size_t>(plan_.options.lanes);
  }
  std::size_t port_bytes(PortRef port) const {
    return network_.node(port.node).size() * (network_.carries(port) == Carries::spikes ? 8 : 4);
  }

  void find_needed() {
    plan_.needed.resize(plan_.claims.size());
    for (const Wire& wire : network_.wires()) {
      const int from = claim_of_[wire.from.node];
      if (from >= 0 && from != claim_of_[wire.to.node]) plan_.needed[static_cast<std::size_t>(from)].insert(wire.from);
    }
    for (const PortRef port : plan_.taps.ports) {
      if (network_.carries(port) == Carries::sums)
        throw Error(Fault::input,
                    fmt::format("'{}' sends sums, which cannot be recorded; record its target or its source",
                                network_.node(port.node).name));
      if (claim_of_[port.node] >= 0) plan_.needed[static_cast<std::size_t>(claim_of_[port.node])].insert(port);
    }
  }

  Plan& plan_;
  const Network& network_;
  const Placement& placement_;
  const Backend& fallback_;
  const Library& library_;
  std::vector<const Backend*> backend_;
  std::vector<int> claim_of_;
};

std::optional<Objection> estimate(Plan& plan) {
  for (std::size_t c = 0; c < plan.claims.size(); ++c) {
    ClaimPlan& claim = plan.claims[c];
    const auto answer = claim.backend->runner()->estimate(plan.claim(c), plan.kernel_options());
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
      std::vector<std::string> names;
      for (const NodeId id : refusal->nodes) names.push_back(plan.network->node(id).name);
      return Objection{claim.backend, fmt::format("{}", fmt::join(names, ", ")),
                       fmt::format("{}; {}", refusal->reason, refusal->mend)};
    }
    claim.footprint = std::get<Footprint>(answer);
  }
  return std::nullopt;
}

// The plan of the first backend that runs all nodes which are not placed by name.
Plan first_that_runs(const Plan& asked, const Placement& placement, const Library& library, Team& team) {
  const bool automatic = placement.fallback == "auto";
  std::vector<const Backend*> candidates;
  if (!automatic) candidates.push_back(&library.backend(placement.fallback));
  for (const auto& backend : library.backends())
    if (automatic && backend->runner()) candidates.push_back(backend.get());

  std::optional<Quanta> quanta;
  std::vector<std::string> passed_over;
  for (const Backend* candidate : candidates) {
    Plan plan = asked;
    auto objection = Planner(plan, placement, *candidate, library).run();
    if (!objection) {
      if (!quanta) quanta = choose_quanta(*plan.network, team);
      plan.quanta = *quanta;
      objection = estimate(plan);
    }
    if (!objection) {
      plan.passed_over = std::move(passed_over);
      return plan;
    }
    if (!automatic) throw Error(Fault::cannot, objection->text());
    passed_over.push_back(objection->entry(*candidate));
  }
  throw Error(Fault::cannot, fmt::format("no backend can run this network: {}", fmt::join(passed_over, "; ")));
}

// Population columns and rules alone, before any synapse is enumerated: a size typed with three zeros too many ends
// here.
void refuse_hopeless(const Network& network, std::size_t limit) {
  double total = 0, most = 0;
  std::string largest;
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    const Node& node = network.node(id);
    const double elements = static_cast<double>(node.size());
    double synapses = 0;
    if (node.connectivity) {
      const auto count = [](ElementRange range, double all) {
        return range.last == 0 ? all : range.last - range.first;
      };
      const Connectivity& c = *node.connectivity;
      const double sources = count(c.sources, static_cast<double>(volume(network.space(id).source))),
                   targets = count(c.targets, elements);
      if (c.rule == Connectivity::Rule::all_to_all) synapses = sources * targets;
      if (c.rule == Connectivity::Rule::pairwise_bernoulli) synapses = sources * targets * c.probability;
      if (c.rule == Connectivity::Rule::fixed_indegree || c.rule == Connectivity::Rule::local)
        synapses = c.indegree * targets;
    }
    const double bytes = 16 * elements + 4 * synapses;
    total += bytes;
    if (bytes <= most) continue;
    most = bytes;
    const std::string place = node.where.empty() ? "" : fmt::format(" ({})", node.where);
    largest = node.connectivity ? fmt::format("projection '{}'{}, {:.3g} synapses", node.name, place, synapses)
                                : fmt::format("population '{}'{}, {:.3g} elements", node.name, place, elements);
  }
  if (total > static_cast<double>(limit))
    throw Error(Fault::cannot, fmt::format("the network needs at least {}, {} are available; the largest part is {}; "
                                           "make it smaller or free memory",
                                           bytes_text(total), bytes_text(static_cast<double>(limit)), largest));
}

}  // namespace

Claim Plan::claim(std::size_t number) const {
  return {*network, quanta, claims[number].nodes, taps.fields, needed[number]};
}

Options Plan::kernel_options() const {
  return {options.partitions > 0 ? options.partitions : options.threads, options.lanes, options.skip_idle};
}

std::uint64_t Plan::synapses() const {
  std::uint64_t sum = 0;
  for (const auto& [id, weight] : quanta.weights) sum += weight.synapses;
  return sum;
}

std::size_t Plan::program_bytes() const {
  std::size_t bytes = 0;
  for (const ClaimPlan& claim : claims) bytes += claim.footprint.program_bytes;
  return bytes;
}

std::size_t Plan::state_bytes() const {
  std::size_t bytes = wire_bytes;
  for (const ClaimPlan& claim : claims) bytes += claim.footprint.state_bytes;
  return bytes;
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", bytes, unit);
}

Plan make_plan(std::shared_ptr<const Network> network, const Placement& placement, const Library& library, Taps taps,
               const PlanOptions& options, Team& team) {
  const std::size_t limit = options.memory_limit > 0 ? options.memory_limit : available_memory();
  refuse_hopeless(*network, limit);
  Plan asked;
  asked.network = std::move(network);
  asked.taps = std::move(taps);
  asked.options = options;
  Plan plan = first_that_runs(asked, placement, library, team);
  const auto text = [](std::size_t bytes) { return bytes_text(static_cast<double>(bytes)); };
  const double need = static_cast<double>(plan.program_bytes()) +
                      static_cast<double>(plan.state_bytes()) * static_cast<double>(options.copies);
  if (need > static_cast<double>(limit))
    throw Error(Fault::cannot,
                fmt::format("the network needs {} ({} for the program, {} x {} of state), {} are available; "
                            "make it smaller or free memory",
                            bytes_text(need), text(plan.program_bytes()), options.copies, text(plan.state_bytes()),
                            text(limit)));
  return plan;
}

}  // namespace crosspike
