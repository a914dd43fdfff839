// SPDX-License-Identifier: Apache-2.0
// The part of a backend that writes networks to a foreign format and reads them back. `check` says what becomes of each
// node before anything is written; steps that a format may add later (quantise, emulate, verify) become virtual
// functions with a default, and what they need joins the structs, so that writers made today go on working.
#pragma once

#include <crosspike/core/arrays.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/network.hpp>
#include <crosspike/core/quantum.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crosspike {

// A validated network as it runs: with its weights as integers.
struct ExportSource {
  const Network& network;
  const Quanta& quanta;
  std::vector<std::pair<std::string, std::string>> notes = {};  // about the whole, kept in the file where it can be
};

struct ExportSettings {
  bool lossy = false;  // leave away and name what would otherwise be refused, where that is possible
  std::map<std::string, std::string> own{};  // of the target; it refuses those that it doesn't know
};

// What becomes of one node.
struct ExportedNode {
  std::string node, kind;
  std::string becomes;               // in the words of the target; empty where it cannot be expressed
  std::vector<std::string> lost;     // what the target has no word for, written without it
  std::vector<std::string> refused;  // why it cannot be expressed
};

struct ImportSettings {
  // Whose reading of the file; empty: the target's default, and what crosspike itself left in it for the way back.
  std::string convention;
  std::optional<double> dt;         // ms; unset: what the file says
  std::optional<NamedArray> input;  // rows (time in ms, channel): the spikes of the input
  std::string arrays_file;          // what the config calls the file that will hold `ImportedNetwork::arrays`
};

struct ImportedNode {
  std::string node, type;            // in the foreign file
  std::string becomes;               // "populations.lif (lif)"
  std::vector<std::string> changed;  // what was added or left away
};

struct ImportedNetwork {
  Value config{Table{}};           // model = "network"
  std::vector<NamedArray> arrays;  // each at "/<name>" in ImportSettings::arrays_file
  std::vector<ImportedNode> nodes;
  std::vector<std::string> notes;  // full sentences
};

class Exporter {
 public:
  virtual ~Exporter() = default;
  // One entry for each node, in the network's order. Throws Error(input) for settings that it doesn't know.
  virtual std::vector<ExportedNode> check(const ExportSource&, const ExportSettings&) const = 0;
  // Truncates `file`; messages call it `shown_as`. Throws Error(cannot) where check refuses a node.
  virtual void write(const ExportSource&, const ExportSettings&, const std::filesystem::path& file,
                     const std::string& shown_as) const = 0;
  // Throws Error(input) for a broken file and Error(cannot) for what crosspike cannot express.
  virtual ImportedNetwork read(const std::filesystem::path& file, const ImportSettings&) const = 0;
  // Endings of its files, ".nir", by which `import` finds it.
  virtual std::vector<std::string> endings() const = 0;
};

// Throws Error(cannot) that names every refused node and why.
void require_expressible(std::string_view target, const std::vector<ExportedNode>& nodes);

}  // namespace crosspike
