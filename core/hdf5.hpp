// SPDX-License-Identifier: Apache-2.0
// HDF5 files: a small RAII layer over the C API (1.10), with numbers, text and attributes, and errors that name
// the file and the HDF5 path. Calls are not serialised here: one thread at a time uses a file (rank 0, between
// slices). A damaged file is refused as far as libhdf5 and the checks below notice it.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace crosspike::hdf5 {

using Shape = std::vector<std::uint64_t>;  // empty = scalar

// Product of the extents; throws Error(input) that begins with `where` beyond 2^64.
std::uint64_t element_count(const Shape& shape, const std::string& where);

// No read allocates more than this unless its caller says so.
inline constexpr std::uint64_t default_read_limit = std::uint64_t{1} << 32;  // bytes

enum class Type { float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64 };
enum class Class { integer, real, text, other };  // numpy's bool (an enum of int8) is an integer
enum class Node { absent, group, dataset, other };
enum class Storage { contiguous, compressed };  // compressed: chunks of about 256 KiB, shuffle, deflate 1

template <typename T>
consteval int type_index() {
  if constexpr (std::same_as<T, float>) return static_cast<int>(Type::float32);
  if constexpr (std::same_as<T, double>) return static_cast<int>(Type::float64);
  if constexpr (std::same_as<T, std::int8_t>) return static_cast<int>(Type::int8);
  if constexpr (std::same_as<T, std::int16_t>) return static_cast<int>(Type::int16);
  if constexpr (std::same_as<T, std::int32_t>) return static_cast<int>(Type::int32);
  if constexpr (std::same_as<T, std::int64_t>) return static_cast<int>(Type::int64);
  if constexpr (std::same_as<T, std::uint8_t>) return static_cast<int>(Type::uint8);
  if constexpr (std::same_as<T, std::uint16_t>) return static_cast<int>(Type::uint16);
  if constexpr (std::same_as<T, std::uint32_t>) return static_cast<int>(Type::uint32);
  if constexpr (std::same_as<T, std::uint64_t>) return static_cast<int>(Type::uint64);
  return -1;
}

template <typename T>
concept Number = type_index<T>()
>= 0;

template <Number T>
inline constexpr Type type_of = static_cast<Type>(type_index<T>());

// What files, groups and datasets share: a place and attributes. Move-only.
class Object {
 public:
  Object(Object&& other) noexcept;
  Object& operator=(Object&& other) noexcept;
  ~Object();

  const std::string& path() const { return path_; }            // "/spikes/exc"
  std::string where() const;                                   // "results.h5:/spikes/exc"
  std::string where_attribute(const std::string& name) const;  // "results.h5:/spikes/exc@sorting"

  bool has_attribute(const std::string& name) const;
  std::vector<std::string> attribute_names() const;  // in alphabetical order
  Class attribute_class(const std::string& name) const;

  // Writing throws Error(system).
  template <Number T>
  void set_attribute(const std::string& name, T value) {
    write_attribute(name, type_of<T>, {}, &value);
  }
  template <Number T, std::size_t n>
  void set_attribute(const std::string& name, const std::array<T, n>& values) {
    write_attribute(name, type_of<T>, {n}, values.data());
  }
  void set_attribute(const std::string& name, const std::string& text);
  // An HDF5 enum of uint8 with values 0, 1, ...; `word` is one of `words`.
  void set_attribute(const std::string& name, const std::string& word, std::span<const std::string> words);

  // Reading throws Error(input) where the attribute is absent, of another class, too long, or holds a value that
  // the asked type cannot (see Dataset::read). An enum reads as its number or as its word.
  template <Number T>
  std::vector<T> attribute_values(const std::string& name) const {
    std::vector<T> values(attribute_size(name, sizeof(T)));
    read_attribute(name, type_of<T>, values.data());
    return values;
  }
  template <Number T>
  T attribute(const std::string& name) const {
    require_single_attribute(name);
    return attribute_values<T>(name)[0];
  }
  std::string attribute_text(const std::string& name) const;

 protected:
  Object(std::int64_t id, std::string file, std::string path);
  std::int64_t id() const;  // a hid_t; also silences libhdf5's printing on this thread
  void release();

  std::string file_;  // as shown in messages
  std::string path_;

 private:
  void write_attribute(const std::string& name, Type type, const Shape& shape, const void* data);
  std::size_t attribute_size(const std::string& name, std::size_t element_bytes) const;
  void require_single_attribute(const std::string& name) const;
  void read_attribute(const std::string& name, Type type, void* data) const;

  std::int64_t id_;
};

class Dataset : public Object {
 public:
  Shape shape() const;
  Class type_class() const;

  // Any stored integer or float as T, in C order. Throws Error(input) where the dataset is no number, is larger
  // than `limit` bytes or than its file, holds a value outside T, or would change: floats are never read as
  // integers, and integers that a float T cannot hold exactly are refused. double to float rounds.
  template <Number T>
  std::vector<T> read(std::uint64_t limit = default_read_limit) const {
    std::vector<T> values(checked_size(sizeof(T), type_of<T>, limit));
    read_raw(type_of<T>, values.data(), values.size());
    return values;
  }
  // The same for rows [first, first + count) of the first dimension alone. Throws Error(input) beyond its rows.
  template <Number T>
  std::vector<T> read_rows(std::uint64_t first, std::uint64_t count) const {
    std::vector<T> values(checked_rows(first, count, sizeof(T), type_of<T>));
    read_rows_raw(type_of<T>, values.data(), values.size(), first, count);
    return values;
  }
  std::vector<std::string> read_texts(std::uint64_t limit = default_read_limit) const;
  std::string read_text(std::uint64_t limit = default_read_limit) const;  // exactly one

  // Adds whole rows to a dataset made by Group::create_appendable.
  template <Number T>
  void append(std::span<const T> values) {
    append_raw(type_of<T>, values.data(), values.size());
  }

 private:
  friend class Group;
  using Object::Object;
  std::size_t checked_size(std::size_t element_bytes, Type asked, std::uint64_t limit) const;
  std::size_t checked_rows(std::uint64_t first, std::uint64_t count, std::size_t element_bytes, Type asked) const;
  void read_raw(Type type, void* data, std::size_t count) const;
  void read_rows_raw(Type type, void* data, std::size_t elements, std::uint64_t first, std::uint64_t count) const;
  void write_raw(Type type, const void* data);
  void append_raw(Type type, const void* data, std::size_t count);
};

class Group : public Object {
 public:
  // Paths are relative to this group unless they begin with "/".
  Node kind(const std::string& path) const;
  bool has(const std::string& path) const { return kind(path) != Node::absent; }
  std::vector<std::string> names() const;  // members, in alphabetical order

  // Throw Error(input) where there is none, naming the members that the enclosing group has.
  Group group(const std::string& path) const;
  Dataset dataset(const std::string& path) const;

  // Writers make missing groups on the way; an existing dataset is an Error(system).
  Group ensure_group(const std::string& path);
  template <Number T>
  Dataset write(const std::string& path, const Shape& shape, std::span<const T> values,
                Storage storage = Storage::contiguous) {
    require_count(path, shape, values.size());
    Dataset made = create(path, type_of<T>, shape, storage, false);
    made.write_raw(type_of<T>, values.data());
    return made;
  }
  // Grows along its first dimension from 0 rows of shape `row` (empty = one number); always compressed.
  template <Number T>
  Dataset create_appendable(const std::string& path, const Shape& row = {}) {
    Shape shape{0};
    shape.insert(shape.end(), row.begin(), row.end());
    return create(path, type_of<T>, shape, Storage::compressed, true);
  }
  Dataset write_text(const std::string& path, const std::string& text);  // scalar, UTF-8, variable length
  Dataset write_texts(const std::string& path, const Shape& shape, std::span<const std::string> texts);

 protected:
  using Object::Object;

 private:
  std::string absolute(const std::string& path) const;
  [[noreturn]] void fail_absent(const std::string& path, const char* wanted) const;
  void prepare(const std::string& path);  // for a new dataset
  void require_count(const std::string& path, const Shape& shape, std::size_t count) const;
  Dataset create(const std::string& path, Type type, const Shape& shape, Storage storage, bool appendable);
};

class File : public Group {
 public:
  // `shown_as` replaces the path in messages (a temporary file speaks as its target).
  static File create(const std::filesystem::path& path, const std::string& shown_as = {});  // truncates
  static File open(const std::filesystem::path& path);                                      // read-only
  // Writes everything out and reports what failed, which the destructor cannot.
  void close();

 private:
  using Group::Group;
};

}  // namespace crosspike::hdf5
