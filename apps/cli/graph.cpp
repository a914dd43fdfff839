// SPDX-License-Identifier: Apache-2.0
// crosspike graph: who is connected to whom, as a table and for Graphviz.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/cli/write_text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/graph.hpp>

namespace crosspike::cli {

namespace {

// A projection or a wire, from population to population.
struct Link {
  std::string name, how, delay;
  NodeId from = 0;
  PortRef to;
  const WeightQuantum* weight = nullptr;  // null for a wire
};

std::vector<Link> links_of(const Plan& plan) {
  const Network& network = *plan.network;
  std::vector<Link> links;
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    const Node& node = network.node(id);
    if (!node.kind->is_weight) continue;
    const WeightQuantum& weight = plan.quanta.weights.at(id);
    const std::string how = node.connectivity ? std::string(name(node.connectivity->rule)) : node.kind->name;
    links.push_back({node.name, how, delay_text(network, id, weight), network.incoming(id).from.node,
                     network.wires()[network.wires_from(id).front()].to, &weight});
  }
  for (const Wire& wire : network.wires()) {
    if (network.node(wire.from.node).kind->is_weight || network.node(wire.to.node).kind->is_weight) continue;
    links.push_back({"(wire)", std::string(name(network.carries(wire.from))),
                     fmt::format("{:.6g} ms", wire.delay * network.dt), wire.from.node, wire.to, nullptr});
  }
  return links;
}

// Populations in the order in which signals pass them; those that feed each other stand together.
std::vector<std::vector<std::string>> groups_of(const Network& network, const std::vector<Link>& links) {
  Edges edges;
  for (const Link& link : links) edges.emplace_back(link.from, link.to.node);
  std::vector<std::vector<std::string>> groups;
  for (const auto& component : strong_components(static_cast<std::uint32_t>(network.nodes().size()), edges)) {
    std::vector<std::string> names;
    for (const std::uint32_t id : component)
      if (!network.node(id).kind->is_weight) names.push_back(network.node(id).name);
    if (!names.empty()) groups.push_back(std::move(names));
  }
  return groups;
}

bool feeds_itself(const std::vector<Link>& links, const Network& network, const std::string& name) {
  return std::any_of(links.begin(), links.end(), [&](const Link& link) {
    return link.from == link.to.node && network.node(link.from).name == name;
  });
}

std::string weight_text(const Network& network, const Link& link) {
  if (!link.weight) return "";
  const Unit unit = network.node(link.to.node).kind->inputs[link.to.port].unit;
  return fmt::format("{:.4g}{}{}", link.weight->mean_magnitude, unit == Unit::none ? "" : " ", name(unit));
}

std::string summary(const Plan& plan, const std::vector<Link>& links, int width) {
  const Network& network = *plan.network;
  TextTable populations({"population", "kind", "size", "shape"});
  populations.align_right(2);
  for (const Node& node : network.nodes())
    if (!node.kind->is_weight)
      populations.row(
          {node.name, node.kind->name, grouped(node.size()), node.shape.size() > 1 ? text(node.shape) : ""});
  TextTable projections({"projection", "from", "to", "how", "synapses", "mean |weight|", "delay"});
  for (const std::size_t column : {4u, 5u, 6u}) projections.align_right(column);
  for (const Link& link : links)
    projections.row({link.name, network.node(link.from).name, port_text(network, link.to), link.how,
                     link.weight ? grouped(link.weight->synapses) : "", weight_text(network, link), link.delay});
  std::vector<std::string> order;
  for (const auto& group : groups_of(network, links)) {
    const std::string members = fmt::format("{}", fmt::join(group, " <-> "));
    order.push_back(group.size() > 1                              ? "(" + members + ")"
                    : feeds_itself(links, network, group.front()) ? "(" + members + " <-> itself)"
                                                                  : members);
  }
  return populations.text(width) + (projections.empty() ? "" : "\n" + projections.text(width)) +
         fmt::format("\n  order  {}\n", fmt::join(order, " -> "));
}

Json links_json(const Network& network, const std::vector<Link>& links) {
  Json list = Json::array();
  for (const Link& link : links) {
    Json entry = {{"name", link.name},
                  {"from", network.node(link.from).name},
                  {"to", port_text(network, link.to)},
                  {"how", link.how},
                  {"delay", link.delay}};
    if (link.weight) entry["synapses"] = link.weight->synapses;
    if (link.weight) entry["mean_weight_magnitude"] = link.weight->mean_magnitude;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

void graph(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  const auto& out = session.options.out;
  const bool to_stdout = out && *out == "-";
  if (out && !to_stdout) {
    refuse_output_over_input(*out, path, config);
    AtomicFile(*out, session.existing());
  }
  const NetworkModel model = session.network(config);
  Team team(session.options.threads);
  const Plan plan =
      make_plan(model.network, model.placement, session.library, run_taps(model), session.plan_options(model), team);
  const std::vector<Link> links = links_of(plan);
  const std::string dot = to_graphviz(*model.network);
  if (out && !to_stdout) {
    write_text(*out, dot, session.existing());
    session.wrote(*out);
  }
  if (to_stdout) {
    session.print(dot);
  } else {
    session.print(summary(plan, links, session.width()));
    session.print(out ? fmt::format("  graph  {0}; a picture: dot -Tsvg {0} -o graph.svg\n", out->string())
                      : fmt::format("  graph  --out net.dot writes it for Graphviz\n"));
  }
  Json populations = Json::array();
  for (const Node& node : model.network->nodes())
    if (!node.kind->is_weight)
      populations.push_back({{"name", node.name}, {"kind", node.kind->name}, {"shape", node.shape}});
  Json object = {{"populations", populations},
                 {"projections", links_json(*model.network, links)},
                 {"components", groups_of(*model.network, links)},
                 {"dot", dot},
                 {"out", out && !to_stdout ? Json(out->string()) : Json()}};
  object.update(provenance());
  session.print(object);
}

}  // namespace crosspike::cli
