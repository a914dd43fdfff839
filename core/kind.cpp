// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/kind.hpp>

namespace crosspike {

std::string_view name(Carries carries) {
  switch (carries) {
    case Carries::spikes:
      return "spikes";
    case Carries::sums:
      return "sums";
    case Carries::values:
      return "values";
    case Carries::sums_or_values:
      return "sums or values";
  }
  return "?";
}

std::size_t volume(const Shape& shape) {
  std::size_t product = 1;
  for (const auto side : shape) product *= side;
  return product;
}

std::string text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// A field is decided where it comes out alike whatever stood there before, or other than its default.
std::vector<bool> decided_by(const Kind& kind, std::string_view convention) {
  std::vector<bool> decided(kind.params.size(), false);
  if (convention.empty()) return decided;
  std::vector<double> zeros(kind.params.size(), 0), ones(kind.params.size(), 1), values;
  for (const FieldInfo& field : kind.params) values.push_back(field.initial);
  const std::vector<double> defaults = values;
  for (std::vector<double>* all : {&zeros, &ones, &values}) kind.apply(convention, *all);
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (std::size_t p = 0; p < decided.size(); ++p)
    decided[p] = same(zeros[p], ones[p]) || !same(values[p], defaults[p]);
  return decided;
}

namespace {
template <class List, class Name>
std::optional<std::size_t> find(const List& list, Name name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (std::string_view(list[i].name) == name) return i;
  return std::nullopt;
}
}  // namespace

std::optional<std::size_t> Kind::find_param(std::string_view param) const { return find(params, param); }
std::optional<std::size_t> Kind::find_state(std::string_view field) const { return find(state, field); }
std::optional<std::size_t> Kind::find_output(std::string_view port) const { return find(outputs, port); }

std::size_t Kind::param_index(std::string_view param) const {
  if (const auto index = find_param(param)) return *index;
  throw Error(Fault::system, fmt::format("kind {} declares no parameter '{}'", name, param));
}

}  // namespace crosspike
