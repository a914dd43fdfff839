// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/random.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/lsm/measure.hpp>
#include <crosspike/models/readout/blas.hpp>
#include <limits>
#include <map>

namespace crosspike {

namespace {

constexpr std::int64_t most_samples = 500;

class FirstSamples final : public Dataset {
 public:
  explicit FirstSamples(const Dataset& all) : all_(all) {}
  std::int64_t size() const override { return std::min(all_.size(), most_samples); }
  int classes() const override { return all_.classes(); }
  SensorShape shape() const override { return all_.shape(); }
  int label(std::int64_t sample) const override { return all_.label(sample); }
  std::int64_t number(std::int64_t sample) const override { return all_.number(sample); }
  void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const override {
    all_.events(sample, scratch, out);
  }

 private:
  const Dataset& all_;
};

// Copies of the first sample.
class JitteredCopies final : public Dataset {
 public:
  JitteredCopies(const Dataset& all, const LsmSettings& settings)
      : all_(all),
        deviation_us_(settings.binning.tick_ms * 1000),
        key_(random_key(settings.seed, Purpose::conversion, "measure/jitter")) {}
  std::int64_t size() const override { return std::min(all_.size(), most_samples); }
  int classes() const override { return all_.classes(); }
  SensorShape shape() const override { return all_.shape(); }
  int label(std::int64_t) const override { return all_.label(0); }
  std::int64_t number(std::int64_t sample) const override { return sample; }
  void events(std::int64_t sample, EventScratch& scratch, std::vector<Event>& out) const override {
    all_.events(0, scratch, out);
    Draws<double> draws(key_, static_cast<std::uint32_t>(sample), 0, 0);
    for (Event& event : out)
      event.time_us = std::max<std::int64_t>(0, event.time_us + std::llround(deviation_us_ * draws.gaussian()));
    std::stable_sort(out.begin(), out.end(), [](const Event& a, const Event& b) { return a.time_us < b.time_us; });
  }

 private:
  const Dataset& all_;
  double deviation_us_;
  RandomKey key_;
};

std::vector<double> wide(const FeatureSet& states, std::vector<int>& labels) {
  std::vector<double> rows(states.samples() * states.features);
  widen_rows(states, 0, states.samples(), rows.data(), labels.data());
  return rows;
}

double distance(const double* a, const double* b, std::size_t features) {
  double sum = 0;
  for (std::size_t i = 0; i < features; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

// Binned as the liquid sees them.
double events_per_tick(const LsmSettings& settings, const Dataset& samples) {
  EventBinner binner(settings.sensor, settings.binning);
  EventScratch scratch;
  std::vector<Event> events;
  BinnedSpikes binned;
  double sum = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    samples.events(i, scratch, events);
    binner.bin(events, binned);
    for (const std::int32_t count : binned.count) sum += count;
  }
  return sum / static_cast<double>(samples.size()) / settings.binning.ticks;
}

}  // namespace

std::size_t rank_of(const FeatureSet& states) {
  use_one_blas_thread();
  const int rows = static_cast<int>(states.features), columns = static_cast<int>(states.samples());  // by columns
  std::vector<int> labels(states.samples());
  std::vector<double> matrix = wide(states, labels), tau(static_cast<std::size_t>(std::min(rows, columns)));
  std::vector<int> order(static_cast<std::size_t>(columns), 0);
  double size = 0;
  int ask = -1, info = 0;
  dgeqp3_(&rows, &columns, matrix.data(), &rows, order.data(), tau.data(), &size, &ask, &info);
  std::vector<double> work(static_cast<std::size_t>(size));
  const int given = static_cast<int>(work.size());
  dgeqp3_(&rows, &columns, matrix.data(), &rows, order.data(), tau.data(), work.data(), &given, &info);
  if (info != 0) throw Error(Fault::system, "a QR factorisation failed");
  const double least = std::abs(matrix[0]) * std::max(rows, columns) * std::numeric_limits<double>::epsilon();
  std::size_t rank = 0;
  for (std::size_t i = 0; i < tau.size(); ++i)
    if (std::abs(matrix[i * static_cast<std::size_t>(rows) + i]) > least) ++rank;
  return rank;
}

Separation separation_of(const FeatureSet& states) {
  const std::size_t features = states.features;
  std::vector<int> labels(states.samples());
  const std::vector<double> rows = wide(states, labels);
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t r = 0; r < labels.size(); ++r) members[labels[r]].push_back(r);
  Separation separation;
  std::vector<std::vector<double>> centres;
  for (const auto& [label, its] : members) {
    std::vector<double>& centre = centres.emplace_back(features, 0.0);
    for (const std::size_t r : its)
      for (std::size_t i = 0; i < features; ++i) centre[i] += rows[r * features + i] / static_cast<double>(its.size());
    double sum = 0;
    for (const std::size_t r : its) sum += distance(&rows[r * features], centre.data(), features);
    separation.within += sum / static_cast<double>(its.size()) / static_cast<double>(members.size());
  }
  const auto pairs = static_cast<double>(centres.size() * centres.size());
  for (const auto& a : centres)
    for (const auto& b : centres) separation.between += distance(a.data(), b.data(), features) / pairs;
  separation.classes = static_cast<std::int64_t>(centres.size());
  return separation;
}

LiquidMeasures measure_liquid(const LsmSettings& settings, const Library& library, const Dataset& train, int threads,
                              int slice, const Progress& progress) {
  const auto liquid = build_liquid(settings.liquid, library, threads, slice);
  const FirstSamples samples(train);
  LiquidMeasures measures;
  const FeatureRows states = collect_liquid(liquid, settings, samples, threads, progress, "kernel rank");
  measures.samples = samples.size();
  measures.features = states.features;
  measures.kernel_rank = rank_of(states.set("train"));
  measures.separation = separation_of(states.set("train"));
  const FeatureRows copies =
      collect_liquid(liquid, settings, JitteredCopies(train, settings), threads, progress, "generalisation rank");
  measures.general_rank = rank_of(copies.set("copies"));
  measures.memory = memory_capacity(liquid, settings, events_per_tick(settings, samples), threads, progress);
  return measures;
}

}  // namespace crosspike
