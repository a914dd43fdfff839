// SPDX-License-Identifier: Apache-2.0
// The table [dataset] of a config.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <cstdint>

namespace crosspike {

/// Reads kind, path, file names, validation, limits and the table `events`; docs/datasets.md lists the keys
/// with their defaults. `seed` is the experiment's. The caller finishes the reader, and may read more keys
/// from the same table. Throws Error (input) with the place in the config, as opening the source will.
DatasetSource dataset_from(TableReader& reader, std::uint64_t seed);

}  // namespace crosspike
