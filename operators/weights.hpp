// SPDX-License-Identifier: Apache-2.0
// What the weight operators share: the bias that `linear` and `conv2d` may have, and the ring that delays what a
// reference delivers.
#pragma once

#include <crosspike/core/network.hpp>
#include <vector>

namespace crosspike {

// The bias of a weight node, one value for each element of its output; empty where it has none. A backend adds it to
// the target's port once per tick, as a value: after the integer sums, never quantised. An array shorter than the
// output holds one value per channel, the leading dimension of the weights. Throws Error(input) for any other length.
std::vector<double> bias(const Node& node);

// Future inputs of `width` elements in the state of a reference: `slots` rows, the row of tick t at t mod slots.
class ReferenceRing {
 public:
  ReferenceRing(std::vector<double>& state, std::size_t width, std::int64_t tick)
      : state_(state), width_(width), slots_(state.size() / width), tick_(static_cast<std::size_t>(tick)) {}
  void add(std::size_t element, std::int32_t delay, double value) {
    state_[(tick_ + static_cast<std::size_t>(delay)) % slots_ * width_ + element] += value;
  }
  // Moves what is due at this tick out of the ring.
  void take(std::vector<double>& out) {
    const std::size_t row = tick_ % slots_ * width_;
    for (std::size_t i = 0; i < width_; ++i) {
      out[i] = state_[row + i];
      state_[row + i] = 0;
    }
  }

 private:
  std::vector<double>& state_;
  std::size_t width_, slots_, tick_;
};

}  // namespace crosspike
