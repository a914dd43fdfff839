// SPDX-License-Identifier: Apache-2.0
// Reading attributes and datasets: every size is checked before memory is taken for it, every value converted or
// refused.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/hdf5_internal.hpp>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace crosspike::hdf5 {

using namespace internal;

namespace {

const char* name_of(Type type) {
  static constexpr const char* names[] = {"float32", "float64", "int8",   "int16",  "int32",
                                          "int64",   "uint8",   "uint16", "uint32", "uint64"};
  return names[static_cast<int>(type)];
}

bool is_real(Type type) { return type == Type::float32 || type == Type::float64; }

Class class_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_ENUM:
      return Class::integer;
    case H5T_FLOAT:
      return Class::real;
    case H5T_STRING:
      return Class::text;
    default:
      return Class::other;
  }
}

const char* words_for(Class kind) {
  switch (kind) {
    case Class::integer:
      return "integers";
    case Class::real:
      return "floating-point numbers";
    case Class::text:
      return "text";
    case Class::other:
      break;
  }
  return "records that are neither numbers nor text";
}

void require_readable_as(Class stored, Type asked, const std::string& where) {
  const bool number = stored == Class::integer || stored == Class::real;
  if (number && (is_real(asked) || stored == Class::integer)) return;
  fail(Fault::input, where,
       fmt::format("holds {}; {} are expected", words_for(stored), is_real(asked) ? "numbers" : "integers"));
}

Shape shape_of(hid_t space, const std::string& where) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
  const int rank = static_cast<int>(check_read(H5Sget_simple_extent_ndims(space), where, "the shape"));
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check_read(H5Sget_simple_extent_dims(space, extents.data(), nullptr), where, "the shape");
  return {extents.begin(), extents.end()};
}

template <typename From, typename To>
bool convert(From from, To& to) {
  to = static_cast<To>(from);
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To>) {
    return std::in_range<To>(from);
  } else if constexpr (std::is_integral_v<From>) {
    constexpr To beyond = std::is_signed_v<From> ? To{0x1p63} : To{0x1p64};  // to which a From may round
    return to < beyond && static_cast<From>(to) == from;
  } else {
    return std::isfinite(to) || !std::isfinite(from);
  }
}

// Numbers of a dataset or attribute, or a part of them that begins at its element `first`.
struct Wanted {
  std::size_t count;
  std::size_t first = 0;
};

template <typename From, typename To, typename Read>
void read_through(void* data, Wanted wanted, const Read& read, const std::string& where) {
  std::vector<From> stored(wanted.count);
  read(native(type_of<From>), stored.data());
  for (std::size_t i = 0; i < wanted.count; ++i) {
    if (!convert(stored[i], static_cast<To*>(data)[i])) {
      fail(Fault::input, where,
           fmt::format("element {} is {}, which {} cannot hold", wanted.first + i, stored[i], name_of(type_of<To>)));
    }
  }
}

// libhdf5 clips and rounds in silence, and its exceptions report values that are fine (-3 as double, infinity as
// float). So every stored number is read as the widest of its class and converted here.
template <typename To, typename Read>
void read_numbers_as(hid_t stored, void* data, Wanted wanted, const Read& read, const std::string& where) {
  const H5T_class_t kind = H5Tget_class(stored);
  if constexpr (std::is_floating_point_v<To>) {
    if (kind == H5T_FLOAT && (sizeof(To) == sizeof(double) || H5Tget_size(stored) <= sizeof(To))) {
      return read(native(type_of<To>), data);
    }
    if (kind == H5T_FLOAT) return read_through<double, To>(data, wanted, read, where);
  }
  const bool is_unsigned = kind == H5T_INTEGER && H5Tget_sign(stored) == H5T_SGN_NONE;
  if (is_unsigned) return read_through<std::uint64_t, To>(data, wanted, read, where);
  read_through<std::int64_t, To>(data, wanted, read, where);
}

// `read` takes a memory type and a buffer of that type.
template <typename Read>
void read_numbers(hid_t stored, Type asked, void* data, Wanted wanted, const Read& read, const std::string& where) {
  if (wanted.count == 0) return;
  switch (asked) {
    case Type::float32:
      return read_numbers_as<float>(stored, data, wanted, read, where);
    case Type::float64:
      return read_numbers_as<double>(stored, data, wanted, read, where);
    case Type::int8:
      return read_numbers_as<std::int8_t>(stored, data, wanted, read, where);
    case Type::int16:
      return read_numbers_as<std::int16_t>(stored, data, wanted, read, where);
    case Type::int32:
      return read_numbers_as<std::int32_t>(stored, data, wanted, read, where);
    case Type::int64:
      return read_numbers_as<std::int64_t>(stored, data, wanted, read, where);
    case Type::uint8:
      return read_numbers_as<std::uint8_t>(stored, data, wanted, read, where);
    case Type::uint16:
      return read_numbers_as<std::uint16_t>(stored, data, wanted, read, where);
    case Type::uint32:
      return read_numbers_as<std::uint32_t>(stored, data, wanted, read, where);
    case Type::uint64:
      return read_numbers_as<std::uint64_t>(stored, data, wanted, read, where);
  }
}

// Where libhdf5 puts text of variable length. (H5Dvlen_get_buf_size would tell the length beforehand, but that of
// 1.10.8 writes beyond its own memory for a scalar.)
struct TextMemory {
  std::uint64_t left;  // bytes; many elements of a hostile file may share one long text
  bool exhausted = false;
  std::vector<std::unique_ptr<char[]>> blocks = {};

  static void* allocate(std::size_t bytes, void* self) {
    TextMemory& memory = *static_cast<TextMemory*>(self);
    memory.exhausted = memory.exhausted || bytes > memory.left;
    if (memory.exhausted) return nullptr;
    try {  // no exception may cross libhdf5
      memory.blocks.push_back(std::make_unique<char[]>(bytes));
    } catch (...) {
      return nullptr;
    }
    memory.left -= bytes;
    return memory.blocks.back().get();
  }
  static void keep(void*, void*) {}
};

std::string text_in(const char* field, std::size_t width, H5T_str_t padding) {
  std::size_t length = strnlen(field, width);
  while (padding == H5T_STR_SPACEPAD && length > 0 && field[length - 1] == ' ') --length;
  return {field, length};
}

void require_below(std::uint64_t count, std::uint64_t element_bytes, std::uint64_t limit, const std::string& where) {
  if (element_bytes != 0 && count > limit / element_bytes) {
    fail(Fault::input, where,
         fmt::format("holds {} elements of {} bytes, more than the {} bytes that are read at once", count,
                     element_bytes, limit));
  }
}

struct OpenAttribute {
  OpenAttribute(hid_t object, const std::string& name, const std::string& where)
      : id(H5Aopen(object, name.c_str(), H5P_DEFAULT)),
        type(id < 0 ? -1 : H5Aget_type(id)),
        space(id < 0 ? -1 : H5Aget_space(id)) {
    if (H5Aexists(object, name.c_str()) == 0) fail(Fault::input, where, "no such attribute");
    check_read(id, where, "it");
    check_read(type, where, "its type");
    check_read(space, where, "its shape");
  }
  Id id, type, space;
};

// Raw data must lie in the file itself; contiguous data must lie inside it and fill the shape.
void check_layout(hid_t dataset, std::uint64_t count, const std::string& where) {
  const Id list(check_read(H5Dget_create_plist(dataset), where, "its layout"));
  const H5D_layout_t layout = H5Pget_layout(list);
  if (layout == H5D_VIRTUAL || (layout == H5D_CONTIGUOUS && H5Pget_external_count(list) > 0)) {
    fail(Fault::input, where, "its data lie in another file; copy them into this one (h5repack does)");
  }
  const haddr_t offset = H5Dget_offset(dataset);
  if (layout != H5D_CONTIGUOUS || offset == HADDR_UNDEF) return;
  const Id file(H5Iget_file_id(dataset));
  const Id type(H5Dget_type(dataset));
  hsize_t size = 0;
  check_read(H5Fget_filesize(file, &size), where, "the size of its file");
  const hsize_t bytes = H5Dget_storage_size(dataset);
  if (offset > size || bytes > size - offset) {
    fail(Fault::input, where,
         fmt::format("claims {} bytes at offset {}, but the file has {} bytes", bytes, offset, size));
  }
  if (count > bytes / std::max<std::size_t>(1, H5Tget_size(type))) {
    fail(Fault::input, where,
         fmt::format("claims {} elements of {} bytes, but has {} bytes of data", count, H5Tget_size(type), bytes));
  }
}

}  // namespace

std::uint64_t element_count(const Shape& shape, const std::string& where) {
  std::uint64_t count = 1;
  if (std::find(shape.begin(), shape.end(), std::uint64_t{0}) != shape.end()) return 0;
  for (const std::uint64_t extent : shape) {
    if (count > std::numeric_limits<std::uint64_t>::max() / extent) {
      fail(Fault::input, where, fmt::format("shape ({}) has more than 2^64 elements", fmt::join(shape, ", ")));
    }
    count *= extent;
  }
  return count;
}

Class Object::attribute_class(const std::string& name) const {
  return class_of(OpenAttribute(id(), name, where_attribute(name)).type);
}

std::size_t Object::attribute_size(const std::string& name, std::size_t element_bytes) const {
  const std::string place = where_attribute(name);
  const OpenAttribute attribute(id(), name, place);
  const std::uint64_t count = element_count(shape_of(attribute.space, place), place);
  require_below(count, element_bytes, default_read_limit, place);
  return count;
}

void Object::require_single_attribute(const std::string& name) const {
  const std::size_t count = attribute_size(name, 1);
  if (count != 1) fail(Fault::input, where_attribute(name), fmt::format("holds {} values; one is expected", count));
}

void Object::read_attribute(const std::string& name, Type type, void* data) const {
  const std::string place = where_attribute(name);
  const OpenAttribute attribute(id(), name, place);
  require_readable_as(class_of(attribute.type), type, place);
  const auto read = [&](hid_t memory, void* to) { check_read(H5Aread(attribute.id, memory, to), place, "it"); };
  read_numbers(attribute.type, type, data, {element_count(shape_of(attribute.space, place), place)}, read, place);
}

std::string Object::attribute_text(const std::string& name) const {
  const std::string place = where_attribute(name);
  require_single_attribute(name);
  const OpenAttribute attribute(id(), name, place);
  if (H5Tget_class(attribute.type) == H5T_ENUM) {
    std::vector<char> value(H5Tget_size(attribute.type));
    check_read(H5Aread(attribute.id, attribute.type, value.data()), place, "it");
    char word[256] = {};
    check_read(H5Tenum_nameof(attribute.type, value.data(), word, sizeof(word)), place, "its word");
    return word;
  }
  const Class kind = class_of(attribute.type);
  if (kind != Class::text) fail(Fault::input, place, fmt::format("holds {}; text is expected", words_for(kind)));
  if (H5Tis_variable_str(attribute.type) > 0) {
    char* pointer = nullptr;
    check_read(H5Aread(attribute.id, attribute.type, &pointer), place, "it");
    const std::string text = pointer == nullptr ? "" : pointer;
    H5Dvlen_reclaim(attribute.type, attribute.space, H5P_DEFAULT, &pointer);
    return text;
  }
  std::vector<char> field(H5Tget_size(attribute.type));
  check_read(H5Aread(attribute.id, attribute.type, field.data()), place, "it");
  return text_in(field.data(), field.size(), H5Tget_strpad(attribute.type));
}

Shape Dataset::shape() const {
  const Id space(check_read(H5Dget_space(id()), where(), "its shape"));
  return shape_of(space, where());
}

Class Dataset::type_class() const {
  const Id type(check_read(H5Dget_type(id()), where(), "its type"));
  return class_of(type);
}

std::size_t Dataset::checked_size(std::size_t element_bytes, Type asked, std::uint64_t limit) const {
  require_readable_as(type_class(), asked, where());
  const std::uint64_t count = element_count(shape(), where());
  require_below(count, element_bytes, limit, where());
  check_layout(id(), count, where());
  return count;
}

void Dataset::read_raw(Type type, void* data, std::size_t count) const {
  const Id stored(check_read(H5Dget_type(id()), where(), "its type"));
  const auto read = [&](hid_t memory, void* to) {
    check_read(H5Dread(id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, to), where(), "the data");
  };
  read_numbers(stored, type, data, {count}, read, where());
}

std::size_t Dataset::checked_rows(std::uint64_t first, std::uint64_t count, std::size_t element_bytes,
                                  Type asked) const {
  require_readable_as(type_class(), asked, where());
  Shape rows = shape();
  if (rows.empty()) fail(Fault::input, where(), "is a single value; rows are expected");
  if (first > rows[0] || count > rows[0] - first)
    fail(Fault::input, where(), fmt::format("has {} rows; rows {} to {} are asked for", rows[0], first, first + count));
  check_layout(id(), element_count(rows, where()), where());
  rows[0] = count;
  const std::uint64_t elements = element_count(rows, where());
  require_below(elements, element_bytes, default_read_limit, where());
  return elements;
}

void Dataset::read_rows_raw(Type type, void* data, std::size_t elements, std::uint64_t first,
                            std::uint64_t count) const {
  if (elements == 0) return;
  const Id stored(check_read(H5Dget_type(id()), where(), "its type"));
  const Id space(check_read(H5Dget_space(id()), where(), "its shape"));
  const Shape whole = shape();
  std::vector<hsize_t> start(whole.size(), 0), size(whole.begin(), whole.end());
  start[0] = first;
  size[0] = count;
  check_read(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), where(),
             "its rows");
  const Id memory_space(
      check_read(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), where(), "its rows"));
  const auto read = [&](hid_t memory, void* to) {
    check_read(H5Dread(id(), memory, memory_space, space, H5P_DEFAULT, to), where(), "the data");
  };
  read_numbers(stored, type, data, {elements, first * (elements / count)}, read, where());
}

std::vector<std::string> Dataset::read_texts(std::uint64_t limit) const {
  const Id type(check_read(H5Dget_type(id()), where(), "its type"));
  if (class_of(type) != Class::text) {
    fail(Fault::input, where(), fmt::format("holds {}; text is expected", words_for(class_of(type))));
  }
  const Id space(check_read(H5Dget_space(id()), where(), "its shape"));
  const std::uint64_t count = element_count(shape_of(space, where()), where());
  const std::size_t width = H5Tget_size(type);
  require_below(count, std::max(width, sizeof(std::string)), limit, where());
  check_layout(id(), count, where());
  std::vector<std::string> texts(count);
  if (count == 0) return texts;
  if (H5Tis_variable_str(type) > 0) {
    TextMemory memory{limit};
    const Id transfer(H5Pcreate(H5P_DATASET_XFER));
    H5Pset_vlen_mem_manager(transfer, TextMemory::allocate, &memory, TextMemory::keep, nullptr);
    std::vector<const char*> pointers(count, nullptr);
    const herr_t status = H5Dread(id(), type, H5S_ALL, H5S_ALL, transfer, pointers.data());
    if (memory.exhausted) {
      fail(Fault::input, where(), fmt::format("holds more than the {} bytes of text that are read at once", limit));
    }
    check_read(status, where(), "the text");
    for (std::size_t i = 0; i < count; ++i) texts[i] = pointers[i] == nullptr ? "" : pointers[i];
    return texts;
  }
  std::vector<char> fields(count * width);
  check_read(H5Dread(id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, fields.data()), where(), "the text");
  for (std::size_t i = 0; i < count; ++i) texts[i] = text_in(fields.data() + i * width, width, H5Tget_strpad(type));
  return texts;
}

std::string Dataset::read_text(std::uint64_t limit) const {
  std::vector<std::string> texts = read_texts(limit);
  if (texts.size() != 1) fail(Fault::input, where(), fmt::format("holds {} texts; one is expected", texts.size()));
  return std::move(texts[0]);
}

}  // namespace crosspike::hdf5
