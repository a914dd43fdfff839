// SPDX-License-Identifier: Apache-2.0
// One finished run of a sweep, as the JSON file that a sweep keeps of it.
#pragma once

#include <crosspike/core/results.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::cli {

struct FinishedRun {
  std::string config;  // resolved
  Figures figures, timings;
  std::vector<std::string> notes;
};

std::string to_json(const FinishedRun& run);
// Throws Error(input), without the file's name, where the text is not what to_json wrote.
FinishedRun finished_run(std::string_view json);

}  // namespace crosspike::cli
