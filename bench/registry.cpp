// SPDX-License-Identifier: Apache-2.0
#include <crosspike/bench/bench.hpp>

namespace crosspike {

Bench lsm_bench();
Bench network_bench();
Bench readout_bench();

std::vector<Bench> benches() { return {lsm_bench(), network_bench(), readout_bench()}; }

}  // namespace crosspike
