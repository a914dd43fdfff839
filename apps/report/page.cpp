// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <crosspike/apps/report/accuracies.hpp>
#include <crosspike/apps/report/page.hpp>
#include <crosspike/apps/report/results_plots.hpp>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike_generated/version.hpp>
#include <filesystem>

namespace crosspike::report {
namespace {

constexpr std::string_view style =
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:16px;max-width:1240px;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,Helvetica,Arial,sans-serif}"
    "h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.15rem;margin:2em 0 .6em;padding-bottom:.2em;"
    "border-bottom:1px solid var(--grid)}"
    "h1,h2,p.facts{overflow-wrap:anywhere}p.facts{color:var(--soft);margin:.2em 0 1em}"
    // Plots of one row have one scale, whatever their width: --w, in user units.
    ".plots{display:flex;flex-wrap:wrap;gap:28px}"
    "figure{--w:520;margin:0;min-width:0;flex:var(--w) 1 calc(var(--w)*.885px);max-width:calc(var(--w)*1.154px)}"
    "svg.plot{display:block;width:100%;height:auto}"
    "figcaption{font-size:.85rem;line-height:1.4;color:var(--soft);margin-top:6px;overflow-wrap:anywhere}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}"
    "th{text-align:left;font-weight:600}th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--grid);"
    "white-space:nowrap;vertical-align:baseline}"  // a wide table scrolls; broken words are unreadable
    "td.number,th.number{text-align:right;padding-left:14px;font-variant-numeric:tabular-nums}"
    "th.key,.figures th,.figures td{white-space:normal}.part th{padding-top:14px}"
    "pre{font-size:.8rem;line-height:1.45;overflow-x:auto;padding:12px;border:1px solid var(--grid);border-radius:6px}"
    "summary{cursor:pointer}a{color:var(--c1)}nav a{margin-right:14px;white-space:nowrap}";

std::string id_of(const std::string& section) {
  std::string id;
  for (const char c : section)
    id += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c
          : (c >= 'A' && c <= 'Z')                         ? static_cast<char>(c - 'A' + 'a')
                                                           : '-';
  return id;
}

std::string cell(std::string_view tag, std::string_view text, bool number) {
  return fmt::format("<{0}{1}>{2}</{0}>", tag, number ? " class=\"number\"" : "", escaped(text));
}

// Names of figures and keys break where their words do.
std::string breakable(std::string_view text) {
  std::string out;
  for (const char c : escaped(text)) {
    out += c;
    if (c == '_' || c == '.') out += "<wbr/>";
  }
  return out;
}

std::string begin(const std::string& title, const std::string& facts) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<title>{0}</title>\n<style>{1}{2}</style>\n</head>\n<body>\n<h1>{4}</h1>\n"
      "<p class=\"facts\">{3}</p>\n",
      escaped(title), page_style(), style, escaped(facts), breakable(title));
}

std::string heading(const std::string& section) {
  return fmt::format("<h2 id=\"{}\">{}</h2>\n", id_of(section), escaped(section));
}

std::string sections(const std::vector<Plot>& plots) {
  std::string html;
  const std::string* open = nullptr;
  for (const Plot& plot : plots) {
    if (!open || *open != plot.section) {
      if (open) html += "</div>\n";
      html += heading(plot.section) + "<div class=\"plots\">\n";
      open = &plot.section;
    }
    const std::string width = plot.width == plot_width ? "" : fmt::format(" style=\"--w:{}\"", plot.width);
    html += fmt::format("<figure id=\"{}\"{}>{}<figcaption>{}</figcaption></figure>\n", escaped(plot.name), width,
                        inline_svg(plot), escaped(plot.caption));
  }
  return html + (open ? "</div>\n" : "");
}

const std::string* text_of(const Table& table, std::string_view key) {
  const Value* value = table.find(std::string(key));
  return value ? value->as<std::string>() : nullptr;
}

// "tones.h5 (events)", "pattern_pairs": the file without its folder, which says nothing of the data.
std::string data_of(const Table& dataset) {
  const std::string* kind = text_of(dataset, "kind");
  for (const char* key : {"file", "inputs", "path"}) {  // a path is that of images or recordings
    const std::string* path = text_of(dataset, key);
    if (!path || path->empty()) continue;
    const std::string name = std::filesystem::path(path->substr(0, path->find(":/"))).filename().string();
    if (!name.empty()) return kind ? fmt::format("{} ({})", name, *kind) : name;
  }
  return kind ? *kind : "";
}

std::string title_of(const std::string& config) {
  try {
    const Value root = parse_config(config, "/config");
    const Table& table = *root.as<Table>();
    const std::string* model = text_of(table, "model");
    if (!model) return "Results";
    const Value* dataset = table.find("dataset");
    const std::string data = dataset && dataset->as<Table>() ? data_of(*dataset->as<Table>()) : "";
    return "Results of model " + *model + (data.empty() ? "" : " on " + data);
  } catch (const Error&) {  // of another tool, or cut: shown as it is
  }
  return "Results";
}

std::string accuracy_table(const Accuracies& accuracies) {
  if (accuracies.rows.empty()) return "";
  std::string html = heading("Accuracy") + "<div class=\"wide\"><table>\n<tr>" + cell("th", "readout", false) +
                     cell("th", "validation", true);
  if (accuracies.tested) html += cell("th", "test, 95 % interval", true) + cell("th", "liquid minus it", true);
  html += "</tr>\n";
  for (const AccuracyRow& row : accuracies.rows) {
    html += "<tr>" + cell("th", row.label, false) + cell("td", row.validation, true);
    if (accuracies.tested) html += cell("td", row.test, true) + cell("td", row.less, true);
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string figures_table(const Figures& figures) {
  if (figures.empty()) return "";
  std::string html = heading("Figures") + "<div class=\"wide\"><table class=\"figures\">\n";
  for (const auto& [name, value] : figures) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* whole = std::get_if<std::int64_t>(&value);
    html += "<tr><th>" + breakable(name) + "</th>" +
            cell("td",
                 text    ? *text
                 : whole ? fmt::format("{}", *whole)
                         : figure_text(name, std::get<double>(value)),
                 true) +
            "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string samples_note(const ResultsReader& results) {
  const std::size_t samples = results.samples().size();
  if (samples <= most_samples) return "";
  return fmt::format("<p class=\"facts\">The first {} of {} samples are drawn.</p>\n", most_samples, samples);
}

std::string links(const std::vector<std::string>& names) {
  std::string html = "<nav>";
  for (const std::string& name : names) html += fmt::format("<a href=\"#{}\">{}</a> ", id_of(name), escaped(name));
  return html + "</nav>\n";
}

std::vector<std::string> sections_of(const std::vector<Plot>& plots) {
  std::vector<std::string> names;
  for (const Plot& plot : plots)
    if (names.empty() || names.back() != plot.section) names.push_back(plot.section);
  return names;
}

// A row for each grid point, under a row that names the figure.
std::string rows_of(const Study& study, const std::string& figure) {
  std::string html =
      fmt::format("<tr class=\"part\"><th colspan=\"{}\">{}</th></tr>\n", study.keys.size() + 3, escaped(figure));
  for (const StudyRow& row : study.rows) {
    if (row.figure != figure) continue;
    html += "<tr>";
    for (const std::string& value : row.point) html += cell("td", value, false);
    html += cell("td", figure_text(figure, row.mean), true) + cell("td", spread_text(figure, row.sd), true) +
            cell("td", fmt::format("{}", row.n), true) + "</tr>\n";
  }
  return html;
}

}  // namespace

std::string results_page(const ResultsReader& results, const std::vector<Plot>& plots) {
  const ResultsHeader& header = results.header();
  const auto by_name = results.figures();
  Figures figures(by_name.begin(), by_name.end());
  const Accuracies accuracies = accuracies_of(figures);
  std::erase_if(figures, [&](const auto& figure) { return accuracies.figures.contains(figure.first); });
  std::string html = begin(title_of(header.config), fmt::format("Seed {}. Made by crosspike {}, drawn by crosspike {}.",
                                                                header.seed, header.version, CROSSPIKE_VERSION));
  std::vector<std::string> names = sections_of(plots);
  if (!figures.empty()) names.insert(names.begin(), "Figures");
  if (!accuracies.rows.empty()) names.insert(names.begin(), "Accuracy");
  names.push_back("Config");
  html += links(names) + accuracy_table(accuracies) + figures_table(figures) + sections(plots) + samples_note(results);
  if (plots.empty()) html += "<p>The results hold nothing that could be drawn.</p>\n";
  html += heading("Config") +
          "<p class=\"facts\">With every default that was used; running it again gives the same "
          "results.</p>\n<pre>" +
          escaped(header.config) + "</pre>\n";
  return html + "</body>\n</html>\n";
}

std::string study_page(const Study& study, const FigureChoice& shown, const std::vector<Plot>& plots) {
  std::string keys;
  for (const std::string& key : study.keys) keys += (keys.empty() ? "" : ", ") + key;
  std::string html =
      begin(keys.empty() ? "Study" : "Study over " + keys, fmt::format("Drawn by crosspike {}.", CROSSPIKE_VERSION));
  std::vector<std::string> names = sections_of(plots);
  names.push_back("Table");
  html += links(names);
  if (!shown.note.empty()) html += "<p class=\"facts\">" + escaped(shown.note) + "</p>\n";
  html += sections(plots) + heading("Table") + "<div class=\"wide\"><table>\n<tr>";
  for (const std::string& key : study.keys) html += "<th class=\"key\">" + breakable(key) + "</th>";
  html += cell("th", "mean", true) + cell("th", "sd", true) + cell("th", "n", true) + "</tr>\n";
  for (const std::string& figure : shown.names) html += rows_of(study, figure);
  return html + "</table></div>\n</body>\n</html>\n";
}

}  // namespace crosspike::report
