// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/operators/step_current.hpp>
#include <crosspike/operators/ticks.hpp>

namespace crosspike {

std::vector<CurrentStep> current_steps(const Network& network, const Node& node) {
  const std::vector<double>& times = series(node, "times");
  const std::vector<double>& currents = series(node, "currents", times.size());
  const std::vector<double>* elements = node.array("elements") ? &series(node, "elements", times.size()) : nullptr;
  std::vector<CurrentStep> steps;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!(times[i] >= 0)) refuse_node(node, fmt::format("times[{}] = {} ms; allowed: 0 or more", i, times[i]));
    steps.push_back({in_ticks<Round::down>(node, times, i, network.dt),
                     elements ? element_at(node, *elements, i) : every_element, currents[i]});
  }
  const auto place = [](const CurrentStep& step) { return std::pair(step.tick, step.element); };
  std::sort(steps.begin(), steps.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  const auto twice = std::adjacent_find(steps.begin(), steps.end(),
                                        [&](const auto& a, const auto& b) { return place(a) == place(b); });
  if (twice != steps.end())
    refuse_node(node, fmt::format("two steps for {} in tick {}; allowed: one per tick",
                                  elements ? fmt::format("element {}", twice->element) : "all elements", twice->tick));
  return steps;
}

void StepCurrent::reference(const Network& network, const Node& node, ReferenceTick& tick) {
  std::vector<double>& out = tick.outputs[0];
  for (const CurrentStep& step : current_steps(network, node)) {
    if (step.tick > tick.tick) break;
    if (step.element == every_element)
      std::fill(out.begin(), out.end(), step.value);
    else
      out[step.element] = step.value;
  }
}

}  // namespace crosspike
