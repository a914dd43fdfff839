// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/math.hpp>
#include <crosspike/datasets/pattern_pairs.hpp>
#include <crosspike/datasets/samples.hpp>

namespace crosspike {
namespace {

constexpr double us_per_ms = 1000;
constexpr double most_events = 1e7;  // of all patterns, or of the noise in a sample: on average

void require(bool good, const char* name, double value, const char* allowed) {
  if (!good) throw Error(Fault::input, fmt::format("{} = {} is out of range; {} is allowed", name, value, allowed));
}

void require_few(double events, const char* what) {
  if (events > most_events)
    throw Error(Fault::input, fmt::format("{} make {:.3g} events; up to {:g} are allowed", what, events, most_events));
}

// A Poisson process on [0, duration): exponential intervals.
template <class Visit>
void poisson_process(double rate_hz, double duration_ms, Draws<double>& draws, Visit visit) {
  if (rate_hz <= 0) return;
  const double mean_ms = 1000 / rate_hz;
  for (double t = -mean_ms * math::log(draws.uniform()); t < duration_ms; t -= mean_ms * math::log(draws.uniform()))
    visit(t);
}

Event event_at(double time_ms, int channel) {
  return {.time_us = static_cast<std::int64_t>(std::floor(time_ms * us_per_ms)),
          .x = static_cast<std::uint16_t>(channel),
          .y = 0,
          .on = false};
}

}  // namespace

double PatternPairOptions::duration_ms() const {
  return lead_ms + 2 * pattern_ms + *std::max_element(gaps_ms.begin(), gaps_ms.end());
}

void check(const PatternPairOptions& o) {
  require(o.patterns >= 2 && o.patterns <= 256, "patterns", o.patterns, "2 to 256");
  require(o.channels >= 1 && o.channels <= 65536, "channels", o.channels, "1 to 65536");
  require(o.pattern_ms >= 1 && o.pattern_ms <= 1e5, "pattern_time", o.pattern_ms, "1 ms to 100 s");
  require(o.rate_hz > 0 && o.rate_hz <= 1000, "rate", o.rate_hz, "above 0 Hz to 1 kHz");
  require(o.jitter_ms >= 0 && o.jitter_ms <= 1e4, "jitter", o.jitter_ms, "0 ms to 10 s");
  require(o.noise_hz >= 0 && o.noise_hz <= 1000, "noise", o.noise_hz, "0 Hz to 1 kHz");
  require(o.lead_ms >= 0 && o.lead_ms <= 1e6, "lead", o.lead_ms, "0 ms to 1000 s");
  if (o.gaps_ms.empty()) throw Error(Fault::input, "gaps is empty; write e.g. gaps = [\"50 ms\", \"100 ms\"]");
  if (!std::is_sorted(o.gaps_ms.begin(), o.gaps_ms.end(), std::less_equal<>()))
    throw Error(Fault::input, "gaps must ascend, each gap once");
  require(o.gaps_ms.front() >= 0 && o.gaps_ms.back() <= 1e6, "gaps",
          o.gaps_ms.front() < 0 ? o.gaps_ms.front() : o.gaps_ms.back(), "0 ms to 1000 s");
  const auto gaps = static_cast<std::int64_t>(o.gaps_ms.size());
  require(o.train >= gaps, "train", static_cast<double>(o.train), "one sample or more for each gap");
  require(o.test >= gaps, "test", static_cast<double>(o.test), "one sample or more for each gap");
  require_few(o.patterns * o.rate_hz * o.channels * o.pattern_ms / 1000, "patterns x channels x pattern_time x rate");
  require_few(o.noise_hz * o.channels * o.duration_ms() / 1000, "noise x channels in a sample");
}

PatternPairs::PatternPairs(const PatternPairOptions& options, std::string_view split)
    : options_(options),
      patterns_(static_cast<std::size_t>(options.patterns)),
      choice_(random_key(options.seed, Purpose::conversion, fmt::format("pattern_pairs/{}/choice", split))),
      jitter_(random_key(options.seed, Purpose::conversion, fmt::format("pattern_pairs/{}/jitter", split))),
      noise_(random_key(options.seed, Purpose::conversion, fmt::format("pattern_pairs/{}/noise", split))) {
  check(options);
  const RandomKey key = random_key(options.seed, Purpose::conversion, "pattern_pairs/patterns");
  for (std::size_t p = 0; p < patterns_.size(); ++p)
    for (int channel = 0; channel < options.channels; ++channel) {
      Draws<double> draws(key, static_cast<std::uint32_t>(channel), p, 0);
      poisson_process(options.rate_hz, options.pattern_ms, draws, [&](double t) {
        patterns_[p].push_back({t, channel});
      });
    }
}

PatternPair PatternPairs::pair(std::int64_t number) const {
  Draws<double> draws(choice_, static_cast<std::uint32_t>(number), 0, 0);
  const auto patterns = static_cast<std::uint32_t>(options_.patterns);
  PatternPair pair;
  pair.first = static_cast<int>(draws.below(patterns));
  pair.second = static_cast<int>(draws.below(patterns));
  pair.gap = static_cast<std::size_t>(number) % options_.gaps_ms.size();
  return pair;
}

void PatternPairs::add_pattern(int pattern, double start_ms, Draws<double>& draws, std::vector<Event>& out) const {
  for (const Spike& spike : patterns_[static_cast<std::size_t>(pattern)]) {
    const double moved = spike.time_ms + options_.jitter_ms * draws.gaussian();  // drawn always
    if (moved >= 0 && moved < options_.pattern_ms) out.push_back(event_at(start_ms + moved, spike.channel));
  }
}

void PatternPairs::events(std::int64_t number, std::vector<Event>& out) const {
  out.clear();
  const auto element = static_cast<std::uint32_t>(number);
  const PatternPair both = pair(number);
  const double end = options_.duration_ms(), second = end - options_.pattern_ms,
               first = second - options_.gaps_ms[both.gap] - options_.pattern_ms;
  Draws<double> jitter(jitter_, element, 0, 0), noise(noise_, element, 0, 0);
  add_pattern(both.first, first, jitter, out);
  add_pattern(both.second, second, jitter, out);
  poisson_process(options_.noise_hz * options_.channels, end, noise, [&](double t) {
    out.push_back(event_at(t, static_cast<int>(noise.below(static_cast<std::uint32_t>(options_.channels)))));
  });
  std::sort(out.begin(), out.end(),
            [](const Event& a, const Event& b) { return a.time_us != b.time_us ? a.time_us < b.time_us : a.x < b.x; });
}

namespace {

// Labels are the pair as one number, first x patterns + second.
class PatternPairSamples final : public Samples {
 public:
  PatternPairSamples(const PatternPairOptions& options, Half half)
      : pairs_(options, half == Half::train ? "train" : "test"),
        size_(half == Half::train ? options.train : options.test),
        patterns_(options.patterns) {}

  std::int64_t size() const override { return size_; }
  int classes() const override { return patterns_ * patterns_; }
  SensorShape shape() const override { return pairs_.shape(); }
  int label(std::int64_t number) const override {
    const PatternPair pair = pairs_.pair(number);
    return pair.first * patterns_ + pair.second;
  }
  void events(std::int64_t number, EventScratch&, std::vector<Event>& out) const override {
    pairs_.events(number, out);
  }

 private:
  PatternPairs pairs_;
  std::int64_t size_;
  int patterns_;
};

}  // namespace

std::shared_ptr<const Samples> open_pattern_pairs(const DatasetSource& source, Half half) {
  return std::make_shared<const PatternPairSamples>(source.patterns, half);
}

}  // namespace crosspike
