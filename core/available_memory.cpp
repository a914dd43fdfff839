// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/core/plan.hpp>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace crosspike {

namespace {

namespace fs = std::filesystem;

// What bounds the memory of a cgroup: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
struct Files {
  const char *limit, *used, *cache;  // `cache` is a key of memory.stat: pages of files that were not used lately
};
constexpr Files version_1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr Files version_2{"memory.max", "memory.current", "inactive_file"};

std::optional<std::size_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::size_t value = 0;
  return in >> value ? std::optional(value) : std::nullopt;  // "max" is no limit
}

std::optional<std::size_t> number_after(const fs::path& file, const std::string& wanted) {
  std::ifstream in(file);
  for (std::string key, rest; in >> key; std::getline(in, rest))
    if (std::size_t value = 0; key == wanted && in >> value) return value;
  return std::nullopt;
}

// What the cgroup `group` below `mount` and those around it leave.
std::size_t left_in_cgroups(const fs::path& mount, const fs::path& group, const Files& files) {
  std::size_t left = std::numeric_limits<std::size_t>::max();
  fs::path folder = mount;
  const auto look = [&] {
    const auto limit = number_in(folder / files.limit), used = number_in(folder / files.used);
    if (!limit || !used) return;
    const std::size_t cache = number_after(folder / "memory.stat", files.cache).value_or(0);
    const std::size_t held = *used - std::min(*used, cache);
    left = std::min(left, *limit - std::min(*limit, held));
  };
  look();
  for (const fs::path& part : group.relative_path()) {
    folder /= part;
    look();
  }
  return left;
}

}  // namespace

std::size_t available_memory(const fs::path& root) {
  std::size_t available = std::numeric_limits<std::size_t>::max();
  if (const auto kib = number_after(root / "proc/meminfo", "MemAvailable:")) available = *kib * 1024;
  const fs::path mount = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");  // lines of "number:controllers:path"; version 2 names none
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const fs::path group = line.substr(second + 1);
    if (controllers == ",,")
      available = std::min(available, left_in_cgroups(mount, group, version_2));
    else if (controllers.find(",memory,") != std::string::npos)
      available = std::min(available, left_in_cgroups(mount / "memory", group, version_1));
  }
  return available;
}

}  // namespace crosspike
