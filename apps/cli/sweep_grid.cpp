// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <crosspike/apps/cli/sweep_grid.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/shown.hpp>
#include <optional>
#include <string_view>

namespace crosspike::cli {

namespace {

constexpr std::size_t most_values = 10'000;  // of one key

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// At commas outside quotes and brackets.
std::vector<std::string> split(const Assignment& key, std::string_view text) {
  std::vector<std::string> items(1);
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' && quote == 0 && depth == 0) {
      items.emplace_back();
      continue;
    }
    items.back() += c;
    if (quote == '"' && c == '\\' && i + 1 < text.size()) {
      items.back() += text[++i];
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  if (quote != 0 || depth != 0)
    fail_at(key.where(),
            fmt::format("{} in {}; close it", quote != 0 ? "a quote is open" : "brackets do not match", shown(text)));
  for (std::string& item : items) item = trimmed(item);
  if (std::any_of(items.begin(), items.end(), [](const std::string& item) { return item.empty(); }))
    fail_at(key.where(), fmt::format("a value is missing in '{}'; write KEY=A,B,C", shown(text)));
  return items;
}

// A number with what follows it.
struct Quantity {
  double number = 0;
  std::string unit;
};

std::optional<Quantity> quantity_of(std::string_view text) {
  text = trimmed(text);
  Quantity q;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), q.number);
  if (code != std::errc() || !std::isfinite(q.number)) return std::nullopt;
  const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
  q.unit = trimmed(text.substr(digits.size()));
  return q;
}

// "10 ms..50 ms:5" and "1..1000:log4"; nothing where `item` is no range.
std::optional<std::vector<std::string>> range(const Assignment& key, const std::string& item) {
  const auto dots = item.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const auto low = quantity_of(std::string_view(item).substr(0, dots));
  if (!low) return std::nullopt;
  const auto refuse = [&](const std::string& why) {
    fail_at(key.where(), fmt::format("the range '{}' {}; write e.g. 10..50:5, \"10 ms..50 ms:5\" or 1..1000:log4",
                                     shown(item), why));
  };
  const auto colon = item.rfind(':');
  if (colon == std::string::npos || colon < dots) refuse("does not say how many values it has");
  const auto high = quantity_of(std::string_view(item).substr(dots + 2, colon - dots - 2));
  if (!high) refuse("has no number behind its dots");
  if (!low->unit.empty() && low->unit != high->unit) refuse("has two units");
  std::string_view count = trimmed(std::string_view(item).substr(colon + 1));
  const bool log = count.starts_with("log");
  if (log) count.remove_prefix(3);
  std::size_t n = 0;
  const auto [end, code] = std::from_chars(count.data(), count.data() + count.size(), n);
  if (code != std::errc() || end != count.data() + count.size() || n < 2 || n > most_values)
    refuse(fmt::format("has a count that is no whole number from 2 to {}", most_values));
  if (log && (low->number <= 0 || high->number <= 0)) refuse("is logarithmic and needs two positive ends");
  std::vector<double> numbers;
  for (std::size_t i = 0; i < n; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(n - 1);
    const double inner = log ? low->number * std::pow(high->number / low->number, share)
                             : low->number + (high->number - low->number) * share;
    numbers.push_back(i == 0 ? low->number : i + 1 == n ? high->number : inner);
  }
  std::vector<std::string> values;
  for (const double number : numbers) {
    const std::string text = fmt::format("{:.12g}", number);  // not 0.30000000000000004
    values.push_back(high->unit.empty() ? text : fmt::format("\"{} {}\"", text, high->unit));
  }
  return values;
}

const Value& at(const Value& root, const std::vector<std::string>& path) {
  const Value* value = &root;
  for (const std::string& key : path) value = value->as<Table>()->find(key);
  return *value;
}

std::string shown_value(Assignment assignment, const std::string& text) {
  assignment.value = text;
  Value root{Table{}};
  apply_override(root, assignment);
  const Value& value = at(root, assignment.path);
  const auto* words = value.as<std::string>();
  return words ? *words : to_inline_toml(value);
}

bool leads_to(const std::vector<std::string>& outer, const std::vector<std::string>& inner) {
  return outer.size() <= inner.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

GridKey read_key(const std::string& option) {
  GridKey key{parse_assignment(option, "--grid"), {}, {}};
  for (const std::string& item : split(key.assignment, key.assignment.value)) {
    const auto more = range(key.assignment, item);
    if (more)
      key.values.insert(key.values.end(), more->begin(), more->end());
    else
      key.values.push_back(item);
  }
  if (key.values.size() > most_values)
    fail_at(key.assignment.where(), fmt::format("has {} values; allowed are up to {}", key.values.size(), most_values));
  for (const std::string& value : key.values) {
    key.shown.push_back(shown_value(key.assignment, value));
    if (std::count(key.shown.begin(), key.shown.end(), key.shown.back()) > 1)
      fail_at(key.assignment.where(), fmt::format("{} stands there twice; leave one out", shown(key.shown.back())));
  }
  return key;
}

}  // namespace

Grid::Grid(const std::vector<std::string>& options, const std::vector<std::string>& overrides) {
  for (const std::string& option : options) {
    GridKey key = read_key(option);
    const auto& path = key.assignment.path;
    if (path.front() == "seed")
      fail_at(key.assignment.where(),
              "seeds are no part of the grid; write --seeds N for N seeds from that of the config, or of --seed, on");
    for (const GridKey& other : keys_)
      if (leads_to(path, other.assignment.path) || leads_to(other.assignment.path, path))
        fail_at(key.assignment.where(), fmt::format("--grid {} sets it too; write one of them", other.assignment.key));
    for (const std::string& text : overrides)
      if (const Assignment set = parse_assignment(text); leads_to(path, set.path))
        fail_at(set.where(), fmt::format("has no effect: --grid {} sets it too; remove one", key.assignment.key));
    keys_.push_back(std::move(key));
  }
}

std::size_t Grid::points() const {
  std::size_t product = 1;
  for (const GridKey& key : keys_) {
    if (product > 1'000'000'000 / key.values.size()) return 1'000'000'000;  // more than anybody may ask for
    product *= key.values.size();
  }
  return product;
}

std::size_t Grid::value_of(std::size_t point, std::size_t key) const {
  for (std::size_t k = keys_.size() - 1; k > key; --k) point /= keys_[k].values.size();
  return point % keys_[key].values.size();
}

std::vector<std::string> Grid::shown(std::size_t point) const {
  std::vector<std::string> values;
  for (std::size_t k = 0; k < keys_.size(); ++k) values.push_back(keys_[k].shown[value_of(point, k)]);
  return values;
}

std::string Grid::name(std::size_t point) const {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < keys_.size(); ++k)
    parts.push_back(fmt::format("{} = {}", keys_[k].assignment.key, keys_[k].shown[value_of(point, k)]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

void Grid::apply(Value& config, std::size_t point) const {
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    Assignment assignment = keys_[k].assignment;
    assignment.value = keys_[k].values[value_of(point, k)];
    apply_override(config, assignment);
  }
}

}  // namespace crosspike::cli
