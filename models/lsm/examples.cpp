// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/models/lsm/examples.hpp>
#include <span>
#include <string>
#include <vector>

namespace crosspike {

namespace {

std::vector<std::uint64_t> spread(std::size_t neurons) {
  const std::size_t n = std::min(neurons, example_membranes);
  std::vector<std::uint64_t> indices;
  for (std::size_t i = 0; i < n; ++i) indices.push_back(i * neurons / n);
  return indices;
}

// The first sample of each class that comes, then the first of the others.
std::vector<std::int64_t> example_samples_of(const Dataset& dataset) {
  const auto wanted = static_cast<std::size_t>(std::min(example_samples, dataset.size()));
  std::vector<std::int64_t> chosen, classes;
  if (dataset.classes() > 0)
    for (std::int64_t sample = 0; sample < dataset.size() && chosen.size() < wanted; ++sample) {
      const std::int64_t label = dataset.label(sample);
      if (std::find(classes.begin(), classes.end(), label) != classes.end()) continue;
      classes.push_back(label);
      chosen.push_back(sample);
      if (static_cast<std::int64_t>(classes.size()) == dataset.classes()) break;
    }
  for (std::int64_t sample = 0; chosen.size() < wanted; ++sample)
    if (std::find(chosen.begin(), chosen.end(), sample) == chosen.end()) chosen.push_back(sample);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

class Example {
 public:
  Example(const std::shared_ptr<const Program>& program, const LsmSettings& settings)
      : settings_(settings),
        network_(program->network()),
        input_(network_.require("input")),
        liquid_(network_.require("liquid")),
        membrane_(network_.node(liquid_).kind->find_state("membrane")),
        indices_(spread(network_.node(liquid_).size())),
        binner_(settings.sensor, settings.binning),
        state_(program) {}

  void run(const Dataset& dataset, std::int64_t sample, ResultsWriter& writer) {
    const auto number = static_cast<std::uint64_t>(dataset.number(sample));
    dataset.events(sample, scratch_, events_);
    binner_.bin(events_, binned_);
    write_facts(dataset, sample, number, writer);
    write_input(number, writer);

    state_.reset(0, number);
    SpikeTrain train;
    std::vector<double> membranes;
    for (int tick = 0; tick < settings_.binning.ticks; ++tick) {
      fill_tick(tick);
      state_.advance(1, solo_, [&](const SliceView& slice) { observe(slice, tick, train); });
      if (!membrane_) continue;
      const auto all = state_.read(liquid_, *membrane_);
      for (const std::uint64_t i : indices_) membranes.push_back(all[static_cast<std::size_t>(i)]);
    }
    writer.spikes({"liquid", number}, train.timestamps_ms, train.node_ids, train.counts);
    writer.spike_elements({"liquid", number}, network_.node(liquid_).size());
    if (membrane_) write_membranes(number, membranes, writer);
  }

 private:
  void write_facts(const Dataset& dataset, std::int64_t sample, std::uint64_t number, ResultsWriter& writer) const {
    const SensorShape& shape = settings_.input;
    SampleFacts facts;
    if (dataset.classes() > 0) facts.label = dataset.label(sample);
    for (const int size : {shape.polarities, shape.height, shape.width})
      facts.input_shape.push_back(static_cast<std::uint64_t>(size));
    if (const ImageView image = dataset.image(sample); !image.pixels.empty())
      facts.image = SampleImage{static_cast<std::uint64_t>(image.height),
                                static_cast<std::uint64_t>(image.width),
                                {image.pixels.begin(), image.pixels.end()}};
    writer.sample(number, facts);
  }

  // Tick by tick, so that membranes can be read in between.
  void fill_tick(int tick) {
    const auto first = static_cast<std::size_t>(binned_.first[static_cast<std::size_t>(tick)]);
    const auto n = static_cast<std::size_t>(binned_.first[static_cast<std::size_t>(tick) + 1]) - first;
    const std::vector<std::uint32_t> index(binned_.index.begin() + static_cast<std::ptrdiff_t>(first),
                                           binned_.index.begin() + static_cast<std::ptrdiff_t>(first + n));
    SpikeBuffer& input = state_.input_spikes(input_);
    input.begin(state_.tick(), 1);
    input.append(index, std::span(binned_.count).subspan(first, n));
    input.end_row();
  }

  void write_input(std::uint64_t number, ResultsWriter& writer) const {
    SpikeTrain train;
    for (int tick = 0; tick < settings_.binning.ticks; ++tick)
      for (auto k = static_cast<std::size_t>(binned_.first[static_cast<std::size_t>(tick)]);
           k < static_cast<std::size_t>(binned_.first[static_cast<std::size_t>(tick) + 1]); ++k) {
        train.timestamps_ms.push_back((tick + 1) * network_.dt);
        train.node_ids.push_back(static_cast<std::uint64_t>(binned_.index[k]));
        train.counts.push_back(binned_.count[k]);
      }
    writer.spikes({"input", number}, train.timestamps_ms, train.node_ids, train.counts);
    writer.spike_elements({"input", number}, static_cast<std::uint64_t>(settings_.input.channels()));
  }

  void observe(const SliceView& slice, int tick, SpikeTrain& train) const {
    const Spikes spikes = slice.wires.spikes.at({liquid_, 0}).view();
    const auto index = spikes.at(spikes.first_tick);
    const auto counts = spikes.counts_at(spikes.first_tick);
    for (std::size_t k = 0; k < index.size(); ++k) {
      train.timestamps_ms.push_back((tick + 1) * network_.dt);
      train.node_ids.push_back(index[k]);
      train.counts.push_back(counts.empty() ? 1 : counts[k]);
    }
  }

  void write_membranes(std::uint64_t number, const std::vector<double>& rows, ResultsWriter& writer) const {
    const Unit unit = network_.node(liquid_).kind->state[*membrane_].unit;
    const ValuesInfo info{network_.dt, 1, network_.dt, unit == Unit::none ? "1" : std::string(name(unit)), indices_};
    if (network_.precision == Precision::double_)
      return writer.values({"membrane", number}, indices_.size(), std::span(rows), info);
    const std::vector<float> narrow(rows.begin(), rows.end());
    writer.values({"membrane", number}, indices_.size(), std::span(narrow), info);
  }

  const LsmSettings& settings_;
  const Network& network_;
  NodeId input_, liquid_;
  std::optional<std::size_t> membrane_;
  std::vector<std::uint64_t> indices_;  // whose membranes
  EventBinner binner_;
  EventScratch scratch_;
  std::vector<Event> events_;
  BinnedSpikes binned_;
  State state_;
  Team solo_{1};
};

}  // namespace

void write_examples(ResultsWriter& writer, const std::shared_ptr<const Program>& program, const LsmSettings& settings,
                    const Dataset& dataset) {
  Example example(program, settings);
  for (const std::int64_t sample : example_samples_of(dataset)) example.run(dataset, sample, writer);
}

}  // namespace crosspike
