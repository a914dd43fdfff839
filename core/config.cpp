// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <cstring>
#include <fstream>
#include <system_error>

namespace crosspike {
namespace {

constexpr std::size_t most_names_compared = 10'000;  // of a folder, when looking for a similar one

[[noreturn]] void refuse_missing(const std::filesystem::path& path) {
  if (path == "-") fail_at({"-"}, "no such file; to read a config from stdin, write /dev/stdin");
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    fail_at({path.string()}, fmt::format("no such file; its folder '{}' does not exist either", folder.string()));
  }
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (names.size() == most_names_compared) break;
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const auto closest = nearest(path.filename().string(), names);
  fail_at({path.string()}, closest ? fmt::format("no such file; did you mean '{}'?",
                                                 path.has_parent_path() ? (folder / *closest).string() : *closest)
                                   : "no such file; check the path");
}

void refuse_binary(std::string_view text, const std::filesystem::path& path) {
  if (text.starts_with("\x89HDF\r\n\x1a\n"))
    fail_at({path.string()},
            fmt::format("is an HDF5 file, no config; what results hold shows: crosspike info {}", path.string()));
  if (text.starts_with("\x93NUMPY"))
    fail_at({path.string()}, fmt::format("is a .npy array, no config; a config names it: {{ file = {} }}",
                                         to_inline_toml(Value(path.string()))));
}

// The keys down to the placeholder 0 that an override's key was parsed with; none where there is more or less to it.
std::vector<std::string> path_of(const Value& root) {
  std::vector<std::string> path;
  const Value* value = &root;
  for (const Table* table = value->as<Table>(); table != nullptr && table->size() == 1; table = value->as<Table>()) {
    path.push_back(table->begin()->first);
    value = &table->begin()->second;
  }
  if (value->as<std::int64_t>() == nullptr) path.clear();
  return path;
}

// Null where `root` holds anything beside the one value that `path` leads to.
const Value* only_value_at(const Value& root, const std::vector<std::string>& path) {
  const Value* value = &root;
  for (const std::string& key : path) {
    const Table* table = value->as<Table>();
    if (table == nullptr || table->size() != 1 || table->begin()->first != key) return nullptr;
    value = &table->begin()->second;
  }
  return value;
}

// The `=` that ends the key: the first outside quotes.
std::size_t end_of_key(std::string_view assignment) {
  char quote = 0;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    const char c = assignment[i];
    if (quote == '"' && c == '\\') {
      ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '=') {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") + 1 - first));
}

bool on_one_line(std::string_view text) { return text.find_first_of("\r\n") == std::string_view::npos; }

Value parse_override(const std::string& key, const std::vector<std::string>& path, const std::string& text,
                     const Location& where) {
  if (on_one_line(text)) {
    try {
      const Value root = parse_config(fmt::format("{} = {}", key, text), where.file);
      if (const Value* value = only_value_at(root, path)) return *value;
    } catch (const Error&) {
      // Not TOML: taken as text below.
    }
  }
  try {
    const Value quoted{text};
    return *only_value_at(parse_config(fmt::format("{} = {}", key, to_inline_toml(quoted)), where.file), path);
  } catch (const Error&) {
    fail_at(where, "the value is not UTF-8 text; write it in UTF-8");
  }
}

}  // namespace

Location Assignment::where() const { return {fmt::format("{} {}", option, key)}; }

std::string Location::text() const { return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column); }

void fail_at(const Location& where, std::string_view message) {
  const std::string place = where.text();
  // "--set KEY" names its key already, which most messages begin with.
  const std::size_t blank = place.starts_with("--") ? place.find(' ') : std::string::npos;
  const std::string_view key =
      blank != std::string::npos ? std::string_view(place).substr(blank + 1) : std::string_view();
  const std::string_view after = !key.empty() && message.starts_with(key) ? message.substr(key.size()) : "";
  const bool twice = !after.empty() && std::string_view(" :.[").find(after.front()) != std::string_view::npos;
  throw Error(Fault::input, one_line(fmt::format("{}{}{}", place, twice ? "" : ": ", twice ? after : message)));
}

const Value* Table::find(std::string_view key) const {
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == key; });
  return entry == entries_.end() ? nullptr : &entry->second;
}

Value* Table::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value& Table::set(std::string key, Value value) {
  if (Value* old = find(key)) return *old = std::move(value);
  return entries_.emplace_back(std::move(key), std::move(value)).second;
}

Location Value::key_where() const { return key_line_ == 0 ? where_ : Location{where_.file, key_line_, key_column_}; }

void Value::set_where(Location where) {
  where_ = std::move(where);
  key_line_ = key_column_ = 0;
  if (Array* array = as<Array>()) {
    for (Value& element : *array) element.set_where(where_);
  } else if (Table* table = as<Table>()) {
    for (auto& [key, value] : *table) value.set_where(where_);
  }
}

void Value::set_key_position(int line, int column) {
  key_line_ = line;
  key_column_ = column;
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return false;
  if (const double* x = a.as<double>()) {
    const double y = *b.as<double>();
    return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(y) || (std::isnan(*x) && std::isnan(y));
  }
  if (const Table* table = a.as<Table>()) {
    return std::equal(table->begin(), table->end(), b.as<Table>()->begin(), b.as<Table>()->end());
  }
  if (const Array* array = a.as<Array>()) return *array == *b.as<Array>();
  if (const std::string* text = a.as<std::string>()) return *text == *b.as<std::string>();
  if (const bool* flag = a.as<bool>()) return *flag == *b.as<bool>();
  return *a.as<std::int64_t>() == *b.as<std::int64_t>();
}

void require_format(const Value& root) {
  const Table* table = root.as<Table>();
  const Value* format = table == nullptr ? nullptr : table->find("format");
  if (format == nullptr) fail_at(root.where(), "the top-level key 'format' is missing; add the line: format = 1");
  if (const std::int64_t* version = format->as<std::int64_t>(); version == nullptr || *version != 1) {
    const bool newer = version != nullptr && *version > 1;
    fail_at(format->where(), fmt::format("format is {}, but this crosspike reads format 1; {}", to_inline_toml(*format),
                                         newer ? "use a newer crosspike" : "write: format = 1"));
  }
}

Value load_config(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) refuse_missing(path);
  if (std::filesystem::is_directory(status)) fail_at({path.string()}, "is a folder; name a file, e.g. config.toml");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    fail_at({path.string()}, fmt::format("cannot be opened ({}); check its permissions", std::strerror(errno)));
  std::string text;  // grows with what is read: a config may come through a pipe, which has no size
  for (std::vector<char> buffer(1 << 16); file && text.size() <= largest_config;) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw Error(Fault::system, fmt::format("{}: reading failed", path.string()));
  refuse_binary(text, path);
  Value root = parse_config(text, path.string());
  require_format(root);
  return root;
}

Value without(const Value& table, std::string_view removed) {
  if (!table.as<Table>()) return table;  // refused where it is read
  Table kept;
  for (const auto& [key, value] : *table.as<Table>())
    if (key != removed) kept.set(key, value);
  return Value(std::move(kept), table.where());
}

Assignment parse_assignment(std::string_view text, std::string_view option) {
  const std::size_t equals = end_of_key(text);
  Assignment assignment{.option = std::string(option), .key = trimmed(text.substr(0, equals)), .path = {}, .value = {}};
  const std::string& key = assignment.key;
  const std::string example = fmt::format("write KEY=VALUE, e.g. {} run.dt=\"0.1 ms\"", option);
  if (key.empty()) fail_at({fmt::format("{} {}", option, shown(text))}, fmt::format("the key is missing; {}", example));
  const Location cut{fmt::format("{} {}", option, shown(key))};
  if (equals == std::string_view::npos) fail_at(cut, fmt::format("has no '='; {}", example));
  try {
    if (on_one_line(key)) assignment.path = path_of(parse_config(key + " = 0", assignment.where().file));
  } catch (const Error&) {
    // Refused below, with what a key looks like.
  }
  if (assignment.path.empty()) {
    fail_at(cut, "is not a key; write names joined by dots, those with dots in quotes: placement.\"liquid.input\"=cpu");
  }
  assignment.value = trimmed(text.substr(equals + 1));
  return assignment;
}

void apply_override(Value& root, std::string_view assignment) { apply_override(root, parse_assignment(assignment)); }

void apply_override(Value& root, const Assignment& assignment) {
  const std::vector<std::string>& path = assignment.path;
  const Location where = assignment.where();
  Value value = parse_override(assignment.key, path, assignment.value, where);
  value.set_where(where);

  Value* target = &root;
  std::string walked;
  for (std::size_t i = 0; i < path.size(); ++i) {
    Table* table = target->as<Table>();
    if (table == nullptr) {
      fail_at(where, fmt::format("{} is {} ({}), not a table, and holds no '{}'", walked,
                                 shown(to_inline_toml(*target)), target->where().text(), path[i]));
    }
    if (i + 1 == path.size()) {
      table->set(path[i], std::move(value));
      return;
    }
    Value* next = table->find(path[i]);
    target = next != nullptr ? next : &table->set(path[i], Value(Table(), where));
    walked += (i == 0 ? "" : ".") + path[i];
  }
}

}  // namespace crosspike
