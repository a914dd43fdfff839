// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike_generated/version.hpp>
#include <cstring>

namespace crosspike {

const char* plugin_toolchain() { return CROSSPIKE_TOOLCHAIN; }

void Library::add(Kind kind) {
  if (find_kind(kind.name)) throw Error(Fault::system, fmt::format("two kinds are called '{}'", kind.name));
  kinds_.push_back(std::move(kind));
}

void Library::add(std::unique_ptr<Backend> backend) {
  if (find_backend(backend->name()))
    throw Error(Fault::system, fmt::format("two backends are called '{}'", backend->name()));
  backends_.push_back(std::move(backend));
}

const Kind* Library::find_kind(std::string_view name) const {
  for (const Kind& kind : kinds_)
    if (kind.name == name) return &kind;
  return nullptr;
}

const Kind& Library::kind(std::string_view name) const {
  if (const Kind* kind = find_kind(name)) return *kind;
  std::vector<std::string> names;
  for (const Kind& kind : kinds_) names.push_back(kind.name);
  const auto near = nearest(name, names);
  throw Error(Fault::input, fmt::format("there is no kind '{}'; {}known: {}", shown(name),
                                        near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(names, ", ")));
}

const Backend* Library::find_backend(std::string_view name) const {
  for (const auto& backend : backends_)
    if (backend->name() == name) return backend.get();
  return nullptr;
}

const Backend& Library::backend(std::string_view name) const {
  if (const Backend* backend = find_backend(name)) return *backend;
  std::vector<std::string> names;
  for (const auto& backend : backends_) names.emplace_back(backend->name());
  throw Error(Fault::cannot,
              fmt::format("there is no backend '{}' here; available: {}", shown(name), fmt::join(names, ", ")));
}

void Library::load_plugins(std::string_view path) {
  while (!path.empty()) {
    const auto colon = path.find(':');
    const std::filesystem::path folder(path.substr(0, colon));
    path = colon == std::string_view::npos ? "" : path.substr(colon + 1);
    if (folder.empty()) continue;
    std::error_code problem;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, problem))
      if (entry.path().extension() == ".so") files.push_back(entry.path());
    if (problem) rejected_.push_back(fmt::format("{}: {}", folder.string(), problem.message()));
    std::sort(files.begin(), files.end());
    for (const auto& file : files) load_plugin(file);
  }
}

void Library::load_plugin(const std::filesystem::path& file) {
  const auto reject = [&](const std::string& why) { rejected_.push_back(fmt::format("{}: {}", file.string(), why)); };
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: objects of its classes may live on
  if (!handle) return reject(dlerror());
  using Entry = const PluginHeader* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, CROSSPIKE_PLUGIN_SYMBOL));
  if (!entry) return reject("no function 'crosspike_plugin'; not a plugin of crosspike");
  const PluginHeader* header = entry();
  if (!header || std::memcmp(header->magic, "xspike\0", 8) != 0)
    return reject("its header is not a crosspike plugin's");
  if (header->interface_version != backend_interface_version)
    return reject(fmt::format("backend interface version {}, this crosspike has {}; rebuild the plugin",
                              header->interface_version, backend_interface_version));
  if (std::strcmp(header->toolchain, plugin_toolchain()) != 0)
    return reject(fmt::format("built with '{}', this crosspike with '{}'; rebuild the plugin", header->toolchain,
                              plugin_toolchain()));
  std::unique_ptr<Backend> backend;
  try {
    backend.reset(header->create());
  } catch (const std::exception& problem) {
    return reject(fmt::format("it could not be started: {}", problem.what()));
  }
  if (!backend) return reject("it made no backend");
  if (find_backend(backend->name())) return reject(fmt::format("a backend '{}' exists already", backend->name()));
  backends_.push_back(std::move(backend));
}

}  // namespace crosspike
