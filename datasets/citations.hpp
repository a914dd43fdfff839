// SPDX-License-Identifier: Apache-2.0
// Who is to be cited for the samples of a data set and for how they become events.
#pragma once

#include <crosspike/core/citation.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <vector>

namespace crosspike {

std::vector<Citation> citations(const DatasetSource& source);

}  // namespace crosspike
