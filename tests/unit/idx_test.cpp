// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/files.hpp>
#include <crosspike/datasets/idx.hpp>
#include <string>

#include "message_of.hpp"

namespace crosspike {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::message_of;

Bytes gzip(const Bytes& plain) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&z, plain.size()));
  z.next_in = const_cast<Bytef*>(plain.data());
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// Two images of 2 rows and 3 columns, by the layout on yann.lecun.com/exdb/mnist.
const Bytes two_images = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const Bytes three_labels = {0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 255};

std::string refusal_of_images(const Bytes& file) {
  return message_of([&] { parse_idx_images(file, "a.idx"); });
}

TEST(Idx, ReadsImagesRowByRow) {
  const Images images = parse_idx_images(two_images, "a.idx");
  EXPECT_EQ(images.count, 2);
  EXPECT_EQ(images.height, 2);
  EXPECT_EQ(images.width, 3);
  const auto second = images.image(1);
  EXPECT_EQ(Bytes(second.begin(), second.end()), (Bytes{7, 8, 9, 10, 11, 12}));
}

TEST(Idx, ReadsLabels) { EXPECT_EQ(parse_idx_labels(three_labels, "a.idx"), (Bytes{9, 0, 255})); }

TEST(Idx, ReadsGzipAsTheBytesInside) {
  EXPECT_EQ(parse_idx_images(gzip(two_images), "a.gz").pixels, parse_idx_images(two_images, "a.idx").pixels);
}

TEST(Idx, ReadsAGzipFileThatGrowsManyfold) {
  const Bytes header = {0, 0, 8, 1, 0, 16, 0, 0};
  Bytes file(header.size() + (std::size_t{1} << 20), 3);
  std::copy(header.begin(), header.end(), file.begin());
  EXPECT_EQ(parse_idx_labels(gzip(file), "a.gz"), Bytes(std::size_t{1} << 20, 3));
}

TEST(Idx, RefusesAnEmptyFile) {
  EXPECT_EQ(refusal_of_images({}), "a.idx: the file has 0 bytes; an IDX file starts with 4");
}

TEST(Idx, RefusesAWrongStart) {
  EXPECT_EQ(refusal_of_images({0x89, 0x50, 8, 3}),
            "a.idx: byte 0: an IDX file starts with bytes 00 00, this one with 89 50");
}

TEST(Idx, RefusesOtherElementTypesByName) {
  EXPECT_EQ(refusal_of_images({0, 0, 0x0d, 3}),
            "a.idx: byte 2: elements are of type float (0x0d); images must be ubyte (0x08)");
  EXPECT_EQ(refusal_of_images({0, 0, 0x0a, 3}),
            "a.idx: byte 2: elements are of type unknown (0x0a); images must be ubyte (0x08)");
}

TEST(Idx, RefusesLabelsWhereImagesBelong) {
  EXPECT_EQ(refusal_of_images(three_labels), "a.idx: byte 3: the array has 1 dimensions; images have 3");
  EXPECT_EQ(message_of([] { parse_idx_labels(two_images, "b.idx"); }),
            "b.idx: byte 3: the array has 3 dimensions; labels have 1");
}

TEST(Idx, RefusesACutHeader) {
  EXPECT_EQ(refusal_of_images({0, 0, 8, 3, 0, 0, 0, 2, 0}),
            "a.idx: byte 4: the file ends at byte 9; the sizes of 3 dimensions need 16");
}

TEST(Idx, RefusesHugeSizesWithoutAskingForMemory) {
  EXPECT_EQ(refusal_of_images({0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
            "a.idx: byte 4: size 4294967295 makes the array larger than the 1073741824 bytes that are read at most");
  EXPECT_EQ(refusal_of_images({0, 0, 8, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}),
            "a.idx: byte 8: size 65536 makes the array larger than the 1073741824 bytes that are read at most");
}

TEST(Idx, RefusesATruncatedFile) {
  Bytes file = two_images;
  file.pop_back();
  EXPECT_EQ(refusal_of_images(file),
            "a.idx: byte 16: the sizes 2 x 2 x 3 promise 12 bytes of data, the file has 11; it is cut off");
}

TEST(Idx, RefusesTrailingBytes) {
  Bytes file = two_images;
  file.insert(file.end(), {0, 0});
  EXPECT_EQ(refusal_of_images(file),
            "a.idx: byte 28: 2 bytes follow the 12 bytes of data that the sizes 2 x 2 x 3 promise");
}

TEST(Idx, RefusesImagesWithoutPixels) {
  EXPECT_EQ(refusal_of_images({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3}),
            "a.idx: byte 8: the images are 0 x 3 pixels; 1 to 65536 per side are allowed");
}

TEST(Idx, RefusesATruncatedGzipStream) {
  Bytes file = gzip(two_images);
  file.resize(20);
  EXPECT_EQ(refusal_of_images(file), "a.idx: the gzip stream is cut off after 20 bytes; fetch the file again");
}

TEST(Idx, RefusesAGzipStreamWithAWrongChecksum) {
  Bytes file = gzip(two_images);
  file[file.size() - 8] ^= 1;  // RFC 1952: CRC-32 and length are the last 8 bytes
  EXPECT_EQ(refusal_of_images(file), "a.idx: the gzip stream is damaged near byte " + std::to_string(file.size() - 4) +
                                         " of the compressed file (incorrect data check); fetch the file again");
}

TEST(Idx, RefusesBytesAfterTheGzipStream) {
  Bytes file = gzip(two_images);
  const std::size_t end = file.size();
  file.insert(file.end(), {1, 2, 3});
  EXPECT_EQ(refusal_of_images(file), "a.idx: 3 bytes follow the end of the gzip stream at byte " + std::to_string(end) +
                                         " of the compressed file");
}

TEST(Idx, RefusesAMissingFile) {
  EXPECT_EQ(message_of([] { load_idx_images("/nowhere/at-all.gz"); }),
            "/nowhere/at-all.gz: cannot read the file: No such file or directory");
}

TEST(Idx, RefusesImagesAndLabelsOfDifferentCountsAndNone) {
  const auto folder = std::filesystem::temp_directory_path() / ("crosspike-idx-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string images = folder / "images", labels = folder / "labels";
  write_file(images, two_images);
  write_file(labels, three_labels);
  EXPECT_EQ(message_of([&] { load_idx_pair(images, labels); }),
            images + ": the file has 2 images, but " + labels + " has 3 labels; the two do not belong together");
  write_file(images, Bytes{0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3});
  write_file(labels, Bytes{0, 0, 8, 1, 0, 0, 0, 0});
  EXPECT_EQ(message_of([&] { load_idx_pair(images, labels); }), images + ": byte 4: the file has no images");
  std::filesystem::remove_all(folder);
}

TEST(Idx, ReadsFashionMnistAsPublished) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  // zalandoresearch/fashion-mnist: 10,000 test images of 28 x 28, 1,000 of each of 10 classes.
  const LabelledImages test = load_idx_pair(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  EXPECT_EQ(test.images.count, 10000);
  EXPECT_EQ(test.images.height, 28);
  EXPECT_EQ(test.images.width, 28);
  std::vector<int> per_class(10);
  for (const std::uint8_t label : test.labels) ++per_class.at(label);
  EXPECT_EQ(per_class, std::vector<int>(10, 1000));
}

}  // namespace
}  // namespace crosspike
