// SPDX-License-Identifier: Apache-2.0
// crosspike validate: everything that can be known to be wrong before a run.
#include <fmt/format.h>

#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/models/lsm/check.hpp>

namespace crosspike::cli {

Plan checked_plan(const Session& session, const Value& config, bool test, std::vector<std::string>* notes) {
  if (model_of(config) == "lsm") {
    LsmPlan checked = check_lsm(read_lsm(config, session.library), session.library, session.options.threads,
                                session.options.slice, 0, test ? TestUse::now : TestUse::never);
    if (notes) *notes = std::move(checked.notes);
    return std::move(checked.liquid);
  }
  const NetworkModel network = build_network(config, session.library);
  Team team(session.options.threads);
  return make_plan(network.network, network.placement, session.library, run_taps(network),
                   session.plan_options(network), team);
}

void validate(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  const std::string model = model_of(config);
  std::vector<std::string> notes;
  const Plan plan = checked_plan(session, config, true, &notes);
  session.print(fmt::format("{}: ok: model {}, {}\n", path.string(), model, plan_line(plan)));
  for (const std::string& note : notes) session.print(fmt::format("\nnote: {}\n", note));
  Json object = {{"ok", true}, {"model", model}, {"notes", notes}, {"plan", plan_json(plan)}};
  object.update(provenance());
  session.print(object);
}

}  // namespace crosspike::cli
