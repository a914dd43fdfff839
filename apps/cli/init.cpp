// SPDX-License-Identifier: Apache-2.0
// crosspike init: copies an example into a folder, to start from.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/cli/write_text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike_generated/examples.hpp>
#include <string_view>
#include <vector>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

// The example that a model's name stands for.
constexpr std::array<std::pair<const char*, const char*>, 2> first_examples = {
    {{"network", "ei_network"}, {"lsm", "lsm_fashion"}}};

// The comment on the first line.
std::string doc_of(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return std::string(line.substr(std::min(line.size(), line.find_first_not_of("# "))));
}

void list_examples(Session& session) {
  TextTable table({"example", "model", "what"});
  Json json = Json::array();
  for (const Example& example : examples) {
    const std::string model = model_of(parse_config(example.text, example.name));
    table.row({example.name, model, doc_of(example.text)});
    json.push_back({{"name", example.name}, {"model", model}, {"doc", doc_of(example.text)}});
  }
  session.print(table.text(session.width()));
  session.print(std::string("\n  crosspike init NAME FOLDER copies one\n"));
  session.print(Json{{"examples", json}});
}

const Example& find_example(const std::string& name) {
  std::vector<std::string> names;
  std::string meant = name;
  for (const auto& [model, example] : first_examples) {
    names.emplace_back(model);
    if (name == model) meant = example;
  }
  for (const Example& example : examples) {
    names.emplace_back(example.name);
    if (meant == example.name) return example;
  }
  const auto near = nearest(name, names);
  throw Error(Fault::input, fmt::format("there is no model or example '{}'; {}known: {}", shown(name),
                                        near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(names, ", ")));
}

// Its commands name files of the repository; in the folder of one's own they lie beside it.
std::string beside(std::string text) {
  for (const std::string_view from : {"examples/python/", "examples/"})
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) text.erase(at, from.size());
  return text;
}

// `next`: the commands of the first lines, where the example comes with a script.
std::vector<std::string> commands_of(std::string_view text) {
  std::vector<std::string> commands;
  while (text.starts_with("#")) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with("#   ")) commands.emplace_back(line.substr(4, line.find("  (") - 4));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  for (std::string& command : commands) command.erase(command.find_last_not_of(' ') + 1);
  return commands;
}

void require_free(const Session& session, const fs::path& file) {
  if (std::error_code unknown; fs::exists(file, unknown) && !session.options.force)
    throw Error(Fault::input,
                fmt::format("{} exists; pass --force to overwrite it, or name another folder", file.string()));
}

}  // namespace

void init(Session& session, const std::string& name, const fs::path& folder) {
  if (name.empty()) return list_examples(session);
  const Example& example = find_example(name);
  if (folder.empty())
    throw Error(Fault::input, fmt::format("init needs a folder too; e.g. crosspike init {} my_study", name));
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (std::error_code unknown; !fs::is_directory(folder, unknown))
    throw Error(Fault::input, fmt::format("cannot make the folder {} ({}); name another", folder.string(),
                                          failed ? failed.message() : "there is a file of that name"));
  const fs::path file = folder / (std::string(example.name) + ".toml");
  const std::string text = beside(example.text);
  std::vector<fs::path> written = {file};
  require_free(session, file);
  for (const Example& script : example_scripts)
    if (text.find(script.name) != std::string::npos) require_free(session, written.emplace_back(folder / script.name));
  write_text(file, text, session.existing());
  for (const Example& script : example_scripts)
    if (text.find(script.name) != std::string::npos)
      write_text(folder / script.name, beside(script.text), session.existing());
  session.wrote(file);
  const std::string model = model_of(parse_config(text, file.string()));
  std::vector<std::string> next = {fmt::format("crosspike explain {}", file.string()),
                                   fmt::format("crosspike {} {}", model == "network" ? "run" : "train", file.string())};
  if (written.size() > 1) {
    next = commands_of(text);
    const bool plain = folder.string().find_first_of(" '\"$\\") == std::string::npos;
    next.insert(next.begin(), fmt::format("cd {}", plain ? folder.string() : fmt::format("'{}'", folder.string())));
  }
  session.print(fmt::format("  wrote  {}: {}\n", file.string(), doc_of(text)));
  for (std::size_t i = 1; i < written.size(); ++i) session.print(fmt::format("         {}\n", written[i].string()));
  for (const std::string& command : next)
    session.print(fmt::format("  {}  {}\n", command == next.front() ? "next " : "     ", command));
  session.print(Json{{"out", file.string()}, {"model", model}, {"next", next}});
}

}  // namespace crosspike::cli
