// SPDX-License-Identifier: Apache-2.0
// The liquid state machine's experiment: collect features of the training file, fit readouts, look at the test split
// once, write results. Every choice (lambda, baseline) is made on the validation split.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crosspike {

struct ExperimentOptions {
  int threads = 1;
  int slice = 0;
  std::optional<std::filesystem::path> out{};  // results file; none: nothing is written
  Existing existing = Existing::refuse;
  Progress progress{};
  std::size_t memory_limit = 0;  // bytes; 0: what is available
  bool test = true;              // false: the test split stays closed, and there are no figures of it
};

struct ExperimentReport {
  Figures figures;
  std::vector<std::string> notes;  // full sentences for the person at the terminal
  std::vector<std::pair<std::string, ReadoutScores>>
      scores;  // on the test split, by contestant, the liquid first, or by readout
  std::vector<std::pair<std::string, Curve>> curves{};
  Value resolved{Table{}};
};

// Figures that differ from run to run, so that results files, which do not, leave them out.
bool is_timing(std::string_view figure);

ExperimentReport train_lsm(const Value& config, const Library& library, const ExperimentOptions& options);

// Scores a trained liquid, with the edges that training saved, on the test split again; says that this is not the
// first look. Overrides may change where the test samples lie and what runs them: dataset.path, files and folders of
// dataset.test_..., dataset.limit_test, placement. Throws Error(input) for any other.
ExperimentReport eval_lsm(const std::filesystem::path& results, const std::vector<std::string>& overrides,
                          const Library& library, const ExperimentOptions& options);

}  // namespace crosspike
