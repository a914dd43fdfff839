// SPDX-License-Identifier: Apache-2.0
// crosspike validate: everything that can be known to be wrong before a run.
#include <fmt/format.h>

#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/models/lsm/check.hpp>

namespace crosspike::cli {

Plan checked_plan(const Session& session, const Value& config) {
  if (model_of(config) == "lsm")
    return check_lsm(read_lsm(config, session.library), session.library, session.options.threads, session.options.slice)
        .liquid;
  const NetworkModel network = build_network(config, session.library);
  Team team(session.options.threads);
  return make_plan(network.network, network.placement, session.library, run_taps(network),
                   session.plan_options(network), team);
}

void validate(Session& session, const std::filesystem::path& path) {
  const Value config = session.config(path);
  const std::string model = model_of(config);
  const Plan plan = checked_plan(session, config);
  session.print(fmt::format("{}: ok: model {}, {}\n", path.string(), model, plan_line(plan)));
  Json object = {{"ok", true}, {"model", model}, {"plan", plan_json(plan)}};
  object.update(provenance());
  session.print(object);
}

}  // namespace crosspike::cli
