// SPDX-License-Identifier: Apache-2.0
// A NIR neuron as a node of ours, in the reading of an engine.
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <crosspike/core/network.hpp>
#include <string>
#include <string_view>

namespace crosspike::nir {

bool is_neuron(std::string_view type);     // LIF, CubaLIF, IF, LI, I, Threshold
bool sends_values(std::string_view type);  // LI, I

// The convention whose preset the node starts from; what differs from it has to be written.
struct ReadNeuron {
  crosspike::Node node;
  std::string convention;
};

// `convention`: nir, norse, snntorch; dt in ms. Throws Error(cannot) where that engine reads no such parameters.
ReadNeuron to_neuron(const Node& node, const std::string& name, const std::string& convention, double dt);

// The number that was meant: of a float32 its shortest decimal, which rounds to it again.
double written(const Tensor& tensor, std::size_t i);
double rounded(double value);  // to 15 digits
Shape shape_of(const Tensor& tensor);

}  // namespace crosspike::nir
