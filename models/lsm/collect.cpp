// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/run_samples.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <crosspike/models/network/model.hpp>
#include <limits>

namespace crosspike {

namespace {

// What one sample leaves for the sink.
struct SampleRow {
  std::vector<std::uint16_t> counts;
  std::vector<float> reals;
  std::uint64_t input_events = 0, spikes = 0;
};

// One thread's tools for reading samples.
class Reader {
 public:
  Reader(const LsmSettings& settings, const Dataset& dataset)
      : dataset_(dataset), binner_(settings.sensor, settings.binning) {}

  const BinnedSpikes& read(std::size_t sample) {
    dataset_.events(static_cast<std::int64_t>(sample), scratch_, events_);
    binner_.bin(events_, binned_);
    return binned_;
  }
  std::size_t events() const { return events_.size(); }  // of the sample read last

 private:
  const Dataset& dataset_;
  EventScratch scratch_;
  std::vector<Event> events_;
  EventBinner binner_;
  BinnedSpikes binned_;
};

int bin_of(int tick, const LsmSettings& settings) {
  return static_cast<int>(static_cast<std::int64_t>(tick) * settings.features.bins / settings.binning.ticks);
}

std::uint16_t counted(std::uint32_t count) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(count, std::numeric_limits<std::uint16_t>::max()));
}

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

void report(const Progress& progress, const std::string& phase, std::size_t sample, const Dataset& dataset) {
  const auto count = static_cast<std::size_t>(dataset.size());
  if (progress && (sample % sample_window == sample_window - 1 || sample + 1 == count))
    progress(phase, static_cast<double>(sample + 1), static_cast<double>(count), "samples");
}

// Calls body(binned, row) for the events of each sample and keeps the rows in order.
template <class Body>
void for_each_sample(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                     const std::string& phase, FeatureRows& rows, const Body& body) {
  const auto make_worker = [&] {
    return [&body, reader = Reader(settings, dataset)](std::size_t sample, SampleRow& row) mutable {
      body(reader.read(sample), row);
    };
  };
  run_samples<SampleRow>(static_cast<std::size_t>(dataset.size()), threads, make_worker,
                         [&](std::size_t sample, const SampleRow& row) {
                           keep(rows, dataset, sample, row);
                           report(progress, phase, sample, dataset);
                         });
}

// Calls body(bin x channels + channel, count) for all events of a sample.
template <class Body>
void for_each_count(const LsmSettings& settings, const BinnedSpikes& binned, const Body& body) {
  const auto channels = static_cast<std::size_t>(settings.input.channels());
  for (int t = 0; t < settings.binning.ticks; ++t) {
    const std::size_t bin = static_cast<std::size_t>(bin_of(t, settings)) * channels;
    const auto last = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t) + 1]);
    for (auto k = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t)]); k < last; ++k)
      body(bin + static_cast<std::size_t>(binned.index[k]), static_cast<std::uint32_t>(binned.count[k]));
  }
}

// Turns a sample's spikes into its row while it runs.
class Features {
 public:
  Features(const LsmSettings& settings, const Network& network, NodeId liquid)
      : settings_(settings),
        liquid_(liquid),
        neurons_(network.node(liquid).size()),
        membrane_(network.node(liquid).kind->find_state("membrane")) {
    if (settings.features.membranes && !membrane_)
      throw Error(Fault::input, fmt::format("features.membranes needs a liquid with a membrane, kind '{}' has none",
                                            network.node(liquid).kind->name));
  }

  std::size_t count_features() const { return neurons_ * static_cast<std::size_t>(settings_.features.bins); }
  std::size_t size() const {
    return count_features() + (settings_.features.trace_ms ? neurons_ : 0) +
           (settings_.features.membranes ? neurons_ : 0);
  }

  void begin(SampleRow& row) const {
    row.counts.assign(count_features(), 0);
    row.reals.clear();
    row.spikes = 0;
    if (settings_.features.trace_ms) row.reals.assign(neurons_, 0.f);  // the trace, moved to its place at the end
  }

  void observe(const SliceView& slice, SampleRow& row) const {
    const Spikes spikes = slice.wires.spikes.at({liquid_, 0}).view();
    for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
      const auto local = static_cast<int>(tick - slice.lanes[0].origin);
      std::uint16_t* bin = row.counts.data() + static_cast<std::size_t>(bin_of(local, settings_)) * neurons_;
      const auto index = spikes.at(tick);
      const auto counts = spikes.counts_at(tick);
      row.spikes += index.size();
      const double age = (settings_.binning.ticks - 1 - local) * settings_.binning.tick_ms;
      const double weight = settings_.features.trace_ms ? std::exp(-age / *settings_.features.trace_ms) : 0;
      for (std::size_t k = 0; k < index.size(); ++k) {
        const auto count = static_cast<std::uint32_t>(std::max(0, counts.empty() ? 1 : counts[k]));
        bin[index[k]] = counted(bin[index[k]] + count);
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
    if (settings_.features.membranes)
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

void fill_input(SpikeBuffer& input, std::int64_t tick, int ticks, const BinnedSpikes& binned) {
  input.begin(tick, 1);
  const auto* index = reinterpret_cast<const std::uint32_t*>(binned.index.data());  // never negative
  for (int t = 0; t < ticks; ++t) {
    const auto first = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t)]);
    const auto n = static_cast<std::size_t>(binned.first[static_cast<std::size_t>(t) + 1]) - first;
    input.append({index + first, n}, std::span(binned.count).subspan(first, n));
    input.end_row();
  }
}

FeatureSet FeatureRows::set(std::string name) const {
  FeatureSet out;
  out.name = std::move(name);
  out.features = features;
  out.classes = classes;
  out.kind = kind;
  out.blocks.push_back({labels.size(), counts, reals, labels});
  return out;
}

namespace {

// Sooner than build_network, which would complain of what it feeds.
void require_spikes(const Value& network_config, const Library& library) {
  const Value& kind_name =
      *network_config.as<Table>()->find("populations")->as<Table>()->find("liquid")->as<Table>()->find("kind");
  const std::string* written = kind_name.as<std::string>();
  const Kind* kind = written ? library.find_kind(*written) : nullptr;
  if (kind && (kind->outputs.empty() || kind->outputs[0].carries != Carries::spikes))
    fail_at(
        kind_name.where(),
        fmt::format("liquid.neuron.kind = \"{}\" sends no spikes, from which features are counted; name a kind that "
                    "fires, such as lif",
                    *written));
}

}  // namespace

std::shared_ptr<const Program> build_liquid(const Value& network_config, const Library& library, int threads,
                                            int slice) {
  require_spikes(network_config, library);
  const NetworkModel model = build_network(network_config, library);
  Taps taps;
  taps.ports.insert(model.network->output("liquid"));
  PlanOptions options;
  options.threads = 1;  // each thread runs its own samples with a team of one
  options.copies = threads;
  options.slice = slice;
  Team team(threads);
  return Program::build(make_plan(model.network, model.placement, library, taps, options, team), team);
}

namespace {

// One thread's liquid.
class LiquidWorker {
 public:
  LiquidWorker(const std::shared_ptr<const Program>& program, const LsmSettings& settings, const Dataset& dataset,
               const Features& features)
      : settings_(settings),
        dataset_(dataset),
        features_(features),
        input_(program->network().require("input")),
        state_(program),
        reader_(settings, dataset) {}

  void operator()(std::size_t sample, SampleRow& row) {
    const BinnedSpikes& binned = reader_.read(sample);
    state_.reset(0, static_cast<std::uint64_t>(dataset_.number(static_cast<std::int64_t>(sample))));
    fill_input(state_.input_spikes(input_), state_.tick(), settings_.binning.ticks, binned);
    features_.begin(row);
    state_.advance(settings_.binning.ticks, solo_, [&](const SliceView& slice) { features_.observe(slice, row); });
    features_.finish(state_, row);
    row.input_events = reader_.events();
  }

 private:
  const LsmSettings& settings_;
  const Dataset& dataset_;
  const Features& features_;
  NodeId input_;
  State state_;
  Team solo_{1};
  Reader reader_;
};

}  // namespace

FeatureRows collect_liquid(const std::shared_ptr<const Program>& program, const LsmSettings& settings,
                           const Dataset& dataset, int threads, const Progress& progress, const std::string& phase,
                           CollectWork* work) {
  const auto start = std::chrono::steady_clock::now();
  const Features features(settings, program->network(), program->network().require("liquid"));
  FeatureRows rows = rows_for(dataset, features.size(), kind_of(settings.features));
  CollectWork done;
  run_samples<SampleRow>(
      static_cast<std::size_t>(dataset.size()), threads,
      [&] { return LiquidWorker(program, settings, dataset, features); },
      [&](std::size_t sample, const SampleRow& row) {
        keep(rows, dataset, sample, row);
        done.input_events += row.input_events;
        done.spikes += row.spikes;
        ++done.samples;
        report(progress, phase, sample, dataset);
      });
  done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (work) *work = done;
  return rows;
}

FeatureRows collect_input(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                          const std::string& phase) {
  const auto features =
      static_cast<std::size_t>(settings.input.channels()) * static_cast<std::size_t>(settings.features.bins);
  FeatureRows rows = rows_for(dataset, features, FeatureKind::counts);
  for_each_sample(settings, dataset, threads, progress, phase, rows, [&](const BinnedSpikes& binned, SampleRow& row) {
    row.counts.assign(features, 0);
    for_each_count(settings, binned,
                   [&](std::size_t i, std::uint32_t n) { row.counts[i] = counted(row.counts[i] + n); });
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
    for_each_count(settings, binned, [&](std::size_t i, std::uint32_t n) { x[i] += static_cast<float>(n); });
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
