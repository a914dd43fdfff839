// SPDX-License-Identifier: Apache-2.0
// A data set's events written as files in N-MNIST's layout.
#pragma once

#include <crosspike/core/atomic_file.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <cstdint>
#include <filesystem>

namespace crosspike {

struct ConvertReport {
  std::int64_t train_samples = 0, test_samples = 0;
  std::int64_t events = 0, bytes = 0;
};

/// Writes training (with validation, in file order) and test samples as `<out>/Train|Test/<label>/<id>.bin`, so that a
/// source of kind nmnist reads back the same events. `out` appears when it is complete, in a folder that exists. An
/// `out` that is there already is replaced only when asked, and when it holds nothing but such files and none of
/// `source`. Throws Error (input) for an `out` that won't do, before any work.
ConvertReport convert_dataset(const DatasetSource& source, const std::filesystem::path& out,
                              const ProgressCallback& progress, Existing existing);

}  // namespace crosspike
