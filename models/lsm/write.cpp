// SPDX-License-Identifier: Apache-2.0
#include <crosspike/models/lsm/write.hpp>
#include <crosspike_generated/version.hpp>

namespace crosspike {

namespace {

void write_edges(ResultsWriter& writer, const Network& network, const std::string& projection) {
  const NodeId id = network.require(projection);
  std::vector<Synapse> synapses;  // as a config writes them: without the source's output scale, delays undivided
  network.node(id).kind->synapses(network, network.node(id), 0, static_cast<std::uint32_t>(network.node(id).size()),
                                  synapses);
  const auto& rule = network.node(id).connectivity;
  const std::int32_t moved = rule ? rule->minimum_delay() : 0;  // validate put it on the wire
  const std::int32_t wire = network.incoming(id).delay - moved;
  SonataEdges edges;
  edges.source_population = network.node(network.incoming(id).from.node).name;
  edges.target_population = "liquid";
  const PortRef to = network.wires()[network.wires_from(id).front()].to;
  if (to.port > 0) edges.port = network.node(to.node).kind->inputs[to.port].name;
  for (const Synapse& s : synapses) {
    edges.source.push_back(s.source);
    edges.target.push_back(s.target);
    edges.weight.push_back(s.weight);
    edges.delay_ms.push_back((s.delay + wire) * network.dt);
  }
  writer.edges(projection, edges);
}

}  // namespace

ResultsHeader results_header(const LsmSettings& settings) {
  return {CROSSPIKE_VERSION, settings.seed, to_toml(settings.resolved)};
}

void write_figures(ResultsWriter& writer, const ExperimentReport& report) {
  for (const auto& [name, value] : report.figures)
    if (!is_timing(name)) writer.figure(name, value);
  for (const auto& [name, curve] : report.curves) writer.curve(name, curve);
}

void write_liquid_edges(ResultsWriter& writer, const Network& liquid) {
  for (const Node& node : liquid.nodes())
    if (node.kind->is_weight) write_edges(writer, liquid, node.name);
}

}  // namespace crosspike
