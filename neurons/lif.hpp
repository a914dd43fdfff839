// SPDX-License-Identifier: Apache-2.0
// Leaky integrate-and-fire, each input a jump of the membrane: NEST's iaf_psc_delta, snnTorch's Leaky, SpikingJelly's
// LIFNode, Norse's LIFBox, Lava's LIF with du = 1, NIR's LIF. A convention says which.
#pragma once

#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>

namespace crosspike {

struct Lif {
  static constexpr const char
      *name = "lif",
      *doc = "leaky integrate-and-fire neuron, inputs are jumps of the membrane",
      *equation =
          "moved = membrane p22 + input p21 + injected p20 + drive, clamped (relative to rest)\n"
          "spike = moved >= threshold\n"
          "membrane = spike ? keep moved + shift : moved\n"
          "p22 = exp(-dt / tau_mem), p21 = gain, p20 = tau_mem / capacitance (1 - p22)\n"
          "drive = bias p20",
      *source = "Rotter & Diesmann 1999; nest/nest-simulator:models/iaf_psc_delta.cpp";
  static constexpr Port inputs[] = {
      {"input", Carries::sums_or_values, Unit::mV, "jump of the membrane"},
      {"injected", Carries::sums_or_values, Unit::pA, "current for one tick"},
  };
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array conventions = {"nest",  "brian2",       "nir",  "snntorch",
                                             "norse", "spikingjelly", "lava", "spinnaker"};
  static constexpr std::array<std::pair<const char*, const char*>, 1> exclusive = {{{"tau_mem", "decay"}}};

  struct Params {
    double tau_mem = 10, decay = unset, capacitance = 250, rest = -65, bias = 0, lower = unset, upper = unset, gain = 1;
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
                 input_scale = leak::scale::unit;
  };
  static constexpr std::array order_words = {"before_move", "after_move", "after_threshold"};
  static constexpr auto params = std::tuple_cat(
      leak::fields<Params>(), firing::fields<Params>(),
      std::tuple{choice(&Params::integrator, "integrator", leak::integrator_words,
                        "how the membrane moves; `euler`: p22 = 1 - dt / tau_mem, p20 = dt / capacitance"),
                 choice(&Params::input_order, "input_order", order_words,
                        "input arrives before the membrane moves (and decays with it), after, or after the threshold"),
                 choice(&Params::input_scale, "input_scale", leak::scale_words,
                        "input counts as it is, or times (1 - p22): as a constant voltage that the membrane nears")});

  template <class R>
  struct State {
    R membrane;
    std::int32_t wait;
  };
  template <class R>
  static constexpr auto state =
      std::tuple{column(&State<R>::membrane, "membrane", Unit::mV, 1e-9, "membrane potential", "rest"),
                 column(&State<R>::wait, "wait", Unit::none, 0, "refractory ticks left")};

  template <class R>
  struct Constants {
    R p22, p21, p20, drive, threshold, keep, shift, lower, upper;
    std::int32_t wait, hold;
  };
  template <class R>
  static constexpr auto constants =
      std::tuple{&Constants<R>::p22,       &Constants<R>::p21,  &Constants<R>::p20,   &Constants<R>::drive,
                 &Constants<R>::threshold, &Constants<R>::keep, &Constants<R>::shift, &Constants<R>::lower,
                 &Constants<R>::upper,     &Constants<R>::wait, &Constants<R>::hold};

  static constexpr int variants = 3;
  static int variant(const Params& p) {
    if (p.input_order == leak::order::after_threshold) return firing::input_after_threshold;
    return p.delayed_reset ? firing::delayed_reset : 0;
  }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    const leak::Leak leak = leak::of(p, dt);
    const double scale = p.gain * (p.input_scale == leak::scale::leak ? leak.lost : 1);
    Constants<R> c{};
    c.p22 = static_cast<R>(leak.decay);
    c.p21 = static_cast<R>(p.input_order == leak::order::before_move ? scale * leak.decay : scale);
    c.p20 = static_cast<R>(leak.charge / p.capacitance);
    c.drive = static_cast<R>(p.bias * leak.charge / p.capacitance);
    firing::derive(c, p, p.rest, dt);
    return c;
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[2]) {
    constexpr bool after = (variant & firing::input_after_threshold) != 0;
    const R jump = in[0] * c.p21;
    const R moved = s.membrane * c.p22 + (after ? R{0} : jump) + in[1] * c.p20 + c.drive;
    return firing::fire<variant>(c, s, moved, jump);
  }

  static void apply(Params& p, std::string_view convention) {
    firing::apply(p, convention);
    const bool euler = convention == "norse" || convention == "spikingjelly" || convention == "lava";
    const bool unit =
        convention == "nest" || convention == "brian2" || convention == "snntorch" || convention == "lava";
    p.integrator = euler ? leak::integrator::euler : leak::integrator::exact;
    p.input_order = convention == "brian2" ? leak::order::after_threshold : leak::order::after_move;
    p.input_scale = unit ? leak::scale::unit : leak::scale::leak;
  }

  static std::optional<std::string> check(const Params& p) {
    if (p.delayed_reset && p.input_order == leak::order::after_threshold) return firing::delayed_and_after();
    return firing::wrong(p);
  }

  // exp(-0.01) = 0.9900498337491681.
  static std::vector<Worked> worked() {
    return {{{{"state.membrane", -60}, {"input.input", 1}},
             {{"state.membrane", -65 + 5 * 0.9900498337491681 + 1}, {"output.spikes", 0}}},
            {{{"state.membrane", -50.5}, {"input.input", 1}},  // 14.5 x 0.99005 + 1 = 15.36, threshold 15 above rest
             {{"state.membrane", -65}, {"state.wait", 20}, {"output.spikes", 1}}},
            {{{"decay", 0.5}, {"state.membrane", -61}, {"input.injected", 100}},  // tau = 0.1 / ln 2
             {{"state.membrane", -65 + 2 + 100 * (0.1 / 0.6931471805599453) / 250 * 0.5}, {"output.spikes", 0}}}};
  }
};

}  // namespace crosspike
