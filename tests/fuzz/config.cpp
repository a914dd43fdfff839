// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the config parser: any text is read or refused with crosspike::Error, what was read is written and
// read back as the same tree, and any text is a fit or refused override.
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <cstdlib>

namespace {

// By hand, as NDEBUG may be set.
void demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  crosspike::Value root{crosspike::Table()};
  bool read = false;
  try {
    root = crosspike::parse_config(text, "fuzz");
    read = true;
  } catch (const crosspike::Error&) {
  }
  if (read) demand(crosspike::parse_config(crosspike::to_toml(root), "fuzz") == root);
  try {
    crosspike::apply_override(root, text);
    read = true;
  } catch (const crosspike::Error&) {
    read = false;
  }
  if (read) demand(crosspike::parse_config(crosspike::to_toml(root), "fuzz") == root);
  return 0;
}
