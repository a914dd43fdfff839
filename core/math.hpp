// SPDX-License-Identifier: Apache-2.0
// The only transcendental functions that may decide a spike: the same bits on every CPU, compiler and GPU, which
// libm does not promise. Within 1 ulp of the exact value; branch-free, so that loops over them vectorise.
//
// What the bits rest on: IEEE 754 double with round-to-nearest and subnormals, and no contraction of a * b + c into a
// fused operation (-ffp-contract=off; nvcc: --fmad=false). Argument reduction: Cody & Waite, "Software Manual for the
// Elementary Functions", 1980. Polynomials: minimax (Remez exchange in 60 digits); each comment states the error that
// is left after rounding the coefficients to double. NaN gives NaN.
#pragma once

#include <cstdint>
#include <limits>

#ifdef __CUDACC__
#define CROSSPIKE_HD __host__ __device__
#else
#define CROSSPIKE_HD
#endif

namespace crosspike::math {

namespace detail {

CROSSPIKE_HD inline std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
CROSSPIKE_HD inline double double_of(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }

// As values, because nvcc takes no constexpr host function in device code.
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double smallest_normal = std::numeric_limits<double>::min();
inline constexpr float infinity_of_float = std::numeric_limits<float>::infinity();

// x + round_magic rounds x to an integer and leaves it, in two's complement, in the low bits of the sum (|x| < 2^51).
inline constexpr double round_magic = 0x1.8p52;

/// exp(x) = 2^k (1 + head + tail) with |head| <= 0.5 ln 2 and tail of the order of head^2. For |x| < 2^10.
struct ReducedExponential {
  double head, tail;
  std::uint64_t k;  // two's complement in the low 51 bits; what lies above is round_magic's
};

CROSSPIKE_HD inline ReducedExponential reduce_exponential(double x) {
  constexpr double ln2_high = 0x1.62e42fefa38p-1;  // 42 bits: k ln2_high is exact, and so is x - k ln2_high
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  const double shifted = x * 0x1.71547652b82fep+0 + round_magic;
  const double k = shifted - round_magic;
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double r = high - low;
  const double lost = (high - r) - low;
  // (e^r - 1 - r - r^2/2) / r^3 on |r| <= 0.5 ln 2; error below 2^-60 of e^r - 1.
  double p = 0x1.1f954a23e85c3p-29;
  p = p * r + 0x1.af5ebf6c12a65p-26;
  p = p * r + 0x1.27e4c5b10e439p-22;
  p = p * r + 0x1.71ddf8535f508p-19;
  p = p * r + 0x1.a01a01b0af762p-16;
  p = p * r + 0x1.a01a01afe541fp-13;
  p = p * r + 0x1.6c16c16c14469p-10;
  p = p * r + 0x1.111111110f6aep-7;
  p = p * r + 0x1.555555555555ap-5;
  p = p * r + 0x1.5555555555559p-3;
  const double square = r * r;
  return {r, 0.5 * square + (square * r * p + (r * lost + lost)), bits_of(shifted)};
}

}  // namespace detail

CROSSPIKE_HD inline double exp(double x) {
  // Beyond these bounds the result is infinity or 0 anyway; a NaN passes both comparisons by.
  const double below = x > 710.0 ? 710.0 : x;
  const double bounded = below < -746.0 ? -746.0 : below;
  const auto [head, tail, k] = detail::reduce_exponential(bounded);
  // 2^k in two factors, so that results near overflow are reached and subnormal ones are rounded once.
  const std::uint64_t biased = (k + 2048) & 0xfff;
  const std::uint64_t half = biased >> 1;
  const double first = detail::double_of((half - 1) << 52);
  const double second = detail::double_of((biased - half - 1) << 52);
  return (1.0 + (head + tail)) * first * second;
}

CROSSPIKE_HD inline double expm1(double x) {
  const double below = x > 64.0 ? 64.0 : x;
  const double bounded = below < -50.0 ? -50.0 : below;
  const auto [head, tail, k] = detail::reduce_exponential(bounded);
  const double power = detail::double_of((k + 1023) << 52);
  // power (1 + head + tail) - 1, summed with both rounding errors kept (Knuth's two-sum).
  const double whole = power - 1.0;
  const double whole_lost = power >= 1.0 ? (power - whole) - 1.0 : power - (whole + 1.0);
  const double part = power * head;
  const double sum = whole + part;
  const double part_seen = sum - whole;
  const double sum_lost = (whole - (sum - part_seen)) + (part - part_seen);
  const double result = sum + (sum_lost + whole_lost + power * tail);
  const double large = x > 64.0 ? exp(x) : result;
  return x == 0.0 ? x : large;  // keeps the sign of -0
}

/// Natural logarithm; log(0) = -infinity, log of a negative number is NaN.
CROSSPIKE_HD inline double log(double x) {
  constexpr double ln2_high = 0x1.62e42fefa38p-1;
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcdu;  // bits of sqrt(1/2)
  constexpr std::uint64_t one = 0x3ff0000000000000u;
  const bool subnormal = x < detail::smallest_normal;
  const std::uint64_t shifted = detail::bits_of(subnormal ? x * 0x1p54 : x) + (one - root_half);
  // x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); k becomes a double through the mantissa of 2^52.
  const double k =
      detail::double_of((shifted >> 52) | 0x4330000000000000u) - (subnormal ? 0x1p52 + 1023.0 + 54.0 : 0x1p52 + 1023.0);
  const double f = detail::double_of((shifted & 0x000fffffffffffffu) + root_half) - 1.0;
  // log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 p(s^2)), s = f / (2 + f);
  // p(z) = (2 atanh(sqrt z) / sqrt z - 2) / z, error below 2^-58 of log(1 + f).
  const double s = f / (2.0 + f);
  const double z = s * s;
  double p = 0x1.2f070d9a2e1e6p-3;
  p = p * z + 0x1.39a1925c9a67ap-3;
  p = p * z + 0x1.74664064e1b19p-3;
  p = p * z + 0x1.c71c52028470dp-3;
  p = p * z + 0x1.24924941f90c9p-2;
  p = p * z + 0x1.999999997fd33p-2;
  p = p * z + 0x1.5555555555592p-1;
  const double half_square = 0.5 * f * f;
  const double result = k * ln2_high - ((half_square - (s * (half_square + z * p) + k * ln2_low)) - f);
  const double bounded = x < detail::infinity ? result : x;  // also passes NaN through
  const double outside = x == 0.0 ? -detail::infinity : detail::not_a_number;
  return x > 0.0 ? bounded : outside;
}

struct SinCos {
  double sin, cos;
};

/// Sine and cosine of x radians for |x| <= 2^20; NaN beyond, where the reduction would no longer be exact.
CROSSPIKE_HD inline SinCos sincos(double x) {
  const double bounded = x >= -0x1p20 && x <= 0x1p20 ? x : detail::not_a_number;
  // pi/2 in parts of 33 bits (n times a part is exact for n < 2^20) and a rest.
  const double shifted = bounded * 0x1.45f306dc9c883p-1 + detail::round_magic;
  const double n = shifted - detail::round_magic;
  const std::uint64_t quadrant = detail::bits_of(shifted);
  const double rough = bounded - n * 0x1.921fb544p+0;
  const double second = n * 0x1.0b4611a6p-34;
  const double finer = rough - second;
  const double third = n * 0x1.3198a2ep-69;
  const double r = finer - third;
  // x - n pi/2 = r + lost: the rounding error of either subtraction (two-sum), less the rest of pi/2.
  const double second_seen = rough - finer;
  const double finer_lost = (rough - (finer + second_seen)) + (second_seen - second);
  const double third_seen = finer - r;
  const double r_lost = (finer - (r + third_seen)) + (third_seen - third);
  const double lost = (finer_lost + r_lost) - n * 0x1.b839a252049c1p-104;
  const double z = r * r;
  // (sin r / r - 1) / z on |r| <= pi/4; error below 2^-57 of sin r.
  double p = 0x1.5d9300e1207f8p-33;
  p = p * z - 0x1.ae5e6639e26bap-26;
  p = p * z + 0x1.71de3577b53bep-19;
  p = p * z - 0x1.a01a019c11971p-13;
  p = p * z + 0x1.111111110f87ap-7;
  p = p * z - 0x1.5555555555549p-3;
  const double half_square = 0.5 * z;
  const double sine = r + (r * z * p + lost * (1.0 - half_square));
  // (cos r - 1 + z/2) / z^2 on |r| <= pi/4; error below 2^-59.
  double q = -0x1.8fae9c8350bb2p-37;
  q = q * z + 0x1.1ee9ebe944060p-29;
  q = q * z - 0x1.27e4f809f0bd4p-22;
  q = q * z + 0x1.a01a019cb1bddp-16;
  q = q * z - 0x1.6c16c16c1517ep-10;
  q = q * z + 0x1.555555555554cp-5;
  const double rounded = 1.0 - half_square;
  const double cosine = rounded + (((1.0 - rounded) - half_square) + (z * z * q - r * lost));
  const bool swapped = (quadrant & 1) != 0;
  const double sin_size = swapped ? cosine : sine;
  const double cos_size = swapped ? sine : cosine;
  const double sin_signed = (quadrant & 2) != 0 ? -sin_size : sin_size;
  const double cos_signed = ((quadrant + 1) & 2) != 0 ? -cos_size : cos_size;
  return {x == 0.0 ? x : sin_signed, cos_signed};
}

/// log(1 + x) for x > -1, kept accurate where 1 + x rounds (Kahan's correction; a few ulp).
CROSSPIKE_HD inline double log1p(double x) {
  const double sum = 1.0 + x;
  return log(sum) - ((sum - 1.0) - x) / sum;
}

/// The smallest float above x; NaN and +infinity give themselves. next_up(-0) is the smallest subnormal.
CROSSPIKE_HD inline float next_up(float x) {
  if (!(x < detail::infinity_of_float)) return x;
  const auto bits = __builtin_bit_cast(std::uint32_t, x + 0.0f);  // -0 becomes +0
  return __builtin_bit_cast(float, x < 0.0f ? bits - 1 : bits + 1);
}

/// As for float.
CROSSPIKE_HD inline double next_up(double x) {
  if (!(x < detail::infinity)) return x;
  const std::uint64_t bits = detail::bits_of(x + 0.0);
  return detail::double_of(x < 0.0 ? bits - 1 : bits + 1);
}

}  // namespace crosspike::math
