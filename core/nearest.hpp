// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": the candidate that a mistyped word most likely stands for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crosspike {

// By Damerau-Levenshtein distance (insert, delete, replace, swap two neighbours; optimal string alignment), letter case
// ignored. A candidate counts within max(1, length / 3) edits of the longer word, or where `word`, of three letters or
// more, is its beginning. Ties go to the longer shared beginning, then to the earlier candidate.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace crosspike
