// SPDX-License-Identifier: Apache-2.0
// Who is to be cited for a liquid.
#pragma once

#include <crosspike/core/citation.hpp>
#include <crosspike/core/config.hpp>
#include <vector>

namespace crosspike {

std::vector<Citation> lsm_citations(const Value& resolved);  // LsmSettings::resolved

}  // namespace crosspike
