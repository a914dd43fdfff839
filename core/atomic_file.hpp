// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: it is written under a temporary name in its own folder, then synced and
// renamed. What exists already is replaced only with force.
#pragma once

#include <filesystem>

namespace crosspike {

enum class Existing { refuse, replace };  // replace is what --force asks for

class AtomicFile {
 public:
  // Makes the empty temporary file. Throws Error(input) where the target exists and may not be replaced, is no
  // regular file, or where its folder is missing or not writable.
  AtomicFile(std::filesystem::path path, Existing existing);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file unless committed

  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& temporary() const { return temporary_; }  // "FOLDER/.NAME.PID.tmp"

  // Call once, after the last writer has closed temporary(). Throws Error(system) where sync or rename fails, and
  // Error(input) where the target appeared in the meantime and may not be replaced.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  Existing existing_;
  bool committed_ = false;
};

}  // namespace crosspike
