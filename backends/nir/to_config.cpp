// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/backends/nir/config_values.hpp>
#include <crosspike/backends/nir/links.hpp>
#include <crosspike/backends/nir/mapping.hpp>
#include <crosspike/backends/nir/to_config.hpp>
#include <crosspike/backends/nir/to_neuron.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <set>

namespace crosspike::nir {

namespace {

constexpr std::array<const char*, 3> conventions = {"nir", "norse", "snntorch"};

bool is_weight(const std::string& type) {
  return type == "Linear" || type == "Affine" || type == "Scale" || type == "Conv2d";
}

class Importer {
 public:
  Importer(const Graph& graph, const ImportSettings& settings)
      : graph_(flat(graph)), settings_(settings), arrays_(settings.arrays_file) {
    read_convention();
    read_dt();
  }

  ImportedNetwork import() {
    for (auto& [name, node] : graph_.nodes)
      if (const TypeInfo* type = find_type(node.type); type->unread)
        cannot(node.where, fmt::format("crosspike reads no {}: {}", node.type, type->unread));
    fold_delays(graph_, dt_, links_);
    name_nodes();
    for (const auto& [name, node] : graph_.nodes) add_population(name, node);
    find_routes();
    break_cycles();
    for (const Route& route : routes_) add_route(route);
    add_outputs();
    return finish();
  }

 private:
  // From one population to another, through at most one weight node.
  struct Route {
    std::string from, through, to;
    std::int32_t ticks = 0;
    bool first = true;  // of its weight node: the one that brings the bias
  };

  void read_convention() {
    convention_ = settings_.convention.empty() ? "nir" : settings_.convention;
    const std::vector<std::string> known(conventions.begin(), conventions.end());
    if (std::find(known.begin(), known.end(), convention_) != known.end()) return;
    const auto near = nearest(convention_, known);
    throw Error(Fault::input,
                fmt::format("--convention {}: {}allowed are {}", shown(convention_),
                            near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(known, ", ")));
  }

  void read_dt() {
    if (settings_.dt) {
      dt_ = *settings_.dt;
      return;
    }
    const auto found = graph_.metadata.find("dt");
    const Tensor* stored = found == graph_.metadata.end() ? nullptr : std::get_if<Tensor>(&found->second);
    if (!stored)
      refuse(graph_.where + "/metadata/dt",
             "is absent: the file does not say how long a tick is; give it, e.g. --dt \"0.1 ms\"");
    if (stored->values.size() != 1 || !(stored->values[0] * 1000 >= 1e-6) || stored->values[0] * 1000 > 1e6)
      refuse(graph_.where + "/metadata/dt", "is no time of a tick in seconds; give it, e.g. --dt \"0.1 ms\"");
    dt_ = rounded(written(*stored, 0) * 1000);
  }

  const Node& node(const std::string& name) const { return graph_.nodes.find(name)->second; }

  // ---- names ----

  void name_nodes() {
    std::set<std::string> taken;
    for (const auto& [name, node] : graph_.nodes) {
      const auto own = node.metadata.find("crosspike/name");
      const auto* before = own == node.metadata.end() ? nullptr : std::get_if<std::string>(&own->second);
      std::string fit = config_name(before ? *before : name, node.type);
      while (!taken.insert(fit).second) fit += "_2";
      names_[name] = fit;
      ImportedNode entry{name, node.type, "", {}};
      entries_[name] = entry;
    }
  }

  // ---- populations ----

  void add_population(const std::string& name, const Node& from) {
    if (from.type == "Input") return add_input(name, from);
    if (from.type == "Delay") {
      crosspike::Shape shape = shape_of(from.tensor("delay"));
      shapes_[name] = shape;
      Table table;
      table.set("kind", Value(std::string("delay")));
      set_shape(table, shape);
      std::vector<double> ticks;
      for (std::size_t i = 0; i < volume(shape); ++i) ticks.push_back(delay_ticks(from, i, dt_));
      table.set("ticks", arrays_.integers(names_[name] + "/ticks", ticks));
      return add(name, std::move(table), "delay");
    }
    if (!is_neuron(from.type)) return;
    bool stale = false;
    const Shape shape =
        shape_of(from.data.begin() == from.data.end() ? Tensor{} : std::get<Tensor>(from.data.begin()->second));
    shapes_[name] = shape;
    std::optional<crosspike::Node> before;
    if (settings_.convention.empty()) before = remembered(from, names_[name], shape, dt_, stale);
    if (stale)
      entries_[name].changed.push_back(
          "what crosspike left in the file no longer fits it, or another dt; read as it stands");
    const ReadNeuron read =
        before ? ReadNeuron{std::move(*before), ""} : to_neuron(from, names_[name], convention_, dt_);
    Table table = population_table(read.node, read.convention, arrays_);
    if (before) add_initial(name, from, read.node, table);
    add(name, std::move(table), read.node.kind->name);
  }

  void add_initial(const std::string& name, const Node& from, const crosspike::Node& node, Table& table) {
    Table initial;
    for (const FieldInfo& field : node.kind->state) {
      const auto found = from.metadata.find("crosspike/init/" + field.name);
      const Tensor* values = found == from.metadata.end() ? nullptr : std::get_if<Tensor>(&found->second);
      if (values && values->values.size() == node.size())
        initial.set(field.name, arrays_.numbers(names_[name] + "/init/" + field.name, {node.size()}, values->values));
    }
    if (!initial.empty()) table.set("init", Value(std::move(initial)));
  }

  void add_input(const std::string& name, const Node& from) {
    Shape shape;
    for (const double side : from.tensor("shape").values) shape.push_back(static_cast<std::uint32_t>(side));
    shapes_[name] = shape;
    Table table;
    if (settings_.input) {
      if (std::exchange(fed_, true))
        cannot(from.where,
               "a second Input; --input feeds one, so import without it and write the spike_lists yourself");
      table.set("kind", Value(std::string("spike_list")));
      set_shape(table, shape);
      set_spikes(table, name);
      return add(name, std::move(table), "spike_list");
    }
    table.set("kind", Value(std::string("input")));
    set_shape(table, shape);
    const auto most = from.metadata.find("crosspike/max_count");
    const Tensor* count = most == from.metadata.end() ? nullptr : std::get_if<Tensor>(&most->second);
    if (count && count->values.size() == 1 && count->values[0] >= 1 && count->values[0] <= 2147483647)
      table.set("max_count", Value(static_cast<std::int64_t>(count->values[0])));
    add(name, std::move(table), "input");
    entries_[name].changed.push_back("waits for spikes: feed it by a [dataset], or make it a spike_list with --input");
  }

  void set_spikes(Table& table, const std::string& name) {
    const NamedArray& rows = *settings_.input;
    const bool columns = rows.shape.size() == 2 && rows.shape[1] == 2;
    if (!columns)
      refuse(rows.name, fmt::format("has the shape ({}); --input takes rows of two numbers: time in ms, channel",
                                    fmt::join(rows.shape, ", ")));
    std::vector<double> times, elements;
    for (std::size_t row = 0; row < rows.shape[0]; ++row) {
      times.push_back(rows.values[2 * row]);
      elements.push_back(rows.values[2 * row + 1]);
    }
    table.set("times", arrays_.numbers(names_[name] + "/times", {times.size()}, times));
    table.set("elements", arrays_.numbers(names_[name] + "/elements", {elements.size()}, elements));
  }

  void add(const std::string& name, Table table, const std::string& kind) {
    Value value(std::move(table));
    value.set_where({node(name).where, 0, 0});
    populations_.set(names_[name], std::move(value));
    entries_[name].becomes = fmt::format("populations.{} ({})", names_[name], kind);
  }

  // ---- wiring ----

  // Every way from a population to a population, or to an Output through weights.
  void find_routes() {
    std::map<std::string, std::vector<Link>> from;
    for (const Link& link : links_) from[link.from].push_back(link);
    for (const Link& link : links_) {
      const Node &sender = node(link.from), &taker = node(link.to);
      if (is_weight(sender.type)) continue;
      if (sender.type == "Output")
        cannot(sender.where, fmt::format("an Output leads to {}; it ends a graph", shown(link.to)));
      if (taker.type == "Output") {
        shown_[link.to].push_back(link.from);
      } else if (!is_weight(taker.type)) {
        routes_.push_back({link.from, "", link.to, link.ticks});
      } else {
        for (const Link& onward : from[link.to]) add_through(link, onward);
      }
    }
    for (const auto& [name, at] : graph_.nodes)
      if (is_weight(at.type) && from[name].empty())
        cannot(at.where, fmt::format("a {} that leads nowhere; give it a neuron or an Output", at.type));
    std::set<std::string> biased;
    for (Route& route : routes_)
      route.first = route.through.empty() || biased.insert(route.through + "\n" + route.to).second;
  }

  void add_through(const Link& in, const Link& onward) {
    const Node &sender = node(in.from), &weights = node(in.to), &taker = node(onward.to);
    if (sends_values(sender.type))
      cannot(weights.where, fmt::format("a {} reads the values of {} ({}); crosspike's weights read spikes",
                                        weights.type, shown(in.from), sender.type));
    if (is_weight(taker.type))
      cannot(taker.where,
             fmt::format("a {} reads a {}; multiply them into one, or put a neuron between", taker.type, weights.type));
    if (taker.type == "Delay")
      cannot(taker.where, fmt::format("a Delay behind a {}, which differs by channel; put it before", weights.type));
    if (taker.type == "Output" && !shapes_.contains(onward.to)) add_relay(onward.to);
    routes_.push_back({in.from, in.to, onward.to, in.ticks + onward.ticks});
  }

  // An Output behind weights is a population that shows their sum.
  void add_relay(const std::string& name) {
    Shape shape;
    for (const double side : node(name).tensor("shape").values) shape.push_back(static_cast<std::uint32_t>(side));
    shapes_[name] = shape;
    Table table;
    table.set("kind", Value(std::string("li")));
    set_shape(table, shape);
    table.set("decay", Value(std::int64_t{0}));
    table.set("rest", Value(std::string("0 mV")));
    add(name, std::move(table), "li");
    entries_[name].changed.push_back("decay = 0: it shows what the weights give in each tick");
  }

  // A tick on each feedback edge of the loops that have no delay of their own.
  void break_cycles() {
    std::vector<Step> steps;
    for (const Route& route : routes_) {
      std::int32_t within = 0;
      if (node(route.to).type == "Delay") within = least_ticks(node(route.to), dt_);
      steps.push_back({route.from, route.to, route.ticks + within == 0});
    }
    std::vector<std::string> first;
    for (const auto& [name, at] : graph_.nodes)
      if (at.type == "Input") first.push_back(name);
    for (const auto& [name, at] : graph_.nodes)
      if (at.type != "Input") first.push_back(name);
    for (const std::size_t r : feedback(steps, first)) {
      Route& route = routes_[r];
      route.ticks += 1;
      entries_[route.through.empty() ? route.to : route.through].changed.push_back(
          fmt::format("one tick of delay from {} to {}, closing a loop", names_[route.from], names_[route.to]));
    }
  }

  bool used(const std::string& name) const { return projections_.find(name) || wires_.find(name); }
  // Neither used nor the name of any node, which may still need it.
  std::string unused(std::string name) const {
    const auto named = [&] {
      return std::any_of(names_.begin(), names_.end(), [&](const auto& pair) { return pair.second == name; });
    };
    while (used(name) || named()) name += "_2";
    return name;
  }

  void add_route(const Route& route) {
    const std::string from = names_[route.from], to = names_[route.to];
    const std::size_t sources = volume(shapes_[route.from]), targets = volume(shapes_[route.to]);
    const bool neuron = is_neuron(node(route.to).type);
    Table table;
    table.set("from", Value(from));
    table.set("to", Value(to));
    const Value delay(format_quantity(route.ticks * dt_, Unit::ms));
    if (!route.through.empty()) return add_projection(route, std::move(table), delay);
    const std::string& where = node(route.to).where;
    if (sources != targets)
      refuse(where, fmt::format("has {} elements, but {} has {}", targets, shown(route.from), sources));
    if (node(route.to).type == "Input") cannot(where, "an Input that is fed from inside the graph");
    if (sends_values(node(route.from).type) || !neuron) {
      if (sends_values(node(route.from).type) && !neuron)
        cannot(where, fmt::format("a {} reads the values of {}; crosspike's takes spikes", node(route.to).type,
                                  shown(route.from)));
      if (neuron) table.set("to", Value(to + "." + neuron_kind_of(route.to).inputs[0].name));
      table.set("delay", delay);
      wires_.set(unused(fmt::format("{}_{}", from, to)), Value(std::move(table)));
      return;
    }
    table.set("connect", Value(Table{{{"rule", Value(std::string("one_to_one"))}}}));
    table.set("weight", Value(std::int64_t{1}));
    table.set("delay", delay);
    projections_.set(unused(fmt::format("{}_{}", from, to)), Value(std::move(table)));
  }

  const Kind& neuron_kind_of(const std::string& name) const {
    const Value* population = populations_.find(names_.find(name)->second);
    return neuron_kind(*population->as<Table>()->find("kind")->as<std::string>());
  }

  void add_projection(const Route& route, Table table, const Value& delay) {
    const Node& weights = node(route.through);
    const std::string own = names_[route.through], name = used(own) ? unused(own + "_2") : own;
    const auto port = weights.metadata.find("crosspike/port");
    const auto* written_port = port == weights.metadata.end() ? nullptr : std::get_if<std::string>(&port->second);
    if (written_port && *written_port == "inhibitory" && node(route.to).type == "CubaLIF")
      table.set("to", Value(names_[route.to] + ".inhibitory"));
    if (weights.type == "Scale") {
      set_scale(table, name, route, weights);
    } else if (weights.type == "Conv2d") {
      set_convolution(table, name, route, weights);
    } else {
      set_matrix(table, name, route, weights);
    }
    table.set("delay", delay);
    Value value(std::move(table));
    value.set_where({weights.where, 0, 0});
    projections_.set(name, std::move(value));
    std::string& becomes = entries_[route.through].becomes;
    becomes += fmt::format("{}projections.{}", becomes.empty() ? "" : ", ", name);
  }

  void require_sizes(const Route& route, const Node& weights, const char* dataset, std::uint64_t out,
                     std::uint64_t in) {
    const std::size_t sources = volume(shapes_[route.from]), targets = volume(shapes_[route.to]);
    if (in != sources)
      refuse(fmt::format("{}/{}", weights.where, dataset),
             fmt::format("has {} inputs, but its source {} has {}", in, shown(route.from), sources));
    if (out != targets)
      refuse(fmt::format("{}/{}", weights.where, dataset),
             fmt::format("has {} outputs, but its target {} has {}", out, shown(route.to), targets));
  }

  void set_scale(Table& table, const std::string& name, const Route& route, const Node& weights) {
    const std::vector<double>& scale = weights.tensor("scale").values;
    require_sizes(route, weights, "scale", scale.size(), scale.size());
    const bool equal = std::all_of(scale.begin(), scale.end(), [&](double s) { return s == scale[0]; });
    Table connect;
    if (equal) {
      connect.set("rule", Value(std::string("one_to_one")));
    } else {
      std::vector<double> index(scale.size());
      for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<double>(i);
      connect.set("rule", Value(std::string("edges")));
      for (const char* end : {"sources", "targets"})
        connect.set(end, arrays_.numbers(name + "/" + end, {index.size()}, index));
      connect.set("weights", arrays_.numbers(name + "/weights", {scale.size()}, scale));
    }
    table.set("connect", Value(std::move(connect)));
    if (equal) table.set("weight", Value(scale[0]));
  }

  void set_matrix(Table& table, const std::string& name, const Route& route, const Node& weights) {
    const Tensor& weight = weights.tensor("weight");
    if (weight.shape.size() != 2)
      cannot(weights.where + "/weight",
             fmt::format("has {} dimensions; crosspike reads 2 (out, in)", weight.shape.size()));
    require_sizes(route, weights, "weight", weight.shape[0], weight.shape[1]);
    table.set("kind", Value(std::string("linear")));
    table.set("weight", arrays_.numbers(name + "/weight", weight.shape, weight.values));
    if (route.first && weights.find("bias"))
      table.set("bias", arrays_.numbers(name + "/bias", {weight.shape[0]}, weights.tensor("bias").values));
  }

  double one_of_pair(const Node& weights, const char* name) const {
    const auto& datum = weights.data.find(name)->second;
    if (const auto* word = std::get_if<std::string>(&datum)) {
      if (*word == "valid") return 0;
      cannot(fmt::format("{}/{}", weights.where, name),
             fmt::format("is '{}'; crosspike reads numbers and 'valid'", shown(*word)));
    }
    const std::vector<double>& pair = std::get<Tensor>(datum).values;
    if (pair.front() != pair.back())
      cannot(fmt::format("{}/{}", weights.where, name),
             fmt::format("is ({}, {}); crosspike has one number for both directions", pair.front(), pair.back()));
    return pair.front();
  }

  void set_convolution(Table& table, const std::string& name, const Route& route, const Node& weights) {
    const Shape& image = shapes_[route.from];
    const Tensor& kernel = weights.tensor("weight");
    if (image.size() != 3)
      refuse(weights.where, fmt::format("reads {}, whose shape is {}; a Conv2d reads [channels, height, width]",
                                        shown(route.from), text(image)));
    for (std::size_t d = 0; d < 2; ++d)
      if (weights.tensor("input_shape").values[d] != image[d + 1])
        refuse(weights.where + "/input_shape",
               fmt::format("does not fit {}, whose shape is {}", shown(route.from), text(image)));
    if (one_of_pair(weights, "dilation") != 1 || weights.tensor("groups").values[0] != 1)
      cannot(weights.where, "dilation and groups other than 1");
    table.set("kind", Value(std::string("conv2d")));
    table.set("stride", Value(static_cast<std::int64_t>(one_of_pair(weights, "stride"))));
    table.set("padding", Value(static_cast<std::int64_t>(one_of_pair(weights, "padding"))));
    table.set("weight", arrays_.numbers(name + "/weight", kernel.shape, kernel.values));
    const std::vector<double>& bias = weights.tensor("bias").values;
    const bool none = std::all_of(bias.begin(), bias.end(), [](double b) { return b == 0; });
    if (!none && route.first) table.set("bias", arrays_.numbers(name + "/bias", {bias.size()}, bias));
  }

  // ---- the rest ----

  void add_outputs() {
    for (const auto& [name, at] : graph_.nodes) {
      if (at.type != "Output") continue;
      std::vector<std::string>& sources = shown_[name];
      const bool relay = shapes_.contains(name);
      if (relay && !sources.empty())
        cannot(at.where, fmt::format("adds weights and the output of {}; use two Outputs", shown(sources[0])));
      if (relay) sources = {name};
      for (std::size_t s = 0; s < sources.size(); ++s) {
        const std::string& type = node(sources[s]).type;
        if (type == "Input" || type == "Delay") continue;  // nothing of the network's own
        const std::string recorder = s == 0 ? names_[name] : fmt::format("{}_{}", names_[name], s + 1);
        Table table;
        const bool values = relay || sends_values(type);
        table.set("of", Value(fmt::format("{}.{}", names_[sources[s]], values ? "membrane" : "spikes")));
        recorders_.set(recorder, Value(std::move(table)));
        if (!relay) entries_[name].becomes = "recorders." + recorder;
      }
    }
  }

  // Of a sample, where the graph is a trained liquid.
  std::string time() const {
    const auto found = graph_.metadata.find("ticks_per_sample");
    const auto* text = found == graph_.metadata.end() ? nullptr : std::get_if<std::string>(&found->second);
    const double ticks = text ? std::atof(text->c_str()) : 0;
    return ticks >= 1 && ticks <= 1e6 ? format_quantity(ticks * dt_, Unit::ms) : "1 s";
  }

  ImportedNetwork finish() {
    ImportedNetwork result;
    Table run, root;
    run.set("dt", Value(format_quantity(dt_, Unit::ms)));
    run.set("time", Value(time()));
    const auto precision = graph_.metadata.find("crosspike/precision");
    if (precision != graph_.metadata.end() && precision->second == Datum("double"))
      run.set("precision", Value(std::string("double")));
    run.set("weight_bits", Value(std::int64_t{32}));  // or sums of rounded weights would be rounded once more
    root.set("format", Value(std::int64_t{1}));
    root.set("model", Value(std::string("network")));
    root.set("run", Value(std::move(run)));
    root.set("populations", Value(std::move(populations_)));
    if (!projections_.empty()) root.set("projections", Value(std::move(projections_)));
    if (!wires_.empty()) root.set("wires", Value(std::move(wires_)));
    if (!recorders_.empty()) root.set("recorders", Value(std::move(recorders_)));
    result.config = Value(std::move(root));
    result.arrays = arrays_.take();
    if (settings_.input && !fed_) refuse(graph_.where + "/nodes", "there is no Input that --input could feed");
    for (auto& [name, entry] : entries_) {
      if (names_[name] != name) entry.changed.push_back(fmt::format("called '{}' in the file", name));
      result.nodes.push_back(std::move(entry));
    }
    return result;
  }

  Graph graph_;
  const ImportSettings& settings_;
  ArrayStore arrays_;
  std::string convention_;
  double dt_ = 0;  // ms
  bool fed_ = false;
  std::vector<Link> links_;
  std::vector<Route> routes_;
  std::map<std::string, std::string> names_;               // of the config
  std::map<std::string, Shape> shapes_;                    // of what is a population
  std::map<std::string, std::vector<std::string>> shown_;  // by Output: populations that lead to it
  std::map<std::string, ImportedNode> entries_;
  Table populations_, projections_, wires_, recorders_;
};

}  // namespace

ImportedNetwork to_config(const Graph& graph, const ImportSettings& settings) {
  return Importer(graph, settings).import();
}

}  // namespace crosspike::nir
