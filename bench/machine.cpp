// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <crosspike/backends/cpu/simd.hpp>
#include <crosspike/bench/bench.hpp>
#include <crosspike_generated/version.hpp>
#include <fstream>
#include <string>
#include <thread>

namespace crosspike {

namespace {

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

nlohmann::ordered_json machine() {
  const auto pages = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)),
             page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return {{"processor", processor()},          {"hardware_threads", std::thread::hardware_concurrency()},
          {"memory_bytes", pages * page},      {"simd", cpu::simd_level()},
          {"simd_levels", cpu::simd_levels()}, {"compiler", CROSSPIKE_COMPILER},
          {"build_type", CROSSPIKE_BUILD_TYPE}};
}

}  // namespace crosspike
