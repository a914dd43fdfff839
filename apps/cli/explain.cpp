// SPDX-License-Identifier: Apache-2.0
// crosspike explain: what a kind is, or what a config comes to.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/connectivity/describe.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <filesystem>

namespace crosspike::cli {

namespace {

std::string word_of(const FieldInfo& field, double value) { return field.words[static_cast<std::size_t>(value)]; }

std::string default_text(const FieldInfo& field) {
  if (std::isnan(field.initial)) return "not set";
  if (field.boolean) return field.initial != 0 ? "true" : "false";
  if (!field.words.empty()) return word_of(field, field.initial);
  return format_quantity(field.initial, field.unit);
}

// A parameter's value as a config takes it; of anything else a number.
Json value_json(const FieldInfo* field, double value) {
  if (std::isnan(value)) return {};
  if (field && field->boolean) return value != 0;
  if (field && !field->words.empty()) return word_of(*field, value);
  return value;
}

const FieldInfo* param_of(const Kind& kind, const std::string& name) {
  const auto at = kind.find_param(name);
  return at ? &kind.params[*at] : nullptr;
}

std::string doc_text(const FieldInfo& field) {
  return field.words.empty() ? field.doc : fmt::format("{}: {}", fmt::join(field.words, ", "), field.doc);
}

// "1e-06 to 1e+09 ms"
std::string range_text(const FieldInfo& field) {
  if (field.boolean) return "true, false";
  if (!field.words.empty()) return "a word";
  return fmt::format("{:g} to {:g}{}{}", field.low, field.high, field.unit == Unit::none ? "" : " ", name(field.unit));
}

TextTable ports_table(const std::vector<Port>& ports) {
  TextTable table;
  for (const Port& port : ports) {
    const std::string carries =
        std::string(name(port.carries)) + (port.unit == Unit::none ? "" : fmt::format(" ({})", name(port.unit)));
    table.row({port.name, carries,
               *port.doc    ? port.doc
               : port.shows ? fmt::format("shows the state {}", port.shows)
                            : ""});
  }
  return table;
}

std::string worked_text(const Kind& kind, const Worked& worked) {
  const auto list = [&](const std::vector<std::pair<std::string, double>>& pairs) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : pairs) {
      const Json written = value_json(param_of(kind, key), value);
      parts.push_back(fmt::format("{} = {}", key, written.is_number() ? fmt::format("{:.9g}", value) : written.dump()));
    }
    return parts.empty() ? std::string("the defaults") : fmt::format("{}", fmt::join(parts, ", "));
  };
  return fmt::format("  from  {}\n  to    {}\n", list(worked.given), list(worked.expect));
}

// What an operator beside the neurons does nothing without.
std::string wire_text(const Kind& kind) {
  if (kind.is_weight || kind.form != Kind::Form::operation) return "";
  const char* const wire = "\n  [wires.OTHER_NAME]\n  from = \"{}\"\n  to = \"{}\"\n";
  if (!kind.inputs.empty()) return fmt::format(fmt::runtime(wire), "POPULATION", "NAME");
  const bool values = kind.outputs.front().carries == Carries::values;
  return values ? fmt::format(fmt::runtime(wire), "NAME", "POPULATION.injected") : "";
}

// A table of a config that uses the kind, with a parameter or two.
std::string usage_text(const Kind& kind) {
  if (kind.has_connectivity)
    return "  [projections.NAME]\n  from = \"POPULATION\"\n  to = \"POPULATION.PORT\"\n"
           "  connect = { rule = \"fixed_indegree\", indegree = 100 }\n  weight = \"20 pA\"\n  delay = \"1.5 ms\"\n";
  std::string out;
  if (kind.is_weight) {
    out = fmt::format("  [projections.NAME]\n  kind = \"{}\"\n  from = \"POPULATION\"\n  to = \"POPULATION.PORT\"\n",
                      kind.name);
  } else {
    out = fmt::format("  [populations.NAME]\n  kind = \"{}\"\n  size = 100\n", kind.name);
  }
  for (const ArrayInfo& array : kind.arrays)
    if (array.required) out += fmt::format("  {} = {{ file = \"{}.npy\" }}\n", array.name, array.name);
  if (!kind.conventions.empty()) out += fmt::format("  convention = \"{}\"\n", kind.conventions.front());
  for (const FieldInfo& field : kind.params) {
    if (std::isnan(field.initial) || field.boolean || !field.words.empty()) continue;
    const std::string value =
        field.initial == 0 ? std::string(example(field.unit)) : format_quantity(field.initial, field.unit);
    out += fmt::format("  {} = {}\n", field.name, field.unit == Unit::none ? value : fmt::format("\"{}\"", value));
    break;
  }
  return out + wire_text(kind);
}

std::string kind_text(const Kind& kind, int width) {
  std::string out = fmt::format("{}: {}\n", kind.name, kind.doc);
  const auto section = [&](const std::string& title, const std::string& body) {
    if (!body.empty()) out += fmt::format("\n{}\n{}", title, body);
  };
  std::string equation;
  for (std::string_view rest = kind.equation; !rest.empty();) {
    const auto end = rest.find('\n');
    equation += fmt::format("  {}\n", rest.substr(0, end));
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  section("One tick", equation);
  section("Source", fmt::format("  {}\n", kind.source));
  section("Inputs", ports_table(kind.inputs).text(width));
  section("Outputs", ports_table(kind.outputs).text(width));
  TextTable params({"parameter", "default", "range", "what"});
  for (const FieldInfo& field : kind.params)
    params.row({field.name, default_text(field), range_text(field), doc_text(field)});
  if (!params.empty()) section("Parameters", params.text(width));
  for (const auto& [a, b] : kind.exclusive) out += fmt::format("  write only one of: {}, {}\n", a, b);
  TextTable arrays({"array", "shape", "what"});
  for (const ArrayInfo& array : kind.arrays)
    arrays.row({array.name, array.shape, array.doc + std::string(array.required ? " (required)" : "")});
  if (!arrays.empty()) section("Arrays", arrays.text(width));
  TextTable state({"state", "unit", "what"});
  for (const FieldInfo& field : kind.state) {
    const std::string start = field.offset.empty() ? "0" : field.offset;
    state.row({field.name, field.unit == Unit::none ? "1" : std::string(name(field.unit)),
               fmt::format("{}; starts at {}", field.doc, start)});
  }
  if (!state.empty()) section("State (recorded as NODE.STATE, set under init.STATE)", state.text(width));
  if (!kind.conventions.empty())
    section("Conventions (docs/neurons.md says what each sets)",
            fmt::format("  {}\n", fmt::join(kind.conventions, ", ")));
  std::string worked;
  for (const Worked& w : kind.worked) worked += worked_text(kind, w);
  if (!kind.worked.empty()) section(fmt::format("Worked numbers: one tick of {:g} ms", kind.worked.front().dt), worked);
  section("In a config", usage_text(kind));
  return out;
}

Json fields_json(const std::vector<FieldInfo>& fields) {
  Json list = Json::array();
  for (const FieldInfo& field : fields) {
    Json entry = {{"name", field.name}, {"unit", name(field.unit)}, {"default", value_json(&field, field.initial)}};
    if (!field.words.empty()) entry["words"] = field.words;
    if (!field.offset.empty()) entry["relative_to"] = field.offset;
    if (std::isfinite(field.low)) entry["low"] = field.low;
    if (std::isfinite(field.high)) entry["high"] = field.high;
    entry["doc"] = field.doc;
    list.push_back(std::move(entry));
  }
  return list;
}

Json ports_json(const std::vector<Port>& ports) {
  Json list = Json::array();
  for (const Port& port : ports) {
    list.push_back(
        {{"name", port.name}, {"carries", name(port.carries)}, {"unit", name(port.unit)}, {"doc", port.doc}});
    if (port.shows) list.back()["shows"] = port.shows;
  }
  return list;
}

Json kind_json(const Kind& kind) {
  Json arrays = Json::array(), worked = Json::array();
  for (const ArrayInfo& a : kind.arrays)
    arrays.push_back({{"name", a.name}, {"shape", a.shape}, {"required", a.required}, {"doc", a.doc}});
  for (const Worked& w : kind.worked) {
    Json given = Json::object(), expect = Json::object();
    for (const auto& [key, value] : w.given) given[key] = value_json(param_of(kind, key), value);
    for (const auto& [key, value] : w.expect) expect[key] = value;
    worked.push_back({{"dt_ms", w.dt}, {"given", given}, {"expect", expect}});
  }
  return {{"kind", kind.name},
          {"form", kind.form == Kind::Form::stepped ? "neuron" : "operator"},
          {"doc", kind.doc},
          {"equation", kind.equation},
          {"source", kind.source},
          {"inputs", ports_json(kind.inputs)},
          {"outputs", ports_json(kind.outputs)},
          {"parameters", fields_json(kind.params)},
          {"exclusive", kind.exclusive},
          {"arrays", arrays},
          {"state", fields_json(kind.state)},
          {"conventions", kind.conventions},
          {"worked", worked}};
}

const char* word_for(const Description& d) {
  return d.of == Description::Of::rule ? "a connectivity rule" : "a distribution";
}

std::string description_text(const Description& d, int width) {
  const auto indented = [](const std::string& text) {
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = rest.find('\n');
      out += fmt::format("  {}\n", rest.substr(0, end));
      rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    }
    return out;
  };
  TextTable keys({"key", "default", "range", "what"});
  for (const DescribedKey& key : d.keys) keys.row({key.name, key.fallback, key.range, key.doc});
  return fmt::format("{}: {}, {}\n\nHow\n{}\nSource\n  {}\n{}\nIn a config\n{}", d.name, word_for(d), d.doc,
                     indented(d.equation), d.source, keys.empty() ? "" : "\nKeys\n" + keys.text(width),
                     indented(d.usage));
}

Json description_json(const Description& d) {
  Json keys = Json::array();
  for (const DescribedKey& key : d.keys)
    keys.push_back({{"name", key.name}, {"default", key.fallback}, {"range", key.range}, {"doc", key.doc}});
  return {{d.of == Description::Of::rule ? "rule" : "distribution", d.name},
          {"doc", d.doc},
          {"equation", d.equation},
          {"source", d.source},
          {"keys", keys},
          {"usage", d.usage}};
}

// Words of configs that are explained elsewhere.
struct Page {
  const char *word, *is, *page;
};
constexpr Page pages[] = {
    {"ridge", "a kind of readout", "docs/readout.md"},
    {"logistic", "a kind of readout", "docs/readout.md"},
    {"rls", "a kind of readout", "docs/readout.md"},
    {"events", "a kind of data set", "docs/datasets.md"},
    {"dense", "a kind of data set", "docs/datasets.md"},
    {"nmnist", "a kind of data set", "docs/datasets.md"},
    {"idx_saccades", "a kind of data set", "docs/datasets.md"},
    {"pattern_pairs", "a kind of data set", "docs/datasets.md"},
    {"lsm", "a model", "docs/lsm.md"},
    {"network", "a model", "docs/config.md"},
};

void refuse_what_is_elsewhere(const Session& session, const std::string& what) {
  for (const Page& page : pages)
    if (what == page.word)
      throw Error(Fault::input,
                  fmt::format("{} is {}: see {}; explain knows kinds, connectivity rules and distributions", what,
                              page.is, page.page));
  std::vector<std::string> having;
  for (const Kind& kind : session.library.kinds())
    if (std::ranges::find(kind.params, what, &FieldInfo::name) != kind.params.end()) having.push_back(kind.name);
  if (!having.empty())
    throw Error(Fault::input, fmt::format("{} is a parameter of {}; write: crosspike explain {}", what,
                                          fmt::join(having, ", "), having.front()));
}

[[noreturn]] void refuse_unknown(const Session& session, const std::string& what) {
  refuse_what_is_elsewhere(session, what);
  std::vector<std::string> kinds, others;
  for (const Kind& kind : session.library.kinds()) kinds.push_back(kind.name);
  for (const Description& d : descriptions()) others.push_back(d.name);
  std::vector<std::string> all = kinds;
  all.insert(all.end(), others.begin(), others.end());
  const auto near = nearest(what, all);
  throw Error(Fault::input,
              fmt::format("there is no kind, rule or distribution '{}', and no file of that name; {}kinds: {}; rules "
                          "and distributions: {}",
                          shown(what), near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(kinds, ", "),
                          fmt::join(others, ", ")));
}

// Of every value: its place in the config, --set KEY, default, or what chose it.
void collect_origins(const Value& value, const std::string& path, Json& origins) {
  const Table* table = value.as<Table>();
  if (!table) {
    origins[path] = value.where().text();
    return;
  }
  for (const auto& [key, inner] : *table)
    collect_origins(inner, (path.empty() ? "" : path + ".") + to_toml_key(key), origins);
}

bool names_file(const std::string& what) {
  std::error_code unknown;
  return what.find_first_of("./") != std::string::npos || std::filesystem::exists(what, unknown);
}

}  // namespace

void explain(Session& session, const std::string& what, const ExplainOptions& options) {
  if (!names_file(what)) {
    const Description* described = find_description(what);
    const Kind* kind = session.library.find_kind(what);
    if (!kind && !described) refuse_unknown(session, what);
    for (const auto& [asked, option] : {std::pair{options.expand, "--expand"}, {options.cite, "--cite"}})
      if (asked)
        throw Error(Fault::input, fmt::format("{} is for configs, {} is {}; leave it out", option, what,
                                              kind ? "a kind" : word_for(*described)));
    session.print(kind ? kind_text(*kind, session.width()) : description_text(*described, session.width()));
    session.print(kind ? kind_json(*kind) : description_json(*described));
    return;
  }
  if (options.cite) return cite(session, what, options.bibtex);
  const Value config = session.config_inside(what);
  const bool ready_made = model_of(config) == "lsm";
  const Value resolved =
      ready_made && !options.expand ? read_lsm(config, session.library).resolved : session.network(config).resolved;
  session.print(to_annotated_toml(resolved));
  Json origins = Json::object();
  collect_origins(resolved, "", origins);
  session.print(Json{{"config", to_toml(resolved)}, {"origins", origins}});
}

}  // namespace crosspike::cli
