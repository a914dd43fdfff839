// SPDX-License-Identifier: Apache-2.0
// Draws without replacement, at a cost that follows the draws.
#pragma once

#include <cstdint>
#include <vector>

namespace crosspike {

// Samples of k different numbers below n, each set of k as likely as any other. Room for one n is kept between samples.
class Sampler {
 public:
  // Calls visit(number) k times, in an order that is not random. Takes min(k, n - k) draws: Floyd's algorithm (Bentley,
  // "Programming pearls: a sample of brilliance", CACM 30, 1987) on the sample or on what it leaves out.
  template <class Draws, class Visit>
  void sample(std::uint32_t k, std::uint32_t n, Draws& draws, Visit visit) {
    if (stamp_.size() < n) stamp_.resize(n, 0);
    if (++now_ == 0) {
      stamp_.assign(stamp_.size(), 0);
      now_ = 1;
    }
    if (k <= n / 2) {
      floyd(k, n, draws, visit);
    } else {
      floyd(n - k, n, draws, [](std::uint32_t) {});
      for (std::uint32_t number = 0; number < n; ++number)
        if (stamp_[number] != now_) visit(number);
    }
  }

 private:
  template <class Draws, class Visit>
  void floyd(std::uint32_t k, std::uint32_t n, Draws& draws, Visit visit) {
    for (std::uint32_t last = n - k; last < n; ++last) {
      const std::uint32_t drawn = draws.below(last + 1);
      const std::uint32_t number = stamp_[drawn] == now_ ? last : drawn;
      stamp_[number] = now_;
      visit(number);
    }
  }

  std::vector<std::uint32_t> stamp_;  // of the last sample that a number was in
  std::uint32_t now_ = 0;
};

}  // namespace crosspike
