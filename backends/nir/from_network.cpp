// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <crosspike/backends/nir/from_network.hpp>
#include <crosspike/backends/nir/mapping.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/operators/weights.hpp>
#include <optional>

namespace crosspike::nir {

namespace {

hdf5::Shape wide(const Shape& shape) { return {shape.begin(), shape.end()}; }

Tensor integers(const std::vector<double>& values) { return {{values.size()}, values, Store::int64}; }
Tensor shape_tensor(const Shape& shape) { return integers({shape.begin(), shape.end()}); }

bool all_narrow(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double v) { return static_cast<double>(static_cast<float>(v)) == v; });
}

std::string size_text(std::uint64_t bytes) {
  return fmt::format("{:.3g} GiB", static_cast<double>(bytes) / 1073741824.0);
}

class Writer {
 public:
  Writer(const ExportSource& source, const ExportSettings& settings)
      : network_(source.network), quanta_(source.quanta), settings_(settings) {
    for (const auto& [key, value] : settings.own) {
      const std::vector<std::string> known = {"output", "recurrence"};
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        const auto near = nearest(key, known);
        throw Error(Fault::input,
                    fmt::format("--option {}: nir has no such option; {}it has: {}", key,
                                near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(known, ", ")));
      }
    }
    if (recurrence() != "flat" && recurrence() != "nested")
      throw Error(Fault::input, fmt::format("--option recurrence={}; allowed are flat, nested", recurrence()));
    for (const crosspike::Node& node : network_.nodes()) out_.nodes.push_back({node.name, node.kind->name, "", {}, {}});
    notes_ = source.notes;
  }

  Exported write() {
    out_.graph.where = "graph";
    for (NodeId id = 0; id < network_.nodes().size(); ++id)
      if (!network_.node(id).kind->is_weight) add_population(id);
    for (NodeId id = 0; id < network_.nodes().size(); ++id)
      if (network_.node(id).kind->is_weight) add_weights(id);
    for (const Wire& wire : network_.wires()) add_wire(wire);
    add_outputs();
    if (recurrence() == "nested") nest();
    add_metadata();
    std::sort(out_.graph.edges.begin(), out_.graph.edges.end());
    return std::move(out_);
  }

 private:
  inline static const std::string one_end = "nothing, but the nir package infers types for one ";

  std::string recurrence() const {
    const auto found = settings_.own.find("recurrence");
    return found == settings_.own.end() ? "flat" : found->second;
  }

  void refused(NodeId id, std::string reason) { out_.nodes[id].refused.push_back(std::move(reason)); }
  void lost(NodeId id, std::string what) { out_.nodes[id].lost.push_back(std::move(what)); }
  void edge(const std::string& from, const std::string& to) { out_.graph.edges.push_back({from, to}); }

  // Names are used once, also where a reader turns dots into underscores (NIRTorch does).
  std::string unused(std::string name) const {
    const auto taken = [&](const std::string& candidate) {
      return out_.graph.nodes.contains(candidate) || network_.find(candidate);
    };
    while (taken(name)) name += "_";
    return name;
  }

  bool is_source(NodeId id) const { return network_.node(id).kind->inputs.empty(); }

  // An image only where a convolution makes or gives one.
  Shape shape_of(NodeId id) const {
    const crosspike::Node& node = network_.node(id);
    if (is_source(id)) return node.shape;
    if (node.kind->name == "delay") return shape_of(network_.incoming(id).from.node);
    for (const std::size_t w : network_.wires_into(id))
      if (network_.node(network_.wires()[w].from.node).kind->name == "conv2d") return node.shape;
    return {static_cast<std::uint32_t>(node.size())};
  }

  // ---- populations ----

  void add_population(NodeId id) {
    const crosspike::Node& node = network_.node(id);
    const Row* row = find_row(node.kind->name);
    if (!row) return refused(id, fmt::format("kind '{}' has no row in the mapping to NIR", node.kind->name));
    if (!*row->becomes) return refused(id, row->how);
    Node made;
    if (row->translate) {
      if (!add_neurons(id, *row, made)) return;
    } else if (node.kind->name == "delay") {
      made.type = "Delay";
      const Wire& wire = network_.incoming(id);
      Tensor delay{wide(shape_of(id)), {}, Store::float64};
      for (std::size_t i = 0; i < node.size(); ++i)
        delay.values.push_back(seconds(wire.delay + node.param("ticks").at(i)));
      made.data["delay"] = std::move(delay);
    } else {
      made.type = "Input";
      made.data["shape"] = shape_tensor(node.shape);
      if (std::exchange(has_input_, true)) lost(id, one_end + "Input");
      if (node.kind->name != "input") lost(id, "its spikes: NIR holds no input; give them where the graph is run");
      if (const double most = network_.max_count(id); most > 1)
        made.metadata["crosspike/max_count"] = Tensor{{}, {most}, Store::float64};
    }
    if (network_.carries({id, 0}) == Carries::spikes && network_.has_amplitude({id, 0}))
      refused(id, "its spikes come with an amplitude; NIR's are 0 or 1");
    made.metadata["crosspike/name"] = node.name;
    out_.nodes[id].becomes = made.type;
    out_.graph.nodes.emplace(node.name, std::move(made));
  }

  bool add_neurons(NodeId id, const Row& row, Node& made) {
    const crosspike::Node& node = network_.node(id);
    Translation translation = row.translate(node, network_.dt, settings_.lossy);
    for (std::string& text : translation.lost) lost(id, std::move(text));
    const bool refuses = !translation.refused.empty();
    for (std::string& text : translation.refused) refused(id, std::move(text));
    if (refuses) return false;
    made.type = translation.type;
    const Store store = network_.precision == Precision::single ? Store::float32 : Store::float64;
    for (auto& [name, values] : translation.data) {
      if (store == Store::float32)
        for (double& value : values) value = static_cast<double>(static_cast<float>(value));
      made.data[name] = Tensor{wide(shape_of(id)), std::move(values), store};
    }
    if (made.type == "Output") {
      made.data["shape"] = shape_tensor(shape_of(id));
      return true;
    }
    remember(node, made.metadata);
    for (std::size_t field = 0; field < node.initial.size(); ++field) {
      if (!node.initial[field]) continue;
      const std::string& name = node.kind->state[field].name;
      lost(id, fmt::format("init.{}: NIR has no initial values", name));
      const std::vector<double> values = network_.initial_values(id, field, 0);
      made.metadata["crosspike/init/" + name] = Tensor{{values.size()}, values, Store::float64};
    }
    if (node.initial_per_sample) lost(id, "init_per_sample: NIR has no initial values");
    return true;
  }

  double seconds(double ticks) const { return ticks * network_.dt / 1000; }

  // ---- weights ----

  // The node that sends a population's spikes on, flat where its own shape is not.
  std::string sender(NodeId id, bool flat) {
    const std::string& name = network_.node(id).name;
    const Shape shape = shape_of(id);
    if (!flat || shape.size() == 1) return name;
    auto& flattened = flattened_[id];
    if (!flattened.empty()) return flattened;
    Node node;
    node.type = "Flatten";
    // As NIR's own shape inference reads it; readers that count the batch differ (docs/export.md).
    node.data["start_dim"] = Tensor{{}, {0}, Store::int64};
    node.data["end_dim"] = Tensor{{}, {-1}, Store::int64};
    node.data["input_type"] = shape_tensor(shape);
    flattened = unused(name + "_flatten");
    out_.graph.nodes.emplace(flattened, std::move(node));
    edge(name, flattened);
    return flattened;
  }

  // A Delay of so many ticks behind `from`; none where a loop's own tick is all there is.
  std::string delayed(const std::string& from, const std::string& owner, std::int32_t ticks, const Shape& shape) {
    Node node;
    node.type = "Delay";
    node.data["delay"] = Tensor{wide(shape), std::vector<double>(volume(shape), seconds(ticks)), Store::float64};
    node.metadata["crosspike/delay_of"] = owner;
    const std::string name = unused(owner + "_delay");
    out_.graph.nodes.emplace(name, std::move(node));
    edge(from, name);
    return name;
  }

  double quantised(NodeId id, double weight) const {
    const WeightQuantum& q = quanta_.weights.at(id);
    return std::ldexp(static_cast<double>(q.stored(weight)), -q.exponent);
  }

  void add_weights(NodeId id) {
    const crosspike::Node& node = network_.node(id);
    const Row* row = find_row(node.kind->name);
    if (!row) return refused(id, fmt::format("kind '{}' has no row in the mapping to NIR", node.kind->name));
    const Wire& in = network_.incoming(id);
    const Wire& out = network_.wires()[network_.wires_from(id).front()];
    const Port& port = network_.node(out.to.node).kind->inputs[out.to.port];
    if (std::string_view(port.name) == "injected")
      return refused(id, "it leads to `injected`; NIR's neurons have one input");
    if (!out_.graph.nodes.contains(network_.node(in.from.node).name)) return unreachable(id, in.from.node);
    if (!out_.graph.nodes.contains(network_.node(out.to.node).name)) return unreachable(id, out.to.node);
    const bool image = shape_of(out.to.node).size() > 1;
    if (node.kind->name == "conv2d") return add_convolution(id, in, out);
    if (image)
      return refused(id, "it leads to neurons that a conv2d leads to as well: NIR cannot make an image of a list");
    const std::uint64_t sources = network_.node(in.from.node).size(), bytes = 4 * sources * node.size();
    if (bytes > most_matrix_bytes)
      return refused(id, fmt::format("a Linear is dense: {} x {} weights are {}; allowed: up to {}", node.size(),
                                     sources, size_text(bytes), size_text(most_matrix_bytes)));
    std::vector<Synapse> synapses;
    network_.synapses(id, 0, static_cast<std::uint32_t>(node.size()), synapses);
    std::map<std::int32_t, std::vector<const Synapse*>> by_delay;
    for (const Synapse& synapse : synapses) by_delay[in.delay + synapse.delay].push_back(&synapse);
    if (by_delay.empty()) by_delay[in.delay];
    if (by_delay.size() > most_delays)
      return refused(id, fmt::format("{} different delays, each a dense Linear of its own; allowed: up to {}",
                                     by_delay.size(), most_delays));
    for (const auto& [delay, group] : by_delay) {
      const std::string name = by_delay.size() == 1 ? node.name : fmt::format("{}_{}", node.name, delay);
      add_group(id, in, out, name, delay, group);
    }
    if (by_delay.size() > 1) {
      out_.nodes[id].becomes = fmt::format("{} x {}", by_delay.size(), out_.nodes[id].becomes);
      lost(id, "a delay per synapse: a Linear and a Delay for each distinct one");
    }
  }

  void unreachable(NodeId id, NodeId end) {
    if (out_.nodes[end].refused.empty()) return;
    out_.nodes[id].becomes = fmt::format("nothing, since {} cannot be expressed", network_.node(end).name);
  }

  void add_group(NodeId id, const Wire& in, const Wire& out, const std::string& name, std::int32_t delay,
                 const std::vector<const Synapse*>& group) {
    const crosspike::Node& node = network_.node(id);
    Node made;
    if (node.kind->name == "sparse" && is_diagonal(id, in, group)) {
      made.type = "Scale";
      std::vector<double> scale;
      for (const Synapse* synapse : group) scale.push_back(quantised(id, synapse->weight));
      const bool plain = std::all_of(scale.begin(), scale.end(), [](double s) { return s == 1; });
      if (plain && delay == 0) {
        edge(sender(in.from.node, true), network_.node(out.to.node).name);
        out_.nodes[id].becomes = "an edge";
        return;
      }
      made.data["scale"] = Tensor{{scale.size()}, scale, all_narrow(scale) ? Store::float32 : Store::float64};
    } else {
      made.type = node.array("bias") ? "Affine" : "Linear";
      made.data["weight"] = matrix(id, in, group);
      if (node.array("bias")) {
        const std::vector<double> offset = bias(node);
        made.data["bias"] = Tensor{{offset.size()}, offset, all_narrow(offset) ? Store::float32 : float_store()};
      }
    }
    place(id, in, out, name, delay, std::move(made), true);
  }

  Store float_store() const { return network_.precision == Precision::single ? Store::float32 : Store::float64; }

  Tensor matrix(NodeId id, const Wire& in, const std::vector<const Synapse*>& group) const {
    const std::size_t sources = network_.node(in.from.node).size(), targets = network_.node(id).size();
    Tensor weight{{targets, sources}, std::vector<double>(targets * sources, 0.0), Store::float32};
    for (const Synapse* synapse : group)
      weight.values[synapse->target * sources + synapse->source] += quantised(id, synapse->weight);
    if (!all_narrow(weight.values)) weight.store = Store::float64;
    return weight;
  }

  bool is_diagonal(NodeId id, const Wire& in, const std::vector<const Synapse*>& group) const {
    const std::size_t size = network_.node(id).size();
    if (network_.node(in.from.node).size() != size || group.size() != size) return false;
    for (std::size_t i = 0; i < size; ++i)
      if (group[i]->source != i || group[i]->target != i) return false;
    return true;
  }

  // Wires a weight node in: source, Flatten, Delay, itself, target.
  void place(NodeId id, const Wire& in, const Wire& out, const std::string& name, std::int32_t delay, Node made,
             bool flat) {
    const crosspike::Node& target = network_.node(out.to.node);
    std::string from = sender(in.from.node, flat);
    std::string path = made.type;
    made.metadata["crosspike/name"] = name;
    if (out.to.port != 0) made.metadata["crosspike/port"] = std::string(target.kind->inputs[out.to.port].name);
    if (in.from.node == out.to.node && delay == 1) {  // every simulator of a NIR graph takes a tick for a loop
      made.metadata["feedback_delay"] = Tensor{{}, {seconds(1)}, Store::float64};
      lost(id, "the tick of its loop: NIR has none, its readers add one");
    } else if (delay > 0) {
      const Shape shape =
          flat ? Shape{static_cast<std::uint32_t>(network_.node(in.from.node).size())} : shape_of(in.from.node);
      from = delayed(from, name, delay, shape);
      path = "Delay, " + path;
    }
    edge(from, name);
    edge(name, target.name);
    out_.graph.nodes.emplace(name, std::move(made));
    out_.nodes[id].becomes = path;
  }

  void add_convolution(NodeId id, const Wire& in, const Wire& out) {
    const crosspike::Node& node = network_.node(id);
    const Shape image = shape_of(in.from.node);
    if (image.size() != 3)
      return refused(id, "its source is a list in NIR, since no conv2d leads there: NIR cannot make an image of it");
    const NamedArray& weight = *node.array("weight");
    const double scale = network_.output_scale(in.from.node);
    Node made;
    made.type = "Conv2d";
    Tensor kernel{weight.shape, {}, Store::float32};
    for (const double w : weight.values) kernel.values.push_back(quantised(id, w * scale));
    if (!all_narrow(kernel.values)) kernel.store = Store::float64;
    const std::size_t channels = weight.shape[0];
    Tensor offset{{channels}, std::vector<double>(channels, 0.0), kernel.store};
    if (const NamedArray* given = node.array("bias")) {
      if (given->values.size() != channels)
        return refused(id, "a bias for each pixel: a Conv2d has one for each channel");
      offset.values = given->values;
      offset.store = all_narrow(offset.values) ? Store::float32 : float_store();
    }
    if (weight.shape[2] != weight.shape[3])
      lost(id, "nothing, but readers of NIR infer a wrong width for a kernel that is not square");
    made.data["weight"] = std::move(kernel);
    made.data["bias"] = std::move(offset);
    made.data["input_shape"] = integers({static_cast<double>(image[1]), static_cast<double>(image[2])});
    made.data["stride"] = integers({node.value("stride"), node.value("stride")});
    made.data["padding"] = integers({node.value("padding"), node.value("padding")});
    made.data["dilation"] = integers({1, 1});
    made.data["groups"] = Tensor{{}, {1}, Store::int64};
    place(id, in, out, node.name, in.delay, std::move(made), false);
  }

  // ---- wires without weights ----

  void add_wire(const Wire& wire) {
    const crosspike::Node &from = network_.node(wire.from.node), &to = network_.node(wire.to.node);
    if (from.kind->is_weight || to.kind->is_weight) return;
    if (!out_.graph.nodes.contains(from.name) || !out_.graph.nodes.contains(to.name)) return;
    if (to.kind->name == "delay") return edge(from.name, to.name);  // whose delay holds the wire's
    if (std::string_view(to.kind->inputs[wire.to.port].name) == "injected")
      return refused(wire.to.node,
                     fmt::format("'{}' leads to its `injected`; NIR's neurons have one input", from.name));
    const std::string sends = sender(wire.from.node, true);
    const Shape flat{static_cast<std::uint32_t>(from.size())};
    edge(wire.delay == 0 ? sends : delayed(sends, from.name, wire.delay, flat), to.name);
  }

  // ---- outputs ----

  // Populations that no other reads.
  std::vector<NodeId> leaves() const {
    std::vector<NodeId> found;
    for (NodeId id = 0; id < network_.nodes().size(); ++id) {
      if (network_.node(id).kind->is_weight || is_source(id)) continue;
      bool read = false;
      for (const std::size_t w : network_.wires_from(id)) {
        NodeId reader = network_.wires()[w].to.node;
        if (network_.node(reader).kind->is_weight)
          reader = network_.wires()[network_.wires_from(reader).front()].to.node;
        read |= reader != id;
      }
      if (!read) found.push_back(id);
    }
    return found;
  }

  void add_outputs() {
    std::vector<NodeId> shown;
    if (const auto named = settings_.own.find("output"); named != settings_.own.end()) {
      shown = {network_.require(named->second)};
      if (network_.node(shown[0]).kind->is_weight)
        throw Error(Fault::input, fmt::format("--option output={}: a projection; name a population", named->second));
    } else {
      shown = leaves();
    }
    if (shown.empty()) {
      for (NodeId id = 0; id < network_.nodes().size(); ++id)
        if (!network_.node(id).kind->is_weight && !is_source(id))
          return refused(
              id, "every population leads to another, so none is the output; name one with --option output=NAME");
      return;
    }
    bool has_output = false;
    for (const NodeId id : shown) {
      const std::string& name = network_.node(id).name;
      const auto found = out_.graph.nodes.find(name);
      if (found == out_.graph.nodes.end() || found->second.type == "Output") continue;
      if (std::exchange(has_output, true)) lost(id, one_end + "Output");
      Node node;
      node.type = "Output";
      node.data["shape"] = shape_tensor(shape_of(id));
      const std::string output = unused(shown.size() == 1 ? "output" : "output_" + name);
      out_.graph.nodes.emplace(output, std::move(node));
      edge(name, output);
    }
  }

  // ---- nesting ----

  // Each neuron with one loop of its own becomes a graph of four members, as snnTorch writes its recurrent layers.
  void nest() {
    std::vector<std::pair<std::string, std::string>> loops;
    for (const auto& [name, node] : out_.graph.nodes) {
      if (node.type != "LIF" && node.type != "CubaLIF") continue;
      std::vector<std::string> around;
      for (const Edge& edge : out_.graph.edges) {
        const auto type = out_.graph.nodes.find(edge.to)->second.type;
        const Edge back{edge.to, name};
        if (edge.from == name && (type == "Linear" || type == "Affine") &&
            std::count(out_.graph.edges.begin(), out_.graph.edges.end(), back) > 0)
          around.push_back(edge.to);
      }
      if (around.size() == 1) loops.emplace_back(name, around[0]);
    }
    for (const auto& [neuron, weights] : loops) nest(neuron, weights);
  }

  void nest(const std::string& neuron, const std::string& weights) {
    auto& nodes = out_.graph.nodes;
    auto inner = std::make_shared<Graph>();
    Node end;
    end.data["shape"] = shape_tensor(shape_of(network_.require(neuron)));
    end.type = "Input";
    inner->nodes.emplace("input", end);
    end.type = "Output";
    inner->nodes.emplace("output", end);
    inner->nodes.emplace("lif", std::move(nodes.find(neuron)->second));
    inner->nodes.emplace("w_rec", std::move(nodes.find(weights)->second));
    inner->edges = {{"input", "lif"}, {"lif", "output"}, {"lif", "w_rec"}, {"w_rec", "lif"}};
    std::erase_if(out_.graph.edges, [&](const Edge& e) { return e.from == weights || e.to == weights; });
    nodes.erase(weights);
    Node graph;
    graph.type = "NIRGraph";
    graph.graph = std::move(inner);
    nodes.find(neuron)->second = std::move(graph);
  }

  void add_metadata() {
    Data& metadata = out_.graph.metadata;
    metadata["dt"] = Tensor{{}, {network_.dt / 1000}, Store::float64};
    metadata["time_unit"] = "s";
    metadata["voltage_unit"] = "mV";
    metadata["crosspike/precision"] = network_.precision == Precision::single ? "float" : "double";
    std::string all;
    for (const ExportedNode& node : out_.nodes)
      for (const std::string& what : node.lost) all += fmt::format("{}: {}\n", node.node, what);
    if (!all.empty()) metadata["lost"] = all;
    for (const auto& [key, text] : notes_) metadata[key] = text;
  }

  const Network& network_;
  const Quanta& quanta_;
  const ExportSettings& settings_;
  std::vector<std::pair<std::string, std::string>> notes_;
  std::map<NodeId, std::string> flattened_;
  bool has_input_ = false;
  Exported out_;
};

}  // namespace

Exported from_network(const ExportSource& source, const ExportSettings& settings) {
  return Writer(source, settings).write();
}

}  // namespace crosspike::nir
