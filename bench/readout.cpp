// SPDX-License-Identifier: Apache-2.0
// `crosspike bench readout`: the three ways of fitting a readout, each with its default settings, on the same made-up
// spike counts. docs/readout.md shows the seconds.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/bench/bench.hpp>
#include <crosspike/bench/measure.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/fit.hpp>
#include <random>
#include <string>
#include <vector>

namespace crosspike {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* defaults = "seed = 1\n[bench]\nsamples = 10000\nfeatures = 2000\nclasses = 10\nrepeats = 3\n";

// Poisson counts of rate 1 to 4; a class adds to or takes from each feature's rate a little.
class Counts {
 public:
  Counts(std::uint64_t seed, std::size_t samples, std::size_t features, std::size_t classes)
      : features_(features), classes_(classes) {
    std::mt19937_64 draw(seed);
    std::uniform_real_distribution<double> rate(1, 4);
    std::normal_distribution<double> difference(0, 3 / std::sqrt(static_cast<double>(features)));
    std::vector<double> base(features), own(classes * features);
    for (double& value : base) value = rate(draw);
    for (double& value : own) value = difference(draw);
    for (std::size_t s = 0; s < samples; ++s) {
      const std::size_t label = draw() % classes;
      labels_.push_back(static_cast<int>(label));
      for (std::size_t f = 0; f < features; ++f)
        values_.push_back(static_cast<std::uint16_t>(
            std::poisson_distribution<int>(std::max(0.01, base[f] + own[label * features + f]))(draw)));
    }
  }

  FeatureSet part(const char* name, std::size_t first, std::size_t rows) const {
    return {name,
            features_,
            classes_,
            FeatureKind::counts,
            {{rows,
              std::span(values_).subspan(first * features_, rows * features_),
              {},
              std::span(labels_).subspan(first, rows)}}};
  }

 private:
  std::size_t features_, classes_;
  std::vector<std::uint16_t> values_;
  std::vector<int> labels_;
};

Json readout_run(const BenchOptions& options) {
  Value config = parse_config(defaults, "bench readout");
  for (const std::string& assignment : options.overrides) apply_override(config, assignment);
  if (options.seed) apply_override(config, fmt::format("seed={}", *options.seed));
  TableReader root(config, ""), bench = root.table("bench");
  const auto seed = static_cast<std::uint64_t>(root.integer("seed", required, 0, 1LL << 62));
  const auto size = [&](const char* key, std::int64_t low, std::int64_t high) {
    return static_cast<std::size_t>(bench.integer(key, required, low, high));
  };
  const std::size_t samples = size("samples", 100, 1'000'000), features = size("features", 1, 20'000),
                    classes = size("classes", 2, 100), repeats = size("repeats", 1, 100);
  root.finish();

  const Counts counts(seed, samples, features, classes);
  const std::size_t held_out = samples / 5;
  const FeatureSet train = counts.part("train", 0, samples - held_out),
                   validation = counts.part("validation", samples - held_out, held_out);
  Team team(options.threads);
  Json result = {{"seed", seed},
                 {"sizes",
                  {{"samples", samples},
                   {"validation", held_out},
                   {"features", features},
                   {"classes", classes},
                   {"repeats", repeats}}},
                 {"figures", Json::object()},
                 {"readouts", Json::array()}};
  for (const char* kind : {"ridge", "logistic", "rls"}) {
    const Value written(Table{{{"kind", Value(std::string(kind))}}});
    TableReader reader(written, "readout");
    const ReadoutSettings settings = readout_from(reader);
    const Progress progress = [&](std::string_view part, double done, double total, std::string_view unit) {
      if (options.progress) options.progress(fmt::format("{}: {}", kind, part), done, total, unit);
    };
    Readout readout;
    const Timing timing = time_repeats(static_cast<int>(repeats),
                                       [&] { readout = fit_readout(train, validation, settings, team, progress); });
    result["figures"][fmt::format("{}_s", kind)] = timing.median();
    result["readouts"].push_back({{"settings", to_inline_toml(to_value(settings))},
                                  {"seconds", timing.median()},
                                  {"spread", timing.spread()},
                                  {"busy_threads", timing.busy_threads},
                                  {"lambda", readout.lambda},
                                  {"validation_accuracy", readout.validation[best_of(readout.validation)].accuracy},
                                  {"remarks", readout.remarks}});
  }
  return result;
}

}  // namespace

Bench readout_bench() {
  return {"readout", "seconds to fit a readout by ridge, logistic regression and rls, on the same made-up counts",
          readout_run};
}

}  // namespace crosspike
