// SPDX-License-Identifier: Apache-2.0
// Tables of studies: any text is read and drawn, or refused with an Error.
#include <crosspike/apps/report/study.hpp>
#include <crosspike/core/error.hpp>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto study = crosspike::report::parse_study({reinterpret_cast<const char*>(data), size}, "fuzzed.csv");
    crosspike::report::study_plots(study, {}, "fuzzed.csv");
  } catch (const crosspike::Error&) {
  }
  return 0;
}
