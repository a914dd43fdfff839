// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/core/shown.hpp>

namespace crosspike {

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

std::string shown(std::string_view text) {
  constexpr int most = 80;
  std::size_t end = 0;
  for (int characters = 0; end < text.size(); ++end) {
    const bool continues = (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80;  // inside a UTF-8 character
    if (!continues && characters++ == most) return std::string(text.substr(0, end)) + "...";
  }
  return std::string(text);
}

}  // namespace crosspike
