// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/hdf5.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using hdf5::Shape;
using test::message_of;

class Hdf5 : public ::testing::Test {
 protected:
  Hdf5() : folder_(fs::temp_directory_path() / ("crosspike-hdf5-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    previous_ = fs::current_path();
    fs::current_path(folder_);  // so that messages hold no folder
  }
  ~Hdf5() override {
    fs::current_path(previous_);
    fs::remove_all(folder_);
  }

 private:
  fs::path folder_, previous_;
};

template <typename T>
std::vector<T> counting(std::size_t n) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), T{1});
  return values;
}

template <typename T>
void expect_round_trip() {
  const std::vector<T> edges = {std::numeric_limits<T>::lowest(), T{0}, T{7}, std::numeric_limits<T>::max()};
  {
    hdf5::File file = hdf5::File::create("a.h5");
    file.write("deep/er/values", {2, 2}, std::span(edges));
    file.set_attribute("one", edges[3]);
    file.close();
  }
  const hdf5::File file = hdf5::File::open("a.h5");
  const hdf5::Dataset values = file.dataset("/deep/er/values");
  EXPECT_EQ(values.shape(), (Shape{2, 2}));
  EXPECT_EQ(values.read<T>(), edges);
  EXPECT_EQ(file.attribute<T>("one"), edges[3]);
}

TEST_F(Hdf5, EveryNumberTypeComesBackAsItWasWritten) {
  expect_round_trip<float>();
  expect_round_trip<double>();
  expect_round_trip<std::int8_t>();
  expect_round_trip<std::int16_t>();
  expect_round_trip<std::int32_t>();
  expect_round_trip<std::int64_t>();
  expect_round_trip<std::uint8_t>();
  expect_round_trip<std::uint16_t>();
  expect_round_trip<std::uint32_t>();
  expect_round_trip<std::uint64_t>();
}

TEST_F(Hdf5, TextAndWordsComeBackAsTheyWereWritten) {
  const std::vector<std::string> texts = {"", "\u00b5V", std::string(100000, 'x')};
  const std::vector<std::string> words = {"none", "by_id", "by_time"};
  {
    hdf5::File file = hdf5::File::create("a.h5");
    file.write_texts("names", {3}, texts);
    file.write_text("config", "format = 1\n");
    file.set_attribute("unit", "\u00b5V");
    file.set_attribute("sorting", "by_time", words);
    file.close();
  }
  const hdf5::File file = hdf5::File::open("a.h5");
  EXPECT_EQ(file.dataset("names").read_texts(), texts);
  EXPECT_EQ(file.dataset("config").read_text(), "format = 1\n");
  EXPECT_EQ(message_of([&] { file.dataset("names").read_texts(99999); }),
            "a.h5:/names: holds more than the 99999 bytes of text that are read at once");
  EXPECT_EQ(file.attribute_text("unit"), "\u00b5V");
  EXPECT_EQ(file.attribute_text("sorting"), "by_time");
  EXPECT_EQ(file.attribute<int>("sorting"), 2);
  EXPECT_EQ(file.attribute_names(), (std::vector<std::string>{"sorting", "unit"}));
  EXPECT_EQ(file.names(), (std::vector<std::string>{"config", "names"}));
}

TEST_F(Hdf5, AppendedPiecesReadAsOneArray) {
  const auto numbers = counting<double>(200000);
  {
    hdf5::File file = hdf5::File::create("a.h5");
    hdf5::Dataset line = file.create_appendable<double>("line");
    hdf5::Dataset table = file.create_appendable<double>("table", {4});
    for (std::size_t at = 0; at < numbers.size(); at += 50000) {
      line.append(std::span(numbers).subspan(at, 50000));
      table.append(std::span(numbers).subspan(at, 50000));
    }
    line.append(std::span<const double>());
    file.close();
  }
  const hdf5::File file = hdf5::File::open("a.h5");
  EXPECT_EQ(file.dataset("line").shape(), (Shape{200000}));
  EXPECT_EQ(file.dataset("line").read<double>(), numbers);
  EXPECT_EQ(file.dataset("table").shape(), (Shape{50000, 4}));
  EXPECT_EQ(file.dataset("table").read<double>(), numbers);
}

TEST_F(Hdf5, CompressedArraysReadLikeContiguousOnes) {
  const auto numbers = counting<std::int64_t>(300000);
  {
    hdf5::File file = hdf5::File::create("a.h5");
    file.write("wide", {1, 300000}, std::span(numbers), hdf5::Storage::compressed);
    file.write("none", {0, 3}, std::span<const std::int64_t>(), hdf5::Storage::compressed);
    file.close();
  }
  EXPECT_LT(fs::file_size("a.h5"), numbers.size() * sizeof(numbers[0]) / 3);
  const hdf5::File file = hdf5::File::open("a.h5");
  EXPECT_EQ(file.dataset("wide").read<std::int64_t>(), numbers);
  EXPECT_EQ(file.dataset("none").shape(), (Shape{0, 3}));
  EXPECT_TRUE(file.dataset("none").read<double>().empty());
}

TEST_F(Hdf5, ReadsOtherNumberTypesWhereNoValueChanges) {
  const std::vector<std::int64_t> small = {-3, 200};
  const std::vector<std::int64_t> large = {(std::int64_t{1} << 53) + 1};
  const std::vector<double> reals = {0.1, 1e300};
  hdf5::File file = hdf5::File::create("a.h5");
  const hdf5::Dataset integers = file.write("small", {2}, std::span(small));
  const hdf5::Dataset too_large = file.write("large", {1}, std::span(large));
  const hdf5::Dataset floats = file.write("reals", {2}, std::span(reals));

  EXPECT_EQ(integers.read<double>(), (std::vector<double>{-3, 200}));
  EXPECT_EQ(integers.read<float>(), (std::vector<float>{-3, 200}));
  EXPECT_EQ(integers.read<std::int16_t>(), (std::vector<std::int16_t>{-3, 200}));
  EXPECT_EQ(message_of([&] { integers.read<std::int8_t>(); }), "a.h5:/small: element 1 is 200, which int8 cannot hold");
  EXPECT_EQ(message_of([&] { integers.read<std::uint64_t>(); }),
            "a.h5:/small: element 0 is -3, which uint64 cannot hold");
  EXPECT_EQ(message_of([&] { too_large.read<double>(); }),
            "a.h5:/large: element 0 is 9007199254740993, which float64 cannot hold");
  EXPECT_EQ(message_of([&] { floats.read<float>(); }), "a.h5:/reals: element 1 is 1e+300, which float32 cannot hold");
  EXPECT_EQ(message_of([&] { floats.read<std::int32_t>(); }),
            "a.h5:/reals: holds floating-point numbers; integers are expected");
}

TEST_F(Hdf5, InfinitiesAndNansAreValues) {
  const std::vector<double> reals = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
  hdf5::File file = hdf5::File::create("a.h5");
  const std::vector<float> read = file.write("reals", {2}, std::span(reals)).read<float>();
  EXPECT_EQ(read[0], std::numeric_limits<float>::infinity());
  EXPECT_NE(read[1], read[1]);
}

TEST_F(Hdf5, SaysWhatIsAbsentAndWhatThereIs) {
  const std::vector<double> one = {1};
  hdf5::File file = hdf5::File::create("a.h5");
  file.write("spikes/exc/timestamps", {1}, std::span(one));
  file.ensure_group("spikes/inh");
  file.write_text("config", "x");

  EXPECT_EQ(file.kind("spikes"), hdf5::Node::group);
  EXPECT_EQ(file.kind("spikes/exc/timestamps"), hdf5::Node::dataset);
  EXPECT_EQ(file.kind("values/exc/timestamps"), hdf5::Node::absent);
  EXPECT_EQ(message_of([&] { file.group("/spikes/ex"); }), "a.h5:/spikes/ex: no such group; /spikes has exc, inh");
  EXPECT_EQ(message_of([&] { file.dataset("/values/v/x"); }),
            "a.h5:/values/v/x: no such dataset; / has config, spikes");
  EXPECT_EQ(message_of([&] { file.group("spikes/inh").dataset("x"); }),
            "a.h5:/spikes/inh/x: no such dataset; /spikes/inh is empty");
  EXPECT_EQ(message_of([&] { file.dataset("spikes"); }), "a.h5:/spikes: is a group; a dataset is expected");
  EXPECT_EQ(message_of([&] { file.group("config"); }), "a.h5:/config: is a dataset; a group is expected");
  EXPECT_EQ(message_of([&] { file.dataset("config").read<double>(); }),
            "a.h5:/config: holds text; numbers are expected");
  EXPECT_EQ(message_of([&] { file.dataset("spikes/exc/timestamps").read_text(); }),
            "a.h5:/spikes/exc/timestamps: holds floating-point numbers; text is expected");
  EXPECT_EQ(message_of([&] { file.attribute<int>("format"); }), "a.h5:/@format: no such attribute");
}

TEST_F(Hdf5, RefusesToReadMoreThanTheLimit) {
  const auto numbers = counting<float>(10);
  hdf5::File file = hdf5::File::create("a.h5");
  const hdf5::Dataset data = file.write("x", {10}, std::span(numbers));
  EXPECT_EQ(data.read<float>(40).size(), 10U);
  EXPECT_EQ(message_of([&] { data.read<double>(79); }),
            "a.h5:/x: holds 10 elements of 8 bytes, more than the 79 bytes that are read at once");
}

TEST_F(Hdf5, RefusesAShapeWithMoreElementsThanANumberCounts) {
  const Shape shape = {std::uint64_t{1} << 33, std::uint64_t{1} << 33};
  EXPECT_EQ(message_of([&] { hdf5::element_count(shape, "a.h5:/x"); }),
            "a.h5:/x: shape (8589934592, 8589934592) has more than 2^64 elements");
}

TEST_F(Hdf5, RefusesWhatIsNoHdf5File) {
  std::ofstream("text.h5") << "format = 1\n";
  std::ofstream("empty.h5").flush();
  fs::create_directory("folder.h5");
  EXPECT_EQ(message_of([] { hdf5::File::open("text.h5"); }), "text.h5: not an HDF5 file");
  EXPECT_EQ(message_of([] { hdf5::File::open("empty.h5"); }), "empty.h5: not an HDF5 file");
  EXPECT_EQ(message_of([] { hdf5::File::open("folder.h5"); }), "folder.h5: is a folder, not an HDF5 file");
  EXPECT_EQ(message_of([] { hdf5::File::open("absent.h5"); }), "absent.h5: no such file");
}

TEST_F(Hdf5, SaysHowMuchOfATruncatedFileIsThere) {
  const auto numbers = counting<double>(1000);
  {
    hdf5::File file = hdf5::File::create("a.h5");
    file.write("x", {1000}, std::span(numbers));
    file.close();
  }
  const auto whole = fs::file_size("a.h5");
  fs::resize_file("a.h5", 5000);
  EXPECT_EQ(message_of([] { hdf5::File::open("a.h5"); }),
            "a.h5 is truncated (superblock says " + std::to_string(whole) + " bytes, file has 5000)");
  fs::resize_file("a.h5", 20);
  EXPECT_EQ(message_of([] { hdf5::File::open("a.h5"); }),
            "a.h5 is truncated (it ends at byte 20, inside its superblock)");
}

TEST_F(Hdf5, RefusesToReplaceADataset) {
  const auto numbers = counting<double>(3);
  hdf5::File file = hdf5::File::create("a.h5", "results.h5");
  file.write("x", {3}, std::span(numbers));
  EXPECT_EQ(message_of([&] { file.write("x", {3}, std::span(numbers)); }, Fault::system),
            "results.h5:/x: is written twice; this is a bug in crosspike");
  EXPECT_EQ(message_of([&] { file.write("y", {4}, std::span(numbers)); }, Fault::system),
            "results.h5:/y: 3 values do not fill shape (4); this is a bug in crosspike");
}

}  // namespace
}  // namespace crosspike
