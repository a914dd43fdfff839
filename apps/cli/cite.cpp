// SPDX-License-Identifier: Apache-2.0
// crosspike explain --cite: what a config rests on.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/dataset_text.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/citation.hpp>
#include <crosspike/core/connectivity/describe.hpp>
#include <crosspike/datasets/citations.hpp>
#include <crosspike/models/lsm/citations.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/neurons/convention_sources.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>

namespace crosspike::cli {

namespace {

class Citations {
 public:
  void add(const std::string& subject, const std::string& source) {
    const auto same = [&](const Citation& c) { return c.subject == subject; };
    if (!source.empty() && source != "crosspike" && std::none_of(all_.begin(), all_.end(), same))
      all_.push_back({subject, source});
  }
  void add(const std::vector<Citation>& more) {
    for (const Citation& c : more) add(c.subject, c.source);
  }

  void add_network(const NetworkModel& model) {
    for (const Node& node : model.network->nodes()) {
      add((node.kind->form == Kind::Form::stepped ? "neuron " : "operator ") + node.kind->name, node.kind->source);
      if (!node.connectivity) continue;
      const std::string rule(name(node.connectivity->rule));
      if (const Description* d = find_description(rule)) add("rule " + rule, d->source);
    }
    const Value* populations = model.resolved.as<Table>()->find("populations");
    if (!populations) return;
    for (const auto& [population, value] : *populations->as<Table>())
      if (const Value* convention = value.as<Table>()->find("convention"))
        if (const auto* word = convention->as<std::string>())
          add("convention " + *word, std::string(convention_source(*word)));
  }

  const std::vector<Citation>& all() const { return all_; }

 private:
  std::vector<Citation> all_;
};

// "neuron cuba_lif" -> "neuron_cuba_lif"
std::string bibtex_key(const std::string& subject) {
  std::string key;
  for (const char c : subject) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || (!key.empty() && key.back() != '_')) key += plain ? c : '_';
  }
  return key;
}

std::string bibtex_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void cite(Session& session, const std::filesystem::path& path, bool bibtex) {
  const Value config = session.config_inside(path);
  Citations citations;
  citations.add("crosspike", fmt::format("crosspike {} (commit {}), a simulator of spiking networks", CROSSPIKE_VERSION,
                                         CROSSPIKE_COMMIT));
  if (model_of(config) == "lsm") {
    const LsmSettings settings = read_lsm(config, session.library);
    citations.add(lsm_citations(settings.resolved));
    citations.add_network(settings.liquid);
  } else {
    citations.add_network(build_network(config, session.library));
  }
  if (const auto source = dataset_of(config)) citations.add(crosspike::citations(*source));
  citations.add("random numbers",
                "Philox4x32-10, Salmon et al., \"Parallel random numbers: as easy as 1, 2, 3\", SC11; Random123");
  TextTable table({"used", "source"});
  std::string entries;
  Json json = Json::array();
  for (const Citation& c : citations.all()) {
    table.row({c.subject, c.source});
    entries += fmt::format("@misc{{{},\n  title = {{{}}},\n  note = {{{}}}\n}}\n", bibtex_key(c.subject),
                           bibtex_text(c.subject), bibtex_text(c.source));
    json.push_back({{"subject", c.subject}, {"source", c.source}});
  }
  session.print(bibtex ? entries : table.text(session.width()));
  session.print(Json{{"citations", json}, {"bibtex", entries}});
}

}  // namespace crosspike::cli
