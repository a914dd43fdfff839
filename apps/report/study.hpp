// SPDX-License-Identifier: Apache-2.0
// The table of a study, as `crosspike sweep` writes it: CSV (RFC 4180) whose header names the grid's keys, then figure,
// mean, sd, n; a row per grid point and figure. The first line may be the comment `# crosspike sweep 1`.
#pragma once

#include <crosspike/apps/report/svg.hpp>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::report {

struct StudyRow {
  std::vector<std::string> point;  // a value per key, as written
  std::string figure;
  double mean = 0;
  double sd = std::numeric_limits<double>::quiet_NaN();  // NaN where nothing or "nan" is written
  std::int64_t n = 0;
};

struct Study {
  std::vector<std::string> keys;
  std::vector<StudyRow> rows;

  std::vector<std::string> figures() const;  // in order of appearance
};

inline constexpr std::uint64_t largest_study = std::uint64_t{64} << 20;  // bytes

// Throws Error(input) with FILE:LINE where the text is anything else.
Study parse_study(std::string_view text, const std::string& file);
Study load_study(const std::filesystem::path& path);

// Whether a figure, one of `all`, is of the test split: by its name, or because a figure of validation has the same
// name beside that word ("memory_ms_at_90_input" beside "validation_memory_ms_at_90").
bool is_of_test(std::string_view figure, const std::vector<std::string>& all);

// What a report shows of a study's figures, in their order, and a sentence about those that it leaves out.
struct FigureChoice {
  std::vector<std::string> names;
  std::string note;  // empty: none is left out, or all were named
};

// `wanted`, or, where it is empty, the main figures: no bounds of intervals, no penalties, no sizes of splits, nothing
// that is equal at all points, and, where a study has figures of validation, none of the test split, on which no
// setting may be chosen. Throws Error(input) for a figure that the study lacks.
FigureChoice choose_figures(const Study& study, const std::vector<std::string>& wanted, const std::string& file);

// Of the figures chosen (none: the main ones): a plot over the first key with a line for each combination of the
// others, and, of a grid of two keys, a heat map. Throws Error(input) for a figure that the study lacks.
std::vector<Plot> study_plots(const Study& study, const std::vector<std::string>& chosen, const std::string& file);

}  // namespace crosspike::report
