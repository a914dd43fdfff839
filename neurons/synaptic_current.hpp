// SPDX-License-Identifier: Apache-2.0
// Synaptic currents of two receptors and how they move a leaky membrane: what cuba_lif and alpha_lif have in common.
// Equations: Rotter & Diesmann 1999.
#pragma once

#include <array>
#include <cmath>
#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace crosspike::synaptic_current {

template <class P>
constexpr auto fields() {
  return std::tuple{field(&P::tau_syn, "tau_syn", Unit::ms, 1e-6, 1e9, "time constant of both currents"),
                    field(&P::tau_syn_excitatory, "tau_syn_excitatory", Unit::ms, 1e-6, 1e9,
                          "time constant of the excitatory current"),
                    field(&P::tau_syn_inhibitory, "tau_syn_inhibitory", Unit::ms, 1e-6, 1e9,
                          "time constant of the inhibitory current")};
}

inline constexpr std::array<std::pair<const char*, const char*>, 3> exclusive = {
    {{"tau_mem", "decay"}, {"tau_syn", "tau_syn_excitatory"}, {"tau_syn", "tau_syn_inhibitory"}}};

template <class P>
double tau_excitatory(const P& p) {
  return is_set(p.tau_syn) ? p.tau_syn : p.tau_syn_excitatory;
}
template <class P>
double tau_inhibitory(const P& p) {
  return is_set(p.tau_syn) ? p.tau_syn : p.tau_syn_inhibitory;
}

/// tau tau_mem / (tau_mem - tau) in ms, also without a leak; infinite where the two are equal.
inline double beta(const leak::Leak& leak, double tau) { return tau / (1 - tau / leak.tau); }

/// What a current of 1 that decays with `tau` adds in one tick to a membrane with tau_mem v' = -v + tau_mem / share x
/// I.
inline double into_membrane(const leak::Leak& leak, double tau, double share, double dt) {
  const double b = beta(leak, tau);
  // exp(-dt / tau) expm1(dt / beta), written so that the exponential cannot overflow.
  const double risen = b > 0 ? -leak.decay * math::expm1(-dt / b) : math::exp(-dt / tau) * math::expm1(dt / b);
  const double moved = b / share * risen;
  // tau_syn = tau_mem, or so near that nothing is left: nest/nest-simulator:libnestutil/iaf_propagator.cpp.
  return std::isfinite(b) && std::isnormal(moved) && moved > 0 ? moved : dt / share * leak.decay;
}

template <class P>
std::optional<std::string> wrong(const P& p) {
  if (p.decay == 0)
    return "`decay` is 0, which leaves nothing of the membrane from tick to tick: write more than 0, or use kind "
           "`threshold`.";
  return firing::wrong(p);
}

}  // namespace crosspike::synaptic_current
