// SPDX-License-Identifier: Apache-2.0
// Numbers as configs write them: a scalar with a unit, a list, a distribution, a file.
#pragma once

#include <crosspike/core/arrays.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/connectivity/distribution.hpp>
#include <crosspike/core/units.hpp>
#include <string>
#include <vector>

namespace crosspike {

// "20 ms", 20, [1, 2], { normal = [a, b], min = , max = }, { uniform = [a, b] }, { file = "x.npy" },
// { resistive_pair = scale, mean = , deviation = , formed = }. A list or file becomes Distribution::each.
Distribution read_distribution(const Value& value, const std::string& path, Unit unit);

// { parts = [[0.8, "3 ms"], [0.2, "2 ms"]] }: the first 80 % of `size` elements have one value, the others the next.
std::vector<double> read_parts(const Value& value, const std::string& path, Unit unit, std::size_t size);

// A list (nested: row by row) or { file = "w.npy" }.
NamedArray read_array(const Value& value, const std::string& path, Unit unit = Unit::none);

}  // namespace crosspike
