// SPDX-License-Identifier: Apache-2.0
#include <crosspike/bench/lsm_kernels.hpp>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "crosspike/bench/lsm_kernels.cpp"
// simd.hpp chooses what Highway builds, so it comes first.
// clang-format off
#include <crosspike/backends/cpu/simd.hpp>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace crosspike {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void multiply(std::span<const std::uint32_t> first, std::span<const SparseEntry> entries, const float* in,
              std::size_t columns, float* out) {
  const hn::ScalableTag<float> d;
  const std::size_t n = hn::Lanes(d);
  for (std::size_t target = 0; target + 1 < first.size(); ++target)
    for (std::size_t column = 0; column < columns; column += 4 * n) {
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
      for (std::uint32_t k = first[target]; k < first[target + 1]; ++k) {
        const auto weight = hn::Set(d, entries[k].weight);
        const float* row = in + entries[k].source * columns + column;
        sum0 = hn::MulAdd(weight, hn::LoadU(d, row), sum0);
        sum1 = hn::MulAdd(weight, hn::LoadU(d, row + n), sum1);
        sum2 = hn::MulAdd(weight, hn::LoadU(d, row + 2 * n), sum2);
        sum3 = hn::MulAdd(weight, hn::LoadU(d, row + 3 * n), sum3);
      }
      float* to = out + target * columns + column;
      hn::StoreU(sum0, d, to);
      hn::StoreU(sum1, d, to + n);
      hn::StoreU(sum2, d, to + 2 * n);
      hn::StoreU(sum3, d, to + 3 * n);
    }
}

void combine(const Combine& how, const float* input, const float* recurrent, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<float>((static_cast<std::int32_t>(input[i]) << how.input_shift) +
                                (static_cast<std::int32_t>(recurrent[i]) << how.recurrent_shift)) *
             how.quantum;
}

}  // namespace HWY_NAMESPACE
}  // namespace crosspike
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosspike {

HWY_EXPORT(multiply);
HWY_EXPORT(combine);

void multiply_sparse(std::span<const std::uint32_t> first, std::span<const SparseEntry> entries, const float* in,
                     std::size_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply)(first, entries, in, columns, out);
}

void combine_sums(const Combine& how, const float* input, const float* recurrent, std::size_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(combine)(how, input, recurrent, n, out);
}

}  // namespace crosspike
#endif
