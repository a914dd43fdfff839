// SPDX-License-Identifier: Apache-2.0
#include <crosspike/backends/cpu/kinds.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike_generated/neuron_kinds.hpp>

namespace crosspike::cpu {

bool has_population(std::string_view kind) {
#define CROSSPIKE_NAMED(K) \
  if (kind == K::name) return true;
  CROSSPIKE_FOR_EACH_NEURON(CROSSPIKE_NAMED)
#undef CROSSPIKE_NAMED
  return false;
}

template <class R>
std::unique_ptr<Population<R>> population_for(const Network& network, const Node& node) {
#define CROSSPIKE_MAKE(K) \
  if (node.kind->name == K::name) return make_population<K, R>(network, node);
  CROSSPIKE_FOR_EACH_NEURON(CROSSPIKE_MAKE)
#undef CROSSPIKE_MAKE
  throw Error(Fault::system, "the cpu backend has no population of kind " + node.kind->name);
}

template std::unique_ptr<Population<float>> population_for(const Network&, const Node&);
template std::unique_ptr<Population<double>> population_for(const Network&, const Node&);

}  // namespace crosspike::cpu
