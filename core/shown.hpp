// SPDX-License-Identifier: Apache-2.0
// Somebody else's text in a message: a name, a value, a path.
#pragma once

#include <string>
#include <string_view>

namespace crosspike {

std::string one_line(std::string_view text);  // control characters as "\x0a"
std::string shown(std::string_view text);     // at most 80 characters, "..." in place of the rest

}  // namespace crosspike
