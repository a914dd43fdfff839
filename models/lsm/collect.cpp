// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/run_samples.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/network/feed.hpp>
#include <limits>
#include <numeric>

namespace crosspike {

namespace {

// What one sample leaves for the sink.
struct SampleRow {
  std::int64_t number = 0;  // of the sample in its file, for messages
  std::vector<std::uint16_t> counts;
  std::vector<float> reals;
  std::uint64_t spikes = 0;
};

constexpr std::uint32_t most_counts = std::numeric_limits<std::uint16_t>::max();  // of a feature

[[noreturn]] void refuse_count(const SampleRow& row, const char* of, std::size_t index, std::int64_t total,
                               std::int64_t more) {
  if (more < 0)
    throw Error(Fault::input, fmt::format("sample {}: {} {} sends a count of {}, features take only counts from 0; use "
                                          "a neuron without negative ones",
                                          row.number, of, index, more));
  throw Error(Fault::input,
              fmt::format("sample {}: {} {} counts {} spikes in one time bin, features hold up to {}; use "
                          "more features.bins",
                          row.number, of, index, total + more, most_counts));
}

// Adds to a feature what fits; a negative count is one of the numbers that don't.
void add(std::uint16_t& count, std::int32_t more, const SampleRow& row, const char* of, std::size_t index) {
  if (static_cast<std::uint32_t>(more) > most_counts - count) refuse_count(row, of, index, count, more);
  count = static_cast<std::uint16_t>(count + more);
}

struct Converted {
  BinnedSpikes spikes;
  std::uint64_t events = 0;  // before binning
};

// One thread's tools for reading samples.
class Reader {
 public:
  Reader(const LsmSettings& settings, const Dataset& dataset)
      : dataset_(dataset), binner_(settings.sensor, settings.binning) {}

  void read(std::size_t sample, Converted& out) {
    dataset_.events(static_cast<std::int64_t>(sample), scratch_, events_);
    binner_.bin(events_, out.spikes);
    out.events = events_.size();
  }
  const BinnedSpikes& read(std::size_t sample) {
    read(sample, own_);
    return own_.spikes;
  }

 private:
  const Dataset& dataset_;
  EventScratch scratch_;
  std::vector<Event> events_;
  EventBinner binner_;
  Converted own_;
};

FeatureRows rows_for(const Dataset& dataset, std::size_t features, FeatureKind kind) {
  FeatureRows rows;
  rows.features = features;
  rows.classes = static_cast<std::size_t>(dataset.classes());
  rows.kind = kind;
  const auto samples = static_cast<std::size_t>(dataset.size());
  kind == FeatureKind::reals ? rows.reals.reserve(samples * features) : rows.counts.reserve(samples * features);
  rows.labels.reserve(samples);
  return rows;
}

void keep(FeatureRows& rows, const Dataset& dataset, std::size_t sample, const SampleRow& row) {
  rows.counts.insert(rows.counts.end(), row.counts.begin(), row.counts.end());
  rows.reals.insert(rows.reals.end(), row.reals.begin(), row.reals.end());
  rows.labels.push_back(dataset.label(static_cast<std::int64_t>(sample)));
}

void report(const Progress& progress, const std::string& phase, std::size_t done, const Dataset& dataset) {
  if (progress) progress(phase, static_cast<double>(done), static_cast<double>(dataset.size()), "samples");
}

// Calls body(binned, row) for the events of each sample and keeps the rows in order.
template <class Body>
void for_each_sample(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                     const std::string& phase, FeatureRows& rows, const Body& body) {
  const auto make_worker = [&] {
    return [&body, &dataset, reader = Reader(settings, dataset)](std::size_t sample, SampleRow& row) mutable {
      row.number = dataset.number(static_cast<std::int64_t>(sample));
      body(reader.read(sample), row);
    };
  };
  run_samples<SampleRow>(static_cast<std::size_t>(dataset.size()), threads, make_worker,
                         [&](std::size_t sample, const SampleRow& row) {
                           keep(rows, dataset, sample, row);
                           const std::size_t done = sample + 1;
                           if (done % sample_window == 0 || done == static_cast<std::size_t>(dataset.size()))
                             report(progress, phase, done, dataset);
                         });
}

// Calls body(bin x channels + channel, count) for all events of a sample.
template <class Body>
void for_each_count(const LsmSettings& settings, const BinnedSpikes& binned, const Body& body) {
  const auto channels = static_cast<std::size_t>(settings.input.channels());
  for (int t = settings.features.first_tick; t < settings.binning.ticks; ++t) {
    const std::size_t bin = static_cast<std::size_t>(settings.features.bin_of(t, settings.binning.ticks)) * channels;
    const auto last = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t) + 1]);
    for (auto k = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t)]); k < last; ++k)
      body(bin + static_cast<std::size_t>(binned.index[k]), binned.count[k]);
  }
}

// Turns a sample's spikes into its row while it runs.
class Features {
 public:
  Features(const LsmSettings& settings, const Network& network, NodeId liquid)
      : settings_(settings),
        liquid_(liquid),
        neurons_(network.node(liquid).size()),
        membrane_(network.node(liquid).kind->find_state("membrane")) {}

  std::size_t size() const { return liquid_features(settings_.features, neurons_); }

  void begin(std::int64_t number, SampleRow& row) const {
    row.number = number;
    row.counts.assign(neurons_ * static_cast<std::size_t>(settings_.features.bins), 0);
    row.reals.clear();
    row.spikes = 0;
    if (settings_.features.trace_ms) row.reals.assign(neurons_, 0.f);  // the trace, moved to its place at the end
  }

  void observe(const SliceView& slice, SampleRow& row) const {
    const Spikes spikes = slice.wires.spikes.at({liquid_, 0}).view();
    for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
      const auto local = static_cast<int>(tick - slice.lanes[0].origin);
      const int number = settings_.features.bin_of(local, settings_.binning.ticks);
      std::uint16_t* bin = number < 0 ? nullptr : row.counts.data() + static_cast<std::size_t>(number) * neurons_;
      const auto index = spikes.at(tick);
      const auto counts = spikes.counts_at(tick);
      row.spikes += index.size();
      const double age = (settings_.binning.ticks - 1 - local) * settings_.binning.tick_ms;
      const double weight = settings_.features.trace_ms ? std::exp(-age / *settings_.features.trace_ms) : 0;
      for (std::size_t k = 0; k < index.size(); ++k) {
        const std::int32_t count = counts.empty() ? 1 : counts[k];
        if (bin) add(bin[index[k]], count, row, "neuron", index[k]);
        if (settings_.features.trace_ms) row.reals[index[k]] += static_cast<float>(count * weight);
      }
    }
  }

  void finish(const State& state, SampleRow& row) const {
    if (!settings_.features.reals()) return;
    std::vector<float> all;
    for (const std::uint16_t count : row.counts)
      all.push_back(settings_.features.square_root ? std::sqrt(static_cast<float>(count)) : static_cast<float>(count));
    all.insert(all.end(), row.reals.begin(), row.reals.end());
    if (settings_.features.membranes)  // read_lsm made sure that there is one
      for (const double v : state.read(liquid_, *membrane_)) all.push_back(static_cast<float>(v));
    row.reals = std::move(all);
    row.counts.clear();
  }

 private:
  const LsmSettings& settings_;
  NodeId liquid_;
  std::size_t neurons_;
  std::optional<std::size_t> membrane_;
};

FeatureKind kind_of(const FeatureSettings& features) {
  if (features.reals()) return FeatureKind::reals;
  return features.square_root ? FeatureKind::square_roots : FeatureKind::counts;
}

}  // namespace

FeatureSet FeatureRows::set(std::string name) const {
  FeatureSet out;
  out.name = std::move(name);
  out.features = features;
  out.classes = classes;
  out.kind = kind;
  out.blocks.push_back({labels.size(), counts, reals, labels});
  return out;
}

std::shared_ptr<const Program> build_liquid(const NetworkModel& model, const Library& library, int threads, int slice) {
  Team team(threads);
  return Program::build(plan_liquid(model, library, threads, slice), team);
}

namespace {

// One thread's liquid.
class LiquidWorker {
 public:
  LiquidWorker(const std::shared_ptr<const Program>& program, const LsmSettings& settings, const Features& features)
      : settings_(settings), features_(features), input_(program->network().require("input")), state_(program) {}

  void run(std::int64_t number, const BinnedSpikes& binned, SampleRow& row) {
    state_.reset(0, static_cast<std::uint64_t>(number));
    fill_input(state_.input_spikes(input_), state_.tick(), settings_.binning.ticks, binned);
    features_.begin(number, row);
    state_.advance(settings_.binning.ticks, solo_, [&](const SliceView& slice) { features_.observe(slice, row); });
    features_.finish(state_, row);
  }

 private:
  const LsmSettings& settings_;
  const Features& features_;
  NodeId input_;
  State state_;
  Team solo_{1};
};

// Converted, then simulated: two phases, so that each has its own time.
constexpr std::size_t block_samples = 512;

}  // namespace

std::size_t liquid_features(const FeatureSettings& features, std::size_t neurons) {
  return neurons *
         (static_cast<std::size_t>(features.bins) + (features.trace_ms ? 1 : 0) + (features.membranes ? 1 : 0));
}

FeatureRows collect_liquid(const std::shared_ptr<const Program>& program, const LsmSettings& settings,
                           const Dataset& dataset, int threads, const Progress& progress, const std::string& phase,
                           CollectWork* work) {
  const Features features(settings, program->network(), program->network().require("liquid"));
  FeatureRows rows = rows_for(dataset, features.size(), kind_of(settings.features));
  const auto count = static_cast<std::size_t>(dataset.size());
  std::vector<Converted> converted(std::min(block_samples, count));
  std::vector<SampleRow> done(converted.size());
  // An error of conversion comes before one of simulation in the same block.
  SampleShare convert(converted.size()), simulate(converted.size());
  CollectWork sum;
  const auto start = Clock::now();
  Team team(threads);
  team.run([&](Team::Member& member) {
    Reader reader(settings, dataset);
    LiquidWorker liquid(program, settings, features);
    for (std::size_t begin = 0; begin < count; begin += block_samples) {
      const std::size_t size = std::min(block_samples, count - begin);
      convert.share(size, [&](std::size_t i) { reader.read(begin + i, converted[i]); });
      member.barrier();
      convert.rethrow();
      const auto start_of_simulation = Clock::now();
      simulate.share(size, [&](std::size_t i) {
        if (member.rank() == 0) report(progress, phase, begin + i, dataset);
        liquid.run(dataset.number(static_cast<std::int64_t>(begin + i)), converted[i].spikes, done[i]);
      });
      if (member.rank() == 0) {  // while no other thread converts
        convert.restart();
        for (std::size_t i = 0; i < size; ++i) {
          const BinnedSpikes& binned = converted[i].spikes;
          sum.input_events += converted[i].events;
          sum.counts += std::accumulate(binned.count.begin(), binned.count.end(), std::int64_t{0});
          sum.late += binned.late;
          sum.clipped += binned.clipped;
        }
      }
      member.barrier();
      if (member.rank() != 0) continue;
      simulate.rethrow();
      simulate.restart();
      for (std::size_t i = 0; i < size; ++i) {
        keep(rows, dataset, begin + i, done[i]);
        sum.spikes += done[i].spikes;
      }
      sum.simulating_seconds += seconds_since(start_of_simulation);
      report(progress, phase, begin + size, dataset);
    }
  });
  sum.samples = count;
  sum.seconds = seconds_since(start);
  if (work) *work = sum;
  return rows;
}

FeatureRows collect_input(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                          const std::string& phase) {
  const auto channels = static_cast<std::size_t>(settings.input.channels());
  const std::size_t features = channels * static_cast<std::size_t>(settings.features.bins);
  FeatureRows rows = rows_for(dataset, features, FeatureKind::counts);
  for_each_sample(settings, dataset, threads, progress, phase, rows, [&](const BinnedSpikes& binned, SampleRow& row) {
    row.counts.assign(features, 0);
    for_each_count(settings, binned,
                   [&](std::size_t i, std::int32_t n) { add(row.counts[i], n, row, "channel", i % channels); });
  });
  return rows;
}

FeatureRows collect_static(const Network& liquid, const LsmSettings& settings, const Dataset& dataset, int threads,
                           const Progress& progress, const std::string& phase) {
  const NodeId weights = liquid.require("liquid.inputs");
  const std::size_t neurons = liquid.node(weights).size(),
                    channels = static_cast<std::size_t>(settings.input.channels());
  const auto bins = static_cast<std::size_t>(settings.features.bins);
  std::vector<Synapse> synapses;
  liquid.synapses(weights, 0, static_cast<std::uint32_t>(neurons), synapses);
  FeatureRows rows = rows_for(dataset, neurons * bins, FeatureKind::reals);
  for_each_sample(settings, dataset, threads, progress, phase, rows, [&](const BinnedSpikes& binned, SampleRow& row) {
    std::vector<float> x(channels * bins, 0.f);
    for_each_count(settings, binned, [&](std::size_t i, std::int32_t n) { x[i] += static_cast<float>(n); });
    row.reals.assign(rows.features, 0.f);
    for (std::size_t bin = 0; bin < bins; ++bin) {
      float* out = row.reals.data() + bin * neurons;
      for (const Synapse& s : synapses) out[s.target] += static_cast<float>(s.weight) * x[bin * channels + s.source];
      for (std::size_t i = 0; i < neurons; ++i) out[i] = std::max(0.f, out[i]);
    }
  });
  return rows;
}

}  // namespace crosspike
