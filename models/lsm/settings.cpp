// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <limits>

namespace crosspike {

namespace {

// The liquids that have a name. Each is what [liquid.neuron], [liquid.inputs] and [liquid.recurrent] say by default.
// local: leaky neurons with Gaussian receptive fields and sparse recurrence, every fifth neuron inhibitory.
// gaussian: dense normal weights (MrLinNing/RMAdaptiveMachine:SpeakerAuthentication/models.py; scales are ours).
// resistive: dense differential pairs of a resistive array of which half the cells are formed
//   (statistics of wangsc1912/ESGNN:data/experimental_data/Figure_1.xlsx).
struct Preset {
  const char* name;
  const char* text;
};
constexpr const char* preset_neuron = "lif";  // of all of them
constexpr Preset presets[] = {
    {"local", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 1, inclusive = false, decay = 0.95, refractory = 0, lower = -2 }
inputs = { connect = { rule = "local", indegree = 24, sigma = "3 px" }, weight = { normal = [0, 0.6] }, delay = 0 }
recurrent = { connect = { rule = "fixed_indegree", indegree = 32, autapses = false }, weight = { normal = [0, 0.05] }, dale = { every = 5, factor = -4 } }
)"},
    {"gaussian", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 5, inclusive = false, decay = 0.9, refractory = 0 }
inputs = { connect = { rule = "all_to_all" }, weight = { normal = [0, 0.46] }, delay = 0 }
recurrent = { connect = { rule = "all_to_all" }, weight = { normal = [0, 0.46] } }
)"},
    {"resistive", R"(
neuron = { kind = "lif", rest = 0, reset = 0, threshold = 5, inclusive = false, decay = 0.9, refractory = 0 }
inputs = { connect = { rule = "all_to_all" }, weight = { resistive_pair = 0.052, mean = 12.3, deviation = 1.8, formed = 0.5 }, delay = 0 }
recurrent = { connect = { rule = "all_to_all" }, weight = { resistive_pair = 0.052, mean = 12.3, deviation = 1.8, formed = 0.5 } }
)"},
};

Value preset_value(const std::string& name) {
  for (const Preset& preset : presets)
    if (name == preset.name) {
      Value value = parse_config(preset.text, name);
      value.set_where({fmt::format("preset \"{}\"", name)});
      return value;
    }
  throw Error(Fault::system, "no liquid preset " + name);
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

// A written part over the preset's. tau_mem is another word for decay and takes its place.
Value part(TableReader& liquid, const Value& preset, const std::string& key, const char* preset_kind) {
  const Value* written = liquid.find(key);
  if (!written) return merged(preset.as<Table>()->find(key), nullptr);
  const Table* table = written->as<Table>();
  if (!table) fail_at(written->where(), fmt::format("liquid.{} = {}; allowed: a table", key, to_inline_toml(*written)));
  if (own_start(*written, preset_kind)) {
    const Value kind(Table{{{"kind", text_value(preset_kind)}}});
    return merged(&kind, written);
  }
  const Value base = without(*preset.as<Table>()->find(key), table->find("tau_mem") ? "decay" : "");
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
void require_weights(const Value& neuron, const Value* written, const std::string& key) {
  const Value* own = own_start(neuron, preset_neuron);
  if (!own) return;
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

  Value resolved() const {
    Table all = *root_.resolved().as<Table>();
    const auto fill = [&](const char* section, const char* key, Array list) {  // what stands for a missing or empty list
      Table& table = *all.find(section)->as<Table>();
      const Value* written = table.find(key);
      if (!written || written->as<Array>()->empty()) table.set(key, Value(std::move(list)));
    };
    fill("input", "crop", {Value(std::int64_t{s_.input.height}), Value(std::int64_t{s_.input.width})});
    Array lambdas;
    for (const double lambda : s_.lambdas) lambdas.emplace_back(lambda);
    fill("readout", "lambdas", std::move(lambdas));
    const Value& network = s_.liquid.resolved;
    Table& liquid = *all.find("liquid")->as<Table>();
    liquid.set("neuron", resolved_part(network, "populations", "liquid", {"size"}));
    if (!liquid.find("from"))
      for (const char* key : {"inputs", "recurrent"})
        liquid.set(key, resolved_part(network, "projections", fmt::format("liquid.{}", key).c_str(), {"from", "to"}));
    all.set("placement", *network.as<Table>()->find("placement"));
    Table ordered;  // alike, whatever was written
    for (const char* key :
         {"format", "model", "seed", "controls", "dataset", "input", "liquid", "features", "readout", "placement"})
      ordered.set(key, std::move(*all.find(key)));
    return Value(std::move(ordered));
  }

  void read_input() {
    TableReader input = root_.table("input");
    s_.binning.tick_ms = input.quantity("tick", Unit::ms, 5, 0.001, 1e6);
    s_.binning.ticks = static_cast<int>(input.integer("ticks", 63, 1, 1'000'000));
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

  void read_liquid() {
    TableReader liquid = root_.table("liquid");
    std::vector<std::string> names;
    for (const Preset& preset : presets) names.emplace_back(preset.name);
    const Value preset = preset_value(liquid.choice("preset", "local", names));
    const std::int64_t neurons = liquid.integer("neurons", 3000, 1, 100'000'000);
    const std::string saved = liquid.has("from") ? liquid.text("from", required) : "";
    const Value neuron = part(liquid, preset, "neuron", preset_neuron);
    Value inputs = part(liquid, preset, "inputs", "sparse"), recurrent = part(liquid, preset, "recurrent", "sparse");
    refuse_own(neuron, "liquid.neuron", {"size", "shape"});
    refuse_own(inputs, "liquid.inputs", {"from", "to"});
    refuse_own(recurrent, "liquid.recurrent", {"from", "to"});
    require_spikes(neuron, library_);
    if (!saved.empty()) {
      for (const char* key : {"inputs", "recurrent"})
        if (liquid.has(key))
          fail_at(liquid.find(key)->key_where(),
                  fmt::format("liquid.{} stands beside liquid.from, whose file brings its own edges; remove one", key));
      const Location where = liquid.find("from")->where();
      inputs = saved_projection(saved, "liquid.inputs", where);
      recurrent = saved_projection(saved, "liquid.recurrent", where);
    } else {
      for (const char* key : {"inputs", "recurrent"}) require_weights(neuron, liquid.find(key), key);
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
    population.set("size", number(neurons));
    Table populations;
    populations.set("input", Value(std::move(input)));
    populations.set("liquid", Value(std::move(population), neuron.where()));
    Table projections;
    projections.set("liquid.inputs", projection("input", inputs));
    if (recurrent) projections.set("liquid.recurrent", projection("liquid", *recurrent));
    Table root;
    root.set("format", number(1));
    root.set("model", text_value("network"));
    root.set("seed", number(static_cast<std::int64_t>(s_.seed)));
    root.set("run", Value(std::move(run)));
    root.set("populations", Value(std::move(populations)));
    root.set("projections", Value(std::move(projections)));
    if (placement) root.set("placement", recurrent ? *placement : without(*placement, "liquid.recurrent"));
    return Value(std::move(root));
  }

  static Value projection(const std::string& from, const Value& written) {
    Table table;
    table.set("from", text_value(from));
    table.set("to", text_value("liquid"));
    for (const auto& [key, value] : *written.as<Table>()) table.set(key, value);
    return Value(std::move(table), written.where());
  }

  void read_features() {
    TableReader features = root_.table("features");
    s_.features.bins = static_cast<int>(features.integer("bins", 2, 1, s_.binning.ticks));
    const std::string transforms[] = {"none", "square_root"};
    s_.features.square_root = features.choice("transform", "none", transforms) == "square_root";
    if (features.has("trace")) s_.features.trace_ms = features.quantity("trace", Unit::ms, required, above_zero, 1e9);
    s_.features.membranes = features.boolean("membranes", false);
    TableReader readout = root_.table("readout");
    const std::string kinds[] = {"ridge"};
    readout.choice("kind", "ridge", kinds);
    s_.lambdas = readout.quantities("lambdas", Unit::none, above_zero, 1e30);
    if (s_.lambdas.empty()) s_.lambdas = {10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4};
    s_.controls = root_.boolean("controls", true);
  }

  const Library& library_;
  TableReader root_;
  LsmSettings s_;
};

}  // namespace

LsmSettings read_lsm(const Value& config, const Library& library) { return LsmReader(config, library).read(); }

}  // namespace crosspike
