// SPDX-License-Identifier: Apache-2.0
#include <crosspike/bench/bench.hpp>

namespace crosspike {

Bench lsm_bench();

std::vector<Bench> benches() { return {lsm_bench()}; }

}  // namespace crosspike
