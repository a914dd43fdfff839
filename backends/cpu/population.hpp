// SPDX-License-Identifier: Apache-2.0
// A population as the event stage sees it: columns of state, and a step over a chunk of neurons. Made per kind in
// step_kind.cpp.in, so that each kind's loop compiles alone.
#pragma once

#include <crosspike/core/network.hpp>
#include <crosspike/core/random.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace crosspike::cpu {

inline constexpr std::size_t chunk_neurons =
    1024;  // inputs, fired flags and columns of a chunk stay in the first cache
inline constexpr std::size_t most_ports = 4, most_columns = 16;  // of a kind; KindPopulation asserts it

// One chunk of neurons of one lane for one tick.
template <class R>
struct Chunk {
  std::size_t n = 0;                 // <= chunk_neurons
  std::uint32_t first = 0;           // number of its first element
  void* const* columns = nullptr;    // one pointer per State field, at the first element
  const R* const* inputs = nullptr;  // one pointer per port, n values each
  std::uint64_t tick = 0;            // of the lane, for kinds that draw
  std::uint32_t stream = 0;
  std::uint32_t* index = nullptr;  // out: elements that fired, room for n + 64
  std::int32_t* count = nullptr;   // out: their counts, when the kind is graded
};

template <class R>
class Population {
 public:
  virtual ~Population() = default;
  virtual std::size_t step(const Chunk<R>& chunk) const = 0;   // returns the number of events
  virtual const std::vector<std::size_t>& widths() const = 0;  // bytes per element of each State column
  virtual const std::vector<bool>& integers() const = 0;       // whether a column holds int32
  virtual bool graded() const = 0;                             // counts other than 1 are possible
};

template <class K, class R>
std::unique_ptr<Population<R>> make_population(const Network& network, const Node& node);

}  // namespace crosspike::cpu
