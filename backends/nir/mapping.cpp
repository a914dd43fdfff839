// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/backends/nir/mapping.hpp>
#include <crosspike/neurons/cuba_lif.hpp>
#include <crosspike/neurons/if.hpp>
#include <crosspike/neurons/li.hpp>
#include <crosspike/neurons/lif.hpp>
#include <crosspike/neurons/threshold.hpp>

namespace crosspike::nir {

namespace {

constexpr double ms = 1e-3;  // seconds

// Texts once each, in the order of their first cause.
void note(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

template <class P>
void note_clamps(const P& p, Translation& t) {
  if (is_set(p.lower)) note(t.lost, "lower: NIR has no bound of the membrane");
  if (is_set(p.upper)) note(t.lost, "upper: NIR has no bound of the membrane");
}

template <class P>
void note_firing(const P& p, double dt, bool lossy, Translation& t) {
  note_clamps(p, t);
  if (p.inclusive) note(t.lost, "inclusive: NIR spikes above the threshold, not at it");
  if (p.reset_mode == firing::reset::none)
    note(t.refused, "reset_mode = \"none\": every NIR neuron resets; use an li and a threshold");
  if (p.reset_mode == firing::reset::subtract) note(t.lost, "reset_mode = \"subtract\": NIR resets to a value");
  if (p.delayed_reset) note(t.lost, "delayed_reset: NIR resets at the spike");
  if (firing::refractory_ticks(p, dt) == 0) return;
  const std::string what =
      fmt::format("refractory = {}: NIR has no refractory period", format_quantity(p.refractory, Unit::ms));
  if (lossy)
    note(t.lost, what);
  else
    note(t.refused, what + "; write refractory = 0, or leave it away with --lossy");
}

template <class P>
void note_leak(const P& p, Translation& t) {
  if (p.integrator == leak::integrator::euler) note(t.lost, "integrator = \"euler\": NIR is continuous in time");
  if (p.input_order != leak::order::after_move) note(t.lost, "input_order: NIR has no order inside a tick");
}

// An input of 1 moves the membrane by this in one tick, and R is what does the same as a constant current.
double resistance(double jump, double gain, bool scaled, double lost) { return scaled ? gain : jump / lost; }

// A constant current is a leak towards elsewhere.
double leak_target(double rest, double bias, double charge, double lost) {
  return bias == 0 ? rest : rest + bias * charge / lost;
}

using Numbers = std::map<std::string, double>;

// The parameters of each neuron, or of one where all are alike. All must be of one type.
template <class K, class Each>
Translation each_neuron(const crosspike::Node& node, Each each) {
  Translation t;
  const std::size_t size = node.size(), distinct = node.uniform() ? 1 : size;
  for (std::size_t i = 0; i < distinct; ++i) {
    std::string type;
    const Numbers numbers = each(to_params<K>(node.values_at(i)), type, t);
    if (i > 0 && type != t.type)
      note(t.refused, fmt::format("some of its neurons are {} and some {}; make a population of each", t.type, type));
    if (i == 0) t.type = type;
    for (const auto& [name, value] : numbers) {
      std::vector<double>& values = t.data[name];
      values.resize(size, value);
      values[i] = value;
    }
  }
  const auto all = [&](const char* name, double value) {
    const auto found = t.data.find(name);
    return found != t.data.end() &&
           std::all_of(found->second.begin(), found->second.end(), [&](double v) { return v == value; });
  };
  if (all("v_reset", 0)) t.data.erase("v_reset");  // nir before 1.0.6 knows none, and 0 is its default
  if (all("w_in", 1)) t.data.erase("w_in");
  return t;
}

Translation lif(const crosspike::Node& node, double dt, bool lossy) {
  return each_neuron<Lif>(node, [&](const Lif::Params& p, std::string& type, Translation& t) -> Numbers {
    const leak::Leak leak = leak::of(p, dt);
    note_leak(p, t);
    note_firing(p, dt, lossy, t);
    if (!(leak.decay > 0)) note(t.refused, "nothing of its membrane is left after a tick; use kind threshold");
    const double gain = p.input_order == leak::order::before_move ? p.gain * leak.decay : p.gain;
    const bool scaled = p.input_scale == leak::scale::leak;
    if (leak.lost == 0) {
      type = "IF";
      if (p.bias != 0) note(t.refused, "bias: an IF has no constant current; use an Affine (kind linear with a bias)");
      if (scaled) note(t.refused, "decay = 1 with input_scale = \"leak\": no input moves its membrane");
      return {{"r", gain / (dt * ms)}, {"v_threshold", p.threshold}, {"v_reset", p.reset}};
    }
    type = "LIF";
    return {{"tau", leak.tau * ms},
            {"r", resistance(gain, gain, scaled, leak.lost)},
            {"v_leak", leak_target(p.rest, p.bias, leak.charge / p.capacitance, leak.lost)},
            {"v_threshold", p.threshold},
            {"v_reset", p.reset}};
  });
}

Translation integrate_and_fire(const crosspike::Node& node, double dt, bool lossy) {
  return each_neuron<If>(node, [&](const If::Params& p, std::string& type, Translation& t) -> Numbers {
    type = "IF";
    note_firing(p, dt, lossy, t);
    if (p.input_order == If::after_threshold) note(t.lost, "input_order: NIR has no order inside a tick");
    if (p.bias != 0) note(t.refused, "bias: an IF has no constant current; use an Affine (kind linear with a bias)");
    return {{"r", p.input_scale == If::by_dt ? p.gain / ms : p.gain / (dt * ms)},
            {"v_threshold", p.threshold},
            {"v_reset", p.reset}};
  });
}

Translation li(const crosspike::Node& node, double dt, bool) {
  return each_neuron<Li>(node, [&](const Li::Params& p, std::string& type, Translation& t) -> Numbers {
    const leak::Leak leak = leak::of(p, dt);
    note_leak(p, t);
    note_clamps(p, t);
    const double gain = p.input_order == leak::order::before_move ? p.gain * leak.decay : p.gain;
    const bool scaled = p.input_scale == leak::scale::leak;
    if (is_relay(node)) {
      type = "Output";
      return {};
    }
    if (!(leak.decay > 0)) note(t.refused, "nothing of its membrane is left after a tick");
    if (leak.lost == 0) {
      type = "I";
      if (p.bias != 0) note(t.refused, "bias: an I has no constant current; use an Affine (kind linear with a bias)");
      if (p.rest != 0) note(t.refused, "rest: an I starts at 0; write rest = 0");
      if (scaled) note(t.refused, "decay = 1 with input_scale = \"leak\": no input moves its membrane");
      return {{"r", gain / (dt * ms)}};
    }
    type = "LI";
    return {{"tau", leak.tau * ms},
            {"r", resistance(gain, gain, scaled, leak.lost)},
            {"v_leak", leak_target(p.rest, p.bias, leak.charge / p.capacitance, leak.lost)}};
  });
}

Translation cuba_lif(const crosspike::Node& node, double dt, bool lossy) {
  return each_neuron<CubaLif>(node, [&](const CubaLif::Params& p, std::string& type, Translation& t) -> Numbers {
    type = "CubaLIF";
    const leak::Leak leak = leak::of(p, dt);
    note_firing(p, dt, lossy, t);
    if (p.integrator != leak::integrator::exact) note(t.lost, "integrator: NIR is continuous in time");
    if (p.input_order != leak::order::before_move) note(t.lost, "input_order: NIR has no order inside a tick");
    if (leak.lost == 0) note(t.refused, "decay = 1: a CubaLIF leaks");
    const double tau_syn = synaptic_current::tau_excitatory(p);
    if (tau_syn != synaptic_current::tau_inhibitory(p))
      note(t.refused,
           "its two receptors differ in tau_syn: a CubaLIF has one; make a population of each, or write tau_syn");
    const double syn_lost = p.integrator == leak::integrator::euler ? dt / tau_syn : -math::expm1(-dt / tau_syn);
    double r = 1, charge = leak.lost;
    if (p.current_scale == CubaLif::by_capacitance) {
      r = leak.tau / p.capacitance;
      charge = leak.charge / p.capacitance;
    } else if (p.current_scale == CubaLif::by_unit) {
      r = 1 / leak.lost;
      charge = 1;
    }
    return {{"tau_mem", leak.tau * ms},
            {"tau_syn", tau_syn * ms},
            {"r", p.input_scale == leak::scale::leak ? r * p.gain : r},
            {"w_in", p.input_scale == leak::scale::leak ? 1 : p.gain / syn_lost},
            {"v_leak", leak_target(p.rest, p.bias, charge, leak.lost)},
            {"v_threshold", p.threshold},
            {"v_reset", p.reset}};
  });
}

Translation threshold(const crosspike::Node& node, double, bool) {
  return each_neuron<Threshold>(node, [](const Threshold::Params& p, std::string& type, Translation& t) -> Numbers {
    type = "Threshold";
    if (p.inclusive) note(t.lost, "inclusive: NIR spikes above the threshold, not at it");
    return {{"threshold", p.threshold}};
  });
}

constexpr Row table[] = {
    {"lif", "LIF, IF",
     "tau from tau_mem or decay, r from gain and the scale of inputs, v_leak from rest and bias; IF where decay = 1",
     lif, declare_stepped<Lif>},
    {"cuba_lif", "CubaLIF", "as lif; w_in from gain, r from capacitance; one tau_syn for both receptors", cuba_lif,
     declare_stepped<CubaLif>},
    {"li", "LI, I, Output", "as lif; I where decay = 1; Output where decay = 0, which shows its input", li,
     declare_stepped<Li>},
    {"if", "IF", "r from gain", integrate_and_fire, declare_stepped<If>},
    {"threshold", "Threshold", "threshold", threshold, declare_stepped<Threshold>},
    {"alpha_lif", "", "NIR has no alpha-shaped current; use cuba_lif"},
    {"ilif", "", "NIR's spikes are 0 or 1, these are counts"},
    {"poisson", "Input", "its spikes are input, which a graph does not hold"},
    {"spike_list", "Input", "its spikes are input, which a graph does not hold"},
    {"input", "Input", "shape"},
    {"step_current", "", "a current at `injected`; NIR's neurons have one input"},
    {"sparse", "Linear, Scale",
     "one dense Linear for each distinct delay, behind a Delay; Scale where element i goes to element i"},
    {"linear", "Linear, Affine", "Affine with a bias; behind a Delay where the wire has one"},
    {"conv2d", "Conv2d", "dilation 1, groups 1, one bias per channel; behind a Delay where the wire has one"},
    {"delay", "Delay", "delay in seconds"},
};

}  // namespace

std::span<const Row> rows() { return table; }

const Row* find_row(std::string_view kind) {
  for (const Row& row : table)
    if (kind == row.kind) return &row;
  return nullptr;
}

const Kind& neuron_kind(std::string_view name) {
  static const std::map<std::string, Kind, std::less<>> all = [] {
    std::map<std::string, Kind, std::less<>> kinds;
    for (const Row& row : table)
      if (row.declare) kinds.emplace(row.kind, row.declare());
    return kinds;
  }();
  return all.find(name)->second;
}

std::string mapping_markdown() {
  std::string text = "| Kind | NIR | How, or why not |\n|---|---|---|\n";
  for (const Row& row : table)
    text += fmt::format("| `{}` | {} | {} |\n", row.kind, *row.becomes ? row.becomes : "none", row.how);
  return text;
}

bool is_relay(const crosspike::Node& node) {
  if (node.kind->name != "li" || !node.uniform()) return false;
  const auto p = to_params<Li>(node.values_at(0));
  return p.decay == 0 && p.gain == 1 && p.rest == 0 && p.bias == 0 && !is_set(p.lower) && !is_set(p.upper) &&
         p.input_order == leak::order::after_move;
}

void remember(const crosspike::Node& node, Data& metadata) {
  metadata["crosspike/kind"] = node.kind->name;
  for (std::size_t i = 0; i < node.params.size(); ++i) {
    const FieldInfo& field = node.kind->params[i];
    const Param& param = node.params[i];
    if (param.each.empty() && std::isnan(param.value)) continue;
    Datum& datum = metadata["crosspike/" + field.name];
    if (!field.words.empty() && param.each.empty())
      datum = field.words[static_cast<std::size_t>(param.value)];
    else if (param.each.empty())
      datum = Tensor{{}, {param.value}, Store::float64};
    else
      datum = Tensor{{param.each.size()}, param.each, Store::float64};
  }
}

namespace {

// Sets a parameter as remembered; false where it cannot be what was written.
bool recall(const Datum& datum, const FieldInfo& field, std::size_t size, Param& param) {
  if (const auto* word = std::get_if<std::string>(&datum)) {
    const auto found = std::find(field.words.begin(), field.words.end(), *word);
    if (found == field.words.end()) return false;
    param = {static_cast<double>(found - field.words.begin()), {}};
    return true;
  }
  const Tensor& tensor = std::get<Tensor>(datum);
  const auto fits = [&](double v) {
    return v >= field.low && v <= field.high && (!field.integer || v == std::floor(v));
  };
  if (!std::all_of(tensor.values.begin(), tensor.values.end(), fits)) return false;
  if (tensor.shape.empty() && tensor.values.size() == 1) {
    param = {tensor.values[0], {}};
    return true;
  }
  if (tensor.values.size() != size || !field.words.empty() || field.boolean) return false;
  param = {tensor.values[0], tensor.values};
  return true;
}

// As it would be written today.
bool agrees(const Node& node, const Translation& now) {
  if (now.type != node.type || now.data.size() != node.data.size()) return false;
  for (const auto& [name, values] : now.data) {
    const Tensor* stored = node.find(name);
    if (!stored || stored->values.size() != values.size()) return false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = stored->values[i];
      if (value != values[i] && value != static_cast<double>(static_cast<float>(values[i]))) return false;
    }
  }
  return true;
}

}  // namespace

std::optional<crosspike::Node> remembered(const Node& node, const std::string& name, const Shape& shape, double dt,
                                          bool& stale) {
  const auto found = node.metadata.find("crosspike/kind");
  const auto* kind_name = found == node.metadata.end() ? nullptr : std::get_if<std::string>(&found->second);
  if (!kind_name) return std::nullopt;
  stale = true;
  const Row* row = find_row(*kind_name);
  if (!row || !row->translate) return std::nullopt;
  crosspike::Node restored = make_node(name, neuron_kind(*kind_name), shape);
  for (const auto& [key, datum] : node.metadata) {
    if (!key.starts_with("crosspike/")) continue;
    const auto index = restored.kind->find_param(key.substr(10));
    if (index && !recall(datum, restored.kind->params[*index], restored.size(), restored.params[*index]))
      return std::nullopt;
  }
  if (!agrees(node, row->translate(restored, dt, true))) return std::nullopt;
  stale = false;
  return restored;
}

}  // namespace crosspike::nir
