// SPDX-License-Identifier: Apache-2.0
// Reader of IDX files (MNIST, Fashion-MNIST), plain or gzip: images (3 dimensions) and labels (1 dimension)
// of unsigned bytes.
//
// Layout (yann.lecun.com/exdb/mnist): bytes 0 0, element type, number of dimensions n; n big-endian uint32
// sizes; then the elements, last dimension fastest. Nothing may follow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace crosspike {

/// Largest IDX file, after decompression, that is read.
inline constexpr std::uint64_t idx_max_bytes = std::uint64_t{1} << 30;

struct Images {
  std::int64_t count = 0;
  int height = 0, width = 0;         // pixels
  std::vector<std::uint8_t> pixels;  // (image, row, column)

  std::span<const std::uint8_t> image(std::int64_t number) const {
    const auto size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    return std::span(pixels).subspan(static_cast<std::size_t>(number) * size, size);
  }
};

/// All four throw Error (input) with the file's name and the byte offset of what is wrong (for gzip files,
/// of the decompressed bytes, unless the message says otherwise). `name` stands for the file in messages.
Images load_idx_images(const std::filesystem::path& path);
std::vector<std::uint8_t> load_idx_labels(const std::filesystem::path& path);
Images parse_idx_images(std::span<const std::uint8_t> file, std::string_view name);
std::vector<std::uint8_t> parse_idx_labels(std::span<const std::uint8_t> file, std::string_view name);

struct LabelledImages {
  Images images;
  std::vector<std::uint8_t> labels;  // as many as images, at least one
};

/// Loads a pair of files; also throws where their counts differ or are 0.
LabelledImages load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels);

}  // namespace crosspike
