// SPDX-License-Identifier: Apache-2.0
// Turns weights into integers, once, from the network alone. Each neuron port (and each weight node that gives values)
// gets a quantum 2^-s with the largest s for which no sum of arriving weights can overflow.
#pragma once

#include <crosspike/core/network.hpp>
#include <crosspike/core/team.hpp>
#include <cstdint>
#include <map>
#include <vector>

namespace crosspike {

// How one weight node's weights are stored: weight = (stored << shift) * 2^-s of its target port.
struct WeightQuantum {
  int bits = 32;     // stored width: 16, or 32 (31 bits and a sign in double precision)
  int exponent = 0;  // stored = round half even (weight * 2^exponent)
  int shift = 0;     // s - exponent
  std::uint64_t synapses = 0;
  double largest = 0, mean_magnitude = 0, rms_rounding = 0;
  std::int32_t longest_delay = 0;  // ticks, on top of the wire's

  std::int32_t stored(double weight) const;
};

struct Quanta {
  std::map<PortRef, int> exponent;  // s of every port that receives sums; for values: of the weight node's port 0
  std::map<NodeId, WeightQuantum> weights;  // one per weight node
};

// Throws Error(input) where a projection loses more than 2^-9 of its mean |weight| to rounding at full width, naming it
// and the projection that forces the quantum.
Quanta choose_quanta(const Network& network, Team& team);

}  // namespace crosspike
