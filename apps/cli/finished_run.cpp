// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <crosspike/apps/cli/finished_run.hpp>
#include <crosspike/core/error.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace crosspike::cli {

namespace {

using Json = nlohmann::ordered_json;

Json figures_json(const Figures& figures) {
  Json object = Json::object();
  for (const auto& [name, value] : figures) {
    const auto* real = std::get_if<double>(&value);
    object[name] = real && !std::isfinite(*real) ? Json::array({fmt::format("{}", *real)})
                                                 : std::visit([](const auto& any) { return Json(any); }, value);
  }
  return object;
}

Figures figures_of(const Json& object) {
  Figures figures;
  for (const auto& [name, value] : object.items()) {
    if (value.is_number_integer())
      figures.emplace_back(name, value.get<std::int64_t>());
    else if (value.is_array())  // JSON has no NaN and no infinity
      figures.emplace_back(name, std::strtod(value.at(0).get<std::string>().c_str(), nullptr));
    else if (value.is_number())
      figures.emplace_back(name, value.get<double>());
    else
      figures.emplace_back(name, value.get<std::string>());
  }
  return figures;
}

}  // namespace

std::string to_json(const FinishedRun& run) {
  const Json json = {{"config", run.config},
                     {"figures", figures_json(run.figures)},
                     {"timings", figures_json(run.timings)},
                     {"notes", run.notes}};
  return json.dump(1) + "\n";
}

FinishedRun finished_run(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    return {.config = json.at("config").get<std::string>(),
            .figures = figures_of(json.at("figures")),
            .timings = figures_of(json.at("timings")),
            .notes = json.at("notes").get<std::vector<std::string>>()};
  } catch (const Json::exception&) {
    throw Error(Fault::input, "is damaged");
  }
}

}  // namespace crosspike::cli
