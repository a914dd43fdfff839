// SPDX-License-Identifier: Apache-2.0
// A NIR graph as a general config (model = "network").
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <crosspike/core/exporter.hpp>

namespace crosspike::nir {

// Conventions: nir (the exact solution of its equations with inputs held over a tick), norse, snntorch. `graph` has
// passed check_graph. Throws Error(input) where shapes do not fit or dt is not known, and Error(cannot) for what no
// kind computes, with the place in the file.
ImportedNetwork to_config(const Graph& graph, const ImportSettings& settings);

}  // namespace crosspike::nir
