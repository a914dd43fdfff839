// SPDX-License-Identifier: Apache-2.0
// How long work reports on itself. The library prints nothing: the caller decides what to show.
#pragma once

#include <functional>
#include <string_view>

namespace crosspike {

// Called now and then from one thread at a time: `done` of `total` (0: unknown) in `unit` ("samples", "ticks").
// It may throw to stop the work.
using Progress = std::function<void(std::string_view phase, double done, double total, std::string_view unit)>;

}  // namespace crosspike
