// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/apps/cli/session.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/recorder.hpp>
#include <set>

namespace crosspike::cli {

namespace {

const Backend* backend_of(const Plan& plan, NodeId id) {
  for (const ClaimPlan& claim : plan.claims)
    if (std::binary_search(claim.nodes.begin(), claim.nodes.end(), id)) return claim.backend;
  return nullptr;  // filled by the caller
}

std::string backend_name(const Plan& plan, NodeId id) {
  const Backend* backend = backend_of(plan, id);
  return backend ? std::string(backend->name()) : "host";
}

std::uint64_t total_neurons(const Plan& plan) {
  std::uint64_t total = 0;
  for (const Node& node : plan.network->nodes())
    if (node.kind->form == Kind::Form::stepped && !node.kind->inputs.empty()) total += node.size();
  return total;
}

std::string ticks_text(int ticks) { return counted(static_cast<std::uint64_t>(ticks), "tick"); }

double relative_rounding(const WeightQuantum& weight) {
  return weight.mean_magnitude > 0 ? weight.rms_rounding / weight.mean_magnitude : 0;
}

// "2^-20 pA"
std::string quantum_text(const Network& network, PortRef to, const WeightQuantum& weight) {
  const Unit unit = network.node(to.node).kind->inputs[to.port].unit;
  return fmt::format("2^{}{}{}", -(weight.exponent + weight.shift), unit == Unit::none ? "" : " ", name(unit));
}

}  // namespace

std::string port_text(const Network& network, PortRef to) {
  const Node& node = network.node(to.node);
  return node.kind->inputs.size() == 1 ? node.name : fmt::format("{}.{}", node.name, node.kind->inputs[to.port].name);
}

std::string delay_text(const Network& network, NodeId id, const WeightQuantum& weight) {
  const std::int32_t least = network.incoming(id).delay, most = least + weight.longest_delay;
  const auto ms = [&](std::int32_t ticks) { return fmt::format("{:.6g}", ticks * network.dt); };
  return least == most ? ms(least) + " ms" : fmt::format("{} to {} ms", ms(least), ms(most));
}

Taps run_taps(const NetworkModel& model) {
  Taps taps = taps_of(model.recorders);
  const Network& network = *model.network;
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    const Kind& kind = *network.node(id).kind;
    for (std::size_t port = 0; port < kind.outputs.size(); ++port)
      if (!kind.is_weight && network.carries({id, port}) == Carries::spikes) taps.ports.insert({id, port});
  }
  return taps;
}

std::string plan_line(const Plan& plan) {
  std::set<std::string_view> backends;
  for (const ClaimPlan& claim : plan.claims) backends.insert(claim.backend->name());
  return fmt::format("{}, {}, network {}, state at most {}, slices of {} on {}", counted(total_neurons(plan), "neuron"),
                     counted(plan.synapses(), "synapse"), bytes_text(plan.program_bytes()),
                     bytes_text(plan.state_bytes()), ticks_text(plan.slice), fmt::join(backends, " and "));
}

std::string plan_text(const Plan& plan, int width) {
  const Network& network = *plan.network;
  TextTable nodes({"node", "kind", "shape", "backend"});
  TextTable projections({"projection", "from", "to", "synapses", "bits", "rounding", "quantum", "delay"});
  for (const std::size_t column : {3u, 4u, 5u, 6u, 7u}) projections.align_right(column);
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    const Node& node = network.node(id);
    if (!node.kind->is_weight) {
      nodes.row({node.name, node.kind->name, text(node.shape), backend_name(plan, id)});
      continue;
    }
    const WeightQuantum& weight = plan.quanta.weights.at(id);
    const PortRef to = network.wires()[network.wires_from(id).front()].to;
    projections.row({node.name, network.node(network.incoming(id).from.node).name, port_text(network, to),
                     grouped(weight.synapses), fmt::format("{}", weight.bits),
                     relative_rounding(weight) == 0 ? "none" : fmt::format("{:.1e}", relative_rounding(weight)),
                     quantum_text(network, to, weight), delay_text(network, id, weight)});
  }
  std::string out = nodes.text(width);
  if (!projections.empty()) out += "\n" + projections.text(width);
  TextTable rest;
  rest.row(
      {"slice", fmt::format("{} of {:.6g} ms; limited by: {}", ticks_text(plan.slice), network.dt, plan.slice_reason)});
  rest.row({"memory",
            fmt::format("{} for the network, at most {} for its state, {} available", bytes_text(plan.program_bytes()),
                        bytes_text(plan.state_bytes()), bytes_text(available_memory()))});
  for (const std::string& reason : plan.passed_over) rest.row({"passed over", reason});
  return out + "\n" + rest.text(width);
}

Json plan_json(const Plan& plan) {
  const Network& network = *plan.network;
  Json nodes = Json::array(), projections = Json::array();
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    const Node& node = network.node(id);
    Json entry = {
        {"name", node.name}, {"kind", node.kind->name}, {"shape", node.shape}, {"backend", backend_name(plan, id)}};
    if (!node.kind->is_weight) {
      nodes.push_back(std::move(entry));
      continue;
    }
    const WeightQuantum& weight = plan.quanta.weights.at(id);
    entry["from"] = network.node(network.incoming(id).from.node).name;
    entry["to"] = port_text(network, network.wires()[network.wires_from(id).front()].to);
    entry["synapses"] = weight.synapses;
    entry["weight_bits"] = weight.bits;
    entry["rms_rounding_over_mean_weight"] = relative_rounding(weight);
    entry["quantum_exponent"] = -(weight.exponent + weight.shift);
    entry["delay_ticks"] = {network.incoming(id).delay, network.incoming(id).delay + weight.longest_delay};
    projections.push_back(std::move(entry));
  }
  return {{"dt_ms", network.dt},
          {"seed", network.seed},
          {"nodes", nodes},
          {"projections", projections},
          {"neurons", total_neurons(plan)},
          {"synapses", plan.synapses()},
          {"slice_ticks", plan.slice},
          {"slice_limited_by", plan.slice_reason},
          {"program_bytes", plan.program_bytes()},
          {"state_bytes", plan.state_bytes()},
          {"passed_over", plan.passed_over}};
}

}  // namespace crosspike::cli
