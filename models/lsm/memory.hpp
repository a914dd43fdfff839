// SPDX-License-Identifier: Apache-2.0
// What a liquid remembers: trained on pattern_pairs, it tells which pattern came first and the exclusive or of the two
// patterns' parities, with a readout of its own for each task and each gap.
#pragma once

#include <crosspike/models/lsm/experiment.hpp>

namespace crosspike {

// As train_lsm, for settings whose data set is pattern_pairs. Figures, of the liquid and with the suffixes
// _no_recurrence, _static and _input of its controls: memory_ms_at_90, the longest gap up to which which-came-first is
// told right in 90 % of the test samples at every gap of the list (0: at none); xor_memory_ms_at_90, the same of the
// exclusive or; first_accuracy and xor_accuracy, the means over all gaps. What begins with validation_ is of the
// validation split. Curves: memory_first and memory_xor, test accuracy against the gap with Wilson's 95 % intervals;
// validation_memory_first and validation_memory_xor, the same of the validation split, by which each readout's lambda
// was chosen. Scores: of each readout of the liquid, as "first_50ms".
ExperimentReport train_memory(const LsmSettings& settings, const Library& library, const ExperimentOptions& options);

// Scores the liquid of `results` again with the readouts that are stored there. Throws Error(input) where one is
// missing or doesn't fit. Nothing is written.
ExperimentReport eval_memory(const LsmSettings& settings, const ResultsReader& results, const std::string& file,
                             const Library& library, const ExperimentOptions& options);

// The longest gap such that it and all shorter ones reach `least`; 0 where the shortest doesn't.
double memory_span(const std::vector<double>& gaps, const std::vector<double>& accuracies, double least);

}  // namespace crosspike
