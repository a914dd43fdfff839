// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/strong_components.hpp>
#include <crosspike/core/graph.hpp>
#include <crosspike/core/network.hpp>
#include <functional>
#include <queue>
#include <sstream>

namespace crosspike {

namespace {
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
}

std::vector<std::vector<std::uint32_t>> strong_components(std::uint32_t vertices, const Edges& edges) {
  const Graph graph(edges.begin(), edges.end(), vertices);
  std::vector<std::uint32_t> component(vertices);
  const auto count = boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph)));

  std::vector<std::vector<std::uint32_t>> members(static_cast<std::size_t>(count));
  for (std::uint32_t v = 0; v < vertices; ++v) members[component[v]].push_back(v);

  // Kahn's order over the components, the one with the smallest vertex first: the same on every machine.
  std::vector<std::uint32_t> waiting(members.size(), 0);
  std::vector<std::vector<std::uint32_t>> next(members.size());
  for (const auto& [from, to] : edges)
    if (component[from] != component[to]) {
      next[component[from]].push_back(component[to]);
      ++waiting[component[to]];
    }
  using Entry = std::pair<std::uint32_t, std::uint32_t>;  // (smallest vertex, component)
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (std::uint32_t c = 0; c < members.size(); ++c)
    if (waiting[c] == 0) ready.emplace(members[c].front(), c);
  std::vector<std::vector<std::uint32_t>> order;
  while (!ready.empty()) {
    const auto c = ready.top().second;
    ready.pop();
    for (const auto n : next[c])
      if (--waiting[n] == 0) ready.emplace(members[n].front(), n);
    order.push_back(std::move(members[c]));
  }
  return order;
}

std::vector<std::uint32_t> find_cycle(std::uint32_t vertices, const Edges& edges) {
  for (const auto& [from, to] : edges)
    if (from == to) return {from};
  for (const auto& component : strong_components(vertices, edges)) {
    if (component.size() < 2) continue;
    // Walk inside the component until a vertex repeats; every vertex has a successor there.
    std::vector<std::uint32_t> walk{component.front()};
    for (;;) {
      for (const auto& [from, to] : edges)
        if (from == walk.back() && std::binary_search(component.begin(), component.end(), to)) {
          const auto seen = std::find(walk.begin(), walk.end(), to);
          if (seen != walk.end()) return {seen, walk.end()};
          walk.push_back(to);
          break;
        }
    }
  }
  return {};
}

std::string to_graphviz(const Network& network) {
  // Bidirectional graphs iterate their edges in the order of insertion: the order of the wires.
  boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS> graph(network.nodes().size());
  for (const Wire& wire : network.wires()) boost::add_edge(wire.from.node, wire.to.node, graph);
  std::ostringstream out;
  auto wire = network.wires().begin();
  boost::write_graphviz(
      out, graph,
      [&](std::ostream& os, std::size_t v) {
        const Node& node = network.nodes()[v];
        const std::string what = node.connectivity      ? std::string(name(node.connectivity->rule))
                                 : node.kind->is_weight ? node.kind->name
                                                        : fmt::format("{} {}", node.kind->name, text(node.shape));
        os << fmt::format("[label=\"{}\\n{}\", shape={}]", node.name, what, node.kind->is_weight ? "box" : "ellipse");
      },
      [&](std::ostream& os, const auto&) {
        const std::string delay = wire->delay == 0 ? "" : fmt::format(", {:.6g} ms", wire->delay * network.dt);
        const std::vector<Port>& ports = network.node(wire->to.node).kind->inputs;
        const std::string_view what =
            ports.size() > 1 ? std::string_view(ports[wire->to.port].name) : name(network.carries(wire->from));
        os << fmt::format("[label=\" {}{} \"]", what, delay);  // blanks keep labels of neighbours apart
        ++wire;
      });
  return out.str();
}

}  // namespace crosspike
