// SPDX-License-Identifier: Apache-2.0
// The commands of the program, one function each. They throw Error; what they print goes through the Session.
#pragma once

#include <crosspike/apps/cli/session.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crosspike::cli {

void run(Session& session, const std::filesystem::path& config);
void train(Session& session, const std::filesystem::path& config);
void eval(Session& session, const std::filesystem::path& results);
void validate(Session& session, const std::filesystem::path& config);
void explain(Session& session, const std::string& what, bool expand);  // a kind's name, or a config
void info(Session& session, const std::filesystem::path& file);        // a config, or results
void doctor(Session& session);
void datasets_info(Session& session, const std::optional<std::filesystem::path>& config);
void datasets_convert(Session& session, const std::filesystem::path& config);
// What `export` and `import` take beside the general options.
struct ExchangeOptions {
  std::string target = "nir";                  // --target
  std::vector<std::string> options;            // --option KEY=VALUE, of the target
  bool lossy = false;                          // --lossy
  std::string convention;                      // --convention
  std::optional<std::string> dt;               // --dt
  std::optional<std::filesystem::path> input;  // --input
};
void export_network(Session& session, const std::filesystem::path& file, const ExchangeOptions& exchange);
void import_network(Session& session, const std::filesystem::path& file, const ExchangeOptions& exchange);

void bench(Session& session, const std::string& name);  // empty: list them

}  // namespace crosspike::cli
