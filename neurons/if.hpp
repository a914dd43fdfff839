// SPDX-License-Identifier: Apache-2.0
// Integrate-and-fire without a leak: the membrane is the sum of its inputs. NIR's IF. Potentials are absolute, since
// there is no rest.
#pragma once

#include <crosspike/neurons/firing.hpp>
#include <crosspike/neurons/leak.hpp>

namespace crosspike {

struct If {
  static constexpr const char *name = "if", *doc = "integrate-and-fire neuron without a leak",
                              *equation =
                                  "moved = membrane + input p21 + injected dt / capacitance + drive, clamped\n"
                                  "spike = moved >= threshold\n"
                                  "membrane = spike ? keep moved + shift : moved\n"
                                  "p21 = gain, drive = bias dt / capacitance",
                              *source = "Lapicque 1907; neuromorphs/NIR:nir/ir/neuron.py";
  static constexpr Port inputs[] = {
      {"input", Carries::sums_or_values, Unit::mV, "jump of the membrane"},
      {"injected", Carries::sums_or_values, Unit::pA, "current for one tick"},
  };
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array conventions = {"nest", "nir"};

  enum Order : std::int32_t { before_threshold, after_threshold };
  enum Scale : std::int32_t { by_unit, by_dt };

  struct Params {
    double capacitance = 250, bias = 0, lower = unset, upper = unset, gain = 1;
    double threshold = 15;
    bool inclusive = true;
    double reset = 0;
    std::int32_t reset_mode = firing::reset::to_value;
    bool delayed_reset = false;
    double refractory = 2;
    std::int32_t refractory_rounding = firing::rounding::nearest;
    bool refractory_counts_spike = false;
    std::int32_t refractory_input = firing::refractory::dropped;
    std::int32_t input_order = before_threshold, input_scale = by_unit;
  };
  static constexpr std::array order_words = {"before_threshold", "after_threshold"};
  static constexpr std::array scale_words = {"unit", "dt"};
  static constexpr auto params = std::tuple_cat(
      std::tuple{field(&Params::capacitance, "capacitance", Unit::pF, 1e-6, 1e9, "membrane capacitance"),
                 field(&Params::bias, "bias", Unit::pA, -1e9, 1e9, "constant input current"),
                 field(&Params::lower, "lower", Unit::mV, -1e6, 1e6, "the membrane never goes below this"),
                 field(&Params::upper, "upper", Unit::mV, -1e6, 1e6, "the membrane never goes above this"),
                 field(&Params::gain, "gain", Unit::none, -1e9, 1e9,
                       "factor on what arrives through weights (not on `injected`)")},
      firing::fields<Params>(),
      std::tuple{
          choice(&Params::input_order, "input_order", order_words,
                 "input arrives before or after the threshold (without a leak, before and after the move are one)"),
          choice(&Params::input_scale, "input_scale", scale_words,
                 "input counts as it is, or times dt in ms: as a slope")});

  template <class R>
  struct State {
    R membrane;
    std::int32_t wait;
  };
  template <class R>
  static constexpr auto state =
      std::tuple{column(&State<R>::membrane, "membrane", Unit::mV, 1e-9, "membrane potential"),
                 column(&State<R>::wait, "wait", Unit::none, 0, "refractory ticks left")};

  template <class R>
  struct Constants {
    R p21, p20, drive, threshold, keep, shift, lower, upper;
    std::int32_t wait, hold;
  };
  template <class R>
  static constexpr auto constants = std::tuple{
      &Constants<R>::p21,   &Constants<R>::p20,   &Constants<R>::drive, &Constants<R>::threshold, &Constants<R>::keep,
      &Constants<R>::shift, &Constants<R>::lower, &Constants<R>::upper, &Constants<R>::wait,      &Constants<R>::hold};

  static constexpr int variants = 3;
  static int variant(const Params& p) {
    if (p.input_order == after_threshold) return firing::input_after_threshold;
    return p.delayed_reset ? firing::delayed_reset : 0;
  }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    Constants<R> c{};
    c.p21 = static_cast<R>(p.input_scale == by_dt ? p.gain * dt : p.gain);
    c.p20 = static_cast<R>(dt / p.capacitance);
    c.drive = static_cast<R>(p.bias * dt / p.capacitance);
    firing::derive(c, p, 0, dt);
    return c;
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[2]) {
    constexpr bool after = (variant & firing::input_after_threshold) != 0;
    const R jump = in[0] * c.p21;
    const R moved = s.membrane + (after ? R{0} : jump) + in[1] * c.p20 + c.drive;
    return firing::fire<variant>(c, s, moved, jump);
  }

  static void apply(Params& p, std::string_view convention) {
    firing::apply(p, convention);
    p.input_order = before_threshold;
    p.input_scale = convention == "nir" ? by_dt : by_unit;
  }

  static std::optional<std::string> check(const Params& p) {
    if (p.delayed_reset && p.input_order == after_threshold) return firing::delayed_and_after();
    return firing::wrong(p);
  }

  static std::vector<Worked> worked() {
    return {{{{"state.membrane", 5}, {"input.input", 1}, {"input.injected", 250}},
             {{"state.membrane", 5 + 1 + 0.1}, {"output.spikes", 0}}},
            {{{"state.membrane", 14}, {"input.input", 1}},  // 15 is the threshold: reached
             {{"state.membrane", 0}, {"state.wait", 20}, {"output.spikes", 1}}}};
  }
};

}  // namespace crosspike
