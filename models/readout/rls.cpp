// SPDX-License-Identifier: Apache-2.0
// A fold of m samples X with P, in the terms of rls.hpp: U = P X', L L' = X U + diag(f, f^2, .. f^m), G = U L'^-1, then
// W += G L^-1 (Y - X W) and P = (P - G G') / f^m. Column i of G is sample i's g over the root of its f + x'g, so each
// row of L is one step of the recursion.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/rls.hpp>
#include <crosspike/models/readout/standardise.hpp>
#include <utility>

namespace crosspike {
namespace {

constexpr std::size_t most_together = 128;  // from here on, products and not P's way through memory take the time
constexpr std::size_t tile_width = 256;
constexpr std::size_t mirror_width = 32;  // rows of two such squares fit in the first cache
constexpr std::size_t staged_rows = 256;
// P may grow so much in directions that no sample shows for a while. What it knows of the others is then still right to
// 2e-16 x 1e8.
constexpr double largest_growth = 1e8;

int to_int(std::size_t size) { return static_cast<int>(size); }

void check_settings(double alpha, double forgetting) {
  if (!std::isfinite(alpha) || alpha <= 0)
    throw Error(Fault::input, fmt::format("alpha of the rls readout is {}; it must be finite and above 0", alpha));
  if (!(forgetting > 0 && forgetting <= 1))
    throw Error(Fault::input,
                fmt::format("forgetting of the rls readout is {}; it must be above 0 and at most 1", forgetting));
}

// So few samples that f^m stays above 1/16: P - G G' is as small as f^m P, and loses as many bits of it.
std::size_t fold_size(double forgetting) {
  const double samples = forgetting == 1 ? most_together : std::floor(std::log(1.0 / 16) / std::log(forgetting));
  return static_cast<std::size_t>(std::clamp(samples, 1.0, static_cast<double>(most_together)));
}

void check_finite(std::span<const double> values, std::size_t width, const char* what, std::size_t first) {
  const auto bad = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (bad == values.end()) return;
  const auto at = static_cast<std::size_t>(bad - values.begin());
  throw Error(Fault::input, fmt::format("rls readout: sample {}, {} {} is {}; it must be finite", first + at / width,
                                        what, at % width, *bad));
}

}  // namespace

Rls::Rls(std::size_t inputs, std::size_t outputs, const RlsSettings& settings)
    : inputs_(inputs), outputs_(outputs), settings_(settings), together_(1) {
  check_settings(settings.alpha, settings.forgetting);
  if (inputs == 0 || inputs > most_rls_inputs || outputs == 0)
    throw Error(Fault::input, fmt::format("an rls readout of {} inputs and {} outputs; it takes 1 to {} inputs and at "
                                          "least 1 output",
                                          inputs, outputs, most_rls_inputs));
  use_one_blas_thread();
  together_ = fold_size(settings.forgetting);
  p_.resize(inputs * inputs);
  for (std::size_t i = 0; i < inputs; ++i) p_[i * inputs + i] = 1 / settings.alpha;
  weights_.resize(inputs * outputs);
  gain_.resize(inputs * most_together);
  small_.resize(most_together * most_together);
  error_.resize(most_together * outputs);
}

std::size_t Rls::bytes(std::size_t inputs, std::size_t outputs) {
  return (inputs * (inputs + outputs + most_together) + most_together * (most_together + outputs)) * sizeof(double);
}

void Rls::update(std::span<const double> x, std::span<const double> y) {
  if (x.size() != inputs_ || y.size() != outputs_)
    throw Error(Fault::input, fmt::format("rls readout: {} inputs and {} outputs given; it has {} and {}", x.size(),
                                          y.size(), inputs_, outputs_));
  Team team(1);
  update(x, y, team);
}

void Rls::update(std::span<const double> x, std::span<const double> y, Team& team) {
  const std::size_t samples = x.size() / inputs_;
  if (x.size() % inputs_ != 0 || y.size() != samples * outputs_)
    throw Error(Fault::input, fmt::format("rls readout: {} numbers in and {} out; samples have {} and {}", x.size(),
                                          y.size(), inputs_, outputs_));
  check_finite(x, inputs_, "input", samples_);
  check_finite(y, outputs_, "output", samples_);
  for (std::size_t first = 0; first < samples;) {
    const std::size_t m = std::min(together_, samples - first);
    fold(x.subspan(first * inputs_, m * inputs_), y.subspan(first * outputs_, m * outputs_), team);
    first += m;
  }
}

void Rls::fold(std::span<const double> x, std::span<const double> y, Team& team) {
  const std::size_t m = x.size() / inputs_, tiles = (inputs_ + tile_width - 1) / tile_width;
  const int p = to_int(inputs_), n = to_int(m), k = to_int(outputs_);
  const auto size = [&](std::size_t tile) { return to_int(std::min(tile_width, inputs_ - tile * tile_width)); };
  team.run([&](Team::Member& member) {
    const auto rank = static_cast<std::size_t>(member.rank()), ranks = static_cast<std::size_t>(member.size());
    for (std::size_t t = rank; t < tiles; t += ranks)
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size(t), n, p, 1.0, p_.data() + t * tile_width * inputs_, p,
                  x.data(), p, 0.0, gain_.data() + t * tile_width * m, n);
    member.barrier();
    if (rank == 0) solve_small(x, y);
    member.barrier();
    for (std::size_t t = rank; t < tiles; t += ranks) {
      double* gain = gain_.data() + t * tile_width * m;
      cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, size(t), n, 1.0, small_.data(), n,
                  gain, n);
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size(t), k, n, 1.0, gain, n, error_.data(), k, 1.0,
                  weights_.data() + t * tile_width * outputs_, k);
    }
    member.barrier();
    std::size_t pair = 0;
    for (std::size_t row = 0; row < tiles; ++row)
      for (std::size_t column = row; column < tiles; ++column)
        if (pair++ % ranks == rank) fold_tile(row, column, m);
  });
  samples_ += m;
}

// What is so small that one rank does it: L, and L^-1 (Y - X W).
void Rls::solve_small(std::span<const double> x, std::span<const double> y) {
  const std::size_t m = x.size() / inputs_;
  const int p = to_int(inputs_), n = to_int(m), k = to_int(outputs_);
  const auto lost = [&](std::size_t sample) {
    return Error(
        Fault::input,
        fmt::format("the rls readout lost its matrix P near sample {}: with forgetting = {} it forgets what no "
                    "sample has shown for about {:.0f} samples; use forgetting closer to 1, a larger alpha or "
                    "fewer features",
                    samples_ + sample, settings_.forgetting, 1 / (1 - settings_.forgetting)));
  };
  for (std::size_t i = 0; i < inputs_; ++i)
    if (!(p_[i * inputs_ + i] <= largest_growth / settings_.alpha)) throw lost(0);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, p, 1.0, x.data(), p, gain_.data(), n, 0.0, small_.data(),
              n);
  double weight = 1;
  for (std::size_t i = 0; i < m; ++i) small_[i * m + i] += weight *= settings_.forgetting;
  int info = 0;
  dpotrf_("U", &n, small_.data(), &n, &info);  // by columns, as LAPACK counts, the lower triangle by rows is the upper
  if (info > 0) throw lost(static_cast<std::size_t>(info - 1));
  std::copy(y.begin(), y.end(), error_.begin());
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, k, p, -1.0, x.data(), p, weights_.data(), k, 1.0,
              error_.data(), k);
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, k, 1.0, small_.data(), n,
              error_.data(), k);
}

// One tile of (P - G G') / f^m on or above the diagonal, and its mirror below.
void Rls::fold_tile(std::size_t row, std::size_t column, std::size_t samples) {
  const std::size_t top = row * tile_width, left = column * tile_width;
  const std::size_t height = std::min(tile_width, inputs_ - top), width = std::min(tile_width, inputs_ - left);
  const int p = to_int(inputs_), n = to_int(samples);
  const double scale = std::pow(settings_.forgetting, -static_cast<double>(samples));
  double* tile = p_.data() + top * inputs_ + left;
  const double *above = gain_.data() + top * samples, *beside = gain_.data() + left * samples;
  if (row == column)
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, to_int(height), n, -scale, above, n, scale, tile, p);
  else
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, to_int(height), to_int(width), n, -scale, above, n, beside, n,
                scale, tile, p);
  for (std::size_t i0 = 0; i0 < height; i0 += mirror_width)
    for (std::size_t j0 = row == column ? i0 : 0; j0 < width; j0 += mirror_width)
      for (std::size_t i = i0; i < std::min(i0 + mirror_width, height); ++i)
        for (std::size_t j = row == column ? std::max(j0, i + 1) : j0; j < std::min(j0 + mirror_width, width); ++j)
          p_[(left + j) * inputs_ + top + i] = tile[i * inputs_ + j];
}

std::vector<double> Rls::predict(std::span<const double> x) const {
  if (x.size() != inputs_)
    throw Error(Fault::input, fmt::format("rls readout: {} inputs given; it has {}", x.size(), inputs_));
  std::vector<double> y(outputs_);
  cblas_dgemv(CblasRowMajor, CblasTrans, to_int(inputs_), to_int(outputs_), 1.0, weights_.data(), to_int(outputs_),
              x.data(), 1, 0.0, y.data(), 1);
  return y;
}

namespace {

// One pass over the samples of a set; told(samples done).
Readout learn(const FeatureSet& set, const RlsSettings& settings, Team& team,
              const std::function<void(std::size_t)>& told) {
  const Standardisation by = standardise(set, team);
  std::vector<std::size_t> varying;  // a constant would stay in P as it began, or grow with every sample forgotten
  for (std::size_t i = 0; i < set.features; ++i)
    if (by.scale[i] > 0) varying.push_back(i);
  const std::size_t samples = set.samples(), classes = set.classes, inputs = varying.size() + 1;
  std::vector<double> share;
  for (const std::size_t count : class_counts(set))
    share.push_back(static_cast<double>(count) / static_cast<double>(samples));

  Rls rls(inputs, classes, settings);
  std::vector<double> rows(staged_rows * set.features), x(staged_rows * inputs), y(staged_rows * classes);
  std::vector<int> labels(staged_rows);
  for (std::size_t first = 0; first < samples; first += staged_rows) {
    const std::size_t n = std::min(staged_rows, samples - first);
    widen_rows(set, first, n, rows.data(), labels.data());
    for (std::size_t r = 0; r < n; ++r) {
      double* to = x.data() + r * inputs;
      for (const std::size_t i : varying) *to++ = (rows[r * set.features + i] - by.mean[i]) * by.inverse[i];
      *to = 1;
      for (std::size_t c = 0; c < classes; ++c)
        y[r * classes + c] = (static_cast<std::size_t>(labels[r]) == c ? 1 : 0) - share[c];
    }
    rls.update(std::span(x).first(n * inputs), std::span(y).first(n * classes), team);
    told(first + n);
  }

  std::vector<double> weights(classes * set.features), bias(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t j = 0; j < varying.size(); ++j)
      weights[c * set.features + varying[j]] = rls.weights()[j * classes + c];
    bias[c] = share[c] + rls.weights()[varying.size() * classes + c];
  }
  Readout readout = unstandardised(by, weights, bias);
  readout.kind = ReadoutKind::rls;
  readout.lambda = settings.alpha;
  readout.forgetting = settings.forgetting;
  return readout;
}

}  // namespace

Readout fit_rls(const FeatureSet& train, const FeatureSet& validation, std::span<const double> alphas,
                double forgetting, Team& team, const Progress& progress) {
  if (alphas.empty())
    throw Error(Fault::input, "the rls readout has no alpha to choose from; give at least one, above 0");
  for (const double alpha : alphas) check_settings(alpha, forgetting);
  check(train);
  check(validation);
  check_alike(validation, train);
  const std::size_t all = train.samples() + validation.samples(), total = alphas.size() * train.samples() + all;
  std::size_t before = 0;
  const auto tell = [&](std::size_t done) {
    if (progress) progress("readout", static_cast<double>(before + done), static_cast<double>(total), "samples");
  };
  std::vector<LambdaScore> curve;
  for (const double alpha : alphas) {
    const Readout readout = learn(train, {alpha, forgetting}, team, tell);
    curve.push_back({alpha, score(readout, validation, team).accuracy()});
    before += train.samples();
  }
  Readout readout = learn(joined(train, validation), {curve[best_of(curve)].lambda, forgetting}, team, tell);
  readout.validation = std::move(curve);
  return readout;
}

std::size_t rls_bytes(std::size_t features, std::size_t classes) {
  const std::size_t staged = staged_rows * (2 * features + 1 + classes);
  return Rls::bytes(features + 1, classes) + (staged + 2 * features * classes) * sizeof(double);
}

}  // namespace crosspike
