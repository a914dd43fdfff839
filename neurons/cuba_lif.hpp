// SPDX-License-Identifier: Apache-2.0
// Leaky integrate-and-fire with exponentially decaying input currents: NEST's iaf_psc_exp, snnTorch's Synaptic, Norse's
// LIF, Lava's LIF, SpiNNaker's IF_curr_exp, NIR's CubaLIF. A convention says which.
#pragma once

#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>
#include <crosspike/neurons/synaptic_current.hpp>

namespace crosspike {

struct CubaLif {
  static constexpr const char *name = "cuba_lif", *doc = "LIF neuron with exponentially decaying input currents",
                              *equation =
                                  "now = current + early input (excitatory and inhibitory alike)\n"
                                  "moved = membrane p22 + now p21 + injected p20 + drive, clamped (relative to rest)\n"
                                  "current = now p11 + late input\n"
                                  "spike = moved >= threshold\n"
                                  "membrane = spike ? keep moved + shift : moved\n"
                                  "p11 = exp(-dt / tau_syn), p22 = exp(-dt / tau_mem), drive = bias p20\n"
                                  "p21 = beta / capacitance p11 expm1(dt / beta), beta = tau_syn tau_mem / (tau_mem - "
                                  "tau_syn)\n"
                                  "p20 = tau_mem / capacitance (1 - p22)",
                              *source = "Rotter & Diesmann 1999; nest/nest-simulator:models/iaf_psc_exp.cpp";
  static constexpr Port inputs[] = {
      {"excitatory", Carries::sums_or_values, Unit::pA, "jump of the excitatory current; negative weights are allowed"},
      {"inhibitory", Carries::sums_or_values, Unit::pA, "jump of the inhibitory current; weights that inhibit are < 0"},
      {"injected", Carries::sums_or_values, Unit::pA, "current for one tick"},
  };
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array conventions = {"nest", "brian2", "nir", "snntorch", "norse", "lava", "spinnaker"};
  static constexpr auto exclusive = synaptic_current::exclusive;

  enum Current : std::int32_t { by_capacitance, by_leak, by_unit };

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
    std::int32_t integrator = leak::integrator::exact, input_order = leak::order::after_move,
                 input_scale = leak::scale::unit, current_scale = by_capacitance;
  };
  static constexpr std::array integrator_words = {"exact", "euler", "exact_constant_input"};
  static constexpr std::array order_words = {"before_move", "after_move"};
  static constexpr std::array current_words = {"capacitance", "leak", "unit"};
  static constexpr auto params = std::tuple_cat(
      leak::fields<Params>(), synaptic_current::fields<Params>(), firing::fields<Params>(),
      std::tuple{choice(&Params::integrator, "integrator", integrator_words,
                        "exact; Euler (p = 1 - dt / tau); or exact for a current held at its mean over the tick"),
                 choice(&Params::input_order, "input_order", order_words,
                        "input joins the current before the membrane moves, or after the current has decayed"),
                 choice(&Params::input_scale, "input_scale", leak::scale_words,
                        "input joins the current as it is, or times (1 - p11)"),
                 choice(&Params::current_scale, "current_scale", current_words,
                        "currents are in pA and act through the capacitance; or in mV that the membrane nears, times "
                        "(1 - p22); or in mV added in every tick")});

  template <class R>
  struct State {
    R membrane, excitatory, inhibitory;
    std::int32_t wait;
  };
  template <class R>
  static constexpr auto state =
      std::tuple{column(&State<R>::membrane, "membrane", Unit::mV, 1e-9, "membrane potential", "rest"),
                 column(&State<R>::excitatory, "excitatory", Unit::pA, 1e-9, "excitatory current"),
                 column(&State<R>::inhibitory, "inhibitory", Unit::pA, 1e-9, "inhibitory current"),
                 column(&State<R>::wait, "wait", Unit::none, 0, "refractory ticks left")};

  template <class R>
  struct Constants {
    R p22, p21_excitatory, p21_inhibitory, p11_excitatory, p11_inhibitory, p20, drive;
    R early_excitatory, early_inhibitory, late_excitatory, late_inhibitory;
    R threshold, keep, shift, lower, upper;
    std::int32_t wait, hold;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::p22,
                                               &Constants<R>::p21_excitatory,
                                               &Constants<R>::p21_inhibitory,
                                               &Constants<R>::p11_excitatory,
                                               &Constants<R>::p11_inhibitory,
                                               &Constants<R>::p20,
                                               &Constants<R>::drive,
                                               &Constants<R>::early_excitatory,
                                               &Constants<R>::early_inhibitory,
                                               &Constants<R>::late_excitatory,
                                               &Constants<R>::late_inhibitory,
                                               &Constants<R>::threshold,
                                               &Constants<R>::keep,
                                               &Constants<R>::shift,
                                               &Constants<R>::lower,
                                               &Constants<R>::upper,
                                               &Constants<R>::wait,
                                               &Constants<R>::hold};

  static constexpr int variants = 2;
  static int variant(const Params& p) { return p.delayed_reset ? firing::delayed_reset : 0; }

  // One receptor's propagators and what an input adds to its current, before and after the membrane moves.
  struct Receptor {
    double p11, p21, early, late;
  };

  static Receptor receptor(const Params& p, const leak::Leak& leak, double tau, double dt) {
    const bool euler = p.integrator == leak::integrator::euler;
    const double lost = euler ? dt / tau : -math::expm1(-dt / tau);
    Receptor r{euler ? 1 - lost : math::exp(-dt / tau), 0, 0, 0};
    const double share = p.current_scale == by_leak ? leak.tau : p.capacitance;
    if (p.current_scale == by_unit) {
      r.p21 = 1;
    } else if (euler) {
      r.p21 = dt / share;
    } else if (p.integrator == leak::integrator::exact_constant_input) {
      r.p21 = leak.charge / share * (tau / dt) * lost;
    } else {
      r.p21 = synaptic_current::into_membrane(leak, tau, share, dt);
    }
    const double scale = p.gain * (p.input_scale == leak::scale::leak ? lost : 1);
    (p.input_order == leak::order::before_move ? r.early : r.late) = scale;
    return r;
  }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    const leak::Leak leak = leak::of(p, dt);
    const Receptor excitatory = receptor(p, leak, synaptic_current::tau_excitatory(p), dt);
    const Receptor inhibitory = receptor(p, leak, synaptic_current::tau_inhibitory(p), dt);
    double charge = leak.charge / p.capacitance;
    if (p.current_scale == by_leak) charge = leak.lost;
    if (p.current_scale == by_unit) charge = 1;
    Constants<R> c{};
    c.p22 = static_cast<R>(leak.decay);
    c.p21_excitatory = static_cast<R>(excitatory.p21);
    c.p21_inhibitory = static_cast<R>(inhibitory.p21);
    c.p11_excitatory = static_cast<R>(excitatory.p11);
    c.p11_inhibitory = static_cast<R>(inhibitory.p11);
    c.p20 = static_cast<R>(charge);
    c.drive = static_cast<R>(p.bias * charge);
    c.early_excitatory = static_cast<R>(excitatory.early);
    c.early_inhibitory = static_cast<R>(inhibitory.early);
    c.late_excitatory = static_cast<R>(excitatory.late);
    c.late_inhibitory = static_cast<R>(inhibitory.late);
    firing::derive(c, p, p.rest, dt);
    return c;
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[3]) {
    const R excitatory = s.excitatory + c.early_excitatory * in[0];
    const R inhibitory = s.inhibitory + c.early_inhibitory * in[1];
    const R moved =
        s.membrane * c.p22 + excitatory * c.p21_excitatory + inhibitory * c.p21_inhibitory + in[2] * c.p20 + c.drive;
    s.excitatory = excitatory * c.p11_excitatory + c.late_excitatory * in[0];
    s.inhibitory = inhibitory * c.p11_inhibitory + c.late_inhibitory * in[1];
    return firing::fire<variant>(c, s, moved, R{0});
  }

  static void apply(Params& p, std::string_view convention) {
    firing::apply(p, convention);
    const bool late = convention == "nest" || convention == "brian2";
    p.integrator = leak::integrator::exact;
    if (convention == "norse" || convention == "lava") p.integrator = leak::integrator::euler;
    if (convention == "spinnaker") p.integrator = leak::integrator::exact_constant_input;
    p.input_order = late ? leak::order::after_move : leak::order::before_move;
    p.input_scale = convention == "nir" ? leak::scale::leak : leak::scale::unit;
    p.current_scale = by_capacitance;
    if (convention == "nir" || convention == "norse") p.current_scale = by_leak;
    if (convention == "snntorch" || convention == "lava") p.current_scale = by_unit;
  }

  static std::optional<std::string> check(const Params& p) { return synaptic_current::wrong(p); }

  // p11 = exp(-0.2) = 0.8187307530779818; p21 = 3.606717487751355e-4, p22 = exp(-0.01).
  static std::vector<Worked> worked() {
    return {{{{"state.excitatory", 100}, {"input.excitatory", 10}},
             {{"state.membrane", -65 + 100 * 3.606717487751355e-4},
              {"state.excitatory", 100 * 0.8187307530779818 + 10},
              {"output.spikes", 0}}},
            {{{"state.membrane", -50.1}, {"state.excitatory", 1000}},  // 14.9 x 0.99005 + 0.36 = 15.11 >= 15
             {{"state.membrane", -65}, {"state.wait", 20}, {"output.spikes", 1}}}};
  }
};

}  // namespace crosspike
