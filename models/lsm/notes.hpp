// SPDX-License-Identifier: Apache-2.0
// Sentences for the person at the terminal about what went into a training and what came of its readouts.
#pragma once

#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

// Of the liquid's training samples: events that binning left out, where they are many, and a liquid that hardly fires.
std::vector<std::string> work_notes(const LsmSettings& settings, const CollectWork& work);

// What sentences call a contestant of results: "the liquid without recurrence" of no_recurrence.
const char* in_notes(std::string_view contestant);

double validation_accuracy(const Readout& readout);  // at the lambda that was chosen

// Whether the lambda that was chosen lies at the end of the list, where one beyond might do better.
bool at_end_of_list(const Readout& readout, const ReadoutSettings& settings);

}  // namespace crosspike
