// SPDX-License-Identifier: Apache-2.0
// Leaky integrate-and-fire whose input currents are alpha functions: NEST's iaf_psc_alpha. Its conventions are those of
// the two engines that solve such currents exactly, NEST and Brian2.
#pragma once

#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>
#include <crosspike/neurons/synaptic_current.hpp>

namespace crosspike {

struct AlphaLif {
  static constexpr const char *name = "alpha_lif", *doc = "LIF neuron with alpha-shaped input currents",
                              *equation =
                                  "an input of 1 pA in the tick that ends at 0 is the current t e / tau_syn exp(-t / "
                                  "tau_syn): 1 pA at tau_syn\n"
                                  "moved = membrane p33 + current p32 + rise p31 + injected p30 + drive, clamped "
                                  "(relative to rest; excitatory and inhibitory alike)\n"
                                  "current = current p11 + rise p21\n"
                                  "rise = rise p11 + gain input\n"
                                  "spike = moved >= threshold\n"
                                  "membrane = spike ? keep moved + shift : moved\n"
                                  "p11 = exp(-dt / tau_syn), p33 = exp(-dt / tau_mem), drive = bias p30\n"
                                  "p21 = e dt / tau_syn p11, p30 = tau_mem / capacitance (1 - p33)\n"
                                  "p32 = beta / capacitance p11 expm1(dt / beta), beta = tau_syn tau_mem / (tau_mem - "
                                  "tau_syn)\n"
                                  "p31 = e / tau_syn beta (p32 - dt / capacitance p11)",
                              *source = "Rotter & Diesmann 1999; nest/nest-simulator:models/iaf_psc_alpha.cpp";
  static constexpr Port inputs[] = {
      {"excitatory", Carries::sums_or_values, Unit::pA, "peak of an excitatory current; negative weights are allowed"},
      {"inhibitory", Carries::sums_or_values, Unit::pA, "peak of an inhibitory current; weights that inhibit are < 0"},
      {"injected", Carries::sums_or_values, Unit::pA, "current for one tick"},
  };
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array conventions = {"nest", "brian2"};
  static constexpr auto exclusive = synaptic_current::exclusive;

  struct Params {
    double tau_mem = 10, decay = unset, capacitance = 250, rest = -65, bias = 0, lower = unset, upper = unset, gain = 1;
    double tau_syn = unset, tau_syn_excitatory = 0.5, tau_syn_inhibitory = 0.5;
    double threshold = -50;
    bool inclusive = true;
    double reset = -65;
    std::int32_t reset_mode = firing::reset::to_value;
    bool delayed_reset = false;
    double refractory = 2;
    std::int32_t refractory_rounding = firing::rounding::nearest;
    bool refractory_counts_spike = false;
    std::int32_t refractory_input = firing::refractory::dropped;
    static constexpr std::int32_t integrator = leak::integrator::exact;  // no choice here; leak::of asks for it
  };
  static constexpr auto params =
      std::tuple_cat(leak::fields<Params>(), synaptic_current::fields<Params>(), firing::fields<Params>());

  template <class R>
  struct State {
    R membrane, excitatory, excitatory_rise, inhibitory, inhibitory_rise;
    std::int32_t wait;
  };
  template <class R>
  static constexpr auto state = std::tuple{
      column(&State<R>::membrane, "membrane", Unit::mV, 1e-9, "membrane potential", "rest"),
      column(&State<R>::excitatory, "excitatory", Unit::pA, 1e-9, "excitatory current"),
      column(&State<R>::excitatory_rise, "excitatory_rise", Unit::pA, 1e-9,
             "excitatory input, which decays and makes the current rise by e / tau_syn times itself"),
      column(&State<R>::inhibitory, "inhibitory", Unit::pA, 1e-9, "inhibitory current"),
      column(&State<R>::inhibitory_rise, "inhibitory_rise", Unit::pA, 1e-9, "the same for the inhibitory current"),
      column(&State<R>::wait, "wait", Unit::none, 0, "refractory ticks left")};

  template <class R>
  struct Constants {
    R p33, p32_excitatory, p32_inhibitory, p31_excitatory, p31_inhibitory, p21_excitatory, p21_inhibitory;
    R p11_excitatory, p11_inhibitory, p30, drive, gain;
    R threshold, keep, shift, lower, upper;
    std::int32_t wait, hold;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::p33,
                                               &Constants<R>::p32_excitatory,
                                               &Constants<R>::p32_inhibitory,
                                               &Constants<R>::p31_excitatory,
                                               &Constants<R>::p31_inhibitory,
                                               &Constants<R>::p21_excitatory,
                                               &Constants<R>::p21_inhibitory,
                                               &Constants<R>::p11_excitatory,
                                               &Constants<R>::p11_inhibitory,
                                               &Constants<R>::p30,
                                               &Constants<R>::drive,
                                               &Constants<R>::gain,
                                               &Constants<R>::threshold,
                                               &Constants<R>::keep,
                                               &Constants<R>::shift,
                                               &Constants<R>::lower,
                                               &Constants<R>::upper,
                                               &Constants<R>::wait,
                                               &Constants<R>::hold};

  static constexpr int variants = 2;
  static int variant(const Params& p) { return p.delayed_reset ? firing::delayed_reset : 0; }

  // One receptor: rise' = -rise / tau, current' = -current / tau + e / tau rise, and their way into the membrane.
  struct Receptor {
    double p11, p21, p31, p32;
  };

  static Receptor receptor(const leak::Leak& leak, double capacitance, double tau, double dt) {
    const double p11 = math::exp(-dt / tau);
    const double p32 = synaptic_current::into_membrane(leak, tau, capacitance, dt);
    const double beta = synaptic_current::beta(leak, tau), x = dt / beta;
    const double steepness = math::exp(1) / tau;
    double moved;  // integral of exp(-(dt - s) / tau_mem) s exp(-s / tau) / capacitance from 0 to dt
    if (std::abs(x) >= 1) {
      moved = beta * (p32 - dt / capacitance * p11);
    } else {  // there the difference cancels; (e^x - 1 - x) / x^2 by its series, of which less than 2^-60 is left out
      double sum = 1;
      for (int k = 19; k > 2; --k) sum = 1 + x / k * sum;
      moved = dt * dt / 2 / capacitance * p11 * sum;
    }
    return {p11, steepness * dt * p11, steepness * moved, p32};
  }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    const leak::Leak leak = leak::of(p, dt);
    const Receptor excitatory = receptor(leak, p.capacitance, synaptic_current::tau_excitatory(p), dt);
    const Receptor inhibitory = receptor(leak, p.capacitance, synaptic_current::tau_inhibitory(p), dt);
    const double charge = leak.charge / p.capacitance;
    Constants<R> c{};
    c.p33 = static_cast<R>(leak.decay);
    c.p32_excitatory = static_cast<R>(excitatory.p32);
    c.p32_inhibitory = static_cast<R>(inhibitory.p32);
    c.p31_excitatory = static_cast<R>(excitatory.p31);
    c.p31_inhibitory = static_cast<R>(inhibitory.p31);
    c.p21_excitatory = static_cast<R>(excitatory.p21);
    c.p21_inhibitory = static_cast<R>(inhibitory.p21);
    c.p11_excitatory = static_cast<R>(excitatory.p11);
    c.p11_inhibitory = static_cast<R>(inhibitory.p11);
    c.p30 = static_cast<R>(charge);
    c.drive = static_cast<R>(p.bias * charge);
    c.gain = static_cast<R>(p.gain);
    firing::derive(c, p, p.rest, dt);
    return c;
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[3]) {
    const R moved = s.membrane * c.p33 + s.excitatory * c.p32_excitatory + s.excitatory_rise * c.p31_excitatory +
                    s.inhibitory * c.p32_inhibitory + s.inhibitory_rise * c.p31_inhibitory + in[2] * c.p30 + c.drive;
    s.excitatory = s.excitatory * c.p11_excitatory + s.excitatory_rise * c.p21_excitatory;
    s.inhibitory = s.inhibitory * c.p11_inhibitory + s.inhibitory_rise * c.p21_inhibitory;
    s.excitatory_rise = s.excitatory_rise * c.p11_excitatory + c.gain * in[0];
    s.inhibitory_rise = s.inhibitory_rise * c.p11_inhibitory + c.gain * in[1];
    return firing::fire<variant>(c, s, moved, R{0});
  }

  static void apply(Params& p, std::string_view convention) { firing::apply(p, convention); }

  static std::optional<std::string> check(const Params& p) { return synaptic_current::wrong(p); }

  // p11 = exp(-0.2) = 0.8187307530779819, p21 = 0.2 exp(0.8), p32 = 3.606717487814446e-4, p31 = 9.49379887938523e-5.
  static std::vector<Worked> worked() {
    return {{{{"state.excitatory", 100}, {"state.excitatory_rise", 50}, {"input.excitatory", 10}},
             {{"state.membrane", -65 + 100 * 3.606717487814446e-4 + 50 * 9.49379887938523e-5},
              {"state.excitatory", 100 * 0.8187307530779819 + 50 * 0.2 * 2.225540928492468},
              {"state.excitatory_rise", 50 * 0.8187307530779819 + 10},
              {"output.spikes", 0}}},
            {{{"state.membrane", -50.1}, {"state.excitatory", 1000}},  // 14.9 x 0.99005 + 0.36 = 15.11 >= 15
             {{"state.membrane", -65}, {"state.wait", 20}, {"output.spikes", 1}}}};
  }
};

}  // namespace crosspike
