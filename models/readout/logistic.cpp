// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <lbfgs.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/logistic.hpp>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>

namespace crosspike {
namespace {

constexpr std::size_t batch_rows = 128;
constexpr int corrections = 10;
constexpr std::size_t most_parameters = std::numeric_limits<int>::max();  // of libLBFGS

int to_int(std::size_t size) { return static_cast<int>(size); }

void check_settings(std::span<const double> lambdas, const LogisticSettings& settings) {
  if (lambdas.empty())
    throw Error(Fault::input, "the logistic readout has no lambda to choose from; give at least one, above 0");
  for (const double lambda : lambdas)
    if (!std::isfinite(lambda) || lambda <= 0)
      throw Error(Fault::input,
                  fmt::format("lambda of the logistic readout is {}; it must be finite and above 0", lambda));
  if (settings.max_iterations < 1)
    throw Error(Fault::input, fmt::format("max_iterations of the logistic readout is {}; it must be 1 or more",
                                          settings.max_iterations));
  if (!std::isfinite(settings.tolerance) || settings.tolerance <= 0)
    throw Error(Fault::input, fmt::format("tolerance of the logistic readout is {}; it must be finite and above 0",
                                          settings.tolerance));
}

// Without a sample of a class, or with one class alone, there is no minimum: a bias goes to minus infinity.
void check_classes(const FeatureSet& set) {
  if (set.classes < 2)
    throw Error(Fault::input, fmt::format("features of {}: there is one class; the logistic readout tells 2 or more "
                                          "apart",
                                          set.name));
  const std::vector<std::size_t> counts = class_counts(set);
  const auto none = std::find(counts.begin(), counts.end(), 0U);
  if (none == counts.end()) return;
  throw Error(Fault::input,
              fmt::format("features of {}: no sample of class {} among {}; the logistic readout needs one "
                          "of each class, ridge and rls do not",
                          set.name, none - counts.begin(), set.samples()));
}

double largest_magnitude(const double* values, std::size_t size) {
  double largest = 0;
  for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::abs(values[i]));
  return largest;
}

}  // namespace

LogisticObjective::LogisticObjective(const FeatureSet& set, const Standardisation& by, double lambda, Team& team)
    : set_(set), by_(by), lambda_(lambda), team_(team), batches_(static_cast<std::size_t>(team.size())) {
  use_one_blas_thread();
  for (Batch& batch : batches_) {
    batch.rows.resize(batch_rows * set.features);
    batch.scores.resize(batch_rows * set.classes);
    batch.gradient.resize(parameters());
    batch.labels.resize(batch_rows);
  }
}

std::size_t LogisticObjective::bytes(std::size_t features, std::size_t classes, int threads) {
  const std::size_t batch = batch_rows * (features + classes) + classes * (features + 1);
  return static_cast<std::size_t>(threads) * batch * sizeof(double);
}

double LogisticObjective::evaluate(std::span<const double> at, std::span<double> gradient) {
  const std::size_t samples = set_.samples(), all = (samples + batch_rows - 1) / batch_rows;
  const auto n = static_cast<double>(samples);
  const std::size_t weights = set_.classes * set_.features;
  double loss = 0;
  team_.run([&](Team::Member& member) {
    const auto rank = static_cast<std::size_t>(member.rank()), ranks = static_cast<std::size_t>(member.size());
    const std::size_t first = parameters() * rank / ranks, last = parameters() * (rank + 1) / ranks;
    for (std::size_t i = first; i < last; ++i) gradient[i] = i < weights ? lambda_ * at[i] : 0;
    for (std::size_t begin = 0; begin < all; begin += ranks) {
      if (begin + rank < all) add_batch(begin + rank, at, batches_[rank]);
      member.barrier();
      for (std::size_t b = 0; b < std::min(ranks, all - begin); ++b) {
        const Batch& batch = batches_[b];
        for (std::size_t i = first; i < last; ++i) gradient[i] += batch.gradient[i];
        if (rank == 0) loss += batch.loss;
      }
      member.barrier();
    }
    for (std::size_t i = first; i < last; ++i) gradient[i] /= n;
  });
  const double norm = cblas_ddot(to_int(weights), at.data(), 1, at.data(), 1);
  return (loss + lambda_ / 2 * norm) / n;
}

// Loss and gradient of one batch: scores by one product, p - y by the softmax of each row, the gradient by another.
void LogisticObjective::add_batch(std::size_t number, std::span<const double> at, Batch& batch) const {
  const std::size_t features = set_.features, classes = set_.classes;
  const std::size_t first = number * batch_rows, rows = std::min(batch_rows, set_.samples() - first);
  widen_rows(set_, first, rows, batch.rows.data(), batch.labels.data());
  for (std::size_t r = 0; r < rows; ++r) {
    double* row = batch.rows.data() + r * features;
    for (std::size_t i = 0; i < features; ++i) row[i] = (row[i] - by_.mean[i]) * by_.inverse[i];
    std::copy_n(at.data() + classes * features, classes, batch.scores.data() + r * classes);
  }
  const int p = to_int(features), k = to_int(classes), m = to_int(rows);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, p, 1.0, batch.rows.data(), p, at.data(), p, 1.0,
              batch.scores.data(), k);
  batch.loss = 0;
  double* bias_gradient = batch.gradient.data() + classes * features;
  std::fill_n(bias_gradient, classes, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    double* scores = batch.scores.data() + r * classes;
    const auto label = static_cast<std::size_t>(batch.labels[r]);
    const double largest = *std::max_element(scores, scores + classes), own = scores[label];
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += scores[c] = std::exp(scores[c] - largest);
    batch.loss += std::log(sum) + largest - own;
    for (std::size_t c = 0; c < classes; ++c) scores[c] /= sum;
    scores[label] -= 1;
    for (std::size_t c = 0; c < classes; ++c) bias_gradient[c] += scores[c];
  }
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, p, m, 1.0, batch.scores.data(), k, batch.rows.data(), p, 0.0,
              batch.gradient.data(), p);
}

namespace {

// What libLBFGS calls back. No exception may cross its frames, so one is kept and thrown when it has returned.
class Search {
 public:
  Search(LogisticObjective& objective, const LogisticSettings& settings, const std::function<void(int)>& progress)
      : objective_(objective), settings_(settings), progress_(progress) {}

  Minimum run(std::vector<double>& at) {
    const int size = to_int(at.size());
    const std::unique_ptr<double, void (*)(double*)> x(lbfgs_malloc(size), lbfgs_free);
    if (!x) throw std::bad_alloc();
    std::copy(at.begin(), at.end(), x.get());
    lbfgs_parameter_t parameters;
    lbfgs_parameter_init(&parameters);
    parameters.m = corrections;
    parameters.epsilon = 0;  // advanced() tests for convergence, by another norm
    parameters.max_iterations = settings_.max_iterations;
    const int status = lbfgs(size, x.get(), nullptr, evaluate, advanced, this, &parameters);
    if (failure_) std::rethrow_exception(failure_);
    if (status == LBFGSERR_OUTOFMEMORY) throw std::bad_alloc();
    std::copy_n(x.get(), at.size(), at.begin());  // after a failed line search: the last point that was accepted
    minimum_.converged = minimum_.gradient <= settings_.tolerance;
    return minimum_;
  }

 private:
  static double evaluate(void* self, const double* at, double* gradient, int size, double) {
    Search& search = *static_cast<Search*>(self);
    const auto n = static_cast<std::size_t>(size);
    if (search.failure_) return std::numeric_limits<double>::quiet_NaN();  // ends the line search
    try {
      const double value = search.objective_.evaluate({at, n}, {gradient, n});
      if (!search.started_) search.minimum_.gradient = largest_magnitude(gradient, n);
      search.started_ = true;
      return value;
    } catch (...) {
      search.failure_ = std::current_exception();
      return std::numeric_limits<double>::quiet_NaN();
    }
  }

  static int advanced(void* self, const double*, const double* gradient, double, double, double, double, int size,
                      int iterations, int) {
    Search& search = *static_cast<Search*>(self);
    search.minimum_.iterations = iterations;
    search.minimum_.gradient = largest_magnitude(gradient, static_cast<std::size_t>(size));
    try {
      if (search.progress_) search.progress_(iterations);
    } catch (...) {
      search.failure_ = std::current_exception();
    }
    return search.failure_ || search.minimum_.gradient <= search.settings_.tolerance ? LBFGS_STOP : 0;
  }

  LogisticObjective& objective_;
  const LogisticSettings& settings_;
  const std::function<void(int)>& progress_;
  bool started_ = false;
  Minimum minimum_;
  std::exception_ptr failure_;
};

std::string remark(const Minimum& minimum, const LogisticSettings& settings) {
  if (minimum.iterations < settings.max_iterations)
    return fmt::format(
        "did not converge: after {} iterations no step lowers its loss in double, its largest gradient "
        "is {:.2g}, above readout.tolerance = {}; a larger tolerance is within reach",
        minimum.iterations, minimum.gradient, settings.tolerance);
  return fmt::format(
      "did not converge: after readout.max_iterations = {} its largest gradient is {:.2g}, above "
      "readout.tolerance = {}; raise one of them",
      minimum.iterations, minimum.gradient, settings.tolerance);
}

}  // namespace

Minimum minimise(LogisticObjective& objective, std::vector<double>& at, const LogisticSettings& settings,
                 const std::function<void(int)>& progress) {
  return Search(objective, settings, progress).run(at);
}

Readout fit_logistic(const FeatureSet& train, const FeatureSet& validation, std::span<const double> lambdas,
                     const LogisticSettings& settings, Team& team, const Progress& progress) {
  check_settings(lambdas, settings);
  check(train);
  check(validation);
  check_alike(validation, train);
  check_classes(train);
  const std::size_t features = train.features, classes = train.classes;
  if (features > most_logistic_features || features + 1 > most_parameters / classes)
    throw Error(Fault::input,
                fmt::format("a logistic readout of {} features and {} classes; it takes up to {} features "
                            "and {} weights",
                            features, classes, most_logistic_features, most_parameters));
  int before = 0;
  const auto tell = [&](int iterations) {
    if (progress) progress("readout", before + iterations, 0, "iterations");
  };
  const auto fit = [&](const FeatureSet& set, const Standardisation& by, double lambda, std::vector<double>& at) {
    LogisticObjective objective(set, by, lambda, team);
    const Minimum minimum = minimise(objective, at, settings, tell);
    before += minimum.iterations;
    return minimum;
  };
  const auto finished = [&](const Standardisation& by, std::span<const double> at) {
    return unstandardised(by, at.first(classes * features), at.last(classes));
  };

  std::vector<std::size_t> order(lambdas.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lambdas[a] > lambdas[b]; });
  std::vector<LambdaScore> curve(lambdas.size());
  std::vector<double> at(classes * (features + 1)), best_at, short_of_minimum;
  std::size_t best = order.front();
  {
    const Standardisation by = standardise(train, team);
    for (const std::size_t i : order) {
      if (!fit(train, by, lambdas[i], at).converged) short_of_minimum.push_back(lambdas[i]);
      curve[i] = {lambdas[i], score(finished(by, at), validation, team).accuracy()};
      if (i != best && curve[i].accuracy <= curve[best].accuracy) continue;  // a tie stays with the larger lambda
      best = i;
      best_at = at;
    }
  }
  const FeatureSet all = joined(train, validation);
  const Standardisation by = standardise(all, team);
  const Minimum minimum = fit(all, by, lambdas[best], best_at);
  Readout readout = finished(by, best_at);
  readout.kind = ReadoutKind::logistic;
  readout.lambda = lambdas[best];
  readout.validation = std::move(curve);
  if (!minimum.converged) readout.remarks.push_back(remark(minimum, settings));
  if (!short_of_minimum.empty())
    readout.remarks.push_back(fmt::format("was compared on validation before it had converged for lambda = {}",
                                          fmt::join(short_of_minimum, ", ")));
  return readout;
}

std::size_t logistic_bytes(std::size_t features, std::size_t classes, int threads) {
  const std::size_t parameters = classes * (features + 1);
  // libLBFGS: two vectors a correction and five beside them; here: the point, the best one, the readout.
  return parameters * (2 * corrections + 5 + 3) * sizeof(double) + LogisticObjective::bytes(features, classes, threads);
}

}  // namespace crosspike
