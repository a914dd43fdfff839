// SPDX-License-Identifier: Apache-2.0
// The folder in which a sweep keeps the runs that are done, so that it can go on after a crash. It is locked while a
// process works in it.
//   sweep.toml            what the sweep is: grid, version, the resolved config of its first run
//   point-P.seed-S.json   one finished run: its resolved config, figures, timings, notes
//   lock                  held while a sweep runs
#pragma once

#include <crosspike/apps/cli/finished_run.hpp>
#include <crosspike/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace crosspike::cli {

class SweepFolder {
 public:
  // Makes the folder, or opens that of the same sweep. `begin_anew` removes what another one kept there. Throws
  // Error(input) where another process is at work, another sweep is kept (naming the first difference), or the folder
  // is no sweep's; Error(system) where the disk fails.
  SweepFolder(std::filesystem::path folder, const Value& sweep, bool begin_anew);
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;
  ~SweepFolder();

  // Throws Error(input) where the file is damaged or holds the run of another config.
  std::optional<FinishedRun> find(std::size_t point, std::int64_t seed, const Value& config) const;
  void keep(std::size_t point, std::int64_t seed, const FinishedRun& run) const;
  static bool holds_sweep(const std::filesystem::path& folder);  // one was begun there

 private:
  std::filesystem::path file_of(std::size_t point, std::int64_t seed) const;
  void lock();
  void open(const Value& sweep, bool begin_anew);
  void clear() const;

  std::filesystem::path folder_;
  int lock_ = -1;
};

}  // namespace crosspike::cli
