// SPDX-License-Identifier: Apache-2.0
// A plugin that cannot start.
#include <crosspike/core/backend.hpp>
#include <crosspike_generated/version.hpp>
#include <stdexcept>

extern "C" CROSSPIKE_EXPORT const crosspike::PluginHeader* crosspike_plugin() {
  static const crosspike::PluginHeader header{"xspike", crosspike::backend_interface_version, CROSSPIKE_TOOLCHAIN,
                                              []() -> crosspike::Backend* { throw std::runtime_error("no device"); }};
  return &header;
}
