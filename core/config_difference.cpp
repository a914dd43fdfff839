// SPDX-License-Identifier: Apache-2.0
#include <crosspike/core/config.hpp>

namespace crosspike {
namespace {

void compare(const std::string& path, const Value* a, const Value* b, std::vector<ConfigDifference>& out) {
  const auto text = [](const Value* value) {
    return value ? std::optional(to_inline_toml(*value)) : std::optional<std::string>();
  };
  const Table* left = a ? a->as<Table>() : nullptr;
  const Table* right = b ? b->as<Table>() : nullptr;
  if (!left || !right) {
    if (!a || !b || !(*a == *b)) out.push_back({path, text(a), text(b)});
    return;
  }
  const auto inside = [&](const std::string& key) { return (path.empty() ? "" : path + ".") + to_toml_key(key); };
  for (const auto& [key, value] : *left) compare(inside(key), &value, right->find(key), out);
  for (const auto& [key, value] : *right)
    if (!left->find(key)) compare(inside(key), nullptr, &value, out);
}

}  // namespace

std::vector<ConfigDifference> differences(const Value& a, const Value& b) {
  std::vector<ConfigDifference> out;
  compare("", &a, &b, out);
  return out;
}

}  // namespace crosspike
