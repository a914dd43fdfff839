// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/core/nearest.hpp>
#include <utility>
#include <vector>

namespace crosspike {
namespace {

constexpr std::size_t longest_word = 64;  // no name is longer; bounds the work on hostile input

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::size_t shared_beginning(const std::string& a, const std::string& b) {
  const auto length = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + length, b.begin()).first - a.begin());
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  const std::string wanted = lower(word);
  const std::string* best = nullptr;
  std::pair<std::size_t, std::size_t> best_rank;  // (distance, longest_word - shared beginning): less is better
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest_word) continue;
    const std::string known = lower(candidate);
    const std::size_t edits = distance(wanted, known);
    const std::size_t longer = std::max(wanted.size(), known.size());
    const std::size_t cutoff = longer == 1 ? 0 : std::max<std::size_t>(1, longer / 3);
    const bool abbreviated = wanted.size() >= 3 && known.starts_with(wanted);
    if (edits > cutoff && !abbreviated) continue;
    const std::pair rank{edits, longest_word - shared_beginning(wanted, known)};
    if (best == nullptr || rank < best_rank) {
      best = &candidate;
      best_rank = rank;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

}  // namespace crosspike
