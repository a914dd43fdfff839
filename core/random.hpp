// SPDX-License-Identifier: Apache-2.0
// Addressed random numbers: every draw is a pure function of (seed, purpose, node name) and of where it is used
// (element, step, stream), so that threads, backends and the order of asking cannot change it.
//
// Generator: Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11, from Random123.
#pragma once

#include <Random123/philox.h>

#include <crosspike/core/math.hpp>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace crosspike {

/// What a draw is for. A closed list: each name is part of the hash, so a renamed purpose draws anew.
enum class Purpose { connectivity, weight, delay, parameter, initial_state, step, conversion };

struct RandomKey {
  std::uint32_t low = 0, high = 0;
  bool operator==(const RandomKey&) const = default;
};

/// FNV-1a 64 over "<seed>/<purpose>/<name>" (seed in decimal), finished with splitmix64.
RandomKey random_key(std::uint64_t seed, Purpose purpose, std::string_view name);

/// The four counter words of a block, in Philox's order. `stream` is the sample or sequence number given at reset.
struct Address {
  std::uint32_t element = 0, step = 0, draw = 0, stream = 0;
};

struct RandomWords {
  std::uint32_t word[4];
};

CROSSPIKE_HD inline RandomWords philox(RandomKey key, Address at) {
  const philox4x32_ctr_t counter = {{at.element, at.step, at.draw, at.stream}};
  const philox4x32_key_t words = {{key.low, key.high}};
  const philox4x32_ctr_t block = philox4x32(counter, words);
  return {{block.v[0], block.v[1], block.v[2], block.v[3]}};
}

/// Throws Error(cannot): steps are one counter word, so a step of 2^32 or more has no address.
[[noreturn]] void refuse_random_step(std::uint64_t step);

namespace detail {

/// log(x!) - log(sqrt(2 pi x) (x / e)^x) for x >= 15, to 3e-14 (Stirling's series).
CROSSPIKE_HD inline double stirling_error(double x) {
  const double inverse_square = 1.0 / (x * x);
  double sum = 1.0 / 1680.0;
  sum = 1.0 / 1260.0 - sum * inverse_square;
  sum = 1.0 / 360.0 - sum * inverse_square;
  sum = 1.0 / 12.0 - sum * inverse_square;
  return sum / x;
}

/// d - log(1 + d) for |d| <= 1/8, without its cancellation.
CROSSPIKE_HD inline double log_deviance(double d) {
  double power = d * d, sum = 0.5 * power;
  for (int order = 3; power > 1e-18 || power < -1e-18; ++order) {
    power *= -d;
    sum += power / order;
  }
  return sum;
}

/// Inverts a unimodal distribution on 0..most: takes probabilities from `u` at the mode and then alternately above and
/// below it. `ratio(k)` = P(k) / P(k - 1). The sliver of u that rounding leaves over belongs to the mode.
template <class Ratio>
CROSSPIKE_HD std::int64_t invert_from_mode(double u, std::int64_t mode, double probability, std::int64_t most,
                                           Ratio ratio) {
  constexpr double negligible = 0x1p-60;
  std::int64_t above = mode, below = mode;
  double above_probability = probability, below_probability = probability;
  u -= probability;
  while (u >= 0.0) {
    const bool up = above < most && above_probability > negligible;
    const bool down = below > 0 && below_probability > negligible;
    if (!up && !down) return mode;
    if (up) {
      above_probability *= ratio(++above);
      u -= above_probability;
      if (u < 0.0) return above;
    }
    if (down) {
      below_probability /= ratio(below--);
      u -= below_probability;
      if (u < 0.0) return below;
    }
  }
  return mode;
}

}  // namespace detail

/// The sequence of draws at one (key, element, step, stream); `draw` counts its blocks of four words.
/// R is float or double. Each kind of draw takes a number of words that depends on nothing but the words themselves.
template <class R>
class Draws {
 public:
  /// A step of 2^32 or more throws Error(cannot) on the host; device code has it checked before the launch.
  CROSSPIKE_HD Draws(RandomKey key, std::uint32_t element, std::uint64_t step, std::uint32_t stream)
      : key_(key), next_{element, static_cast<std::uint32_t>(step), 0, stream} {
#ifndef __CUDA_ARCH__
    if (step >> 32 != 0) refuse_random_step(step);
#endif
  }

  CROSSPIKE_HD std::uint32_t word() {
    if (used_ == 4) {
      block_ = philox(key_, next_);
      ++next_.draw;
      used_ = 0;
    }
    return block_.word[used_++];
  }

  /// In (0, 1), both excluded. double: (x + 0.5) 2^-32 of a word x. float: the top 24 bits of x with the last one set,
  /// which is (top 23 bits + 0.5) 2^-23, since half a step more would round up to 1.
  CROSSPIKE_HD R uniform() {
    if constexpr (std::is_same_v<R, float>) {
      return static_cast<float>((word() >> 8) | 1u) * 0x1p-24f;
    } else {
      return open_uniform();
    }
  }

  /// Mean 0, variance 1: Box & Muller 1958, in double, the cosine half, from two words.
  CROSSPIKE_HD R gaussian() {
    const double radius = __builtin_sqrt(-2.0 * math::log(open_uniform()));
    const double angle = two_pi * open_uniform();
    return static_cast<R>(radius * math::sincos(angle).cos);
  }

  /// Poisson of 0 <= mean <= 1e9 by inversion from the mode; time O(sqrt(mean)), two words.
  CROSSPIKE_HD std::int32_t poisson(double mean) {
    const auto mode = static_cast<std::int64_t>(mean);
    const auto k = static_cast<double>(mode);
    double probability = 0.0;
    if (mode < 16) {
      probability = math::exp(-mean);
      for (int i = 1; i <= mode; ++i) probability *= mean / i;
    } else {  // Loader, "Fast and accurate computation of binomial probabilities", 2000
      const double exponent = detail::stirling_error(k) + k * detail::log_deviance((mean - k) / k);
      probability = math::exp(-exponent) / __builtin_sqrt(two_pi * k);
    }
    const auto ratio = [mean](std::int64_t i) { return mean / static_cast<double>(i); };
    const std::int64_t most = INT32_MAX;
    return static_cast<std::int32_t>(detail::invert_from_mode(fine_uniform(), mode, probability, most, ratio));
  }

  /// Successes in 0 <= n <= 2^53 trials of chance 0 <= p <= 1, by inversion from the mode; time O(sqrt(n p (1 - p))),
  /// two words.
  CROSSPIKE_HD std::int64_t binomial(std::int64_t n, double p) {
    const bool mirrored = p > 0.5;
    const std::int64_t successes = rare_binomial(n, mirrored ? 1.0 - p : p);
    return mirrored ? n - successes : successes;
  }

  /// Uniform on 0..n-1 for n >= 1, unbiased: Lemire, "Fast random integer generation in an interval", 2019.
  CROSSPIKE_HD std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = std::uint64_t{word()} * n;
    if (static_cast<std::uint32_t>(product) < n) {
      const std::uint32_t uneven = (0u - n) % n;
      while (static_cast<std::uint32_t>(product) < uneven) product = std::uint64_t{word()} * n;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  static constexpr double two_pi = 0x1.921fb54442d18p+2;

  CROSSPIKE_HD double open_uniform() { return (word() + 0.5) * 0x1p-32; }

  // 52 bits, so that rare counts keep their probability.
  CROSSPIKE_HD double fine_uniform() {
    const std::uint64_t high = word();
    const std::uint64_t bits = high << 20 | word() >> 12;
    return (static_cast<double>(bits) + 0.5) * 0x1p-52;
  }

  CROSSPIKE_HD std::int64_t rare_binomial(std::int64_t n, double p) {
    const double q = 1.0 - p;
    const auto trials = static_cast<double>(n);
    const auto mode = static_cast<std::int64_t>((trials + 1.0) * p);
    const auto k = static_cast<double>(mode);
    const double rest = trials - k;
    const double odds = p / q;
    const auto ratio = [trials, odds](std::int64_t i) {
      const auto x = static_cast<double>(i);
      return (trials - x + 1.0) / x * odds;
    };
    double probability = 0.0;
    if (mode < 16) {
      probability = math::exp(trials * math::log1p(-p));
      for (std::int64_t i = 1; i <= mode; ++i) probability *= ratio(i);
    } else {  // Loader 2000
      const double excess = trials * p - k;
      const double exponent = detail::stirling_error(k) + detail::stirling_error(rest) -
                              detail::stirling_error(trials) + k * detail::log_deviance(excess / k) +
                              rest * detail::log_deviance(-excess / rest);
      probability = math::exp(-exponent) * __builtin_sqrt(trials / (two_pi * k * rest));
    }
    return detail::invert_from_mode(fine_uniform(), mode, probability, n, ratio);
  }

  RandomKey key_;
  Address next_;
  RandomWords block_{};
  int used_ = 4;
};

}  // namespace crosspike
