// SPDX-License-Identifier: Apache-2.0
// Connectivity rules and distributions in words, for `explain`. A new one adds an entry here; a test compares the
// names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

struct DescribedKey {
  std::string name, fallback, range, doc;  // fallback "required" where there is none
};

struct Description {
  enum class Of { rule, distribution };
  Of of = Of::rule;
  std::string name, doc, equation, source;
  std::vector<DescribedKey> keys;
  std::string usage;  // lines of a config
};

std::span<const Description> descriptions();
const Description* find_description(std::string_view name);  // null where there is none

}  // namespace crosspike
