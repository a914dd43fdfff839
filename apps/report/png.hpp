// SPDX-License-Identifier: Apache-2.0
// An image of bytes as a PNG inside an SVG (PNG specification, 2nd edition: greyscale of 8 bits).
#pragma once

#include <crosspike/core/results.hpp>
#include <string>

namespace crosspike::report {

// "data:image/png;base64,..."; each pixel becomes scale x scale, so that no viewer blurs it. 0 is black.
std::string png_data(const SampleImage& image, unsigned scale);

}  // namespace crosspike::report
