// SPDX-License-Identifier: Apache-2.0
// How a leaky membrane moves in one tick, from `tau_mem` or `decay` and the `integrator`: shared by lif, cuba_lif,
// alpha_lif, li. With C the capacitance: tau v' = -v + tau / C x I, v relative to rest (Rotter & Diesmann 1999).
#pragma once

#include <array>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/math.hpp>
#include <cstdint>
#include <limits>
#include <tuple>

namespace crosspike::leak {

namespace integrator {
enum : std::int32_t { exact, euler, exact_constant_input };
}
inline constexpr std::array integrator_words = {"exact", "euler"};  // an input constant over the tick is exact here

namespace scale {
enum : std::int32_t { unit, leak };
}
inline constexpr std::array scale_words = {"unit", "leak"};

namespace order {
enum : std::int32_t { before_move, after_move, after_threshold };
}

struct Leak {
  double tau;     // ms; infinite without a leak
  double decay;   // what is left of v after one tick, p22
  double lost;    // 1 - decay: what a constant input of 1 mV adds in one tick
  double charge;  // ms: a constant current I adds charge / C x I
};

/// P has tau_mem (ms), decay (wins where it is set) and integrator.
template <class P>
Leak of(const P& p, double dt) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const bool euler = p.integrator == integrator::euler;
  if (is_set(p.decay)) {
    const double lost = 1 - p.decay;
    if (lost == 0) return {never, 1, 0, dt};
    const double tau = euler ? dt / lost : -dt / math::log(p.decay);
    return {tau, p.decay, lost, euler ? dt : tau * lost};
  }
  if (euler) return {p.tau_mem, 1 - dt / p.tau_mem, dt / p.tau_mem, dt};
  const double lost = -math::expm1(-dt / p.tau_mem);
  return {p.tau_mem, math::exp(-dt / p.tau_mem), lost, p.tau_mem * lost};
}

template <class P>
constexpr auto fields() {
  return std::tuple{
      field(&P::tau_mem, "tau_mem", Unit::ms, 1e-6, 1e9, "membrane time constant"),
      field(&P::decay, "decay", Unit::none, 0, 1, "what is left of the membrane after one tick, in place of tau_mem"),
      field(&P::capacitance, "capacitance", Unit::pF, 1e-6, 1e9, "membrane capacitance"),
      field(&P::rest, "rest", Unit::mV, -1e6, 1e6, "resting potential"),
      field(&P::bias, "bias", Unit::pA, -1e9, 1e9, "constant input current"),
      field(&P::lower, "lower", Unit::mV, -1e6, 1e6, "the membrane never goes below this"),
      field(&P::upper, "upper", Unit::mV, -1e6, 1e6, "the membrane never goes above this"),
      field(&P::gain, "gain", Unit::none, -1e9, 1e9, "factor on what arrives through weights (not on `injected`)")};
}

}  // namespace crosspike::leak
