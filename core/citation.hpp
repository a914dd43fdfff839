// SPDX-License-Identifier: Apache-2.0
// What a run rests on and who is to be cited for it.
#pragma once

#include <string>

namespace crosspike {

struct Citation {
  std::string subject;  // "neuron cuba_lif"
  std::string source;   // papers, and "owner/repo:path" of code, apart by "; "
};

}  // namespace crosspike
