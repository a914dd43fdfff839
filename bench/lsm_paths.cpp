// SPDX-License-Identifier: Apache-2.0
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <crosspike/backends/cpu/kinds.hpp>
#include <crosspike/bench/lsm_kernels.hpp>
#include <crosspike/bench/lsm_paths.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/run_samples.hpp>
#include <crosspike/models/network/feed.hpp>
#include <cstring>

namespace crosspike {

namespace {

struct Sizes {
  std::size_t channels, neurons, ticks, bins;
  std::size_t features() const { return bins * neurons; }
  std::size_t bin_of(std::size_t tick) const { return tick * bins / ticks; }
};

Sizes sizes_of(const LiquidTask& task) {
  const Network& network = task.program->network();
  return {network.node(network.require("input")).size(), network.node(network.require("liquid")).size(),
          static_cast<std::size_t>(task.ticks), static_cast<std::size_t>(task.bins)};
}

void prepare(const Sizes& sizes, std::size_t samples, bool keep_spikes, LiquidRun& out) {
  out.counts.assign(samples * sizes.features(), 0);
  out.spikes.assign(keep_spikes ? samples : 0, {});
  out.work = {};
}

std::span<const std::uint32_t> channels_of(const BinnedSpikes& sample, std::size_t tick) {
  const auto* index = reinterpret_cast<const std::uint32_t*>(sample.index.data());  // never negative
  return {index + sample.first[tick], index + sample.first[tick + 1]};
}

std::span<const std::int32_t> counts_of(const BinnedSpikes& sample, std::size_t tick) {
  return {sample.count.data() + sample.first[tick], sample.count.data() + sample.first[tick + 1]};
}

// ---- events ----

class EventPath final : public LiquidPath {
 public:
  explicit EventPath(const LiquidTask& task)
      : program_(task.program),
        sizes_(sizes_of(task)),
        input_(program_->network().require("input")),
        liquid_(program_->network().require("liquid")) {}

  void run(std::span<const BinnedSpikes> samples, int threads, bool keep_spikes, LiquidRun& out) const override {
    prepare(sizes_, samples.size(), keep_spikes, out);
    run_samples<Work>(
        samples.size(), threads,
        [&] {
          return [this, samples, keep_spikes, &out, state = State(program_), solo = Team(1)](std::size_t sample,
                                                                                             Work& work) mutable {
            const Work before = state.work();
            run_sample(samples[sample], sample, state, solo, out.counts.data() + sample * sizes_.features(),
                       keep_spikes ? &out.spikes[sample] : nullptr);
            work = state.work();
            work.neuron_steps -= before.neuron_steps;
            work.synaptic_events -= before.synaptic_events;
          };
        },
        [&](std::size_t, Work& work) { out.work += work; });
  }

 private:
  void run_sample(const BinnedSpikes& sample, std::size_t number, State& state, Team& solo, std::uint16_t* counts,
                  std::vector<std::uint64_t>* spikes) const {
    state.reset(0, number);
    fill_input(state.input_spikes(input_), state.tick(), static_cast<int>(sizes_.ticks), sample);
    state.advance(static_cast<std::int64_t>(sizes_.ticks), solo,
                  [&](const SliceView& slice) { observe(slice, counts, spikes); });
  }

  void observe(const SliceView& slice, std::uint16_t* counts, std::vector<std::uint64_t>* kept) const {
    const Spikes spikes = slice.wires.spikes.at({liquid_, 0}).view();
    for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
      const auto local = static_cast<std::size_t>(tick - slice.lanes[0].origin);
      std::uint16_t* bin = counts + sizes_.bin_of(local) * sizes_.neurons;
      for (const std::uint32_t neuron : spikes.at(tick)) ++bin[neuron];
      if (!kept) continue;
      for (const std::uint32_t neuron : spikes.at(tick)) kept->push_back(std::uint64_t{local} << 32 | neuron);
    }
  }

  std::shared_ptr<const Program> program_;
  Sizes sizes_;
  NodeId input_, liquid_;
};

// ---- every weight, every tick ----

enum class Projection { input, recurrent };
constexpr const char* projection_names[] = {"liquid.inputs", "liquid.recurrent"};

// The synapses of one projection with the integers that the engine stores.
std::vector<Synapse> stored_synapses(const LiquidTask& task, Projection projection) {
  const Network& network = task.program->network();
  const char* name = projection_names[static_cast<std::size_t>(projection)];
  const NodeId id = network.require(name);
  const WeightQuantum& quantum = task.program->plan().quanta.weights.at(id);
  const int delay = network.incoming(id).delay + quantum.longest_delay,
            wanted = projection == Projection::input ? 0 : 1;
  if (delay != wanted || network.incoming(id).delay != delay)
    throw Error(Fault::cannot,
                fmt::format("{}: the time-driven paths of this bench take one delay of {} ticks, it has up to {}", name,
                            wanted, delay));
  std::vector<Synapse> synapses;
  network.synapses(id, 0, static_cast<std::uint32_t>(network.node(id).size()), synapses);
  std::vector<double> load(network.node(id).size());
  const double most = network.max_count(network.incoming(id).from.node);
  for (Synapse& synapse : synapses) {
    synapse.weight = quantum.stored(synapse.weight);
    load[synapse.target] += std::abs(synapse.weight) * most;
  }
  if (const double heaviest = *std::max_element(load.begin(), load.end()); heaviest >= 0x1p24)
    throw Error(Fault::cannot, fmt::format("{}: sums of up to {:.3g} quanta, floats add integers exactly below 2^24; "
                                           "give it fewer synapses per target",
                                           name, heaviest));
  return synapses;
}

// Everything is [row][lane]: a row is a channel or a neuron, a lane a sample of the batch.
class TimeDriven : public LiquidPath {
 public:
  TimeDriven(const LiquidTask& task, std::size_t batch, std::size_t ticks_at_once)
      : sizes_(sizes_of(task)), batch_(batch), ticks_at_once_(std::min(ticks_at_once, sizes_.ticks)) {
    const Program& program = *task.program;
    const Network& network = program.network();
    const NodeId liquid = network.require("liquid");
    const Node& node = network.node(liquid);
    neurons_ = cpu::population_for<float>(network, node);
    if (!node.uniform() || node.kind->draws || node.initial_per_sample || neurons_->graded())
      throw Error(Fault::cannot, "liquid: the time-driven paths of this bench need equal neurons that draw nothing");
    const State fresh(task.program);
    for (std::size_t f = 0; f < node.kind->state.size(); ++f) {
      const std::string& offset = node.kind->state[f].offset;
      initial_.push_back(fresh.read(liquid, f));
      for (double& value : initial_.back()) value -= offset.empty() ? 0 : node.value(offset);
    }
    const Quanta& quanta = program.plan().quanta;
    combine_ = {.input_shift = quanta.weights.at(network.require(projection_names[0])).shift,
                .recurrent_shift = quanta.weights.at(network.require(projection_names[1])).shift,
                .quantum = std::ldexp(1.f, -quanta.exponent.at({liquid, 0}))};
  }

  void run(std::span<const BinnedSpikes> samples, int threads, bool keep_spikes, LiquidRun& out) const override {
    prepare(sizes_, samples.size(), keep_spikes, out);
    std::atomic<std::size_t> next{0};
    Team(threads).run([&](Team::Member&) {
      Lanes lanes(*this);
      for (std::size_t begin; (begin = next.fetch_add(batch_)) < samples.size();)
        run_batch(samples.subspan(begin, std::min(batch_, samples.size() - begin)), begin, lanes, out);
    });
  }

 protected:
  // out[target][column] = sum over sources of weight x in[source][column].
  virtual void multiply(Projection projection, const float* in, std::size_t columns, float* out) const = 0;
  const Sizes& sizes() const { return sizes_; }

 private:
  struct Lanes {
    explicit Lanes(const TimeDriven& path)
        : input(path.sizes_.channels * path.columns()),
          input_sums(path.sizes_.neurons * path.columns()),
          spikes(path.sizes_.neurons * path.batch_),
          recurrent_sums(spikes.size()),
          fired(spikes.size() + 64) {
      for (const std::size_t width : path.neurons_->widths()) state.emplace_back(width * spikes.size());
    }
    std::vector<float> input, input_sums;  // [row][tick][lane], a few ticks
    std::vector<float> spikes, recurrent_sums;
    std::vector<std::vector<std::byte>> state;
    std::vector<std::uint32_t> fired;  // elements: neuron x batch + lane
    std::size_t events = 0;            // of the last tick
  };

  std::size_t columns() const { return batch_ * ticks_at_once_; }

  void run_batch(std::span<const BinnedSpikes> samples, std::size_t number, Lanes& lanes, LiquidRun& out) const {
    for (std::size_t f = 0; f < initial_.size(); ++f)
      for (std::size_t i = 0; i < lanes.spikes.size(); ++i) {
        const double value = initial_[f][i / batch_];
        if (neurons_->integers()[f])
          reinterpret_cast<std::int32_t*>(lanes.state[f].data())[i] = static_cast<std::int32_t>(value);
        else
          reinterpret_cast<float*>(lanes.state[f].data())[i] = static_cast<float>(value);
      }
    std::fill(lanes.spikes.begin(), lanes.spikes.end(), 0.f);
    lanes.events = 0;
    for (std::size_t tick = 0; tick < sizes_.ticks; ++tick) {
      if (tick % ticks_at_once_ == 0) project_input(samples, tick, lanes);
      multiply(Projection::recurrent, lanes.spikes.data(), batch_, lanes.recurrent_sums.data());
      step(tick, lanes);
      count(samples.size(), number, tick, lanes, out);
    }
  }

  void project_input(std::span<const BinnedSpikes> samples, std::size_t first, Lanes& lanes) const {
    std::fill(lanes.input.begin(), lanes.input.end(), 0.f);
    for (std::size_t tick = first; tick < std::min(first + ticks_at_once_, sizes_.ticks); ++tick)
      for (std::size_t lane = 0; lane < samples.size(); ++lane) {
        const auto channel = channels_of(samples[lane], tick);
        const auto count = counts_of(samples[lane], tick);
        float* at = lanes.input.data() + (tick - first) * batch_ + lane;
        for (std::size_t k = 0; k < channel.size(); ++k) at[channel[k] * columns()] = static_cast<float>(count[k]);
      }
    multiply(Projection::input, lanes.input.data(), columns(), lanes.input_sums.data());
  }

  void step(std::size_t tick, Lanes& lanes) const {
    for (std::size_t k = 0; k < lanes.events; ++k) lanes.spikes[lanes.fired[k]] = 0;
    lanes.events = 0;
    static constexpr float silence[cpu::chunk_neurons] = {};
    alignas(64) float sums[cpu::chunk_neurons];
    const float* inputs[cpu::most_ports] = {sums, silence, silence, silence};
    const std::size_t rows = cpu::chunk_neurons / batch_;
    for (std::size_t neuron = 0; neuron < sizes_.neurons; neuron += rows) {
      const std::size_t end = std::min(neuron + rows, sizes_.neurons), low = neuron * batch_;
      for (std::size_t row = neuron; row < end; ++row)
        combine_sums(combine_, lanes.input_sums.data() + row * columns() + tick % ticks_at_once_ * batch_,
                     lanes.recurrent_sums.data() + row * batch_, batch_, sums + (row - neuron) * batch_);
      void* columns_of_state[16];
      for (std::size_t f = 0; f < lanes.state.size(); ++f)
        columns_of_state[f] = lanes.state[f].data() + neurons_->widths()[f] * low;
      lanes.events += neurons_->step({.n = (end - neuron) * batch_,
                                      .first = static_cast<std::uint32_t>(low),
                                      .columns = columns_of_state,
                                      .inputs = inputs,
                                      .tick = tick,
                                      .index = lanes.fired.data() + lanes.events});
    }
    for (std::size_t k = 0; k < lanes.events; ++k) lanes.spikes[lanes.fired[k]] = 1;
  }

  void count(std::size_t samples, std::size_t number, std::size_t tick, const Lanes& lanes, LiquidRun& out) const {
    for (std::size_t k = 0; k < lanes.events; ++k) {
      const std::size_t neuron = lanes.fired[k] / batch_, lane = lanes.fired[k] % batch_;
      if (lane >= samples) continue;
      ++out.counts[(number + lane) * sizes_.features() + sizes_.bin_of(tick) * sizes_.neurons + neuron];
      if (!out.spikes.empty()) out.spikes[number + lane].push_back(std::uint64_t{tick} << 32 | neuron);
    }
  }

  Sizes sizes_;
  std::size_t batch_, ticks_at_once_;
  std::unique_ptr<cpu::Population<float>> neurons_;
  std::vector<std::vector<double>> initial_;  // per State field, as its column holds it
  Combine combine_{};
};

// Columns of one product of the input projection: enough to hide the packing of the weights, few enough to fit memory.
constexpr std::size_t dense_columns = 2048;

class DensePath final : public TimeDriven {
 public:
  DensePath(const LiquidTask& task, std::size_t batch)
      : TimeDriven(task, batch, std::max<std::size_t>(1, dense_columns / batch)) {
    const std::size_t sources[] = {sizes().channels, sizes().neurons};
    for (const Projection projection : {Projection::input, Projection::recurrent}) {
      const auto p = static_cast<std::size_t>(projection);
      weights_[p].assign(sizes().neurons * sources[p], 0.f);
      for (const Synapse& s : stored_synapses(task, projection))
        weights_[p][s.target * sources[p] + s.source] += static_cast<float>(s.weight);
    }
  }

 private:
  void multiply(Projection projection, const float* in, std::size_t columns, float* out) const override {
    const std::vector<float>& weights = weights_[static_cast<std::size_t>(projection)];
    const auto rows = static_cast<int>(sizes().neurons), inner = static_cast<int>(weights.size() / sizes().neurons),
               wide = static_cast<int>(columns);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, wide, inner, 1.f, weights.data(), inner, in, wide, 0.f,
                out, wide);
  }

  std::vector<float> weights_[2];  // [target][source]
};

class SparsePath final : public TimeDriven {
 public:
  SparsePath(const LiquidTask& task, std::size_t batch) : TimeDriven(task, batch, 1) {
    for (const Projection projection : {Projection::input, Projection::recurrent}) {
      const auto p = static_cast<std::size_t>(projection);
      std::vector<Synapse> synapses = stored_synapses(task, projection);
      std::sort(synapses.begin(), synapses.end(), [](const Synapse& a, const Synapse& b) {
        return std::pair(a.target, a.source) < std::pair(b.target, b.source);
      });
      first_[p].assign(sizes().neurons + 1, 0);
      for (const Synapse& s : synapses) {
        ++first_[p][s.target + 1];
        entries_[p].push_back({s.source, static_cast<float>(s.weight)});
      }
      for (std::size_t target = 0; target < sizes().neurons; ++target) first_[p][target + 1] += first_[p][target];
    }
  }

 private:
  void multiply(Projection projection, const float* in, std::size_t columns, float* out) const override {
    const auto p = static_cast<std::size_t>(projection);
    multiply_sparse(first_[p], entries_[p], in, columns, out);
  }

  std::vector<std::uint32_t> first_[2];
  std::vector<SparseEntry> entries_[2];
};

}  // namespace

void require_equal(const std::string& path, const LiquidRun& events, const LiquidRun& other) {
  constexpr std::size_t shown = 5;
  std::size_t found = 0;
  std::string text;
  for (std::size_t sample = 0; sample < events.spikes.size(); ++sample) {
    std::vector<std::uint64_t> apart;
    std::ranges::set_symmetric_difference(events.spikes[sample], other.spikes[sample], std::back_inserter(apart));
    for (const std::uint64_t spike : apart)
      if (++found <= shown)
        text +=
            fmt::format("; sample {}, tick {}, neuron {}: only on the {} path", sample, spike >> 32,
                        spike & 0xffffffffu, std::ranges::binary_search(events.spikes[sample], spike) ? "event" : path);
  }
  if (found > 0) throw Error(Fault::check, fmt::format("{} and event path differ in {} spikes{}", path, found, text));
  if (events.counts != other.counts)
    throw Error(Fault::check, fmt::format("{} and event path: equal spikes, other features", path));
}

std::unique_ptr<LiquidPath> make_event_path(const LiquidTask& task) { return std::make_unique<EventPath>(task); }

std::unique_ptr<LiquidPath> make_dense_path(const LiquidTask& task, std::size_t batch) {
  return std::make_unique<DensePath>(task, batch);
}

std::unique_ptr<LiquidPath> make_sparse_path(const LiquidTask& task, std::size_t batch) {
  return std::make_unique<SparsePath>(task, batch);
}

std::size_t whole_batches(std::size_t samples, int threads) {
  const std::size_t each = least_batch * static_cast<std::size_t>(threads);
  return (samples + each - 1) / each * each;
}

std::size_t largest_batch(std::size_t samples, int threads) {
  std::size_t batch = most_batch;
  while (batch > least_batch && samples % (batch * static_cast<std::size_t>(threads)) != 0) batch /= 2;
  return batch;
}

double dense_weight_bytes(const LiquidTask& task) {
  const Sizes sizes = sizes_of(task);
  return static_cast<double>((sizes.channels + sizes.neurons) * sizes.neurons * sizes.ticks * sizeof(float));
}

double sparse_weight_bytes(const LiquidTask& task) {
  return static_cast<double>(task.program->plan().synapses() * sizeof(SparseEntry) *
                             static_cast<std::size_t>(task.ticks));
}

}  // namespace crosspike
