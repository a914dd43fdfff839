// SPDX-License-Identifier: Apache-2.0
// Where a recorder's records wait until the results are written: an append-only temporary file of records of one
// size, which leaves nothing behind, whatever ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace crosspike {

// $TMPDIR, or /tmp where that is unset or empty. Throws Error(input) where it is no folder.
std::filesystem::path spool_folder();

class Spool {
 public:
  // The file has no name by the time this returns. Throws Error(system) where the folder takes none.
  Spool(std::filesystem::path folder, std::size_t record_bytes);
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;
  ~Spool();

  // Whole records. Throws Error(system) where the disk is full, naming the folder and the size that it needs; what
  // was accepted before stays readable.
  void append(std::span<const std::byte> records);
  std::uint64_t bytes() const { return written_ + buffer_.size(); }
  void flush();  // hands the buffer to the system; append does so at every MiB

  // All records in the order of appending, in chunks of whole records of about 1 MiB.
  void for_each(const std::function<void(std::span<const std::byte>)>& take);

 private:
  void write(std::span<const std::byte> bytes);

  std::filesystem::path folder_;
  std::size_t record_bytes_;
  int file_ = -1;
  std::uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace crosspike
