// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/random.hpp>

namespace crosspike {

namespace {

std::string_view text_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::connectivity:
      return "connectivity";
    case Purpose::weight:
      return "weight";
    case Purpose::delay:
      return "delay";
    case Purpose::parameter:
      return "parameter";
    case Purpose::initial_state:
      return "initial_state";
    case Purpose::step:
      return "step";
    case Purpose::conversion:
      return "conversion";
  }
  throw Error(Fault::system, fmt::format("random purpose {} has no name", static_cast<int>(purpose)));
}

// Fowler, Noll & Vo; draft-eastlake-fnv.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (constants of Vigna's splitmix64).
std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

RandomKey random_key(std::uint64_t seed, Purpose purpose, std::string_view name) {
  const std::uint64_t hash = splitmix64(fnv1a(fmt::format("{}/{}/{}", seed, text_of(purpose), name)));
  return {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
}

void refuse_random_step(std::uint64_t step) {
  throw Error(Fault::cannot, fmt::format("step {} has no random numbers: a run has at most 4294967296 steps (0 to "
                                         "4294967295); use a longer dt or split the run into runs with other seeds",
                                         step));
}

}  // namespace crosspike
