// SPDX-License-Identifier: Apache-2.0
// Files, groups and all writing; reading is in hdf5_read.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <crosspike/core/hdf5.hpp>
#include <crosspike/core/hdf5_internal.hpp>
#include <cstring>
#include <fstream>
#include <utility>

namespace crosspike::hdf5 {

using namespace internal;

namespace {

// A thread-safe libhdf5 keeps one error stack and one printing switch per thread. Its clean-up at exit is off because
// it crashes after a dataset could not be flushed to a full disk; every file here is closed by its owner.
void silence_printing() {
  static const herr_t no_clean_up = H5dont_atexit();
  static_cast<void>(no_clean_up);
  thread_local const herr_t done = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  static_cast<void>(done);
}

herr_t keep_innermost(unsigned index, const H5E_error2_t* error, void* text) {
  if (index == 0 && error->desc != nullptr) {
    try {
      *static_cast<std::string*>(text) = error->desc;
    } catch (...) {  // no exception may cross libhdf5
      return -1;
    }
  }
  return 0;
}

// What the last failed call said: the system's words where its errno is the cause, else libhdf5's innermost ones.
std::string reason() {
  const int system_error = errno;
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &text);
  const bool from_system = text.find("errno = ") != std::string::npos;
  if (from_system && system_error != 0) return std::strerror(system_error);
  return text.empty() ? "libhdf5 gives no reason" : text;
}

Id text_type() {
  Id type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

Id make_space(const Shape& shape, bool appendable = false) {
  if (shape.empty()) return Id(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  std::vector<hsize_t> limits = extents;
  if (appendable) limits[0] = H5S_UNLIMITED;
  return Id(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), limits.data()));
}

herr_t collect_name(const char* name, void* names) {
  try {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  } catch (...) {  // no exception may cross libhdf5
    return -1;
  }
}

herr_t collect_link(hid_t, const char* name, const H5L_info_t*, void* names) { return collect_name(name, names); }
herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) { return collect_name(name, names); }

std::string join(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

// What the superblock says of its file ("HDF5 File Format Specification 3.0", section II.A). It stands at byte 0, 512,
// 1024, 2048, ...
struct Superblock {
  bool found = false;
  bool cut_off = false;
  std::uint64_t end_of_file = 0;  // 0 where addresses do not have the usual 8 bytes
};

Superblock read_superblock(std::ifstream& in, std::uint64_t size) {
  static constexpr unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  for (std::uint64_t at = 0; at + sizeof(signature) <= size; at = at == 0 ? 512 : at * 2) {
    unsigned char bytes[64] = {};
    in.clear();
    in.seekg(static_cast<std::streamoff>(at));
    in.read(reinterpret_cast<char*>(bytes), sizeof(bytes));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got < sizeof(signature) || std::memcmp(bytes, signature, sizeof(signature)) != 0) continue;
    const unsigned version = bytes[8];
    const std::size_t first_address = version == 0 ? 24 : version == 1 ? 28 : 12;
    const std::size_t end = first_address + 16;  // the third address, of 8 bytes each
    if (end + 8 > got) return {.found = true, .cut_off = true};
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[end + i];
    const bool usual = (version < 2 ? bytes[13] : bytes[9]) == 8;
    return {.found = true, .end_of_file = usual ? value : 0};
  }
  return {};
}

// Modification times would make equal results differ in their bytes.
Id without_times(hid_t list_class) {
  Id list(H5Pcreate(list_class));
  H5Pset_obj_track_times(list, false);
  return list;
}

void set_chunks(hid_t list, const Shape& shape, std::size_t element_bytes, bool appendable) {
  std::uint64_t left = std::max<std::uint64_t>(1, (std::uint64_t{256} << 10) / element_bytes);
  std::vector<hsize_t> chunk(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    const bool grows = appendable && d == 0;
    chunk[d] = grows ? left : std::clamp<std::uint64_t>(shape[d], 1, left);
    left = std::max<std::uint64_t>(1, left / chunk[d]);
  }
  H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_shuffle(list);
  H5Pset_deflate(list, 1);
}

}  // namespace

namespace internal {

[[noreturn]] void fail(Fault fault, const std::string& where, const std::string& what) {
  throw Error(fault, fmt::format("{}: {}", where, what));
}

hid_t check_read(hid_t status, const std::string& where, const char* what) {
  if (status < 0) fail(Fault::input, where, fmt::format("cannot read {} ({})", what, reason()));
  return status;
}

hid_t check_write(hid_t status, const std::string& where, const char* what) {
  if (status < 0) fail(Fault::system, where, fmt::format("cannot write {} ({})", what, reason()));
  return status;
}

hid_t native(Type type) {
  const hid_t types[] = {H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT8,   H5T_NATIVE_INT16,  H5T_NATIVE_INT32,
                         H5T_NATIVE_INT64, H5T_NATIVE_UINT8,  H5T_NATIVE_UINT16, H5T_NATIVE_UINT32, H5T_NATIVE_UINT64};
  return types[static_cast<int>(type)];
}

}  // namespace internal

Object::Object(std::int64_t id, std::string file, std::string path)
    : file_(std::move(file)), path_(std::move(path)), id_(id) {}

Object::Object(Object&& other) noexcept
    : file_(std::move(other.file_)), path_(std::move(other.path_)), id_(std::exchange(other.id_, -1)) {}

Object& Object::operator=(Object&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(path_, other.path_);
  std::swap(id_, other.id_);
  return *this;
}

Object::~Object() { release(); }

void Object::release() {
  silence_printing();
  if (id_ >= 0) H5Idec_ref(std::exchange(id_, -1));
}

std::int64_t Object::id() const {
  silence_printing();
  errno = 0;
  return id_;
}

std::string Object::where() const { return fmt::format("{}:{}", file_, path_); }

std::string Object::where_attribute(const std::string& name) const { return fmt::format("{}@{}", where(), name); }

bool Object::has_attribute(const std::string& name) const { return H5Aexists(id(), name.c_str()) > 0; }

std::vector<std::string> Object::attribute_names() const {
  std::vector<std::string> names;
  check_read(H5Aiterate2(id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names), where(),
             "the names of the attributes");
  return names;
}

void Object::write_attribute(const std::string& name, Type type, const Shape& shape, const void* data) {
  const std::string place = where_attribute(name);
  const Id space = make_space(shape);
  const Id attribute(
      check_write(H5Acreate2(id(), name.c_str(), native(type), space, H5P_DEFAULT, H5P_DEFAULT), place, "it"));
  check_write(H5Awrite(attribute, native(type), data), place, "it");
}

void Object::set_attribute(const std::string& name, const std::string& text) {
  const std::string place = where_attribute(name);
  const Id type = text_type();
  const Id space = make_space({});
  const Id attribute(check_write(H5Acreate2(id(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), place, "it"));
  const char* pointer = text.c_str();
  check_write(H5Awrite(attribute, type, &pointer), place, "it");
}

void Object::set_attribute(const std::string& name, const std::string& word, std::span<const std::string> words) {
  const std::string place = where_attribute(name);
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    fail(Fault::system, place, fmt::format("'{}' is none of its words; this is a bug in crosspike", word));
  const Id type(H5Tenum_create(H5T_NATIVE_UINT8));
  for (std::uint8_t i = 0; i < words.size(); ++i) H5Tenum_insert(type, words[i].c_str(), &i);
  const Id space = make_space({});
  const Id attribute(check_write(H5Acreate2(id(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), place, "it"));
  const auto value = static_cast<std::uint8_t>(found - words.begin());
  check_write(H5Awrite(attribute, type, &value), place, "it");
}

void Dataset::write_raw(Type type, const void* data) {
  if (data == nullptr) return;
  check_write(H5Dwrite(id(), native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), where(), "the data");
}

void Dataset::append_raw(Type type, const void* data, std::size_t count) {
  Shape extents = shape();
  std::uint64_t row = 1;
  for (std::size_t d = 1; d < extents.size(); ++d) row *= extents[d];
  if (extents.empty() || row == 0 || count % row != 0) {
    fail(Fault::system, where(),
         fmt::format("{} values are no whole number of rows; this is a bug in crosspike", count));
  }
  if (count == 0) return;
  std::vector<hsize_t> start(extents.size(), 0);
  std::vector<hsize_t> added(extents.begin(), extents.end());
  start[0] = extents[0];
  added[0] = count / row;
  extents[0] += added[0];
  const std::vector<hsize_t> grown(extents.begin(), extents.end());
  check_write(H5Dset_extent(id(), grown.data()), where(), "more rows");
  const Id file_space(check_write(H5Dget_space(id()), where(), "more rows"));
  check_write(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, added.data(), nullptr), where(),
              "more rows");
  const Id memory_space(H5Screate_simple(static_cast<int>(added.size()), added.data(), nullptr));
  check_write(H5Dwrite(id(), native(type), memory_space, file_space, H5P_DEFAULT, data), where(), "more rows");
}

std::string Group::absolute(const std::string& path) const {
  if (path.starts_with('/')) return path;
  return path_ == "/" ? "/" + path : path_ + "/" + path;
}

Node Group::kind(const std::string& path) const {
  // H5Lexists fails, rather than says no, where a group on the way is missing.
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(id(), part.c_str(), H5P_DEFAULT) <= 0 || H5Oexists_by_name(id(), part.c_str(), H5P_DEFAULT) <= 0)
      return Node::absent;
  }
  if (path != "/" && H5Lexists(id(), path.c_str(), H5P_DEFAULT) <= 0) return Node::absent;
  if (H5Oexists_by_name(id(), path.c_str(), H5P_DEFAULT) <= 0) return Node::absent;
  const Id object(
      check_read(H5Oopen(id(), path.c_str(), H5P_DEFAULT), fmt::format("{}:{}", file_, absolute(path)), "it"));
  switch (H5Iget_type(object)) {
    case H5I_GROUP:
      return Node::group;
    case H5I_DATASET:
      return Node::dataset;
    default:
      return Node::other;
  }
}

std::vector<std::string> Group::names() const {
  std::vector<std::string> names;
  check_read(H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_link, &names), where(),
             "the names of its members");
  return names;
}

void Group::fail_absent(const std::string& path, const char* wanted) const {
  const std::string full = absolute(path);
  const std::string place = fmt::format("{}:{}", file_, full);
  const Node found = kind(full);
  if (found == Node::group) fail(Fault::input, place, fmt::format("is a group; a {} is expected", wanted));
  if (found == Node::dataset) fail(Fault::input, place, fmt::format("is a dataset; a {} is expected", wanted));
  if (found == Node::other)
    fail(Fault::input, place, fmt::format("is neither a group nor a dataset; a {} is expected", wanted));
  // The nearest enclosing group that exists is the one whose members help.
  std::string parent = full;
  do {
    parent.resize(parent.rfind('/'));
    if (parent.empty()) parent = "/";
  } while (parent != "/" && kind(parent) != Node::group);
  const std::vector<std::string> members = group(parent).names();
  if (members.empty()) fail(Fault::input, place, fmt::format("no such {}; {} is empty", wanted, parent));
  fail(Fault::input, place, fmt::format("no such {}; {} has {}", wanted, parent, join(members)));
}

Group Group::group(const std::string& path) const {
  if (kind(path) != Node::group) fail_absent(path, "group");
  const std::string full = absolute(path);
  const std::string place = fmt::format("{}:{}", file_, full);
  return {check_read(H5Gopen2(id(), path.c_str(), H5P_DEFAULT), place, "the group"), file_, full};
}

Dataset Group::dataset(const std::string& path) const {
  if (kind(path) != Node::dataset) fail_absent(path, "dataset");
  const std::string full = absolute(path);
  const std::string place = fmt::format("{}:{}", file_, full);
  return {check_read(H5Dopen2(id(), path.c_str(), H5P_DEFAULT), place, "the dataset"), file_, full};
}

Group Group::ensure_group(const std::string& path) {
  // H5Pset_create_intermediate_group would keep times in the groups that it makes.
  const Id list = without_times(H5P_GROUP_CREATE);
  const std::string full = absolute(path);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = full.find('/', end + 1);
    const std::string part = full.substr(0, end);
    if (kind(part) != Node::absent) continue;
    const Id made(H5Gcreate2(id(), part.c_str(), H5P_DEFAULT, list, H5P_DEFAULT));
    check_write(made, fmt::format("{}:{}", file_, part), "the group");
  }
  return group(full);
}

void Group::prepare(const std::string& path) {
  // H5Dcreate2 would refuse an existing name too, but loses memory on the way.
  if (kind(path) != Node::absent) {
    fail(Fault::system, fmt::format("{}:{}", file_, path), "is written twice; this is a bug in crosspike");
  }
  if (const std::size_t slash = path.rfind('/'); slash > 0) ensure_group(path.substr(0, slash));
}

void Group::require_count(const std::string& path, const Shape& shape, std::size_t count) const {
  const std::string place = fmt::format("{}:{}", file_, absolute(path));
  if (element_count(shape, place) == count) return;
  fail(Fault::system, place,
       fmt::format("{} values do not fill shape ({}); this is a bug in crosspike", count, fmt::join(shape, ", ")));
}

Dataset Group::create(const std::string& path, Type type, const Shape& shape, Storage storage, bool appendable) {
  const std::string full = absolute(path);
  prepare(full);
  const Id list = without_times(H5P_DATASET_CREATE);
  if (storage == Storage::compressed && !shape.empty()) set_chunks(list, shape, H5Tget_size(native(type)), appendable);
  const Id space = make_space(shape, appendable);
  Id made(H5Dcreate2(id(), path.c_str(), native(type), space, H5P_DEFAULT, list, H5P_DEFAULT));
  check_write(made, fmt::format("{}:{}", file_, full), "the dataset");
  return {made.release(), file_, full};
}

Dataset Group::write_text(const std::string& path, const std::string& text) {
  return write_texts(path, {}, {&text, 1});
}

Dataset Group::write_texts(const std::string& path, const Shape& shape, std::span<const std::string> texts) {
  require_count(path, shape, texts.size());
  const std::string full = absolute(path);
  const std::string place = fmt::format("{}:{}", file_, full);
  prepare(full);
  const Id list = without_times(H5P_DATASET_CREATE);
  const Id type = text_type();
  const Id space = make_space(shape);
  Id made(H5Dcreate2(id(), path.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT));
  check_write(made, place, "the dataset");
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  if (!pointers.empty())
    check_write(H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), place, "the text");
  return {made.release(), file_, full};
}

File File::create(const std::filesystem::path& path, const std::string& shown_as) {
  silence_printing();
  errno = 0;
  const std::string shown = shown_as.empty() ? path.string() : shown_as;
  const Id access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_file_locking(access, true, true);  // a file system without locks is no reason to fail
  // The 1.8 layouts: a small group takes 0.1 instead of 1 KiB, metadata have checksums, and every reader knows them.
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
  const Id list = without_times(H5P_FILE_CREATE);
  return {check_write(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, list, access), shown, "an HDF5 file"), shown, "/"};
}

File File::open(const std::filesystem::path& path) {
  silence_printing();
  const std::string shown = path.string();
  std::error_code status;
  const auto type = std::filesystem::status(path, status).type();
  if (type == std::filesystem::file_type::not_found) fail(Fault::input, shown, "no such file");
  if (type == std::filesystem::file_type::directory) fail(Fault::input, shown, "is a folder, not an HDF5 file");
  if (type != std::filesystem::file_type::regular) fail(Fault::input, shown, "is not a regular file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(Fault::input, shown, fmt::format("cannot be opened ({})", std::strerror(errno)));
  const std::uint64_t size = std::filesystem::file_size(path);
  const Superblock superblock = read_superblock(in, size);
  if (!superblock.found) fail(Fault::input, shown, "not an HDF5 file");
  errno = 0;
  const Id access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_file_locking(access, true, true);
  Id opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access));
  if (opened < 0) {
    if (superblock.cut_off) {
      throw Error(Fault::input,
                  fmt::format("{} is truncated (it ends at byte {}, inside its superblock)", shown, size));
    }
    if (superblock.end_of_file > size) {
      throw Error(Fault::input, fmt::format("{} is truncated (superblock says {} bytes, file has {})", shown,
                                            superblock.end_of_file, size));
    }
    fail(Fault::input, shown, fmt::format("cannot be read as HDF5 ({})", reason()));
  }
  return {opened.release(), shown, "/"};
}

void File::close() {
  check_write(H5Fflush(id(), H5F_SCOPE_GLOBAL), file_, "the file");
  release();
}

}  // namespace crosspike::hdf5
