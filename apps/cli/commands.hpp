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
// `test`: whether to look at the test split.
void train(Session& session, const std::filesystem::path& config, bool test);
void eval(Session& session, const std::filesystem::path& results);

struct SweepOptions {
  std::vector<std::string> grid;  // "KEY=A,B,C"
  std::int64_t seeds = 1;
  bool test = true;  // look at the test split in every run
};
void sweep(Session& session, const std::filesystem::path& config, const SweepOptions& options);

struct CompareOptions {
  std::string b;  // empty: the config A again
  double tolerance = 0;
  std::vector<std::string> overrides;  // those of B alone, as the rest
  std::optional<std::string> backend;
  std::optional<std::int64_t> seed;
  std::optional<int> threads, slice;

  bool changes() const { return !overrides.empty() || backend || seed || threads || slice; }
};
// Whether A and B are equal within the tolerance; each is a results file, or a config, which is run.
bool compare(Session& session, const std::string& a, const CompareOptions& options);

// HTML at --out, SVGs in `plots`; `figures`, separated by commas, choose among a study's.
struct ReportOptions {
  std::optional<std::filesystem::path> plots;
  std::optional<std::string> figures;
};
void report(Session& session, const std::filesystem::path& file, const ReportOptions& options);
void validate(Session& session, const std::filesystem::path& config);
struct ExplainOptions {
  bool expand = false;  // the general network that a ready-made model is
  bool cite = false, bibtex = false;
};
// A kind, a connectivity rule or a distribution by name, or a config.
void explain(Session& session, const std::string& what, const ExplainOptions& options);
void cite(Session& session, const std::filesystem::path& config, bool bibtex);
void graph(Session& session, const std::filesystem::path& config);
void init(Session& session, const std::string& model, const std::filesystem::path& folder);  // empty: list them
void info(Session& session, const std::filesystem::path& file);                              // a config, or results
void doctor(Session& session);
void doctor_report(Session& session);  // what an issue report needs, in Markdown
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
