// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/models/network/read_connectivity.hpp>
#include <crosspike/models/network/read_values.hpp>
#include <limits>
#include <map>

namespace crosspike {

namespace {

constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();

// Errors of the core name nodes, not places: this adds the place in the config.
template <class Body>
decltype(auto) located(const Location& where, const std::string& path, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    const std::string message = fmt::format("{}: {}", path, error.what());
    if (error.fault() == Fault::input) fail_at(where, message);
    if (error.fault() == Fault::cannot) throw Error(Fault::cannot, fmt::format("{}: {}", where.text(), message));
    throw;
  }
}

class Builder {
 public:
  Builder(const Value& config, const Library& library) : library_(library), root_(config, "") {
    TableReader sections(config, "");  // first, or what a misspelt section should hold is missed elsewhere
    for (const char* section :
         {"format", "model", "seed", "run", "dataset", "populations", "projections", "wires", "recorders", "placement"})
      sections.find(section);
    sections.finish();
  }

  NetworkModel build() {
    root_.integer("format", required, 1, 1);
    const std::string model[] = {"network"};
    root_.choice("model", required, model);
    read_run();
    if (root_.has("dataset")) read_dataset();
    for_each("populations", [&](const std::string& name, TableReader& reader) { add_population(name, reader); });
    for_each("projections", [&](const std::string& name, TableReader& reader) { add_projection(name, reader); });
    for_each("wires", [&](const std::string& name, TableReader& reader) { add_wire(name, reader); });
    if (network_.nodes().empty())
      fail_at(root_.where(),
              "there are no populations; add a line such as: populations.exc = { kind = \"lif\", size = 100 }");
    network_.validate();
    NetworkModel result;
    if (dataset_) result.dataset = feed();
    result.time = time_;
    result.ticks = static_cast<std::int64_t>(std::floor(time_ / network_.dt + 0.5));
    for_each("recorders", [&](const std::string& name, TableReader& reader) {
      result.recorders.push_back(read_recorder(name, reader));
    });
    result.placement = read_placement();
    root_.finish();
    result.resolved = root_.resolved();
    result.network = std::make_shared<const Network>(std::move(network_));
    return result;
  }

 private:
  void read_run() {
    network_.seed = static_cast<std::uint64_t>(root_.integer("seed", 1, 0, std::numeric_limits<std::int64_t>::max()));
    TableReader run = root_.table("run");
    network_.dt = run.quantity("dt", Unit::ms, 0.1, 1e-6, 1e6);
    const Value* written = run.find("time");
    const Location time_where = written ? written->where() : run.where();
    time_ = run.quantity("time", Unit::ms, 1000, 0, 1e12);
    const std::string precisions[] = {"float", "double"};
    if (run.choice("precision", "float", precisions) == "double") network_.precision = Precision::double_;
    if (run.has("weight_bits")) {
      const std::int64_t bits = run.integer("weight_bits", required, std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::max());
      if (bits != 16 && bits != 32)
        fail_at(run.find("weight_bits")->where(), fmt::format("run.weight_bits is {}; allowed are 16, 32", bits));
      network_.weight_bits = static_cast<int>(bits);
    }
    run.finish();
    if (time_ / network_.dt + 0.5 < 1)
      fail_at(time_where, fmt::format("run.time = {} is less than half a tick of {}: nothing would happen; write at "
                                      "least one tick",
                                      format_quantity(time_, Unit::ms), format_quantity(network_.dt, Unit::ms)));
    if (time_ / network_.dt + 0.5 > static_cast<double>(most))
      fail_at(time_where, fmt::format("run.time = {} is {:.3g} ticks of {}; allowed are up to {} ticks",
                                      format_quantity(time_, Unit::ms), time_ / network_.dt,
                                      format_quantity(network_.dt, Unit::ms), most));
  }

  void read_dataset() {
    TableReader reader = root_.table("dataset");
    dataset_ = dataset_from(reader, network_.seed);
    if (reader.has("feeds")) feeds_ = reader.text("feeds", required);
    reader.finish();
    sensor_ = sensor_of(*dataset_);
  }

  // The population that the data set feeds: the one that is named, or the only one of kind input.
  DatasetInput feed() {
    const Location& where = root_.table("dataset").where();
    std::vector<std::string> inputs;
    for (const Node& node : network_.nodes())
      if (node.kind->filled_by_caller) inputs.push_back(node.name);
    if (inputs.empty())
      fail_at(where,
              "dataset feeds a population of kind input, and there is none; add one such as: populations.input = "
              "{ kind = \"input\" }");
    if (!feeds_ && inputs.size() > 1)
      fail_at(where,
              fmt::format("dataset could feed {}; name one: feeds = \"{}\"", fmt::join(inputs, " or "), inputs[0]));
    const std::string name = feeds_ ? *feeds_ : inputs[0];
    const Location named = feeds_ ? root_.table("dataset").find("feeds")->where() : where;
    const NodeId id = located(named, "dataset.feeds", [&] { return network_.require(name); });
    const Node& node = network_.node(id);
    if (!node.kind->filled_by_caller || network_.carries({id, 0}) != Carries::spikes)
      fail_at(named, fmt::format("dataset.feeds = \"{}\" is no population of kind input that carries spikes", name));
    for (const std::string& other : inputs)
      if (other != name)
        fail_at(where,
                fmt::format("dataset feeds '{}', and '{}' of kind input would wait for ever; use another kind, such "
                            "as spike_list",
                            name, other));
    if (node.size() != static_cast<std::size_t>(sensor_.channels()))
      fail_at(where,
              fmt::format("dataset has {} channels, but population '{}' has {} elements; leave its size away, and it "
                          "follows from the data set",
                          sensor_.channels(), name, node.size()));
    return {id, std::move(*dataset_)};
  }

  template <class Body>
  void for_each(const std::string& section, Body body) {
    if (!root_.has(section)) return;
    TableReader readers = root_.table(section);
    for (const std::string& name : readers.names()) {
      TableReader reader = readers.table(name);
      body(name, reader);
      reader.finish();  // before a check of the whole network finds what a misspelt key lacks
    }
  }

  // ---- populations ----

  void add_population(const std::string& name, TableReader& reader) {
    const std::string path = "populations." + name;
    const std::string kind_name = reader.text("kind", required);
    const Kind& kind =
        located(reader.find("kind")->where(), path, [&]() -> const Kind& { return library_.kind(kind_name); });
    if (kind.is_weight)
      fail_at(reader.find("kind")->where(),
              fmt::format("{}: kind '{}' is a weight; describe it under [projections]", path, kind.name));
    const bool named = !kind.conventions.empty() && reader.has("convention");
    const std::string convention = named ? reader.choice("convention", required, kind.conventions) : "";
    const Shape shape = kind.filled_by_caller && dataset_ && !reader.has("size") && !reader.has("shape")
                            ? sensor_shape()
                            : read_shape(reader, path);
    Node node = make_node(name, kind, shape, convention);
    node.where = reader.where().text();
    read_params(node, reader, path, convention);
    read_initial(node, reader, path);
    if (reader.has("positions")) node.positions = read_positions(node, reader, path);
    for (const ArrayInfo& array : kind.arrays)
      if (const Value* value = reader.find(array.name))
        node.arrays[array.name] = read_array(*value, path + "." + array.name, array_unit(array.name));
    located(reader.where(), path, [&] {
      network_.add(std::move(node));
      return 0;
    });
  }

  // "grid" needs none; "shuffled_grid": the places of the grid, dealt out at random; else x, y, z of each element.
  Positions read_positions(const Node& node, TableReader& reader, const std::string& path) const {
    if (reader.find("positions")->as<std::string>()) {
      const std::string words[] = {"grid", "shuffled_grid"};
      const bool shuffled = reader.choice("positions", required, words) == words[1];
      if (node.shape.size() > 3)
        fail_at(reader.find("positions")->where(),
                fmt::format("{}.positions: a grid has up to 3 dimensions, the shape has {}", path, node.shape.size()));
      return shuffled ? shuffled_grid(node) : nullptr;
    }
    const Value& written = *reader.find("positions");
    const NamedArray array = read_array(written, path + ".positions");
    const std::size_t axes = array.shape.size() == 2 ? array.shape[1] : 1;
    if (array.shape.empty() || array.shape.size() > 2 || array.shape[0] != node.size() || axes < 1 || axes > 3)
      fail_at(written.where(), fmt::format("{}.positions has shape ({}); {} rows of 1 to 3 numbers are expected", path,
                                           fmt::join(array.shape, ", "), node.size()));
    std::vector<double> all(3 * node.size(), 0.0);
    for (std::size_t i = 0; i < node.size(); ++i) std::copy_n(array.values.data() + i * axes, axes, all.data() + 3 * i);
    return std::make_shared<const std::vector<double>>(std::move(all));
  }

  Positions shuffled_grid(const Node& node) const {
    std::vector<std::uint32_t> place(node.size());
    for (std::uint32_t i = 0; i < place.size(); ++i) place[i] = i;
    Draws<double> draws(random_key(network_.seed, Purpose::parameter, node.name + "/positions"), 0, 0, 0);
    for (std::size_t i = place.size(); i > 1; --i)  // Fisher and Yates
      std::swap(place[i - 1], place[draws.below(static_cast<std::uint32_t>(i))]);
    std::vector<double> all;
    for (const std::uint32_t p : place) {
      const Position at = position_of(p, node.shape, nullptr);
      all.insert(all.end(), {at.x, at.y, at.z});
    }
    return std::make_shared<const std::vector<double>>(std::move(all));
  }

  static Unit array_unit(std::string_view name) {
    if (name == "times") return Unit::ms;
    return name == "currents" ? Unit::pA : Unit::none;
  }

  Shape sensor_shape() const {
    return {static_cast<std::uint32_t>(sensor_.polarities), static_cast<std::uint32_t>(sensor_.height),
            static_cast<std::uint32_t>(sensor_.width)};
  }

  static Shape read_shape(TableReader& reader, const std::string& path) {
    Shape shape;
    for (const std::int64_t side : reader.integers("shape", 1, most)) shape.push_back(static_cast<std::uint32_t>(side));
    if (shape.empty())
      shape.push_back(static_cast<std::uint32_t>(reader.integer("size", required, 1, most)));
    else if (reader.has("size"))
      fail_at(reader.where(), fmt::format("{} has both size and shape; write one of them", path));
    return shape;
  }

  void read_params(Node& node, TableReader& reader, const std::string& path, std::string_view convention = {}) {
    const Kind& kind = *node.kind;
    for (const auto& [a, b] : kind.exclusive)
      if (reader.has(a) && reader.has(b))
        fail_at(reader.find(b)->key_where(), fmt::format("{} has both {} and {}; write one of them", path, a, b));
    const auto replaced = [&](const std::string& field) {  // by what is written in its stead
      return std::any_of(kind.exclusive.begin(), kind.exclusive.end(), [&](const auto& pair) {
        return (pair.first == field && reader.has(pair.second)) || (pair.second == field && reader.has(pair.first));
      });
    };
    const std::vector<bool> decided = decided_by(kind, convention);
    for (std::size_t p = 0; p < kind.params.size(); ++p) {
      if (!reader.has(kind.params[p].name) && replaced(kind.params[p].name)) continue;
      reader.name_fallbacks(decided[p] ? fmt::format("convention \"{}\"", convention) : Location{}.file);
      read_param(node, p, reader, path);
    }
    reader.name_fallbacks(Location{}.file);
  }

  void read_param(Node& node, std::size_t p, TableReader& reader, const std::string& path) {
    const FieldInfo& field = node.kind->params[p];
    Param& param = node.params[p];
    const Value* given = reader.has(field.name) ? reader.find(field.name) : nullptr;
    if (!given && std::isnan(param.value)) return;  // optional and unset
    if (field.boolean) {
      param.value = reader.boolean(field.name, param.value != 0) ? 1 : 0;
    } else if (!field.words.empty()) {
      const std::string word =
          reader.choice(field.name, field.words[static_cast<std::size_t>(param.value)], field.words);
      param.value = static_cast<double>(std::find(field.words.begin(), field.words.end(), word) - field.words.begin());
    } else if (given && given->as<Table>() && given->as<Table>()->find("parts")) {
      node.params[p].each = read_parts(*given, path + "." + field.name, field.unit, node.size());
      node.params[p].value = node.params[p].each.front();
    } else if (given && (given->as<Array>() || given->as<Table>())) {
      spread(node, p, read_distribution(*given, path + "." + field.name, field.unit), *given, path);
    } else if (field.integer) {
      param.value = static_cast<double>(reader.integer(field.name, static_cast<std::int64_t>(param.value),
                                                       static_cast<std::int64_t>(field.low),
                                                       static_cast<std::int64_t>(field.high)));
    } else {
      param.value =
          reader.quantity(field.name, field.unit, std::isnan(param.value) ? std::nullopt : std::optional(param.value),
                          field.low, field.high);
    }
  }

  // One value per element, drawn once from the element's own address.
  void spread(Node& node, std::size_t p, const Distribution& distribution, const Value& value,
              const std::string& path) {
    const std::string field = node.kind->params[p].name;
    check_length(distribution, node, value, path + "." + field);
    const RandomKey key = random_key(network_.seed, Purpose::parameter, node.name);
    std::vector<double>& each = node.params[p].each;
    located(value.where(), path + "." + field, [&] {
      for (std::size_t i = 0; i < node.size(); ++i) {
        Draws<double> draws(key, static_cast<std::uint32_t>(i), p, 0);
        each.push_back(distribution.draw(draws, i));
      }
      return 0;
    });
    node.params[p].value = each.front();
  }

  static void check_length(const Distribution& d, const Node& node, const Value& value, const std::string& path) {
    if (d.form == Distribution::Form::each && d.values.size() != node.size())
      fail_at(value.where(), fmt::format("{} has {} values for {} elements", path, d.values.size(), node.size()));
  }

  static void read_initial(Node& node, TableReader& reader, const std::string& path) {
    if (node.kind->state.empty()) return;
    if (reader.has("init")) {
      TableReader init = reader.table("init");
      for (std::size_t s = 0; s < node.kind->state.size(); ++s) {
        const FieldInfo& field = node.kind->state[s];
        const Value* value = init.find(field.name);
        if (!value) continue;
        node.initial[s] = read_distribution(*value, path + ".init." + field.name, field.unit);
        check_length(*node.initial[s], node, *value, path + ".init." + field.name);
      }
    }
    if (reader.has("init_per_sample")) node.initial_per_sample = reader.boolean("init_per_sample", false);
  }

  // ---- projections and wires ----

  void add_projection(const std::string& name, TableReader& reader) {
    const std::string path = "projections." + name;
    const std::string kind_name = reader.text("kind", "sparse");
    const Kind& kind = located(reader.where(), path, [&]() -> const Kind& { return library_.kind(kind_name); });
    if (!kind.is_weight)
      fail_at(reader.where(),
              fmt::format("{}: kind '{}' is no weight; describe it under [populations]", path, kind.name));
    const PortRef from = source(reader, path), to = target(reader, path);
    Node node = make_node(name, kind, network_.node(to.node).shape);
    node.where = reader.where().text();
    read_params(node, reader, path);
    const Unit unit = network_.node(to.node).kind->inputs[to.port].unit;
    std::int32_t wire_delay = 0;
    if (kind.has_connectivity) {
      auto [connectivity, delay] = read_connectivity(reader, path, unit, network_.dt);
      node.connectivity = std::move(connectivity);
      wire_delay = delay;
    } else {
      wire_delay = read_delay(reader, path, network_.dt);
      for (const ArrayInfo& array : kind.arrays)
        if (const Value* value = reader.find(array.name))
          node.arrays[array.name] = read_array(*value, path + "." + array.name, unit);
    }
    const NodeId id = located(reader.where(), path, [&] { return network_.add(std::move(node)); });
    network_.connect(from, {id, 0}, wire_delay);
    network_.connect({id, 0}, to);
  }

  void add_wire(const std::string& name, TableReader& reader) {
    const std::string path = "wires." + name;
    const PortRef from = source(reader, path), to = target(reader, path);
    check_port(from, to, *reader.find("to"), path);
    network_.connect(from, to, read_delay(reader, path, network_.dt));
  }

  // Without a weight to give its meaning, a value at the wrong port of a neuron would silently act otherwise: as a jump
  // in every tick instead of a current.
  void check_port(PortRef from, PortRef to, const Value& written, const std::string& path) const {
    const Node &sender = network_.node(from.node), &taker = network_.node(to.node);
    if (sender.kind->is_weight || network_.carries(from) != Carries::values) return;
    const std::vector<Port>& ports = taker.kind->inputs;
    std::vector<std::string> choices;
    for (const Port& port : ports) choices.push_back(fmt::format("{}.{}", taker.name, port.name));
    const auto injected = std::ranges::find(ports, std::string_view("injected"), &Port::name);
    const Unit sent = sender.kind->outputs[from.port].unit, taken = ports[to.port].unit;
    const std::string hint = injected != ports.end() && sent == injected->unit
                                 ? fmt::format("; did you mean '{}.injected'?", taker.name)
                                 : "";
    if (ports.size() > 1 && *written.as<std::string>() == taker.name)
      fail_at(written.where(), fmt::format("{}.to: '{}' has several ports; name one: {}{}", path, taker.name,
                                           fmt::join(choices, ", "), hint));
    if (sent != Unit::none && taken != Unit::none && sent != taken)
      fail_at(written.where(), fmt::format("{}.to: '{}' takes {}, but '{}' sends {}{}", path, choices[to.port],
                                           name(taken), sender.name, name(sent), hint));
  }

  PortRef source(TableReader& reader, const std::string& path) {
    const std::string spec = reader.text("from", required);
    return located(reader.find("from")->where(), path + ".from", [&] { return network_.output(spec); });
  }
  PortRef target(TableReader& reader, const std::string& path) {
    const std::string spec = reader.text("to", required);
    return located(reader.find("to")->where(), path + ".to", [&] { return network_.input(spec); });
  }

  // ---- recorders and placement ----

  Recorder read_recorder(const std::string& name, TableReader& reader) {
    const std::string path = "recorders." + name;
    Recorder r;
    r.name = name;
    const std::string of = reader.text("of", required);
    const Location where = reader.find("of")->where();
    const auto dot = of.rfind('.');
    const auto owner = network_.find(of)          ? std::optional<NodeId>{}
                       : dot == std::string::npos ? std::nullopt
                                                  : network_.find(of.substr(0, dot));
    const auto field = owner ? network_.node(*owner).kind->find_state(of.substr(dot + 1)) : std::nullopt;
    if (field && !network_.node(*owner).kind->find_output(of.substr(dot + 1))) {
      r.node = *owner;
      r.field = field;
    } else {
      const PortRef port = located(where, path + ".of", [&] {
        if (owner && !network_.node(*owner).kind->find_output(of.substr(dot + 1)))
          refuse_unknown(*owner, of.substr(dot + 1));
        return network_.output(of);
      });
      if (network_.carries(port) == Carries::sums)
        fail_at(where,
                fmt::format("{}.of: '{}' carries sums, which exist only inside a backend; record the target's field",
                            path, of));
      r.node = port.node;
      r.port = port.port;
    }
    if (const auto problem = trouble(network_, r)) fail_at(where, fmt::format("{}.of: {}", path, *problem));
    const bool spikes = r.port && network_.carries({r.node, *r.port}) == Carries::spikes;
    if (spikes) {  // results hold one raster a population
      const auto [first, fresh] = raster_of_.emplace(r.node, name);
      if (!fresh)
        fail_at(where, fmt::format("{}.of: recorders.{} records these spikes already; remove one of them", path,
                                   first->second));
    }
    if (!spikes) r.every = static_cast<int>(reader.integer("every", 1, 1, 1'000'000'000));
    const std::size_t size = network_.node(r.node).size();
    for (const std::int64_t i : reader.integers("index", 0, static_cast<std::int64_t>(size) - 1))
      r.indices.push_back(static_cast<std::uint32_t>(i));
    if (!std::is_sorted(r.indices.begin(), r.indices.end(), std::less_equal<>()))
      fail_at(reader.find("index")->where(), fmt::format("{}.index must ascend, each index once", path));
    for (const std::int64_t s : reader.integers("samples", 0, most)) r.samples.push_back(static_cast<std::uint64_t>(s));
    if (r.field) r.initial = reader.boolean("initial", false);
    return r;
  }

  [[noreturn]] void refuse_unknown(NodeId id, const std::string& wanted) const {
    const Node& node = network_.node(id);
    std::vector<std::string> known;
    for (const Port& port : node.kind->outputs) known.emplace_back(port.name);
    for (const FieldInfo& field : node.kind->state) known.push_back(field.name);
    const auto near = nearest(wanted, known);
    throw Error(Fault::input,
                fmt::format("node '{}' ({}) has no output or state '{}'; {} has: {}", node.name, node.kind->name,
                            wanted, near ? fmt::format("did you mean '{}'? It", *near) : "it", fmt::join(known, ", ")));
  }

  Placement read_placement() {
    Placement placement;
    TableReader reader = root_.table("placement");
    const auto backend = [&](const std::string& key, std::optional<std::string> fallback) {
      const std::string name = reader.text(key, fallback);
      if (reader.has(key) && !(key == "default" && name == "auto"))
        located(reader.find(key)->where(), "placement." + to_toml_key(key),
                [&]() -> const Backend& { return library_.backend(name); });
      return name;
    };
    placement.fallback = backend("default", "cpu");
    for (const std::string& name : reader.names()) {
      if (name == "default") continue;
      const auto nodes = network_.nodes();
      const bool known = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        return node.name == name || node.name.starts_with(name + ".");
      });
      if (!known) located(reader.find(name)->key_where(), "placement", [&] { return network_.require(name); });
      placement.named.emplace_back(name, backend(name, required));
    }
    return placement;
  }

  const Library& library_;
  TableReader root_;
  Network network_;
  double time_ = 0;
  std::optional<DatasetSource> dataset_;
  std::optional<std::string> feeds_;
  SensorShape sensor_;                       // of the data set
  std::map<NodeId, std::string> raster_of_;  // the recorder of a node's spikes
};

}  // namespace

NetworkModel build_network(const Value& config, const Library& library) { return Builder(config, library).build(); }

}  // namespace crosspike
