// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <limits>

namespace crosspike {

namespace {

// The liquids that have a name. Each is what [liquid.neuron], [liquid.inputs] and [liquid.recurrent] say by default; in
// it, E stands for the number of excitatory neurons, the first four fifths, and N for that of all.
// local: leaky neurons with Gaussian receptive fields and sparse recurrence, every fifth neuron inhibitory.
// gaussian: dense normal weights (MrLinNing/RMAdaptiveMachine:SpeakerAuthentication/models.py; scales are ours).
// resistive: dense differential pairs of a resistive array of which half the cells are formed
//   (statistics of wangsc1912/ESGNN:data/experimental_data/Figure_1.xlsx).
// maass: a column on a grid, connected by distance (Kirito56/lsm-matlab:circuits/@neural_microcircuit/private/
//   default_parameters.m), with static synapses as strong as the dynamic ones' first response, weight x U.
struct Preset {
  const char* name;
  const char* kind;  // of its neuron
  const char* text;
  std::array<std::int64_t, 3> grid = {};  // z, y, x by default; 0: no grid
};
constexpr Preset presets[] = {
    {"local", "lif", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 1, inclusive = false, decay = 0.95, refractory = 0, lower = -2 }
inputs = { connect = { rule = "local", indegree = 24, sigma = "3 px" }, weight = { normal = [0, 0.6] }, delay = 0 }
recurrent = { connect = { rule = "fixed_indegree", indegree = 32, autapses = false }, weight = { normal = [0, 0.05] }, dale = { every = 5, factor = -4 } }
)"},
    {"gaussian", "lif", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 5, inclusive = false, decay = 0.9, refractory = 0 }
inputs = { connect = { rule = "all_to_all" }, weight = { normal = [0, 0.46] }, delay = 0 }
recurrent = { connect = { rule = "all_to_all" }, weight = { normal = [0, 0.46] } }
)"},
    {"resistive", "lif", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 5, inclusive = false, decay = 0.9, refractory = 0 }
inputs = { connect = { rule = "all_to_all" }, weight = { resistive_pair = 0.052, mean = 12.3, deviation = 1.8, formed = 0.5 }, delay = 0 }
recurrent = { connect = { rule = "all_to_all" }, weight = { resistive_pair = 0.052, mean = 12.3, deviation = 1.8, formed = 0.5 } }
)"},
    {"maass",
     "cuba_lif",
     R"(
neuron = { kind = "cuba_lif", tau_mem = "30 ms", capacitance = "30000 pF", rest = 0, threshold = "15 mV", reset = { uniform = ["13.8 mV", "14.5 mV"] }, bias = { uniform = ["13500 pA", "14500 pA"] }, refractory = { parts = [[0.8, "3 ms"], [0.2, "2 ms"]] }, tau_syn_excitatory = "3 ms", tau_syn_inhibitory = "6 ms", positions = "shuffled_grid", init.membrane = { uniform = ["13.5 mV", "14.9 mV"] } }
inputs = { connect = { rule = "pairwise_bernoulli", probability = 0.3 }, weight = { normal = ["18000 pA", "12600 pA"], min = 0 }, delay = 0 }
[recurrent]
ee = { connect = { rule = "distance", probability = 0.3, lambda = 2, autapses = false, source_range = [0, E], target_range = [0, E] }, weight = { normal = ["15000 pA", "10500 pA"], min = 0 }, delay = { normal = ["1.5 ms", "0.15 ms"], min = "0.5 ms" } }
ei = { connect = { rule = "distance", probability = 0.2, lambda = 2, autapses = false, source_range = [0, E], target_range = [E, N] }, weight = { normal = ["3000 pA", "2100 pA"], min = 0 }, delay = { normal = ["0.8 ms", "0.08 ms"], min = "0.5 ms" } }
ie = { port = "inhibitory", connect = { rule = "distance", probability = 0.4, lambda = 2, autapses = false, source_range = [E, N], target_range = [0, E] }, weight = { normal = ["-4750 pA", "3325 pA"], max = 0 }, delay = { normal = ["0.8 ms", "0.08 ms"], min = "0.5 ms" } }
ii = { port = "inhibitory", connect = { rule = "distance", probability = 0.1, lambda = 2, autapses = false, source_range = [E, N], target_range = [E, N] }, weight = { normal = ["-6080 pA", "4256 pA"], max = 0 }, delay = { normal = ["0.8 ms", "0.08 ms"], min = "0.5 ms" } }
)",
     {15, 3, 3}},
};

const Preset& preset_named(const std::string& name) {
  for (const Preset& preset : presets)
    if (name == preset.name) return preset;
  throw Error(Fault::system, "no liquid preset " + name);
}

std::int64_t excitatory(std::int64_t neurons) { return neurons - neurons / 5; }

// E and N, where they stand alone, become numbers.
Value preset_value(const Preset& preset, std::int64_t neurons) {
  std::string text;
  const std::string_view written = preset.text;
  const auto stands_alone = [&](std::size_t at) {
    const auto letter = [&](std::size_t i) { return std::isalnum(static_cast<unsigned char>(written[i])) != 0; };
    return at > 0 && at + 1 < written.size() && !letter(at - 1) && !letter(at + 1) && written[at - 1] != '"';
  };
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (written[at] == 'E' && stands_alone(at))
      text += fmt::format("{}", excitatory(neurons));
    else if (written[at] == 'N' && stands_alone(at))
      text += fmt::format("{}", neurons);
    else
      text += written[at];
  }
  Value value = parse_config(text, preset.name);
  value.set_where({fmt::format("preset \"{}\"", preset.name)});
  return value;
}

// Keys of `over` replace those of `base`; a connect, weight or dale table is replaced whole.
Value merged(const Value* base, const Value* over) {
  Table table;
  if (base)
    for (const auto& [key, value] : *base->as<Table>()) table.set(key, value);
  if (over)
    for (const auto& [key, value] : *over->as<Table>()) table.set(key, value);
  return Value(std::move(table), over ? over->where() : Location{});
}

constexpr std::int64_t most_neurons = 100'000'000;
const std::string recurrent_name = "liquid.recurrent";  // of one projection, or before the names of several

const Location derived{"model \"lsm\""};  // what follows from the rest of the config

Value text_value(std::string text) { return Value(std::move(text), derived); }
Value number(std::int64_t value) { return Value(value, derived); }
Value derived_list(Array list) { return Value(std::move(list), derived); }

// What makes a written part start from defaults of its own, not from the preset's: another kind, or a convention. Null
// where it doesn't.
const Value* own_start(const Value& written, const char* preset_kind) {
  const Table& table = *written.as<Table>();
  if (const Value* kind = table.find("kind"); kind && !(*kind == text_value(preset_kind))) return kind;
  return table.find("convention");
}

// Several named projections in the place of one: a table of nothing but tables, none of which is a projection's own.
bool is_group(const Value& part) {
  const Table& table = *part.as<Table>();
  return !table.empty() && std::all_of(table.begin(), table.end(), [](const auto& entry) {
    const bool own =
        entry.first == "connect" || entry.first == "weight" || entry.first == "delay" || entry.first == "dale";
    return entry.second.template as<Table>() && !own;
  });
}

// A written part over the preset's. tau_mem is another word for decay and takes its place; a list of edges takes that
// of what it brings.
Value part(const Value* written, const Value& preset, const std::string& key, const char* preset_kind) {
  if (!written) return merged(&preset, nullptr);
  const Table* table = written->as<Table>();
  if (!table) fail_at(written->where(), fmt::format("liquid.{} = {}; allowed: a table", key, to_inline_toml(*written)));
  const bool several = key == "recurrent" && is_group(*written);  // a neuron may well consist of distributions
  if (several && is_group(preset)) {
    Value all = merged(&preset, written);
    for (auto& [name, projection] : *all.as<Table>())
      if (const Value* base = preset.as<Table>()->find(name))
        projection = part(table->find(name), *base, fmt::format("{}.{}", key, name), preset_kind);
    return all;
  }
  if (several || is_group(preset)) return merged(nullptr, written);
  if (own_start(*written, preset_kind)) {
    const Value kind(Table{{{"kind", text_value(preset_kind)}}});
    return merged(&kind, written);
  }
  Value base = without(preset, table->find("tau_mem") ? "decay" : "");
  const Value* connect = table->find("connect");
  if (const Table* edges = connect ? connect->as<Table>() : nullptr) {  // which bring weights and delays of their own
    if (edges->find("weights")) base = without(without(base, "weight"), "dale");
    if (edges->find("delays")) base = without(base, "delay");
  }
  return merged(&base, written);
}

// Keys of a written part that this model sets itself.
void refuse_own(const Value& part, const std::string& path, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const Value* written = part.as<Table>()->find(key))
      fail_at(written->key_where(), fmt::format("{}.{} follows from the model; remove it", path, key));
}

// Edges that a results file holds, as the rule `edges`.
Value saved_projection(const std::string& file, const std::string& projection, const Location& where) {
  const auto at = [&](const std::string& dataset) {
    Table table;
    table.set("file", text_value(fmt::format("{}:/liquid/edges/{}/{}", file, projection, dataset)));
    return Value(std::move(table));
  };
  Table connect;
  connect.set("rule", text_value("edges"));
  connect.set("sources", at("source_node_id"));
  connect.set("targets", at("target_node_id"));
  connect.set("weights", at("0/syn_weight"));
  connect.set("delays", at("0/delay"));
  Table projection_table;
  projection_table.set("connect", Value(std::move(connect)));
  Value saved(std::move(projection_table));
  saved.set_where(where);
  return saved;
}

// The recurrent projections that a results file holds.
Value saved_recurrent(const std::string& file, const Location& where) {
  const ResultsReader results(file);
  Table group;
  for (const std::string& name : results.projections()) {
    if (!name.starts_with(recurrent_name)) continue;
    Value projection = saved_projection(file, name, where);
    if (const std::string port = results.edge_port(name); !port.empty())
      projection.as<Table>()->set("port", text_value(port));
    if (name == recurrent_name) return projection;
    group.set(name.substr(recurrent_name.size() + 1), std::move(projection));
  }
  if (group.empty()) fail_at(where, fmt::format("liquid.from = \"{}\" holds no /liquid/edges/liquid.recurrent", file));
  return Value(std::move(group), where);
}

// "" or ".NAME" and the projection, of each.
std::vector<std::pair<std::string, const Value*>> projections_of(const Value& recurrent) {
  if (!is_group(recurrent)) return {{"", &recurrent}};
  std::vector<std::pair<std::string, const Value*>> all;
  for (const auto& [name, projection] : *recurrent.as<Table>()) all.emplace_back("." + name, &projection);
  return all;
}

// Of a projection, or of several.
Value scaled(Value recurrent, const Value& scale) {
  if (is_group(recurrent))
    for (auto& [name, projection] : *recurrent.as<Table>()) projection.as<Table>()->set("scale", scale);
  else
    recurrent.as<Table>()->set("scale", scale);
  return recurrent;
}

Value without_recurrent(const Value& placement) {
  Table kept;
  for (const auto& [name, backend] : *placement.as<Table>())
    if (!name.starts_with(recurrent_name)) kept.set(name, backend);
  return Value(std::move(kept), placement.where());
}

// Sooner than build_network, which would complain of what the liquid feeds.
void require_spikes(const Value& neuron, const Library& library) {
  const Value& kind_name = *neuron.as<Table>()->find("kind");
  const std::string* written = kind_name.as<std::string>();
  const Kind* kind = written ? library.find_kind(*written) : nullptr;
  if (kind && (kind->outputs.empty() || kind->outputs[0].carries != Carries::spikes))
    fail_at(
        kind_name.where(),
        fmt::format("liquid.neuron.kind = \"{}\" sends no spikes, from which features are counted; name a kind that "
                    "fires, such as lif",
                    *written));
}

// The presets' weights are made for the presets' neuron: another one has other units and another threshold.
void require_weights(const Value& neuron, const Value* written, const std::string& key, const Preset& preset) {
  const Value* own = own_start(neuron, preset.kind);
  if (!own) return;
  if (written && is_group(*written)) {
    for (const auto& [name, projection] : *written->as<Table>())
      require_weights(neuron, &projection, fmt::format("{}.{}", key, name), preset);
    return;
  }
  if (written) {
    const Value* connect = written->as<Table>()->find("connect");
    const bool edges = connect && connect->as<Table>() && connect->as<Table>()->find("weights");
    if (edges || written->as<Table>()->find("weight")) return;
  }
  const bool kind = own == neuron.as<Table>()->find("kind");
  fail_at(own->where(), fmt::format("liquid.neuron.{} = {} has a threshold and units that the preset's weights are not "
                                    "made for; write liquid.{}.weight too",
                                    kind ? "kind" : "convention", to_inline_toml(*own), key));
}

// `network` holds, resolved, what the presets and the kind left to defaults.
Value resolved_part(const Value& network, const char* section, const char* name,
                    std::initializer_list<const char*> own) {
  Value part = *network.as<Table>()->find(section)->as<Table>()->find(name);
  for (const char* key : own) part = without(part, key);
  return part;
}

// Of a projection of the network, what [liquid] says of it.
Value resolved_projection(const Value& network, const std::string& name) {
  const Value* to = network.as<Table>()->find("projections")->as<Table>()->find(name)->as<Table>()->find("to");
  const std::string target = *to->as<std::string>();
  Value part = resolved_part(network, "projections", name.c_str(), {"from", "to"});
  if (name.starts_with(recurrent_name)) part = without(part, "scale");  // stays liquid.recurrent_scale
  if (target == "liquid") return part;
  Table table({{"port", Value(target.substr(target.rfind('.') + 1), to->where())}});
  for (const auto& [key, value] : *part.as<Table>()) table.set(key, value);
  return Value(std::move(table), part.where());
}

Value resolved_recurrent(const Value& network) {
  Table group;
  for (const auto& [name, projection] : *network.as<Table>()->find("projections")->as<Table>()) {
    if (name == recurrent_name) return resolved_projection(network, name);
    if (name.starts_with(recurrent_name))
      group.set(name.substr(recurrent_name.size() + 1), resolved_projection(network, name));
  }
  return Value(std::move(group));
}

class LsmReader {
 public:
  LsmReader(const Value& config, const Library& library) : library_(library), root_(config, "") {}

  LsmSettings read() {
    root_.integer("format", required, 1, 1);
    const std::string model[] = {"lsm"};
    root_.choice("model", required, model);
    s_.seed = static_cast<std::uint64_t>(root_.integer("seed", 1, 0, std::numeric_limits<std::int64_t>::max()));
    TableReader dataset = root_.table("dataset");
    s_.dataset = dataset_from(dataset, s_.seed);
    s_.sensor = sensor_of(s_.dataset);
    read_input();
    read_liquid();
    read_features();
    root_.finish();
    s_.liquid = build_network(s_.network, library_);
    require_features();
    s_.resolved = resolved();
    return std::move(s_);
  }

 private:
  // What the features need of the liquid.
  void require_features() {
    const Node& liquid = s_.liquid.network->node(s_.liquid.network->require("liquid"));
    if (s_.features.membranes && !liquid.kind->find_state("membrane"))
      fail_at(root_.table("features").find("membranes")->where(),
              fmt::format("features.membranes needs a liquid with a membrane, kind '{}' has none", liquid.kind->name));
    // ilif is the one kind that knows negative counts; those of a plugin are refused where they come.
    if (liquid.kind->name == "ilif" && liquid.value("lower") < 0)
      fail_at(
          s_.network.as<Table>()->find("populations")->as<Table>()->find("liquid")->as<Table>()->find("lower")->where(),
          "liquid.neuron.lower lets counts be negative, and features take only counts from 0; write lower = 0");
  }

  // What was read of it, each value with its place.
  Value resolved_readout() const {
    Value readout = to_value(s_.readout);
    const Value all = root_.resolved();
    const Value* written = all.as<Table>()->find("readout");
    for (auto& [key, value] : *readout.as<Table>())
      if (const Value* own = written ? written->as<Table>()->find(key) : nullptr) value.set_where(own->where());
    return readout;
  }

  Value resolved() const {
    Table all = *root_.resolved().as<Table>();
    const auto fill = [&](const char* section, const char* key,
                          Array list) {  // what stands for a missing or empty list
      Table& table = *all.find(section)->as<Table>();
      const Value* written = table.find(key);
      if (!written || written->as<Array>()->empty()) table.set(key, Value(std::move(list)));
    };
    fill("input", "crop", {Value(std::int64_t{s_.input.height}), Value(std::int64_t{s_.input.width})});
    all.set("readout", resolved_readout());
    const Value& network = s_.liquid.resolved;
    Table& liquid = *all.find("liquid")->as<Table>();
    if (!grid_.empty()) liquid.set("grid", Value(grid_));
    liquid.set("neuron", resolved_part(network, "populations", "liquid", {"size", "shape"}));
    if (!liquid.find("from")) {
      liquid.set("inputs", resolved_projection(network, "liquid.inputs"));
      liquid.set("recurrent", resolved_recurrent(network));
    }
    liquid =
        in_order(liquid, {"preset", "neurons", "grid", "from", "recurrent_scale", "neuron", "inputs", "recurrent"});
    all.set("placement", *network.as<Table>()->find("placement"));  // moves what `liquid` refers to
    return Value(in_order(all, {"format", "model", "seed", "controls", "dataset", "input", "liquid", "features",
                                "readout", "placement"}));
  }

  // Alike, whatever was written.
  static Table in_order(const Table& table, std::initializer_list<const char*> keys) {
    Table ordered;
    for (const char* key : keys)
      if (const Value* value = table.find(key)) ordered.set(key, *value);
    return ordered;
  }

  // Those of N-MNIST's saccades, or of the samples where they are made up.
  std::int64_t default_ticks() const {
    if (s_.dataset.kind != DatasetSource::Kind::pattern_pairs) return 63;
    return static_cast<std::int64_t>(std::ceil(s_.dataset.patterns.duration_ms() / s_.binning.tick_ms - 1e-9));
  }

  void read_input() {
    TableReader input = root_.table("input");
    s_.binning.tick_ms = input.quantity("tick", Unit::ms, 5, 0.001, 1e6);
    s_.binning.ticks = static_cast<int>(input.integer("ticks", default_ticks(), 1, 1'000'000));
    s_.binning.max_per_tick = static_cast<std::int32_t>(input.integer("max_per_tick", 4, 1, 1'000'000));
    const std::string words[] = {"both", "on", "off", "merged"};
    constexpr PolarityUse uses[] = {PolarityUse::both, PolarityUse::on, PolarityUse::off, PolarityUse::merged};
    const std::string word = input.choice("polarity", "both", words);
    for (std::size_t i = 0; i < 4; ++i)
      if (word == words[i]) s_.binning.polarity = uses[i];
    const auto crop = input.integers("crop", 1, 100'000);
    if (!crop.empty()) {
      if (crop.size() != 2)
        fail_at(input.find("crop")->where(), "input.crop needs two numbers: [height, width] in pixels");
      if (crop[0] > s_.sensor.height || crop[1] > s_.sensor.width)
        fail_at(input.find("crop")->where(),
                fmt::format("input.crop = [{}, {}] does not fit the sensor's {} x {} pixels (height x width)", crop[0],
                            crop[1], s_.sensor.height, s_.sensor.width));
      s_.binning.crop_height = static_cast<int>(crop[0]);
      s_.binning.crop_width = static_cast<int>(crop[1]);
    }
    try {
      s_.input = EventBinner(s_.sensor, s_.binning).shape();
    } catch (const Error& error) {
      fail_at(input.where(), fmt::format("input: {}", error.what()));
    }
  }

  // liquid.neurons, or the volume of liquid.grid.
  std::int64_t read_size(TableReader& liquid, const Preset& preset) {
    std::vector<std::int64_t> grid = liquid.integers("grid", 1, most_neurons);
    if (grid.empty() && preset.grid[0] > 0 && !liquid.has("neurons"))
      grid.assign(preset.grid.begin(), preset.grid.end());
    const bool needs_grid = preset.grid[0] > 0;
    if (grid.empty()) {
      if (needs_grid)
        fail_at(liquid.find("neurons")->where(),
                fmt::format("liquid.neurons: preset \"{}\" lies on a grid; write liquid.grid = [z, y, x] in its stead",
                            preset.name));
      return liquid.integer("neurons", 3000, 1, most_neurons);
    }
    if (grid.size() > 3) fail_at(liquid.find("grid")->where(), "liquid.grid has up to three sides: [z, y, x]");
    std::int64_t neurons = 1;
    for (const std::int64_t side : grid) {
      neurons *= side;
      if (neurons > most_neurons)
        fail_at(liquid.find("grid")->where(), fmt::format("liquid.grid has more than {} places", most_neurons));
    }
    if (liquid.has("neurons") && liquid.integer("neurons", required, 1, most_neurons) != neurons)
      fail_at(liquid.find("neurons")->where(),
              fmt::format("liquid.neurons = {}, but liquid.grid has {} places; remove liquid.neurons",
                          to_inline_toml(*liquid.find("neurons")), neurons));
    for (const std::int64_t side : grid) grid_.push_back(number(side));
    return neurons;
  }

  void read_liquid() {
    TableReader liquid = root_.table("liquid");
    std::vector<std::string> names;
    for (const Preset& preset : presets) names.emplace_back(preset.name);
    const Preset& preset = preset_named(liquid.choice("preset", "local", names));
    const std::int64_t neurons = read_size(liquid, preset);
    const Value defaults = preset_value(preset, neurons);
    const std::string saved = liquid.has("from") ? liquid.text("from", required) : "";
    const auto own = [&](const char* key, const char* kind) {
      return part(liquid.find(key), *defaults.as<Table>()->find(key), key, kind);
    };
    const Value neuron = own("neuron", preset.kind);
    Value inputs = own("inputs", "sparse"), recurrent = own("recurrent", "sparse");
    refuse_own(neuron, "liquid.neuron", {"size", "shape"});
    refuse_own(inputs, "liquid.inputs", {"from", "to"});
    for (const auto& [name, projection] : projections_of(recurrent)) {
      refuse_own(*projection, "liquid.recurrent" + name, {"from", "to"});
      if (const Value* scale = projection->as<Table>()->find("scale"))
        fail_at(scale->key_where(),
                "a scale of recurrent weights is liquid.recurrent_scale, for all of them; write that");
    }
    require_spikes(neuron, library_);
    if (!saved.empty()) {
      for (const char* key : {"inputs", "recurrent"})
        if (liquid.has(key))
          fail_at(liquid.find(key)->key_where(),
                  fmt::format("liquid.{} stands beside liquid.from, whose file brings its own edges; remove one", key));
      const Location where = liquid.find("from")->where();
      inputs = saved_projection(saved, "liquid.inputs", where);
      recurrent = saved_recurrent(saved, where);
    } else {
      for (const char* key : {"inputs", "recurrent"}) require_weights(neuron, liquid.find(key), key, preset);
    }
    if (liquid.has("recurrent_scale")) {
      liquid.quantity("recurrent_scale", Unit::none, required, 0, 1e9);
      recurrent = scaled(std::move(recurrent), *liquid.find("recurrent_scale"));
    }
    const Value* placement = root_.find("placement");
    s_.network = network(neurons, neuron, inputs, &recurrent, placement);
    s_.network_without_recurrence = network(neurons, neuron, inputs, nullptr, placement);
  }

  Value network(std::int64_t neurons, const Value& neuron, const Value& inputs, const Value* recurrent,
                const Value* placement) {
    Table run;
    run.set("dt", text_value(format_quantity(s_.binning.tick_ms, Unit::ms)));
    run.set("time", text_value(format_quantity(s_.binning.tick_ms * s_.binning.ticks, Unit::ms)));
    Table input;
    input.set("kind", text_value("input"));
    input.set("shape", derived_list({number(s_.input.polarities), number(s_.input.height), number(s_.input.width)}));
    input.set("max_count", number(s_.binning.max_per_tick));
    Table population;
    for (const auto& [key, value] : *neuron.as<Table>()) population.set(key, value);
    if (grid_.empty())
      population.set("size", number(neurons));
    else
      population.set("shape", Value(grid_));
    Table populations;
    populations.set("input", Value(std::move(input)));
    populations.set("liquid", Value(std::move(population), neuron.where()));
    Table projections;
    projections.set("liquid.inputs", projection("input", inputs));
    if (recurrent)
      for (const auto& [name, written] : projections_of(*recurrent))
        projections.set("liquid.recurrent" + name, projection("liquid", *written));
    Table root;
    root.set("format", number(1));
    root.set("model", text_value("network"));
    root.set("seed", number(static_cast<std::int64_t>(s_.seed)));
    root.set("run", Value(std::move(run)));
    root.set("populations", Value(std::move(populations)));
    root.set("projections", Value(std::move(projections)));
    if (placement) root.set("placement", recurrent ? *placement : without_recurrent(*placement));
    return Value(std::move(root));
  }

  static Value projection(const std::string& from, const Value& written) {
    Table table;
    const Value* port = written.as<Table>()->find("port");
    if (port && !port->as<std::string>())
      fail_at(port->where(), fmt::format("port = {}; write the name of one of the neuron's inputs, e.g. \"inhibitory\"",
                                         to_inline_toml(*port)));
    table.set("from", text_value(from));
    table.set("to", port ? Value("liquid." + *port->as<std::string>(), port->where()) : text_value("liquid"));
    for (const auto& [key, value] : *written.as<Table>())
      if (key != "port") table.set(key, value);
    return Value(std::move(table), written.where());
  }

  // By default the time of the second pattern where there are pairs, whose first one would be seen else; else all.
  void read_window(TableReader& features) {
    const bool pairs = s_.dataset.kind == DatasetSource::Kind::pattern_pairs;
    if (!pairs && !features.has("window")) return;
    const double tick = s_.binning.tick_ms, sample = tick * s_.binning.ticks;
    const double usual = std::min(std::max(s_.dataset.patterns.pattern_ms, tick), sample);
    const double window = features.quantity("window", Unit::ms, usual, tick, 1e9);
    const auto ticks = static_cast<std::int64_t>(std::floor(window / tick + 0.5));
    if (ticks > s_.binning.ticks)
      fail_at(features.find("window")->where(),
              fmt::format("features.window = {} is longer than a sample, {}", format_quantity(window, Unit::ms),
                          format_quantity(sample, Unit::ms)));
    s_.features.first_tick = s_.binning.ticks - static_cast<int>(ticks);
  }

  void read_features() {
    TableReader features = root_.table("features");
    read_window(features);
    s_.features.bins = static_cast<int>(features.integer("bins", 2, 1, s_.binning.ticks - s_.features.first_tick));
    const std::string transforms[] = {"none", "square_root"};
    s_.features.square_root = features.choice("transform", "none", transforms) == "square_root";
    if (features.has("trace")) s_.features.trace_ms = features.quantity("trace", Unit::ms, required, above_zero, 1e9);
    s_.features.membranes = features.boolean("membranes", false);
    TableReader readout = root_.table("readout");
    s_.readout = readout_from(readout);
    s_.controls = root_.boolean("controls", true);
  }

  const Library& library_;
  TableReader root_;
  LsmSettings s_;
  Array grid_;  // of the liquid; empty: it has none
};

}  // namespace

LsmSettings read_lsm(const Value& config, const Library& library) { return LsmReader(config, library).read(); }

}  // namespace crosspike
