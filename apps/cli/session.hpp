// SPDX-License-Identifier: Apache-2.0
// What every command shares: the library, the global options, progress, and what goes to stdout.
#pragma once

#include <crosspike/apps/cli/progress.hpp>
#include <crosspike/core/atomic_file.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/plan.hpp>
#include <crosspike/core/progress.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/models/network/model.hpp>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace crosspike::cli {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> overrides;  // --set
  std::optional<std::string> backend;
  std::optional<std::int64_t> seed;
  int threads = 1;
  int slice = 0;
  std::optional<std::filesystem::path> out;
  bool force = false, json = false;
};

class Session {
 public:
  Library library = builtin();
  Options options;

  // The file with --set, --seed and --backend applied.
  Value config(const std::filesystem::path& path) const;
  // The same, and of a results file the config that it was made by.
  Value config_inside(const std::filesystem::path& path) const;
  void apply_options(Value& config) const;
  // --out, or the stem of `file` with .h5 in the current folder. Throws where that would replace what is read.
  std::filesystem::path results_path(const std::filesystem::path& file, const Value& config) const;
  Existing existing() const { return options.force ? Existing::replace : Existing::refuse; }
  // The network behind any model: of a general config, or of what a ready-made model expands to.
  NetworkModel network(const Value& config) const;
  PlanOptions plan_options(const NetworkModel& model) const;
  Progress progress();  // stops the work after Ctrl-C

  // To stdout, which is written once, at the end. With --json the object is all there is.
  void print(const std::string& text);
  void print(const Json& object);
  // To stderr, unless --json asks for quiet.
  void remark(const std::string& text);
  int width() const;  // of stdout
  // What was asked for was checked and is not so: the program ends with 1, after all that was printed.
  void check_failed() { code_ = static_cast<int>(Fault::check); }
  int code() const { return code_; }
  // Says that `results` are complete, should stdout fail after that.
  void wrote(const std::filesystem::path& results) { written_ = results; }
  const std::optional<std::filesystem::path>& written() const { return written_; }

  ProgressMeter& meter() { return meter_; }
  const std::string& output() const { return output_; }

 private:
  ProgressMeter meter_;
  std::string output_;
  int code_ = 0;
  std::optional<std::filesystem::path> written_;
};

bool is_hdf5(const std::filesystem::path& path);  // by its first bytes

// Throws Error(input) where `out` is `file`, or a file that the config read from it names: also with --force.
// `by_default`: nobody wrote this name, so the message says what it is.
void refuse_output_over_input(const std::filesystem::path& out, const std::filesystem::path& file, const Value& config,
                              bool by_default = false);

std::string model_of(const Value& config);  // throws Error(input) where it is missing or unknown

Json json_of(const Figure& figure);
std::string figure_text(const std::string& name, const Figure& figure);  // an accuracy as "87.33 %"
Json provenance();                                                       // version, commit

// What `run` watches: the recorders' ports and fields, and all spikes, which it counts.
Taps run_taps(const NetworkModel& model);

// Everything that can be known to be wrong before a config of any model runs. Throws what `validate` says.
// `test`: whether the test split will be looked at. `notes`: what is odd but no error, where it is wanted.
Plan checked_plan(const Session& session, const Value& config, bool test, std::vector<std::string>* notes = nullptr);

// Lines about a plan: nodes, projections, slice and memory.
std::string plan_text(const Plan& plan, int width);
Json plan_json(const Plan& plan);
std::string plan_line(const Plan& plan);                    // one line of it
std::string port_text(const Network& network, PortRef to);  // "exc.excitatory"; the node where it has one port
std::string delay_text(const Network& network, NodeId weight, const WeightQuantum& quantum);  // "1.5 ms", "1 to 3 ms"

}  // namespace crosspike::cli
