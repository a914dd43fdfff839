// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/files.hpp>
#include <crosspike/datasets/idx.hpp>
#include <string>

namespace crosspike {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int max_side = 65536;  // of an image, pixels

[[noreturn]] void refuse(std::string_view name, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", name, what));
}

struct Inflater {
  z_stream stream{};
  Inflater() {
    constexpr int gzip_wrapper = 16 + MAX_WBITS;
    if (inflateInit2(&stream, gzip_wrapper) != Z_OK) throw Error(Fault::system, "zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

// The output grows with what really comes out, so that a small file cannot ask for much memory at once.
Bytes gunzip(std::span<const std::uint8_t> file, std::string_view name) {
  Inflater inflater;
  z_stream& z = inflater.stream;
  z.next_in = const_cast<Bytef*>(file.data());  // zlib does not write there
  z.avail_in = static_cast<uInt>(file.size());
  Bytes out(std::clamp<std::size_t>(file.size() * 4, 4096, std::size_t{1} << 26));
  while (true) {
    z.next_out = out.data() + z.total_out;
    z.avail_out = static_cast<uInt>(out.size() - z.total_out);
    const int status = inflate(&z, Z_NO_FLUSH);
    if (status == Z_STREAM_END) break;
    if (status == Z_BUF_ERROR || (status == Z_OK && z.avail_out > 0))
      refuse(name, fmt::format("the gzip stream is cut off after {} bytes; fetch the file again", file.size()));
    if (status != Z_OK)
      refuse(name,
             fmt::format("the gzip stream is damaged near byte {} of the compressed file ({}); fetch the file again",
                         z.total_in, z.msg != nullptr ? z.msg : "zlib gives no reason"));
    if (out.size() > idx_max_bytes)
      refuse(name, fmt::format("the file has more than {} bytes when decompressed; that many are read at most",
                               idx_max_bytes));
    out.resize(out.size() * 2);
  }
  if (z.avail_in > 0)
    refuse(name, fmt::format("{} bytes follow the end of the gzip stream at byte {} of the compressed file", z.avail_in,
                             z.total_in));
  out.resize(z.total_out);
  return out;
}

const char* type_name(int code) {
  switch (code) {
    case 0x08:
      return "ubyte";
    case 0x09:
      return "byte";
    case 0x0B:
      return "short";
    case 0x0C:
      return "int";
    case 0x0D:
      return "float";
    case 0x0E:
      return "double";
    default:
      return "unknown";
  }
}

struct Header {
  std::vector<std::uint64_t> sizes;
  std::size_t data_offset;
};

std::string product(const std::vector<std::uint64_t>& sizes) {
  std::string text;
  for (const std::uint64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

// Checks everything that the file says about itself; what remains for the caller is the meaning of the sizes.
Header read_header(std::span<const std::uint8_t> bytes, int dimensions, std::string_view name, const char* what) {
  if (bytes.size() < 4) refuse(name, fmt::format("the file has {} bytes; an IDX file starts with 4", bytes.size()));
  if (bytes[0] != 0 || bytes[1] != 0)
    refuse(name,
           fmt::format("byte 0: an IDX file starts with bytes 00 00, this one with {:02x} {:02x}", bytes[0], bytes[1]));
  if (bytes[2] != 0x08)
    refuse(name, fmt::format("byte 2: elements are of type {} (0x{:02x}); {} must be ubyte (0x08)", type_name(bytes[2]),
                             bytes[2], what));
  if (bytes[3] != dimensions)
    refuse(name, fmt::format("byte 3: the array has {} dimensions; {} have {}", bytes[3], what, dimensions));
  const std::size_t data_offset = 4 + 4 * static_cast<std::size_t>(dimensions);
  if (bytes.size() < data_offset)
    refuse(name, fmt::format("byte 4: the file ends at byte {}; the sizes of {} dimensions need {}", bytes.size(),
                             dimensions, data_offset));
  Header header{{}, data_offset};
  std::uint64_t elements = 1;
  for (std::size_t at = 4; at < data_offset; at += 4) {
    const std::uint64_t size = std::uint64_t{bytes[at]} << 24 | std::uint64_t{bytes[at + 1]} << 16 |
                               std::uint64_t{bytes[at + 2]} << 8 | std::uint64_t{bytes[at + 3]};
    // Both factors are below 2^32, so the product cannot wrap before it is compared.
    if (elements *= size; elements > idx_max_bytes)
      refuse(name, fmt::format("byte {}: size {} makes the array larger than the {} bytes that are read at most", at,
                               size, idx_max_bytes));
    header.sizes.push_back(size);
  }
  const std::uint64_t present = bytes.size() - data_offset;
  if (present < elements)
    refuse(name, fmt::format("byte {}: the sizes {} promise {} bytes of data, the file has {}; it is cut off",
                             data_offset, product(header.sizes), elements, present));
  if (present > elements)
    refuse(name, fmt::format("byte {}: {} bytes follow the {} bytes of data that the sizes {} promise",
                             data_offset + elements, present - elements, elements, product(header.sizes)));
  return header;
}

bool is_gzip(std::span<const std::uint8_t> file) { return file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b; }

template <class Parse>
auto with_plain_bytes(std::span<const std::uint8_t> file, std::string_view name, Parse parse) {
  return is_gzip(file) ? parse(std::span<const std::uint8_t>(gunzip(file, name))) : parse(file);
}

Bytes file_bytes(const std::filesystem::path& path) {
  Bytes bytes;
  read_file(path, idx_max_bytes, bytes);
  return bytes;
}

}  // namespace

Images parse_idx_images(std::span<const std::uint8_t> file, std::string_view name) {
  return with_plain_bytes(file, name, [&](std::span<const std::uint8_t> bytes) {
    const Header header = read_header(bytes, 3, name, "images");
    for (std::size_t i : {1u, 2u})
      if (header.sizes[i] < 1 || header.sizes[i] > max_side)
        refuse(name, fmt::format("byte {}: the images are {} x {} pixels; 1 to {} per side are allowed", 4 + 4 * i,
                                 header.sizes[1], header.sizes[2], max_side));
    const auto data = bytes.subspan(header.data_offset);
    return Images{.count = static_cast<std::int64_t>(header.sizes[0]),
                  .height = static_cast<int>(header.sizes[1]),
                  .width = static_cast<int>(header.sizes[2]),
                  .pixels = Bytes(data.begin(), data.end())};
  });
}

std::vector<std::uint8_t> parse_idx_labels(std::span<const std::uint8_t> file, std::string_view name) {
  return with_plain_bytes(file, name, [&](std::span<const std::uint8_t> bytes) {
    const auto data = bytes.subspan(read_header(bytes, 1, name, "labels").data_offset);
    return Bytes(data.begin(), data.end());
  });
}

Images load_idx_images(const std::filesystem::path& path) { return parse_idx_images(file_bytes(path), path.string()); }

std::vector<std::uint8_t> load_idx_labels(const std::filesystem::path& path) {
  return parse_idx_labels(file_bytes(path), path.string());
}

LabelledImages load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels) {
  LabelledImages pair{load_idx_images(images), load_idx_labels(labels)};
  if (static_cast<std::uint64_t>(pair.images.count) != pair.labels.size())
    refuse(images.string(), fmt::format("the file has {} images, but {} has {} labels; the two do not belong together",
                                        pair.images.count, labels.string(), pair.labels.size()));
  if (pair.images.count == 0) refuse(images.string(), "byte 4: the file has no images");
  return pair;
}

}  // namespace crosspike
