// SPDX-License-Identifier: Apache-2.0
// crosspike report: results or a study as one page that loads nothing, and as SVG files.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/apps/report/page.hpp>
#include <crosspike/apps/report/results_plots.hpp>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/error.hpp>
#include <cstring>
#include <ctime>
#include <fstream>
#include <list>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

struct Drawn {
  std::vector<report::Plot> plots;
  std::string html;
};

std::vector<std::string> chosen_figures(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t end = std::min(list.find(',', from), list.size());
    names.push_back(list.substr(from, end - from));
    if (names.back().empty())
      throw Error(Fault::input, fmt::format("--figures is '{}'; names separated by commas are expected", list));
    from = end + 1;
  }
  return names;
}

Drawn draw(const fs::path& file, const ReportOptions& options) {
  std::error_code unknown;
  if (fs::is_directory(file, unknown))
    throw Error(Fault::input,
                fmt::format("{} is a folder; name the results (.h5) or the study's table (.csv) in it", file.string()));
  if (fs::is_regular_file(file, unknown) && fs::is_empty(file, unknown))
    throw Error(Fault::input, fmt::format("{} is empty: no results and no study", file.string()));
  Drawn drawn;
  if (file.extension() == ".csv") {
    const report::Study study = report::load_study(file);
    const auto wanted = options.figures ? chosen_figures(*options.figures) : std::vector<std::string>();
    const report::FigureChoice choice = report::choose_figures(study, wanted, file.string());
    drawn.plots = report::study_plots(study, choice.names, file.string());
    drawn.html = report::study_page(study, choice, drawn.plots);
    return drawn;
  }
  if (fs::exists(file, unknown) && !is_hdf5(file))
    throw Error(Fault::input, fmt::format("{}: neither results (HDF5, as `crosspike run` and `train` write them) nor a "
                                          "study (a name that ends in .csv)",
                                          file.string()));
  const ResultsReader results(file);
  if (options.figures)
    throw Error(Fault::input, fmt::format("--figures chooses among a study's; {} holds results, whose figures are one "
                                          "table",
                                          file.string()));
  drawn.plots = report::results_plots(results, file.string());
  drawn.html = report::results_page(results, drawn.plots);
  return drawn;
}

// Files that appear together: all are made before the first is named.
class Outputs {
 public:
  explicit Outputs(Existing existing) : existing_(existing) {}

  void add(const fs::path& path, const std::string& text) {
    AtomicFile& file = files_.emplace_back(path, existing_);
    errno = 0;
    std::ofstream out(file.temporary(), std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw Error(Fault::system, fmt::format("cannot write {} ({})", path.string(), std::strerror(errno)));
  }
  void commit() {
    for (AtomicFile& file : files_) file.commit();
  }

 private:
  Existing existing_;
  std::list<AtomicFile> files_;
};

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// What differs from one making to the next, so that the page does not.
Json sidecar(const fs::path& file, const fs::path& html, const Drawn& drawn, double seconds) {
  std::error_code unknown;
  Json object = {{"made_from", fs::absolute(file, unknown).string()},
                 {"report", fs::absolute(html, unknown).string()},
                 {"made_at", now_text()},
                 {"host", host_name()},
                 {"wall_s", seconds},
                 {"html_bytes", drawn.html.size()},
                 {"plots", Json::array()}};
  for (const report::Plot& plot : drawn.plots) object["plots"].push_back({{"name", plot.name}, {"title", plot.title}});
  object.update(provenance());
  return object;
}

fs::path html_path(const Session& session, const fs::path& file) {
  const fs::path out = session.options.out ? *session.options.out : fs::path(file.stem().string() + ".html");
  if (out == "-")
    throw Error(Fault::input, "--out -: a report is two files and does not go to stdout; write e.g. --out report.html");
  if (out.extension() == ".json")
    throw Error(Fault::input, fmt::format("--out {}: that is the name of the sidecar; write e.g. --out {}",
                                          out.string(), fs::path(out).replace_extension(".html").string()));
  return out;
}

void refuse_over_source(const fs::path& out, const fs::path& file) {
  std::error_code unknown;
  if (fs::equivalent(out, file, unknown) && !unknown)
    throw Error(Fault::input, fmt::format("{} is what the report is made from; name another with --out", out.string()));
}

void make_folder(const fs::path& folder) {
  std::error_code failed;
  if (fs::exists(folder, failed) && !fs::is_directory(folder, failed))
    throw Error(Fault::input, fmt::format("--plots {} is a file; name a folder", folder.string()));
  fs::create_directory(folder, failed);
  if (failed)
    throw Error(Fault::input,
                fmt::format("--plots {}: cannot make that folder ({})", folder.string(), failed.message()));
}

}  // namespace

void report(Session& session, const fs::path& file, const ReportOptions& options) {
  const auto start = Clock::now();
  const bool page = session.options.out || !options.plots;
  const fs::path html = html_path(session, file);
  const fs::path beside = fs::path(html).replace_extension(".json");
  if (page)
    for (const fs::path& out : {html, beside}) refuse_over_source(out, file);
  const Drawn drawn = draw(file, options);
  Outputs outputs(session.existing());
  Json json = {{"html", nullptr}, {"sidecar", nullptr}, {"plots", Json::array()}};
  if (options.plots) {
    make_folder(*options.plots);
    for (const report::Plot& plot : drawn.plots) {
      const fs::path svg = *options.plots / (plot.name + ".svg");
      outputs.add(svg, report::standalone_svg(plot));
      json["plots"].push_back(svg.string());
    }
  }
  if (page) {
    outputs.add(html, drawn.html);
    outputs.add(
        beside,
        sidecar(file, html, drawn, seconds_since(start)).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    json["html"] = html.string();
    json["sidecar"] = beside.string();
  }
  check_interrupted();
  outputs.commit();
  const std::string plots = counted(drawn.plots.size(), "plot");
  if (page) {
    session.wrote(html);
    session.print(fmt::format("  report   {} ({}, {})\n  sidecar  {}\n", html.string(), plots,
                              bytes_text(drawn.html.size()), beside.string()));
  }
  if (options.plots) session.print(fmt::format("  plots    {} ({} as SVG)\n", options.plots->string(), plots));
  json["figures"] = {{"plots", drawn.plots.size()}, {"wall_s", seconds_since(start)}};
  if (page) json["figures"]["html_bytes"] = drawn.html.size();
  json.update(provenance());
  session.print(json);
}

}  // namespace crosspike::cli
