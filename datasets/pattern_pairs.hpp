// SPDX-License-Identifier: Apache-2.0
// A task that needs memory: two of a few fixed spike patterns, one after the other with a silent gap between them.
// Which came first, and the exclusive or of their parities, can be told only by what still knows the first when the
// second is over. As the delayed classification of Poisson spike templates by Maass, Natschlaeger and Markram (Neural
// Computation 14, 2002); sizes are ours.
//
// A pattern is a Poisson spike train for each channel, drawn once. A sample has both patterns with every spike moved by
// a Gaussian, spikes that leave their pattern's time dropped, and Poisson noise on every channel all the time. The
// second pattern ends when the sample does, whatever the gap, so that what a readout sees of it doesn't tell the gap.
#pragma once

#include <crosspike/core/random.hpp>
#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

namespace crosspike {

struct PatternPairOptions {
  int patterns = 8;
  int channels = 40;
  double pattern_ms = 50;                                       // duration of a pattern
  double rate_hz = 40;                                          // of a channel in a pattern
  std::vector<double> gaps_ms = {50, 100, 150, 200, 300, 400};  // from the end of one to the start of the other
  double lead_ms =
      100;  // before the first pattern at the longest gap, so that none starts on a liquid at its beginning
  double jitter_ms = 1;                     // standard deviation
  double noise_hz = 1;                      // of a channel, always
  std::int64_t train = 12000, test = 6000;  // samples; `train` includes those of validation
  std::uint64_t seed = 1;

  bool operator==(const PatternPairOptions&) const = default;
  double duration_ms() const;  // of a sample: the lead, two patterns and the longest gap
};

/// Throws Error (input) where an option is out of range, naming it.
void check(const PatternPairOptions& options);

/// What a sample is. Patterns are drawn independently, so that chance is 1 / patterns and 1 / 2.
struct PatternPair {
  int first = 0, second = 0;
  std::size_t gap = 0;  // number in gaps_ms; sample i has gap i modulo their number
};

class PatternPairs {
 public:
  /// `split` is part of every random address but those of the patterns, so "train" and "test" share no sample.
  PatternPairs(const PatternPairOptions& options, std::string_view split);

  PatternPair pair(std::int64_t number) const;
  /// In order of time, x the channel, y 0.
  void events(std::int64_t number, std::vector<Event>& out) const;
  SensorShape shape() const { return {.polarities = 1, .height = 1, .width = options_.channels}; }

 private:
  struct Spike {
    double time_ms;
    int channel;
  };
  void add_pattern(int pattern, double start_ms, Draws<double>& draws, std::vector<Event>& out) const;

  PatternPairOptions options_;
  std::vector<std::vector<Spike>> patterns_;
  RandomKey choice_, jitter_, noise_;
};

}  // namespace crosspike
