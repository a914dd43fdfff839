// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/units.hpp>
#include <crosspike/models/lsm/notes.hpp>

namespace crosspike {

std::vector<std::string> work_notes(const LsmSettings& settings, const CollectWork& work) {
  std::vector<std::string> notes;
  constexpr double worth_saying = 0.05;  // a few are usual: events at the very end, a pixel that is busier than others
  const auto all = static_cast<double>(work.counts + work.late + work.clipped);
  const double late = static_cast<double>(work.late) / all, clipped = static_cast<double>(work.clipped) / all;
  if (late > worth_saying)
    notes.push_back(
        fmt::format("{:.0f} % of the events come after {}, where samples end, and are left out; raise input.ticks.",
                    100 * late, format_quantity(settings.binning.tick_ms * settings.binning.ticks, Unit::ms)));
  if (clipped > worth_saying)
    notes.push_back(
        fmt::format("{:.0f} % of the events are more than {} of a channel in a tick, and are left out; raise "
                    "input.max_per_tick.",
                    100 * clipped, settings.binning.max_per_tick));
  constexpr const char* mend = "raise the scale of liquid.inputs.weight or lower the neuron's threshold";
  if (work.spikes == 0)
    notes.push_back(fmt::format(
        "The liquid never fires, so that its readout knows no more than how many samples each class has; {}.", mend));
  else if (work.spikes < work.samples)
    notes.push_back(fmt::format("The liquid hardly fires, {:.2g} spikes a sample; {}.",
                                static_cast<double>(work.spikes) / static_cast<double>(work.samples), mend));
  return notes;
}

const char* in_notes(std::string_view contestant) {
  if (contestant == "no_recurrence") return "the liquid without recurrence";
  if (contestant == "static") return "the static features";
  return contestant == "input" ? "the input alone" : "the liquid";
}

double validation_accuracy(const Readout& readout) { return readout.validation[best_of(readout.validation)].accuracy; }

bool at_end_of_list(const Readout& readout, const ReadoutSettings& settings) {
  const auto [low, high] = std::minmax_element(settings.lambdas.begin(), settings.lambdas.end());
  return settings.lambdas.size() > 1 && (readout.lambda == *low || readout.lambda == *high) &&
         validation_accuracy(readout) < 1;
}

}  // namespace crosspike
