// SPDX-License-Identifier: Apache-2.0
// Pieces of a config: names, numbers with units, arrays in place or in a file beside it.
#pragma once

#include <crosspike/core/arrays.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/network.hpp>
#include <string>
#include <vector>

namespace crosspike::nir {

// A name that a config takes, as like as can be: "Layer1.LIF" -> "layer1.lif", "0" of an Affine -> "affine_0".
std::string config_name(const std::string& name, const std::string& type);

void set_shape(Table& table, const Shape& shape);  // size, or shape where there are more dimensions

// Arrays of a config: short ones are written in it, the others go to a file and are named there.
class ArrayStore {
 public:
  explicit ArrayStore(std::string file) : file_(std::move(file)) {}
  Value numbers(const std::string& name, std::vector<std::uint64_t> shape, std::vector<double> values);
  Value integers(const std::string& name, const std::vector<double>& values);  // one where all are alike
  std::vector<NamedArray> take() { return std::move(arrays_); }

 private:
  std::string file_;
  std::vector<NamedArray> arrays_;
};

// A population of the config: `convention`, and what differs from its preset.
Table population_table(const Node& node, const std::string& convention, ArrayStore& arrays);

}  // namespace crosspike::nir
