// SPDX-License-Identifier: Apache-2.0
// How sure an accuracy is, how each class fares, and how two readouts compare on the same samples.
#pragma once

#include <crosspike/core/results.hpp>
#include <crosspike/models/readout/readout.hpp>
#include <span>
#include <vector>

namespace crosspike {

struct Interval {
  double low = 0, high = 0;
};

/// Wilson's 95 % interval of a proportion p = right / n: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) /
/// (1 + z^2 / n), z = 1.959964 (Wilson, J. Am. Stat. Assoc. 22, 1927). Samples are taken to be independent draws.
/// Throws Error for no sample and for more right ones than samples.
Interval wilson(std::size_t right, std::size_t samples);

/// Of each class: precision = right / predicted so, recall = right / truly so, f1 = 2 right / (predicted + truly so).
/// NaN where that divides by 0: precision of a class that is never predicted, recall of one that never comes.
struct ClassFigures {
  std::vector<double> precision, recall, f1;
};
/// `confusion` is (true class, predicted class).
ClassFigures class_figures(std::span<const std::size_t> confusion, std::size_t classes);

/// Accuracy of one readout minus that of another on the same n samples, with a 95 % interval: b samples that only the
/// first got right, c that only the second did; d = (b - c) / n, and d' -+ z sqrt(b' + c' - (b' - c')^2 / n') / n' with
/// half a sample added to each of the four cells, b' = b + 1/2, c' = c + 1/2, n' = n + 2, d' = (b - c) / n' (Agresti
/// and Min, Statistics in Medicine 24, 2005). Much narrower than two intervals side by side, as both see the same
/// samples.
struct PairedDifference {
  double difference = 0;
  Interval interval;
};
/// Throws Error where the two have not scored as many samples, or none.
PairedDifference paired_difference(const Score& first, const Score& second);

/// A contestant's part of results: what a readout scored on a test split, and how its lambda was chosen.
ReadoutScores scores_of(const Score& score, const Readout& readout);

/// A readout as results store it, and back, ready to score. The latter throws Error for a kind that is none, where
/// `where` names the file.
ReadoutArrays stored(const Readout& readout);
Readout from_stored(const ReadoutArrays& arrays, const std::string& where);

}  // namespace crosspike
