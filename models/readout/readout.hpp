// SPDX-License-Identifier: Apache-2.0
// What a readout is once it has been fitted, whichever way: weights and a bias, and the scores that they give.
#pragma once

#include <crosspike/core/team.hpp>
#include <crosspike/models/readout/features.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

enum class ReadoutKind { ridge, logistic, rls };

/// "ridge", "logistic", "rls", as configs and results write them.
const char* name_of(ReadoutKind kind);
/// Nothing for a name that is none of them.
std::optional<ReadoutKind> readout_kind(std::string_view name);

struct LambdaScore {
  double lambda = 0;
  double accuracy = 0;  // on validation, fitted on train
};

/// score_c(x) = sum_i weights[c, i] x_i + bias_c, for x as FeatureSet gives it (square roots for square_roots).
struct Readout {
  std::size_t features = 0;
  std::size_t classes = 0;
  double lambda = 0;                    // penalty of the weights; what rls calls alpha
  std::vector<double> weights;          // (classes, features), of features that are not standardised
  std::vector<double> bias;             // (classes)
  std::vector<double> mean;             // (features), of the samples that were fitted
  std::vector<double> scale;            // (features), their standard deviation (divisor n); 0: constant, weight 0
  std::vector<LambdaScore> validation;  // in the order asked for; empty where no lambda was chosen
  std::vector<std::string> remarks{};   // on the fit, each the rest of a sentence: "did not converge ..."
  ReadoutKind kind = ReadoutKind::ridge;
  double forgetting = 1;  // of rls
};

/// The class of highest score for each sample, the lowest such class on a tie. A sample's scores don't depend on its
/// neighbours or on the threads. Throws Error as check(set) does, and for a set of another shape.
std::vector<int> predict(const Readout& readout, const FeatureSet& set, Team& team);

struct Score {
  std::size_t samples = 0;
  std::size_t correct = 0;
  std::vector<std::size_t> confusion;  // (true class, predicted class)
  std::vector<bool> right;             // (samples)

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
};

Score score(const Readout& readout, const FeatureSet& set, Team& team);

/// Index of the best of a validation curve: most often right, the larger lambda on a tie. The curve is not empty.
std::size_t best_of(const std::vector<LambdaScore>& curve);

}  // namespace crosspike
