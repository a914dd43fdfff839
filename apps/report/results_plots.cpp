// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/report/lines.hpp>
#include <crosspike/apps/report/records.hpp>
#include <crosspike/apps/report/results_plots.hpp>
#include <crosspike/apps/report/score_plots.hpp>
#include <crosspike/core/error.hpp>

namespace crosspike::report {
namespace {

constexpr double shortest_ms = 1e-6, longest_ms = 1e12;  // of a tick; of a run
constexpr std::uint64_t most_channels = std::uint64_t{1} << 22,
                        largest_side = 2048;  // of a sensor; of an image, pixels

// One run, or one sample: its records and where their time ends.
class Records {
 public:
  Records(const ResultsReader& results, const std::string& file, std::optional<std::uint64_t> sample)
      : file_(file), sample_(sample), path_(sample ? fmt::format("/samples/{}", *sample) : "") {
    for (const std::string& name : results.populations(sample)) {
      spikes_.emplace_back(name, results.spikes({name, sample}));
      check(spikes_.back().second, fmt::format("{}:{}/spikes/{}", file, path_, name));
    }
    for (const std::string& name : results.recorders(sample))
      values_.emplace_back(name, results.values({name, sample}));
    const auto figures = results.figures();
    const auto simulated = figures.find("simulated_s");
    const double* seconds = simulated == figures.end() ? nullptr : std::get_if<double>(&simulated->second);
    const bool known = !sample && seconds && *seconds * 1000 >= shortest_ms && *seconds * 1000 <= longest_ms;
    until_ms_ = known ? *seconds * 1000 : last_time();
  }

  void add_to(std::vector<Plot>& plots, const ResultsReader& results) const {
    const std::string suffix = sample_ ? fmt::format("-sample-{}", *sample_) : "";
    std::string section = "Spikes", of_values = "Values";
    if (sample_) {
      const SampleFacts facts = results.sample(*sample_);
      section = of_values = fmt::format("Sample {}", *sample_);
      if (facts.label) section = of_values = fmt::format("{}, class {}", section, class_name(results, *facts.label));
      add_events(plots, facts, section, suffix);
    }
    for (const auto& [name, train] : spikes_)
      plots.push_back(raster_plot(
          train, name, until_ms_,
          {"raster-" + name + suffix, section, fmt::format("{}/spikes/{}", path_, name), sample_ && name == "input"}));
    for (const auto& [name, table] : values_)
      if (table.width > 0)
        plots.push_back(
            values_plot(table, name, {"values-" + name + suffix, of_values, fmt::format("{}/values/{}", path_, name)}));
  }

 private:
  static void check(const SpikeTrain& train, const std::string& where) {
    for (const double time : train.timestamps_ms)
      if (!(time >= 0 && time <= longest_ms) || (time > 0 && time < shortest_ms))
        throw Error(Fault::input, fmt::format("{}/timestamps: holds {}; times from 0 to {:g} ms are expected", where,
                                              time, longest_ms));
  }

  double last_time() const {
    double last = 0;
    for (const auto& [name, train] : spikes_)
      for (const double time : train.timestamps_ms) last = std::max(last, time);
    for (const auto& [name, table] : values_)
      if (table.rows > 0) {
        const double step = static_cast<double>(table.info.every) * table.info.dt_ms;
        const double end = table.info.start_ms + step * static_cast<double>(table.rows - 1);
        if (end <= longest_ms) last = std::max(last, end);
      }
    return last;
  }

  void check_shape(const SampleFacts& facts) const {
    const auto& shape = facts.input_shape;
    std::uint64_t channels = 1;
    for (const std::uint64_t size : shape)
      channels = size > most_channels ? 0 : std::min(channels * size, most_channels + 1);
    if (channels == 0 || channels > most_channels || shape[0] > 2)
      throw Error(Fault::input,
                  fmt::format("{}:{}@input_shape: {} x {} x {}; allowed are 1 or 2 polarities and up to {} "
                              "channels",
                              file_, path_, shape[0], shape[1], shape[2], most_channels));
    if (facts.image && (facts.image->height > largest_side || facts.image->width > largest_side))
      throw Error(Fault::input, fmt::format("{}:{}/image: {} x {} pixels; up to {} a side can be drawn", file_, path_,
                                            facts.image->height, facts.image->width, largest_side));
  }

  void add_events(std::vector<Plot>& plots, const SampleFacts& facts, const std::string& section,
                  const std::string& suffix) const {
    const auto input = std::find_if(spikes_.begin(), spikes_.end(), [](const auto& s) { return s.first == "input"; });
    if (facts.input_shape.empty() || input == spikes_.end()) return;
    check_shape(facts);
    if (facts.input_shape[1] == 1 && !facts.image) return;  // a line of channels: the raster shows it better
    plots.push_back(events_plot(facts, input->second, until_ms_, facts.image ? "Image and its events" : "Events",
                                {"events" + suffix, section, path_ + "/spikes/input"}));
  }

  static std::string class_name(const ResultsReader& results, std::int64_t label) {
    if (results.has_readout()) {
      const auto classes = results.readout().classes;
      if (label >= 0 && static_cast<std::size_t>(label) < classes.size())
        return classes[static_cast<std::size_t>(label)];
    }
    return fmt::format("{}", label);
  }

  const std::string& file_;
  std::optional<std::uint64_t> sample_;
  std::string path_;
  std::vector<std::pair<std::string, SpikeTrain>> spikes_;
  std::vector<std::pair<std::string, ValuesTable>> values_;
  double until_ms_ = 0;
};

void add_curves(std::vector<Plot>& plots, const ResultsReader& results) {
  for (const auto& [name, curve] : results.curves()) {
    LinePlot plot{.name = "curve-" + name, .section = "Curves", .caption = {}, .curve = curve, .x = {}, .chosen = {}};
    std::stable_sort(plot.curve.series.begin(), plot.curve.series.end(),
                     [](const CurveSeries& a, const CurveSeries& b) { return comes_before(a.name, b.name); });
    for (CurveSeries& series : plot.curve.series) series.name = called(series.name);
    const bool bounds = std::any_of(curve.series.begin(), curve.series.end(),
                                    [](const CurveSeries& s) { return !s.low.empty() || !s.high.empty(); });
    plot.caption = fmt::format("From /curves/{}{}.", name, bounds ? "; bars show low and high" : "");
    plots.push_back(line_plot(plot));
  }
}

}  // namespace

std::vector<Plot> results_plots(const ResultsReader& results, const std::string& file) {
  std::vector<Plot> plots;
  add_score_plots(plots, results);
  add_curves(plots, results);
  if (results.has_readout()) {
    plots.push_back(feature_plot(results.readout(), "/readout"));
  } else if (const auto several = results.readouts(); !several.empty()) {  // all read the same neurons
    plots.push_back(feature_plot(results.readout(several.front()), "/readouts/" + several.front()));
  }
  Records(results, file, {}).add_to(plots, results);
  const auto samples = results.samples();
  for (std::size_t i = 0; i < std::min(samples.size(), most_samples); ++i)
    Records(results, file, samples[i]).add_to(plots, results);
  make_names_safe(plots);
  return plots;
}

}  // namespace crosspike::report
