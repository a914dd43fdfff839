// SPDX-License-Identifier: Apache-2.0
// Whole small files in and out: every reader of datasets/ parses bytes in memory, so that its length checks
// are against what is really there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace crosspike {

/// Reads a file into `bytes`. Throws Error (input) where it cannot be opened or is longer than max_bytes.
void read_file(const std::filesystem::path& path, std::uint64_t max_bytes, std::vector<std::uint8_t>& bytes);

/// Writes a new file. Throws Error (system) where the disk says no.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

}  // namespace crosspike
