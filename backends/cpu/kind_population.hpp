// SPDX-License-Identifier: Apache-2.0
// A Population of one declared kind: its constants, derived once, and the call of its compiled loop.
#pragma once

#include <fmt/format.h>

#include <crosspike/backends/cpu/population.hpp>
#include <crosspike/core/kind.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace crosspike::cpu {

// What a population's constants look like to the loop.
template <class K, class R>
struct ConstantsView {
  const typename K::template Constants<R>* rows;  // one, or one per element for kinds that draw
  const void* const* columns;                     // at the chunk's first element; heterogeneous populations only
  bool each;
  int variant;
  RandomKey key;
};

// Why these neurons make no population, if they do not.
inline std::optional<std::string> mixed_variants(const Node& node) {
  if (!node.kind->variant || node.uniform()) return std::nullopt;
  const int variant = node.kind->variant(node.values_at(0));
  for (std::size_t i = 1; i < node.size(); ++i)
    if (node.kind->variant(node.values_at(i)) != variant)
      return fmt::format(
          "elements 0 and {} differ in a convention that changes their arithmetic; make a population of "
          "each",
          i);
  return std::nullopt;
}

// The node has passed mixed_variants.
template <class K, class R>
class KindPopulation final : public Population<R> {
 public:
  using Constants = typename K::template Constants<R>;
  using Step = std::size_t (*)(const ConstantsView<K, R>&, const Chunk<R>&);

  KindPopulation(const Network& network, const Node& node, Step loop)
      : step_(loop), each_(!node.uniform()), key_(random_key(network.seed, Purpose::step, node.name)) {
    const std::size_t rows = each_ ? node.size() : 1;
    for (std::size_t i = 0; i < rows; ++i)
      rows_.push_back(K::template derive<R>(to_params<K>(node.values_at(i)), network.dt));
    if (node.kind->variant) variant_ = node.kind->variant(node.values_at(0));
    if constexpr (!draws) {
      if (each_) make_columns(std::make_index_sequence<constants>{});
    }
    describe(std::make_index_sequence<fields>{});
  }

  std::size_t step(const Chunk<R>& chunk) const override {
    const void* columns[constants + 1];
    if (each_ && !draws)
      for (std::size_t c = 0; c < constants; ++c) columns[c] = columns_[c].data() + column_widths_[c] * chunk.first;
    return step_({rows_.data(), columns, each_, variant_, key_}, chunk);
  }
  const std::vector<std::size_t>& widths() const override { return widths_; }
  const std::vector<bool>& integers() const override { return integers_; }
  bool graded() const override {
    if constexpr (requires { K::graded; }) return K::graded;
    return false;
  }

 private:
  static constexpr bool draws = requires { K::draws; };
  static constexpr std::size_t fields = std::tuple_size_v<std::decay_t<decltype(K::template state<R>)>>;
  static constexpr std::size_t constants = std::tuple_size_v<std::decay_t<decltype(K::template constants<R>)>>;

  static constexpr std::size_t ports = [] {
    if constexpr (requires { K::inputs; }) return std::size(K::inputs);
    return std::size_t{0};
  }();
  static_assert(ports <= most_ports && fields <= most_columns, "raise the limits in population.hpp");

  template <std::size_t... c>
  void make_columns(std::index_sequence<c...>) {
    const auto make = [this](auto member) {
      using T = std::decay_t<decltype(rows_[0].*member)>;
      std::vector<std::byte> bytes(rows_.size() * sizeof(T));
      T* values = reinterpret_cast<T*>(bytes.data());
      for (std::size_t i = 0; i < rows_.size(); ++i) values[i] = rows_[i].*member;
      columns_.push_back(std::move(bytes));
      column_widths_.push_back(sizeof(T));
    };
    (make(std::get<c>(K::template constants<R>)), ...);
  }

  template <std::size_t... s>
  void describe(std::index_sequence<s...>) {
    const auto one = [this](auto field) {
      using T = std::decay_t<decltype(std::declval<typename K::template State<R>>().*(field.member))>;
      widths_.push_back(sizeof(T));
      integers_.push_back(std::is_integral_v<T>);
    };
    (one(std::get<s>(K::template state<R>)), ...);
  }

  Step step_;
  bool each_;
  int variant_ = 0;
  RandomKey key_;
  std::vector<Constants> rows_;
  std::vector<std::vector<std::byte>> columns_;
  std::vector<std::size_t> column_widths_, widths_;
  std::vector<bool> integers_;
};

}  // namespace crosspike::cpu
