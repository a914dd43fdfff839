// SPDX-License-Identifier: Apache-2.0
// simd.hpp chooses what Highway builds, so it comes first.
// clang-format off
#include <crosspike/backends/cpu/simd.hpp>
#include <hwy/highway.h>
#include <hwy/targets.h>
// clang-format on

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/error.hpp>

namespace crosspike::cpu {

namespace {

struct Level {
  const char* name;
  std::int64_t target;
};
constexpr Level levels[] = {{"avx512", HWY_AVX3}, {"avx2", HWY_AVX2}, {"sse4", HWY_SSE4}, {"baseline", HWY_EMU128}};

std::int64_t here() {
  hwy::SetSupportedTargetsForTest(0);
  return hwy::SupportedTargets() | HWY_EMU128;
}

std::int64_t& chosen() {  // process-wide because Highway's own dispatch is
  static std::int64_t target = 0;
  return target;
}

}  // namespace

std::vector<std::string> simd_levels() {
  const std::int64_t before = chosen(), supported = here();
  std::vector<std::string> names;
  for (const Level& level : levels)
    if (supported & level.target) names.emplace_back(level.name);
  if (before != 0) hwy::SetSupportedTargetsForTest(before);
  return names;
}

std::string simd_level() {
  const std::int64_t supported = hwy::SupportedTargets();
  for (const Level& level : levels)
    if (supported & level.target) return level.name;
  return "baseline";
}

void use_simd(std::string_view name) {
  const auto available = simd_levels();
  for (const Level& level : levels) {
    if (level.name != name || std::find(available.begin(), available.end(), name) == available.end()) continue;
    chosen() = level.target | HWY_EMU128;
    hwy::SetSupportedTargetsForTest(chosen());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return;
  }
  throw Error(Fault::cannot, fmt::format("CROSSPIKE_SIMD = '{}' is not available here; allowed: {}", name,
                                         fmt::join(available, ", ")));
}

}  // namespace crosspike::cpu
