// SPDX-License-Identifier: Apache-2.0
// Benchmarks behind `crosspike bench NAME`: one file each in bench/, one line each in registry.cpp. A bench returns its
// own seed, sizes, seconds and counters, and a flat `figures` map; the program adds machine, commit and threads.
#pragma once

#include <crosspike/core/library.hpp>
#include <crosspike/core/progress.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct BenchOptions {
  const Library& library;
  int threads = 1;
  int slice = 0;                        // ticks; 0: the largest legal
  std::optional<std::uint64_t> seed{};  // --seed; else what the overrides say, else 1
  std::string backend = "cpu";
  std::vector<std::string> overrides{};  // --set, for benches that run a config
  Progress progress{};
};

struct Bench {
  std::string name, doc;  // one word, one line
  std::function<nlohmann::ordered_json(const BenchOptions&)> run;
};

std::vector<Bench> benches();

// What a figure was measured on: processor, cores, memory, SIMD level, compiler, build type.
nlohmann::ordered_json machine();

}  // namespace crosspike
