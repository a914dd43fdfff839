// SPDX-License-Identifier: Apache-2.0
// crosspike doctor: what this build and this machine can do, and what is missing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/bench/bench.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>
#include <cstdlib>

namespace crosspike::cli {

namespace {

std::string backend_state(const Backend& backend) {
  if (const auto reason = backend.unusable()) return "not usable: " + *reason;
  return backend.runner() ? "runs networks" : "reads and writes files";
}

std::string dataset_state(const DatasetSource& source) {
  std::error_code unknown;
  const bool present = std::filesystem::exists(source.path / source.train_images, unknown);
  return present ? source.path.string() : "not installed; for the demo: apt-get install dataset-fashion-mnist";
}

}  // namespace

void doctor(Session& session) {
  const Json here = machine();
  TextTable table;
  Json json = provenance();
  table.row({"crosspike",
             fmt::format("{} (commit {}, {} build)", CROSSPIKE_VERSION, CROSSPIKE_COMMIT, CROSSPIKE_BUILD_TYPE)});
  table.row({"compiler", fmt::format("{}; plugins must match: {}", CROSSPIKE_COMPILER, plugin_toolchain())});
  table.row({"processor", here["processor"].get<std::string>()});
  table.row({"SIMD", fmt::format("{} in use; available: {}; CROSSPIKE_SIMD forces one", here["simd"].get<std::string>(),
                                 fmt::join(here["simd_levels"].get<std::vector<std::string>>(), ", "))});
  table.row(
      {"threads", fmt::format("{} used by default; --threads changes that, never a result", session.options.threads)});
  table.row({"memory", fmt::format("{} available to this process, {} in the machine", bytes_text(available_memory()),
                                   bytes_text(here["memory_bytes"].get<std::size_t>()))});
  json["backends"] = Json::object();
  for (const auto& backend : session.library.backends()) {
    const std::string name(backend->name());
    table.row({"backend " + name, backend_state(*backend)});
    json["backends"][name] = {{"usable", !backend->unusable()}, {"state", backend_state(*backend)}};
  }
  const char* plugins = std::getenv("CROSSPIKE_PLUGIN_PATH");
  table.row(
      {"plugins", plugins ? fmt::format("from {}", plugins) : "none; CROSSPIKE_PLUGIN_PATH names folders of them"});
  for (const std::string& rejected : session.library.rejected()) table.row({"  rejected", rejected});
  table.row({"kinds", fmt::format("{} known; crosspike explain KIND describes one", session.library.kinds().size())});
  table.row({"Fashion-MNIST", dataset_state({})});
  session.print(table.text(session.width()));
  json["machine"] = here;
  json["threads"] = session.options.threads;
  json["available_bytes"] = available_memory();
  json["toolchain"] = plugin_toolchain();
  json["plugin_path"] = plugins ? Json(plugins) : Json();
  json["plugins_rejected"] = session.library.rejected();
  json["kinds"] = Json::array();
  for (const Kind& kind : session.library.kinds()) json["kinds"].push_back(kind.name);
  json["fashion_mnist"] = dataset_state({});
  session.print(json);
}

}  // namespace crosspike::cli
