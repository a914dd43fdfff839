// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <crosspike/apps/report/png.hpp>
#include <crosspike/core/error.hpp>
#include <string_view>
#include <vector>

namespace crosspike::report {
namespace {

void append_number(std::string& out, std::uint32_t number) {  // big-endian
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xffU);
}

void append_chunk(std::string& out, const std::string& type, const std::string& data) {
  append_number(out, static_cast<std::uint32_t>(data.size()));
  const std::string checked = type + data;
  out += checked;
  append_number(out, static_cast<std::uint32_t>(
                         crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()))));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                Z_BEST_COMPRESSION) != Z_OK)
    throw Error(Fault::system, "zlib cannot compress an image; free memory");
  out.resize(size);
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3; ++i)
      word = word << 8 | (at + i < bytes.size() ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) out += at + i <= bytes.size() ? letters[word >> (18 - 6 * i) & 63U] : '=';
  }
  return out;
}

}  // namespace

std::string png_data(const SampleImage& image, unsigned scale) {
  std::string rows;
  for (std::uint64_t y = 0; y < image.height * scale; ++y) {
    rows += '\0';  // no filter
    for (std::uint64_t x = 0; x < image.width * scale; ++x)
      rows += static_cast<char>(image.pixels[y / scale * image.width + x / scale]);
  }
  std::string header;
  append_number(header, static_cast<std::uint32_t>(image.width * scale));
  append_number(header, static_cast<std::uint32_t>(image.height * scale));
  header += std::string("\x08\x00\x00\x00\x00", 5);  // 8 bits, greyscale, deflate, filters per row, not interlaced
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(rows));
  append_chunk(png, "IEND", "");
  return "data:image/png;base64," + base64(png);
}

}  // namespace crosspike::report
