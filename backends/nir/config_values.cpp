// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <crosspike/backends/nir/config_values.hpp>

namespace crosspike::nir {

namespace {

constexpr std::size_t longest_in_place = 64;

Value nested(const std::vector<std::uint64_t>& shape, const std::vector<double>& values, std::size_t depth,
             std::size_t& next) {
  if (depth == shape.size()) return Value(values[next++]);
  Array list;
  for (std::uint64_t i = 0; i < shape[depth]; ++i) list.push_back(nested(shape, values, depth + 1, next));
  return Value(std::move(list));
}

Value scalar(const FieldInfo& field, double value) {
  if (!field.words.empty()) return Value(field.words[static_cast<std::size_t>(value)]);
  if (field.boolean) return Value(value != 0);
  if (field.integer) return Value(static_cast<std::int64_t>(value));
  if (field.unit != Unit::none) return Value(format_quantity(value, field.unit));
  return Value(value);
}

bool alike(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

std::string config_name(const std::string& name, const std::string& type) {
  std::string made;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    const bool starts = made.empty() || made.back() == '.';
    if (starts && (std::isdigit(u) || c == '_')) {
      for (const char t : type) made += static_cast<char>(std::tolower(static_cast<unsigned char>(t)));
      made += '_';
      if (c == '_') continue;
    }
    if (u < 128 && std::isalnum(u))
      made += static_cast<char>(std::tolower(u));
    else if (c == '.' && !made.empty() && made.back() != '.')
      made += '.';
    else if (!made.empty() && made.back() != '.')
      made += '_';
  }
  while (made.ends_with('.')) made.pop_back();
  return made.empty() ? "node" : made;
}

void set_shape(Table& table, const Shape& shape) {
  if (shape.size() == 1) {
    table.set("size", Value(std::int64_t{shape[0]}));
    return;
  }
  Array sides;
  for (const std::uint32_t side : shape) sides.emplace_back(std::int64_t{side});
  table.set("shape", Value(std::move(sides)));
}

Value ArrayStore::numbers(const std::string& name, std::vector<std::uint64_t> shape, std::vector<double> values) {
  if (values.size() <= longest_in_place) {
    std::size_t next = 0;
    return nested(shape, values, 0, next);
  }
  Table table;
  table.set("file", Value(fmt::format("{}:/{}", file_, name)));
  arrays_.push_back({name, std::move(shape), std::move(values)});
  return Value(std::move(table));
}

Value ArrayStore::integers(const std::string& name, const std::vector<double>& values) {
  if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; }))
    return Value(static_cast<std::int64_t>(values[0]));
  return numbers(name, {values.size()}, values);
}

Table population_table(const Node& node, const std::string& convention, ArrayStore& arrays) {
  Table table;
  table.set("kind", Value(node.kind->name));
  set_shape(table, node.shape);
  if (!convention.empty()) table.set("convention", Value(convention));
  const Node preset = make_node(node.name, *node.kind, node.shape, convention);
  const auto replaced = [&](const std::string& name) {  // by another parameter, which stands in its stead
    return std::any_of(node.kind->exclusive.begin(), node.kind->exclusive.end(), [&](const auto& pair) {
      const std::string& other = pair.first == name ? pair.second : pair.first;
      if (pair.first != name && pair.second != name) return false;
      const Param& stands = node.param(other);
      const bool wins = other == "decay" || other == "tau_syn";
      return wins && (!stands.each.empty() || is_set(stands.value));
    });
  };
  for (std::size_t p = 0; p < node.params.size(); ++p) {
    const FieldInfo& field = node.kind->params[p];
    const Param& param = node.params[p];
    if (replaced(field.name)) continue;
    if (!param.each.empty())
      table.set(field.name, arrays.numbers(node.name + "/" + field.name, {param.each.size()}, param.each));
    else if (!alike(param.value, preset.params[p].value))
      table.set(field.name, scalar(field, param.value));
  }
  return table;
}

}  // namespace crosspike::nir
