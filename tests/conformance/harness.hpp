// SPDX-License-Identifier: Apache-2.0
// What the conformance tests share: one call that runs a network on the backend under test for any number of threads,
// slices, lanes and partitions, and gives back everything that can be observed of it.
//
// A backend's file defines CROSSPIKE_BACKEND_NAME ("cpu") and CROSSPIKE_BACKEND_SUFFIX (Cpu), then includes suite.hpp.
// The suffix is an inline namespace too: the same inline functions mean another backend in each file.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/program.hpp>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

inline const Library& library() {
  static const Library all = builtin();
  return all;
}

// ---- building networks ----

inline Node node(std::string name, std::string_view kind, Shape shape, std::string_view convention = {}) {
  return make_node(std::move(name), library().kind(kind), std::move(shape), convention);
}

inline Node input(std::string name, Shape shape, double max_count = 1) {
  Node in = node(std::move(name), "input", std::move(shape));
  in.set("max_count", max_count);
  return in;
}

// Its counts are its inputs: an integer neuron without memory, wide enough for any sum of a test.
inline Node counter(std::string name, Shape shape) {
  Node out = node(std::move(name), "ilif", std::move(shape));
  out.set("levels", 1e6);
  out.set("lower", -1e6);
  return out;
}

inline NamedArray array(std::string name, std::vector<std::uint64_t> shape, std::vector<double> values) {
  return {std::move(name), std::move(shape), std::move(values)};
}
inline NamedArray series(std::string name, std::vector<double> values) {
  const std::uint64_t length = values.size();
  return array(std::move(name), {length}, std::move(values));
}

inline Connectivity edges(EdgeList list) {
  Connectivity c{.rule = Connectivity::Rule::edges};
  c.edges = std::make_shared<const EdgeList>(std::move(list));
  return c;
}

// A sparse node `name` from port `from` to port `to`.
inline void project(Network& network, const std::string& name, std::string_view from, std::string_view to,
                    Connectivity connectivity, std::int32_t delay = 0) {
  Node weight = node(name, "sparse", network.node(network.input(to).node).shape);
  weight.connectivity = std::move(connectivity);
  network.add(std::move(weight));
  network.connect(from, name, delay);
  network.connect(name, to);
}

inline void add_linear(Network& network, const std::string& name, std::string_view from, std::string_view to,
                       std::vector<double> weights, std::vector<double> bias = {}, std::int32_t delay = 0) {
  const auto out = static_cast<std::uint32_t>(network.node(network.input(to).node).size());
  Node weight = node(name, "linear", {out});
  const std::uint64_t in = weights.size() / out;
  weight.arrays["weight"] = array("weight", {out, in}, std::move(weights));
  if (!bias.empty()) weight.arrays["bias"] = series("bias", std::move(bias));
  network.add(std::move(weight));
  network.connect(from, name, delay);
  network.connect(name, to);
}

inline std::shared_ptr<const Network> validated(Network network) {
  network.validate();
  return std::make_shared<const Network>(std::move(network));
}

// ---- running them ----

struct Settings {
  int threads = 1, lanes = 1, slice = 0, partitions = 0;
  bool skip_idle = true;
  int advance_by = 0;                    // ticks per call of advance; 0: all at once
  std::vector<std::uint64_t> streams{};  // one per lane; empty: 0, 1, 2, ...
  std::vector<std::string> fields{};     // "node.field": recorded after every `every` ticks of each lane
  int every = 1;
};

inline std::ostream& operator<<(std::ostream& out, const Settings& s) {
  return out << "threads " << s.threads << ", lanes " << s.lanes << ", slice " << s.slice << ", partitions "
             << s.partitions << ", skip_idle " << s.skip_idle << ", advance_by " << s.advance_by;
}

struct InputEvent {
  std::int64_t tick;
  std::uint32_t channel;
  std::int32_t count = 1;
};

// What the `input` nodes give, by name; the same in every lane, unless `lanes` has one for each.
struct Stimulus {
  std::map<std::string, std::vector<InputEvent>> events{};  // ascending by (tick, channel)
  std::map<std::string, std::function<float(std::int64_t)>> amplitudes{};
  std::map<std::string, std::function<float(std::int64_t, std::uint32_t)>> values{};
  std::vector<Stimulus> lanes{};
};

struct Event {
  std::int64_t tick;
  int lane;
  std::uint32_t index;
  std::int32_t count;
  auto operator<=>(const Event&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Event& e) {
  return out << "(tick " << e.tick << ", lane " << e.lane << ", index " << e.index << ", count " << e.count << ")";
}

struct FieldRow {
  std::int64_t tick;  // of the lane
  int lane;
  std::vector<double> values;
  bool operator==(const FieldRow&) const = default;
};

struct Outcome {
  std::map<std::string, std::vector<Event>> spikes;               // by watched port, ascending
  std::map<std::string, std::vector<std::vector<float>>> values;  // by watched port: [tick x lanes + lane]
  std::map<std::string, std::vector<FieldRow>> fields;            // by recorded field, ascending by the State's tick
  std::map<std::string, std::vector<double>> state;               // "node.field" of all stepped nodes, lane after lane
  bool operator==(const Outcome&) const = default;

  // Of one lane, as if it had run alone.
  Outcome lane(int lane, int lanes) const {
    Outcome one;
    for (const auto& [port, events] : spikes) {
      auto& mine = one.spikes[port];
      for (Event e : events)
        if (e.lane == lane) mine.push_back({e.tick, 0, e.index, e.count});
    }
    for (const auto& [port, rows] : values)
      for (std::size_t r = static_cast<std::size_t>(lane); r < rows.size(); r += static_cast<std::size_t>(lanes))
        one.values[port].push_back(rows[r]);
    for (const auto& [field, rows] : fields)
      for (const FieldRow& row : rows)
        if (row.lane == lane) one.fields[field].push_back({row.tick, 0, row.values});
    for (const auto& [name, all] : state) {
      const std::size_t width = all.size() / static_cast<std::size_t>(lanes);
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(width * static_cast<std::size_t>(lane));
      one.state[name].assign(first, first + static_cast<std::ptrdiff_t>(width));
    }
    return one;
  }

  // (tick, index) of a port's spikes, lane 0.
  std::vector<std::pair<std::int64_t, std::uint32_t>> times(const std::string& port) const {
    std::vector<std::pair<std::int64_t, std::uint32_t>> found;
    for (const Event& e : spikes.at(port))
      if (e.lane == 0) found.emplace_back(e.tick, e.index);
    return found;
  }
  // One element of a recorded field, lane 0 of a run with one lane.
  std::vector<double> trace(const std::string& field, std::size_t element = 0) const {
    std::vector<double> found;
    for (const FieldRow& row : fields.at(field)) found.push_back(row.values[element]);
    return found;
  }
};

// The first difference of two outcomes, for a message that can be read.
inline void expect_same(const Outcome& expected, const Outcome& found) {
  for (const auto& [port, events] : expected.spikes) {
    const auto& other = found.spikes.at(port);
    const auto [a, b] = std::mismatch(events.begin(), events.end(), other.begin(), other.end());
    if (a == events.end() && b == other.end()) continue;
    ADD_FAILURE() << port << ": expected " << (a == events.end() ? "no more spikes" : testing::PrintToString(*a))
                  << ", found " << (b == other.end() ? "no more spikes" : testing::PrintToString(*b));
    return;
  }
  EXPECT_TRUE(expected.values == found.values) << "rows of values differ";
  EXPECT_TRUE(expected.fields == found.fields) << "recorded fields differ";
  EXPECT_TRUE(expected.state == found.state) << "final states differ";
}

// A backend's reason not to run a network: the test is skipped with it.
struct Declined : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws Declined where the backend under test is missing or declines a node: for tests that plan by themselves.
inline void require_claimed(const Network& network) {
  const Backend* backend = library().find_backend(CROSSPIKE_BACKEND_NAME);
  if (!backend) throw Declined("there is no backend '" CROSSPIKE_BACKEND_NAME "' here");
  for (NodeId id = 0; id < network.nodes().size(); ++id)
    if (const auto reason = backend->declines(network, id); reason && !network.node(id).kind->filled_by_caller)
      throw Declined(network.node(id).name + ": " + *reason);
}

class Simulation {
 public:
  Simulation(std::shared_ptr<const Network> network, Settings settings, std::vector<std::string> watched,
             Stimulus stimulus = {}, const Library& backends = library(),
             Placement placement = {CROSSPIKE_BACKEND_NAME, {}})
      : settings_(std::move(settings)),
        watched_(std::move(watched)),
        stimulus_(std::move(stimulus)),
        team_(settings_.threads) {
    Taps taps;
    for (const std::string& port : watched_) taps.ports.insert(network->output(port));
    for (const std::string& field : settings_.fields) {
      const auto dot = field.rfind('.');
      const NodeId id = network->require(field.substr(0, dot));
      taps.fields.push_back({.node = id,
                             .field = network->node(id).kind->find_state(field.substr(dot + 1)).value(),
                             .every = settings_.every,
                             .indices = {}});
    }
    const PlanOptions options{.threads = settings_.threads,
                              .lanes = settings_.lanes,
                              .slice = settings_.slice,
                              .partitions = settings_.partitions,
                              .skip_idle = settings_.skip_idle};
    try {
      program_ = Program::build(make_plan(network, placement, backends, taps, options, team_), team_);
    } catch (const Error& error) {
      if (error.fault() == Fault::cannot) throw Declined(error.what());
      throw;
    }
    state_.emplace(program_);
    for (int lane = 0; lane < settings_.lanes; ++lane) state_->reset(lane, stream(lane));
  }

  std::uint64_t stream(int lane) const {
    return settings_.streams.empty() ? static_cast<std::uint64_t>(lane)
                                     : settings_.streams[static_cast<std::size_t>(lane)];
  }

  void advance(std::int64_t ticks) {
    const std::int64_t end = state_->tick() + ticks;
    const std::int64_t step = settings_.advance_by > 0 ? settings_.advance_by : ticks;
    while (state_->tick() < end) {
      const std::int64_t n = std::min(step, end - state_->tick());
      fill(n);
      state_->advance(n, team_, [&](const SliceView& slice) { observe(slice); });
    }
  }

  // What was observed since the last call, and the state now.
  Outcome take() {
    const Network& network = program_->network();
    for (const std::string& port : watched_) {  // present even when silent
      if (network.carries(network.output(port)) == Carries::spikes)
        outcome_.spikes[port];
      else
        outcome_.values[port];
    }
    for (NodeId id = 0; id < network.nodes().size(); ++id) {
      const Node& n = network.node(id);
      if (n.kind->form != Kind::Form::stepped) continue;
      for (std::size_t f = 0; f < n.kind->state.size(); ++f)
        for (int lane = 0; lane < settings_.lanes; ++lane) {
          const auto values = state_->read(id, f, lane);
          auto& all = outcome_.state[n.name + "." + n.kind->state[f].name];
          all.insert(all.end(), values.begin(), values.end());
        }
    }
    return std::exchange(outcome_, {});
  }

  State& state() { return *state_; }
  Team& team() { return team_; }
  const Plan& plan() const { return program_->plan(); }

 private:
  void fill(std::int64_t ticks) {
    const Network& network = program_->network();
    const std::int64_t first = state_->tick();
    for (NodeId id = 0; id < network.nodes().size(); ++id) {
      const Node& n = network.node(id);
      if (!n.kind->filled_by_caller) continue;
      if (network.carries({id, 0}) == Carries::values) {
        ValueBuffer& rows = state_->input_values(id);
        rows.begin(first, static_cast<int>(ticks), settings_.lanes, n.size());
        for (std::int64_t tick = first; tick < first + ticks; ++tick)
          for (int lane = 0; lane < settings_.lanes; ++lane)
            for (std::uint32_t i = 0; i < n.size(); ++i)
              rows.row(tick, lane)[i] = stimulus(lane).values.at(n.name)(tick, i);
        continue;
      }
      SpikeBuffer& rows = state_->input_spikes(id);
      rows.begin(first, settings_.lanes);
      for (std::int64_t tick = first; tick < first + ticks; ++tick)
        for (int lane = 0; lane < settings_.lanes; ++lane) {
          Stimulus& given = stimulus(lane);
          const auto& events = given.events[n.name];
          auto event = std::lower_bound(events.begin(), events.end(), tick,
                                        [](const InputEvent& e, std::int64_t wanted) { return e.tick < wanted; });
          for (; event != events.end() && event->tick == tick; ++event) rows.append(event->channel, event->count);
          const auto amplitude = given.amplitudes.find(n.name);
          rows.end_row(amplitude == given.amplitudes.end() ? 1.f : amplitude->second(tick));
        }
    }
  }
  Stimulus& stimulus(int lane) {
    return stimulus_.lanes.empty() ? stimulus_ : stimulus_.lanes[static_cast<std::size_t>(lane)];
  }

  void observe(const SliceView& slice) {
    const Network& network = program_->network();
    for (const std::string& port : watched_) {
      const PortRef at = network.output(port);
      if (network.carries(at) == Carries::spikes) {
        const Spikes rows = slice.wires.spikes.at(at).view();
        for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
          for (int lane = 0; lane < settings_.lanes; ++lane) {
            const auto index = rows.at(tick, lane);
            const auto count = rows.counts_at(tick, lane);
            for (std::size_t k = 0; k < index.size(); ++k)
              outcome_.spikes[port].push_back({tick, lane, index[k], count.empty() ? 1 : count[k]});
          }
      } else {
        const Values rows = slice.wires.values.at(at).view();
        for (std::int64_t tick = slice.first_tick; tick < slice.first_tick + slice.ticks; ++tick)
          for (int lane = 0; lane < settings_.lanes; ++lane) {
            const auto row = rows.at(tick, lane);
            outcome_.values[port].emplace_back(row.begin(), row.end());
          }
      }
    }
    for (std::size_t t = 0; t < settings_.fields.size(); ++t) {
      const TapRows& rows = slice.wires.taps[t];
      const std::size_t width = rows.ticks.empty() ? 0 : rows.values.size() / rows.ticks.size();
      for (std::size_t r = 0; r < rows.ticks.size(); ++r) {
        const auto row = rows.values.begin() + static_cast<std::ptrdiff_t>(r * width);
        outcome_.fields[settings_.fields[t]].push_back(
            {rows.ticks[r], rows.lanes[r], {row, row + static_cast<std::ptrdiff_t>(width)}});
      }
    }
  }

  Settings settings_;
  std::vector<std::string> watched_;
  Stimulus stimulus_;
  Team team_;
  std::shared_ptr<const Program> program_;
  std::optional<State> state_;
  Outcome outcome_;
};

inline Outcome run(std::shared_ptr<const Network> network, const Settings& settings, std::int64_t ticks,
                   std::vector<std::string> watched, Stimulus stimulus = {}) {
  Simulation one(std::move(network), settings, std::move(watched), std::move(stimulus));
  one.advance(ticks);
  return one.take();
}

// Only the reference backend runs everything.
inline bool may_decline() { return std::string_view(CROSSPIKE_BACKEND_NAME) != "cpu"; }

// The message of the Error that `body` throws; "" where it throws none. A backend's own refusal skips the test.
template <class Body>
std::string message_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  } catch (const Declined& declined) {
    if (may_decline()) throw;
    return declined.what();
  }
  return "";
}

// Backends that may decline skip a test with the reason that planning gave.
template <class Body>
void run_or_skip(Body body) {
  try {
    body();
  } catch (const Declined& declined) {
    if (!may_decline()) throw;
    GTEST_SKIP() << declined.what();
  }
}

#define CROSSPIKE_SUITE_OF(suite, suffix) suite##suffix
#define CROSSPIKE_SUITE(suite, suffix) CROSSPIKE_SUITE_OF(suite, suffix)
// TEST(Suite<backend>, name), skipped where the backend declines the network.
#define CONFORMANCE(suite, name)                                                                       \
  static void suite##_##name##_body();                                                                 \
  TEST(CROSSPIKE_SUITE(suite, CROSSPIKE_BACKEND_SUFFIX), name) { run_or_skip(suite##_##name##_body); } \
  static void suite##_##name##_body()

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance
