// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/compare_results.hpp>
#include <cstdlib>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_map>

namespace crosspike {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double ns_per_ms = 1e6;  // the shortest tick is 1 ns

struct Spike {
  std::int64_t time_ns;
  std::uint64_t index;
  std::int64_t count;
};

std::vector<Spike> spikes_of(const ResultsReader& results, const RecordedAt& at, bool there) {
  if (!there) return {};
  const SpikeTrain train = results.spikes(at);
  std::vector<Spike> spikes;
  spikes.reserve(train.timestamps_ms.size());
  for (std::size_t i = 0; i < train.timestamps_ms.size(); ++i) {
    const double ns = std::clamp(train.timestamps_ms[i] * ns_per_ms, -9e18, 9e18);
    spikes.push_back({std::llround(ns), train.node_ids[i], train.counts.empty() ? 1 : train.counts[i]});
  }
  const auto before = [](const Spike& x, const Spike& y) {
    return std::tie(x.time_ns, x.index) < std::tie(y.time_ns, y.index);
  };
  if (!std::is_sorted(spikes.begin(), spikes.end(), before)) std::sort(spikes.begin(), spikes.end(), before);
  std::size_t kept = 0;  // rows of one element and time add up
  for (const Spike& spike : spikes) {
    if (kept > 0 && spikes[kept - 1].time_ns == spike.time_ns && spikes[kept - 1].index == spike.index)
      spikes[kept - 1].count += spike.count;
    else
      spikes[kept++] = spike;
  }
  spikes.resize(kept);
  return spikes;
}

std::uint64_t magnitude(std::int64_t count) { return static_cast<std::uint64_t>(std::abs(count)); }

// What a resolved config of `model = "network"` says of a population's size and of time.
struct Facts {
  explicit Facts(const Value& config) : config_(config) {
    dt_ms = quantity("dt");
    time_ms = quantity("time");
  }

  std::optional<double> size(const std::string& population) const {
    const Value* node = inside(inside(&config_, "populations"), population);
    if (const Value* size = inside(node, "size"))
      if (const auto* n = size->as<std::int64_t>()) return static_cast<double>(*n);
    const Value* shape = inside(node, "shape");
    if (!shape || !shape->as<Array>()) return std::nullopt;
    double product = 1;
    for (const Value& side : *shape->as<Array>())
      if (const auto* n = side.as<std::int64_t>()) product *= static_cast<double>(*n);
    return product;
  }

  std::optional<double> dt_ms, time_ms;

 private:
  static const Value* inside(const Value* value, const std::string& key) {
    const Table* table = value ? value->as<Table>() : nullptr;
    return table ? table->find(key) : nullptr;
  }
  std::optional<double> quantity(const std::string& key) const {
    const Value* value = inside(inside(&config_, "run"), key);
    const auto* text = value ? value->as<std::string>() : nullptr;
    return text ? std::optional(parse_quantity(*text, Unit::ms)) : std::nullopt;
  }

  const Value& config_;
};

class Comparer {
 public:
  Comparer(const ResultsReader& a, const ResultsReader& b)
      : a_(a),
        b_(b),
        config_a_(parse_config(a.header().config, "A:/config")),
        config_b_(parse_config(b.header().config, "B:/config")),
        facts_a_(config_a_),
        facts_b_(config_b_) {}

  ResultsComparison compare() {
    out_.config = differences(config_a_, config_b_);
    out_.version_a = a_.header().version;
    out_.version_b = b_.header().version;
    std::set<std::optional<std::uint64_t>> samples = {std::nullopt};
    for (const ResultsReader* results : {&a_, &b_})
      for (const std::uint64_t sample : results->samples()) samples.insert(sample);
    for (const auto& sample : samples) {
      compare_spikes(sample);
      compare_recorders(sample);
    }
    for (PopulationComparison& population : out_.populations) add_rates(population);
    compare_samples();
    compare_readouts();
    compare_scores();
    compare_curves();
    compare_edges();
    compare_figures();
    return std::move(out_);
  }

 private:
  template <class T>
  static T& entry(std::vector<T>& all, const std::string& name) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == name; });
    if (at != all.end()) return *at;
    all.emplace_back().name = name;
    return all.back();
  }

  static std::set<std::string> both(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::set<std::string> names(a.begin(), a.end());
    names.insert(b.begin(), b.end());
    return names;
  }

  static bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void compare_spikes(const std::optional<std::uint64_t>& sample) {
    const auto in_a = a_.populations(sample), in_b = b_.populations(sample);
    std::optional<SpikeDifference> first;
    for (const std::string& name : both(in_a, in_b)) {
      PopulationComparison& population = entry(out_.populations, name);
      population.in_a |= has(in_a, name);
      population.in_b |= has(in_b, name);
      const auto a = spikes_of(a_, {name, sample}, has(in_a, name)), b = spikes_of(b_, {name, sample}, has(in_b, name));
      const auto difference = merge(population, a, b);
      if (difference && (!first || difference->time_ms < first->time_ms)) {
        first = difference;
        first->sample = sample;
      }
    }
    if (first && !out_.first_spike) out_.first_spike = first;
  }

  // Adds two sorted trains up; returns the first spike that they do not share.
  std::optional<SpikeDifference> merge(PopulationComparison& population, const std::vector<Spike>& a,
                                       const std::vector<Spike>& b) {
    std::optional<SpikeDifference> first;
    auto& counts = elements_[population.name];
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
      const bool take_a =
          i < a.size() && (j == b.size() || std::tie(a[i].time_ns, a[i].index) <= std::tie(b[j].time_ns, b[j].index));
      const bool take_b =
          j < b.size() && (i == a.size() || std::tie(b[j].time_ns, b[j].index) <= std::tie(a[i].time_ns, a[i].index));
      const Spike& at = take_a ? a[i] : b[j];
      const std::int64_t mine = take_a ? a[i++].count : 0, other = take_b ? b[j++].count : 0;
      population.a += magnitude(mine);
      population.b += magnitude(other);
      if ((mine > 0) == (other > 0)) population.shared += std::min(magnitude(mine), magnitude(other));
      counts[at.index] += static_cast<std::int64_t>(magnitude(other)) - static_cast<std::int64_t>(magnitude(mine));
      if (mine != other && !first) first = difference_at(population.name, at, mine, other);
    }
    return first;
  }

  SpikeDifference difference_at(const std::string& population, const Spike& at, std::int64_t a, std::int64_t b) const {
    SpikeDifference difference;
    difference.time_ms = static_cast<double>(at.time_ns) / ns_per_ms;
    if (facts_a_.dt_ms && facts_a_.dt_ms == facts_b_.dt_ms)
      difference.tick = std::llround(difference.time_ms / *facts_a_.dt_ms) - 1;
    difference.population = population;
    difference.index = at.index;
    difference.a = a;
    difference.b = b;
    return difference;
  }

  void add_rates(PopulationComparison& population) const {
    const auto runs = [](const ResultsReader& results) {
      return std::max<double>(1, static_cast<double>(results.samples().size()));
    };
    const auto rate = [&](const Facts& facts, const ResultsReader& results,
                          std::uint64_t spikes) -> std::optional<double> {
      const auto size = facts.size(population.name);
      if (!size || !facts.time_ms || *size == 0 || *facts.time_ms == 0) return std::nullopt;
      return static_cast<double>(spikes) / *size / (*facts.time_ms / 1000) / runs(results);
    };
    population.rate_a_hz = rate(facts_a_, a_, population.a);
    population.rate_b_hz = rate(facts_b_, b_, population.b);
    const auto size = facts_a_.size(population.name);
    if (!population.rate_a_hz || !population.rate_b_hz || facts_a_.time_ms != facts_b_.time_ms ||
        size != facts_b_.size(population.name) || a_.samples() != b_.samples())
      return;
    double squares = 0;
    for (const auto& [index, difference] : elements_.at(population.name)) {
      const double hz = static_cast<double>(difference) / (*facts_a_.time_ms / 1000) / runs(a_);
      squares += hz * hz;
    }
    population.rate_error_hz = std::sqrt(squares / *size);
  }

  // Adds to what earlier samples gave. `width`: columns, for the place.
  static void compare_numbers(ValuesComparison& out, std::span<const double> a, std::span<const double> b,
                              std::size_t width, const std::optional<std::uint64_t>& sample, double& squares,
                              std::uint64_t& compared) {
    const std::size_t n = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < n; ++i) {
      const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
      const double gap = same ? 0 : std::abs(b[i] - a[i]);
      const double apart = std::isnan(gap) ? infinite : gap;
      for (const double value : {a[i], b[i]})
        if (std::isfinite(value)) out.scale = std::max(out.scale, std::abs(value));
      squares += apart * apart;
      if (apart <= out.largest) continue;
      out.largest = apart;
      out.sample = sample;
      out.row = i / std::max<std::size_t>(width, 1);
      out.element = i % std::max<std::size_t>(width, 1);
      out.a = a[i];
      out.b = b[i];
    }
    compared += n;
    out.rms = compared == 0 ? 0 : std::sqrt(squares / static_cast<double>(compared));
  }

  struct Sum {
    double squares = 0;
    std::uint64_t compared = 0;
  };

  void compare_recorders(const std::optional<std::uint64_t>& sample) {
    const auto in_a = a_.recorders(sample), in_b = b_.recorders(sample);
    for (const std::string& name : both(in_a, in_b)) {
      ValuesComparison& values = entry(out_.values, "values/" + name);
      Sum& sum = sums_[values.name];
      if (!has(in_a, name) || !has(in_b, name)) {
        values.problem = has(in_a, name) ? "only in A" : "only in B";
        continue;
      }
      const ValuesTable a = a_.values({name, sample}), b = b_.values({name, sample});
      values.unit = a.info.unit;
      if (a.width != b.width || a.info.every != b.info.every || a.info.dt_ms != b.info.dt_ms ||
          a.info.start_ms != b.info.start_ms || a.info.indices != b.info.indices || a.info.unit != b.info.unit) {
        values.problem = "other elements, ticks or units";
        continue;
      }
      if (a.rows != b.rows) values.problem = fmt::format("{} rows in A, {} in B", a.rows, b.rows);
      compare_numbers(values, a.values, b.values, a.width, sample, sum.squares, sum.compared);
    }
  }

  void compare_samples() {
    const auto in_a = a_.samples(), in_b = b_.samples();
    for (const std::uint64_t number : std::set<std::uint64_t>(in_a.begin(), in_a.end())) {
      if (std::find(in_b.begin(), in_b.end(), number) == in_b.end()) continue;  // its records say so
      if (a_.sample(number) != b_.sample(number))
        entry(out_.values, fmt::format("samples/{}", number)).problem = "other label, shape or image";
    }
  }

  void compare_array(const std::string& name, std::span<const double> a, std::span<const double> b, std::size_t width) {
    ValuesComparison& values = entry(out_.values, name);
    if (a.size() != b.size()) values.problem = fmt::format("{} values in A, {} in B", a.size(), b.size());
    Sum sum;
    compare_numbers(values, a, b, width, {}, sum.squares, sum.compared);
  }

  void compare_readouts() {
    if (a_.has_readout() != b_.has_readout()) {
      entry(out_.values, "readout").problem = a_.has_readout() ? "only in A" : "only in B";
    } else if (a_.has_readout()) {
      compare_readout("readout", a_.readout(), b_.readout());
    }
    const auto in_a = a_.readouts(), in_b = b_.readouts();
    for (const std::string& name : both(in_a, in_b)) {
      const std::string path = "readout/" + name;
      if (has(in_a, name) && has(in_b, name))
        compare_readout(path, a_.readout(name), b_.readout(name));
      else
        entry(out_.values, path).problem = has(in_a, name) ? "only in A" : "only in B";
    }
  }

  void compare_readout(const std::string& path, const ReadoutArrays& a, const ReadoutArrays& b) {
    if (a.classes != b.classes || a.kind != b.kind) entry(out_.values, path).problem = "other classes or kind";
    compare_array(path + "/weights", a.weights, b.weights, a.mean.size());
    compare_array(path + "/bias", a.bias, b.bias, 1);
    compare_array(path + "/mean", a.mean, b.mean, 1);
    compare_array(path + "/scale", a.scale, b.scale, 1);
    compare_array(path + "/lambda", {&a.lambda, 1}, {&b.lambda, 1}, 1);
    if (a.forgetting || b.forgetting) {
      const double forgets_a = a.forgetting.value_or(1), forgets_b = b.forgetting.value_or(1);
      compare_array(path + "/forgetting", {&forgets_a, 1}, {&forgets_b, 1}, 1);
    }
  }

  void compare_scores() {
    const auto in_a = a_.contestants(), in_b = b_.contestants();
    for (const std::string& name : both(in_a, in_b)) {
      const std::string path = "scores/" + name;
      if (!has(in_a, name) || !has(in_b, name)) {
        entry(out_.values, path).problem = has(in_a, name) ? "only in A" : "only in B";
        continue;
      }
      const ReadoutScores a = a_.scores(name), b = b_.scores(name);
      const std::vector<double> confusion_a(a.confusion.begin(), a.confusion.end()),
          confusion_b(b.confusion.begin(), b.confusion.end());
      compare_array(path + "/confusion", confusion_a, confusion_b, std::max<std::size_t>(1, a.classes));
      compare_array(path + "/validation_accuracy", a.validation_accuracy, b.validation_accuracy, 1);
    }
  }

  void compare_curves() {
    const auto in_a = a_.curves(), in_b = b_.curves();
    for (const auto& [name, a] : in_a) {
      const std::string path = "curves/" + name;
      const auto at = in_b.find(name);
      if (at == in_b.end()) {
        entry(out_.values, path).problem = "only in A";
        continue;
      }
      const Curve& b = at->second;
      compare_array(path + "/x", a.x, b.x, 1);
      if (!std::ranges::equal(a.series, b.series, {}, &CurveSeries::name, &CurveSeries::name)) {
        entry(out_.values, path).problem = "other series";
        continue;
      }
      for (std::size_t i = 0; i < a.series.size(); ++i)
        compare_array(path + "/" + a.series[i].name, a.series[i].y, b.series[i].y, 1);
    }
    for (const auto& [name, b] : in_b)
      if (!in_a.contains(name)) entry(out_.values, "curves/" + name).problem = "only in B";
  }

  void compare_edges() {
    const auto in_a = a_.projections(), in_b = b_.projections();
    for (const std::string& name : both(in_a, in_b)) {
      const std::string path = "edges/" + name;
      if (!has(in_a, name) || !has(in_b, name)) {
        entry(out_.values, path).problem = has(in_a, name) ? "only in A" : "only in B";
        continue;
      }
      const SonataEdges a = a_.edges(name), b = b_.edges(name);
      if (a.source != b.source || a.target != b.target || a.delay_ms != b.delay_ms)
        entry(out_.values, path).problem = "other sources, targets or delays";
      compare_array(path, a.weight, b.weight, 1);
    }
  }

  void compare_figures() {
    const auto a = a_.figures(), b = b_.figures();
    std::set<std::string> names;
    for (const auto* figures : {&a, &b})
      for (const auto& figure : *figures) names.insert(figure.first);
    for (const std::string& name : names) {
      FigureComparison figure;
      figure.name = name;
      if (const auto at = a.find(name); at != a.end()) figure.a = at->second;
      if (const auto at = b.find(name); at != b.end()) figure.b = at->second;
      if (figure.share() > 0) out_.figures.push_back(std::move(figure));
    }
  }

  const ResultsReader &a_, &b_;
  const Value config_a_, config_b_;
  const Facts facts_a_, facts_b_;
  ResultsComparison out_;
  std::unordered_map<std::string, std::unordered_map<std::uint64_t, std::int64_t>> elements_;  // spikes B - A
  std::unordered_map<std::string, Sum> sums_;
};

std::optional<double> number(const Figure& figure) {
  if (const auto* whole = std::get_if<std::int64_t>(&figure)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&figure)) return *real;
  return std::nullopt;
}

}  // namespace

double PopulationComparison::match() const {
  return a + b == 0 ? 1 : 2 * static_cast<double>(shared) / (static_cast<double>(a) + static_cast<double>(b));
}

double ValuesComparison::share() const {
  if (!problem.empty()) return infinite;
  return largest == 0 ? 0 : largest / scale;  // x / 0: infinite, where a NaN stands against nothing finite
}

double FigureComparison::share() const {
  if (!a || !b) return infinite;
  if (*a == *b) return 0;
  const auto x = number(*a), y = number(*b);
  if (!x || !y) return infinite;
  if (*x == *y || (std::isnan(*x) && std::isnan(*y))) return 0;
  const double share = std::abs(*y - *x) / std::max(std::abs(*x), std::abs(*y));
  return std::isnan(share) ? infinite : share;
}

bool ResultsComparison::differ(double tolerance) const {
  const auto beyond = [&](const auto& one) { return one.share() > tolerance; };
  return std::any_of(populations.begin(), populations.end(),
                     [&](const auto& p) { return p.in_a != p.in_b || 1 - p.match() > tolerance; }) ||
         std::any_of(values.begin(), values.end(), beyond) || std::any_of(figures.begin(), figures.end(), beyond);
}

ResultsComparison compare(const ResultsReader& a, const ResultsReader& b) { return Comparer(a, b).compare(); }

}  // namespace crosspike
