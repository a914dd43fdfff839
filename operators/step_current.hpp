// SPDX-License-Identifier: Apache-2.0
// step_current: a source of currents that change at listed times and hold in between.
#pragma once

#include <crosspike/operators/operator_checks.hpp>

namespace crosspike {

inline constexpr std::uint32_t every_element = 0xffffffff;  // no node has an element of this index

struct CurrentStep {
  std::int64_t tick;      // the first with this value
  std::uint32_t element;  // or every_element
  double value;           // pA
  bool operator==(const CurrentStep&) const = default;
};

// The steps of a `step_current` node, ascending by (tick, element), one per tick and element. Throws Error(input) that
// names the array and the index.
std::vector<CurrentStep> current_steps(const Network& network, const Node& node);

struct StepCurrent {
  static constexpr const char* name = "step_current";
  static constexpr const char* doc = "a current that changes at listed times and holds in between; 0 before the first";
  static constexpr const char* equation = "out[element](t) = the last listed current with floor(time / dt) <= t";
  static constexpr const char* source =
      "as NEST's step_current_generator: nest/nest-simulator:models/step_current_generator.h";
  static constexpr Port outputs[] = {{"current", Carries::values, Unit::pA, "the current of each element"}};
  static constexpr ArrayInfo arrays[] = {
      {"times", "(steps)", true, "ms, 0 or more, in any order"},
      {"currents", "(steps)", true, "pA, from that time on"},
      {"elements", "(steps)", false, "the index that the step is for; absent: every step is for all elements"}};

  struct Params {};
  static constexpr auto params = std::tuple<>{};

  static Shape output_shape(const Network& network, const Node& node, std::span<const Shape>) {
    current_steps(network, node);
    return node.shape;
  }
  static void reference(const Network& network, const Node& node, ReferenceTick& tick);
};

}  // namespace crosspike
