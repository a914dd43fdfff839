// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/core/random.hpp>
#include <crosspike/core/team.hpp>
#include <crosspike/models/lsm/memory_capacity.hpp>
#include <crosspike/models/network/feed.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <crosspike/models/readout/cholesky.hpp>
#include <numeric>

namespace crosspike {

namespace {

constexpr std::size_t washout = 100, fitted = 2000, validated = 500, tested = 1000;  // steps
constexpr std::size_t read_steps = fitted + validated + tested, all_steps = washout + read_steps;
constexpr int lags = 50;
constexpr double shortest_step_ms = 10, fewest_events = 8;     // of a step
constexpr std::array lambdas = {1e-3, 1e-2, 1e-1, 1.0, 10.0};  // times the number of neurons

// The liquid's answer to the signal: a row of spike counts per step.
class Drive {
 public:
  Drive(const LsmSettings& settings, double events_per_tick) : settings_(settings) {
    const double tick = settings.binning.tick_ms;
    const double longest = std::max(shortest_step_ms, fewest_events * tick / std::max(events_per_tick, 1e-3));
    ticks_ = std::max(1, static_cast<int>(std::lround(longest / tick)));
    events_ = events_per_tick * ticks_;
    const RandomKey key = random_key(settings.seed, Purpose::conversion, "memory_capacity");
    Draws<double> draws(key, 0, 0, 0);
    for (std::size_t s = 0; s < all_steps; ++s) signal_.push_back(draws.uniform());
    order_.resize(static_cast<std::size_t>(settings.input.channels()));
    std::iota(order_.begin(), order_.end(), 0);
    for (std::size_t i = order_.size(); i > 1; --i)
      std::swap(order_[i - 1], order_[draws.below(static_cast<std::uint32_t>(i))]);
  }

  double step_ms() const { return ticks_ * settings_.binning.tick_ms; }
  const std::vector<double>& signal() const { return signal_; }

  // (steps, neurons)
  std::vector<float> run(const std::shared_ptr<const Program>& program, const Progress& progress) const {
    const NodeId input = program->network().require("input"), liquid = program->network().require("liquid");
    const std::size_t neurons = program->network().node(liquid).size();
    std::vector<float> counts(all_steps * neurons, 0.F);
    State state(program);
    state.reset(0, 0);
    Team solo(1);
    BinnedSpikes binned;
    for (std::size_t step = 0; step < all_steps; ++step) {
      events_of(signal_[step], binned);
      fill_input(state.input_spikes(input), state.tick(), ticks_, binned);
      float* row = counts.data() + step * neurons;
      state.advance(ticks_, solo, [&](const SliceView& slice) {
        const Spikes spikes = slice.wires.spikes.at({liquid, 0}).view();
        for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
          const auto index = spikes.at(tick);
          const auto sent = spikes.counts_at(tick);
          for (std::size_t k = 0; k < index.size(); ++k)
            row[index[k]] += sent.empty() ? 1.F : static_cast<float>(sent[k]);
        }
      });
      if (progress && step % 100 == 99)
        progress("memory capacity: steps", static_cast<double>(step + 1), all_steps, "steps");
    }
    return counts;
  }

 private:
  void events_of(double u, BinnedSpikes& out) const {
    const auto events = static_cast<std::size_t>(std::lround(2 * u * events_));
    const std::size_t ticks = static_cast<std::size_t>(ticks_), channels = order_.size();
    std::vector<std::vector<std::int32_t>> sent(ticks);
    for (std::size_t e = 0; e < events; ++e)  // a channel has one in every tick before it has two in one
      sent[(e % channels + e / channels) % ticks].push_back(order_[e % channels]);
    out.first.assign(1, 0);
    out.index.clear();
    out.count.clear();
    for (auto& of_tick : sent) {
      std::sort(of_tick.begin(), of_tick.end());
      for (auto at = of_tick.begin(); at != of_tick.end();) {
        const auto next = std::upper_bound(at, of_tick.end(), *at);
        out.index.push_back(*at);
        out.count.push_back(std::min(static_cast<std::int32_t>(next - at), settings_.binning.max_per_tick));
        at = next;
      }
      out.first.push_back(static_cast<std::int32_t>(out.index.size()));
    }
  }

  const LsmSettings& settings_;
  int ticks_ = 1;      // of a step
  double events_ = 0;  // of a step, in the mean
  std::vector<double> signal_;
  std::vector<std::int32_t> order_;
};

// Ridge regression in its dual form, since there are fewer steps than many a liquid has neurons: with the fitted rows X
// and further rows Z, all standardised by X, predictions are Z X' (X X' + lambda)^-1 Y.
class Regression {
 public:
  Regression(std::vector<float> rows, std::size_t neurons, Team& team) : team_(team), products_(read_steps * fitted) {
    use_one_blas_thread();
    standardise(rows, neurons);
    const int width = static_cast<int>(neurons);
    constexpr std::size_t tile = 250;
    team_.run([&](Team::Member& member) {
      for (auto i = static_cast<std::size_t>(member.rank()) * tile; i < read_steps;
           i += static_cast<std::size_t>(member.size()) * tile) {
        std::vector<float> product(tile * fitted);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, tile, fitted, width, 1.F, rows.data() + i * neurons, width,
                    rows.data(), width, 0.F, product.data(), fitted);
        std::copy(product.begin(), product.end(), products_.begin() + static_cast<std::ptrdiff_t>(i * fitted));
      }
    });
  }

  // (validated + tested, targets); y is (fitted, targets), each column with mean 0.
  std::vector<double> predict(const std::vector<double>& y, double lambda) {
    std::vector<double> factor(products_.begin(), products_.begin() + fitted * fitted), answer = y;
    for (std::size_t i = 0; i < fitted; ++i) factor[i * fitted + i] += lambda;
    std::vector<double> predictions((validated + tested) * targets, 0.0);
    if (!factorise(factor, fitted, team_)) return predictions;
    for (const CBLAS_TRANSPOSE side : {CblasTrans, CblasNoTrans})
      cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, side, CblasNonUnit, fitted, targets, 1.0, factor.data(), fitted,
                  answer.data(), targets);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, validated + tested, targets, fitted, 1.0,
                products_.data() + fitted * fitted, fitted, answer.data(), targets, 0.0, predictions.data(), targets);
    return predictions;
  }

  static constexpr int targets = lags + 1;

 private:
  static void standardise(std::vector<float>& rows, std::size_t neurons) {
    std::vector<double> mean(neurons, 0.0), variance(neurons, 0.0);
    for (std::size_t r = 0; r < fitted; ++r)
      for (std::size_t i = 0; i < neurons; ++i) mean[i] += rows[r * neurons + i];
    for (double& m : mean) m /= fitted;
    for (std::size_t r = 0; r < fitted; ++r)
      for (std::size_t i = 0; i < neurons; ++i) variance[i] += std::pow(rows[r * neurons + i] - mean[i], 2);
    for (std::size_t r = 0; r < read_steps; ++r)
      for (std::size_t i = 0; i < neurons; ++i) {
        float& x = rows[r * neurons + i];
        x = variance[i] > 0 ? static_cast<float>((x - mean[i]) / std::sqrt(variance[i] / fitted)) : 0.F;
      }
  }

  Team& team_;
  std::vector<double> products_;  // (all steps that are read, fitted)
};

// Of column `target` of the predictions from `first` on with the signal so many steps ago.
double squared_correlation(const std::vector<double>& predictions, const std::vector<double>& signal, std::size_t first,
                           std::size_t size, std::size_t lag) {
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t r = 0; r < size; ++r) {
    const double p = predictions[(first + r) * Regression::targets + lag],
                 u = signal[washout + fitted + first + r - lag];
    x += p, y += u, xx += p * p, yy += u * u, xy += p * u;
  }
  const auto n = static_cast<double>(size);
  const double covariance = xy - x * y / n, spread = (xx - x * x / n) * (yy - y * y / n);
  return spread > 0 ? covariance * covariance / spread : 0;
}

}  // namespace

double MemoryCapacity::steps() const { return std::accumulate(found.begin() + 1, found.end(), 0.0); }

MemoryCapacity memory_capacity(const std::shared_ptr<const Program>& liquid, const LsmSettings& settings,
                               double events_per_tick, int threads, const Progress& progress) {
  const Drive drive(settings, events_per_tick);
  std::vector<float> rows = drive.run(liquid, progress);
  const std::size_t neurons = rows.size() / all_steps;
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(washout * neurons));
  Team team(threads);
  Regression regression(std::move(rows), neurons, team);
  const std::vector<double>& signal = drive.signal();
  std::vector<double> y(fitted * Regression::targets);
  for (std::size_t r = 0; r < fitted; ++r)
    for (std::size_t lag = 0; lag <= lags; ++lag) y[r * Regression::targets + lag] = signal[washout + r - lag] - 0.5;
  MemoryCapacity best;
  double most = -1;
  for (const double lambda : lambdas) {
    const std::vector<double> predictions = regression.predict(y, lambda * static_cast<double>(neurons));
    const auto found = [&](std::size_t first, std::size_t size) {
      std::vector<double> all;
      for (std::size_t lag = 0; lag <= lags; ++lag)
        all.push_back(squared_correlation(predictions, signal, first, size, lag));
      return all;
    };
    const auto on_validation = found(0, validated);
    const double sum = std::accumulate(on_validation.begin(), on_validation.end(), 0.0);
    if (sum <= most) continue;
    most = sum;
    best.found = found(validated, tested);
  }
  best.step_ms = drive.step_ms();
  return best;
}

}  // namespace crosspike
