// SPDX-License-Identifier: Apache-2.0
// How a kind of node is declared (the templates below, used by neurons/ and operators/), and the description of it
// that everything else reads at run time (Kind): validation, config, explain, docs, checkpoints, recorders.
#pragma once

#include <array>
#include <cmath>
#include <crosspike/core/units.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace crosspike {

// What a wire carries, and what a port accepts (one or two of them).
enum class Carries : std::uint8_t { spikes = 1, sums = 2, values = 4, sums_or_values = 6 };
constexpr bool accepts(Carries port, Carries wire) {
  return (static_cast<unsigned>(port) & static_cast<unsigned>(wire)) == static_cast<unsigned>(wire);
}
std::string_view name(Carries carries);

struct Port {
  const char* name;
  Carries carries;
  Unit unit = Unit::none;
  const char* doc = "";
  int latency = 0;              // ticks between an input at this port and the first output it can change
  const char* shows = nullptr;  // a values output: the State field that it shows after the step
};

// Optional parameters hold `unset` until a config or preset sets them.
inline constexpr double unset = std::numeric_limits<double>::quiet_NaN();
inline bool is_set(double value) { return !std::isnan(value); }

// One field of a Params or State struct. The default of a parameter is Params{}.*member.
template <class S, class T>
struct Field {
  T S::*member;
  const char* name;
  Unit unit;
  double low, high;
  const char* doc;
  std::span<const char* const> words = {};  // an enumerated parameter: its words, stored by index
  double quiet = 0;                         // a State field: |value| below this is stored as 0
  const char* offset = nullptr;             // a State field: the Params member that its column is relative to
};

template <class S, class T>
constexpr Field<S, T> field(T S::*member, const char* name, Unit unit, double low, double high, const char* doc) {
  return {member, name, unit, low, high, doc};
}
template <class S>
constexpr Field<S, bool> flag(bool S::*member, const char* name, const char* doc) {
  return {member, name, Unit::none, 0, 1, doc};
}
template <class S, std::size_t n>
constexpr Field<S, std::int32_t> choice(std::int32_t S::*member, const char* name,
                                        const std::array<const char*, n>& words, const char* doc) {
  return {member, name, Unit::none, 0, static_cast<double>(n - 1), doc, words};
}
template <class S, class T>
constexpr Field<S, T> column(T S::*member, const char* name, Unit unit, double quiet, const char* doc,
                             const char* offset = nullptr) {
  return {member, name,  unit,  -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), doc,
          {},     quiet, offset};
}

// An array parameter of an operator (weights, bias, event lists), given in a config by file or in place.
struct ArrayInfo {
  const char* name;
  const char* shape;  // in words, e.g. "(out, in)"
  bool required;
  const char* doc;
};

// Worked numbers for one tick, shown by `explain` and checked by a test.
struct Worked {
  std::vector<std::pair<std::string, double>> given;   // parameters that differ from the default, state.X, input.PORT
  std::vector<std::pair<std::string, double>> expect;  // state.X or output.PORT after one tick
  double dt = 0.1;
};

struct FieldInfo {
  std::string name;
  Unit unit = Unit::none;
  double low = 0, high = 0, initial = 0;
  std::string doc;
  std::vector<std::string> words;
  bool boolean = false, integer = false;
  double quiet = 0;
  std::string offset;
};

using Shape = std::vector<std::uint32_t>;
std::size_t volume(const Shape& shape);
std::string text(const Shape& shape);

class Network;
struct Node;
struct Synapse;

// The inputs and outputs of one tick of an operator, dense and in double: the form of its scalar reference.
struct ReferenceTick {
  std::int64_t tick = 0;
  std::vector<std::vector<double>> inputs;   // one per input port, all wires added
  std::vector<std::vector<double>> outputs;  // one per output port, sized, zeroed
  std::vector<double>& state;                // sized by Kind::state_size, kept between ticks
};

// Everything that is known of a kind at run time. Filled by declare_stepped and declare_operator.
struct Kind {
  enum class Form { stepped, operation };
  std::string name, doc, equation, source;
  Form form = Form::stepped;
  std::vector<Port> inputs, outputs;
  std::vector<FieldInfo> params, state;
  std::vector<ArrayInfo> arrays;
  std::vector<std::string> conventions;
  std::vector<std::pair<std::string, std::string>> exclusive;  // pairs of parameters of which one may be written
  std::vector<Worked> worked;
  bool draws = false;      // takes random numbers each tick
  bool is_weight = false;  // turns spikes into sums or values: belongs to its target's claim
  bool has_connectivity = false;
  bool filled_by_caller = false;  // a source whose output the caller writes before each advance; no backend claims it
  bool passes_events = false;     // its output is its input's events: bound, amplitude and scale are the source's
  std::string delay_param;        // the parameter that says how many ticks its output is late, if there is one

  // Sets the parameters (in field order) that `convention` stands for.
  std::function<void(std::string_view convention, std::span<double> params)> apply;
  // What is wrong with these parameters taken together, if anything.
  std::function<std::optional<std::string>(std::span<const double> params)> check;
  // The largest |count| of one event, and the constant scale of the output port.
  std::function<double(std::span<const double> params, double dt)> max_count;
  std::function<double(std::span<const double> params)> output_scale;
  // Stepped: which of its forms of arithmetic these parameters choose, from 0; a kernel steps all neurons by one.
  std::function<int(std::span<const double> params)> variant;
  std::function<double(const Node&, double dt)> node_max_count;  // where it follows from more than the parameters
  // What output 0 carries and whether its events have an amplitude, where that depends on the node.
  std::function<Carries(const Node&)> output_carries;
  std::function<bool(const Node&)> output_amplitude;
  // Weights: appends the synapses of targets [first, last), ascending by target, in a fixed order.
  std::function<void(const Network&, const Node&, std::uint32_t first, std::uint32_t last, std::vector<Synapse>&)>
      synapses;
  // Operators: the shape of output 0, given those of the inputs; throws Error(input) naming the node.
  std::function<Shape(const Network&, const Node&, std::span<const Shape> inputs)> output_shape;
  std::function<std::size_t(const Network&, const Node&)> state_size;
  std::function<void(const Network&, const Node&, ReferenceTick&)> reference;

  std::size_t param_index(std::string_view param) const;  // throws Error(system) when there is none
  std::optional<std::size_t> find_param(std::string_view param) const;
  std::optional<std::size_t> find_state(std::string_view field) const;
  std::optional<std::size_t> find_output(std::string_view port) const;
};

// Which parameters, in field order, `convention` decides; none for an empty one.
std::vector<bool> decided_by(const Kind& kind, std::string_view convention);

// Params as the struct that the kind's author wrote, from the values in field order.
template <class K>
typename K::Params to_params(std::span<const double> values) {
  typename K::Params params{};
  std::size_t i = 0;
  std::apply(
      [&](const auto&... f) {
        ((params.*(f.member) = static_cast<std::decay_t<decltype(params.*(f.member))>>(values[i++])), ...);
      },
      K::params);
  return params;
}

namespace detail {

template <class S, class T>
FieldInfo info(const Field<S, T>& f, double initial) {
  FieldInfo out{f.name,
                f.unit,
                f.low,
                f.high,
                initial,
                f.doc,
                {},
                std::is_same_v<T, bool>,
                std::is_integral_v<T>,
                f.quiet,
                f.offset ? f.offset : ""};
  for (const char* word : f.words) out.words.emplace_back(word);
  return out;
}

template <class K>
void describe(Kind& kind) {
  kind.name = K::name;
  kind.doc = K::doc;
  kind.equation = K::equation;
  kind.source = K::source;
  if constexpr (requires { K::inputs; }) kind.inputs.assign(std::begin(K::inputs), std::end(K::inputs));
  if constexpr (requires { K::outputs; }) kind.outputs.assign(std::begin(K::outputs), std::end(K::outputs));
  if constexpr (requires { K::arrays; }) kind.arrays.assign(std::begin(K::arrays), std::end(K::arrays));
  if constexpr (requires { K::worked(); }) kind.worked = K::worked();
  const typename K::Params defaults{};
  std::apply(
      [&](const auto&... f) { (kind.params.push_back(info(f, static_cast<double>(defaults.*(f.member)))), ...); },
      K::params);
  if constexpr (requires { K::conventions; }) {
    kind.conventions.assign(std::begin(K::conventions), std::end(K::conventions));
    kind.apply = [](std::string_view convention, std::span<double> values) {
      auto params = to_params<K>(values);
      K::apply(params, convention);
      std::size_t i = 0;
      std::apply([&](const auto&... f) { ((values[i++] = static_cast<double>(params.*(f.member))), ...); }, K::params);
    };
  }
  if constexpr (requires { K::exclusive; })
    for (const auto& [a, b] : K::exclusive) kind.exclusive.emplace_back(a, b);
  if constexpr (requires(const typename K::Params& p) { K::check(p); })
    kind.check = [](std::span<const double> values) { return K::check(to_params<K>(values)); };
  if constexpr (requires(const typename K::Params& p) { K::max_count(p, 1.0); })
    kind.max_count = [](std::span<const double> values, double dt) { return K::max_count(to_params<K>(values), dt); };
  if constexpr (requires(const typename K::Params& p) { K::output_scale(p); })
    kind.output_scale = [](std::span<const double> values) { return K::output_scale(to_params<K>(values)); };
}

}  // namespace detail

template <class K>
Kind declare_stepped() {
  Kind kind;
  detail::describe<K>(kind);
  kind.form = Kind::Form::stepped;
  if constexpr (requires { K::draws; }) kind.draws = K::draws;
  if constexpr (requires { K::variants; })
    kind.variant = [](std::span<const double> values) { return K::variant(to_params<K>(values)); };
  std::apply([&](const auto&... f) { (kind.state.push_back(detail::info(f, 0.0)), ...); }, K::template state<double>);
  return kind;
}

template <class K>
Kind declare_operator() {
  Kind kind;
  detail::describe<K>(kind);
  kind.form = Kind::Form::operation;
  if constexpr (requires { K::is_weight; }) kind.is_weight = K::is_weight;
  if constexpr (requires { K::filled_by_caller; }) kind.filled_by_caller = K::filled_by_caller;
  if constexpr (requires { K::passes_events; }) kind.passes_events = K::passes_events;
  if constexpr (requires { K::delay_param; }) kind.delay_param = K::delay_param;
  if constexpr (requires { K::has_connectivity; }) kind.has_connectivity = K::has_connectivity;
  if constexpr (requires(const Node& n) { K::output_carries(n); }) kind.output_carries = K::output_carries;
  if constexpr (requires(const Node& n) { K::output_amplitude(n); }) kind.output_amplitude = K::output_amplitude;
  if constexpr (requires(const Node& n) { K::node_max_count(n, 1.0); }) kind.node_max_count = K::node_max_count;
  if constexpr (requires { &K::synapses; }) kind.synapses = K::synapses;
  kind.output_shape = K::output_shape;
  if constexpr (requires { K::state_size; }) kind.state_size = K::state_size;
  kind.reference = K::reference;
  return kind;
}

}  // namespace crosspike
