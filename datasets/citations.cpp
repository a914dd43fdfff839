// SPDX-License-Identifier: Apache-2.0
#include <crosspike/datasets/citations.hpp>

namespace crosspike {

std::vector<Citation> citations(const DatasetSource& source) {
  constexpr const char* n_mnist = "Orchard et al., Front. Neurosci. 9:437 (2015)";
  constexpr const char* own = "whoever made these files says how to cite them";
  switch (source.kind) {
    case DatasetSource::Kind::idx_saccades:
      return {{"images in " + source.path.string(), own},
              {"saccades", std::string(n_mnist) + "; gorchard/Matlab_AER_vision_functions:stabilize.m"},
              {"event pixels", "ESIM, Rebecq et al., CoRL 2018; uzh-rpg/rpg_esim"}};
    case DatasetSource::Kind::nmnist:
      return {{"recordings in N-MNIST's layout", n_mnist}};
    case DatasetSource::Kind::events:
      return {{"events in " + source.file.string(), own}};
    case DatasetSource::Kind::dense:
      return {{"arrays in " + source.dense.inputs.string(), own}};
    case DatasetSource::Kind::pattern_pairs:
      return {{"pairs of spike patterns", "after Maass, Natschlaeger & Markram, Neural Computation 14 (2002)"}};
  }
  return {};
}

}  // namespace crosspike
