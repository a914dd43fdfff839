// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <crosspike/core/atomic_file.hpp>
#include <crosspike/core/error.hpp>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

[[noreturn]] void fail_existing(const fs::path& path) {
  throw Error(Fault::input,
              fmt::format("{} exists; pass --force to overwrite it or --out to name another file", path.string()));
}

void check_target(const fs::path& path, Existing existing) {
  std::error_code unknown;
  if (!path.has_filename()) {
    throw Error(Fault::input, fmt::format("cannot write {}: it names no file", path.string()));
  }
  const fs::path folder = folder_of(path);
  const fs::file_type folder_type = fs::status(folder, unknown).type();
  if (folder_type == fs::file_type::not_found) {
    throw Error(Fault::input, fmt::format("cannot write {}: folder {} does not exist; create it first", path.string(),
                                          folder.string()));
  }
  if (folder_type != fs::file_type::directory && folder_type != fs::file_type::none) {
    throw Error(Fault::input, fmt::format("cannot write {}: {} is not a folder", path.string(), folder.string()));
  }
  // Renaming over a device or a pipe would replace it.
  const fs::file_type type = fs::status(path, unknown).type();
  const bool absent = type == fs::file_type::not_found || type == fs::file_type::none;
  if (!absent && type != fs::file_type::regular) {
    throw Error(Fault::input, fmt::format("cannot write {}: it is {}, not a regular file", path.string(),
                                          type == fs::file_type::directory ? "a folder" : "a device or a pipe"));
  }
  if (!absent && existing == Existing::refuse) fail_existing(path);
}

void sync(const fs::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int cause = errno;
  if (file >= 0) ::close(file);
  if (synced || cause == EINVAL) return;  // EINVAL: a file system that cannot sync this
  throw Error(Fault::system, fmt::format("{}: cannot be synced to disk ({})", path.string(), std::strerror(cause)));
}

}  // namespace

AtomicFile::AtomicFile(fs::path path, Existing existing) : path_(std::move(path)), existing_(existing) {
  check_target(path_, existing_);
  const fs::path folder = folder_of(path_);
  int file = -1;
  // A number follows the process only where a file of that name was left behind or is being written.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string number = attempt == 0 ? "" : fmt::format(".{}", attempt);
    temporary_ = folder / fmt::format(".{}.{}{}.tmp", path_.filename().string(), ::getpid(), number);
    file = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) break;
  }
  if (file < 0) {
    throw Error(Fault::input, fmt::format("cannot write {}: folder {} takes no new file ({})", path_.string(),
                                          folder.string(), std::strerror(errno)));
  }
  ::close(file);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  sync(temporary_, O_RDONLY);
  const char* from = temporary_.c_str();
  const char* to = path_.c_str();
  bool renamed = false;
  if (existing_ == Existing::replace) {
    renamed = ::rename(from, to) == 0;
  } else {
    renamed = ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;
    if (!renamed && errno == EINVAL) {  // a file system without that flag
      std::error_code unknown;
      if (fs::exists(path_, unknown)) fail_existing(path_);
      renamed = ::rename(from, to) == 0;
    }
  }
  if (!renamed && errno == EEXIST) fail_existing(path_);
  if (!renamed) {
    throw Error(Fault::system,
                fmt::format("cannot rename {} to {} ({})", temporary_.string(), path_.string(), std::strerror(errno)));
  }
  committed_ = true;
  sync(folder_of(path_), O_RDONLY | O_DIRECTORY);
}

}  // namespace crosspike
