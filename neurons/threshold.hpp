// SPDX-License-Identifier: Apache-2.0
// A spike where the input reaches the threshold; nothing is kept from tick to tick. NIR's Threshold.
#pragma once

#include <array>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/math.hpp>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace crosspike {

struct Threshold {
  static constexpr const char *name = "threshold", *doc = "spikes where the input reaches a threshold; without state",
                              *equation = "spike = input >= threshold", *source = "neuromorphs/NIR:nir/ir/threshold.py";
  static constexpr Port inputs[] = {{"input", Carries::sums_or_values, Unit::none, "compared with the threshold"}};
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr std::array conventions = {"nir"};

  struct Params {
    double threshold = 1;
    bool inclusive = true;
  };
  static constexpr auto params =
      std::tuple{field(&Params::threshold, "threshold", Unit::none, -1e9, 1e9, "spike threshold"),
                 flag(&Params::inclusive, "inclusive", "spike at >= threshold (true) or only at > threshold (false)")};

  template <class R>
  struct State {};
  template <class R>
  static constexpr auto state = std::tuple<>{};

  template <class R>
  struct Constants {
    R threshold;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::threshold};

  static constexpr int variants = 1;
  static int variant(const Params&) { return 0; }

  template <class R>
  static Constants<R> derive(const Params& p, double) {
    const R threshold = static_cast<R>(p.threshold);
    return {p.inclusive ? threshold : math::next_up(threshold)};
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>&, const R (&in)[1]) {
    return in[0] >= c.threshold;
  }

  static void apply(Params& p, std::string_view) { p.inclusive = false; }

  static std::vector<Worked> worked() {
    return {{{{"input.input", 1}}, {{"output.spikes", 1}}},
            {{{"inclusive", 0}, {"input.input", 1}}, {{"output.spikes", 0}}}};
  }
};

}  // namespace crosspike
