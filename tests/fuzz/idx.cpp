// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the IDX reader: any bytes, plain or gzip, are read or refused with crosspike::Error, and what is read
// has the size that its shape says.
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/idx.hpp>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  try {
    const crosspike::Images images = crosspike::parse_idx_images(file, "fuzz");
    if (images.pixels.size() != static_cast<std::size_t>(images.count * images.height * images.width)) std::abort();
  } catch (const crosspike::Error&) {
  }
  try {
    crosspike::parse_idx_labels(file, "fuzz");
  } catch (const crosspike::Error&) {
  }
  return 0;
}
