// SPDX-License-Identifier: Apache-2.0
#include <crosspike/bench/bench.hpp>
#include <utility>

namespace crosspike {

Bench lsm_bench();
Bench network_bench();

Value take_bench_table(Value& config) {
  const Value bench = *config.as<Table>()->find("bench");
  Table rest;
  for (const auto& [key, value] : *config.as<Table>())
    if (key != "bench") rest.set(key, value);
  config = Value(std::move(rest));
  return bench;
}

std::vector<Bench> benches() { return {lsm_bench(), network_bench()}; }

}  // namespace crosspike
