// SPDX-License-Identifier: Apache-2.0
// `crosspike bench lsm`: the liquid of examples/lsm_fashion.toml on Fashion-MNIST seen by a coarser camera, run as
// events, as dense matrix products and as time-driven sparse products. The three must give the same spikes;
// docs/performance.md shows the rates.
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

// The liquid of examples/lsm_fashion.toml, and events at a threshold that gives some 7,000 of them a sample, the load
// that the aim of 1,500 samples per second was set for; `bench` holds this bench's own sizes.
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
repeats = 3
growth = [500, 1000, 2000, 4000, 8000]
)";

constexpr std::size_t most_samples = 50'000;
constexpr double patience = 20;  // seconds: growth leaves out a dense path that would take longer for one run

struct Sizes {
  std::size_t samples, growth_samples;  // in whole batches of each thread
  std::int64_t repeats;
  std::vector<std::int64_t> growth;
};

// A batch of the largest size for each thread, if there are samples enough.
std::size_t default_samples(int threads) {
  std::size_t batch = most_batch;
  while (batch > least_batch && batch * static_cast<std::size_t>(threads) > most_samples) batch /= 2;
  return batch * static_cast<std::size_t>(threads);
}

Sizes take_sizes(Value& config, int threads) {
  TableReader reader(*config.as<Table>()->find("bench"), "bench");
  const auto samples = [&](const char* key) {
    const auto usual = static_cast<std::int64_t>(default_samples(threads));
    return whole_batches(static_cast<std::size_t>(reader.integer(key, usual, 1, most_samples)), threads);
  };
  const Sizes sizes{.samples = samples("samples"),
                    .growth_samples = samples("growth_samples"),
                    .repeats = reader.integer("repeats", required, 1, 1000),
                    .growth = reader.integers("growth", 1, 1'000'000)};
  reader.finish();
  config = without(config, "bench");
  return sizes;
}

void refuse_limit(const Value& config) {
  const Value* dataset = config.as<Table>()->find("dataset");
  if (!dataset || !dataset->as<Table>()) return;  // the reader of the config says what is wrong
  if (const Value* limit = dataset->as<Table>()->find("limit_train"))
    fail_at(limit->key_where(), "the bench takes as many samples as bench.samples says; set that");
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

struct Entrant {
  std::string name;
  std::unique_ptr<LiquidPath> path;
};

class LsmBench {
 public:
  explicit LsmBench(const BenchOptions& options)
      : options_(options), config_(parse_config(liquid_config, "bench lsm")) {
    for (const std::string& assignment : options.overrides) apply_override(config_, assignment);
    if (options.seed) apply_override(config_, fmt::format("seed={}", *options.seed));
    refuse_limit(config_);
    sizes_ = take_sizes(config_, options.threads);
    if (options.backend != "cpu")
      throw Error(Fault::cannot, fmt::format("bench lsm measures the cpu backend, not '{}'", options.backend));
    openblas_set_num_threads(1);  // each thread of the team multiplies its own batch
  }

  Json run() {
    const LsmSettings settings = read(config_, sizes_.samples);
    if (settings.features.square_root || settings.features.reals())
      throw Error(Fault::input, "bench lsm collects spike counts; leave features.transform, trace and membranes out");
    require_samples();
    const auto data = open_training_splits(settings.dataset).train;
    result_["seed"] = settings.seed;
    Input input;
    const Timing conversion = repeat("convert", [&] { input = convert(settings, *data, options_.threads); });
    seconds("convert", conversion);
    std::shared_ptr<const Program> program;
    const Timing build = time_repeats(
        1, [&] { program = build_liquid(settings.liquid, options_.library, options_.threads, options_.slice); });
    result_["seconds"]["build"] = build.median();
    const LiquidTask task{program, settings.binning.ticks, settings.features.bins};

    const std::size_t dense_batch = largest_batch(sizes_.samples, options_.threads);
    std::vector<Entrant> entrants;
    entrants.push_back({"event", make_event_path(task)});
    entrants.push_back({"dense", make_dense_path(task, dense_batch)});
    entrants.push_back({"csr", make_sparse_path(task, least_batch)});
    const LiquidRun events = compare(entrants, input);
    const auto samples = static_cast<double>(sizes_.samples), per_sample = 1 / samples;
    std::map<std::string, double> rates;
    for (const Entrant& entrant : entrants) {
      const Timing timing = time(entrant, input, events);
      seconds("simulate_" + entrant.name, timing);
      rates[entrant.name] = samples / timing.median();
    }
    const double event_rate = rates.at("event"), dense_rate = rates.at("dense"), csr_rate = rates.at("csr"),
                 whole_rate = measure_whole(program, settings, *data, events);

    report_work(task, events, dense_batch);
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
                        {"synapses", program->plan().synapses()},
                        {"dense_batch", dense_batch},
                        {"csr_batch", least_batch}};
    result_["blas"] = {{"build", openblas_get_config()}, {"core", openblas_get_corename()}};
    entrants.clear();
    program.reset();
    grow(dense_rate * dense_weight_bytes(task));
    return std::move(result_);
  }

 private:
  LsmSettings read(const Value& config, std::size_t samples) const {
    LsmSettings settings = read_lsm(config, options_.library);
    settings.dataset.limit_train = static_cast<std::int64_t>(samples);
    return settings;
  }

  void require_samples() const {
    const auto most = open_training_splits(read_lsm(config_, options_.library).dataset).train->size();
    const std::size_t samples = std::max(sizes_.samples, sizes_.growth_samples);
    if (samples > static_cast<std::size_t>(most))
      throw Error(Fault::input,
                  fmt::format("{} samples are asked for, in whole batches of {} for each thread; the training split "
                              "has {}; set bench.samples, bench.growth_samples or --threads lower",
                              samples, least_batch, most));
  }

  static std::size_t size_of(const Program& program, const char* node) {
    return program.network().node(program.network().require(node)).size();
  }
  static double spikes_of(const LiquidRun& run) {
    double spikes = 0;
    for (const std::uint16_t count : run.counts) spikes += count;
    return spikes;
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

  // What the event path, the first of them, gives. All have to give the same spikes, which are compared outside the
  // clock.
  LiquidRun compare(const std::vector<Entrant>& entrants, const Input& input) const {
    LiquidRun events;
    for (const Entrant& entrant : entrants) {
      if (options_.progress) options_.progress("compare " + entrant.name, 0, 0, "");
      LiquidRun run;
      entrant.path->run(input.samples, options_.threads, true, run);
      if (&entrant == &entrants.front())
        events = std::move(run);
      else
        require_equal(entrant.name, events, run);
    }
    events.spikes = {};
    return events;
  }

  Timing time(const Entrant& entrant, const Input& input, const LiquidRun& events) const {
    LiquidRun run;
    Timing timing = repeat(entrant.name, [&] { entrant.path->run(input.samples, options_.threads, false, run); });
    if (run.counts != events.counts)
      throw Error(Fault::check, entrant.name + " path: two runs gave different features");
    return timing;
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

  void report_work(const LiquidTask& task, const LiquidRun& events, std::size_t dense_batch) {
    const auto samples = static_cast<double>(sizes_.samples);
    double bytes = 0;  // the engine's largest width: both projections are 16-bit by default
    for (const auto& [id, quantum] : task.program->plan().quanta.weights)
      bytes = std::max(bytes, quantum.bits == 16 ? 4.0 : 8.0);
    result_["work"] = {
        {"neuron_steps", events.work.neuron_steps},
        {"synaptic_events", events.work.synaptic_events},
        {"weight_bytes_per_sample_event", static_cast<double>(events.work.synaptic_events) * bytes / samples},
        {"weight_bytes_per_sample_dense", dense_weight_bytes(task) / static_cast<double>(dense_batch)},
        {"weight_bytes_per_sample_csr", sparse_weight_bytes(task) / static_cast<double>(least_batch)}};
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
          1, [&] { program = build_liquid(settings.liquid, options_.library, options_.threads, options_.slice); });
      const LiquidTask task{program, settings.binning.ticks, settings.features.bins};
      std::vector<Entrant> entrants;
      entrants.push_back({"event", make_event_path(task)});
      LiquidRun events;
      entrants.front().path->run(input.samples, options_.threads, false, events);
      const auto peak = peak_memory_bytes();
      const auto samples = static_cast<double>(input.samples.size());
      const std::size_t dense_batch = largest_batch(input.samples.size(), options_.threads);
      entrants.push_back({"csr", make_sparse_path(task, least_batch)});
      if (dense_weight_bytes(task) * samples / dense_bytes_per_second < patience)
        entrants.push_back({"dense", make_dense_path(task, dense_batch)});
      events = compare(entrants, input);
      Json row = {{"neurons", neurons},
                  {"samples", input.samples.size()},
                  {"dense_batch", dense_batch},
                  {"synapses", program->plan().synapses()},
                  {"build_s", build.median()},
                  {"spikes_per_neuron_and_tick",
                   spikes_of(events) / samples / settings.binning.ticks / static_cast<double>(neurons)}};
      for (const Entrant& entrant : entrants)
        row["samples_per_second_" + entrant.name] = samples / time(entrant, input, events).median();
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
