// SPDX-License-Identifier: Apache-2.0
// Connectivity rules: who is connected to whom, with which weight and delay. A network holds the rule, not the
// synapses; any part can be enumerated alone, since every target draws from its own random address.
#pragma once

#include <crosspike/core/connectivity/distribution.hpp>
#include <crosspike/core/kind.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct Synapse {
  std::uint32_t source, target;
  double weight;       // in the target port's unit; real until core/quantum rounds it
  std::int32_t delay;  // ticks, on top of the incoming wire's
};

struct EdgeList {
  std::vector<std::uint32_t> sources, targets;
  std::vector<double> weights = {};       // empty: the weight distribution
  std::vector<std::int32_t> delays = {};  // ticks; empty: the delay distribution
};

// Ticks, of a wire and also of a wire and a synapse's smallest delay together. Twice as many still fit into 32 bits.
inline constexpr std::int32_t longest_delay = 1'000'000'000;

// Targets enumerated together: a stripe is the smallest part that anybody asks for.
inline constexpr std::uint32_t stripe_targets = 1024;

// Elements [first, last) of a population; last 0: all.
struct ElementRange {
  std::uint32_t first = 0, last = 0;
};

struct Connectivity {
  enum class Rule { one_to_one, all_to_all, fixed_indegree, pairwise_bernoulli, distance, local, edges };
  Rule rule = Rule::all_to_all;
  std::uint32_t indegree = 0;  // fixed_indegree, local
  double probability = 0;      // pairwise_bernoulli; distance: at distance 0
  double lambda = 0;           // distance: probability x exp(-(distance / lambda)^2), in the unit of positions
  double sigma = 0;            // local: standard deviation of the offset from the target's centre, pixels
  bool autapses = true;        // a neuron may connect to itself (same population only)
  bool multapses = true;       // a pair may be connected more than once (fixed_indegree)
  std::shared_ptr<const EdgeList> edges = nullptr;
  ElementRange sources{}, targets{};  // the parts of the two populations that are connected; not with local and edges

  // Form::each, a value for each synapse: one_to_one, by target; all_to_all, row by row for each target in `targets`.
  Distribution weight = Distribution::constant(1);
  // Dale's law by source: every n-th source (n-1, 2n-1, ...) has weights factor x |w|, all others |w|. 0: off.
  std::uint32_t dale_every = 0;
  double dale_factor = 1;
  Distribution delay = Distribution::constant(0);  // ticks, on top of the wire's; rounded half up

  std::int32_t minimum_delay() const;  // the smallest delay a synapse can have
};

std::string_view name(Connectivity::Rule rule);

// Where the elements of a population lie: x, y, z of each, in units of the grid. None: on the grid of its shape, whose
// last dimension is x.
using Positions = std::shared_ptr<const std::vector<double>>;

struct Position {
  double x = 0, y = 0, z = 0;
};
Position position_of(std::uint32_t element, const Shape& shape, const Positions& positions);

struct ConnectionSpace {
  std::uint64_t seed;
  std::string node;      // the weight node's name, part of every random address
  Shape source, target;  // shapes of the two populations
  bool same_population;
  Positions source_positions = nullptr, target_positions = nullptr;
};

// Appends the synapses of targets [first, last), ascending by target, each target's in the order of its draws.
void enumerate(const Connectivity&, const ConnectionSpace&, std::uint32_t first, std::uint32_t last,
               std::vector<Synapse>& out);

// What is wrong with the rule between these shapes, if anything.
std::optional<std::string> trouble(const Connectivity&, const ConnectionSpace&);

}  // namespace crosspike
