// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/backends/nir/links.hpp>
#include <crosspike/backends/nir/to_neuron.hpp>
#include <crosspike/core/connectivity/rules.hpp>

namespace crosspike::nir {

std::int32_t delay_ticks(const Node& delay, std::size_t i, double dt) {
  const double seconds = written(delay.tensor("delay"), i), ticks = seconds * 1000 / dt,
               whole = std::floor(ticks + 0.5);
  constexpr double slack = 1e-3;  // of a tick: float32 seconds
  if (std::abs(ticks - whole) > slack + whole * 1e-6)
    cannot(delay.where + "/delay",
           fmt::format("element {} is {} s, {:.6g} ticks of {} ms; a delay is a whole number of "
                       "ticks; give another --dt",
                       i, seconds, ticks, dt));
  if (whole > longest_delay)
    cannot(delay.where + "/delay",
           fmt::format("element {} is {:.6g} ticks; allowed are up to {}", i, whole, longest_delay));
  return static_cast<std::int32_t>(whole);
}

std::int32_t least_ticks(const Node& delay, double dt) {
  std::int32_t least = longest_delay;
  for (std::size_t i = 0; i < delay.tensor("delay").values.size(); ++i)
    least = std::min(least, delay_ticks(delay, i, dt));
  return least;
}

namespace {

bool sends_other_than_spikes(const Node& node) {
  return sends_values(node.type) || node.type == "Linear" || node.type == "Affine" || node.type == "Scale" ||
         node.type == "Conv2d";
}

bool folds(const Graph& graph, const std::vector<Link>& links, const std::string& name, const Node& node) {
  if (node.type != "Delay") return false;
  const std::vector<double>& delay = node.tensor("delay").values;
  if (!std::all_of(delay.begin(), delay.end(), [&](double d) { return d == delay[0]; })) return false;
  std::size_t sources = 0;
  bool other = false;
  for (const Link& link : links) {
    if (link.to != name) continue;
    ++sources;
    other |= sends_other_than_spikes(graph.nodes.find(link.from)->second);
  }
  return node.metadata.contains("crosspike/delay_of") || sources > 1 || other;
}

}  // namespace

void fold_delays(Graph& graph, double dt, std::vector<Link>& links) {
  for (const Edge& edge : graph.edges) links.push_back({edge.from, edge.to, 0});
  std::vector<std::string> folded;
  for (const auto& [name, node] : graph.nodes)
    if (folds(graph, links, name, node)) folded.push_back(name);
  for (const std::string& name : folded) {
    const Node& node = graph.nodes.find(name)->second;
    const std::int32_t ticks = delay_ticks(node, 0, dt);
    std::vector<Link> in, out;
    for (const Link& link : links) {
      if (link.to == name && link.from == name) cannot(node.where, "a Delay that leads to itself");
      if (link.to == name) in.push_back(link);
      if (link.from == name) out.push_back(link);
    }
    std::erase_if(links, [&](const Link& l) { return l.to == name || l.from == name; });
    for (const Link& a : in)
      for (const Link& b : out) {
        const std::int64_t sum = std::int64_t{a.ticks} + ticks + b.ticks;
        if (sum > longest_delay || links.size() >= most_edges)
          cannot(node.where, "the delays of a chain add up to more than crosspike takes");
        links.push_back({a.from, b.to, static_cast<std::int32_t>(sum)});
      }
    graph.nodes.erase(name);
  }
}

std::vector<std::size_t> feedback(const std::vector<Step>& steps, const std::vector<std::string>& first) {
  std::map<std::string, std::vector<std::size_t>> from;
  for (std::size_t s = 0; s < steps.size(); ++s)
    if (steps[s].immediate) from[steps[s].from].push_back(s);
  for (auto& [name, list] : from)
    std::stable_sort(list.begin(), list.end(), [&](std::size_t a, std::size_t b) { return steps[a].to < steps[b].to; });
  enum class Mark { fresh, open, done };
  std::map<std::string, Mark> marks;
  std::vector<std::size_t> closing;
  for (const std::string& start : first) {
    if (marks[start] != Mark::fresh) continue;
    std::vector<std::pair<std::string, std::size_t>> way = {{start, 0}};
    marks[start] = Mark::open;
    while (!way.empty()) {
      const std::string at = way.back().first;
      const std::vector<std::size_t>& next = from[at];
      if (way.back().second == next.size()) {
        marks[at] = Mark::done;
        way.pop_back();
        continue;
      }
      const std::size_t step = next[way.back().second++];
      Mark& mark = marks[steps[step].to];
      if (mark == Mark::open) closing.push_back(step);
      if (mark != Mark::fresh) continue;
      mark = Mark::open;
      way.emplace_back(steps[step].to, 0);
    }
  }
  std::sort(closing.begin(), closing.end());
  return closing;
}

}  // namespace crosspike::nir
