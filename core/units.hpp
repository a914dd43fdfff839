// SPDX-License-Identifier: Apache-2.0
// Physical quantities as people write them ("20 ms", "1.2 nA") and as the code holds them: ms, mV, pA, pF, nS, Hz and
// pixels. Conversion moves the decimal point in the text, so that "0.1 ms" and "100 us" are the same double, 0.1.
#pragma once

#include <string>
#include <string_view>

namespace crosspike {

enum class Unit { none, ms, mV, pA, pF, nS, Hz, px };  // none: a plain number

std::string_view name(Unit);     // "ms"; "" for none
std::string_view example(Unit);  // a value as one may write it in a config, "20 ms"; shown in error messages

// A number with a unit of the expected dimension, or a bare number in `expected` itself; always finite, and the double
// nearest to what is written. Micro is "u", "µ" or "μ". Throws Error(Fault::input) with a message that has no location.
double parse_quantity(std::string_view text, Unit expected);

std::string format_quantity(double value, Unit);  // shortest text that parse_quantity turns into the same double

}  // namespace crosspike
