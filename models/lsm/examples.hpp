// SPDX-License-Identifier: Apache-2.0
// A few samples with everything that happened in them, so that a report can show what a liquid sees and does.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <cstdint>
#include <memory>

namespace crosspike {

inline constexpr std::int64_t example_samples = 3;
inline constexpr std::size_t example_membranes = 5;

// Runs the first sample of each of the first classes that come in `dataset`, and the first others where there are fewer
// classes, and writes, under each one's number: label, image where there is one, the spikes
// of input and liquid, and a few membranes where the liquid's kind has them. `program` as collect_liquid wants it.
void write_examples(ResultsWriter& writer, const std::shared_ptr<const Program>& program, const LsmSettings& settings,
                    const Dataset& dataset);

}  // namespace crosspike
