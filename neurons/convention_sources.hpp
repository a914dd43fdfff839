// SPDX-License-Identifier: Apache-2.0
// The engines whose arithmetic the conventions of neurons stand for. docs/neurons.md names the files.
#pragma once

#include <string_view>

namespace crosspike {

// Empty for a convention that is not one of ours.
inline std::string_view convention_source(std::string_view convention) {
  constexpr struct {
    std::string_view convention, source;
  } table[] = {{"nest", "NEST: nest/nest-simulator"},
               {"brian2", "Brian2: brian-team/brian2"},
               {"nir", "NIR, Pedersen et al., Nature Communications 15, 8122 (2024); neuromorphs/NIR"},
               {"snntorch", "snnTorch: jeshraghian/snntorch"},
               {"norse", "Norse: norse/norse"},
               {"spikingjelly", "SpikingJelly: fangwei123456/spikingjelly"},
               {"lava", "Lava: lava-nc/lava"},
               {"spinnaker", "sPyNNaker: SpiNNakerManchester/sPyNNaker"}};
  for (const auto& entry : table)
    if (entry.convention == convention) return entry.source;
  return {};
}

}  // namespace crosspike
