// SPDX-License-Identifier: Apache-2.0
// The smallest backend: a plugin that runs `delay` nodes, each as a claim's kernel of its own. The tests put it between
// two claims of another backend. A delay of 13 ticks fails on purpose when its first spike arrives. It also writes and
// reads a format of its own, a line "name kind size" for each population.
#include <crosspike/core/backend.hpp>
#include <crosspike/core/exporter.hpp>
#include <crosspike/core/units.hpp>
#include <crosspike_generated/version.hpp>
#include <fstream>
#include <stdexcept>

namespace {

using namespace crosspike;

struct Late {
  std::int64_t due;
  std::int32_t lane, count;
  std::uint32_t index;
};

struct ToyState final : KernelState {
  std::vector<std::vector<Late>> waiting;  // by node of the claim, in order of arrival
  std::vector<std::int64_t> seen;          // first tick of each source that has not arrived yet
};

class ToyKernel final : public Kernel {
 public:
  ToyKernel(const Claim& claim, int lanes) : lanes_(lanes) {
    for (const NodeId id : claim.nodes) {
      const Wire& in = claim.network.incoming(id);
      nodes_.push_back({id, in.from, in.delay + static_cast<int>(claim.network.node(id).value("ticks"))});
    }
  }
  std::unique_ptr<KernelState> make_state() const override {
    auto state = std::make_unique<ToyState>();
    state->waiting.resize(nodes_.size());
    state->seen.assign(nodes_.size(), 0);
    return state;
  }
  void reset(KernelState& base, int lane, const Lane&) const override {
    for (auto& waiting : static_cast<ToyState&>(base).waiting)
      std::erase_if(waiting, [&](const Late& late) { return late.lane == lane; });
  }
  void advance(KernelState& base, const Slice& slice, Team::Member& member) const override {
    if (member.rank() != 0) return;
    ToyState& state = static_cast<ToyState&>(base);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      const Spikes in = slice.wires.spikes[nodes_[n].source].view();
      for (std::int64_t tick = std::max(in.first_tick, state.seen[n]); tick < in.first_tick + in.ticks; ++tick)
        for (int lane = 0; lane < lanes_; ++lane)
          for (std::size_t k = 0; k < in.at(tick, lane).size(); ++k) {
            if (nodes_[n].delay == 13) throw std::runtime_error("13 ticks are more than a toy can bear");
            const auto counts = in.counts_at(tick, lane);
            state.waiting[n].push_back(
                {tick + nodes_[n].delay, lane, counts.empty() ? 1 : counts[k], in.at(tick, lane)[k]});
          }
      state.seen[n] = std::max(state.seen[n], in.first_tick + in.ticks);
      SpikeBuffer& out = slice.wires.spikes[{nodes_[n].id, 0}];
      out.begin(slice.first_tick, lanes_);
      for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
        for (int lane = 0; lane < lanes_; ++lane) {
          for (const Late& late : state.waiting[n])
            if (late.due == tick && late.lane == lane) out.append(late.index, late.count);
          out.end_row();
        }
      std::erase_if(state.waiting[n], [&](const Late& late) { return late.due < slice.first_tick + slice.ticks; });
    }
  }
  std::optional<std::vector<double>> read(const KernelState&, NodeId, std::size_t, int) const override { return {}; }
  void save(const KernelState& base, Archive& archive) const override {
    const ToyState& state = static_cast<const ToyState&>(base);
    archive.put<std::int64_t>("toy.seen", state.seen);
    for (std::size_t n = 0; n < nodes_.size(); ++n)
      archive.put<Late>("toy.waiting" + std::to_string(n), state.waiting[n]);
  }
  void load(KernelState& base, const Archive& archive, std::int64_t) const override {
    ToyState& state = static_cast<ToyState&>(base);
    state.seen = archive.get<std::int64_t>("toy.seen");
    for (std::size_t n = 0; n < nodes_.size(); ++n)
      state.waiting[n] = archive.get<Late>("toy.waiting" + std::to_string(n));
  }

 private:
  struct Delayed {
    NodeId id;
    PortRef source;
    int delay;
  };
  std::vector<Delayed> nodes_;
  int lanes_;
};

class ToyRunner final : public Runner {
 public:
  std::variant<Footprint, Refusal> estimate(const Claim&, const Options&) const override { return Footprint{}; }
  std::unique_ptr<Kernel> build(const Claim& claim, const Options& options, Team&) const override {
    return std::make_unique<ToyKernel>(claim, options.lanes);
  }
};

class ToyExporter final : public Exporter {
 public:
  std::vector<ExportedNode> check(const ExportSource& source, const ExportSettings& settings) const override {
    std::vector<ExportedNode> all;
    for (const Node& node : source.network.nodes()) {
      ExportedNode& entry = all.emplace_back();
      entry.node = node.name;
      entry.kind = node.kind->name;
      if (!node.kind->is_weight)
        entry.becomes = "line";
      else if (settings.lossy)
        entry.lost.push_back("all of it");
      else
        entry.refused.push_back("a toy has no weights");
    }
    return all;
  }
  void write(const ExportSource& source, const ExportSettings&, const std::filesystem::path& file,
             const std::string&) const override {
    std::ofstream out(file);
    for (const Node& node : source.network.nodes())
      if (!node.kind->is_weight) out << node.name << ' ' << node.kind->name << ' ' << node.size() << '\n';
  }
  ImportedNetwork read(const std::filesystem::path& file, const ImportSettings& settings) const override {
    ImportedNetwork result;
    Table populations;
    std::ifstream in(file);
    std::int64_t size = 0;
    for (std::string name, kind; in >> name >> kind >> size;) {
      populations.set(name, Value(Table{{{"kind", Value(kind)}, {"size", Value(size)}}}));
      result.nodes.push_back({name, kind, "populations." + name, {}});
    }
    const Value run(Table{{{"dt", Value(format_quantity(settings.dt.value_or(1), Unit::ms))}}});
    result.config = Value(Table{{{"format", Value(std::int64_t{1})},
                                 {"model", Value(std::string("network"))},
                                 {"run", run},
                                 {"populations", Value(std::move(populations))}}});
    return result;
  }
  std::vector<std::string> endings() const override { return {".toy"}; }
};

class ToyBackend final : public Backend {
 public:
  std::string_view name() const override { return "toy"; }
  std::optional<std::string> declines(const Network& network, NodeId id) const override {
    if (network.node(id).kind->name == "delay" && network.node(id).uniform()) return {};
    return "a toy only delays, all channels alike";
  }
  const Runner* runner() const override { return &runner_; }
  const Exporter* exporter() const override { return &exporter_; }

 private:
  ToyRunner runner_;
  ToyExporter exporter_;
};

}  // namespace

extern "C" CROSSPIKE_EXPORT const crosspike::PluginHeader* crosspike_plugin() {
  static const crosspike::PluginHeader header{"xspike", crosspike::backend_interface_version, CROSSPIKE_TOOLCHAIN,
                                              []() -> Backend* { return new ToyBackend; }};
  return &header;
}
