// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/models/network/read_values.hpp>
#include <limits>

namespace crosspike {

namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();

double read_number(const Value& value, const std::string& path, Unit unit) {
  if (const auto* number = value.as<double>()) return *number;
  if (const auto* number = value.as<std::int64_t>()) return static_cast<double>(*number);
  if (const auto* text = value.as<std::string>()) {
    try {
      return parse_quantity(*text, unit);
    } catch (const Error& error) {
      fail_at(value.where(), fmt::format("{}: {}", path, error.what()));
    }
  }
  fail_at(value.where(),
          fmt::format("{} holds {}, allowed: a number{}", path, shown(to_inline_toml(value)),
                      unit == Unit::none ? "" : fmt::format(" in {} or text like \"{}\"", name(unit), example(unit))));
}

std::pair<double, double> read_pair(const Value& value, const std::string& path, Unit unit, const char* what) {
  const Array* list = value.as<Array>();
  if (!list || list->size() != 2)
    fail_at(value.where(), fmt::format("{} = {}; write two numbers: {}", path, shown(to_inline_toml(value)), what));
  return {read_number((*list)[0], path, unit), read_number((*list)[1], path, unit)};
}

double normal_share(double mean, double deviation, double low, double high) {
  if (deviation == 0) return mean >= low && mean <= high ? 1 : 0;
  const auto below = [&](double x) { return 0.5 * std::erfc((mean - x) / (deviation * std::sqrt(2.0))); };
  return below(high) - below(low);
}

// The share of draws that min and max keep.
double kept_share(const Distribution& d) {
  switch (d.form) {
    case Distribution::Form::normal:
      return normal_share(d.a, d.b, d.low, d.high);
    case Distribution::Form::uniform:
      if (d.a == d.b) return normal_share(d.a, 0, d.low, d.high);
      return (std::min(d.b, d.high) - std::max(d.a, d.low)) / (d.b - d.a);
    case Distribution::Form::resistive_pair: {
      const double one = d.formed * (1 - d.formed), mean = d.a * d.b, deviation = std::abs(d.a * d.c);
      return (1 - d.formed) * (1 - d.formed) * normal_share(0, 0, d.low, d.high) +
             one * (normal_share(mean, deviation, d.low, d.high) + normal_share(-mean, deviation, d.low, d.high)) +
             d.formed * d.formed * normal_share(0, deviation * std::sqrt(2.0), d.low, d.high);
    }
    default:
      return 1;
  }
}

constexpr double least_share = 0.01;  // a value is drawn again 10,000 times at most: less than this would fail one day

std::string limits_text(const Distribution& d, Unit unit) {
  const std::string low = format_quantity(d.low, unit), high = format_quantity(d.high, unit);
  if (std::isinf(d.low)) return "at or below max = " + high;
  return std::isinf(d.high) ? "at or above min = " + low : fmt::format("from min = {} to max = {}", low, high);
}

// What the first row, its first row and so on say; flatten refuses rows that differ.
std::vector<std::uint64_t> shape_of(const Value& value) {
  std::vector<std::uint64_t> shape;
  for (const Array* list = value.as<Array>(); list; list = list->empty() ? nullptr : list->front().as<Array>())
    shape.push_back(list->size());
  return shape;
}

void flatten(const Value& value, const std::string& path, Unit unit, std::size_t depth, NamedArray& out) {
  const Array* list = value.as<Array>();
  if ((list != nullptr) != (depth < out.shape.size()))
    fail_at(value.where(),
            fmt::format("{} mixes numbers and lists at one depth; write numbers in rows of one length", path));
  if (!list) {
    const double number = read_number(value, path, unit);
    if (!std::isfinite(number)) fail_at(value.where(), fmt::format("{}: {} is not a finite number", path, number));
    out.values.push_back(number);
    return;
  }
  if (out.shape[depth] != list->size())
    fail_at(value.where(), fmt::format("{}: a row of {} beside rows of {}; all must be of one length", path,
                                       list->size(), out.shape[depth]));
  for (const Value& item : *list) flatten(item, path, unit, depth + 1, out);
}

NamedArray load_at(const Value& where, const std::string& path, const std::string& spec) {
  try {
    NamedArray array = load_array(spec);
    array.require_finite(path);
    return array;
  } catch (const Error& error) {
    if (error.fault() != Fault::input) throw;
    fail_at(where.where(), fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

NamedArray read_array(const Value& value, const std::string& path, Unit unit) {
  if (value.as<Array>()) {
    NamedArray array;
    array.name = path;
    array.shape = shape_of(value);
    flatten(value, path, unit, 0, array);
    return array;
  }
  if (!value.as<Table>())
    fail_at(value.where(),
            fmt::format("{} = {}; allowed: a list or {{ file = \"x.npy\" }}", path, shown(to_inline_toml(value))));
  TableReader reader(value, path);
  const std::string file = reader.text("file", required);
  reader.finish();
  return load_at(value, path, file);
}

Distribution read_distribution(const Value& value, const std::string& path, Unit unit) {
  if (value.as<Array>()) return Distribution::each(read_array(value, path, unit).values);
  if (!value.as<Table>()) return Distribution::constant(read_number(value, path, unit));
  TableReader reader(value, path);
  Distribution d;
  if (const Value* normal = reader.find("normal")) {
    const auto [mean, deviation] = read_pair(*normal, path + ".normal", unit, "mean and standard deviation");
    d = Distribution::normal(mean, deviation);
  } else if (const Value* uniform = reader.find("uniform")) {
    const auto [from, to] = read_pair(*uniform, path + ".uniform", unit, "from and to");
    d = Distribution::uniform(from, to);
  } else if (const Value* scale = reader.find("resistive_pair")) {
    const double formed = reader.quantity("formed", Unit::none, 0.5, 0, 1);
    const double mean = reader.quantity("mean", Unit::none, 12.3, -unbounded, unbounded);
    const double deviation = reader.quantity("deviation", Unit::none, 1.8, 0, unbounded);
    d = Distribution::resistive_pair(read_number(*scale, path + ".resistive_pair", unit), mean, deviation, formed);
  } else if (reader.has("file")) {
    d = Distribution::each(load_at(value, path, reader.text("file", required)).values);
  } else {
    const std::string forms[] = {"normal", "uniform", "resistive_pair", "file"};
    std::string hint;
    for (const std::string& key : reader.names())
      if (const auto near = nearest(key, forms)) hint = fmt::format("did you mean '{}'? ", *near);
    fail_at(
        value.where(),
        fmt::format("{} = {}; {}allowed: a number, a list, {{ normal = [mean, deviation] }}, {{ uniform = [from, to] "
                    "}}, {{ resistive_pair = scale }}, {{ file = \"x.npy\" }}",
                    path, shown(to_inline_toml(value)), hint));
  }
  if (reader.has("min")) d.low = reader.quantity("min", unit, required, -unbounded, unbounded);
  if (reader.has("max")) d.high = reader.quantity("max", unit, required, -unbounded, unbounded);
  reader.finish();
  if (const auto problem = d.trouble()) fail_at(value.where(), fmt::format("{}: {}", path, *problem));
  if (kept_share(d) < least_share)
    fail_at(value.where(), fmt::format("{} = {}: fewer than 1 in {:.0f} draws lie {}; widen min and max", path,
                                       shown(to_inline_toml(value)), 1 / least_share, limits_text(d, unit)));
  return d;
}

std::vector<double> read_parts(const Value& value, const std::string& path, Unit unit, std::size_t size) {
  TableReader reader(value, path);
  const Value& written = *reader.find("parts");
  reader.finish();
  constexpr const char* example = "write pairs of share and value, e.g. { parts = [[0.8, 3], [0.2, 2]] }";
  const Array* parts = written.as<Array>();
  if (!parts || parts->empty()) fail_at(written.where(), fmt::format("{}.parts is no list; {}", path, example));
  std::vector<double> all;
  double shares = 0;
  for (const Value& part : *parts) {
    const Array* pair = part.as<Array>();
    if (!pair || pair->size() != 2) fail_at(part.where(), fmt::format("{}.parts: {}", path, example));
    const double share = read_number((*pair)[0], path + ".parts", Unit::none);
    if (!(share >= 0 && share <= 1))
      fail_at((*pair)[0].where(), fmt::format("{}.parts: a share is {:g}; 0 to 1 is allowed", path, share));
    shares += share;
    const double number = read_number((*pair)[1], path + ".parts", unit);
    // As an excitatory share of 0.8 leaves size / 5 to the others.
    const double end = static_cast<double>(size) - std::floor((1 - shares) * static_cast<double>(size) + 1e-9);
    if (!(end >= 0 && end <= static_cast<double>(size))) break;
    all.resize(std::max(all.size(), static_cast<std::size_t>(end)), number);
  }
  if (!(std::abs(shares - 1) < 1e-9))
    fail_at(written.where(), fmt::format("{}.parts: the shares add up to {:g}; 1 is expected", path, shares));
  all.resize(size, all.empty() ? 0 : all.back());
  return all;
}

}  // namespace crosspike
