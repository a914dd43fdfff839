// SPDX-License-Identifier: Apache-2.0
// Whether training samples are what a liquid and a readout can use, seen from their labels and from the first of them.
#pragma once

#include <crosspike/models/lsm/settings.hpp>
#include <string>
#include <vector>

namespace crosspike {

// Sentences on classes without a sample, and on times that hardly fit a sample's. Throws Error(input) where all samples
// are of one class, and where all events of the first hundred samples come after their end.
std::vector<std::string> check_samples(const LsmSettings& settings, const Dataset& train);

}  // namespace crosspike
