// SPDX-License-Identifier: Apache-2.0
#include <crosspike/models/lsm/citations.hpp>

namespace crosspike {

std::vector<Citation> lsm_citations(const Value& resolved) {
  std::vector<Citation> all = {{"liquid state machine", "Maass, Natschlaeger & Markram, Neural Computation 14 (2002)"}};
  const Value* liquid = resolved.as<Table>()->find("liquid");
  const Value* preset = liquid && liquid->as<Table>() ? liquid->as<Table>()->find("preset") : nullptr;
  const auto* name = preset ? preset->as<std::string>() : nullptr;
  if (name && *name == "gaussian")
    all.push_back({"liquid preset gaussian",
                   "Lin et al., Nature Computational Science (2025), doi 10.1038/s43588-024-00751-z, arXiv 2307.00771; "
                   "MrLinNing/RMAdaptiveMachine:SpeakerAuthentication/models.py"});
  if (name && *name == "resistive")
    all.push_back({"liquid preset resistive",
                   "Wang et al., Nature Machine Intelligence (2023), arXiv 2112.15270; "
                   "wangsc1912/ESGNN:data/experimental_data/Figure_1.xlsx"});
  if (name && *name == "maass")
    all.push_back({"liquid preset maass",
                   "defaults of the Graz neural microcircuit toolset, "
                   "Kirito56/lsm-matlab:circuits/@neural_microcircuit/private/default_parameters.m"});
  return all;
}

}  // namespace crosspike
