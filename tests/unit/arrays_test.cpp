// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <crosspike/core/arrays.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/hdf5.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::uint64_t>;
using Values = std::vector<double>;

class Arrays : public ::testing::Test {
 protected:
  Arrays() : folder_(fs::temp_directory_path() / ("crosspike-arrays-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    previous_ = fs::current_path();
    fs::current_path(folder_);
  }
  ~Arrays() override {
    fs::current_path(previous_);
    fs::remove_all(folder_);
  }

 private:
  fs::path folder_, previous_;
};

void put(const std::string& name, const std::string& bytes) { std::ofstream(name, std::ios::binary) << bytes; }

template <typename T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

// As numpy writes it: the header is padded with blanks to a multiple of 64 and ends in a newline.
std::string npy(const std::string& header, const std::string& data, int version = 1) {
  const std::size_t start = version == 1 ? 10 : 12;
  std::string text = header;
  while ((start + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  std::string bytes = "\x93NUMPY" + std::string{static_cast<char>(version), '\0'};
  for (std::size_t i = 0; i < start - 8; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  return bytes + text + data;
}

std::string message_of(const std::string& spec, const std::optional<Shape>& expected = {}) {
  try {
    load_array(spec, expected);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    return error.what();
  }
  return "no error";
}

std::string message_of_npy(const std::string& bytes) {
  put("w.npy", bytes);
  return message_of("w.npy");
}

std::string message_of_csv(const std::string& text) {
  put("w.csv", text);
  return message_of("w.csv");
}

template <typename T>
void expect_npy_type(const std::string& descr) {
  put("w.npy", npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (3,), }", raw<T>({0, 1, 100})));
  const NamedArray array = load_array("w.npy");
  EXPECT_EQ(array.shape, Shape{3}) << descr;
  EXPECT_EQ(array.values, (Values{0, 1, 100})) << descr;
}

TEST_F(Arrays, ReadsEveryNumpyTypeItNames) {
  expect_npy_type<float>("<f4");
  expect_npy_type<double>("<f8");
  expect_npy_type<std::int8_t>("|i1");
  expect_npy_type<std::int16_t>("<i2");
  expect_npy_type<std::int32_t>("<i4");
  expect_npy_type<std::int64_t>("<i8");
  expect_npy_type<std::uint8_t>("|u1");
  expect_npy_type<std::uint16_t>("<u2");
  expect_npy_type<std::uint32_t>("<u4");
  expect_npy_type<std::uint64_t>("<u8");
  put("w.npy", npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", raw<std::uint8_t>({0, 1})));
  EXPECT_EQ(load_array("w.npy").values, (Values{0, 1}));
}

TEST_F(Arrays, ReadsScalarsEmptyArraysAndVersionTwo) {
  put("w.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", raw<double>({2.5})));
  EXPECT_EQ(load_array("w.npy").shape, Shape{});
  EXPECT_EQ(load_array("w.npy").values, Values{2.5});
  put("w.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7), }", ""));
  EXPECT_EQ(load_array("w.npy").shape, (Shape{0, 7}));
  put("w.npy", npy("{\"shape\": (1,1L), \"descr\": \"<i4\", \"fortran_order\": False}", raw<std::int32_t>({-4}), 2));
  EXPECT_EQ(load_array("w.npy", Shape{1, 1}).values, Values{-4});
}

TEST_F(Arrays, TurnsFortranOrderIntoCOrder) {
  // Element (i, j, k) holds 100 i + 10 j + k; the first index moves fastest in the file.
  std::string data;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) data += raw<std::int32_t>({100 * i + 10 * j + k});
    }
  }
  put("w.npy", npy("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }", data));
  Values expected;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  EXPECT_EQ(load_array("w.npy").values, expected);
}

TEST_F(Arrays, RefusesDamagedNumpyFiles) {
  const std::string good = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
  const std::string data = raw<double>({1, 2});
  EXPECT_EQ(message_of_npy("PK\x03\x04 something"), "w.npy: not a .npy file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(message_of_npy(""), "w.npy: not a .npy file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(message_of_npy(npy(good, data, 1).replace(6, 1, "\x03")),
            "w.npy: byte 6: .npy version 3.0; 1 and 2 are read");
  EXPECT_EQ(message_of_npy(npy(good, data).replace(8, 2, "\xFF\xFF")),
            "w.npy: is truncated (the header has 65535 bytes from byte 10, the file has 144)");
  EXPECT_EQ(message_of_npy(npy(good, data, 2).substr(0, 11)),
            "w.npy: is truncated (the header begins at byte 12, the file has 11)");
  EXPECT_EQ(message_of_npy(npy(good, data.substr(0, 15))),
            "w.npy: shape (2) of '<f8' does not fit the file, which has 15 bytes of data from byte 128");
  EXPECT_EQ(message_of_npy(npy(good, data + "x")),
            "w.npy: shape (2) of '<f8' does not fit the file, which has 17 bytes of data from byte 128");
}

TEST_F(Arrays, RefusesNumpyHeadersThatLie) {
  const auto with_shape = [](const std::string& shape) {
    return npy("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }", raw<double>({1, 2}));
  };
  EXPECT_EQ(
      message_of_npy(with_shape("(4611686018427387904,)")),
      "w.npy: shape (4611686018427387904) of '<f8' does not fit the file, which has 16 bytes of data from byte 128");
  // 2^61 + 2 doubles take 16 bytes modulo 2^64.
  EXPECT_EQ(
      message_of_npy(with_shape("(2305843009213693954,)")),
      "w.npy: shape (2305843009213693954) of '<f8' does not fit the file, which has 16 bytes of data from byte 128");
  EXPECT_EQ(message_of_npy(with_shape("(4294967296, 4294967296)")),
            "w.npy: shape (4294967296, 4294967296) has more than 2^64 elements");
  EXPECT_EQ(message_of_npy(with_shape("(-2,)")),
            "w.npy: byte 61: an extent of the shape is not an integer from 0 to 2^64 - 1");
  EXPECT_EQ(message_of_npy(with_shape("2")), "w.npy: byte 60: '(' is expected in the header");
  EXPECT_EQ(message_of_npy(npy("{'descr': '<f8', 'shape': (2,), }", raw<double>({1, 2}))),
            "w.npy: byte 43: the header lacks one of descr, fortran_order and shape");
  EXPECT_EQ(message_of_npy(npy("{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }", raw<double>({1, 2}))),
            "w.npy: numbers of type '>f8'; <f4 <f8 <i2 <i4 <i8 |i1 |u1 <u2 <u4 <u8 |b1 are read (a.astype(\"<f8\") in "
            "numpy makes one)");
  EXPECT_EQ(message_of_npy(npy("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (2,), }", "")),
            "w.npy: byte 20: holds records; plain numbers are expected");
  EXPECT_EQ(message_of_npy(npy("{'descr': '<f8", "")), "w.npy: byte 20: a quoted word in the header does not end");
}

TEST_F(Arrays, RefusesIntegersThatADoubleCannotHold) {
  const std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }";
  const std::int64_t two_to_53 = std::int64_t{1} << 53;
  put("w.npy", npy(header, raw<std::int64_t>({two_to_53, -two_to_53})));
  EXPECT_EQ(load_array("w.npy").values, (Values{0x1p53, -0x1p53}));
  EXPECT_EQ(message_of_npy(npy(header, raw<std::int64_t>({0, two_to_53 + 1}))),
            "w.npy: element 1 is 9007199254740993, which a double cannot hold exactly");
  EXPECT_EQ(message_of_npy(npy(header, raw<std::int64_t>({std::numeric_limits<std::int64_t>::max(), 0}))),
            "w.npy: element 0 is 9223372036854775807, which a double cannot hold exactly");
}

TEST_F(Arrays, ReadsTextWithAnyUsualSeparator) {
  const std::string texts[] = {"1,2.5,-3e2\n4,5,6\n", "1; 2.5 ;-3e2\r\n4;5;6\r\n", "  1 2.5\t-3e2\n4   5 6",
                               "\xEF\xBB\xBF"
                               "a,\"b\",c\n# a note\n\n1,2.5,-3e2\n+4,5,6\n"};
  for (const std::string& text : texts) {
    put("w.csv", text);
    const NamedArray array = load_array("w.csv");
    EXPECT_EQ(array.shape, (Shape{2, 3})) << text;
    EXPECT_EQ(array.values, (Values{1, 2.5, -300, 4, 5, 6})) << text;
  }
}

TEST_F(Arrays, TextFitsAVectorWhicheverWayItIsWritten) {
  put("column.csv", "weight\n1\n2\n3\n");
  put("row.txt", "1 2 3\n");
  EXPECT_EQ(load_array("column.csv").shape, Shape{3});
  EXPECT_EQ(load_array("row.txt").shape, (Shape{1, 3}));
  EXPECT_EQ(load_array("row.txt", Shape{3}).shape, Shape{3});
  EXPECT_EQ(load_array("column.csv", Shape{3, 1}).shape, (Shape{3, 1}));
  EXPECT_EQ(message_of("row.txt", Shape{4}), "row.txt: shape (1, 3); (4) is expected");
}

TEST_F(Arrays, RefusesDamagedText) {
  EXPECT_EQ(message_of_csv("1,2,3\n4,5\n"), "w.csv:2: 2 numbers, but line 1 has 3");
  EXPECT_EQ(message_of_csv("a,b\n\n1,2\n3,4,5\n"), "w.csv:4: 3 numbers, but line 3 has 2");
  EXPECT_EQ(message_of_csv("1,2\n3,x4\n"), "w.csv:2:3: 'x4' is not a number");
  EXPECT_EQ(message_of_csv("1,,3\n"), "w.csv:1:3: a number is missing");
  EXPECT_EQ(message_of_csv("1,5;2,5\n3,5;4,5\n3;4\n1,5;2\n"), "w.csv:2:1: '3,5' is not a number");
  EXPECT_EQ(message_of_csv("a,b\nc,d\n"), "w.csv:2:1: 'c' is not a number");
  EXPECT_EQ(message_of_csv("1\n1e999\n"), "w.csv:2:1: '1e999' is not a number");
  EXPECT_EQ(message_of_csv("weight\n"), "w.csv: holds no numbers");
  EXPECT_EQ(message_of_csv(""), "w.csv: holds no numbers");
}

TEST_F(Arrays, ReadsDatasetsOfHdf5Files) {
  const std::vector<float> weights = {0.5F, 1, 1.5F, 2};
  {
    hdf5::File file = hdf5::File::create("data.h5");
    file.write("layer/weights", {2, 2}, std::span(weights));
    file.write_text("note", "x");
    file.close();
  }
  const NamedArray array = load_array("data.h5:/layer/weights", Shape{2, 2});
  EXPECT_EQ(array.values, (Values{0.5, 1, 1.5, 2}));
  EXPECT_EQ(message_of("data.h5:/layer/bias"), "data.h5:/layer/bias: no such dataset; /layer has weights");
  EXPECT_EQ(message_of("data.h5:/note"), "data.h5:/note: holds text; numbers are expected");
  EXPECT_EQ(message_of("data.h5"), "data.h5: name a dataset in it too, as in \"data.h5:/weights\"; it has layer, note");
  EXPECT_EQ(message_of("data.h5:/layer/weights", Shape{4}), "data.h5:/layer/weights: shape (2, 2); (4) is expected");
  put("text.h5", "1,2,3\n");
  EXPECT_EQ(message_of("text.h5:/weights"), "text.h5: not an HDF5 file");
}

TEST_F(Arrays, RefusesFilesThatItCannotRead) {
  fs::create_directory("folder.npy");
  EXPECT_EQ(message_of("absent.npy"), "absent.npy: no such file");
  EXPECT_EQ(message_of("folder.npy"), "folder.npy: is not a regular file");
  EXPECT_EQ(message_of("weights.mat"),
            "weights.mat: no kind of array file; NAME.npy, NAME.csv and NAME.h5:/DATASET are read");
}

TEST_F(Arrays, NamesTheFirstElementThatIsNotFinite) {
  put("w.csv", "1,2,3\n4,nan,-inf\n");
  const NamedArray array = load_array("w.csv");
  EXPECT_TRUE(std::isnan(array.values[4]));
  try {
    array.require_finite("the weights of projections.drive");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "w.csv: element [1, 1] is nan; the weights of projections.drive must be finite");
  }
}

}  // namespace
}  // namespace crosspike
