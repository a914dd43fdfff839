// SPDX-License-Identifier: Apache-2.0
// Everything of a liquid's training that can be refused before its first sample: for `train`, which goes on from
// there, and for `validate`.
#pragma once

#include <crosspike/core/library.hpp>
#include <crosspike/core/plan.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct LsmPlan {
  TrainingSplits splits;
  Plan liquid;
  std::optional<Plan> without_recurrence;  // where there are controls
  std::vector<std::string> notes;          // of check_samples
};

// The liquid as collect_liquid wants it. `memory_limit`: bytes, 0 for what is available.
Plan plan_liquid(const NetworkModel& model, const Library& library, int threads, int slice,
                 std::size_t memory_limit = 0);

enum class TestUse { now, never };

// Throws Error(input) where files are missing or broken or a split is empty or too small, and Error(cannot) for more
// features than a readout takes and for more memory than there is. Of the test split only what check_test_split looks
// at is looked at; where it is not used, it may be missing.
LsmPlan check_lsm(const LsmSettings& settings, const Library& library, int threads, int slice,
                  std::size_t memory_limit = 0, TestUse test = TestUse::now);

// Throws Error(input) where a split of pattern_pairs has fewer samples than gaps, which take turns.
void require_gaps(const DatasetSource& source, const char* split, std::int64_t samples);

}  // namespace crosspike
