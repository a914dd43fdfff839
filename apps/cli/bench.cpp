// SPDX-License-Identifier: Apache-2.0
// crosspike bench: runs one of bench/ and prints its figures.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/bench/bench.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>

namespace crosspike::cli {

namespace {

void list_benches(Session& session) {
  TextTable table({"bench", "what"});
  Json json = Json::array();
  for (const Bench& bench : benches()) {
    table.row({bench.name, bench.doc});
    json.push_back({{"name", bench.name}, {"doc", bench.doc}});
  }
  session.print(table.text(session.width()));
  session.print(Json{{"benches", json}});
}

}  // namespace

void bench(Session& session, const std::string& name) {
  if (name.empty()) return list_benches(session);
  std::vector<std::string> names;
  for (const Bench& candidate : benches()) {
    names.push_back(candidate.name);
    if (candidate.name != name) continue;
    BenchOptions options{.library = session.library};
    options.threads = session.options.threads;
    options.slice = session.options.slice;
    if (session.options.seed) options.seed = static_cast<std::uint64_t>(*session.options.seed);
    options.backend = session.options.backend.value_or("cpu");
    options.overrides = session.options.overrides;
    options.progress = session.progress();
    Json result = {{"bench", name}, {"machine", machine()}, {"threads", options.threads}};
    result.update(provenance());
    result.update(candidate.run(options));
    session.meter().clear();
    TextTable figures({"figure", "value"});
    for (const auto& [figure, value] : result["figures"].items()) figures.row({figure, value.dump()});
    session.print(figures.text(session.width()));
    session.print(result);
    return;
  }
  const auto near = nearest(name, names);
  throw Error(Fault::input, fmt::format("there is no bench '{}'; {}known: {}", name,
                                        near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(names, ", ")));
}

}  // namespace crosspike::cli
