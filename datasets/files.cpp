// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/files.hpp>
#include <cstdio>
#include <cstring>
#include <memory>

namespace crosspike {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

}  // namespace

void read_file(const std::filesystem::path& path, std::uint64_t max_bytes, std::vector<std::uint8_t>& bytes) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(Fault::input, fmt::format("{}: cannot read the file: {}", path.string(), error.message()));
  if (size > max_bytes)
    throw Error(Fault::input,
                fmt::format("{}: the file has {} bytes; at most {} are read", path.string(), size, max_bytes));
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file)
    throw Error(Fault::input, fmt::format("{}: cannot read the file: {}", path.string(), std::strerror(errno)));
  bytes.resize(size);
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size())
    throw Error(Fault::system, fmt::format("{}: the file ended before its {} bytes were read", path.string(), size));
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  File file(std::fopen(path.c_str(), "wb"));
  const bool written =
      file && (bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size());
  // fclose reports what the write-back of buffered bytes hits.
  if (!written || std::fclose(file.release()) != 0)
    throw Error(Fault::system, fmt::format("{}: cannot write the file: {}", path.string(), std::strerror(errno)));
}

}  // namespace crosspike
