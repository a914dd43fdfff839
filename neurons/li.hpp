// SPDX-License-Identifier: Apache-2.0
// Leaky integrator: the membrane of `lif` without a threshold, whose output is the membrane itself. NIR's LI.
#pragma once

#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>

namespace crosspike {

struct Li {
  static constexpr const char
      *name = "li",
      *doc = "leaky integrator, its output is the membrane",
      *equation =
          "membrane = membrane p22 + input p21 + injected p20 + drive, clamped (relative to rest)\n"
          "p22 = exp(-dt / tau_mem), p21 = gain, p20 = tau_mem / capacitance (1 - p22)\n"
          "drive = bias p20",
      *source = "Rotter & Diesmann 1999; neuromorphs/NIR:nir/ir/neuron.py";
  static constexpr Port inputs[] = {
      {"input", Carries::sums_or_values, Unit::mV, "jump of the membrane"},
      {"injected", Carries::sums_or_values, Unit::pA, "current for one tick"},
  };
  static constexpr Port outputs[] = {{"membrane", Carries::values, Unit::mV, "membrane after the step", 0, "membrane"}};
  static constexpr std::array conventions = {"nest", "nir"};
  static constexpr std::array<std::pair<const char*, const char*>, 1> exclusive = {{{"tau_mem", "decay"}}};

  struct Params {
    double tau_mem = 10, decay = unset, capacitance = 250, rest = -65, bias = 0, lower = unset, upper = unset, gain = 1;
    std::int32_t integrator = leak::integrator::exact, input_order = leak::order::after_move,
                 input_scale = leak::scale::unit;
  };
  static constexpr std::array order_words = {"before_move", "after_move"};
  static constexpr auto params = std::tuple_cat(
      leak::fields<Params>(),
      std::tuple{choice(&Params::integrator, "integrator", leak::integrator_words,
                        "how the membrane moves; `euler`: p22 = 1 - dt / tau_mem, p20 = dt / capacitance"),
                 choice(&Params::input_order, "input_order", order_words,
                        "input arrives before the membrane moves (and decays with it), or after"),
                 choice(&Params::input_scale, "input_scale", leak::scale_words,
                        "input counts as it is, or times (1 - p22): as a constant voltage that the membrane nears")});

  template <class R>
  struct State {
    R membrane;
  };
  template <class R>
  static constexpr auto state =
      std::tuple{column(&State<R>::membrane, "membrane", Unit::mV, 1e-9, "membrane potential", "rest")};

  template <class R>
  struct Constants {
    R p22, p21, p20, drive, lower, upper;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::p22,   &Constants<R>::p21,   &Constants<R>::p20,
                                               &Constants<R>::drive, &Constants<R>::lower, &Constants<R>::upper};

  static constexpr int variants = 1;
  static int variant(const Params&) { return 0; }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    const leak::Leak leak = leak::of(p, dt);
    const double scale = p.gain * (p.input_scale == leak::scale::leak ? leak.lost : 1);
    Constants<R> c{};
    c.p22 = static_cast<R>(leak.decay);
    c.p21 = static_cast<R>(p.input_order == leak::order::before_move ? scale * leak.decay : scale);
    c.p20 = static_cast<R>(leak.charge / p.capacitance);
    c.drive = static_cast<R>(p.bias * leak.charge / p.capacitance);
    firing::derive_clamps(c, p, p.rest);
    return c;
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[2]) {
    s.membrane = firing::clamped(s.membrane * c.p22 + in[0] * c.p21 + in[1] * c.p20 + c.drive, c.lower, c.upper);
    return 0;
  }

  static void apply(Params& p, std::string_view convention) {
    const bool nir = convention == "nir";
    p.integrator = leak::integrator::exact;
    p.input_order = leak::order::after_move;
    p.input_scale = nir ? leak::scale::leak : leak::scale::unit;
    if (nir) p.rest = 0;
  }

  static std::optional<std::string> check(const Params& p) { return firing::wrong_clamps(p); }

  // exp(-0.01) = 0.9900498337491681.
  static std::vector<Worked> worked() {
    return {{{{"state.membrane", -60}, {"input.input", 1}, {"input.injected", 250}},
             {{"state.membrane", -65 + 5 * 0.9900498337491681 + 1 + 10 * (1 - 0.9900498337491681)}}}};
  }
};

}  // namespace crosspike
