// SPDX-License-Identifier: Apache-2.0
// The neuron loop, once for all kinds, compiled for each SIMD target by Highway's foreach_target (no include guard of
// the usual kind: it is included once per target). scripts/check-vectorised reads the compiler's report on the marked
// loop.
#if defined(CROSSPIKE_STEP_COLUMNS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSPIKE_STEP_COLUMNS_INL
#undef CROSSPIKE_STEP_COLUMNS_INL
#else
#define CROSSPIKE_STEP_COLUMNS_INL
#endif

#include <hwy/highway.h>

#include <cmath>
#include <crosspike/backends/cpu/kind_population.hpp>
#include <crosspike/core/kind.hpp>
#include <tuple>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace crosspike::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Stored as 0 where smaller than the field's quiet magnitude: silence is reached, and idle neurons can be skipped.
template <class T>
HWY_INLINE T snap(T value, T quiet) {
  if constexpr (std::is_floating_point_v<T>)
    return value < quiet && value > -quiet ? T{0} : value;
  else
    return value;
}

template <class K>
constexpr std::size_t port_count() {
  if constexpr (requires { K::inputs; })
    return std::size(K::inputs);
  else
    return 0;
}

// State columns, constant columns (heterogeneous populations only) and inputs as restrict parameters.
template <class K, class R, int variant, bool each, std::size_t... s, std::size_t... c, std::size_t... p,
          class... Column>
HWY_NOINLINE void step_columns(std::index_sequence<s...>, std::index_sequence<c...>, std::index_sequence<p...>,
                               const typename K::template Constants<R> uniform, const void* const* constant_columns,
                               const R* const* inputs, std::int32_t* __restrict fired, std::size_t n,
                               Column* __restrict... column) {
  using State = typename K::template State<R>;
  using Constants = typename K::template Constants<R>;
  constexpr std::size_t ports = sizeof...(p);
  const R* const input[ports + 1] = {inputs[p]..., nullptr};
  [[maybe_unused]] const auto constant =
      std::make_tuple(static_cast<const std::decay_t<decltype(uniform.*(std::get<c>(K::template constants<R>)))>*>(
          each ? constant_columns[c] : nullptr)...);
  // vectorised-loop-begin
#ifndef __clang__
#pragma GCC ivdep
#endif
  for (std::size_t i = 0; i < n; ++i) {
    State state;
    ((state.*(std::get<s>(K::template state<R>).member) = column[i]), ...);
    Constants constants = uniform;
    if constexpr (each) ((constants.*(std::get<c>(K::template constants<R>)) = std::get<c>(constant)[i]), ...);
    const R in[ports + (ports == 0)] = {input[p][i]...};
    fired[i] = K::template step<R, variant>(constants, state, in);
    ((column[i] = snap(state.*(std::get<s>(K::template state<R>).member),
                       static_cast<Column>(std::get<s>(K::template state<R>).quiet))),
     ...);
  }
  // vectorised-loop-end
}

// Kinds that draw: one address per (element, tick), scalar.
template <class K, class R, std::size_t... s, std::size_t... p, class... Column>
void draw_columns(std::index_sequence<s...>, std::index_sequence<p...>,
                  const typename K::template Constants<R>* constants, bool each, RandomKey key, const Chunk<R>& chunk,
                  std::int32_t* fired, Column*... column) {
  for (std::size_t i = 0; i < chunk.n; ++i) {
    typename K::template State<R> state;
    ((state.*(std::get<s>(K::template state<R>).member) = column[i]), ...);
    const R in[sizeof...(p) + (sizeof...(p) == 0)] = {chunk.inputs[p][i]...};
    const auto element = chunk.first + static_cast<std::uint32_t>(i);
    Draws<R> draws(key, element, chunk.tick, chunk.stream);
    fired[i] = K::template step<R, 0>(constants[each ? element : 0], state, in, draws);
    ((column[i] = snap(state.*(std::get<s>(K::template state<R>).member),
                       static_cast<Column>(std::get<s>(K::template state<R>).quiet))),
     ...);
  }
}

// The elements whose count is not zero, and their counts where asked for.
inline std::size_t compact(std::int32_t* fired, std::size_t n, std::uint32_t first, std::uint32_t* index,
                           std::int32_t* count) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::ScalableTag<std::uint32_t> du;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = n; i % lanes != 0; ++i) fired[i] = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; i += lanes) {
    const auto values = hn::LoadU(d, fired + i);
    const auto mask = hn::Ne(values, hn::Zero(d));
    if (hn::AllFalse(d, mask)) continue;
    // Compress and then store a whole vector: Zen 4 runs a compressing store as slow microcode.
    hn::StoreU(hn::Compress(hn::Iota(du, first + static_cast<std::uint32_t>(i)), hn::RebindMask(du, mask)), du,
               index + found);
    if (count) hn::StoreU(hn::Compress(values, mask), d, count + found);
    found += hn::CountTrue(d, mask);
  }
  return found;
}

template <class K, class R, int variant, bool each, std::size_t... s>
void call_step(std::index_sequence<s...> fields, const ConstantsView<K, R>& view, const Chunk<R>& chunk,
               std::int32_t* fired) {
  step_columns<K, R, variant, each>(
      fields, std::make_index_sequence<std::tuple_size_v<std::decay_t<decltype(K::template constants<R>)>>>{},
      std::make_index_sequence<port_count<K>()>{}, view.rows[0], view.columns, chunk.inputs, fired, chunk.n,
      static_cast<std::decay_t<decltype(std::declval<typename K::template State<R>>().*
                                        (std::get<s>(K::template state<R>).member))>*>(chunk.columns[s])...);
}

template <class K, class R, std::size_t... s>
void call_draw(std::index_sequence<s...> fields, const ConstantsView<K, R>& view, const Chunk<R>& chunk,
               std::int32_t* fired) {
  draw_columns<K, R>(
      fields, std::make_index_sequence<port_count<K>()>{}, view.rows, view.each, view.key, chunk, fired,
      static_cast<std::decay_t<decltype(std::declval<typename K::template State<R>>().*
                                        (std::get<s>(K::template state<R>).member))>*>(chunk.columns[s])...);
}

template <class K, class R, int variant = 0>
void call_variant(const ConstantsView<K, R>& view, const Chunk<R>& chunk, std::int32_t* fired) {
  constexpr auto fields = std::make_index_sequence<std::tuple_size_v<std::decay_t<decltype(K::template state<R>)>>>{};
  if constexpr (requires { K::draws; }) {
    call_draw<K, R>(fields, view, chunk, fired);
  } else if constexpr (variant + 1 < K::variants) {
    if (view.variant != variant) return call_variant<K, R, variant + 1>(view, chunk, fired);
    view.each ? call_step<K, R, variant, true>(fields, view, chunk, fired)
              : call_step<K, R, variant, false>(fields, view, chunk, fired);
  } else {
    view.each ? call_step<K, R, variant, true>(fields, view, chunk, fired)
              : call_step<K, R, variant, false>(fields, view, chunk, fired);
  }
}

template <class K, class R>
std::size_t step_chunk(const ConstantsView<K, R>& view, const Chunk<R>& chunk) {
  alignas(64) std::int32_t fired[chunk_neurons + 64];
  call_variant<K, R>(view, chunk, fired);
  return compact(fired, chunk.n, chunk.first, chunk.index, chunk.count);
}

}  // namespace HWY_NAMESPACE
}  // namespace crosspike::cpu
HWY_AFTER_NAMESPACE();
#endif
