// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/saccade.hpp>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "message_of.hpp"

namespace crosspike {
namespace {

using Image = std::vector<std::uint8_t>;
using test::message_of;
using Pixel = std::pair<int, int>;  // x, y

constexpr int side = 28;

std::vector<Event> convert(const SaccadeOptions& options, const Image& image, std::uint32_t number = 0,
                           const char* split = "train") {
  const int rows = static_cast<int>(std::lround(std::sqrt(image.size())));
  SaccadeConverter::Scratch scratch;
  const auto events = SaccadeConverter(options, rows, rows, split).convert(image, number, scratch);
  return {events.begin(), events.end()};
}

Image image_of(const std::function<double(double x, double y)>& intensity) {
  Image image;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) image.push_back(static_cast<std::uint8_t>(std::lround(255 * intensity(x, y))));
  return image;
}

// Dark left of column 14, white from there on.
Image edge() {
  return image_of([](double x, double) { return x >= 14 ? 1.0 : 0.0; });
}

Image blob() {
  return image_of([](double x, double y) { return std::exp(-((x - 13) * (x - 13) + (y - 14) * (y - 14)) / 60); });
}

Image texture() {
  std::mt19937 random(11);
  Image image(side * side);
  for (std::uint8_t& value : image) value = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random() % 256);
  return image;
}

std::map<Pixel, std::vector<Event>> by_pixel(const std::vector<Event>& events) {
  std::map<Pixel, std::vector<Event>> pixels;
  for (const Event& event : events) pixels[{event.x, event.y}].push_back(event);
  return pixels;
}

// In the first segment pixel x of the field sees column x - 6.5 + 3.5 t / 105 ms of the image: between columns 13 and
// 14 of edge() intensity rises by 1 in 30 ms. Columns 17 to 19 make that whole transit, rows 7 to 26 see only the
// image.
constexpr double transit_us = 30000;
double transit_start_us(int x) { return (13 - x + 6.5) * transit_us; }
bool makes_the_transit(const Event& event) {
  return event.x >= 17 && event.x <= 19 && event.y >= 7 && event.y <= 26 && event.time_us <= 105000;
}

TEST(Saccade, AMovingEdgeCrossesThresholdsAtTheAnalyticTimes) {
  for (const double step_ms : {1.0, 5.0}) {
    const SaccadeOptions options{.step_ms = step_ms};
    const auto pixels = by_pixel(convert(options, edge()));
    for (int x = 17; x <= 19; ++x) {
      for (int y = 7; y <= 26; ++y) {
        std::vector<Event> expected;
        // log(1.1 / 0.1) / 0.35 = 6.9: six whole thresholds.
        for (int k = 1; k <= 6; ++k) {
          const double intensity = options.epsilon * std::expm1(k * options.threshold);
          expected.push_back({static_cast<std::int64_t>(std::ceil(transit_start_us(x) + intensity * transit_us)),
                              static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y), true});
        }
        std::vector<Event> first = pixels.at({x, y});
        std::erase_if(first, [](const Event& event) { return !makes_the_transit(event); });
        ASSERT_EQ(first, expected) << "x = " << x << ", y = " << y << ", step " << step_ms;
      }
    }
  }
}

TEST(Saccade, TheEdgeDarkensPixelsOnItsWayBack) {
  // In the third segment the image moves 7 px to the right in 105 ms. Pixel x sees column x + 0.5 - 7 s, which falls
  // from 14 to 13 at s in [(x - 13.5) / 7, (x - 12.5) / 7]; levels are six thresholds above the start at first.
  // Steps of 0.5 ms end where it reaches the dark.
  const auto pixels = by_pixel(convert({.step_ms = 0.5}, edge()));
  for (int x = 17; x <= 19; ++x) {
    std::vector<std::int64_t> expected, off;
    for (int k = 5; k >= 0; --k) {
      const double intensity = 0.1 * std::expm1(k * 0.35);
      expected.push_back(static_cast<std::int64_t>(std::ceil(210000 + 15000 * (x - 13.5 + 1 - intensity) - 1e-6)));
    }
    for (const Event& event : pixels.at({x, 20}))
      if (event.time_us > 210000 && !event.on) off.push_back(event.time_us);
    EXPECT_EQ(off, expected) << "x = " << x;
  }
}

TEST(Saccade, AnImageThatStandsStillGivesNoEvents) {
  EXPECT_TRUE(convert({.excursion_px = 0}, texture()).empty());
  EXPECT_TRUE(convert({.excursion_px = 0}, Image(34 * 34, 255)).empty());
}

TEST(Saccade, ADarkImageGivesNoEvents) { EXPECT_TRUE(convert({}, Image(side * side, 0)).empty()); }

TEST(Saccade, OnAndOffEventsOfEachPixelBalanceOverTheClosedPath) {
  for (const double threshold : {0.1, 0.35, 0.8}) {
    std::map<Pixel, int> balance;
    for (const Event& event : convert({.threshold = threshold, .threshold_mismatch = 0.03}, texture()))
      balance[{event.x, event.y}] += event.on ? 1 : -1;
    EXPECT_FALSE(balance.empty());
    for (const auto& [pixel, sum] : balance) ASSERT_EQ(sum, 0) << pixel.first << ", " << pixel.second;
  }
}

TEST(Saccade, EventsAreSortedByTimeAndChannel) {
  const SaccadeOptions options{.step_ms = 5, .leak_rate_hz = 5, .shot_noise_hz = 5, .jitter_ms = 1};
  const SensorShape sensor = options.sensor();
  const auto events = convert(options, texture());
  const auto order = [&](const Event& event) {
    return std::tuple(event.time_us, (event.on * sensor.height + event.y) * sensor.width + event.x);
  };
  EXPECT_TRUE(std::is_sorted(events.begin(), events.end(),
                             [&](const Event& a, const Event& b) { return order(a) < order(b); }));
  EXPECT_GE(events.front().time_us, 1);
  EXPECT_LE(events.back().time_us, 315000);
}

// Mean distance of the k-th events of those pixels that have equally many in both.
double mean_distance_us(const std::vector<Event>& a, const std::vector<Event>& b) {
  const auto pixels = by_pixel(b);
  double sum = 0, count = 0;
  for (const auto& [pixel, events] : by_pixel(a)) {
    const auto other = pixels.find(pixel);
    if (other == pixels.end() || other->second.size() != events.size()) continue;
    for (std::size_t k = 0; k < events.size(); ++k, ++count)
      sum += static_cast<double>(std::abs(events[k].time_us - other->second[k].time_us));
  }
  EXPECT_GT(count, 1000);
  return sum / count;
}

TEST(Saccade, HalvingTheStepConverges) {
  const auto exact = convert({.step_ms = 0.1}, blob());
  double previous = 1e9;
  for (const double step_ms : {15.0, 7.5, 3.75}) {
    const double distance = mean_distance_us(convert({.step_ms = step_ms}, blob()), exact);
    EXPECT_LT(distance, 0.6 * previous) << "step " << step_ms;
    previous = distance;
  }
}

TEST(Saccade, DoublingTheThresholdAboutHalvesTheEvents) {
  // A rise of d gives floor(d / threshold) events, between 2 n and 2 n + 1 of half the threshold for n of the whole.
  const auto fine = static_cast<double>(convert({.threshold = 0.03}, blob()).size());
  const auto coarse = static_cast<double>(convert({.threshold = 0.06}, blob()).size());
  EXPECT_LE(coarse, 0.5 * fine);
  EXPECT_GE(coarse, 0.45 * fine);
}

TEST(Saccade, MismatchSpreadsThresholdsAroundTheirMean) {
  // 60 thresholds, each seen from the time of the pixel's first event. Bounds are 4 standard errors of the mean and of
  // the standard deviation: a false alarm in 16,000 seeds each.
  const SaccadeOptions options{.threshold_mismatch = 0.05};
  double sum = 0, squares = 0;
  int count = 0;
  for (const auto& [pixel, events] : by_pixel(convert(options, edge()))) {
    if (!makes_the_transit(events.front())) continue;
    const double intensity = (static_cast<double>(events.front().time_us) - transit_start_us(pixel.first)) / transit_us;
    const double threshold = std::log1p(intensity / options.epsilon);
    sum += threshold;
    squares += threshold * threshold;
    ++count;
  }
  ASSERT_EQ(count, 60);
  const double mean = sum / count, deviation = std::sqrt((squares - count * mean * mean) / (count - 1));
  EXPECT_NEAR(mean, 0.35, 4 * 0.05 / std::sqrt(60));
  EXPECT_NEAR(deviation, 0.05, 4 * 0.05 / std::sqrt(2 * 59));
}

TEST(Saccade, ALeakingPixelFiresOnAtTheLeakRate) {
  // 10 Hz for 0.315 s from a uniform phase: 3 events, or 4 with probability 0.15, 100 ms apart. Bound: 5 sigma.
  const auto pixels = by_pixel(convert({.leak_rate_hz = 10}, Image(side * side, 0)));
  EXPECT_EQ(pixels.size(), 34u * 34);
  double total = 0;
  for (const auto& [pixel, events] : pixels) {
    total += static_cast<double>(events.size());
    for (std::size_t k = 0; k < events.size(); ++k) {
      EXPECT_TRUE(events[k].on);
      if (k > 0) {
        EXPECT_NEAR(static_cast<double>(events[k].time_us - events[k - 1].time_us), 100000, 2);
      }
    }
  }
  EXPECT_NEAR(total, 1156 * 3.15, 5 * std::sqrt(1156 * 0.15 * 0.85));
}

TEST(Saccade, ShotNoiseHasItsRateInTheDarkAndAQuarterInTheLight) {
  const SaccadeOptions options{.excursion_px = 0, .shot_noise_hz = 20};
  const double dark = 20 * 0.315 * 34 * 34;  // Poisson; bounds: 5 sigma
  const auto events = convert(options, Image(34 * 34, 0));
  EXPECT_NEAR(static_cast<double>(events.size()), dark, 5 * std::sqrt(dark));
  const auto on = std::count_if(events.begin(), events.end(), [](const Event& event) { return event.on; });
  EXPECT_NEAR(static_cast<double>(on), dark / 2, 5 * std::sqrt(dark / 2));
  EXPECT_NEAR(static_cast<double>(convert(options, Image(34 * 34, 255)).size()), dark / 4, 5 * std::sqrt(dark / 4));
}

TEST(Saccade, JitterMovesEachEventByItsStandardDeviation) {
  // With a threshold of 2 each pixel of the transit has one ON event. Bounds: 4 standard errors, as above.
  const auto still = by_pixel(convert({.threshold = 2}, edge()));
  const auto moved = by_pixel(convert({.threshold = 2, .jitter_ms = 0.2}, edge()));
  double sum = 0, squares = 0;
  int count = 0;
  for (const auto& [pixel, events] : still) {
    if (!makes_the_transit(events.front())) continue;
    const auto difference = static_cast<double>(moved.at(pixel).front().time_us - events.front().time_us);
    sum += difference;
    squares += difference * difference;
    ++count;
  }
  ASSERT_EQ(count, 60);
  EXPECT_NEAR(sum / count, 0, 4 * 200 / std::sqrt(60));
  EXPECT_NEAR(std::sqrt(squares / count), 200, 4 * 200 / std::sqrt(2 * 60));
}

TEST(Saccade, RefractoryPixelsDropExactlyTheEventsThatComeTooSoon) {
  std::vector<Event> expected;
  std::map<Pixel, std::int64_t> last;
  for (const Event& event : convert({}, texture())) {
    const auto known = last.find({event.x, event.y});
    if (known != last.end() && event.time_us - known->second < 3000) continue;
    last[{event.x, event.y}] = event.time_us;
    expected.push_back(event);
  }
  EXPECT_EQ(convert({.refractory_ms = 3}, texture()), expected);
}

TEST(Saccade, EventsPerPixelAndStepAreLimitedWhenAsked) {
  // One step of 105 ms takes column 17 through its whole rise of six thresholds.
  for (const int limit : {0, 2}) {
    int events = 0;
    for (const Event& event : convert({.step_ms = 105, .max_events_per_step = limit}, edge()))
      events += event.x == 17 && event.y == 16 && event.time_us <= 105000;
    EXPECT_EQ(events, limit == 0 ? 6 : limit);
  }
}

TEST(Saccade, EventsDependOnSeedSplitAndNumberOnly) {
  const SaccadeOptions noisy{.step_ms = 5, .leak_rate_hz = 1, .shot_noise_hz = 1, .jitter_ms = 0.1};
  SaccadeOptions other_seed = noisy;
  other_seed.seed = 2;
  const auto events = convert(noisy, texture(), 7);
  EXPECT_EQ(convert(noisy, texture(), 7), events);
  EXPECT_NE(convert(noisy, texture(), 8), events);
  EXPECT_NE(convert(noisy, texture(), 7, "test"), events);
  EXPECT_NE(convert(other_seed, texture(), 7), events);
  EXPECT_EQ(convert({}, texture(), 7), convert({}, texture(), 8));  // nothing random without noise
}

TEST(Saccade, ScratchCarriesNothingFromOneImageToTheNext) {
  SaccadeConverter::Scratch scratch;
  const SaccadeConverter small({}, side, side, "train"), large({.height = 60, .width = 50}, 40, 40, "train");
  small.convert(texture(), 1, scratch);
  large.convert(Image(1600, 200), 1, scratch);
  const auto events = small.convert(blob(), 2, scratch);
  EXPECT_EQ(std::vector<Event>(events.begin(), events.end()), convert({}, blob(), 2));
}

TEST(Saccade, RefusesOptionsThatMakeNoSense) {
  const auto refusal = [](const SaccadeOptions& options) { return message_of([&] { check(options); }); };
  EXPECT_EQ(refusal({.threshold = 0}), "threshold = 0 is out of range; 0.01 to 10 is allowed");
  EXPECT_EQ(refusal({.step_ms = 2}), "a segment of 105 ms is not a whole number of steps of 2 ms");
  EXPECT_EQ(refusal({.step_ms = 0.0015}), "step = 0.0015 ms is not a whole number of microseconds");
  EXPECT_EQ(refusal({.segment_ms = 200, .step_ms = 0.001}),
            "a segment of 200 ms has 200000 steps of 0.001 ms; at most 100000 are allowed");
  EXPECT_EQ(refusal({.segment_ms = 5000, .step_ms = 1, .leak_rate_hz = 1000}),
            "a leak_rate of 1000 Hz is too much for a threshold of 0.35 and 15000 ms; leak_rate x threshold x "
            "duration must stay below 600");
}

TEST(Saccade, RefusesImagesThatDoNotFit) {
  EXPECT_EQ(message_of([] { SaccadeConverter({}, 35, 28, "train"); }),
            "images of 35 x 28 pixels do not fit the field of 34 x 34; set height and width to at least the "
            "image's");
  SaccadeConverter::Scratch scratch;
  EXPECT_EQ(message_of([&] { SaccadeConverter({}, 2, 2, "train").convert(Image(5), 0, scratch); }),
            "an image has 5 pixels; this converter is for 2 x 2");
}

}  // namespace
}  // namespace crosspike
