// SPDX-License-Identifier: Apache-2.0
// crosspike sweep: runs a config at every point of a grid and for several seeds, keeps each run that is done, and makes
// one table of all.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/apps/cli/simulate.hpp>
#include <crosspike/apps/cli/sweep_folder.hpp>
#include <crosspike/apps/cli/sweep_grid.hpp>
#include <crosspike/apps/cli/sweep_table.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/cli/write_text.hpp>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/models/lsm/experiment.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>
#include <limits>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_runs = 100'000;

Value with_seed(const Value& config, std::int64_t seed) {
  Value out = config;
  out.as<Table>()->set("seed", Value(seed, {"--seeds"}));
  return out;
}

// The same fault, said of a point of the grid.
[[noreturn]] void refuse_at(const std::string& where, const Error& error, const std::string& after = "") {
  throw Error(error.fault(), fmt::format("{}{}{}{}", where, where.empty() ? "" : ": ", error.what(), after));
}

class Sweep {
 public:
  Sweep(Session& session, const fs::path& path, const SweepOptions& options)
      : session_(session),
        options_(options),
        path_(path),
        config_(session.config(path)),
        model_(model_of(config_)),
        grid_(options.grid, session.options.overrides) {
    TableReader root(config_, "");
    first_seed_ = root.integer("seed", 1, 0, std::numeric_limits<std::int64_t>::max());
    if (options.grid.empty() && options.seeds == 1)
      throw Error(Fault::input, "sweep needs something to vary: --grid KEY=A,B,C or --seeds N; e.g. crosspike sweep " +
                                    path.string() + " --seeds 5");
    if (first_seed_ > std::numeric_limits<std::int64_t>::max() - options.seeds)
      throw Error(Fault::input,
                  fmt::format("{} seeds from {} on are more than there are; lower --seed", options.seeds, first_seed_));
    if (grid_.points() > most_runs / static_cast<std::size_t>(options.seeds))
      throw Error(Fault::input, fmt::format("a grid of {} points and {} seeds is more than {} runs; sweep a part of it",
                                            grouped(grid_.points()), options.seeds, grouped(most_runs)));
    name_outputs();
  }

  void run() {
    check_points();
    if (!SweepFolder::holds_sweep(folder_))  // else a table beside it is this sweep's own
      for (const fs::path& table : {table_, runs_table_}) AtomicFile(table, session_.existing());
    const SweepFolder folder(folder_, description(), session_.options.force);
    const std::vector<SweepRun> runs = all_runs(folder);
    const SweepTable table(grid_, runs);
    write_text(runs_table_, table.runs_csv(), Existing::replace);
    write_text(table_, table.tidy_csv(), Existing::replace);
    session_.wrote(table_);
    session_.meter().clear();
    report(table);
  }

 private:
  std::size_t seeds() const { return static_cast<std::size_t>(options_.seeds); }
  std::size_t total() const { return grid_.points() * seeds(); }

  void name_outputs() {
    fs::path name = session_.options.out.value_or(path_.stem());
    if (name == "-") throw Error(Fault::input, "--out -: a sweep writes files; name them, e.g. --out study");
    if (name.extension() == ".csv") name.replace_extension();
    if (!name.has_filename()) throw Error(Fault::input, fmt::format("--out {} names no file", name.string()));
    const auto with = [&](const char* ending) { return fs::path(name.string() + ending); };
    table_ = with(".csv");
    runs_table_ = with(".runs.csv");
    folder_ = with(".sweep");
    const fs::path parent = name.has_parent_path() ? name.parent_path() : fs::path(".");
    std::error_code unknown;
    if (!fs::is_directory(parent, unknown))
      throw Error(Fault::input,
                  fmt::format("--out {}: folder {} does not exist; create it first", name.string(), parent.string()));
  }

  // Everything that can be wrong at any point, before the first one runs.
  void check_points() {
    const Progress progress = session_.progress();
    for (std::size_t point = 0; point < grid_.points(); ++point) {
      try {
        Value config = config_;
        grid_.apply(config, point);
        for (const fs::path& out : {table_, runs_table_}) refuse_output_over_input(out, path_, config);
        if (model_of(config) == "network") refuse_inputs(build_network(config, session_.library));
        checked_plan(session_, config, options_.test);
        resolved_.push_back(resolve(config));
      } catch (const Error& error) {
        if (error.fault() == Fault::interrupted) throw;
        refuse_at(grid_.keys().empty() ? "" : "at " + grid_.name(point), error);
      }
      progress("checking", static_cast<double>(point + 1), static_cast<double>(grid_.points()), "points");
    }
    session_.meter().clear();
  }

  Value resolve(const Value& config) const {
    return model_of(config) == "network" ? build_network(config, session_.library).resolved
                                         : read_lsm(config, session_.library).resolved;
  }

  // What makes another sweep another: the number of seeds does not, so that some can be added.
  Value description() const {
    Table keys, all;
    Array order;
    for (const GridKey& key : grid_.keys()) {
      Array values;
      for (const std::string& value : key.shown) values.emplace_back(value);
      keys.set(key.assignment.key, Value(std::move(values)));
      order.emplace_back(key.assignment.key);
    }
    all.set("crosspike", Value(std::string(CROSSPIKE_VERSION)));
    all.set("commit", Value(std::string(CROSSPIKE_COMMIT)));
    all.set("test", Value(options_.test));
    all.set("keys", Value(std::move(order)));
    all.set("grid", Value(std::move(keys)));
    all.set("config", resolved_.front());
    return Value(std::move(all));
  }

  std::vector<SweepRun> all_runs(const SweepFolder& folder) {
    std::vector<SweepRun> runs;
    struct Job {
      std::size_t point, run;
      std::int64_t seed;
    };
    std::vector<Job> left;
    for (std::size_t point = 0; point < grid_.points(); ++point)
      for (std::size_t s = 0; s < seeds(); ++s) {
        const std::int64_t seed = first_seed_ + static_cast<std::int64_t>(s);
        const auto kept = folder.find(point, seed, with_seed(resolved_[point], seed));
        if (!kept) left.push_back({point, runs.size(), seed});
        runs.push_back({point, seed, kept ? kept->figures : Figures()});
        if (kept) add_notes(kept->notes);
      }
    if (left.size() < total())
      session_.remark(
          fmt::format("{}: {} of {} runs were done before\n", folder_.string(), total() - left.size(), total()));
    start_ = Clock::now();
    for (std::size_t i = 0; i < left.size(); ++i) {
      const Job& job = left[i];
      const FinishedRun done = one_run(job.point, job.seed, i, left.size());
      folder.keep(job.point, job.seed, done);
      runs[job.run].figures = done.figures;
      add_notes(done.notes);
    }
    return runs;
  }

  std::string run_name(std::size_t point, std::int64_t seed) const {
    const std::string name = grid_.name(point);
    return fmt::format("{}{}seed = {}", name, name.empty() ? "" : ", ", seed);
  }

  FinishedRun one_run(std::size_t point, std::int64_t seed, std::size_t done, std::size_t of) {
    const std::size_t before = total() - of;
    const auto left = [&](std::size_t runs) {
      if (runs == 0 || runs == of) return std::string();
      const double each = seconds_since(start_) / static_cast<double>(runs);
      return fmt::format(", {} left", duration_text(each * static_cast<double>(of - runs)));
    };
    const std::string number = fmt::format("run {} of {}", before + done + 1, total());
    session_.meter().within(fmt::format("{}{} | ", number, left(done)));
    const auto start = Clock::now();
    try {
      Value config = with_seed(config_, seed);
      grid_.apply(config, point);
      FinishedRun run = measure(config);
      run.config = to_toml(with_seed(resolved_[point], seed));
      session_.remark(fmt::format("{} in {}{}: {}\n", number, duration_text(seconds_since(start)), left(done + 1),
                                  run_name(point, seed)));
      return run;
    } catch (const Error& error) {
      const std::string kept = fmt::format("{} of {} runs are kept in {}", before + done, total(), folder_.string());
      if (error.fault() == Fault::interrupted)
        throw Error(Fault::interrupted, fmt::format("interrupted; {}, and the same command goes on from there", kept));
      refuse_at("at " + run_name(point, seed), error, "; " + kept);
    }
  }

  FinishedRun measure(const Value& config) {
    FinishedRun run;
    Figures all;
    if (model_of(config) == "network") {
      Simulated simulated = simulate(session_, config, {}, path_.string());
      all = std::move(simulated.figures);
      all.emplace_back("wall_s", simulated.wall_s);
    } else {
      ExperimentOptions options;
      options.threads = session_.options.threads;
      options.slice = session_.options.slice;
      options.progress = session_.progress();
      options.test = options_.test;
      ExperimentReport report = train_lsm(config, session_.library, options);
      all = std::move(report.figures);
      run.notes = std::move(report.notes);
    }
    for (auto& figure : all) (is_timing(figure.first) ? run.timings : run.figures).push_back(std::move(figure));
    return run;
  }

  void add_notes(const std::vector<std::string>& notes) {
    for (const std::string& note : notes)
      if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(note);
  }

  void report(const SweepTable& table) {
    Json figures = {{"points", grid_.points()}, {"seeds", options_.seeds}, {"runs", total()}};
    session_.print(table.text(session_.width()));
    if (const auto best = table.best()) {
      for (const std::string& figure : {best->chosen_by, best->test})
        if (const auto spread = table.spread(best->point, figure)) figures["best_" + figure] = spread->mean;
      if (grid_.points() > 1) report_best(table, *best);
    }
    for (const std::string& note : notes_) session_.print(fmt::format("\nnote: {}\n", note));
    session_.print(fmt::format("\n  table    {}\n  runs     {}\n  kept in  {}\n", table_.string(), runs_table_.string(),
                               folder_.string()));
    Json object = {{"figures", figures},
                   {"points", table.json()},
                   {"notes", notes_},
                   {"out", table_.string()},
                   {"runs_out", runs_table_.string()},
                   {"folder", folder_.string()},
                   {"threads", session_.options.threads}};
    object.update(provenance());
    session_.print(object);
  }

  // The test figure of the point that validation chose, and of no other.
  void report_best(const SweepTable& table, const SweepTable::Best& best) {
    const auto test = table.spread(best.point, best.test);
    session_.print(fmt::format("\n  best on validation: {}: {}{}\n", grid_.name(best.point),
                               spread_text(best.chosen_by, *table.spread(best.point, best.chosen_by)),
                               test ? fmt::format(", on test {}", spread_text(best.test, *test)) : ""));
    notes_.push_back(fmt::format(
        "A setting is chosen by {}. To choose one by a test figure of this table is to train on the test split{}",
        best.chosen_by, test ? "; --no-test leaves it closed." : "."));
  }

  Session& session_;
  const SweepOptions& options_;
  const fs::path path_;
  const Value config_;
  const std::string model_;
  const Grid grid_;
  std::int64_t first_seed_ = 1;
  fs::path table_, runs_table_, folder_;
  std::vector<Value> resolved_;  // of every point, at the first seed
  std::vector<std::string> notes_;
  Clock::time_point start_;
};

}  // namespace

void sweep(Session& session, const fs::path& config, const SweepOptions& options) {
  Sweep(session, config, options).run();
}

}  // namespace crosspike::cli
