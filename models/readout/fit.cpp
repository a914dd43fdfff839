// SPDX-License-Identifier: Apache-2.0
#include <crosspike/core/error.hpp>
#include <crosspike/models/readout/fit.hpp>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike/models/readout/rls.hpp>
#include <string>

namespace crosspike {
namespace {

[[noreturn]] void no_such_kind() { throw Error(Fault::system, "a readout of no kind; this is a bug in crosspike"); }

std::string penalties_key(ReadoutKind kind) { return std::string(penalty_name(kind)) + "s"; }

std::vector<double> default_penalties(ReadoutKind kind) {
  switch (kind) {
    case ReadoutKind::ridge:
      return {10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4};
    case ReadoutKind::logistic:
      return {1, 3, 10, 30, 100, 300, 1e3, 3e3};
    case ReadoutKind::rls:  // a pass each
      return {100, 1e3, 1e4};
  }
  no_such_kind();
}

}  // namespace

ReadoutSettings readout_from(TableReader& readout) {
  const std::string kinds[] = {"ridge", "logistic", "rls"};
  ReadoutSettings settings;
  settings.kind = *readout_kind(readout.choice("kind", "ridge", kinds));
  settings.lambdas = readout.quantities(penalties_key(settings.kind), Unit::none, above_zero, 1e30);
  if (settings.lambdas.empty()) settings.lambdas = default_penalties(settings.kind);
  if (settings.kind == ReadoutKind::logistic) {
    settings.logistic.max_iterations =
        static_cast<int>(readout.integer("max_iterations", settings.logistic.max_iterations, 1, 1'000'000));
    settings.logistic.tolerance = readout.quantity("tolerance", Unit::none, settings.logistic.tolerance, above_zero, 1);
  }
  if (settings.kind == ReadoutKind::rls)
    settings.forgetting = readout.quantity("forgetting", Unit::none, settings.forgetting, above_zero, 1);
  return settings;
}

Value to_value(const ReadoutSettings& settings) {
  Table table;
  table.set("kind", Value(std::string(name_of(settings.kind))));
  Array penalties;
  for (const double lambda : settings.lambdas) penalties.emplace_back(lambda);
  table.set(penalties_key(settings.kind), Value(std::move(penalties)));
  if (settings.kind == ReadoutKind::logistic) {
    table.set("max_iterations", Value(std::int64_t{settings.logistic.max_iterations}));
    table.set("tolerance", Value(settings.logistic.tolerance));
  }
  if (settings.kind == ReadoutKind::rls) table.set("forgetting", Value(settings.forgetting));
  return Value(std::move(table));
}

const char* penalty_name(ReadoutKind kind) { return kind == ReadoutKind::rls ? "alpha" : "lambda"; }

Readout fit_readout(const FeatureSet& train, const FeatureSet& validation, const ReadoutSettings& settings, Team& team,
                    const Progress& progress) {
  switch (settings.kind) {
    case ReadoutKind::ridge:
      return fit_ridge(train, validation, settings.lambdas, team, progress);
    case ReadoutKind::logistic:
      return fit_logistic(train, validation, settings.lambdas, settings.logistic, team, progress);
    case ReadoutKind::rls:
      return fit_rls(train, validation, settings.lambdas, settings.forgetting, team, progress);
  }
  no_such_kind();
}

std::size_t most_features(ReadoutKind kind) {
  switch (kind) {
    case ReadoutKind::ridge:
      return most_ridge_features;
    case ReadoutKind::logistic:
      return most_logistic_features;
    case ReadoutKind::rls:
      return most_rls_inputs - 1;
  }
  no_such_kind();
}

std::size_t readout_bytes(const ReadoutSettings& settings, std::size_t samples, std::size_t features,
                          std::size_t classes, int threads) {
  switch (settings.kind) {
    case ReadoutKind::ridge:
      return ridge_bytes(samples, features, classes);
    case ReadoutKind::logistic:
      return logistic_bytes(features, classes, threads);
    case ReadoutKind::rls:
      return rls_bytes(features, classes);
  }
  no_such_kind();
}

}  // namespace crosspike
