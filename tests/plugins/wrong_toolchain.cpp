// SPDX-License-Identifier: Apache-2.0
// A plugin of another compiler: must be refused before anything of it is called.
#include <crosspike/core/backend.hpp>

extern "C" CROSSPIKE_EXPORT const crosspike::PluginHeader* crosspike_plugin() {
  static const crosspike::PluginHeader header{"xspike", crosspike::backend_interface_version,
                                              "gcc 1 / none / C++ 0 / no sanitizer", nullptr};
  return &header;
}
