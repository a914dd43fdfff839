// SPDX-License-Identifier: Apache-2.0
// Which SIMD variants of the neuron loop are built, and which one runs. All give the same bits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

// Built by Highway's foreach_target: the compiler's baseline (SSE2 on x86-64), SSE4, AVX2, AVX-512. The rest would only
// cost compile time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

namespace crosspike::cpu {

std::vector<std::string> simd_levels();  // those that this machine can run, best first
std::string simd_level();                // the one in use
// Throws Error(cannot) for a level that does not exist here. The environment variable CROSSPIKE_SIMD does the same.
void use_simd(std::string_view level);

}  // namespace crosspike::cpu
