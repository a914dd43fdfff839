// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/backends/nir/mapping.hpp>
#include <crosspike/backends/nir/to_neuron.hpp>
#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>
#include <cstdlib>
#include <functional>
#include <limits>

namespace crosspike::nir {

namespace {

constexpr double ms = 1e-3;  // seconds

std::vector<double> all(const Node& node, const char* name) {
  const Tensor& tensor = node.tensor(name);
  std::vector<double> values(tensor.values.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = written(tensor, i);
  return values;
}

std::vector<double> all(const Node& node, const char* name, double absent) {
  if (node.find(name)) return all(node, name);
  return std::vector<double>(node.tensor("r").values.size(), absent);
}

void set(crosspike::Node& node, std::string_view field, std::vector<double> values) {
  const bool equal = std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
  Param& param = node.params[node.kind->param_index(field)];
  param.value = values[0];
  param.each.clear();
  if (!equal) param.each = std::move(values);
}

// x near `guess` with forward(x) == wanted, so that what is read is written again; the shortest in decimal if it does.
double inverse(double wanted, double guess, const std::function<double(double)>& forward) {
  constexpr double far = std::numeric_limits<double>::infinity();
  for (const double x : {rounded(guess), guess, std::nextafter(guess, far), std::nextafter(guess, -far)})
    if (forward(x) == wanted) return x;
  return guess;
}

std::vector<double> in_ms(std::vector<double> seconds) {
  for (double& t : seconds) t = inverse(t, t / ms, [](double x) { return x * ms; });
  return seconds;
}

std::vector<double> product(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

// What snnTorch cannot read, or reads as if it weren't there (jeshraghian/snntorch:snntorch/import_nir.py).
void require_snntorch(const Node& node) {
  for (const char* name : {"v_leak", "v_reset"})
    if (const Tensor* tensor = node.find(name))
      for (const double value : tensor->values)
        if (value != 0)
          cannot(fmt::format("{}/{}", node.where, name),
                 fmt::format("holds {}; snnTorch knows only 0; read it by another --convention", value));
  for (const double r : node.tensor("r").values)
    if (!(r > 0)) cannot(node.where + "/r", fmt::format("holds {}; the convention snntorch needs r above 0", r));
}

void set_threshold_and_reset(const Node& from, crosspike::Node& node) {
  set(node, "threshold", all(from, "v_threshold"));
  set(node, "reset", all(from, "v_reset", 0));
}

// Its membrane is ours divided by what an input of 1 adds (`scales`), and so is its threshold; it resets to 0 at once.
void set_snntorch(const Node& from, crosspike::Node& node, const std::vector<double>& scales) {
  std::vector<double> threshold = all(from, "v_threshold");
  for (std::size_t i = 0; i < threshold.size(); ++i) threshold[i] = rounded(threshold[i] / scales[i]);
  set(node, "threshold", std::move(threshold));
  node.set("integrator", leak::integrator::euler);
  node.set("reset_mode", firing::reset::to_value);
  node.set("delayed_reset", 0);
}

crosspike::Node lif(const Node& from, const std::string& name, const std::string& convention, double dt) {
  crosspike::Node node = make_node(name, neuron_kind("lif"), shape_of(from.tensor("tau")), convention);
  const std::vector<double> tau = all(from, "tau"), r = all(from, "r");
  set(node, "tau_mem", in_ms(tau));
  if (convention == "snntorch") {
    require_snntorch(from);
    std::vector<double> scales = r;
    for (std::size_t i = 0; i < r.size(); ++i) scales[i] *= dt * ms / tau[i];
    set_snntorch(from, node, scales);
    return node;
  }
  set(node, "gain", r);
  set(node, "rest", all(from, "v_leak"));
  set_threshold_and_reset(from, node);
  return node;
}

crosspike::Node cuba_lif(const Node& from, const std::string& name, const std::string& convention, double dt) {
  crosspike::Node node = make_node(name, neuron_kind("cuba_lif"), shape_of(from.tensor("tau_mem")), convention);
  const std::vector<double> tau_mem = all(from, "tau_mem"), tau_syn = all(from, "tau_syn"), r = all(from, "r");
  const std::vector<double> w_in = all(from, "w_in", 1);
  set(node, "tau_mem", in_ms(tau_mem));
  set(node, "tau_syn", in_ms(tau_syn));
  if (convention == "snntorch") {
    require_snntorch(from);
    std::vector<double> scales = product(r, w_in);
    for (std::size_t i = 0; i < r.size(); ++i) scales[i] *= dt * ms / tau_mem[i] * (dt * ms / tau_syn[i]);
    set_snntorch(from, node, scales);
    return node;
  }
  // Norse reads a CubaLIF as an LIBox, whose input is scaled by dt / tau_syn, before an LIFBox.
  node.set("input_scale", leak::scale::leak);
  set(node, "gain", product(r, w_in));
  set(node, "rest", all(from, "v_leak"));
  set_threshold_and_reset(from, node);
  return node;
}

crosspike::Node integrate_and_fire(const Node& from, const std::string& name) {
  crosspike::Node node = make_node(name, neuron_kind("if"), shape_of(from.tensor("r")), "nir");
  std::vector<double> gain = all(from, "r");
  for (double& g : gain) g = inverse(g, g * ms, [](double x) { return x / ms; });
  set(node, "gain", std::move(gain));
  set_threshold_and_reset(from, node);
  return node;
}

crosspike::Node li(const Node& from, const std::string& name, const std::string& convention, double dt) {
  crosspike::Node node = make_node(name, neuron_kind("li"), shape_of(from.tensor("r")), "nir");
  std::vector<double> gain = all(from, "r");
  if (from.type == "I") {
    for (double& g : gain) g = inverse(g, g * dt * ms, [&](double x) { return x / (dt * ms); });
    node.set("decay", 1);
    node.set("input_scale", leak::scale::unit);
  } else {
    set(node, "tau_mem", in_ms(all(from, "tau")));
    set(node, "rest", all(from, "v_leak"));
    if (convention != "nir") node.set("integrator", leak::integrator::euler);
  }
  set(node, "gain", std::move(gain));
  return node;
}

}  // namespace

bool is_neuron(std::string_view type) {
  constexpr std::array<std::string_view, 6> neurons = {"LIF", "CubaLIF", "IF", "LI", "I", "Threshold"};
  return std::find(neurons.begin(), neurons.end(), type) != neurons.end();
}

bool sends_values(std::string_view type) { return type == "LI" || type == "I"; }

double rounded(double value) { return std::strtod(fmt::format("{:.15g}", value).c_str(), nullptr); }

double written(const Tensor& tensor, std::size_t i) {
  const double value = tensor.values[i];
  if (tensor.store != Store::float32) return value;
  return std::strtod(fmt::format("{}", static_cast<float>(value)).c_str(), nullptr);
}

Shape shape_of(const Tensor& tensor) {
  Shape shape;
  for (const std::uint64_t side : tensor.shape) shape.push_back(static_cast<std::uint32_t>(side));
  return shape;
}

ReadNeuron to_neuron(const Node& node, const std::string& name, const std::string& convention, double dt) {
  if (node.type == "LIF") return {lif(node, name, convention, dt), convention};
  if (node.type == "CubaLIF") return {cuba_lif(node, name, convention, dt), convention};
  if (node.type == "IF") return {integrate_and_fire(node, name), "nir"};
  if (node.type == "LI" || node.type == "I") return {li(node, name, convention, dt), "nir"};
  crosspike::Node threshold = make_node(name, neuron_kind("threshold"), shape_of(node.tensor("threshold")), "nir");
  set(threshold, "threshold", all(node, "threshold"));
  return {std::move(threshold), "nir"};
}

}  // namespace crosspike::nir
