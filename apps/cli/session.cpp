// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/apps/cli/session.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/report/accuracies.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>
#include <cstdio>
#include <fstream>

namespace crosspike::cli {

namespace {

const std::string models[] = {"network", "lsm"};

// As --set does, but with the option's own name in messages.
void set_option(Value& config, const char* option, std::string_view section, const std::string& key, Value::Data data) {
  Table* table = config.as<Table>();
  if (!section.empty()) {
    Value* inner = table->find(section);
    if (!inner) inner = &table->set(std::string(section), Value(Table{}, {option}));
    table = inner->as<Table>();
    if (!table) return;  // the reader of the config refuses it
  }
  table->set(key, Value(std::move(data), {option}));
}

}  // namespace

Value Session::config(const std::filesystem::path& path) const {
  Value root = load_config(path);
  apply_options(root);
  return root;
}

Value Session::config_inside(const std::filesystem::path& path) const {
  if (!is_hdf5(path)) return config(path);
  Value root = parse_config(ResultsReader(path).header().config, path.string() + ":/config");
  apply_options(root);
  return root;
}

void Session::apply_options(Value& config) const {
  for (const std::string& assignment : options.overrides) apply_override(config, assignment);
  if (options.seed) set_option(config, "--seed", "", "seed", *options.seed);
  if (options.backend) set_option(config, "--backend", "placement", "default", *options.backend);
  require_format(config);
}

NetworkModel Session::network(const Value& config) const {
  return model_of(config) == "lsm" ? read_lsm(config, library).liquid : build_network(config, library);
}

PlanOptions Session::plan_options(const NetworkModel& model) const {
  PlanOptions plan;
  plan.ticks = model.ticks;
  plan.threads = options.threads;
  plan.slice = options.slice;
  return plan;
}

Progress Session::progress() {
  return [this](std::string_view phase, double done, double total, std::string_view unit) {
    check_interrupted();
    meter_.show(phase, done, total, unit);
  };
}

void Session::print(const std::string& text) {
  if (!options.json) output_ += text;
}

void Session::print(const Json& object) {
  if (options.json) output_ = object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void Session::remark(const std::string& text) {
  if (options.json) return;
  meter_.clear();
  std::fputs(text.c_str(), stderr);
}

int Session::width() const { return std::max(60, terminal_width(STDOUT_FILENO)); }

std::string model_of(const Value& config) {
  TableReader reader(config, "");
  return reader.choice("model", required, models);
}

bool is_hdf5(const std::filesystem::path& path) {
  constexpr std::array<char, 8> signature = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  std::array<char, 8> head{};
  std::ifstream in(path, std::ios::binary);
  return in.read(head.data(), head.size()) && head == signature;
}

Json json_of(const Figure& figure) {
  return std::visit([](const auto& value) { return Json(value); }, figure);
}

std::string figure_text(const std::string& name, const Figure& figure) {
  if (const auto* text = std::get_if<std::string>(&figure)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&figure))
    return *whole < 0 ? fmt::format("{}", *whole) : grouped(static_cast<std::uint64_t>(*whole));
  const double value = std::get<double>(figure);
  return report::is_accuracy(name) && std::isfinite(value) ? report::figure_text(name, value) : short_number(value);
}

Json provenance() { return {{"version", CROSSPIKE_VERSION}, {"commit", CROSSPIKE_COMMIT}}; }

}  // namespace crosspike::cli
