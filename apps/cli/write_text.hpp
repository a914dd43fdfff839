// SPDX-License-Identifier: Apache-2.0
// Small files of text that a command leaves behind.
#pragma once

#include <crosspike/core/atomic_file.hpp>
#include <filesystem>
#include <string>
#include <string_view>

namespace crosspike::cli {

// The file appears whole or not at all. Throws Error(system) where it cannot be written, ending in `mend`.
void write_text(const std::filesystem::path& path, std::string_view text, Existing existing,
                std::string_view mend = "free space there");

}  // namespace crosspike::cli
