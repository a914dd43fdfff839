// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <crosspike/apps/report/axes.hpp>
#include <cstdlib>

namespace crosspike::report {
namespace {

constexpr double largest = 1e300;  // beyond it the length of an axis would overflow

double power_of_ten(int exponent) { return std::strtod(fmt::format("1e{}", exponent).c_str(), nullptr); }

// Of the leading decimal digit of a positive number.
int exponent_of(double value) {
  const std::string text = fmt::format("{:.17e}", value);
  return std::atoi(text.c_str() + text.find('e') + 1);
}

double round_step(double span, int most) {
  const double raw = span / most;
  const double power = power_of_ten(exponent_of(raw));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power * (1 + 1e-9)) return factor * power;
  return 10 * power;
}

std::string with_minus(std::string text) { return text.starts_with('-') ? "−" + text.substr(1) : text; }

std::string with_exponent(double value, int digits) {
  std::string text = fmt::format("{:.{}e}", value, digits - 1);
  const std::size_t e = text.find('e');
  return fmt::format("{}e{}", text.substr(0, e), std::atoi(text.c_str() + e + 1));
}

// All in one form, with the fewest digits that tell each within `precision`.
void write_texts(std::vector<Tick>& ticks, double precision) {
  double most = 0;
  for (const Tick& tick : ticks) most = std::max(most, std::abs(tick.value));
  const bool fixed = most < 1e6 && (most >= 1e-3 || most == 0);
  for (int digits = 0; digits <= 15; ++digits) {
    bool exact = true;
    for (Tick& tick : ticks) {
      tick.text = fixed             ? fmt::format("{:.{}f}", tick.value, digits)
                  : tick.value == 0 ? "0"
                                    : with_exponent(tick.value, digits + 1);
      exact = exact && std::abs(std::strtod(tick.text.c_str(), nullptr) - tick.value) <= precision;
    }
    if (exact) break;
  }
  for (Tick& tick : ticks) tick.text = with_minus(tick.text);
}

}  // namespace

double Axis::share(double value) const {
  const auto at = [&](double v) { return scale == Scale::logarithmic ? std::log10(v) : v; };
  if (scale == Scale::logarithmic && value <= low) return 0;
  return std::clamp((at(value) - at(low)) / (at(high) - at(low)), 0.0, 1.0);
}

Axis linear_axis(double low, double high, std::string label, int most, Ends ends) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  low = std::clamp(low, -largest, largest);
  high = std::clamp(high, -largest, largest);
  if (!(high - low > std::abs(high) * 1e-12)) {
    const double around = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= around;
    high += around;
  }
  const double step = round_step(high - low, most);
  double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  if (ends == Ends::rounded) {
    first = std::floor(low / step + 1e-9);
    last = std::ceil(high / step - 1e-9);
    low = first * step;
    high = last * step;
  }
  Axis axis{low, high, Scale::linear, std::move(label), {}};
  for (double i = first; i <= last && axis.ticks.size() < 64; ++i) axis.ticks.push_back({i * step + 0.0, {}});
  write_texts(axis.ticks, step * 1e-3);
  return axis;
}

Axis logarithmic_axis(double low, double high, std::string label, int most) {
  Axis axis{low, std::max(high, low * 1.0001), Scale::logarithmic, std::move(label), {}};
  const int from = exponent_of(axis.low), to = exponent_of(axis.high);
  const bool inner = to - from < 3;  // few powers of ten: their 2 and 5 folds too
  const int every = std::max(1, (to - from + most) / most);
  for (int e = from; e <= to; e += every)
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * power_of_ten(e);
      if (factor > 1 && !inner) break;
      if (value >= axis.low * (1 - 1e-9) && value <= axis.high * (1 + 1e-9)) axis.ticks.push_back({value, {}});
    }
  if (axis.ticks.size() < 2) axis.ticks = linear_axis(axis.low, axis.high, {}, most, Ends::as_given).ticks;
  std::vector<double> values;
  for (const Tick& tick : axis.ticks) values.push_back(tick.value);
  axis.ticks = ticks_at(values);
  return axis;
}

std::vector<Tick> ticks_at(std::span<const double> positive) {
  std::vector<Tick> ticks;
  for (const double value : positive) {
    std::vector<Tick> alone = {{value, {}}};
    write_texts(alone, value * 1e-6);
    ticks.push_back(alone[0]);
  }
  return ticks;
}

Axis category_axis(std::span<const std::string> names, std::string label) {
  Axis axis{-0.5, static_cast<double>(names.size()) - 0.5, Scale::linear, std::move(label), {}};
  for (std::size_t i = 0; i < names.size(); ++i) axis.ticks.push_back({static_cast<double>(i), names[i]});
  return axis;
}

Axis axis_for(std::span<const double> values, std::string label, int most) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > 0 && low < high * 0.4) low = 0;
  return linear_axis(low, high, std::move(label), most, Ends::rounded);
}

bool is_geometric(std::span<const double> ascending) {
  if (ascending.size() < 3 || !(ascending.front() > 0)) return false;
  double least = HUGE_VAL, most = 0;
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    const double ratio = ascending[i] / ascending[i - 1];
    least = std::min(least, ratio);
    most = std::max(most, ratio);
  }
  if (least < 1.2) return false;
  return most <= least * 1.01 || (most <= least * 1.7 && ascending.back() >= 30 * ascending.front());
}

void Frame::draw_x_ticks(Canvas& canvas) const {
  const double bottom = box.top + box.height;
  canvas.line(box.left, bottom, box.left + box.width, bottom, "axis");
  for (const Tick& tick : x.ticks) canvas.line(px(tick.value), bottom, px(tick.value), bottom + 4, "axis");
}

void Frame::draw_x(Canvas& canvas) const {
  draw_x_ticks(canvas);
  const double bottom = box.top + box.height;
  double used = -HUGE_VAL;
  for (const Tick& tick : x.ticks) {  // a text that would touch the one before it is left out
    const std::string text = shortened(tick.text, 14);
    const double half = text_width(text) / 2;
    const double at = std::clamp(px(tick.value), half + 2, plot_width - half - 2);
    if (at - half < used + 5) continue;
    canvas.text(at, bottom + 17, Anchor::middle, "soft", text);
    used = at + half;
  }
  const std::string label = shortened(x.label, 64);
  const double half = std::min(text_width(label) / 2, plot_width / 2.0 - 2);
  const double middle = std::clamp(box.left + box.width / 2, half + 2, plot_width - half - 2);
  canvas.text(middle, bottom + 33, Anchor::middle, "", label);
}

void Frame::draw_y(Canvas& canvas, bool grid) const {
  double used = HUGE_VAL;
  for (const Tick& tick : y.ticks) {
    const double at = py(tick.value);
    if (grid) canvas.line(box.left, at, box.left + box.width, at, "grid");
    canvas.line(box.left - 4, at, box.left, at, "axis");
    if (std::abs(at - used) < 12) continue;
    canvas.text(box.left - 7, at + 4, Anchor::end, "soft", shortened(tick.text, 14));
    used = at;
  }
  canvas.line(box.left, box.top, box.left, box.top + box.height, "axis");
  const auto fits = static_cast<std::size_t>(std::max(8.0, (box.height + 30) / 6.6));
  canvas.vertical_text(14, box.top + box.height / 2, "", shortened(y.label, fits));
}

double room_for(const Axis& y) {
  double widest = 0;
  for (const Tick& tick : y.ticks) widest = std::max(widest, text_width(shortened(tick.text, 14)));
  return std::ceil(widest) + 32;
}

double draw_legend(Canvas& canvas, std::span<const LegendEntry> entries, double left, double top) {
  double x = left, y = top + 10;
  for (const LegendEntry& entry : entries) {
    const std::string text = shortened(entry.text, 60);
    const double width = 34 + text_width(text) + 14;
    if (x > left && x + width > plot_width) {
      x = left;
      y += 18;
    }
    if (entry.line) {
      canvas.path("M" + coordinate(x) + " " + coordinate(y) + "h26", "line " + line_style(entry.series));
      canvas.marker(x + 13, y, entry.series);
    } else {
      canvas.rect(x + 7, y - 6, 12, 12, fill_style(entry.series));
    }
    canvas.text(x + 32, y + 4, Anchor::start, "", text);
    x += width;
  }
  return entries.empty() ? 0 : y - top + 12;
}

}  // namespace crosspike::report
