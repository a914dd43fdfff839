// SPDX-License-Identifier: Apache-2.0
// The grid of a sweep: keys of a config, each with the values that it takes. A point is one combination of values.
#pragma once

#include <crosspike/core/config.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace crosspike::cli {

struct GridKey {
  Assignment assignment;            // its value is not used
  std::vector<std::string> values;  // each as TOML or plain text
  std::vector<std::string> shown;   // each as tables show it: TOML, texts without their quotes
};

class Grid {
 public:
  // Of --grid options, "KEY=A,B,C" or "KEY=1..9:5" (docs/studies.md has the grammar). Throws Error(input) where one is
  // malformed, or sets what another or one of `overrides` (--set) sets.
  Grid(const std::vector<std::string>& options, const std::vector<std::string>& overrides);

  const std::vector<GridKey>& keys() const { return keys_; }
  std::size_t points() const;  // 1 without keys; the last key changes fastest
  std::vector<std::string> shown(std::size_t point) const;
  std::string name(std::size_t point) const;  // "run.dt = 0.1 ms, seed = 3"; empty without keys
  void apply(Value& config, std::size_t point) const;

 private:
  std::size_t value_of(std::size_t point, std::size_t key) const;

  std::vector<GridKey> keys_;
};

}  // namespace crosspike::cli
