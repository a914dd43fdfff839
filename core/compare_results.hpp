// SPDX-License-Identifier: Apache-2.0
// Two results files side by side: which spike differs first, how many agree, how far values are apart.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/results.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

// An element's spikes of one tick that the two do not share.
struct SpikeDifference {
  std::optional<std::uint64_t> sample;
  double time_ms = 0;
  std::optional<std::int64_t> tick;  // where both have one run.dt
  std::string population;
  std::uint64_t index = 0;
  std::int64_t a = 0, b = 0;  // signed counts; 0: no spike
};

struct PopulationComparison {
  std::string name;
  bool in_a = false, in_b = false;             // recorded there
  std::uint64_t a = 0, b = 0;                  // spikes: the sum of |count|
  std::uint64_t shared = 0;                    // of the same sign, time (to 1 ns), sample and element
  std::optional<double> rate_a_hz, rate_b_hz;  // where the config says size and time
  std::optional<double> rate_error_hz;         // root mean square over the elements of (rate B - rate A)

  double match() const;  // F1 = 2 shared / (a + b); 1 where neither has a spike
};

// Two tables or arrays of numbers. Rows beyond the shorter one are not compared, but say so in `problem`.
struct ValuesComparison {
  std::string name, unit;
  std::string problem;  // not empty: shapes or rows that do not fit
  double largest = 0;   // of |B - A|; infinite where one of two is not a number
  double rms = 0;
  double scale = 0;                     // the largest |value| of both
  std::optional<std::uint64_t> sample;  // where |B - A| is largest, the first of several
  std::uint64_t row = 0, element = 0;
  double a = 0, b = 0;  // there

  double share() const;  // largest / scale; infinite where there is a problem
};

struct FigureComparison {
  std::string name;
  std::optional<Figure> a, b;
  double share() const;  // |b - a| / max(|a|, |b|); infinite for texts and where one is missing
};

struct ResultsComparison {
  std::vector<ConfigDifference> config;  // of the resolved configs
  std::string version_a, version_b;
  std::vector<PopulationComparison> populations;
  std::optional<SpikeDifference> first_spike;  // lowest sample, then earliest, then by population and element
  std::vector<ValuesComparison> values;        // recorders, readout arrays, edges
  std::vector<FigureComparison> figures;       // those that differ

  // Whether more than `tolerance` of a population's spikes have no partner (1 - match), or values, readout, edges or
  // figures are further apart than this share. Configs and versions do not count.
  bool differ(double tolerance) const;
};

// Holds one population or recorder of each file in memory at a time: 20 bytes a spike and 8 a value.
ResultsComparison compare(const ResultsReader& a, const ResultsReader& b);

}  // namespace crosspike
