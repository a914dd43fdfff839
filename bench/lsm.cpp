// SPDX-License-Identifier: Apache-2.0
// `crosspike bench lsm`: the liquid of examples/lsm_fashion.toml on Fashion-MNIST, run as events, as dense matrix
// products and as time-driven sparse products. The three must give the same spikes; docs/performance.md shows the
// rates.
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <crosspike/bench/bench.hpp>
#include <crosspike/bench/lsm_paths.hpp>
#include <crosspike/bench/measure.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace crosspike {

namespace {

using Json = nlohmann::ordered_json;

// Of examples/lsm_fashion.toml what decides the liquid and its events; `bench` holds this bench's own sizes.
constexpr const char* liquid_config = R"(
format = 1
model = "lsm"
[dataset]
kind = "idx_saccades"
validation = 10000
events = { step = "5 ms", threshold = 0.35, epsilon = 0.1, segment = "105 ms" }
[input]
tick = "5 ms"
ticks = 63
max_per_tick = 4
[liquid]
preset = "local"
neurons = 3000
[features]
bins = 2
[bench]
samples = 512
repeats = 3
growth = [500, 1000, 2000, 4000, 8000]
growth_samples = 128
)";

constexpr std::size_t sparse_batch = 64, most_dense_batch = 256;
constexpr double patience = 20;  // seconds: growth leaves out a dense path that would take longer

struct Sizes {
  std::int64_t samples, repeats, growth_samples;
  std::vector<std::int64_t> growth;
};

Sizes take_sizes(Value& config) {
  TableReader reader(*config.as<Table>()->find("bench"), "bench");
  const Sizes sizes{.samples = reader.integer("samples", required, 1, 50'000),
                    .repeats = reader.integer("repeats", required, 1, 1000),
                    .growth_samples = reader.integer("growth_samples", required, 1, 50'000),
                    .growth = reader.integers("growth", 1, 1'000'000)};
  reader.finish();
  Table rest;
  for (const auto& [key, value] : *config.as<Table>())
    if (key != "bench") rest.set(key, value);
  config = Value(std::move(rest));
  return sizes;
}

Value with_neurons(Value config, std::int64_t neurons) {
  apply_override(config, fmt::format("liquid.neurons={}", neurons));
  return config;
}

struct Input {
  std::vector<BinnedSpikes> samples;
  double events = 0;  // of all samples, before binning
};

Input convert(const LsmSettings& settings, const Dataset& dataset, int threads) {
  Input input;
  input.samples.resize(static_cast<std::size_t>(dataset.size()));
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> count{0};
  Team(threads).run([&](Team::Member&) {
    EventScratch scratch;
    std::vector<Event> events;
    EventBinner binner(settings.sensor, settings.binning);
    for (std::size_t sample; (sample = next.fetch_add(1)) < input.samples.size();) {
      dataset.events(static_cast<std::int64_t>(sample), scratch, events);
      binner.bin(events, input.samples[sample]);
      count += events.size();
    }
  });
  input.events = static_cast<double>(count);
  return input;
}

// The first spikes that one path has and the other lacks, in words; empty when there are none.
std::string differences(const std::string& name, const LiquidRun& events, const LiquidRun& other) {
  constexpr std::size_t shown = 5;
  std::size_t found = 0;
  std::string text;
  for (std::size_t sample = 0; sample < events.spikes.size(); ++sample) {
    std::vector<std::uint64_t> apart;
    std::ranges::set_symmetric_difference(events.spikes[sample], other.spikes[sample], std::back_inserter(apart));
    for (const std::uint64_t spike : apart)
      if (++found <= shown)
        text +=
            fmt::format("\n  sample {}, tick {}, neuron {}: only on the {} path", sample, spike >> 32,
                        spike & 0xffffffffu, std::ranges::binary_search(events.spikes[sample], spike) ? "event" : name);
  }
  if (found > 0) return fmt::format("{} and event path differ in {} spikes:{}", name, found, text);
  if (events.counts != other.counts) return fmt::format("{} and event path: equal spikes, other features", name);
  return {};
}

class LsmBench {
 public:
  explicit LsmBench(const BenchOptions& options)
      : options_(options), config_(parse_config(liquid_config, "bench lsm")) {
    for (const std::string& assignment : options.overrides) apply_override(config_, assignment);
    apply_override(config_, fmt::format("seed={}", options.seed));
    sizes_ = take_sizes(config_);
    if (options.backend != "cpu")
      throw Error(Fault::cannot, fmt::format("bench lsm measures the cpu backend, not '{}'", options.backend));
    openblas_set_num_threads(1);  // each thread of the team multiplies its own batch
  }

  Json run() {
    const LsmSettings settings = read(config_, sizes_.samples);
    if (settings.features.square_root || settings.features.reals())
      throw Error(Fault::input, "bench lsm collects spike counts; leave features.transform, trace and membranes out");
    const auto data = open_training_splits(settings.dataset).train;
    Input input;
    const Timing conversion = repeat("convert", [&] { input = convert(settings, *data, options_.threads); });
    seconds("convert", conversion);
    std::shared_ptr<const Program> program;
    const Timing build = time_repeats(
        1, [&] { program = build_liquid(settings.network, options_.library, options_.threads, options_.slice); });
    result_["seconds"]["build"] = build.median();
    const LiquidTask task{program, settings.binning.ticks, settings.features.bins};

    LiquidRun events;
    const double event_rate = measure("event", *make_event_path(task), input, nullptr, events);
    const double whole_rate = measure_whole(program, settings, *data, events);
    LiquidRun other;
    const double dense_rate =
        measure("dense", *make_dense_path(task, dense_batch(sizes_.samples)), input, &events, other);
    const double csr_rate = measure("csr", *make_sparse_path(task, sparse_batch), input, &events, other);

    report_work(task, events);
    const double per_sample = 1 / static_cast<double>(sizes_.samples);
    const auto neurons = static_cast<double>(size_of(*program, "liquid"));
    Json& figures = result_["figures"];
    figures["samples_per_second_event"] = event_rate;
    figures["samples_per_second_dense"] = dense_rate;
    figures["samples_per_second_csr"] = csr_rate;
    figures["samples_per_second_with_conversion"] = whole_rate;
    figures["event_over_dense"] = event_rate / dense_rate;
    figures["event_over_csr"] = event_rate / csr_rate;
    figures["neuron_steps_per_second"] = static_cast<double>(events.work.neuron_steps) * per_sample * event_rate;
    figures["synaptic_events_per_second"] = static_cast<double>(events.work.synaptic_events) * per_sample * event_rate;
    figures["synaptic_events_per_sample"] = static_cast<double>(events.work.synaptic_events) * per_sample;
    figures["input_events_per_sample"] = input.events * per_sample;
    figures["spikes_per_neuron_and_tick"] = spikes_of(events) * per_sample / settings.binning.ticks / neurons;
    figures["conversion_ms_per_sample"] = conversion.median() * options_.threads * 1000 * per_sample;
    if (const auto peak = peak_memory_bytes()) result_["peak_memory_bytes"] = *peak;
    result_["program_bytes"] = program->plan().program_bytes();
    result_["sizes"] = {{"samples", sizes_.samples},
                        {"repeats", sizes_.repeats},
                        {"neurons", size_of(*program, "liquid")},
                        {"channels", size_of(*program, "input")},
                        {"ticks", settings.binning.ticks},
                        {"bins", settings.features.bins},
                        {"synapses", synapses_of(*program)},
                        {"dense_batch", dense_batch(sizes_.samples)},
                        {"csr_batch", sparse_batch}};
    result_["blas"] = {{"build", openblas_get_config()}, {"core", openblas_get_corename()}};
    program.reset();
    grow(dense_rate * dense_weight_bytes(task));
    return std::move(result_);
  }

 private:
  LsmSettings read(const Value& config, std::int64_t samples) const {
    LsmSettings settings = read_lsm(config);
    settings.dataset.limit_train = samples;
    return settings;
  }

  static std::size_t size_of(const Program& program, const char* node) {
    return program.network().node(program.network().require(node)).size();
  }
  static std::uint64_t synapses_of(const Program& program) {
    std::uint64_t synapses = 0;
    for (const auto& [id, quantum] : program.plan().quanta.weights) synapses += quantum.synapses;
    return synapses;
  }
  static double spikes_of(const LiquidRun& run) {
    double spikes = 0;
    for (const std::uint16_t count : run.counts) spikes += count;
    return spikes;
  }
  // A batch for each thread where there are samples enough.
  std::size_t dense_batch(std::int64_t samples) const {
    std::size_t batch = most_dense_batch;
    while (batch > 1 && batch * static_cast<std::size_t>(options_.threads) > static_cast<std::size_t>(samples))
      batch /= 2;
    return batch;
  }

  Timing repeat(const std::string& phase, const std::function<void()>& body) const {
    if (options_.progress) options_.progress(phase, 0, 0, "");
    return time_repeats(static_cast<int>(sizes_.repeats), body);
  }
  void seconds(const std::string& phase, const Timing& timing) {
    result_["seconds"][phase] = timing.median();
    result_["spread"][phase] = timing.spread();
    result_["busy_threads"][phase] = timing.busy_threads;
  }

  // Samples per second, after a run outside the clock whose spikes are compared with those of the event path.
  double measure(const std::string& name, const LiquidPath& path, const Input& input, const LiquidRun* events,
                 LiquidRun& out) {
    path.run(input.samples, options_.threads, true, out);
    if (events)
      if (const std::string text = differences(name, *events, out); !text.empty()) throw Error(Fault::check, text);
    LiquidRun timed;
    const Timing timing = repeat(name, [&] { path.run(input.samples, options_.threads, false, timed); });
    if (timed.counts != out.counts) throw Error(Fault::check, name + " path: two runs gave different features");
    seconds("simulate_" + name, timing);
    return static_cast<double>(input.samples.size()) / timing.median();
  }

  // The model's own way from images to features.
  double measure_whole(const std::shared_ptr<const Program>& program, const LsmSettings& settings, const Dataset& data,
                       const LiquidRun& events) {
    FeatureRows rows;
    const Timing timing =
        repeat("with conversion", [&] { rows = collect_liquid(program, settings, data, options_.threads, {}, ""); });
    if (rows.counts != events.counts)
      throw Error(Fault::check, "features collected from images and from binned events differ");
    seconds("convert_and_simulate", timing);
    return static_cast<double>(data.size()) / timing.median();
  }

  void report_work(const LiquidTask& task, const LiquidRun& events) {
    const auto samples = static_cast<double>(sizes_.samples);
    double bytes = 0;  // the engine's largest width: both projections are 16-bit by default
    for (const auto& [id, quantum] : task.program->plan().quanta.weights)
      bytes = std::max(bytes, quantum.bits == 16 ? 4.0 : 8.0);
    result_["work"] = {
        {"neuron_steps", events.work.neuron_steps},
        {"synaptic_events", events.work.synaptic_events},
        {"weight_bytes_per_sample_event", static_cast<double>(events.work.synaptic_events) * bytes / samples},
        {"weight_bytes_per_sample_dense", dense_weight_bytes(task) / static_cast<double>(dense_batch(sizes_.samples))},
        {"weight_bytes_per_sample_csr", sparse_weight_bytes(task) / static_cast<double>(sparse_batch)}};
  }

  void grow(double dense_bytes_per_second) {
    result_["growth"] = Json::array();
    for (const std::int64_t neurons : sizes_.growth) {
      const Value config = with_neurons(config_, neurons);
      const LsmSettings settings = read(config, sizes_.growth_samples);
      const auto data = open_training_splits(settings.dataset).train;
      const Input input = convert(settings, *data, options_.threads);
      const bool fresh = restart_peak_memory();
      std::shared_ptr<const Program> program;
      const Timing build = time_repeats(
          1, [&] { program = build_liquid(settings.network, options_.library, options_.threads, options_.slice); });
      const LiquidTask task{program, settings.binning.ticks, settings.features.bins};
      LiquidRun events;
      const auto path = make_event_path(task);
      const std::string size = fmt::format(" {} neurons", neurons);
      const Timing event = repeat("event" + size, [&] { path->run(input.samples, options_.threads, false, events); });
      const auto peak = peak_memory_bytes();
      const auto samples = static_cast<double>(input.samples.size());
      Json row = {{"neurons", neurons},
                  {"samples", input.samples.size()},
                  {"synapses", synapses_of(*program)},
                  {"build_s", build.median()},
                  {"spikes_per_neuron_and_tick",
                   spikes_of(events) / samples / settings.binning.ticks / static_cast<double>(neurons)},
                  {"samples_per_second_event", samples / event.median()}};
      const auto rival = [&](const std::string& name, const LiquidPath& other) {
        LiquidRun run;
        const Timing timing = repeat(name + size, [&] { other.run(input.samples, options_.threads, false, run); });
        if (run.counts != events.counts)
          throw Error(Fault::check, fmt::format("{} and event path differ with {} neurons", name, neurons));
        row["samples_per_second_" + name] = samples / timing.median();
      };
      rival("csr", *make_sparse_path(task, sparse_batch));
      if (dense_weight_bytes(task) * samples * static_cast<double>(sizes_.repeats) / dense_bytes_per_second < patience)
        rival("dense", *make_dense_path(task, dense_batch(sizes_.growth_samples)));
      if (fresh && peak) row["peak_memory_bytes"] = *peak;
      row["program_bytes"] = program->plan().program_bytes();
      result_["growth"].push_back(std::move(row));
    }
  }

  const BenchOptions& options_;
  Value config_;
  Sizes sizes_{};
  Json result_;
};

}  // namespace

Bench lsm_bench() {
  return {"lsm", "a liquid on Fashion-MNIST: events against dense and sparse time-driven code, same spikes",
          [](const BenchOptions& options) { return LsmBench(options).run(); }};
}

}  // namespace crosspike
