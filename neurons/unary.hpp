// SPDX-License-Identifier: Apache-2.0
// The unary (thermometer) expansion of integer spikes: hardware with binary spikes runs one count in `levels` slots
// that lie inside a tick. BICLab/SpikeYOLO:convert_integer_to_binary.py.
#pragma once

#include <crosspike/core/error.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace crosspike {

/// Slot d (from 0) is the sign of `count` where d < |count|, else 0; the slots add up to `count`. A membrane is updated
/// once per count, never per slot. Throws Error(input) when |count| > levels.
inline std::vector<std::int32_t> unary_expansion(std::int32_t count, std::int32_t levels) {
  const std::int64_t size = count < 0 ? -std::int64_t{count} : count;
  if (size > levels)
    throw Error(Fault::input, "a count of " + std::to_string(count) + " does not fit into " + std::to_string(levels) +
                                  " slots: write at least as many levels as the largest |count|");
  std::vector<std::int32_t> slots(static_cast<std::size_t>(levels), 0);
  for (std::size_t d = 0; d < static_cast<std::size_t>(size); ++d) slots[d] = count < 0 ? -1 : 1;
  return slots;
}

}  // namespace crosspike
