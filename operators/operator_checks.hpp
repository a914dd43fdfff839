// SPDX-License-Identifier: Apache-2.0
// What the operators share when they look at a node before it runs: checked reads of its parameters and arrays.
#pragma once

#include <crosspike/core/network.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

// Refuses one value per element where only one for the whole node has a meaning.
void require_scalar(const Node& node, std::string_view param);

// The shape of a required array; refuses another number of dimensions, an empty one, or values that do not fill it.
Shape array_shape(const Node& node, std::string_view array, std::size_t dimensions);

// A required array of one dimension, of `length` values where that is given.
const std::vector<double>& series(const Node& node, std::string_view array, std::optional<std::size_t> length = {});

// values[i] of a series as an index below the node's size.
std::uint32_t element_at(const Node& node, const std::vector<double>& elements, std::size_t i);

// The only input shape of an operator with one wire.
const Shape& only_input(const Node& node, std::span<const Shape> sources);

}  // namespace crosspike
