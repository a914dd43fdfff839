// SPDX-License-Identifier: Apache-2.0
// crosspike compare: two results side by side; a config is run for it.
#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cmath>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/simulate.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/report/study.hpp>
#include <crosspike/core/compare_results.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/core/spool.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike/models/lsm/trained.hpp>
#include <cstring>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (spool_folder() / "crosspike-compare-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw Error(Fault::system, fmt::format("cannot make a temporary folder in {} ({}); set $TMPDIR to another",
                                             fs::path(name).parent_path().string(), std::strerror(errno)));
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code unknown;
    fs::remove_all(path_, unknown);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Gives the session's options back as they were.
class OptionsOfB {
 public:
  OptionsOfB(Session& session, const CompareOptions& b) : session_(session), before_(session.options) {
    Options& options = session.options;
    if (b.backend) options.backend = b.backend;
    if (b.seed) options.seed = b.seed;
    if (b.threads) options.threads = *b.threads;
    if (b.slice) options.slice = *b.slice;
  }
  OptionsOfB(const OptionsOfB&) = delete;
  OptionsOfB& operator=(const OptionsOfB&) = delete;
  ~OptionsOfB() { session_.options = before_; }

 private:
  Session& session_;
  const Options before_;
};

// Nothing for a results file. Throws Error(input) where it is neither, before anything runs.
std::optional<Value> config_of(const Session& session, const std::string& file,
                               const std::vector<std::string>& overrides) {
  if (is_hdf5(file)) return std::nullopt;
  Value config = session.config(file);
  for (const std::string& text : overrides) apply_override(config, parse_assignment(text, "--set-b"));
  model_of(config);
  return config;
}

// The results of `file`: itself, or what its config gives, kept in `folder`.
fs::path results_of(Session& session, const std::string& file, const std::optional<Value>& config, const char* side,
                    const TemporaryFolder& folder) {
  if (!config) return file;
  const fs::path out = folder.path() / (std::string(side) + ".h5");
  if (model_of(*config) == "network") {
    simulate(session, *config, out, fmt::format("{}: {}", side, file));
  } else {
    ExperimentOptions options;
    options.threads = session.options.threads;
    options.slice = session.options.slice;
    options.out = out;
    options.progress = session.progress();
    options.test = false;
    train_lsm(*config, session.library, options);
  }
  session.meter().clear();
  return out;
}

void refuse_useless_options(const Session& session, const std::string& a, const CompareOptions& options) {
  const std::string& b = options.b;
  if (b.empty() && is_hdf5(a))
    throw Error(Fault::input,
                fmt::format("compare needs a second file beside {}; e.g. crosspike compare a.h5 b.h5", a));
  if (b.empty() && !options.changes())
    throw Error(Fault::input,
                fmt::format("compare needs something to compare {0} with: a second file, or what is other in B, e.g. "
                            "crosspike compare {0} --seed-b 2",
                            a));
  if (!b.empty() && is_hdf5(b) && options.changes())
    throw Error(Fault::input, fmt::format("{} is a results file: options that end in -b are for a config", b));
  const bool common = !session.options.overrides.empty() || session.options.seed || session.options.backend;
  if (is_hdf5(a) && !b.empty() && is_hdf5(b) && common)
    throw Error(Fault::input, "both are results files: --set, --seed and --backend are for configs");
}

std::string side_text(const std::string& file, const Session& session, const CompareOptions* b) {
  std::string text = file;
  if (is_hdf5(file)) return text;
  std::vector<std::string> sets = session.options.overrides;
  const auto add = [&](const std::string& option, const std::string& value) {
    text += fmt::format(" {} {}", option, value);
  };
  if (b) sets.insert(sets.end(), b->overrides.begin(), b->overrides.end());
  for (const std::string& set : sets) add("--set", set);
  if (const auto seed = b && b->seed ? b->seed : session.options.seed) add("--seed", fmt::format("{}", *seed));
  if (const auto backend = b && b->backend ? b->backend : session.options.backend) add("--backend", *backend);
  add("--threads", fmt::format("{}", b && b->threads ? *b->threads : session.options.threads));
  if (const int slice = b && b->slice ? *b->slice : session.options.slice) add("--slice", fmt::format("{}", slice));
  return text;
}

std::string sample_text(const std::optional<std::uint64_t>& sample) {
  return sample ? fmt::format("sample {}, ", *sample) : "";
}

std::string first_spike_text(const SpikeDifference& d) {
  const std::string tick = d.tick ? fmt::format(" (tick {})", *d.tick) : "";
  const std::string what = d.b == 0   ? "in A, not in B"
                           : d.a == 0 ? "in B, not in A"
                                      : fmt::format("{} in A, {} in B", d.a, d.b);
  return fmt::format("{}{:.9g} ms{}, {} {}: {}", sample_text(d.sample), d.time_ms, tick, d.population, d.index, what);
}

std::string populations_text(const ResultsComparison& c, int width) {
  TextTable table({"spikes", "A", "B", "in both", "match", "rate A", "rate B", "rate error"});
  for (std::size_t column = 1; column < 8; ++column) table.align_right(column);
  for (const PopulationComparison& p : c.populations) {
    const auto count = [](bool there, std::uint64_t n) { return there ? grouped(n) : std::string("not recorded"); };
    const auto hz = [](const std::optional<double>& rate) { return rate ? rate_text(*rate) : std::string("?"); };
    table.row({p.name, count(p.in_a, p.a), count(p.in_b, p.b), grouped(p.shared), fmt::format("{:.6f}", p.match()),
               hz(p.rate_a_hz), hz(p.rate_b_hz), hz(p.rate_error_hz)});
  }
  return table.empty() ? "" : table.text(width) + "\n";
}

std::string values_text(const ResultsComparison& c, int width) {
  TextTable table({"values", "largest |B - A|", "rms", "of the largest value", "where"});
  for (const std::size_t column : {1u, 2u, 3u}) table.align_right(column);
  for (const ValuesComparison& v : c.values) {
    const std::string unit = v.unit.empty() || v.unit == "1" ? "" : " " + v.unit;
    const std::string where = v.largest == 0 ? ""
                                             : fmt::format("{}row {}, element {}: {:.9g} and {:.9g}",
                                                           sample_text(v.sample), v.row, v.element, v.a, v.b);
    const std::string said = v.problem.empty() || where.empty() ? v.problem + where : v.problem + "; " + where;
    const bool number = v.scale > 0 || v.largest > 0;
    table.row({v.name, fmt::format("{:.3g}{}", v.largest, unit), fmt::format("{:.3g}{}", v.rms, unit),
               number ? fmt::format("{:.3g}", v.largest / v.scale) : "", said});
  }
  return table.empty() ? "" : table.text(width) + "\n";
}

std::string figures_text(const ResultsComparison& c, int width) {
  TextTable table({"figure that differs", "A", "B"});
  table.align_right(1);
  table.align_right(2);
  const auto side = [](const std::optional<Figure>& figure) {
    return figure ? to_inline_toml(std::visit([](const auto& value) { return Value(value); }, *figure))
                  : std::string("missing");
  };
  for (const FigureComparison& f : c.figures) table.row({f.name, side(f.a), side(f.b)});
  return table.empty() ? "" : table.text(width) + "\n";
}

std::string config_text(const ResultsComparison& c, int width) {
  TextTable table({"config that differs (does not count)", "A", "B"});
  const auto side = [](const std::optional<std::string>& text) { return text ? shown(*text) : std::string("missing"); };
  for (const ConfigDifference& d : c.config) table.row({d.path, side(d.a), side(d.b)});
  if (c.version_a != c.version_b) table.row({"crosspike", c.version_a, c.version_b});
  return table.empty() ? "" : table.text(width) + "\n";
}

// A readout that never looked at the test split has nothing to say of it. Returns which side did, "A" or "B", where one
// alone did; what only that side has is left out then.
std::string leave_test_out(const ResultsReader& a, const ResultsReader& b, ResultsComparison& c) {
  const auto trained = [](const ResultsReader& side) { return side.has_readout() || !side.readouts().empty(); };
  if (!trained(a) || !trained(b) || looked_at_test(a) == looked_at_test(b)) return "";
  const bool in_a = looked_at_test(a);
  const std::string side = in_a ? "A" : "B";
  std::vector<std::string> all;
  for (const auto& figure : (in_a ? a : b).figures()) all.push_back(figure.first);
  std::erase_if(c.figures,
                [&](const FigureComparison& f) { return (in_a ? !f.b : !f.a) && report::is_of_test(f.name, all); });
  std::erase_if(c.values, [&](const ValuesComparison& v) {
    const bool of_test =
        v.name.starts_with("scores/") || (v.name.starts_with("curves/") && !v.name.starts_with("curves/validation_"));
    return of_test && v.problem == "only in " + side;
  });
  return side;
}

Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(); }
template <class T>
Json maybe_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json comparison_json(const ResultsComparison& c, double tolerance) {
  Json figures = Json::object(), populations = Json::array(), values = Json::array(), unlike = Json::array(),
       config = Json::array();
  double worst = 1;
  for (const PopulationComparison& p : c.populations) {
    worst = std::min(worst, p.in_a == p.in_b ? p.match() : 0);
    populations.push_back({{"name", p.name},
                           {"spikes_a", p.a},
                           {"spikes_b", p.b},
                           {"shared", p.shared},
                           {"match", p.match()},
                           {"rate_a_hz", maybe_json(p.rate_a_hz)},
                           {"rate_b_hz", maybe_json(p.rate_b_hz)},
                           {"rate_error_hz", maybe_json(p.rate_error_hz)}});
  }
  for (const ValuesComparison& v : c.values)
    values.push_back({{"name", v.name},
                      {"problem", v.problem},
                      {"largest_difference", number_json(v.largest)},
                      {"rms_difference", number_json(v.rms)},
                      {"share", number_json(v.share())},
                      {"unit", v.unit},
                      {"sample", maybe_json(v.sample)},
                      {"row", v.row},
                      {"element", v.element},
                      {"a", number_json(v.a)},
                      {"b", number_json(v.b)}});
  for (const FigureComparison& f : c.figures)
    unlike.push_back({{"name", f.name}, {"a", f.a ? json_of(*f.a) : Json()}, {"b", f.b ? json_of(*f.b) : Json()}});
  for (const ConfigDifference& d : c.config)
    config.push_back({{"path", d.path}, {"a", maybe_json(d.a)}, {"b", maybe_json(d.b)}});
  figures["equal"] = !c.differ(tolerance);
  if (!c.populations.empty()) figures["spike_match"] = worst;
  Json first;
  if (const auto& d = c.first_spike)
    first = {{"sample", maybe_json(d->sample)},
             {"time_ms", d->time_ms},
             {"tick", maybe_json(d->tick)},
             {"population", d->population},
             {"index", d->index},
             {"a", d->a},
             {"b", d->b}};
  return {{"figures", figures},      {"tolerance", tolerance},   {"first_differing_spike", first},
          {"spikes", populations},   {"values", values},         {"unlike_figures", unlike},
          {"unlike_config", config}, {"version_a", c.version_a}, {"version_b", c.version_b}};
}

}  // namespace

bool compare(Session& session, const std::string& a, const CompareOptions& options) {
  refuse_useless_options(session, a, options);
  const std::string& b = options.b.empty() ? a : options.b;
  const TemporaryFolder folder;
  const auto config_a = config_of(session, a, {});
  std::optional<Value> config_b;
  {
    const OptionsOfB of_b(session, options);
    config_b = config_of(session, b, options.overrides);
  }
  const fs::path results_a = results_of(session, a, config_a, "A", folder);
  const fs::path results_b = [&] {
    const OptionsOfB of_b(session, options);
    return results_of(session, b, config_b, "B", folder);
  }();
  const ResultsReader reader_a(results_a), reader_b(results_b);
  ResultsComparison result = crosspike::compare(reader_a, reader_b);
  const std::string tested = leave_test_out(reader_a, reader_b, result);
  const bool equal = !result.differ(options.tolerance);
  const std::string side_a = side_text(a, session, nullptr), side_b = side_text(b, session, &options);
  session.print(fmt::format("  A  {}\n  B  {}\n\n", side_a, side_b));
  if (!result.populations.empty())
    session.print(fmt::format("  first differing spike: {}\n\n",
                              result.first_spike ? first_spike_text(*result.first_spike) : "none"));
  const int width = session.width();
  session.print(populations_text(result, width) + values_text(result, width) + figures_text(result, width) +
                config_text(result, width));
  if (!tested.empty())
    session.print(fmt::format("  {} alone looked at its test split: what it says of that is left out\n", tested));
  session.print(fmt::format("  {}\n", equal && options.tolerance == 0 ? "equal"
                                      : equal ? fmt::format("equal within {:g}", options.tolerance)
                                              : fmt::format("different beyond {:g}", options.tolerance)));
  Json object = {{"a", side_a}, {"b", side_b}, {"test_left_out_of", tested.empty() ? Json() : Json(tested)}};
  object.update(comparison_json(result, options.tolerance));
  object.update(provenance());
  session.print(object);
  return equal;
}

}  // namespace crosspike::cli
