// SPDX-License-Identifier: Apache-2.0
// Integer-spike neurons: one tick gives a count of 0..levels (or a signed one) instead of 0 or 1. I-LIF, NI-LIF, SFA
// and IE-LIF are its conventions. unary.hpp expands a count into binary slots.
#pragma once

#include <array>
#include <cmath>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/math.hpp>
#include <crosspike/core/units.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace crosspike {

struct Ilif {
  static constexpr const char *name = "ilif", *doc = "integer-spike neuron: fires a count in each tick",
                              *equation =
                                  "charged = membrane decay + input\n"
                                  "count = round(clip(charged / threshold, lower, levels))\n"
                                  "membrane = reset_mode subtract ? charged - count threshold : charged\n"
                                  "readers see count x output_scale (/ levels where normalise)",
                              *source =
                                  "fangwei123456/spikingjelly:spikingjelly/activation_based/neuron/ilif.py; "
                                  "bollossom/QSD-Transformer:classification/models.py";
  static constexpr Port inputs[] = {
      {"input", Carries::sums_or_values, Unit::none, "added to the membrane"},
      {"injected", Carries::sums_or_values, Unit::none, "added to the membrane for one tick, as input is"},
  };
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr bool graded = true;
  static constexpr std::array conventions = {"ie_lif", "ie_lif_attention", "i_lif", "ni_lif", "sfa_base", "sfa_large"};

  enum Rounding : std::int32_t { half_even, half_up };
  enum Reset : std::int32_t { none, subtract };

  struct Params {
    double threshold = 1, output_scale = 1, lower = 0, levels = 4;
    bool normalise = false;
    std::int32_t rounding = half_even;
    double decay = 0;
    std::int32_t reset_mode = none;
  };
  static constexpr std::array rounding_words = {"half_even", "half_up"};
  static constexpr std::array reset_words = {"none", "subtract"};
  static constexpr double most_levels = 1e6;  // float holds halves up to 2^22, which rounding needs
  static constexpr auto params = std::tuple{
      field(&Params::threshold, "threshold", Unit::none, 1e-9, 1e9, "membrane per count"),
      field(&Params::output_scale, "output_scale", Unit::none, -1e9, 1e9, "what a count of 1 is worth to readers"),
      field(&Params::lower, "lower", Unit::none, -most_levels, 0, "smallest count, a whole number; -levels for signed"),
      field(&Params::levels, "levels", Unit::none, 1, most_levels, "largest count, a whole number (D)"),
      flag(&Params::normalise, "normalise", "divide the output scale by `levels`"),
      choice(&Params::rounding, "rounding", rounding_words, "where the membrane lies between two counts"),
      field(&Params::decay, "decay", Unit::none, 0, 1, "what is left of the membrane after one tick; 0: no memory"),
      choice(&Params::reset_mode, "reset_mode", reset_words,
             "firing leaves the membrane, or takes count x threshold off it")};

  template <class R>
  struct State {
    R membrane;
  };
  template <class R>
  static constexpr auto state =
      std::tuple{column(&State<R>::membrane, "membrane", Unit::none, 1e-9, "membrane after firing")};

  template <class R>
  struct Constants {
    R decay, threshold, lower, levels, tie, taken;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::decay,  &Constants<R>::threshold, &Constants<R>::lower,
                                               &Constants<R>::levels, &Constants<R>::tie,       &Constants<R>::taken};

  static constexpr int variants = 1;
  static int variant(const Params&) { return 0; }

  template <class R>
  static Constants<R> derive(const Params& p, double) {
    const R never = 1;  // no number is further than 1/2 from the whole number next to it
    return {static_cast<R>(p.decay),
            static_cast<R>(p.threshold),
            static_cast<R>(p.lower),
            static_cast<R>(p.levels),
            p.rounding == half_up ? R{0.5} : never,
            static_cast<R>(p.reset_mode == subtract ? p.threshold : 0)};
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>& s, const R (&in)[2]) {
    const R charged = s.membrane * c.decay + in[0] + in[1];
    const R level = charged / c.threshold;
    const R raised = level >= c.lower ? level : c.lower;  // also what a NaN becomes
    const R clipped = raised <= c.levels ? raised : c.levels;
    // Adding 1.5 x 2^(mantissa bits) leaves no bit below 1, so the hardware rounds half to even.
    constexpr R magic = std::is_same_v<R, float> ? R(0x1.8p23) : R(0x1.8p52);
    const R even = (clipped + magic) - magic;
    const R count = clipped - even >= c.tie ? even + R{1} : even;
    s.membrane = charged - c.taken * count;
    return static_cast<std::int32_t>(count);
  }

  static void apply(Params& p, std::string_view convention) {
    p = Params{};
    if (convention == "ie_lif" || convention == "ie_lif_attention") {
      p.threshold = 0.25;
      p.output_scale = convention == "ie_lif" ? 0.25 : 0.5;
      p.rounding = half_up;
    } else if (convention == "i_lif" || convention == "ni_lif") {
      p.decay = 0.25;
      p.reset_mode = subtract;
      p.normalise = convention == "ni_lif";
    } else {
      p.normalise = true;
      p.rounding = convention == "sfa_large" ? half_up : half_even;
    }
  }

  static std::optional<std::string> check(const Params& p) {
    const auto broken = [](const char* field, double value) {
      return "`" + std::string(field) + "` (" + format_quantity(value, Unit::none) +
             ") is a count of spikes: write a whole number.";
    };
    if (p.levels != std::floor(p.levels)) return broken("levels", p.levels);
    if (p.lower != std::floor(p.lower)) return broken("lower", p.lower);
    return {};
  }

  static double max_count(const Params& p, double) { return -p.lower > p.levels ? -p.lower : p.levels; }
  static double output_scale(const Params& p) { return p.normalise ? p.output_scale / p.levels : p.output_scale; }

  static std::vector<Worked> worked() {
    return {{{{"threshold", 0.25}, {"rounding", 1}, {"input.input", 0.375}},  // 1.5, half up
             {{"output.spikes", 2}, {"state.membrane", 0.375}}},
            {{{"decay", 0.25}, {"reset_mode", 1}, {"state.membrane", 0.4}, {"input.input", 2.5}},  // 2.6
             {{"output.spikes", 3}, {"state.membrane", 0.1 + 2.5 - 3}}}};
  }
};

}  // namespace crosspike
