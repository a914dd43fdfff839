// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/network/read_connectivity.hpp>
#include <crosspike/models/network/read_values.hpp>
#include <limits>
#include <vector>

namespace crosspike {

namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();
constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();

void scale_weights(Connectivity& c, double scale) {
  const bool pair = c.weight.form == Distribution::Form::resistive_pair;  // a is a scale already, b and c conductances
  c.weight.a *= scale;
  if (!pair) c.weight.b *= scale;
  for (double* limit : {&c.weight.low, &c.weight.high})
    if (std::isfinite(*limit)) *limit *= scale;
  for (double& value : c.weight.values) value *= scale;
  if (!c.edges || c.edges->weights.empty()) return;
  EdgeList scaled = *c.edges;
  for (auto& weight : scaled.weights) weight *= scale;
  c.edges = std::make_shared<const EdgeList>(std::move(scaled));
}

ElementRange read_range(TableReader& connect, const std::string& path, const std::string& key) {
  const auto ends = connect.integers(key, 0, most);
  if (ends.empty() && !connect.has(key)) return {};
  if (ends.size() != 2 || ends[0] >= ends[1])
    fail_at(connect.find(key)->where(),
            fmt::format("{}.{} = [{}]; write the first element and the one after the last, e.g. [0, 80]", path, key,
                        fmt::join(ends, ", ")));
  return {static_cast<std::uint32_t>(ends[0]), static_cast<std::uint32_t>(ends[1])};
}

std::shared_ptr<const EdgeList> read_edges(TableReader& connect, const std::string& path, Unit unit, double dt) {
  const auto column = [&](const char* key, Unit column_unit) {
    const Value* value = connect.find(key);
    return value ? read_array(*value, path + "." + key, column_unit).values : std::vector<double>{};
  };
  connect.require("sources", "[0, 1, 2] or { file = \"edges.h5:/sources\" }");
  connect.require("targets", "[0, 1, 2] or { file = \"edges.h5:/targets\" }");
  const auto sources = column("sources", Unit::none), targets = column("targets", Unit::none);
  const auto weights = column("weights", unit), delays = column("delays", Unit::ms);
  const auto fits = [&](const std::vector<double>& list) { return list.empty() || list.size() == sources.size(); };
  if (sources.size() != targets.size() || !fits(weights) || !fits(delays))
    fail_at(connect.where(),
            fmt::format("{}: {} sources, {} targets, {} weights, {} delays; all lists must be of one length", path,
                        sources.size(), targets.size(), weights.size(), delays.size()));
  const auto index = [&](double value, const char* key, std::size_t e) {
    if (value < 0 || value > static_cast<double>(most) || value != std::floor(value))
      fail_at(connect.where(), fmt::format("{}.{}[{}] = {} is no index", path, key, e, value));
    return static_cast<std::uint32_t>(value);
  };
  std::vector<std::size_t> order(sources.size());
  for (std::size_t e = 0; e < order.size(); ++e) order[e] = e;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return targets[a] < targets[b]; });
  EdgeList list;
  for (const std::size_t e : order) {
    list.sources.push_back(index(sources[e], "sources", e));
    list.targets.push_back(index(targets[e], "targets", e));
    if (!weights.empty()) list.weights.push_back(weights[e]);
    if (delays.empty()) continue;
    if (!(delays[e] >= 0 && delays[e] / dt <= longest_delay))
      fail_at(connect.where(),
              fmt::format("{}.delays[{}] = {}; allowed are 0 to {} ticks of {}", path, e,
                          format_quantity(delays[e], Unit::ms), longest_delay, format_quantity(dt, Unit::ms)));
    list.delays.push_back(static_cast<std::int32_t>(std::floor(delays[e] / dt + 0.5)));
  }
  return std::make_shared<const EdgeList>(std::move(list));
}

void read_rule(Connectivity& c, TableReader& connect, const std::string& path, Unit unit, double dt) {
  using Rule = Connectivity::Rule;
  const Rule rules[] = {Rule::one_to_one, Rule::all_to_all, Rule::fixed_indegree, Rule::pairwise_bernoulli,
                        Rule::distance,   Rule::local,      Rule::edges};
  std::vector<std::string> words;
  for (const Rule rule : rules) words.emplace_back(name(rule));
  const std::string word = connect.choice("rule", required, words);
  c.rule = rules[std::find(words.begin(), words.end(), word) - words.begin()];
  if (c.rule == Rule::fixed_indegree || c.rule == Rule::local)
    c.indegree = static_cast<std::uint32_t>(connect.integer("indegree", required, 1, most));
  if (c.rule == Rule::pairwise_bernoulli || c.rule == Rule::distance)
    c.probability = connect.quantity("probability", Unit::none, required, 0, 1);
  if (c.rule == Rule::distance) c.lambda = connect.quantity("lambda", Unit::none, required, above_zero, 1e9);
  if (c.rule == Rule::local) c.sigma = connect.quantity("sigma", Unit::px, required, 0, 1e6);
  if (c.rule == Rule::fixed_indegree) c.multapses = connect.boolean("multapses", true);
  if (c.rule != Rule::one_to_one && c.rule != Rule::edges && c.rule != Rule::local)
    c.autapses = connect.boolean("autapses", true);
  if (c.rule == Rule::edges) c.edges = read_edges(connect, path, unit, dt);
  if (c.rule == Rule::edges || c.rule == Rule::local) return;
  c.sources = read_range(connect, path, "source_range");
  c.targets = read_range(connect, path, "target_range");
}

}  // namespace

std::int32_t read_delay(TableReader& reader, const std::string& path, double dt) {
  const double delay = reader.quantity("delay", Unit::ms, dt, 0, 1e9);
  const double ticks = std::floor(delay / dt + 0.5);
  if (delay > 0 && ticks == 0)
    fail_at(reader.find("delay")->where(),
            fmt::format("{}.delay = {} is less than half a tick of {}; write 0 or at least one tick", path,
                        format_quantity(delay, Unit::ms), format_quantity(dt, Unit::ms)));
  if (ticks > longest_delay)
    fail_at(reader.find("delay")->where(), fmt::format("{}.delay = {} is {:.3g} ticks; allowed are up to {}", path,
                                                       format_quantity(delay, Unit::ms), ticks, longest_delay));
  return static_cast<std::int32_t>(ticks);
}

ProjectionConnectivity read_connectivity(TableReader& reader, const std::string& path, Unit unit, double dt) {
  ProjectionConnectivity read;
  Connectivity& c = read.connectivity;
  const Value& written = reader.require("connect", "{ rule = \"fixed_indegree\", indegree = 100 }");
  if (const auto* rule = written.as<std::string>())
    fail_at(written.where(), fmt::format("{}.connect takes a table; write: connect = {{ rule = {} }}", path,
                                         to_inline_toml(Value(*rule))));
  TableReader connect = reader.table("connect");
  read_rule(c, connect, path + ".connect", unit, dt);
  if (const Value* weight = reader.find("weight")) {
    c.weight = read_distribution(*weight, path + ".weight", unit);
  } else if (!c.edges || c.edges->weights.empty()) {
    reader.require("weight", unit == Unit::none ? "0.1" : fmt::format("\"0.1 {}\"", name(unit)));
  }
  if (reader.has("scale")) scale_weights(c, reader.quantity("scale", Unit::none, required, 0, unbounded));
  const Value* delay = reader.has("delay") ? reader.find("delay") : nullptr;
  if (c.edges && !c.edges->delays.empty()) {
    if (delay)
      fail_at(delay->key_where(), fmt::format("{} has a delay, but its edge list brings its own; remove one", path));
  } else if (delay && (delay->as<Table>() || delay->as<Array>())) {
    c.delay = read_distribution(*delay, path + ".delay", Unit::ms);
    for (double& x : c.delay.values) x /= dt;
    for (double* x : {&c.delay.a, &c.delay.b, &c.delay.low, &c.delay.high}) *x /= dt;
  } else {
    read.wire_delay = read_delay(reader, path, dt);
  }
  if (reader.has("dale")) {
    TableReader dale = reader.table("dale");
    c.dale_every = static_cast<std::uint32_t>(dale.integer("every", required, 1, most));
    c.dale_factor = dale.quantity("factor", Unit::none, required, -unbounded, unbounded);
  }
  return read;
}

}  // namespace crosspike
