// SPDX-License-Identifier: Apache-2.0
// Threshold, reset, refractoriness and clamps: what lif, cuba_lif, alpha_lif and if have in common, with the
// conventions of eight engines (docs/neurons.md holds the table and its sources).
#pragma once

#include <array>
#include <cmath>
#include <crosspike/core/kind.hpp>
#include <crosspike/core/math.hpp>
#include <crosspike/core/units.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace crosspike::firing {

namespace reset {
enum : std::int32_t { to_value, subtract, none };
}
inline constexpr std::array reset_words = {"to_value", "subtract", "none"};

namespace rounding {
enum : std::int32_t { nearest, up, down };
}
inline constexpr std::array rounding_words = {"nearest", "up", "down"};

namespace refractory {
enum : std::int32_t { dropped, integrated };
}
inline constexpr std::array refractory_words = {"dropped", "integrated"};

// Bits of a kind's variant: the two conventions that change arithmetic.
inline constexpr int delayed_reset = 1, input_after_threshold = 2;

template <class P>
constexpr auto fields() {
  return std::tuple{
      field(&P::threshold, "threshold", Unit::mV, -1e6, 1e6, "spike threshold"),
      flag(&P::inclusive, "inclusive", "spike at >= threshold (true) or only at > threshold (false)"),
      field(&P::reset, "reset", Unit::mV, -1e6, 1e6, "membrane after a spike"),
      choice(&P::reset_mode, "reset_mode", reset_words,
             "a spike sets the membrane to `reset`, takes (threshold - reset) off it, or leaves it"),
      flag(&P::delayed_reset, "delayed_reset", "reset in the tick after the spike, after that tick's move and input"),
      field(&P::refractory, "refractory", Unit::ms, 0, 1e6, "time after a spike in which there is no other"),
      choice(&P::refractory_rounding, "refractory_rounding", rounding_words, "how `refractory` becomes ticks"),
      flag(&P::refractory_counts_spike, "refractory_counts_spike",
           "the tick of the spike is the first refractory one, so that one fewer follows it"),
      choice(&P::refractory_input, "refractory_input", refractory_words,
             "while refractory the membrane stays as it is and its input is lost, or it goes on integrating")};
}

/// Ticks that follow a spike without another. A thousandth of a tick is forgiven, so that 1.1 ms / 0.1 ms is 11 for
/// every rounding (the same slack as `timestep` in brian-team/brian2:brian2/core/functions.py).
template <class P>
std::int32_t refractory_ticks(const P& p, double dt) {
  constexpr double slack = 1e-3, most = 1e9;
  const double exact = p.refractory / dt;
  double ticks = std::floor(exact + 0.5 + slack);
  if (p.refractory_rounding == rounding::up) ticks = std::ceil(exact - slack);
  if (p.refractory_rounding == rounding::down) ticks = std::floor(exact + slack);
  if (p.refractory_counts_spike) ticks -= 1;
  return static_cast<std::int32_t>(ticks < 0 ? 0 : ticks > most ? most : ticks);
}

/// Without a clamp its constant is finite, so that keep x membrane is never 0 x infinity. The membrane's column is
/// relative to `offset`.
template <class C, class P>
void derive_clamps(C& c, const P& p, double offset) {
  using R = decltype(c.lower);
  c.lower = is_set(p.lower) ? static_cast<R>(p.lower - offset) : std::numeric_limits<R>::lowest();
  c.upper = is_set(p.upper) ? static_cast<R>(p.upper - offset) : std::numeric_limits<R>::max();
}

/// Fills the constants that `fire` uses.
template <class C, class P>
void derive(C& c, const P& p, double offset, double dt) {
  using R = decltype(c.threshold);
  const R threshold = static_cast<R>(p.threshold - offset);
  c.threshold = p.inclusive ? threshold : math::next_up(threshold);
  c.keep = p.reset_mode == reset::to_value ? R{0} : R{1};
  c.shift = R{0};
  if (p.reset_mode == reset::to_value) c.shift = static_cast<R>(p.reset - offset);
  if (p.reset_mode == reset::subtract) c.shift = static_cast<R>(p.reset - p.threshold);
  derive_clamps(c, p, offset);
  c.wait = refractory_ticks(p, dt);
  c.hold = p.refractory_input == refractory::dropped;
}

template <class R>
CROSSPIKE_HD R clamped(R value, R lower, R upper) {
  const R raised = lower > value ? lower : value;
  return upper < raised ? upper : raised;
}

/// The end of a step: `full` is the membrane after it moved, `late` the input that comes after the threshold test (0
/// unless the variant says so). Returns the spikes, 0 or 1.
template <int variant, class C, class S, class R>
CROSSPIKE_HD std::int32_t fire(const C& c, S& s, R full, R late) {
  const bool free = s.wait == 0, moves = free | (c.hold == 0);
  const R moved = moves ? clamped(full, c.lower, c.upper) : s.membrane;
  bool fires;
  if constexpr ((variant & delayed_reset) != 0) {
    // A membrane at threshold with its whole wait ahead spiked in the tick before.
    const bool pending = (s.membrane >= c.threshold) & (s.wait == c.wait);
    const R settled = pending ? c.keep * moved + c.shift : moved;
    fires = free & (settled >= c.threshold);
    s.membrane = settled;
  } else {
    fires = free & (moved >= c.threshold);
    R whole = moved;
    if constexpr ((variant & input_after_threshold) != 0) {
      const R lifted = clamped(moved + late, c.lower, c.upper);
      whole = moves ? lifted : moved;
    }
    s.membrane = fires ? c.keep * whole + c.shift : whole;
  }
  s.wait = fires ? c.wait : s.wait - (free ? 0 : 1);
  return fires;
}

/// What threshold, reset and refractoriness are in an engine. Engines without units are given theirs: rest 0,
/// threshold 1, reset 0, no refractory time.
template <class P>
void apply(P& p, std::string_view engine) {
  p.inclusive = engine == "nest" || engine == "spikingjelly" || engine == "spinnaker";
  p.reset_mode = engine == "snntorch" ? reset::subtract : reset::to_value;
  p.delayed_reset = engine == "snntorch";
  p.refractory_rounding = rounding::nearest;
  if (engine == "brian2") p.refractory_rounding = rounding::down;
  if (engine == "spinnaker") p.refractory_rounding = rounding::up;
  p.refractory_counts_spike = engine == "brian2";
  p.refractory_input = refractory::dropped;
  if (engine == "nest" || engine == "brian2" || engine == "spinnaker") return;
  if constexpr (requires { p.rest; }) p.rest = 0;
  p.threshold = 1;
  p.reset = 0;
  p.refractory = 0;
}

template <class P>
std::optional<std::string> wrong_clamps(const P& p) {
  if (!(p.lower > p.upper)) return {};  // also where one is unset
  return "`lower` (" + format_quantity(p.lower, Unit::mV) + ") is above `upper` (" +
         format_quantity(p.upper, Unit::mV) +
         "): the membrane is held between them, so exchange them or leave one out.";
}

template <class P>
std::optional<std::string> wrong(const P& p) {
  const bool endless = p.inclusive ? p.reset >= p.threshold : p.reset > p.threshold;
  if (endless && p.reset_mode != reset::none)
    return "`reset` (" + format_quantity(p.reset, Unit::mV) + ") is not below `threshold` (" +
           format_quantity(p.threshold, Unit::mV) +
           "), so that a spike would lead to the next: lower `reset`, or write reset_mode = \"none\".";
  return wrong_clamps(p);
}

inline std::string delayed_and_after() {
  return "`delayed_reset` does not go with input_order = \"after_threshold\": a membrane that input lifts after the "
         "test would be taken for one that spiked. Choose one of them.";
}

}  // namespace crosspike::firing
