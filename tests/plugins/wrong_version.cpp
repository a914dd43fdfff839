// SPDX-License-Identifier: Apache-2.0
// A plugin of a newer backend interface: must be refused before anything of it is called.
#include <crosspike/core/backend.hpp>
#include <crosspike_generated/version.hpp>

extern "C" CROSSPIKE_EXPORT const crosspike::PluginHeader* crosspike_plugin() {
  static const crosspike::PluginHeader header{"xspike", crosspike::backend_interface_version + 1, CROSSPIKE_TOOLCHAIN,
                                              nullptr};
  return &header;
}
