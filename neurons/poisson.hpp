// SPDX-License-Identifier: Apache-2.0
// A source of independent Poisson spike trains: each element draws its own count in every tick, as NEST's
// poisson_generator does for each of its targets.
#pragma once

#include <cmath>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/random.hpp>
#include <cstdint>
#include <tuple>
#include <vector>

namespace crosspike {

struct Poisson {
  static constexpr const char *name = "poisson", *doc = "independent Poisson spike trains",
                              *equation = "spikes = Poisson(rate dt)",
                              *source = "nest/nest-simulator:models/poisson_generator.h";
  static constexpr Port outputs[] = {{"spikes", Carries::spikes}};
  static constexpr bool draws = true, graded = true;

  struct Params {
    double rate = 0, bound = unset;
  };
  static constexpr auto params = std::tuple{
      field(&Params::rate, "rate", Unit::Hz, 0, 1e9, "mean spikes per second"),
      field(&Params::bound, "bound", Unit::none, 1, 1e9,
            "largest count of one tick, beyond which a run stops; default m + 12 sqrt(m) + 12 of the mean m")};

  template <class R>
  struct State {};
  template <class R>
  static constexpr auto state = std::tuple<>{};

  template <class R>
  struct Constants {
    R mean;
  };
  template <class R>
  static constexpr auto constants = std::tuple{&Constants<R>::mean};

  static constexpr int variants = 1;
  static int variant(const Params&) { return 0; }

  static double mean(const Params& p, double dt) { return p.rate * dt / 1000; }

  template <class R>
  static Constants<R> derive(const Params& p, double dt) {
    return {static_cast<R>(mean(p, dt))};
  }

  template <class R, int variant>
  CROSSPIKE_HD static std::int32_t step(const Constants<R>& c, State<R>&, const R (&)[1], Draws<R>& random) {
    return random.poisson(static_cast<double>(c.mean));
  }

  static double max_count(const Params& p, double dt) {
    const double m = mean(p, dt);
    return is_set(p.bound) ? p.bound : std::floor(m + 12 * std::sqrt(m) + 12);
  }

  static std::vector<Worked> worked() { return {{{{"rate", 0}}, {{"output.spikes", 0}}}}; }
};

}  // namespace crosspike
