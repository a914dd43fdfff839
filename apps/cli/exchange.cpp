// SPDX-License-Identifier: Apache-2.0
// crosspike export and import: networks as files of other formats, and back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/exporter.hpp>
#include <crosspike/core/hdf5.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <cstring>
#include <fstream>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> targets(const Library& library) {
  std::vector<std::string> names;
  for (const auto& backend : library.backends())
    if (backend->exporter()) names.emplace_back(backend->name());
  return names;
}

const Exporter& exporter_named(const Library& library, const std::string& name) {
  const Backend* backend = library.find_backend(name);
  if (backend && backend->exporter()) return *backend->exporter();
  const auto known = targets(library);
  const auto near = nearest(name, known);
  throw Error(Fault::input, fmt::format("--target {}: no such format; {}there are: {}", shown(name),
                                        near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(known, ", ")));
}

const Exporter& exporter_of(const Library& library, const fs::path& file) {
  std::vector<std::string> known;
  for (const auto& backend : library.backends()) {
    if (!backend->exporter()) continue;
    for (const std::string& ending : backend->exporter()->endings()) {
      if (file.extension() == ending) return *backend->exporter();
      known.push_back(ending);
    }
  }
  throw Error(Fault::input,
              fmt::format("{}: import reads files that end in {}", file.string(), fmt::join(known, ", ")));
}

std::map<std::string, std::string> pairs(const std::vector<std::string>& options) {
  std::map<std::string, std::string> settings;
  for (const std::string& option : options) {
    const auto at = option.find('=');
    if (at == std::string::npos || at == 0)
      throw Error(Fault::input, fmt::format("--option {}: write KEY=VALUE", shown(option)));
    settings[option.substr(0, at)] = option.substr(at + 1);
  }
  return settings;
}

// --out, or the stem of `file` with `ending` in the current folder.
fs::path output_path(const Session& session, const fs::path& file, const char* ending, const Value& config) {
  const fs::path out = session.options.out ? *session.options.out : fs::path(file.stem().string() + ending);
  refuse_output_over_input(out, file, config);
  return out;
}

// Of a command that reads no config.
Value no_config() {
  return Value(Table{{{"format", Value(std::int64_t{1})}, {"model", Value(std::string("network"))}}});
}

struct Source {
  TrainedNetwork network;
  Value config{Table{}};  // whose files must not be written over
};

Source source_of(const Session& session, const fs::path& file) {
  Source source;
  if (!is_hdf5(file)) {
    source.config = session.config(file);
    source.network.model = session.network(source.config);
    return source;
  }
  const ResultsReader results(file);
  source.config = parse_config(results.header().config, file.string() + ":/config");
  if (!session.options.overrides.empty() || session.options.seed)
    throw Error(Fault::input, fmt::format("{} holds what has run; --set and --seed go with a config", file.string()));
  if (const auto readouts = results.readouts(); !readouts.empty())
    throw Error(Fault::cannot,
                fmt::format("{}: has a readout for each of several tasks ({}, ...), and a graph holds one; "
                            "export its config for the liquid alone",
                            file.string(), readouts.front()));
  if (results.has_readout())
    source.network = trained_network(file, session.library);
  else
    source.network.model = session.network(source.config);
  return source;
}

void report(Session& session, const std::string& target, const std::vector<ExportedNode>& nodes, const fs::path& out) {
  TextTable table({"node", "kind", target, "lost"});
  Json rows = Json::array();
  std::int64_t lost = 0;
  for (const ExportedNode& node : nodes) {
    table.row({node.node, node.kind, node.becomes, fmt::format("{}", fmt::join(node.lost, "; "))});
    rows.push_back({{"node", node.node}, {"kind", node.kind}, {"becomes", node.becomes}, {"lost", node.lost}});
    lost += static_cast<std::int64_t>(node.lost.size());
  }
  session.print(table.text(session.width()));
  session.print(fmt::format("\n  written  {}\n", out.string()));
  Json object = {{"figures", {{"nodes", nodes.size()}, {"lost", lost}}},
                 {"target", target},
                 {"nodes", rows},
                 {"out", out.string()}};
  object.update(provenance());
  session.print(object);
}

double tick_of(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    throw Error(Fault::input, fmt::format("--dt {}: {}", shown(text), why));
  };
  double dt = 0;
  try {
    dt = parse_quantity(text, Unit::ms);
  } catch (const Error& error) {
    wrong(error.what());
  }
  if (!(dt >= 1e-6 && dt <= 1e6)) wrong("allowed are 1e-6 to 1e6 ms");
  return dt;
}

void write_arrays(const std::vector<NamedArray>& arrays, const fs::path& path, const std::string& shown_as) {
  hdf5::File file = hdf5::File::create(path, shown_as);
  for (const NamedArray& array : arrays) {
    const auto narrow = [](double v) { return static_cast<double>(static_cast<float>(v)) == v; };
    if (std::all_of(array.values.begin(), array.values.end(), narrow)) {
      const std::vector<float> values(array.values.begin(), array.values.end());
      file.write<float>("/" + array.name, array.shape, values, hdf5::Storage::compressed);
    } else {
      file.write<double>("/" + array.name, array.shape, array.values, hdf5::Storage::compressed);
    }
  }
  file.close();
}

// Replaces the file that arrays are named in: "a.h5:/x" -> "b.h5:/x".
void rename_file(Value& value, const std::string& from, const std::string& to) {
  if (auto* text = value.as<std::string>(); text && text->starts_with(from + ":/"))
    *text = to + text->substr(from.size());
  if (auto* list = value.as<Array>())
    for (Value& item : *list) rename_file(item, from, to);
  if (auto* table = value.as<Table>())
    for (auto& [key, item] : *table) rename_file(item, from, to);
}

// Writes the arrays to `file` and builds the network once, so that what is wrong shows before anything is left behind.
// The arrays wait under a name by which a config can read them.
void require_network(const Session& session, const ImportedNetwork& imported, const fs::path& arrays,
                     const AtomicFile* file) {
  if (!file) {
    build_network(imported.config, session.library);
    return;
  }
  struct Waiting {
    fs::path path;
    ~Waiting() {
      std::error_code gone;
      fs::remove(path, gone);
    }
  } const waiting{file->temporary().string() + ".h5"};
  write_arrays(imported.arrays, waiting.path, arrays.string());
  Value config = imported.config;
  rename_file(config, arrays.string(), waiting.path.string());
  build_network(config, session.library);
  fs::rename(waiting.path, file->temporary());
}

void write_config(const Value& config, const fs::path& file, const AtomicFile& atomic) {
  errno = 0;
  std::ofstream out(atomic.temporary(), std::ios::binary);
  out << "# What crosspike import made of " << file.filename().string() << "; docs/export.md says how.\n"
      << to_toml(config);
  out.close();
  if (!out)
    throw Error(Fault::system, fmt::format("cannot write {} ({})", atomic.path().string(), std::strerror(errno)));
}

void report(Session& session, const ImportedNetwork& imported, const std::vector<fs::path>& written) {
  TextTable table({"node", "type", "becomes", "note"});
  Json rows = Json::array();
  for (const ImportedNode& node : imported.nodes) {
    table.row({node.node, node.type, node.becomes, fmt::format("{}", fmt::join(node.changed, "; "))});
    rows.push_back({{"node", node.node}, {"type", node.type}, {"becomes", node.becomes}, {"changed", node.changed}});
  }
  session.print(table.text(session.width()));
  Json files = Json::array();
  session.print(std::string("\n"));
  for (const fs::path& path : written) {
    session.print(fmt::format("  written  {}\n", path.string()));
    files.push_back(path.string());
  }
  Json object = {{"figures", {{"nodes", imported.nodes.size()}}},
                 {"nodes", rows},
                 {"out", written[0].string()},
                 {"files", files},
                 {"config", to_toml(imported.config)}};
  object.update(provenance());
  session.print(object);
}

}  // namespace

void export_network(Session& session, const fs::path& path, const ExchangeOptions& exchange) {
  const Exporter& exporter = exporter_named(session.library, exchange.target);
  const Source source = source_of(session, path);
  const fs::path out = output_path(session, path, exporter.endings()[0].c_str(), source.config);
  AtomicFile atomic(out, session.existing());
  const Network& network = *source.network.model.network;
  Team team(session.options.threads);
  const Quanta quanta = choose_quanta(network, team);
  const ExportSource what{network, quanta, source.network.notes};
  const ExportSettings settings{exchange.lossy, pairs(exchange.options)};
  const std::vector<ExportedNode> nodes = exporter.check(what, settings);
  require_expressible(exchange.target, nodes);
  exporter.write(what, settings, atomic.temporary(), out.string());
  atomic.commit();
  session.wrote(out);
  report(session, exchange.target, nodes, out);
}

void import_network(Session& session, const fs::path& path, const ExchangeOptions& exchange) {
  const Exporter& exporter = exporter_of(session.library, path);
  const fs::path out = output_path(session, path, ".toml", no_config());
  fs::path arrays = out;
  arrays.replace_filename(out.stem().string() + "_arrays.h5");
  AtomicFile config_file(out, session.existing());
  ImportSettings settings;
  settings.convention = exchange.convention;
  if (exchange.dt) settings.dt = tick_of(*exchange.dt);
  if (exchange.input) settings.input = load_array(exchange.input->string());
  settings.arrays_file = arrays.string();
  ImportedNetwork imported = exporter.read(path, settings);
  std::vector<fs::path> written = {out};
  std::optional<AtomicFile> arrays_file;
  if (!imported.arrays.empty()) {
    refuse_output_over_input(arrays, path, no_config());
    arrays_file.emplace(arrays, session.existing());
    written.push_back(arrays);
  }
  require_network(session, imported, arrays, arrays_file ? &*arrays_file : nullptr);
  write_config(imported.config, path, config_file);
  if (arrays_file) arrays_file->commit();
  config_file.commit();
  session.wrote(out);
  report(session, imported, written);
}

}  // namespace crosspike::cli
