// SPDX-License-Identifier: Apache-2.0
// What a sweep measured, as CSV and for the terminal. Everything here is the same bytes for the same runs.
#pragma once

#include <crosspike/apps/cli/session.hpp>
#include <crosspike/apps/cli/sweep_grid.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crosspike::cli {

struct SweepRun {
  std::size_t point = 0;  // of the grid
  std::int64_t seed = 0;
  Figures figures;  // without timings
};

// Of one figure at one point, over its seeds.
struct Spread {
  double mean = 0, sd = 0;  // sd: of a sample (n - 1 below the sum of squares); NaN where n = 1
  std::size_t n = 0;
};

class SweepTable {
 public:
  // `runs` by point, then by seed.
  SweepTable(const Grid& grid, std::vector<SweepRun> runs);

  std::string tidy_csv() const;  // grid keys, figure, mean, sd, n: a row per point and numeric figure
  std::string runs_csv() const;  // grid keys, seed, every figure: a row per run
  std::string text(int width) const;
  Json json() const;  // a list of points

  std::optional<Spread> spread(std::size_t point, const std::string& figure) const;
  // The point of the highest mean accuracy on validation, of equals the first; nothing where there is no such figure.
  struct Best {
    std::size_t point;
    std::string chosen_by, test;  // the figure, and the one of the test split that belongs to it
  };
  std::optional<Best> best() const;

 private:
  std::vector<std::string> headline() const;
  bool varies(const std::string& figure) const;

  const Grid& grid_;
  std::vector<SweepRun> runs_;
  std::vector<std::string> names_;                                    // of all figures, as they first appear
  std::vector<std::vector<std::pair<std::string, Spread>>> spreads_;  // [point], numeric figures
};

// How a mean and its spread look: "87.33 % ± 0.12".
std::string spread_text(const std::string& figure, const Spread& spread);

}  // namespace crosspike::cli
