// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <crosspike/core/error.hpp>
#include <crosspike/core/spool.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace crosspike {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

}  // namespace

std::filesystem::path spool_folder() {
  const char* set = std::getenv("TMPDIR");
  const std::string folder = set ? set : "";
  if (folder.empty()) return "/tmp";
  std::error_code unknown;
  if (std::filesystem::is_directory(folder, unknown)) return folder;
  throw Error(Fault::input,
              fmt::format("$TMPDIR = '{}' {}; records wait there until the results are written: unset TMPDIR or set it "
                          "to a folder with room for them",
                          folder, std::filesystem::exists(folder, unknown) ? "is no folder" : "does not exist"));
}

Spool::Spool(std::filesystem::path folder, std::size_t record_bytes)
    : folder_(std::move(folder)), record_bytes_(record_bytes) {
  if (record_bytes_ == 0) throw Error(Fault::system, "spool: records of 0 bytes; this is a bug in crosspike");
  std::string name = (folder_ / "crosspike-spool-XXXXXX").string();
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) {
    throw Error(Fault::system,
                fmt::format("cannot record: folder {} takes no temporary file ({}); set $TMPDIR to another",
                            folder_.string(), std::strerror(errno)));
  }
  ::unlink(name.c_str());
}

Spool::Spool(Spool&& other) noexcept
    : folder_(std::move(other.folder_)),
      record_bytes_(other.record_bytes_),
      file_(std::exchange(other.file_, -1)),
      written_(std::exchange(other.written_, 0)),
      buffer_(std::move(other.buffer_)) {}

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

void Spool::append(std::span<const std::byte> records) {
  if (records.size() % record_bytes_ != 0) {
    throw Error(Fault::system,
                fmt::format("spool: {} bytes are no whole number of {}-byte records; this is a bug in crosspike",
                            records.size(), record_bytes_));
  }
  if (buffer_.size() + records.size() > buffer_bytes) flush();
  if (records.size() > buffer_bytes) return write(records);
  buffer_.insert(buffer_.end(), records.begin(), records.end());
}

void Spool::flush() {
  write(buffer_);
  buffer_.clear();
}

void Spool::write(std::span<const std::byte> bytes) {
  const std::uint64_t needed = written_ + bytes.size();
  std::uint64_t at = written_;  // a failed write leaves written_ behind it, so that no half record is ever read
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      throw Error(
          Fault::system,
          fmt::format("cannot record: the temporary file in {} needs {} bytes and got {} ({}); free space there, "
                      "set $TMPDIR to another folder or record less",
                      folder_.string(), needed, at, done < 0 ? std::strerror(errno) : "nothing written"));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at += static_cast<std::uint64_t>(done);
  }
  written_ = at;
}

void Spool::for_each(const std::function<void(std::span<const std::byte>)>& take) {
  flush();
  std::vector<std::byte> chunk(std::max(std::size_t{1}, buffer_bytes / record_bytes_) * record_bytes_);
  for (std::uint64_t at = 0; at < written_;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), written_ - at));
    std::size_t got = 0;
    while (got < wanted) {
      const ssize_t done = ::pread(file_, chunk.data() + got, wanted - got, static_cast<off_t>(at + got));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) {
        throw Error(Fault::system,
                    fmt::format("cannot read the records in {} back: byte {} of {} ({})", folder_.string(), at + got,
                                written_, done < 0 ? std::strerror(errno) : "end of file"));
      }
      got += static_cast<std::size_t>(done);
    }
    take({chunk.data(), wanted});
    at += wanted;
  }
}

}  // namespace crosspike
