// SPDX-License-Identifier: Apache-2.0
// Steps one neuron of a kind, without a network or a backend: what the tests of neurons/ share.
#pragma once

#include <algorithm>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/random.hpp>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::testing_neurons {

template <class K, class R = double>
class Stepper {
 public:
  explicit Stepper(const typename K::Params& p, double dt = 0.1)
      : constants(K::template derive<R>(p, dt)), params_(p), variant_(K::variant(p)) {}

  // One tick; inputs in the order of the ports, 0 where left out. Returns the spikes.
  std::int32_t tick(const std::vector<double>& inputs = {}) {
    R in[ports()] = {};
    if (inputs.size() > ports()) throw std::invalid_argument("more inputs than ports");
    for (std::size_t i = 0; i < ports() && i < inputs.size(); ++i) in[i] = static_cast<R>(inputs[i]);
    ++ticks_;
    return run<0>(in);
  }

  // The state in absolute units.
  double membrane() const { return state_value("membrane"); }

  double state_value(std::string_view name) const {
    double value = 0;
    bool found = false;
    std::apply(
        [&](const auto&... f) {
          ((f.name == name ? (found = true, value = static_cast<double>(state.*(f.member)) + offset(f.offset)) : 0),
           ...);
        },
        K::template state<R>);
    if (!found) throw std::invalid_argument(std::string("no state field ").append(name));
    return value;
  }

  void set_state(std::string_view name, double value) {
    bool found = false;
    const auto set = [&](const auto& f) {
      if (f.name != name) return;
      found = true;
      state.*(f.member) = static_cast<std::decay_t<decltype(state.*(f.member))>>(value - offset(f.offset));
    };
    std::apply([&](const auto&... f) { (set(f), ...); }, K::template state<R>);
    if (!found) throw std::invalid_argument(std::string("no state field ").append(name));
  }

  typename K::template Constants<R> constants;
  typename K::template State<R> state{};

 private:
  static constexpr std::size_t ports() {
    if constexpr (requires { K::inputs; }) return std::size(K::inputs);
    return 1;
  }

  double offset(const char* name) const {
    double value = 0;
    if (name != nullptr)
      std::apply(
          [&](const auto&... f) {
            ((std::string_view(f.name) == name ? value = static_cast<double>(params_.*(f.member)) : 0), ...);
          },
          K::params);
    return value;
  }

  template <int variant>
  std::int32_t run(const R (&in)[ports()]) {
    if constexpr (variant + 1 < K::variants)
      if (variant != variant_) return run<variant + 1>(in);
    if constexpr (requires { K::draws; }) {
      Draws<R> draws(random_key(1, Purpose::step, "test"), 0, ticks_, 0);
      return K::template step<R, variant>(constants, state, in, draws);
    } else {
      return K::template step<R, variant>(constants, state, in);
    }
  }

  typename K::Params params_;
  int variant_;
  std::uint64_t ticks_ = 0;
};

template <class K>
typename K::Params with_convention(std::string_view convention) {
  typename K::Params p{};
  K::apply(p, convention);
  return p;
}

}  // namespace crosspike::testing_neurons
