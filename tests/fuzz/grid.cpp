// SPDX-License-Identifier: Apache-2.0
// --grid options, one a line: any text is a grid whose points can be named and applied, or is refused.
#include <algorithm>
#include <crosspike/apps/cli/sweep_grid.hpp>
#include <string_view>

#include "bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosspike;
  std::vector<std::string> options(1);
  for (const char c : std::string_view(reinterpret_cast<const char*>(data), size)) {
    if (c == '\n')
      options.emplace_back();
    else
      options.back() += c;
  }
  fuzz::unless_refused([&] {
    const cli::Grid grid(options, {"seed=1"});
    const std::size_t points = grid.points();
    fuzz::demand(points >= 1);
    for (const std::size_t point : {std::size_t{0}, points / 2, points - 1}) {
      fuzz::demand(grid.shown(point).size() == grid.keys().size());
      fuzz::demand(grid.keys().empty() == grid.name(point).empty());
      fuzz::unless_refused([&] {
        Value config = parse_config("format = 1\nmodel = \"network\"\n[run]\ndt = 1\n", "fuzzed");
        grid.apply(config, point);
        to_toml(config);
      });
    }
  });
  return 0;
}
