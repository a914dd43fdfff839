// SPDX-License-Identifier: Apache-2.0
// NIR files: HDF5 in the layout of neuromorphs/NIR:nir/serialization.py, which has no attributes at all: types, names
// of edges and numbers are datasets, text is UTF-8 of variable length.
#pragma once

#include <crosspike/backends/nir/graph.hpp>
#include <filesystem>

namespace crosspike::nir {

// Whose layout is written; readers ask for it only by nir.read_version.
inline constexpr const char* layout_version = "1.0.7";

// A checked graph (check_graph). Throws Error(input) with the HDF5 path for what is missing, damaged or too large:
// 10,000 nodes, 100,000 edges, 16 levels, 2^29 numbers in all.
Graph read_file(const std::filesystem::path& path);

// Truncates `path`; messages call it `shown_as`.
void write_file(const Graph& graph, const std::filesystem::path& path, const std::string& shown_as);

}  // namespace crosspike::nir
