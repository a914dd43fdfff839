// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the N-MNIST reader and writer: any bytes are read or refused with crosspike::Error, and what is read,
// overflow records and all, is written and read back as the same events.
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/nmnist.hpp>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using crosspike::nmnist_sensor;
  std::vector<crosspike::Event> events, again;
  try {
    crosspike::parse_nmnist({data, size}, "fuzz", nmnist_sensor, crosspike::TimeOrder::sort, events);
  } catch (const crosspike::Error&) {
    return 0;
  }
  crosspike::parse_nmnist(crosspike::format_nmnist(events), "fuzz", nmnist_sensor, crosspike::TimeOrder::require,
                          again);
  if (again != events) std::abort();
  return 0;
}
