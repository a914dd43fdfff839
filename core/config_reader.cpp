// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>

namespace crosspike {
namespace {

std::string show(const Value& value) { return shown(to_inline_toml(value)); }

std::string_view type_of(const Value& value) {
  if (value.as<bool>() != nullptr) return "a boolean";
  if (value.as<std::int64_t>() != nullptr) return "an integer";
  if (value.as<double>() != nullptr) return "a number";
  if (value.as<std::string>() != nullptr) return "text";
  return value.as<Array>() != nullptr ? "a list" : "a table";
}

std::string quantity_example(Unit unit) {
  return unit == Unit::none ? std::string(example(unit)) : fmt::format("\"{}\"", example(unit));
}

// A value, with what messages call it. `key` is empty for a list's element.
struct Place {
  const Value& value;
  std::string path, key;

  [[noreturn]] void refuse_type(std::string_view takes, std::string_view example) const {
    fail_at(value.where(), fmt::format("{} is {} ({}); it takes {}, e.g. {}{}", path, show(value), type_of(value),
                                       takes, key.empty() ? "" : to_toml_key(key) + " = ", example));
  }

  [[noreturn]] void refuse_range(const std::string& allowed) const {
    fail_at(value.where(), fmt::format("{} is {}; allowed is {}", path, show(value), allowed));
  }
};

// An empty text stands for no bound.
std::string range_text(const std::string& low, const std::string& high) {
  if (low.empty()) return "at most " + high;
  return high.empty() ? "at least " + low : low + " to " + high;
}

std::string range_text(double low, double high, Unit unit) {
  const std::string most = std::isinf(high) ? "" : format_quantity(high, unit);
  if (low == above_zero) {
    return fmt::format("above {}{}", format_quantity(0.0, unit), most.empty() ? "" : ", at most " + most);
  }
  return range_text(std::isinf(low) ? "" : format_quantity(low, unit), most);
}

double checked_quantity(const Place& place, Unit unit, double low, double high) {
  double number = 0.0;
  if (const double* written = place.value.as<double>()) {
    number = *written;
  } else if (const std::int64_t* integer = place.value.as<std::int64_t>()) {
    number = static_cast<double>(*integer);
  } else if (const std::string* text = place.value.as<std::string>()) {
    try {
      number = parse_quantity(*text, unit);
    } catch (const Error& error) {
      fail_at(place.value.where(), fmt::format("{}: {}", place.path, error.what()));
    }
  } else {
    place.refuse_type(unit == Unit::none ? "a number" : fmt::format("a number of {} or text with a unit", name(unit)),
                      quantity_example(unit));
  }
  if (!std::isfinite(number)) place.refuse_type("a finite number", quantity_example(unit));
  if (number < low || number > high) place.refuse_range(range_text(low, high, unit));
  return number;
}

std::int64_t checked_integer(const Place& place, std::int64_t low, std::int64_t high) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t* integer = place.value.as<std::int64_t>();
  if (integer == nullptr) {
    const double* number = place.value.as<double>();
    const bool whole = number != nullptr && std::trunc(*number) == *number && std::abs(*number) < 0x1p53;
    const std::int64_t meant = whole ? static_cast<std::int64_t>(*number) : 1;
    place.refuse_type("an integer", fmt::format("{}", std::clamp(meant, low, high)));
  }
  if (*integer < low || *integer > high) {
    place.refuse_range(range_text(low == Limits::min() ? "" : fmt::format("{}", low),
                                  high == Limits::max() ? "" : fmt::format("{}", high)));
  }
  return *integer;
}

std::string checked_text(const Place& place, std::string_view example) {
  const std::string* text = place.value.as<std::string>();
  if (text == nullptr) place.refuse_type("text", example);
  return *text;
}

Value::Data quantity_data(double number, Unit unit) {
  return unit == Unit::none ? Value::Data(number) : Value::Data(format_quantity(number, unit));
}

}  // namespace

struct TableReader::Record {
  struct Step {  // a key read: its value, or the reader of the table there
    std::string key;
    std::optional<Value> value;
    std::shared_ptr<Record> table;
  };

  const Table* table = nullptr;
  Location where;  // of a missing table, the one that misses it
  bool missing = false;
  std::string path;
  std::string origin = Location{}.file;  // of fallbacks
  std::vector<std::string> known;        // keys asked for
  std::vector<Step> steps;

  std::string subject() const { return path.empty() ? "the top level" : path; }

  std::string path_to(const std::string& key) const { return (path.empty() ? "" : path + ".") + to_toml_key(key); }

  void learn(const std::string& key) {
    if (std::find(known.begin(), known.end(), key) == known.end()) known.push_back(key);
  }

  Step& step(const std::string& key) {
    const auto old = std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return s.key == key; });
    return old != steps.end() ? *old : steps.emplace_back(Step{key, std::nullopt, nullptr});
  }

  // `place` is empty where `data` is a fallback.
  void keep(const std::string& key, Value::Data data, const std::optional<Place>& place) {
    step(key).value.emplace(std::move(data), place ? place->value.where() : Location{origin});
  }

  bool was_read(const std::string& key) const {
    return std::any_of(steps.begin(), steps.end(), [&](const Step& s) { return s.key == key; });
  }

  std::vector<std::string> unread() const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : *table) {
      if (!was_read(key)) keys.push_back(key);
    }
    return keys;
  }

  std::optional<Place> find(const std::string& key) {
    learn(key);
    const Value* value = table->find(key);
    if (value == nullptr) return std::nullopt;
    return Place{*value, path_to(key), key};
  }

  template <typename Element, typename Read, typename Write>
  std::vector<Element> list(const std::string& key, std::string_view takes, const std::string& element_example,
                            Read read, Write write, std::vector<Element> fallback = {}) {
    const auto place = find(key);
    if (!place) {
      if (fallback.empty()) return {};
      Array kept;
      for (const Element& element : fallback) kept.emplace_back(write(element));
      keep(key, std::move(kept), place);
      return fallback;
    }
    const Array* array = place->value.as<Array>();
    if (array == nullptr) place->refuse_type(takes, fmt::format("[{}]", element_example));
    std::vector<Element> elements;
    Array kept;
    for (const Value& value : *array) {
      elements.push_back(read(Place{value, fmt::format("{}[{}]", place->path, elements.size()), ""}));
      kept.emplace_back(write(elements.back()), value.where());
    }
    keep(key, std::move(kept), place);
    return elements;
  }

  [[noreturn]] void refuse_missing(const std::string& key, std::string_view example) const {
    const auto typed = nearest(key, unread());
    const std::string hint =
        typed ? fmt::format(" (is '{}', {}, a typo of it?)", *typed, table->find(*typed)->key_where().text()) : "";
    fail_at(where, fmt::format("{} has no key '{}'{}; add a line such as: {} = {}", subject(), key, hint,
                               to_toml_key(key), example));
  }

  [[noreturn]] void refuse_unread(const std::string& key, const Location& place) const {
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      fail_at(place, fmt::format("{} has no effect here; remove it", path_to(key)));
    }
    if (known.empty())
      fail_at(place, fmt::format("{} has no key '{}'; it takes none, remove it", subject(), shown(key)));
    const auto closest = nearest(key, known);
    fail_at(place,
            fmt::format("{} has no key '{}'; {} knows: {}", subject(), shown(key),
                        closest ? fmt::format("did you mean '{}'? It", *closest) : "it", fmt::join(known, ", ")));
  }

  void finish() const {
    for (const auto& [key, value] : *table) {
      if (!was_read(key)) refuse_unread(key, value.key_where());
    }
    for (const Step& step : steps) {
      if (step.table != nullptr) step.table->finish();
    }
  }

  Value resolved() const {
    Table result;
    for (const Step& step : steps) result.set(step.key, step.table ? step.table->resolved() : *step.value);
    return Value(std::move(result), missing ? Location{} : where);
  }
};

TableReader::TableReader(const Value& table, std::string path) : record_(std::make_shared<Record>()) {
  record_->table = table.as<Table>();
  record_->where = table.where();
  record_->path = std::move(path);
  if (record_->table == nullptr) {
    fail_at(table.where(), fmt::format("{} is {} ({}); it takes a table, e.g. {} = {{ key = value }}",
                                       record_->subject(), show(table), type_of(table), record_->subject()));
  }
}

bool TableReader::has(const std::string& key) { return record_->find(key).has_value(); }

const Value* TableReader::find(const std::string& key) {
  const auto place = record_->find(key);
  if (!place) return nullptr;
  record_->step(key).value = place->value;
  return &place->value;
}

const Value& TableReader::require(const std::string& key, std::string_view example) {
  const Value* value = find(key);
  if (value == nullptr) record_->refuse_missing(key, example);
  return *value;
}

double TableReader::quantity(const std::string& key, Unit unit, std::optional<double> fallback, double low,
                             double high) {
  const auto place = record_->find(key);
  if (!place && !fallback) record_->refuse_missing(key, quantity_example(unit));
  const double number = place ? checked_quantity(*place, unit, low, high) : *fallback;
  record_->keep(key, quantity_data(number, unit), place);
  return number;
}

std::int64_t TableReader::integer(const std::string& key, std::optional<std::int64_t> fallback, std::int64_t low,
                                  std::int64_t high) {
  const auto place = record_->find(key);
  if (!place && !fallback) record_->refuse_missing(key, fmt::format("{}", std::clamp<std::int64_t>(1, low, high)));
  const std::int64_t number = place ? checked_integer(*place, low, high) : *fallback;
  record_->keep(key, number, place);
  return number;
}

bool TableReader::boolean(const std::string& key, std::optional<bool> fallback) {
  const auto place = record_->find(key);
  if (!place && !fallback) record_->refuse_missing(key, "true");
  if (place && place->value.as<bool>() == nullptr) place->refuse_type("true or false", "true");
  const bool flag = place ? *place->value.as<bool>() : *fallback;
  record_->keep(key, flag, place);
  return flag;
}

std::string TableReader::text(const std::string& key, std::optional<std::string> fallback) {
  const auto place = record_->find(key);
  if (!place && !fallback) record_->refuse_missing(key, "\"...\"");
  const std::string found = place ? checked_text(*place, "\"...\"") : *fallback;
  record_->keep(key, found, place);
  return found;
}

std::string TableReader::choice(const std::string& key, std::optional<std::string> fallback,
                                std::span<const std::string> words) {
  const std::string example = fmt::format("\"{}\"", words.front());
  const auto place = record_->find(key);
  if (!place && !fallback) record_->refuse_missing(key, example);
  const std::string word = place ? checked_text(*place, example) : *fallback;
  if (place && std::find(words.begin(), words.end(), word) == words.end()) {
    const auto closest = nearest(word, words);
    fail_at(place->value.where(),
            fmt::format("{} is {}; allowed are {}{}", place->path, show(place->value), fmt::join(words, ", "),
                        closest ? fmt::format("; did you mean '{}'?", *closest) : ""));
  }
  record_->keep(key, word, place);
  return word;
}

std::vector<std::int64_t> TableReader::integers(const std::string& key, std::int64_t low, std::int64_t high) {
  return record_->list<std::int64_t>(
      key, "a list of integers", fmt::format("{}", std::clamp<std::int64_t>(1, low, high)),
      [=](const Place& place) { return checked_integer(place, low, high); },
      [](std::int64_t number) { return Value::Data(number); });
}

std::vector<double> TableReader::quantities(const std::string& key, Unit unit, double low, double high,
                                            std::vector<double> fallback) {
  return record_->list<double>(
      key, "a list of numbers or quantities", quantity_example(unit),
      [=](const Place& place) { return checked_quantity(place, unit, low, high); },
      [=](double number) { return quantity_data(number, unit); }, std::move(fallback));
}

std::vector<std::string> TableReader::texts(const std::string& key) {
  return record_->list<std::string>(
      key, "a list of texts", "\"...\"", [](const Place& place) { return checked_text(place, "\"...\""); },
      [](const std::string& text) { return Value::Data(text); });
}

void TableReader::name_fallbacks(std::string origin) { record_->origin = std::move(origin); }

TableReader TableReader::table(const std::string& key) {
  static const Table empty;
  const auto place = record_->find(key);
  Record::Step& step = record_->step(key);
  if (step.table == nullptr) {
    TableReader reader = place ? TableReader(place->value, place->path) : TableReader(std::make_shared<Record>());
    if (!place) {
      reader.record_->table = &empty;
      reader.record_->where = record_->where;
      reader.record_->missing = true;
      reader.record_->path = record_->path_to(key);
    }
    step.table = reader.record_;
  }
  return TableReader(step.table);
}

std::vector<std::string> TableReader::names() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : *record_->table) keys.push_back(key);
  return keys;
}

const Location& TableReader::where() const { return record_->where; }

void TableReader::finish() const { record_->finish(); }

Value TableReader::resolved() const { return record_->resolved(); }

}  // namespace crosspike
