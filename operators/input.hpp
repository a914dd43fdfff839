// SPDX-License-Identifier: Apache-2.0
// input: a source that the caller fills before each advance, with the events of a data set or with values.
#pragma once

#include <crosspike/operators/operator_checks.hpp>

namespace crosspike {

struct Input {
  static constexpr const char* name = "input";
  static constexpr const char* doc = "what the caller gives: spikes of a data set, or values";
  static constexpr const char* equation = "out(t) = what the caller filled in for tick t";
  static constexpr const char* source = "NIR Input; neuromorphs/nir:nir/ir/graph.py";
  static constexpr Port outputs[] = {
      {"out", Carries::spikes, Unit::none, "spikes, or values with carries = \"values\""}};

  static constexpr bool filled_by_caller = true;

  static constexpr std::array<const char*, 2> carried = {"spikes", "values"};
  struct Params {
    std::int32_t carries = 0, max_count = 255;
    bool amplitude = false;
  };
  static constexpr auto params = std::tuple{
      choice(&Params::carries, "carries", carried, "what the output carries"),
      field(&Params::max_count, "max_count", Unit::none, 1, 2147483647,
            "the largest |count| of one event; a larger one stops the run"),
      flag(&Params::amplitude, "amplitude", "each tick's spikes come with one amplitude that scales all counts")};

  static std::optional<std::string> check(const Params& p) {
    if (p.amplitude && p.carries != 0) return "amplitude = true needs carries = \"spikes\"; values have none";
    return std::nullopt;
  }
  static double max_count(const Params& p, double) { return p.max_count; }
  static Carries output_carries(const Node& node) {
    return node.value("carries") == 0 ? Carries::spikes : Carries::values;
  }
  static bool output_amplitude(const Node& node) { return node.value("amplitude") != 0; }

  static Shape output_shape(const Network&, const Node& node, std::span<const Shape>) {
    for (const char* param : {"carries", "max_count", "amplitude"}) require_scalar(node, param);
    return node.shape;
  }

  // The caller fills outputs[0] instead.
  static void reference(const Network&, const Node&, ReferenceTick&) {}
};

}  // namespace crosspike
