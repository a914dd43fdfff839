// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <crosspike/core/arrays.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/hdf5.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

namespace crosspike {
namespace {

static_assert(std::endian::native == std::endian::little);

using Shape = std::vector<std::uint64_t>;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(Fault::input, fmt::format("{}: {}", where, what));
}

std::string text_of(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

std::string read_file(const std::string& name, std::uint64_t limit) {
  std::error_code unknown;
  const std::filesystem::file_type type = std::filesystem::status(name, unknown).type();
  if (type == std::filesystem::file_type::not_found) fail(name, "no such file");
  if (type != std::filesystem::file_type::regular) fail(name, "is not a regular file");
  errno = 0;
  std::ifstream in(name, std::ios::binary);
  if (!in) fail(name, fmt::format("cannot be opened ({})", std::strerror(errno)));
  const std::uint64_t size = std::filesystem::file_size(name);
  if (size > limit) fail(name, fmt::format("has {} bytes, more than the {} bytes that are read at once", size, limit));
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uint64_t>(in.gcount()) != size)
    fail(name, fmt::format("cannot be read beyond byte {}", in.gcount()));
  return bytes;
}

// --- .npy ---------------------------------------------------------------------------------------------------------

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

// The header is the text of a Python dict with the keys descr, fortran_order and shape in any order.
class NpyHeaderParser {
 public:
  NpyHeaderParser(const std::string& name, std::string_view text, std::size_t offset)
      : name_(name), text_(text), offset_(offset) {}

  NpyHeader parse() {
    NpyHeader header;
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() == '[') refuse("holds records; plain numbers are expected");
        header.descr = quoted();
        seen |= 1;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        seen |= 2;
      } else if (key == "shape") {
        header.shape = tuple();
        seen |= 4;
      } else {
        refuse(fmt::format("unknown key '{}' in the header", key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen != 7) refuse("the header lacks one of descr, fortran_order and shape");
    return header;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    fail(fmt::format("{}: byte {}", name_, offset_ + at_), what);
  }
  char peek() {
    while (at_ < text_.size() && std::strchr(" \t\n\r", text_[at_]) != nullptr) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse(fmt::format("'{}' is expected in the header", wanted));
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse("a quoted word is expected in the header");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) refuse("a quoted word in the header does not end");
    const std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    refuse("True or False is expected in the header");
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      peek();
      std::uint64_t extent = 0;
      const auto [end, status] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), extent);
      if (status != std::errc()) refuse("an extent of the shape is not an integer from 0 to 2^64 - 1");
      at_ = static_cast<std::size_t>(end - text_.data());
      shape.push_back(extent);
      accept('L');  // long integers of Python 2
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    if (shape.size() > 32) refuse(fmt::format("{} dimensions; at most 32 are read", shape.size()));
    return shape;
  }

  const std::string& name_;
  std::string_view text_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

template <typename T>
std::vector<double> decode(const std::string& name, std::string_view data, std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
    if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      // 2^63 and 2^64 are the roundings that do not go back.
      const double beyond = std::is_signed_v<T> ? 0x1p63 : 0x1p64;
      if (values[i] >= beyond || static_cast<T>(values[i]) != value) {
        fail(name, fmt::format("element {} is {}, which a double cannot hold exactly", i, value));
      }
    }
  }
  return values;
}

using Decode = std::vector<double> (*)(const std::string&, std::string_view, std::size_t);
struct NpyType {
  std::string_view descr;
  std::size_t bytes;
  Decode decode;
};
constexpr NpyType npy_types[] = {
    {"<f4", 4, decode<float>},         {"<f8", 8, decode<double>},        {"<i4", 4, decode<std::int32_t>},
    {"<i8", 8, decode<std::int64_t>},  {"<i2", 2, decode<std::int16_t>},  {"|i1", 1, decode<std::int8_t>},
    {"|u1", 1, decode<std::uint8_t>},  {"<u2", 2, decode<std::uint16_t>}, {"<u4", 4, decode<std::uint32_t>},
    {"<u8", 8, decode<std::uint64_t>}, {"|b1", 1, decode<std::uint8_t>},
};

std::vector<double> from_fortran_order(const Shape& shape, const std::vector<double>& values) {
  std::vector<double> ordered(values.size());
  std::vector<std::uint64_t> index(shape.size(), 0);
  for (double& value : ordered) {
    std::uint64_t from = 0;
    for (std::size_t d = shape.size(); d-- > 0;) from = from * shape[d] + index[d];
    value = values[from];
    for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return ordered;
}

NamedArray load_npy(const std::string& name) {
  const std::string bytes = read_file(name, hdf5::default_read_limit);
  const std::string_view all = bytes;
  if (!all.starts_with("\x93NUMPY") || all.size() < 10)
    fail(name, "not a .npy file (it does not begin with \\x93NUMPY)");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(all[i])); };
  const std::size_t version = byte(6);
  if (version != 1 && version != 2)
    fail(name, fmt::format("byte 6: .npy version {}.{}; 1 and 2 are read", version, byte(7)));
  const std::size_t start = version == 1 ? 10 : 12;
  if (all.size() < start)
    fail(name, fmt::format("is truncated (the header begins at byte {}, the file has {})", start, all.size()));
  std::size_t length = byte(8) | byte(9) << 8;
  if (version == 2) length |= byte(10) << 16 | byte(11) << 24;
  if (length > all.size() - start) {
    fail(name, fmt::format("is truncated (the header has {} bytes from byte {}, the file has {})", length, start,
                           all.size()));
  }
  const NpyHeader header = NpyHeaderParser(name, all.substr(start, length), start).parse();
  const auto* type = std::find_if(std::begin(npy_types), std::end(npy_types),
                                  [&](const NpyType& known) { return known.descr == header.descr; });
  if (type == std::end(npy_types)) {
    fail(name, fmt::format("numbers of type '{}'; <f4 <f8 <i2 <i4 <i8 |i1 |u1 <u2 <u4 <u8 |b1 are read "
                           "(a.astype(\"<f8\") in numpy makes one)",
                           header.descr));
  }
  const std::string_view data = all.substr(start + length);
  const std::uint64_t count = hdf5::element_count(header.shape, name);
  if (count > data.size() / type->bytes || count * type->bytes != data.size()) {
    fail(name, fmt::format("shape {} of '{}' does not fit the file, which has {} bytes of data from byte {}",
                           text_of(header.shape), header.descr, data.size(), start + length));
  }
  if (count > hdf5::default_read_limit / sizeof(double))
    fail(name, fmt::format("holds {} numbers, more than the {} that are read at once, 8 bytes each", count,
                           hdf5::default_read_limit / sizeof(double)));
  std::vector<double> values = type->decode(name, data, static_cast<std::size_t>(count));
  if (header.fortran_order) values = from_fortran_order(header.shape, values);
  return {name, header.shape, std::move(values)};
}

// --- .csv ---------------------------------------------------------------------------------------------------------

struct Field {
  std::string_view text;
  std::size_t column;  // from 1, in bytes
};

char separator_of(std::string_view line) {
  for (const char separator : {';', ','}) {
    if (line.find(separator) != std::string_view::npos) return separator;
  }
  return ' ';
}

Field trimmed(std::string_view line, std::size_t begin, std::size_t end) {
  while (begin < end && (line[begin] == ' ' || line[begin] == '\t')) ++begin;
  while (end > begin && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
  return {line.substr(begin, end - begin), begin + 1};
}

std::vector<Field> split(std::string_view line, char separator) {
  std::vector<Field> fields;
  std::size_t at = 0;
  if (separator != ' ') {
    for (std::size_t end = line.find(separator); end != std::string_view::npos; end = line.find(separator, at)) {
      fields.push_back(trimmed(line, at, end));
      at = end + 1;
    }
    fields.push_back(trimmed(line, at, line.size()));
    return fields;
  }
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    fields.push_back({line.substr(at, end - at), at + 1});
    at = end;
  }
  return fields;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

NamedArray load_csv(const std::string& name) {
  // A number takes at least two bytes here and eight in memory.
  const std::string bytes = read_file(name, hdf5::default_read_limit / 4);
  std::string_view rest = bytes;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  NamedArray array{name, {}, {}};
  std::uint64_t rows = 0, width = 0, first_line = 0;
  bool may_be_names = true;
  char separator = ' ';
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view shown = trimmed(line, 0, line.size()).text;
    if (shown.empty() || shown.starts_with('#')) continue;
    if (rows == 0) separator = separator_of(line);
    const std::vector<Field> fields = split(line, separator);
    const bool has_number =
        std::any_of(fields.begin(), fields.end(), [](const Field& f) { return number_of(f.text).has_value(); });
    if (std::exchange(may_be_names, false) && !has_number) continue;
    for (const Field& field : fields) {
      const std::optional<double> value = number_of(field.text);
      if (!value) {
        fail(fmt::format("{}:{}:{}", name, number, field.column),
             field.text.empty() ? "a number is missing" : fmt::format("'{}' is not a number", field.text));
      }
      array.values.push_back(*value);
    }
    if (rows++ == 0) {
      width = fields.size();
      first_line = number;
    } else if (fields.size() != width) {
      fail(fmt::format("{}:{}", name, number),
           fmt::format("{} numbers, but line {} has {}", fields.size(), first_line, width));
    }
  }
  if (rows == 0) fail(name, "holds no numbers");
  array.shape = width == 1 ? Shape{rows} : Shape{rows, width};
  return array;
}

// --- HDF5 ---------------------------------------------------------------------------------------------------------

NamedArray load_hdf5(const std::string& name, const std::string& file, const std::string& path) {
  const hdf5::File opened = hdf5::File::open(file);
  if (path.empty()) {
    fail(name, fmt::format("name a dataset in it too, as in \"{}:/weights\"; it has {}", file,
                           fmt::join(opened.names(), ", ")));
  }
  const hdf5::Dataset dataset = opened.dataset(path);
  return {name, dataset.shape(), dataset.read<double>()};
}

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

NamedArray load(const std::string& spec) {
  const std::size_t colon = spec.find(":/");
  const std::string file = spec.substr(0, colon);
  if (ends_with_any(file, {".h5", ".hdf5", ".nir"})) {
    return load_hdf5(spec, file, colon == std::string::npos ? "" : spec.substr(colon + 1));
  }
  if (spec.ends_with(".npy")) return load_npy(spec);
  if (ends_with_any(spec, {".csv", ".txt", ".tsv"})) return load_csv(spec);
  fail(spec, "no kind of array file; NAME.npy, NAME.csv and NAME.h5:/DATASET are read");
}

}  // namespace

void NamedArray::require_finite(const std::string& context) const {
  const auto found = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (found == values.end()) return;
  auto left = static_cast<std::uint64_t>(found - values.begin());
  Shape index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = left % shape[d];
    left /= shape[d];
  }
  fail(name, fmt::format("element [{}] is {}; {} must be finite", fmt::join(index, ", "), *found, context));
}

NamedArray load_array(const std::string& spec, const std::optional<std::vector<std::uint64_t>>& expected) {
  NamedArray array = load(spec);
  if (!expected || array.shape == *expected) return array;
  // Text cannot say which of its dimensions are 1.
  const bool is_text = ends_with_any(spec, {".csv", ".txt", ".tsv"});
  const auto without_ones = [](Shape shape) {
    std::erase(shape, std::uint64_t{1});
    return shape;
  };
  if (is_text && expected->size() <= 2 && without_ones(array.shape) == without_ones(*expected)) {
    array.shape = *expected;
    return array;
  }
  fail(spec, fmt::format("shape {}; {} is expected", text_of(array.shape), text_of(*expected)));
}

}  // namespace crosspike
