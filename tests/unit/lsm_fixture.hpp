// SPDX-License-Identifier: Apache-2.0
// A data set of small bars in IDX files, and configs of liquids that learn it in a moment.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace crosspike::test {

inline const Library& library() {
  static const Library all = builtin();
  return all;
}

// Images of 8 x 8 pixels: a horizontal bar, a vertical bar, or a square, at a random place, in noise.
class Bars : public ::testing::Test {
 protected:
  static constexpr int classes = 3, train_samples = 120, test_samples = 30;

  Bars() : folder_(std::filesystem::temp_directory_path() / ("crosspike-bars-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    write("train", train_samples, 1, false);
    write("test", test_samples, 2, false);
  }
  ~Bars() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }

  // Labels that have nothing to do with the images.
  void shuffle_labels() const {
    write("train", train_samples, 1, true);
    write("test", test_samples, 2, true);
  }

  Value config(const std::vector<std::string>& overrides = {}) const {
    Value config = parse_config(R"(format = 1
model = "lsm"
seed = 3
[dataset]
train_images = "train-images"
train_labels = "train-labels"
test_images = "test-images"
test_labels = "test-labels"
validation = 30
events = { height = 12, width = 12, excursion = "4 px", segment = "20 ms", step = "5 ms" }
[input]
ticks = 12
[liquid]
neurons = 60
[features]
bins = 3
)",
                                "lsm.toml");
    apply_override(config, "dataset.path=\"" + folder_.string() + "\"");
    for (const std::string& assignment : overrides) apply_override(config, assignment);
    return config;
  }
  LsmSettings settings(const std::vector<std::string>& overrides = {}) const {
    return read_lsm(config(overrides), library());
  }

 private:
  static std::string head(std::vector<std::uint32_t> sizes) {
    std::string bytes = {0, 0, 8, static_cast<char>(sizes.size())};
    for (const std::uint32_t size : sizes)
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
    return bytes;
  }

  void write(const std::string& half, std::uint32_t samples, unsigned seed, bool shuffled) const {
    std::mt19937 random(seed), other(seed + 100);
    std::string images = head({samples, 8, 8}), labels = head({samples});
    for (std::uint32_t sample = 0; sample < samples; ++sample) {
      const unsigned shape = sample % classes, row = 1 + random() % 4, column = 1 + random() % 4;
      for (unsigned y = 0; y < 8; ++y)
        for (unsigned x = 0; x < 8; ++x) {
          const bool in_row = y >= row && y < row + 3, in_column = x >= column && x < column + 3;
          const bool lit = shape == 0 ? y == row : shape == 1 ? x == column : in_row && in_column;
          images += static_cast<char>((lit ? 200 : 0) + random() % 40);
        }
      labels += static_cast<char>(shuffled ? other() % classes : shape);
    }
    std::ofstream(file(half + "-images"), std::ios::binary) << images;
    std::ofstream(file(half + "-labels"), std::ios::binary) << labels;
  }

  std::filesystem::path folder_;
};

}  // namespace crosspike::test
