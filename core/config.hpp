// SPDX-License-Identifier: Apache-2.0
// Configs: TOML text as a tree of values that remember where they were written, overrides (--set), a writer, and a
// reader of tables that checks types, units and ranges and refuses unknown keys. Every error is one line,
// "FILE:LINE:COLUMN: what is wrong, what is allowed, how to mend it", thrown as Error(Fault::input).
#pragma once

#include <crosspike/core/units.hpp>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace crosspike {

struct Location {
  std::string file = "default";  // path of the file, "--set KEY", "default", or what chose it: `convention "nest"`
  int line = 0;                  // from 1; 0 where the source has no lines
  int column = 0;                // from 1, in characters

  std::string text() const;  // "a.toml:12:3", "--set run.dt", "default"
};

[[noreturn]] void fail_at(const Location&, std::string_view message);

class Value;
using Array = std::vector<Value>;

// Keys in order of appearance, each once.
class Table {
 public:
  using Entry = std::pair<std::string, Value>;

  Table();
  explicit Table(std::vector<Entry> entries);  // whose keys must differ

  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  Value& set(std::string key, Value value);  // replaces in place, or appends

  std::vector<Entry>::const_iterator begin() const;
  std::vector<Entry>::const_iterator end() const;
  std::vector<Entry>::iterator begin();
  std::vector<Entry>::iterator end();
  std::size_t size() const;
  bool empty() const { return size() == 0; }

 private:
  std::vector<Entry> entries_;
};

class Value {
 public:
  using Data = std::variant<bool, std::int64_t, double, std::string, Array, Table>;

  explicit Value(Data data, Location where = {}) : data_(std::move(data)), where_(std::move(where)) {}

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }  // null where it holds another type
  template <typename T>
  T* as() {
    return std::get_if<T>(&data_);
  }

  const Location& where() const { return where_; }  // of the value; of a [table], its header
  Location key_where() const;                       // of the key that names it; where() for a list's element
  void set_where(Location where);                   // for the value, its key and everything inside
  void set_key_position(int line, int column);

  // Types and contents, including the order of keys, not locations. NaN equals NaN, -0.0 differs from 0.0.
  friend bool operator==(const Value&, const Value&);

 private:
  Data data_;
  Location where_;
  int key_line_ = 0, key_column_ = 0;  // 0: where_
};

inline Table::Table() = default;
inline Table::Table(std::vector<Entry> entries) : entries_(std::move(entries)) {}
inline std::vector<Table::Entry>::const_iterator Table::begin() const { return entries_.begin(); }
inline std::vector<Table::Entry>::const_iterator Table::end() const { return entries_.end(); }
inline std::vector<Table::Entry>::iterator Table::begin() { return entries_.begin(); }
inline std::vector<Table::Entry>::iterator Table::end() { return entries_.end(); }
inline std::size_t Table::size() const { return entries_.size(); }

inline constexpr std::size_t largest_config = std::size_t{64} << 20;  // bytes

// TOML 1.0 without dates and NUL, at most largest_config, 64 levels and a million values. `file` is what locations say.
// The result is a table. The key `format` is not checked.
Value parse_config(std::string_view text, const std::string& file);

// Checks the top-level key `format`: missing or other than 1 is an error. The key stays in the tree.
void require_format(const Value& root);

// Reads, parses and checks the format of a file (or pipe).
Value load_config(const std::filesystem::path&);

// "run.time=2 s", `placement."liquid.recurrent"=cpu`: the key is TOML's, the value is TOML or else text. Replaces the
// value or adds it, with the tables on its way.
void apply_override(Value& root, std::string_view assignment);

// The same in two steps, for options other than --set, which messages and locations name.
struct Assignment {
  std::string option, key;        // as written
  std::vector<std::string> path;  // the names in `key`
  std::string value;

  Location where() const;  // "--set run.time"
};
Assignment parse_assignment(std::string_view text, std::string_view option = "--set");
void apply_override(Value& root, const Assignment& assignment);

// The table without one of its keys; what is no table stays as it is.
Value without(const Value& table, std::string_view removed);

// A key with unlike values, as inline TOML; empty where one of the two lacks it. The order of keys makes no difference.
struct ConfigDifference {
  std::string path;  // "run.dt"
  std::optional<std::string> a, b;
};
std::vector<ConfigDifference> differences(const Value& a, const Value& b);  // a's keys in their order, then b's own

// The same text for equal trees; parse_config(to_toml(table), ...) == table. Throws where `table` is not a table.
std::string to_toml(const Value& table);
// The same document, each line with a comment that says where its value comes from: "a.toml:12:3", "--set run.dt",
// "default", `convention "nest"`. Keys of an inline table that come from elsewhere are named.
std::string to_annotated_toml(const Value& table);
std::string to_inline_toml(const Value&);       // on one line, as on the right of a `=`
std::string to_toml_key(std::string_view key);  // in quotes where it must be

// For TableReader: no fallback, a missing key is an error.
inline constexpr std::nullopt_t required = std::nullopt;

// For TableReader: a lower bound that admits every positive (normal) number.
inline constexpr double above_zero = std::numeric_limits<double>::min();

// Reads one table. Each key that is read is ticked off; finish() refuses the rest. Ranges include their ends. A reader
// and its copies share their ticks, and must not outlive the tree that they read.
class TableReader {
 public:
  TableReader(const Value& table, std::string path);  // path names it in messages, "populations.exc"; "" for the root

  bool has(const std::string& key);                                        // doesn't tick it off
  const Value* find(const std::string& key);                               // null where missing
  const Value& require(const std::string& key, std::string_view example);  // example of a value, for the message
  double quantity(const std::string& key, Unit, std::optional<double> fallback, double low, double high);
  std::int64_t integer(const std::string& key, std::optional<std::int64_t> fallback, std::int64_t low,
                       std::int64_t high);
  bool boolean(const std::string& key, std::optional<bool> fallback);
  std::string text(const std::string& key, std::optional<std::string> fallback);
  std::string choice(const std::string& key, std::optional<std::string> fallback, std::span<const std::string> words);

  // Empty where missing; has() tells a missing list from an empty one.
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t low, std::int64_t high);
  std::vector<double> quantities(const std::string& key, Unit, double low, double high,
                                 std::vector<double> fallback = {});
  std::vector<std::string> texts(const std::string& key);

  void name_fallbacks(std::string origin);  // what locations of fallbacks say from now on, in place of "default"

  TableReader table(const std::string& key);  // a missing table is read as an empty one, every key at its fallback
  std::vector<std::string> names() const;     // of all keys that the table holds, in order
  const Location& where() const;

  void finish() const;     // of this table and every table read from it
  Value resolved() const;  // every key read, in that order, with the fallbacks used; quantities as "20 ms"

 private:
  struct Record;
  explicit TableReader(std::shared_ptr<Record> record) : record_(std::move(record)) {}

  std::shared_ptr<Record> record_;
};

}  // namespace crosspike
