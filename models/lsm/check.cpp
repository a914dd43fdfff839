// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/check.hpp>
#include <crosspike/models/lsm/check_samples.hpp>
#include <crosspike/models/lsm/collect.hpp>
#include <vector>

namespace crosspike {

namespace {

// A readout that training fits.
struct Fit {
  std::string name;
  std::size_t features, value_bytes;
  std::string smaller;  // what makes it so

  std::size_t row_bytes(std::size_t samples) const { return samples * features * value_bytes; }
};

std::vector<Fit> fits(const LsmSettings& settings) {
  const Network& network = *settings.liquid.network;
  const std::size_t neurons = network.node(network.require("liquid")).size(),
                    channels = static_cast<std::size_t>(settings.input.channels()),
                    bins = static_cast<std::size_t>(settings.features.bins);
  std::vector<Fit> all = {{"the liquid", liquid_features(settings.features, neurons),
                           settings.features.reals() ? sizeof(float) : sizeof(std::uint16_t),
                           "use fewer liquid.neurons or features.bins"}};
  if (!settings.controls) return all;
  all.push_back({"the static features", neurons * bins, sizeof(float),
                 "use fewer liquid.neurons or features.bins, or write controls = false"});
  all.push_back({"the input alone", channels * bins, sizeof(std::uint16_t),
                 "use fewer features.bins or a smaller input.crop, or write controls = false"});
  return all;
}

void require_few_features(const std::vector<Fit>& all, ReadoutKind kind) {
  for (const Fit& fit : all)
    if (fit.features > most_features(kind))
      throw Error(Fault::cannot,
                  fmt::format("the readout of {} has {} features, a readout of kind {} takes up to {}; {}", fit.name,
                              fit.features, name_of(kind), most_features(kind), fit.smaller));
}

// Readouts are fitted one after another, each with all its rows in memory; the test split's come later.
void require_memory(const std::vector<Fit>& all, const ReadoutSettings& readout, const LsmPlan& plan,
                    std::int64_t test_samples, std::size_t limit) {
  const std::size_t classes = static_cast<std::size_t>(plan.splits.train->classes()),
                    fitted = static_cast<std::size_t>(plan.splits.train->size() + plan.splits.validation->size()),
                    samples = std::max(fitted, static_cast<std::size_t>(test_samples));
  std::size_t network =
      plan.liquid.program_bytes() + plan.liquid.state_bytes() * static_cast<std::size_t>(plan.liquid.options.copies);
  if (plan.without_recurrence) network += plan.without_recurrence->program_bytes();
  for (const Fit& fit : all) {
    const std::size_t rows = fit.row_bytes(samples),
                      solver = readout_bytes(readout, fitted, fit.features, classes, plan.liquid.options.copies),
                      need = network + rows + solver;
    if (need <= limit) continue;
    const std::size_t largest = std::max({network, rows, solver});
    const std::string part =
        largest == solver ? fmt::format("to solve for the readout of {}, which has {} features", fit.name, fit.features)
        : largest == rows ? fmt::format("for {} features of {} samples, the input of the readout of {}", fit.features,
                                        samples, fit.name)
                          : "for the network";
    throw Error(Fault::cannot,
                fmt::format("training needs {}, {} of it {}; {} are available; {}",
                            bytes_text(static_cast<double>(need)), bytes_text(static_cast<double>(largest)), part,
                            bytes_text(static_cast<double>(limit)), fit.smaller));
  }
}

}  // namespace

Plan plan_liquid(const NetworkModel& model, const Library& library, int threads, int slice, std::size_t memory_limit) {
  Taps taps;
  taps.ports.insert(model.network->output("liquid"));
  PlanOptions options;
  options.threads = 1;  // each thread runs its own samples with a team of one
  options.copies = threads;
  options.slice = slice;
  options.ticks = model.ticks;
  options.memory_limit = memory_limit;
  Team team(threads);
  return make_plan(model.network, model.placement, library, taps, options, team);
}

void require_gaps(const DatasetSource& source, const char* split, std::int64_t samples) {
  const auto gaps = static_cast<std::int64_t>(source.patterns.gaps_ms.size());
  if (samples < gaps)
    fail_at_key(source, "gaps",
                fmt::format(" lists {} gaps, but the {} split has too few samples ({}): each gap needs one or more",
                            gaps, split, samples));
}

LsmPlan check_lsm(const LsmSettings& settings, const Library& library, int threads, int slice, std::size_t memory_limit,
                  TestUse test) {
  TrainingSplits splits = open_training_splits(settings.dataset);
  if (splits.validation->size() == 0)
    fail_at_key(
        settings.dataset, "validation",
        fmt::format(" = 0 leaves nothing to choose {} on; write 1 or more", penalty_name(settings.readout.kind)));
  const bool tested = test == TestUse::now;
  const std::int64_t test_samples =
      tested ? check_test_split(settings.dataset, splits.train->classes(), settings.sensor) : 0;
  if (settings.dataset.kind == DatasetSource::Kind::pattern_pairs) {
    require_gaps(settings.dataset, "train", splits.train->size());
    require_gaps(settings.dataset, "validation", splits.validation->size());
    if (tested) require_gaps(settings.dataset, "test", test_samples);
  }
  std::vector<std::string> notes = check_samples(settings, *splits.train);
  const std::vector<Fit> all = fits(settings);
  require_few_features(all, settings.readout.kind);
  const std::size_t limit = memory_limit > 0 ? memory_limit : available_memory();
  LsmPlan plan{std::move(splits), plan_liquid(settings.liquid, library, threads, slice, limit), {}, std::move(notes)};
  if (settings.controls)
    plan.without_recurrence =
        plan_liquid(build_network(settings.network_without_recurrence, library), library, threads, slice, limit);
  require_memory(all, settings.readout, plan, test_samples, limit);
  return plan;
}

}  // namespace crosspike
