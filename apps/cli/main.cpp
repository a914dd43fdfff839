// SPDX-License-Identifier: Apache-2.0
// The program: reads the command line, runs one command, turns errors into messages and exit codes.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/nearest.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

namespace crosspike::cli {

namespace {

constexpr int most_threads = 1024;

std::int64_t integer_option(const char* option, const std::string& text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < low || value > high)
    throw Error(Fault::input,
                fmt::format("{} is '{}'; allowed is a whole number from {} to {}", option, shown(text), low, high));
  return value;
}

double share_option(const char* option, const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    throw Error(Fault::input, fmt::format("{} is '{}'; allowed is a number from 0 to 1", option, shown(text)));
  return value;
}

// The command line: one subcommand each, with the options that make sense for it.
class CommandLine {
 public:
  explicit CommandLine(Session& session) : session_(session), app_("Simulates spiking networks.", "crosspike") {
    app_.set_version_flag("--version", fmt::format("crosspike {} (commit {})", CROSSPIKE_VERSION, CROSSPIKE_COMMIT));
    app_.require_subcommand(1);
    app_.get_formatter()->column_width(28);
    app_.get_formatter()->label("REQUIRED", "(required)");
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.get_formatter()->label("Subcommands", "Commands");
    app_.get_formatter()->label("Positionals", "Arguments");
    app_.footer(
        "`crosspike COMMAND --help` shows an example of each.\nStart with: crosspike init ei_network . && crosspike "
        "run ei_network.toml");
    const unsigned cores = std::thread::hardware_concurrency();
    session_.options.threads = std::clamp(static_cast<int>(cores), 1, most_threads);
    add_runs();
    add_compare();
    add_questions();
    add_datasets();
    add_exchange();
  }

  // Throws Error(input); prints help and version itself, after which there is no action.
  std::function<void()> parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      const CLI::App* parent = chosen().get_parent();
      session_.print(chosen().help(parent ? full_name(*parent) : ""));
      return {};
    } catch (const CLI::CallForVersion&) {
      session_.print(app_.version() + "\n");
      return {};
    } catch (const CLI::ParseError& error) {
      refuse(error);
    }
    return action_;
  }

 private:
  enum Options : unsigned { sets = 1, backends = 2, seeds = 4, slices = 8, outs = 16, forces = 32, threads = 64 };

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& doc, const std::string& example,
                unsigned options, std::function<void()> action) {
    CLI::App* command = parent.add_subcommand(name, doc);
    command->footer("Example:\n  " + example);
    command->callback([this, action = std::move(action)] { action_ = action; });
    Session& s = session_;
    if (options & sets)
      command->add_option("--set", s.options.overrides, "Change a value of the config; may be repeated")
          ->type_name("KEY=VALUE")
          ->allow_extra_args(false)
          ->take_all();
    const auto integer = [&](const char* option, const char* doc_text, std::int64_t low, std::int64_t high,
                             auto store) {
      command
          ->add_option_function<std::string>(
              option, [=](const std::string& text) { store(integer_option(option, text, low, high)); }, doc_text)
          ->type_name("N");
    };
    if (options & backends)
      command->add_option("--backend", s.options.backend, "Backend of nodes that [placement] does not name")
          ->type_name("NAME");
    if (options & seeds)
      integer("--seed", "Seed of all random numbers", 0, std::numeric_limits<std::int64_t>::max(),
              [&s](std::int64_t n) { s.options.seed = n; });
    if (options & threads)
      integer("--threads", "Threads, by default one per core; no result depends on them", 1, most_threads,
              [&s](std::int64_t n) { s.options.threads = static_cast<int>(n); });
    if (options & slices)
      integer("--slice", "Ticks advanced together, by default the most that is legal", 1,
              std::numeric_limits<int>::max(), [&s](std::int64_t n) { s.options.slice = static_cast<int>(n); });
    if (options & outs) command->add_option("--out", s.options.out, "Where results go")->type_name("PATH");
    if (options & forces) command->add_flag("--force", s.options.force, "Overwrite what exists");
    command->add_flag("--json", s.options.json, "Print one JSON object, nothing else");
    return command;
  }

  void add_runs() {
    Session& s = session_;
    const unsigned all = sets | backends | seeds | slices | outs | forces | threads;
    add(app_, "run", "Simulate a network, write its results", "crosspike run ei_network.toml --set run.time=\"2 s\"",
        all, [&s, this] { run(s, what_); })
        ->add_option("CONFIG", what_, "Config with model = \"network\"")
        ->type_name("")
        ->required();
    CLI::App* command =
        add(app_, "train", "Train a readout, look at the test split once",
            "crosspike train lsm_fashion.toml --out lsm.h5", all, [&s, this] { train(s, what_, test_); });
    command->add_option("CONFIG", what_, "Config of a model with a readout")->type_name("")->required();
    command->add_flag_callback(
        "--no-test", [this] { test_ = false; }, "Leave the test split closed; eval opens it");
    add(app_, "eval", "Score a trained readout again", "crosspike eval lsm.h5", all & ~seeds,
        [&s, this] { eval(s, what_); })
        ->add_option("RESULTS", what_, "Results of train")
        ->type_name("")
        ->required();
    command =
        add(app_, "sweep", "Run a config over a grid of values and seeds, make one table; goes on where it was stopped",
            "crosspike sweep ei_network.toml --grid populations.exc.tau_mem=\"10 ms,20 ms\" --seeds 3 --out study", all,
            [&s, this] { sweep(s, what_, sweep_); });
    command->add_option("CONFIG", what_, "Config of a network (each point is a run) or of a liquid (a training)")
        ->type_name("")
        ->required();
    command->add_option("--grid", sweep_.grid, "A key of the config and its values; may be repeated")
        ->type_name("KEY=A,B,C")
        ->allow_extra_args(false)
        ->take_all();
    command
        ->add_option_function<std::string>(
            "--seeds", [this](const std::string& text) { sweep_.seeds = integer_option("--seeds", text, 1, 100'000); },
            "So many seeds at each point, from --seed or the config's on")
        ->type_name("N");
    command->add_flag_callback(
        "--no-test", [this] { sweep_.test = false; }, "Leave the test split closed");
    add(app_, "bench", "Measure speed; without a name, list what can be measured", "crosspike bench lsm --json",
        sets | backends | seeds | slices | threads, [&s, this] { bench(s, what_); })
        ->add_option("NAME", what_, "Which bench")
        ->type_name("");
  }

  void add_compare() {
    Session& s = session_;
    CLI::App* command =
        add(app_, "compare", "Say what differs between two results; a config is run for it",
            "crosspike compare ei_network.toml --set-b run.precision=double\n  crosspike compare a.h5 b.h5",
            sets | backends | seeds | slices | threads, [&s, this] {
              if (!compare(s, what_, compare_)) s.check_failed();
            });
    command->add_option("A", what_, "Results or a config")->type_name("")->required();
    command->add_option("B", compare_.b, "Results or a config; without it, the config A with the options in -b")
        ->type_name("");
    command
        ->add_option_function<std::string>(
            "--tolerance", [this](const std::string& text) { compare_.tolerance = share_option("--tolerance", text); },
            "Share that may differ, by default 0: of spikes, or of the largest value")
        ->type_name("SHARE");
    command->add_option("--set-b", compare_.overrides, "As --set, for B alone")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->take_all();
    command->add_option("--backend-b", compare_.backend, "As --backend, for B alone")->type_name("NAME");
    const auto integer = [&](const char* option, std::int64_t low, std::int64_t high, auto store) {
      command
          ->add_option_function<std::string>(
              option, [=](const std::string& text) { store(integer_option(option, text, low, high)); }, "For B alone")
          ->type_name("N");
    };
    integer("--seed-b", 0, std::numeric_limits<std::int64_t>::max(), [this](std::int64_t n) { compare_.seed = n; });
    integer("--threads-b", 1, most_threads, [this](std::int64_t n) { compare_.threads = static_cast<int>(n); });
    integer("--slice-b", 1, std::numeric_limits<int>::max(),
            [this](std::int64_t n) { compare_.slice = static_cast<int>(n); });
  }

  void add_questions() {
    Session& s = session_;
    const unsigned planning = sets | backends | seeds | slices | threads;
    add(app_, "validate", "Say whether a config would run here", "crosspike validate ei_network.toml", planning,
        [&s, this] { validate(s, what_); })
        ->add_option("CONFIG", what_, "Config")
        ->type_name("")
        ->required();
    CLI::App* command =
        add(app_, "explain", "Describe a kind, rule or distribution, or print a config with the origin of each value",
            "crosspike explain cuba_lif\n  crosspike explain lsm_fashion.toml --expand > liquid.toml\n"
            "  crosspike explain lsm_fashion.toml --cite",
            sets | backends | seeds, [&s, this] { explain(s, what_, explain_); });
    command->add_option("KIND|CONFIG", what_, "Name of a kind, rule or distribution, or a config")
        ->type_name("")
        ->required();
    command->add_flag("--expand", explain_.expand, "Print the general network that a ready-made model is");
    CLI::Option* cited = command->add_flag("--cite", explain_.cite, "List the papers and code that a config rests on");
    command->add_flag("--bibtex", explain_.bibtex, "With --cite: as BibTeX")->needs(cited);
    add(app_, "graph", "Show who is connected to whom; --out writes it for Graphviz",
        "crosspike graph ei_network.toml --out net.dot", planning | outs | forces, [&s, this] { graph(s, what_); })
        ->add_option("CONFIG", what_, "Config")
        ->type_name("")
        ->required();
    command = add(app_, "init", "Copy an example to start from; without a name, list them",
                  "crosspike init lsm my_study", forces, [&s, this] { init(s, what_, folder_); });
    command->add_option("MODEL", what_, "Model (network, lsm) or example")->type_name("");
    command->add_option("FOLDER", folder_, "Where to; made if missing")->type_name("");
    add(app_, "info", "Show the plan of a config, or what a results file holds", "crosspike info ei_network.toml",
        planning, [&s, this] { info(s, what_); })
        ->add_option("FILE", what_, "Config or results")
        ->type_name("")
        ->required();
    command = add(app_, "report", "Draw results or a study as an HTML page and SVG files",
                  "crosspike report results.h5 --out report.html\n  crosspike report study.csv --plots figures",
                  outs | forces, [&s, this] { report(s, what_, drawing_); });
    command->add_option("FILE", what_, "Results (.h5), or a study's table (.csv)")->type_name("")->required();
    command->add_option("--plots", drawing_.plots, "Folder for each plot as an SVG file of its own")->type_name("DIR");
    command->add_option("--figures", drawing_.figures, "Which figures of a study, separated by commas")
        ->type_name("A,B");
    command = add(app_, "doctor", "Show what this build and this machine can do",
                  "crosspike doctor\n  crosspike doctor --report", threads,
                  [&s, this] { report_ ? doctor_report(s) : doctor(s); });
    command->add_flag("--report", report_, "What an issue report needs, in Markdown; runs a self-test of a second");
  }

  void add_datasets() {
    Session& s = session_;
    CLI::App* group = app_.add_subcommand("datasets", "Look at a data set, or convert it to event files");
    group->require_subcommand(1);
    group->footer("Example:\n  crosspike datasets info");
    add(*group, "info", "Shape, splits and events; without a config, of Fashion-MNIST",
        "crosspike datasets info lsm_fashion.toml", sets | seeds,
        [&s, this] { datasets_info(s, what_.empty() ? std::nullopt : std::optional<std::filesystem::path>(what_)); })
        ->add_option("CONFIG", what_, "Config with a [dataset]")
        ->type_name("");
    add(*group, "convert", "Write a data set's events in N-MNIST's layout",
        "crosspike datasets convert lsm_fashion.toml --out fashion-events", sets | seeds | outs | forces,
        [&s, this] { datasets_convert(s, what_); })
        ->add_option("CONFIG", what_, "Config with a [dataset]")
        ->type_name("")
        ->required();
  }

  void add_exchange() {
    Session& s = session_;
    CLI::App* out = add(app_, "export", "Write a network, or a trained liquid, as a file of another format",
                        "crosspike export my.toml --target nir --out my.nir", sets | seeds | outs | forces | threads,
                        [&s, this] { export_network(s, what_, exchange_); });
    out->add_option("CONFIG|RESULTS", what_, "Config, or results of train")->type_name("")->required();
    out->add_option("--target", exchange_.target, "Format: nir")->type_name("NAME")->required();
    out->add_option("--option", exchange_.options, "Option of the format; may be repeated (nir: output, recurrence)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->take_all();
    out->add_flag("--lossy", exchange_.lossy, "Leave away, and name, what would otherwise be refused");
    CLI::App* in = add(app_, "import", "Turn a file of another format into a config",
                       "crosspike import my.nir --convention norse --input pulses.csv --out my.toml",
                       outs | forces | threads, [&s, this] { import_network(s, what_, exchange_); });
    in->add_option("FILE", what_, "The file, e.g. a NIR graph")->type_name("")->required();
    in->add_option("--convention", exchange_.convention, "Whose reading of it: nir, norse, snntorch")
        ->type_name("NAME");
    in->add_option("--dt", exchange_.dt, "One tick, where the file does not say")->type_name("TIME");
    in->add_option("--input", exchange_.input,
                   "Spikes of the input: rows of time in ms and channel (.csv, .npy, .h5:/path)")
        ->type_name("FILE");
  }

  // The innermost command that the words on the line led to.
  const CLI::App& chosen() const {
    const CLI::App* app = &app_;
    for (bool deeper = true; deeper;) {
      const auto inner = app->get_subcommands();
      deeper = !inner.empty();
      if (deeper) app = inner.front();
    }
    return *app;
  }

  static std::string full_name(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return parent ? fmt::format("{} {}", full_name(*parent), app.get_name()) : app.get_name();
  }

  static std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
  }

  [[noreturn]] void refuse(const CLI::ParseError& error) const {
    const CLI::App& app = chosen();
    const std::string name = full_name(app);
    std::vector<std::string> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      commands.push_back(command->get_name());
    for (const std::string& word : app_.remaining())
      if (const auto known = options_of(app); &app != &app_ && std::count(known.begin(), known.end(), word) > 0)
        throw Error(Fault::input, fmt::format("{0} stands before the command; write: {1} ... {0}", word, name));
    for (const std::string& word : app.remaining()) {
      const bool option = word.starts_with("-");
      const std::string written = word.substr(0, word.find('='));
      const auto known = option ? options_of(app) : commands;
      const auto near = nearest(written, known);
      const std::string hint = near ? fmt::format("did you mean '{}'? ", *near) : "";
      if (option)
        throw Error(Fault::input, fmt::format("{} has no option '{}'; {}it takes: {}", name, shown(written), hint,
                                              fmt::join(known, ", ")));
      if (std::error_code unknown; !commands.empty() && std::filesystem::is_regular_file(word, unknown))
        throw Error(Fault::input, fmt::format("'{0}' is no command but a file; write: {1} run {0}", word, name));
      if (!commands.empty() && word == "help")
        throw Error(Fault::input, fmt::format("{} has no command 'help'; write: {} --help", name, name));
      if (!commands.empty())
        throw Error(Fault::input, fmt::format("{} has no command '{}'; {}commands: {}", name, shown(word), hint,
                                              fmt::join(commands, ", ")));
      throw Error(Fault::input,
                  fmt::format("{} takes one argument, '{}' is one too many; see {} --help", name, shown(word), name));
    }
    if (!commands.empty())
      throw Error(Fault::input,
                  fmt::format("{} needs a command: {}; see {} --help", name, fmt::join(commands, ", "), name));
    if (dynamic_cast<const CLI::RequiredError*>(&error))
      for (const CLI::Option* option : app.get_options())
        if (option->get_positional() && option->get_required() && option->count() == 0)
          throw Error(Fault::input,
                      fmt::format("{} needs {}; {}", name, option->get_name(), one_line(app.get_footer())));
    throw Error(Fault::input, fmt::format("{}: {}; see {} --help", name, error.what(), name));
  }

  // "Example:\n  crosspike run x" -> "e.g. crosspike run x"
  static std::string one_line(const std::string& footer) {
    const auto start = footer.find("crosspike");
    return start == std::string::npos ? footer : "e.g. " + footer.substr(start, footer.find('\n', start) - start);
  }

  Session& session_;
  CLI::App app_;
  std::function<void()> action_;
  std::string what_;
  ExchangeOptions exchange_;
  ExplainOptions explain_;
  std::string folder_;
  bool report_ = false, test_ = true;
  SweepOptions sweep_;
  CompareOptions compare_;
  ReportOptions drawing_;
};

void write_output(const Session& session) {
  const std::string& text = session.output();
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw Error(Fault::system,
                  fmt::format("cannot write to stdout ({}){}", std::strerror(errno),
                              session.written() ? fmt::format("; the results are in {}", session.written()->string())
                                                : std::string()));
    done += static_cast<std::size_t>(n);
  }
}

// Where a stream was closed, the first file opened would get its number, and what is printed would end in that file.
// What holds the place instead cannot be written.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDONLY) != stream) return;  // the lowest number is free
}

int main_with(Session& session, int argc, char** argv) {
  int code = static_cast<int>(Fault::system);
  std::string message;
  try {
    CommandLine line(session);
    const auto action = line.parse(argc, argv);
    if (const char* plugins = std::getenv("CROSSPIKE_PLUGIN_PATH")) session.library.load_plugins(plugins);
    if (action) action();
    write_output(session);
    return session.code();
  } catch (const Error& error) {
    code = error.exit_code();
    message = error.what();
  } catch (const std::bad_alloc&) {
    message = "out of memory; make the network smaller or free memory";
  } catch (const std::exception& error) {
    message = fmt::format("{}; this is a bug in crosspike", error.what());
  }
  session.meter().clear();
  std::fprintf(stderr, "error: %s\n", one_line(message).c_str());
  return code;
}

}  // namespace

}  // namespace crosspike::cli

int main(int argc, char** argv) {
  crosspike::cli::hold_standard_streams();
  crosspike::cli::catch_signals();
  try {
    crosspike::cli::Session session;
    return crosspike::cli::main_with(session, argc, argv);
  } catch (const std::exception& error) {  // two kinds of one name: nothing could be set up
    std::fprintf(stderr, "error: %s\n", error.what());
    return static_cast<int>(crosspike::Fault::system);
  }
}
