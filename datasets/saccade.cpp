// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/math.hpp>
#include <crosspike/datasets/saccade.hpp>
#include <limits>
#include <utility>

namespace crosspike {
namespace {

constexpr double min_threshold = 0.01;
constexpr int tabled_powers = 32;
constexpr std::int64_t max_steps = 100'000;  // of a segment

// Box-Muller from 32-bit words does not reach beyond 6.7 standard deviations.
constexpr double gaussian_reach = 6.7;

[[noreturn]] void refuse(const std::string& what) { throw Error(Fault::input, what); }

void in_range(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high))
    refuse(fmt::format("{} = {} is out of range; {} to {} is allowed", name, value, low, high));
}

std::int64_t whole_microseconds(const char* name, double milliseconds) {
  const double us = milliseconds * 1000;
  if (std::abs(us - std::round(us)) > 1e-6)
    refuse(fmt::format("{} = {} ms is not a whole number of microseconds", name, milliseconds));
  return std::llround(us);
}

constexpr std::array<double, 256> make_intensities() {
  std::array<double, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<double>(i) / 255;
  return table;
}
constexpr std::array<double, 256> intensities = make_intensities();

}  // namespace

void check(const SaccadeOptions& o) {
  in_range("height", o.height, 1, 1024);
  in_range("width", o.width, 1, 1024);
  in_range("excursion", o.excursion_px, 0, 1024);
  in_range("segment", o.segment_ms, 0.001, 1e5);
  in_range("step", o.step_ms, 0.001, 1e5);
  in_range("epsilon", o.epsilon, 1e-6, 1);
  in_range("threshold", o.threshold, min_threshold, 10);
  in_range("threshold_mismatch", o.threshold_mismatch, 0, 1);
  in_range("leak_rate", o.leak_rate_hz, 0, 1000);
  in_range("shot_noise", o.shot_noise_hz, 0, 10000);
  in_range("jitter", o.jitter_ms, 0, 1000);
  in_range("refractory", o.refractory_ms, 0, 1e6);
  in_range("max_events_per_step", o.max_events_per_step, 0, 1e6);
  const std::int64_t segment_us = whole_microseconds("segment", o.segment_ms);
  const std::int64_t step_us = whole_microseconds("step", o.step_ms);
  if (segment_us % step_us != 0)
    refuse(fmt::format("a segment of {} ms is not a whole number of steps of {} ms", o.segment_ms, o.step_ms));
  if (segment_us / step_us > max_steps)
    refuse(fmt::format("a segment of {} ms has {} steps of {} ms; at most {} are allowed", o.segment_ms,
                       segment_us / step_us, o.step_ms, max_steps));
  // The leak multiplies intensities by exp(rate x threshold x time), which must stay far from overflow.
  const double growth = o.leak_rate_hz * (o.threshold + gaussian_reach * o.threshold_mismatch) * o.duration_ms() / 1000;
  if (growth > 600)
    refuse(
        fmt::format("a leak_rate of {} Hz is too much for a threshold of {} and {} ms; leak_rate x threshold x "
                    "duration must stay below 600",
                    o.leak_rate_hz, o.threshold, o.duration_ms()));
}

SaccadeConverter::SaccadeConverter(const SaccadeOptions& options, int image_height, int image_width,
                                   std::string_view split)
    : options_(options), image_height_(image_height), image_width_(image_width) {
  check(options);
  if (image_height < 1 || image_width < 1 || image_height > options.height || image_width > options.width)
    refuse(
        fmt::format("images of {} x {} pixels do not fit the field of {} x {}; set height and width to at least "
                    "the image's",
                    image_height, image_width, options.height, options.width));
  step_us_ = whole_microseconds("step", options.step_ms);
  duration_us_ = 3 * whole_microseconds("segment", options.segment_ms);
  refractory_us_ = whole_microseconds("refractory", options.refractory_ms);
  make_frames();
  const auto key_for = [&](std::string_view use) {
    return random_key(options.seed, Purpose::conversion, fmt::format("{}/{}", split, use));
  };
  leak_key_ = key_for("leak");
  shot_key_ = key_for("shot");
  jitter_key_ = key_for("jitter");
  make_thresholds();
}

void SaccadeConverter::make_frames() {
  const std::int64_t steps = duration_us_ / 3 / step_us_;
  struct Place {
    double x, y;
  };
  const double e = options_.excursion_px;
  const Place corners[] = {{0, 0}, {e / 2, e}, {e, 0}, {0, 0}};
  const double middle_x = (options_.width - image_width_) / 2.0, middle_y = (options_.height - image_height_) / 2.0;
  std::vector<Place> seen;  // image coordinates of the field's pixel (0, 0)
  for (int segment = 0; segment < 3; ++segment) {
    for (std::int64_t step = segment == 0 ? 0 : 1; step <= steps; ++step) {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      const Place from = corners[segment], to = corners[segment + 1];
      seen.push_back(
          {from.x + (to.x - from.x) * share - e / 2 - middle_x, from.y + (to.y - from.y) * share - e / 2 - middle_y});
    }
  }

  int low_x = 0, low_y = 0, high_x = image_width_, high_y = image_height_;  // columns and rows that are read
  for (const Place& place : seen) {
    low_x = std::min(low_x, static_cast<int>(std::floor(place.x)));
    low_y = std::min(low_y, static_cast<int>(std::floor(place.y)));
    high_x = std::max(high_x, static_cast<int>(std::floor(place.x)) + options_.width + 1);
    high_y = std::max(high_y, static_cast<int>(std::floor(place.y)) + options_.height + 1);
  }
  left_ = -low_x;
  top_ = -low_y;
  padded_width_ = high_x - low_x;
  padded_height_ = high_y - low_y;
  for (const Place& place : seen) {
    const double column = std::floor(place.x), row = std::floor(place.y);
    const double x = place.x - column, y = place.y - row;
    frames_.push_back({.row = static_cast<int>(row) + top_,
                       .column = static_cast<int>(column) + left_,
                       .here = (1 - x) * (1 - y),
                       .right = x * (1 - y),
                       .below = (1 - x) * y,
                       .both = x * y});
  }

  const auto bits_for = [](std::int64_t largest) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(largest)));
  };
  y_shift_ = bits_for(options_.width - 1);
  on_shift_ = y_shift_ + bits_for(options_.height - 1);
  time_shift_ = on_shift_ + 1;
  key_bits_ = time_shift_ + bits_for(duration_us_);
}

void SaccadeConverter::make_thresholds() {
  const auto pixels = static_cast<std::uint32_t>(options_.height * options_.width);
  thresholds_.assign(pixels, options_.threshold);
  if (options_.threshold_mismatch > 0) {
    const RandomKey key = random_key(options_.seed, Purpose::conversion, "camera/threshold");
    for (std::uint32_t i = 0; i < pixels; ++i) {
      const double drawn = options_.threshold + options_.threshold_mismatch * Draws<double>(key, i, 0, 0).gaussian();
      thresholds_[i] = std::max(drawn, min_threshold);
    }
  }
  if (options_.threshold_mismatch == 0)
    for (int i = -tabled_powers; i <= tabled_powers; ++i) powers_.push_back(math::exp(options_.threshold * i));
  for (const double threshold : thresholds_) {
    rise_.push_back(math::exp(threshold));
    fall_.push_back(math::exp(-threshold));
    if (options_.leak_rate_hz > 0)
      leak_step_.push_back(math::exp(threshold * options_.leak_rate_hz * static_cast<double>(step_us_) * 1e-6));
  }
}

std::span<const Event> SaccadeConverter::convert(std::span<const std::uint8_t> image, std::uint32_t number,
                                                 Scratch& s) const {
  if (image.size() != static_cast<std::size_t>(image_height_) * static_cast<std::size_t>(image_width_))
    refuse(fmt::format("an image has {} pixels; this converter is for {} x {}", image.size(), image_height_,
                       image_width_));
  s.keys.clear();
  place(image, s);
  start(number, s);
  for (std::size_t frame = 1; frame < frames_.size(); ++frame) advance(frame, s);
  if (options_.shot_noise_hz > 0) add_shot_noise(number, s);
  if (options_.jitter_ms > 0) add_jitter(number, s);
  sort_keys(s);
  if (refractory_us_ > 0) drop_refractory(s);
  s.events.resize(s.keys.size());
  for (std::size_t i = 0; i < s.keys.size(); ++i) {
    const std::uint64_t k = s.keys[i];
    s.events[i] = {.time_us = static_cast<std::int64_t>(k >> time_shift_),
                   .x = static_cast<std::uint16_t>(k & ((std::uint64_t{1} << y_shift_) - 1)),
                   .y = static_cast<std::uint16_t>(k >> y_shift_ & ((std::uint64_t{1} << (on_shift_ - y_shift_)) - 1)),
                   .on = (k >> on_shift_ & 1) != 0};
  }
  return s.events;
}

void SaccadeConverter::place(std::span<const std::uint8_t> image, Scratch& s) const {
  const auto rows = static_cast<std::size_t>(padded_height_), columns = static_cast<std::size_t>(padded_width_);
  s.padded.assign(rows * columns, 0.0);
  s.lit_from.assign(rows, padded_width_);
  s.lit_to.assign(rows, 0);
  for (int y = 0; y < image_height_; ++y) {
    const std::uint8_t* from = image.data() + y * image_width_;
    double* to = s.padded.data() + (y + top_) * padded_width_ + left_;
    const auto row = static_cast<std::size_t>(y + top_);
    for (int x = 0; x < image_width_; ++x) {
      if (from[x] == 0) continue;
      to[x] = intensities[from[x]];
      s.lit_from[row] = std::min(s.lit_from[row], x + left_);
      s.lit_to[row] = x + left_ + 1;
    }
  }
}

// Field columns [from, to) of row y whose four neighbours are not all dark; from = width, to = 0 where none.
void SaccadeConverter::lit_columns(const Frame& frame, int y, const Scratch& s, int& from, int& to) const {
  const auto row = static_cast<std::size_t>(y + frame.row);
  from = std::clamp(std::min(s.lit_from[row], s.lit_from[row + 1]) - 1 - frame.column, 0, options_.width);
  to = std::clamp(std::max(s.lit_to[row], s.lit_to[row + 1]) - frame.column, 0, options_.width);
  if (from >= to) {
    from = options_.width;
    to = 0;
  }
}

void SaccadeConverter::look(const Frame& frame, int y, int from, int to, const Scratch& s, double* out) const {
  const double* upper = s.padded.data() + (y + frame.row) * padded_width_ + frame.column;
  const double* lower = upper + padded_width_;
  const double epsilon = options_.epsilon;
  const auto [row, column, here, right, below, both] = frame;
  for (int x = from; x < to; ++x)
    out[x] = epsilon + ((here * upper[x] + right * upper[x + 1]) + (below * lower[x] + both * lower[x + 1]));
}

void SaccadeConverter::start(std::uint32_t number, Scratch& s) const {
  const std::size_t pixels = thresholds_.size();
  const auto rows = static_cast<std::size_t>(options_.height), columns = static_cast<std::size_t>(options_.width);
  s.before.assign(pixels, options_.epsilon);
  s.now.resize(columns);
  s.seen_from.resize(rows);
  s.seen_to.resize(rows);
  for (std::size_t y = 0; y < rows; ++y) {
    const int row = static_cast<int>(y);
    lit_columns(frames_[0], row, s, s.seen_from[y], s.seen_to[y]);
    look(frames_[0], row, s.seen_from[y], s.seen_to[y], s, s.before.data() + y * columns);
  }
  s.level = s.before;
  if (!leak_step_.empty()) {
    s.growth.assign(pixels, 1.0);
    // A camera that has been on for long: each pixel is anywhere in its leak cycle.
    for (std::size_t i = 0; i < pixels; ++i)
      s.level[i] *=
          math::exp(-thresholds_[i] * Draws<double>(leak_key_, static_cast<std::uint32_t>(i), 0, number).uniform());
  }
  s.origin = s.level;
  s.height.assign(pixels, 0);
  s.up.resize(pixels);
  s.down.resize(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    s.up[i] = s.level[i] * rise_[i];
    s.down[i] = s.level[i] * fall_[i];
  }
}

void SaccadeConverter::advance(std::size_t number, Scratch& s) const {
  const Frame& frame = frames_[number];
  const std::int64_t start_us = static_cast<std::int64_t>(number - 1) * step_us_;
  const auto columns = static_cast<std::size_t>(options_.width);
  for (int y = 0; y < options_.height; ++y) {
    const auto row = static_cast<std::size_t>(y);
    int from = 0, to = 0;
    lit_columns(frame, y, s, from, to);
    // A pixel that has just gone dark changes too.
    const int begin = leak_step_.empty() ? std::min(from, s.seen_from[row]) : 0;
    const int end = leak_step_.empty() ? std::max(to, s.seen_to[row]) : options_.width;
    s.seen_from[row] = from;
    s.seen_to[row] = to;
    if (begin >= end) continue;

    const std::size_t first = row * columns;
    double* now = s.now.data();
    look(frame, y, begin, end, s, now);
    if (!leak_step_.empty())
      for (std::size_t x = 0; x < columns; ++x) now[x] *= (s.growth[first + x] *= leak_step_[first + x]);
    for (int x = begin; x < end; ++x) {
      const std::size_t pixel = first + static_cast<std::size_t>(x);
      if (now[x] >= s.up[pixel] || now[x] <= s.down[pixel])
        fire(pixel, std::uint64_t{row} << y_shift_ | static_cast<std::uint64_t>(x), now[x], start_us, s);
    }
    std::copy(now + begin, now + end, s.before.data() + first + begin);
  }
}

// exp(thresholds x the pixel's threshold).
double SaccadeConverter::power(std::size_t pixel, int thresholds) const {
  if (!powers_.empty() && std::abs(thresholds) <= tabled_powers)
    return powers_[static_cast<std::size_t>(thresholds + tabled_powers)];
  return math::exp(thresholds_[pixel] * thresholds);
}

void SaccadeConverter::fire(std::size_t pixel, std::uint64_t place, double now, std::int64_t start_us,
                            Scratch& s) const {
  const double before = s.before[pixel];
  double level = s.level[pixel], up = s.up[pixel], down = s.down[pixel];
  const bool on = now >= up;
  const double us_per_intensity = static_cast<double>(step_us_) / (now - before);
  const int limit = options_.max_events_per_step > 0 ? options_.max_events_per_step : std::numeric_limits<int>::max();
  for (int events = 0; on ? now >= up : now <= down; ++events) {
    const double exact = ((on ? up : down) - before) * us_per_intensity;
    auto us = static_cast<std::int32_t>(exact);
    us += us < exact;
    if (events < limit) s.keys.push_back(key(start_us + std::clamp<std::int64_t>(us, 1, step_us_), on, place));
    // From the start and a whole number of thresholds, never level by level: rounding must not pile up, or a pixel
    // that returns to where it began might miss its last event.
    if (on) {
      down = std::exchange(level, up);
      up = s.origin[pixel] * power(pixel, ++s.height[pixel] + 1);
    } else {
      up = std::exchange(level, down);
      down = s.origin[pixel] * power(pixel, --s.height[pixel] - 1);
    }
  }
  s.level[pixel] = level;
  s.up[pixel] = up;
  s.down[pixel] = down;
}

void SaccadeConverter::add_shot_noise(std::uint32_t number, Scratch& s) const {
  for (int y = 0; y < options_.height; ++y) {
    for (int x = 0; x < options_.width; ++x) {
      const auto pixel = static_cast<std::uint32_t>(y * options_.width + x);
      const double mean =
          options_.shot_noise_hz * static_cast<double>(duration_us_) * 1e-6 * options_.threshold / thresholds_[pixel];
      Draws<double> draws(shot_key_, pixel, 0, number);
      for (int left = draws.poisson(mean); left > 0; --left) {
        const auto time = static_cast<std::int64_t>(draws.uniform() * static_cast<double>(duration_us_)) + 1;
        const bool on = draws.uniform() < 0.5;
        look(frames_[static_cast<std::size_t>((time + step_us_ - 1) / step_us_)], y, x, x + 1, s, s.now.data());
        const double intensity = s.now[static_cast<std::size_t>(x)] - options_.epsilon;
        if (draws.uniform() < 1 - 0.75 * intensity)
          s.keys.push_back(key(time, on, static_cast<std::uint64_t>(y) << y_shift_ | static_cast<std::uint64_t>(x)));
      }
    }
  }
}

std::size_t SaccadeConverter::pixel_of(std::uint64_t key) const {
  const std::uint64_t x = key & ((std::uint64_t{1} << y_shift_) - 1);
  const std::uint64_t y = key >> y_shift_ & ((std::uint64_t{1} << (on_shift_ - y_shift_)) - 1);
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(options_.width) + static_cast<std::size_t>(x);
}

void SaccadeConverter::add_jitter(std::uint32_t number, Scratch& s) const {
  for (std::uint64_t& k : s.keys) {
    const std::uint64_t time = k >> time_shift_;
    Draws<double> draws(jitter_key_, static_cast<std::uint32_t>(pixel_of(k)), time, number);
    const std::int64_t moved =
        static_cast<std::int64_t>(time) + std::llround(1000 * options_.jitter_ms * draws.gaussian());
    const std::uint64_t rest = k & ((std::uint64_t{1} << time_shift_) - 1);
    k = static_cast<std::uint64_t>(std::clamp<std::int64_t>(moved, 1, duration_us_)) << time_shift_ | rest;
  }
}

// Radix sort, least significant digit first: keys are short and nearly sorted data gains nothing.
void SaccadeConverter::sort_keys(Scratch& s) const {
  constexpr int digit_bits = 11;
  constexpr std::uint64_t mask = (1u << digit_bits) - 1;
  s.sorted.resize(s.keys.size());
  for (int shift = 0; shift < key_bits_; shift += digit_bits) {
    std::array<std::uint32_t, mask + 1> next{};
    for (const std::uint64_t k : s.keys) ++next[k >> shift & mask];
    std::uint32_t sum = 0;
    for (std::uint32_t& at : next) sum += std::exchange(at, sum);
    for (const std::uint64_t k : s.keys) s.sorted[next[k >> shift & mask]++] = k;
    s.keys.swap(s.sorted);
  }
}

void SaccadeConverter::drop_refractory(Scratch& s) const {
  s.last.assign(thresholds_.size(), std::numeric_limits<std::int64_t>::min() / 2);
  auto kept = s.keys.begin();
  for (const std::uint64_t k : s.keys) {
    const auto time = static_cast<std::int64_t>(k >> time_shift_);
    std::int64_t& last = s.last[pixel_of(k)];
    if (time - last < refractory_us_) continue;
    last = time;
    *kept++ = k;
  }
  s.keys.erase(kept, s.keys.end());
}

}  // namespace crosspike
