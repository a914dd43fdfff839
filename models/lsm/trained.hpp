// SPDX-License-Identifier: Apache-2.0
// A trained liquid from its results file: for `eval`, which scores it again, and for exports, which write it down
// whole.
#pragma once

#include <crosspike/core/config.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/network/model.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace crosspike {

// The edges that training saved, in place of the rules that they were drawn by. Arrays of weights (linear, conv2d) stay
// where the config has them: edges lack their bias.
void use_saved_edges(Value& config, const std::filesystem::path& results);

// Whether the results hold an accuracy on a test split: training looks unless told not to.
bool looked_at_test(const ResultsReader& results);
// The same of a file that may be no results, for the test split of `now`.
bool looked_at_test(const std::filesystem::path& file, const DatasetSource& now);

// Throws Error(input) where the readout that lies at `place` ("a.h5:/readout") was fitted to other features than the
// liquid of its config gives: sooner than after all samples.
void require_fit(const Readout& readout, const LsmSettings& settings, const std::string& place);

struct TrainedNetwork {
  NetworkModel model{};
  std::vector<std::pair<std::string, std::string>> notes{};  // classes, ticks of a sample
};

// The liquid with its readout as two more nodes: `readout` (linear, the weights; a T-th of the bias in each of a
// sample's T ticks) leads to `scores` (li that keeps all it gets), whose membrane after T ticks is weights x spike
// counts + bias, the class scores. Throws Error(input) where there is no readout, Error(cannot) where the features are
// no plain spike counts of the whole sample.
TrainedNetwork trained_network(const std::filesystem::path& results, const Library& library);

}  // namespace crosspike
