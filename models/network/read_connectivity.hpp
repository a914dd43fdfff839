// SPDX-License-Identifier: Apache-2.0
// What a projection's table says of who is connected, how strongly and after what time.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/connectivity/rules.hpp>
#include <crosspike/core/units.hpp>
#include <cstdint>
#include <string>

namespace crosspike {

struct ProjectionConnectivity {
  Connectivity connectivity;
  std::int32_t wire_delay = 0;  // ticks; 0 where each synapse has its own
};

// Keys connect, weight, scale, delay and dale of `reader`; weights have the target's unit, dt is in ms.
// Throws Error(input) with file:line:column.
ProjectionConnectivity read_connectivity(TableReader& reader, const std::string& path, Unit unit, double dt);

// The key delay where it is one value, of the whole wire: dt by default. In ticks of dt ms.
std::int32_t read_delay(TableReader& reader, const std::string& path, double dt);

}  // namespace crosspike
