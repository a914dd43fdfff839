// SPDX-License-Identifier: Apache-2.0
// Listed times as ticks, for the sources that read them from arrays.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <crosspike/operators/operator_checks.hpp>

namespace crosspike {

enum class Round { up, down };

// times[i] in ticks of dt. A time within a millionth of a tick of a border lies on it: 0.3 ms is 3 ticks of 0.1 ms,
// although 0.3 / 0.1 < 3 in double.
template <Round round>
std::int64_t in_ticks(const Node& node, const std::vector<double>& times, std::size_t i, double dt) {
  constexpr double tolerance = 1e-6;
  constexpr double most = 4294967296;  // random addresses hold 32 bits of a tick
  const double ticks = times[i] / dt;
  if (!(ticks <= most))
    refuse_node(node, fmt::format("times[{}] = {} ms; allowed: up to {} ms, 2^32 ticks", i, times[i], most * dt));
  return static_cast<std::int64_t>(round == Round::up ? std::ceil(ticks - tolerance) : std::floor(ticks + tolerance));
}

}  // namespace crosspike
