// SPDX-License-Identifier: Apache-2.0
#include <crosspike/models/lsm/collect.hpp>

#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/run_samples.hpp>
#include <crosspike/models/network/model.hpp>

namespace crosspike {

namespace {

// What one sample leaves for the sink.
struct SampleRow {
  std::vector<std::uint16_t> counts;
  std::vector<float> reals;
  std::uint64_t input_events = 0, spikes = 0;
};

// One thread's tools for reading samples.
struct Reader {
  Reader(const LsmSettings& settings) : binner(settings.sensor, settings.binning) {}
  void read(const Dataset& dataset, std::size_t sample) {
    dataset.events(static_cast<std::int64_t>(sample), scratch, events);
    binner.bin(events, binned);
  }
  EventScratch scratch;
  std::vector<Event> events;
  EventBinner binner;
  BinnedSpikes binned;
};

int bin_of(int tick, const LsmSettings& settings) {
  return static_cast<int>(static_cast<std::int64_t>(tick) * settings.features.bins / settings.binning.ticks);
}

std::uint16_t counted(std::uint32_t count) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(count, std::numeric_limits<std::uint16_t>::max()));
}

FeatureRows rows_for(const LsmSettings&, const Dataset& dataset, std::size_t features, FeatureKind kind) {
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

// Calls body(sample, reader, row) for all samples, on `threads` threads, and keeps the rows in order.
template <class Body>
void for_each_sample(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                     const std::string& phase, FeatureRows& rows, Body body) {
  const auto count = static_cast<std::size_t>(dataset.size());
  Team team(threads);
  std::vector<SampleRow> window(std::min(sample_window, count));
  std::atomic<std::size_t> next{0};
  team.run([&](Team::Member& member) {
    Reader reader(settings);
    for (std::size_t begin = 0; begin < count; begin += sample_window) {
      const std::size_t end = std::min(count, begin + sample_window);
      for (std::size_t sample; (sample = begin + next.fetch_add(1)) < end;) {
        reader.read(dataset, sample);
        body(reader, window[sample - begin]);
      }
      member.barrier();
      if (member.rank() == 0) {
        for (std::size_t sample = begin; sample < end; ++sample) keep(rows, dataset, sample, window[sample - begin]);
        next.store(0);
        if (progress) progress(phase, static_cast<double>(end), static_cast<double>(count), "samples");
      }
      member.barrier();
    }
  });
}

// Turns a sample's spikes into its row while it runs.
class Features {
 public:
  Features(const LsmSettings& settings, const Network& network, NodeId liquid)
      : settings_(settings), liquid_(liquid), neurons_(network.node(liquid).size()),
        membrane_(network.node(liquid).kind->find_state("membrane")) {
    if (settings.features.membranes && !membrane_)
      throw Error(Fault::input, fmt::format("features.membranes needs a liquid with a membrane, kind '{}' has none", network.node(liquid).kind->name));
  }

  std::size_t count_features() const { return neurons_ * static_cast<std::size_t>(settings_.features.bins); }
  std::size_t size() const {
    return count_features() + (settings_.features.trace_ms ? neurons_ : 0) + (settings_.features.membranes ? neurons_ : 0);
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
      for (std::size_t k = 0; k < index.size(); ++k)
        bin[index[k]] = counted(bin[index[k]] + static_cast<std::uint32_t>(std::max(0, counts.empty() ? 1 : counts[k])));
      if (!settings_.features.trace_ms) continue;
      const double age = (settings_.binning.ticks - 1 - local) * settings_.binning.tick_ms;
      const auto weight = static_cast<float>(std::exp(-age / *settings_.features.trace_ms));
      for (const std::uint32_t i : index) row.reals[i] += weight;
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

std::shared_ptr<const Program> build_liquid(const Value& network_config, const Library& library, int threads, int slice) {
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

FeatureRows collect_liquid(const std::shared_ptr<const Program>& program, const LsmSettings& settings, const Dataset& dataset,
                           int threads, const Progress& progress, const std::string& phase, CollectWork* work) {
  const auto start = std::chrono::steady_clock::now();
  const Network& network = program->network();
  const NodeId input = network.require("input"), liquid = network.require("liquid");
  const Features features(settings, network, liquid);
  FeatureRows rows = rows_for(settings, dataset, features.size(), kind_of(settings.features));
  const int ticks = settings.binning.ticks;
  CollectWork done;
  run_samples<SampleRow>(
      program, static_cast<std::size_t>(dataset.size()), threads,
      [&](std::size_t sample, State& state, Team& solo, SampleRow& row) {
        thread_local std::unique_ptr<Reader> reader;
        thread_local const LsmSettings* of = nullptr;
        if (of != &settings) reader = std::make_unique<Reader>(settings), of = &settings;
        reader->read(dataset, sample);
        state.reset(0, static_cast<std::uint64_t>(dataset.number(static_cast<std::int64_t>(sample))));
        fill_input(state.input_spikes(input), state.tick(), ticks, reader->binned);
        features.begin(row);
        state.advance(ticks, solo, [&](const SliceView& slice) { features.observe(slice, row); });
        features.finish(state, row);
        row.input_events = reader->events.size();
      },
      [&](std::size_t sample, SampleRow& row) {
        keep(rows, dataset, sample, row);
        done.input_events += row.input_events;
        done.spikes += row.spikes;
        ++done.samples;
        if (progress && (sample % sample_window == sample_window - 1 || sample + 1 == static_cast<std::size_t>(dataset.size())))
          progress(phase, static_cast<double>(sample + 1), static_cast<double>(dataset.size()), "samples");
      });
  done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (work) *work = done;
  return rows;
}

FeatureRows collect_input(const LsmSettings& settings, const Dataset& dataset, int threads, const Progress& progress,
                          const std::string& phase) {
  const auto channels = static_cast<std::size_t>(settings.input.channels());
  FeatureRows rows = rows_for(settings, dataset, channels * static_cast<std::size_t>(settings.features.bins), FeatureKind::counts);
  for_each_sample(settings, dataset, threads, progress, phase, rows, [&](Reader& reader, SampleRow& row) {
    row.counts.assign(rows.features, 0);
    for (int t = 0; t < settings.binning.ticks; ++t) {
      std::uint16_t* bin = row.counts.data() + static_cast<std::size_t>(bin_of(t, settings)) * channels;
      for (auto k = reader.binned.first[static_cast<std::size_t>(t)]; k < reader.binned.first[static_cast<std::size_t>(t) + 1]; ++k) {
        const auto i = static_cast<std::size_t>(reader.binned.index[static_cast<std::size_t>(k)]);
        bin[i] = counted(bin[i] + static_cast<std::uint32_t>(reader.binned.count[static_cast<std::size_t>(k)]));
      }
    }
  });
  return rows;
}

FeatureRows collect_static(const Network& liquid, const LsmSettings& settings, const Dataset& dataset, int threads,
                           const Progress& progress, const std::string& phase) {
  const NodeId weights = liquid.require("liquid.inputs");
  const std::size_t neurons = liquid.node(weights).size(), channels = static_cast<std::size_t>(settings.input.channels());
  std::vector<Synapse> synapses;
  liquid.synapses(weights, 0, static_cast<std::uint32_t>(neurons), synapses);
  FeatureRows rows = rows_for(settings, dataset, neurons * static_cast<std::size_t>(settings.features.bins), FeatureKind::reals);
  for_each_sample(settings, dataset, threads, progress, phase, rows, [&](Reader& reader, SampleRow& row) {
    row.reals.assign(rows.features, 0.f);
    std::vector<float> x(channels * static_cast<std::size_t>(settings.features.bins), 0.f);
    for (int t = 0; t < settings.binning.ticks; ++t)
      for (auto k = reader.binned.first[static_cast<std::size_t>(t)]; k < reader.binned.first[static_cast<std::size_t>(t) + 1]; ++k)
        x[static_cast<std::size_t>(bin_of(t, settings)) * channels + static_cast<std::size_t>(reader.binned.index[static_cast<std::size_t>(k)])] +=
            static_cast<float>(reader.binned.count[static_cast<std::size_t>(k)]);
    for (std::size_t bin = 0; bin < static_cast<std::size_t>(settings.features.bins); ++bin) {
      float* out = row.reals.data() + bin * neurons;
      for (const Synapse& s : synapses) out[s.target] += static_cast<float>(s.weight) * x[bin * channels + s.source];
      for (std::size_t i = 0; i < neurons; ++i) out[i] = std::max(0.f, out[i]);
    }
  });
  return rows;
}

}  // namespace crosspike
