// SPDX-License-Identifier: Apache-2.0
// Pattern pairs: that a sample is the same wherever it is read, that its parts lie where they should, and the
// statistics of what is drawn.
#include <algorithm>
#include <crosspike/core/config.hpp>
#include <crosspike/datasets/config.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/statistics.hpp>
#include <map>
#include <set>

namespace crosspike {
namespace {

using namespace test;
using Events = std::vector<Event>;

PatternPairOptions quiet() {
  PatternPairOptions o;
  o.jitter_ms = 0;
  o.noise_hz = 0;
  o.lead_ms = 0;
  return o;
}

Events events_of(const PatternPairs& pairs, std::int64_t number) {
  Events events;
  pairs.events(number, events);
  return events;
}

// Events of a part of the sample, times from its start.
Events within(const Events& events, double from_ms, double to_ms) {
  Events part;
  for (Event e : events)
    if (const auto us = static_cast<double>(e.time_us); us >= from_ms * 1000 && us < to_ms * 1000) {
      e.time_us -= static_cast<std::int64_t>(from_ms * 1000);
      part.push_back(e);
    }
  return part;
}

DatasetSource source_of(const PatternPairOptions& options, std::int64_t validation = 100) {
  DatasetSource source;
  source.kind = DatasetSource::Kind::pattern_pairs;
  source.patterns = options;
  source.validation = validation;
  return source;
}

TEST(PatternPairs, ASampleIsTheSameWhateverTheLimitsTheSplitsAndTheOrder) {
  PatternPairOptions options;
  options.train = 400;
  options.test = 60;
  DatasetSource few = source_of(options, 300);
  few.limit_train = 50;
  few.limit_test = 20;
  const TrainingSplits a = open_training_splits(source_of(options)), b = open_training_splits(few);
  ASSERT_EQ(b.train->size(), 50);
  ASSERT_EQ(b.validation->number(0), 100);
  const PatternPairs pairs(options, "train"), test_pairs(options, "test");
  EventScratch scratch;
  Events events;
  for (const std::int64_t sample : {49, 3, 0, 31}) {
    b.train->events(sample, scratch, events);
    EXPECT_EQ(events, events_of(pairs, sample));
    a.train->events(sample, scratch, events);
    EXPECT_EQ(events, events_of(pairs, sample));
    EXPECT_EQ(a.train->label(sample), 8 * pairs.pair(sample).first + pairs.pair(sample).second);
  }
  b.validation->events(7, scratch, events);  // sample 107 is one to train on in the other
  EXPECT_EQ(events, events_of(pairs, 107));
  open_test_split_again(few, 64)->events(11, scratch, events);
  EXPECT_EQ(events, events_of(test_pairs, 11));
}

TEST(PatternPairs, TrainAndTestShareThePatternsAndNoSample) {
  const PatternPairOptions options;
  const PatternPairs train(options, "train"), test(options, "test");
  int equal_pairs = 0;
  for (std::int64_t i = 0; i < 640; ++i) {
    EXPECT_NE(events_of(train, i), events_of(test, i)) << i;
    const PatternPair a = train.pair(i), b = test.pair(i);
    equal_pairs += a.first == b.first && a.second == b.second;
  }
  EXPECT_NEAR(equal_pairs, 10, deviations * std::sqrt(10));  // 640 / 64
  const PatternPairs quiet_train(quiet(), "train"), quiet_test(quiet(), "test");
  std::map<std::tuple<int, int, std::size_t>, Events> known;
  int compared = 0;
  for (std::int64_t i = 0; i < 600; ++i) {
    const PatternPair pair = quiet_train.pair(i);
    known[{pair.first, pair.second, pair.gap}] = events_of(quiet_train, i);
  }
  for (std::int64_t i = 0; i < 100; ++i) {
    const PatternPair pair = quiet_test.pair(i);
    const auto found = known.find({pair.first, pair.second, pair.gap});
    if (found == known.end()) continue;
    EXPECT_EQ(events_of(quiet_test, i), found->second) << i;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

TEST(PatternPairs, AnotherSeedDrawsOtherPatternsAndOtherPairs) {
  PatternPairOptions other = quiet();
  other.seed = 2;
  const PatternPairs a(quiet(), "train"), b(other, "train");
  std::set<Events, bool (*)(const Events&, const Events&)> patterns([](const Events& x, const Events& y) {
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(), [](const Event& p, const Event& q) {
      return std::pair(p.time_us, p.x) < std::pair(q.time_us, q.x);
    });
  });
  const double start = quiet().duration_ms() - quiet().pattern_ms;
  for (std::int64_t i = 0; i < 200; ++i)
    for (const PatternPairs* pairs : {&a, &b}) patterns.insert(within(events_of(*pairs, i), start, start + 50));
  EXPECT_EQ(patterns.size(), 16u);  // eight of each seed
}

TEST(PatternPairs, ThePartsLieWhereTheGapSaysAndTheSecondEndsWithTheSample) {
  PatternPairOptions options = quiet();
  options.gaps_ms = {0, 35, 120};
  options.pattern_ms = 40;
  const PatternPairs pairs(options, "train");
  EXPECT_EQ(options.duration_ms(), 200);
  std::map<int, Events> first_of, second_of;
  for (std::int64_t i = 0; i < 300; ++i) {
    const PatternPair pair = pairs.pair(i);
    ASSERT_EQ(pair.gap, static_cast<std::size_t>(i % 3));
    const Events events = events_of(pairs, i);
    const double second = 160, first = second - options.gaps_ms[pair.gap] - 40;
    const Events a = within(events, first, first + 40), b = within(events, second, 200);
    EXPECT_EQ(a.size() + b.size(), events.size()) << i;  // silence before, between and after
    EXPECT_EQ(first_of.try_emplace(pair.first, a).first->second, a);
    EXPECT_EQ(second_of.try_emplace(pair.second, b).first->second, b);
  }
  EXPECT_EQ(first_of, second_of);  // the same eight, wherever they come
}

TEST(PatternPairs, ALeadMovesTheWholePair) {
  PatternPairOptions options = quiet();
  const PatternPairs without(options, "train");
  options.lead_ms = 75;
  const PatternPairs with(options, "train");
  EXPECT_EQ(options.duration_ms(), 575);
  for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(within(events_of(with, i), 75, 575), events_of(without, i)) << i;
}

TEST(PatternPairs, EventsAreInOrderAndInsideTheSensor) {
  const PatternPairOptions options;
  const PatternPairs pairs(options, "train");
  for (std::int64_t i = 0; i < 50; ++i) {
    const Events events = events_of(pairs, i);
    ASSERT_FALSE(events.empty());
    EXPECT_TRUE(std::is_sorted(events.begin(), events.end(), [](const Event& a, const Event& b) {
      return std::pair(a.time_us, a.x) < std::pair(b.time_us, b.x);
    }));
    EXPECT_LT(events.back().time_us, options.duration_ms() * 1000);
    for (const Event& e : events) EXPECT_TRUE(e.x < 40 && e.y == 0 && !e.on && e.count == 1 && e.time_us >= 0);
  }
}

TEST(PatternPairs, PatternsArePoissonAtTheirRate) {
  PatternPairOptions options = quiet();
  options.patterns = 64;
  options.channels = 100;
  options.gaps_ms = {0};
  const PatternPairs pairs(options, "train");
  std::map<int, Events> patterns;
  for (std::int64_t i = 0; patterns.size() < 64; ++i)
    patterns.try_emplace(pairs.pair(i).first, within(events_of(pairs, i), 0, 50));
  const double mean = 0.05 * 40;  // of a channel in a pattern
  double total = 0, dispersion = 0, early = 0;
  for (const auto& [pattern, events] : patterns) {
    std::vector<double> counts(100);
    for (const Event& e : events) {
      ++counts[e.x];
      early += e.time_us < 25'000;
    }
    for (const double n : counts) {
      total += n;
      dispersion += (n - mean) * (n - mean) / mean;
    }
  }
  EXPECT_NEAR(total, 6400 * mean, deviations * std::sqrt(6400 * mean));
  // Of Poisson counts the sum has mean 6,400 and, with kurtosis 1 / mean, variance 6,400 (2 + 1 / mean).
  EXPECT_NEAR(dispersion, 6400, deviations * std::sqrt(6400 * (2 + 1 / mean)));
  EXPECT_NEAR(early, total / 2, deviations * std::sqrt(total) / 2);
}

TEST(PatternPairs, NoiseIsPoissonOnAllChannelsAllTheTime) {
  PatternPairOptions options = quiet();
  options.rate_hz = 1e-9;  // no spike of a pattern
  options.noise_hz = 20;
  const PatternPairs pairs(options, "train");
  std::vector<double> channels(40), tenths(10);
  double total = 0, squares = 0;
  const double mean = 20 * 40 * 0.5;
  for (std::int64_t i = 0; i < 200; ++i) {
    const Events events = events_of(pairs, i);
    const auto n = static_cast<double>(events.size());
    total += n;
    squares += (n - mean) * (n - mean) / mean;
    for (const Event& e : events) {
      ++channels[e.x];
      ++tenths[static_cast<std::size_t>(e.time_us / 50'000)];
    }
  }
  EXPECT_NEAR(total, 200 * mean, deviations * std::sqrt(200 * mean));
  expect_chi_square(squares, 200);
  double by_channel = 0, by_time = 0;
  for (const double n : channels) by_channel += (n - total / 40) * (n - total / 40) / (total / 40);
  for (const double n : tenths) by_time += (n - total / 10) * (n - total / 10) / (total / 10);
  expect_chi_square(by_channel, 39);
  expect_chi_square(by_time, 9);
}

// Channels with one spike, far from the ends of its pattern, show how far it was moved.
TEST(PatternPairs, JitterMovesEverySpikeByAGaussian) {
  PatternPairOptions options = quiet();
  options.channels = 2000;
  options.rate_hz = 4;
  options.gaps_ms = {100};
  const PatternPairs still(options, "train");
  options.jitter_ms = 2;
  const PatternPairs moved(options, "train");
  double n = 0, sum = 0, squares = 0, within_one = 0;
  for (std::int64_t i = 0; i < 20; ++i) {
    std::map<int, std::vector<std::int64_t>> before, after;
    for (const Event& e : within(events_of(still, i), 150, 200)) before[e.x].push_back(e.time_us);
    for (const Event& e : within(events_of(moved, i), 150, 200)) after[e.x].push_back(e.time_us);
    for (const auto& [channel, times] : before) {
      if (times.size() != 1 || times[0] < 15'000 || times[0] >= 35'000) continue;
      ASSERT_EQ(after[channel].size(), 1u);
      const double by = static_cast<double>(after[channel][0] - times[0]) / 1000;
      ++n;
      sum += by;
      squares += by * by;
      within_one += std::abs(by) < 2;
    }
  }
  ASSERT_GT(n, 1000);
  EXPECT_NEAR(sum / n, 0, deviations * 2 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 4, deviations * 4 * std::sqrt(2 / n));
  EXPECT_NEAR(within_one / n, 0.6827, deviations * std::sqrt(0.6827 * 0.3173 / n));
}

TEST(PatternPairs, FirstAndSecondAreEvenAndIndependentAtEveryGap) {
  const PatternPairOptions options;
  const PatternPairs pairs(options, "train");
  std::map<std::size_t, std::vector<double>> cells;
  double odd = 0;
  constexpr std::int64_t samples = 12'000;
  for (std::int64_t i = 0; i < samples; ++i) {
    const PatternPair pair = pairs.pair(i);
    auto& of_gap = cells.try_emplace(pair.gap, 64).first->second;
    ++of_gap[static_cast<std::size_t>(8 * pair.first + pair.second)];
    odd += (pair.first ^ pair.second) & 1;
  }
  ASSERT_EQ(cells.size(), 6u);
  for (const auto& [gap, counts] : cells) {
    double statistic = 0;
    for (const double n : counts) statistic += (n - 2000 / 64.0) * (n - 2000 / 64.0) / (2000 / 64.0);
    expect_chi_square(statistic, 63);
  }
  EXPECT_NEAR(odd, samples / 2.0, deviations * std::sqrt(samples) / 2);  // chance of the exclusive or is a half
}

TEST(PatternPairs, OptionsOutOfRangeAreRefused) {
  const auto refusal = [](auto change) {
    PatternPairOptions options;
    change(options);
    return message_of([&] { PatternPairs(options, "train"); });
  };
  using O = PatternPairOptions;
  EXPECT_EQ(refusal([](O&) {}), "no error");
  EXPECT_EQ(refusal([](O& o) { o.patterns = 1; }), "patterns = 1 is out of range; 2 to 256 is allowed");
  EXPECT_EQ(refusal([](O& o) { o.patterns = 257; }), "patterns = 257 is out of range; 2 to 256 is allowed");
  EXPECT_EQ(refusal([](O& o) { o.channels = 0; }), "channels = 0 is out of range; 1 to 65536 is allowed");
  EXPECT_EQ(refusal([](O& o) { o.pattern_ms = 0.5; }), "pattern_time = 0.5 is out of range; 1 ms to 100 s is allowed");
  EXPECT_EQ(refusal([](O& o) { o.rate_hz = 0; }), "rate = 0 is out of range; above 0 Hz to 1 kHz is allowed");
  EXPECT_EQ(refusal([](O& o) { o.rate_hz = NAN; }), "rate = nan is out of range; above 0 Hz to 1 kHz is allowed");
  EXPECT_EQ(refusal([](O& o) { o.jitter_ms = -1; }), "jitter = -1 is out of range; 0 ms to 10 s is allowed");
  EXPECT_EQ(refusal([](O& o) { o.noise_hz = 1001; }), "noise = 1001 is out of range; 0 Hz to 1 kHz is allowed");
  EXPECT_EQ(refusal([](O& o) { o.lead_ms = -1; }), "lead = -1 is out of range; 0 ms to 1000 s is allowed");
  EXPECT_EQ(refusal([](O& o) { o.gaps_ms = {}; }), "gaps is empty; write e.g. gaps = [\"50 ms\", \"100 ms\"]");
  EXPECT_EQ(refusal([](O& o) { o.gaps_ms = {50, 50}; }), "gaps must ascend, each gap once");
  EXPECT_EQ(refusal([](O& o) { o.gaps_ms = {100, 50}; }), "gaps must ascend, each gap once");
  EXPECT_EQ(refusal([](O& o) { o.gaps_ms = {-5, 50}; }), "gaps = -5 is out of range; 0 ms to 1000 s is allowed");
  EXPECT_EQ(refusal([](O& o) { o.gaps_ms = {5, 2e6}; }), "gaps = 2000000 is out of range; 0 ms to 1000 s is allowed");
  EXPECT_EQ(refusal([](O& o) { o.train = 5; }),
            "train = 5 is out of range; one sample or more for each gap is allowed");
  EXPECT_EQ(refusal([](O& o) { o.test = 5; }), "test = 5 is out of range; one sample or more for each gap is allowed");
}

TEST(PatternPairs, MoreEventsThanFitAreRefusedBeforeTheyAreMade) {
  PatternPairOptions options;
  options.patterns = 256;
  options.channels = 65536;
  options.pattern_ms = 1e5;
  EXPECT_EQ(message_of([&] { PatternPairs(options, "train"); }),
            "patterns x channels x pattern_time x rate make 6.71e+10 events; up to 1e+07 are allowed");
  options = {};
  options.channels = 65536;
  options.noise_hz = 1000;
  options.gaps_ms = {900};  // with the lead and both patterns 1.1 s
  EXPECT_EQ(message_of([&] { PatternPairs(options, "train"); }),
            "noise x channels in a sample make 7.21e+07 events; up to 1e+07 are allowed");
}

DatasetSource from_config(const std::string& lines) {
  const Value root = parse_config("[dataset]\nkind = 'pattern_pairs'\n" + lines, "a.toml");
  TableReader reader(root, "");
  TableReader dataset = reader.table("dataset");
  DatasetSource source = dataset_from(dataset, 42);
  reader.finish();
  return source;
}

TEST(PatternPairs, AConfigSaysEveryOption) {
  const DatasetSource source = from_config(
      "patterns = 3\nchannels = 5\npattern_time = '0.1 s'\nrate = '20 Hz'\ngaps = ['1 ms', 0.002e3]\nlead = '4 ms'\n"
      "jitter = '2 ms'\nnoise = '3 Hz'\ntrain = 80\ntest = 9\nlimit_test = 4\n");
  const PatternPairOptions& o = source.patterns;
  EXPECT_EQ(
      std::tuple(o.patterns, o.channels, o.pattern_ms, o.rate_hz, o.jitter_ms, o.noise_hz, o.train, o.test, o.seed),
      std::tuple(3, 5, 100.0, 20.0, 2.0, 3.0, 80, 9, 42u));
  EXPECT_EQ(o.gaps_ms, (std::vector<double>{1, 2}));
  EXPECT_EQ(o.lead_ms, 4);
  EXPECT_EQ(source.validation, 20);  // a quarter of train
  EXPECT_EQ(source.limit_test, 4);
  EXPECT_EQ(from_config("").patterns.gaps_ms, PatternPairOptions{}.gaps_ms);
}

TEST(PatternPairs, AConfigIsRefusedAtItsPlace) {
  const auto refusal = [](const std::string& lines) { return message_of([&] { from_config(lines); }); };
  EXPECT_EQ(refusal("patterns = 1\n"), "a.toml:3:12: dataset.patterns is 1; allowed is 2 to 256");
  EXPECT_EQ(refusal("rate = '0 Hz'\n"), "a.toml:3:8: dataset.rate is \"0 Hz\"; allowed is above 0 Hz, at most 1000 Hz");
  EXPECT_EQ(refusal("gaps = '50 ms'\n"),
            "a.toml:3:8: dataset.gaps is \"50 ms\" (text); it takes a list of numbers or quantities, e.g. gaps = "
            "[\"20 ms\"]");
  EXPECT_EQ(refusal("gaps = ['50 Hz']\n"),
            "a.toml:3:9: dataset.gaps[0]: '50 Hz' is a frequency, not a time; write e.g. \"20 ms\"");
  EXPECT_EQ(refusal("gaps = [2, 1]\n"), "a.toml:1:1: dataset: gaps must ascend, each gap once");
  EXPECT_EQ(refusal("train = 3\n"),
            "a.toml:1:1: dataset: train = 3 is out of range; one sample or more for each gap is allowed");
  EXPECT_EQ(refusal("path = '/data'\n"),
            "a.toml:3:1: dataset has no key 'path'; it knows: kind, patterns, channels, pattern_time, rate, gaps, "
            "lead, jitter, noise, train, test, validation, limit_train, limit_test");
}

}  // namespace
}  // namespace crosspike
