// SPDX-License-Identifier: Apache-2.0
// The stepped kinds that this backend has compiled, by name.
#pragma once

#include <crosspike/backends/cpu/population.hpp>
#include <crosspike/core/network.hpp>

namespace crosspike::cpu {

bool has_population(std::string_view kind);

// Throws Error(system) for a kind that has_population does not know.
template <class R>
std::unique_ptr<Population<R>> population_for(const Network& network, const Node& node);

}  // namespace crosspike::cpu
