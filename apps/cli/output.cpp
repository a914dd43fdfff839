// SPDX-License-Identifier: Apache-2.0
// Where results go, and that they never take the place of what a command reads: --force is for old results.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/apps/cli/dataset_text.hpp>
#include <crosspike/core/error.hpp>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

// Also through links, and whatever the spelling.
bool is_file(const fs::path& a, const fs::path& b) {
  std::error_code unknown;
  return fs::equivalent(a, b, unknown) && !unknown;
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  std::error_code unknown;
  const fs::path inside = fs::relative(file, folder, unknown);
  return !unknown && !inside.empty() && *inside.begin() != "..";
}

// The text in a config that names `file`: alone ("w.csv"), before the path of a dataset ("w.h5:/weights"), or in the
// folder that `path` beside it names. All texts are asked, so that a key added later is not forgotten here.
const Value* text_naming(const fs::path& file, const Value& value, const fs::path& folder = {}) {
  if (const auto* text = value.as<std::string>()) {
    const fs::path named = text->substr(0, text->find(":/"));
    return is_file(file, named) || (!folder.empty() && is_file(file, folder / named)) ? &value : nullptr;
  }
  if (const Array* array = value.as<Array>()) {
    for (const Value& item : *array)
      if (const Value* found = text_naming(file, item)) return found;
  } else if (const Table* table = value.as<Table>()) {
    const Value* path = table->find("path");
    const auto* inner = path ? path->as<std::string>() : nullptr;
    for (const auto& [key, item] : *table)
      if (const Value* found = text_naming(file, item, inner ? fs::path(*inner) : fs::path())) return found;
  }
  return nullptr;
}

// A data set's files are named by default, too, or only found in its folder.
bool reads(const DatasetSource& source, const fs::path& file) {
  const std::vector<fs::path> inputs = source.inputs();
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const fs::path& input) { return is_file(file, input) || lies_in(file, input); });
}

}  // namespace

void refuse_output_over_input(const fs::path& out, const fs::path& file, const Value& config, bool by_default) {
  if (out == "-")
    throw Error(Fault::input, "--out -: results are an HDF5 file and do not go to stdout; write e.g. --out results.h5");
  std::error_code unknown;
  if (!fs::exists(out, unknown)) return;
  const auto refuse = [&](const std::string& what) {
    throw Error(
        Fault::input,
        fmt::format("{} is {}; name another with --out",
                    by_default ? fmt::format("the default place of the results, {},", out.string()) : out.string(),
                    what));
  };
  if (is_file(out, file)) refuse("the config");
  if (const Value* named = text_naming(out, config))
    refuse(fmt::format("read by this config ({})", named->where().text()));
  if (const auto source = dataset_of(config); source && reads(*source, out)) refuse("part of the data set");
}

fs::path Session::results_path(const fs::path& file, const Value& config) const {
  const fs::path out = options.out ? *options.out : fs::path(file.stem().string() + ".h5");
  refuse_output_over_input(out, file, config, !options.out);
  return out;
}

}  // namespace crosspike::cli
