// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <crosspike/apps/report/svg.hpp>
#include <cstdint>
#include <set>
#include <utility>

namespace crosspike::report {
namespace {

struct Colour {
  std::string_view name, light, dark;
};

// The palette of Okabe and Ito (2008), which colour-blind readers tell apart, without its yellow, which white paper
// swallows. On dark paper the darker ones are lightened.
constexpr std::array colours = {
    Colour{"paper", "#ffffff", "#14171a"}, Colour{"ink", "#1a1a1a", "#e6e6e6"},  Colour{"mid", "#1a1a1a", "#14171a"},
    Colour{"soft", "#595959", "#a8adb3"},  Colour{"grid", "#e4e4e4", "#30363c"}, Colour{"c1", "#0072b2", "#56b4e9"},
    Colour{"c2", "#d55e00", "#f28e4b"},    Colour{"c3", "#009e73", "#2fc79b"},   Colour{"c4", "#a8528a", "#dd9cc2"},
    Colour{"c5", "#b87f00", "#e6b84c"},    Colour{"c6", "#595959", "#bdbdbd"},
};

constexpr std::string_view rules =
    ".plot text{font-size:12px;fill:var(--ink)}"
    ".plot .title{font-size:13px;font-weight:600}"
    ".plot .soft{fill:var(--soft)}"
    ".plot .small{font-size:11px}"
    ".plot .axis{stroke:var(--soft);stroke-width:1;fill:none}"
    ".plot .grid{stroke:var(--grid);stroke-width:1;fill:none}"
    ".plot .paper{fill:var(--paper)}"
    ".plot .onmid{fill:var(--mid)}"  // on a shade that is still light on white, but already light on dark
    ".plot .onheat{fill:var(--paper)}"
    ".plot .dot{stroke:var(--paper);stroke-width:1}"
    ".plot .ring{stroke:var(--ink);stroke-width:1.5;fill:none}"
    ".plot .line{stroke-width:2;stroke-linejoin:round;fill:none}"
    ".plot .line.s2{stroke-dasharray:7 3}.plot .line.s3{stroke-dasharray:2 3}.plot .line.s4{stroke-dasharray:9 3 2 3}"
    ".plot .line.s5{stroke-dasharray:4 2}.plot .line.s6{stroke-dasharray:1 2}"
    ".plot .bar{stroke-width:1.2;fill:none}"
    ".plot .trace{stroke-width:1.1;stroke-linejoin:round;fill:none}"
    ".plot .s1{stroke:var(--c1)}.plot .s2{stroke:var(--c2)}.plot .s3{stroke:var(--c3)}"
    ".plot .s4{stroke:var(--c4)}.plot .s5{stroke:var(--c5)}.plot .s6{stroke:var(--c6)}"
    ".plot .f1{fill:var(--c1)}.plot .f2{fill:var(--c2)}.plot .f3{fill:var(--c3)}"
    ".plot .f4{fill:var(--c4)}.plot .f5{fill:var(--c5)}.plot .f6{fill:var(--c6)}";

constexpr std::size_t styles = 6;

std::string variables(bool dark) {
  std::string text;
  for (const Colour& colour : colours) text += fmt::format("--{}:{};", colour.name, dark ? colour.dark : colour.light);
  return text;
}

// The rules with the light colours in place of the variables, which few programs beside browsers know.
std::string paper_style() {
  std::string text = ".plot text{font-family:Helvetica,Arial,sans-serif}" + std::string(rules);
  for (const Colour& colour : colours) {
    const std::string variable = fmt::format("var(--{})", colour.name);
    for (std::size_t at = 0; (at = text.find(variable, at)) != std::string::npos;)
      text.replace(at, variable.size(), colour.light);
  }
  return text;
}

std::string head(const Plot& plot, std::string_view attributes) {
  return fmt::format("<svg{} class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", attributes,
                     plot.width, plot.height, escaped(plot.title));
}

// Length of the UTF-8 character that begins here, 0 where none does or XML has no such character.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\t' ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least[length] || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff ? 0 : length;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length == 0)
      out += "\uFFFD";
    else if (text[0] == '&')
      out += "&amp;";
    else if (text[0] == '<')
      out += "&lt;";
    else if (text[0] == '>')
      out += "&gt;";
    else if (text[0] == '"')
      out += "&quot;";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string coordinate(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string shortened(std::string_view text, std::size_t characters) {
  std::size_t count = 0, keep = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<std::uint8_t>(text[at]) & 0xc0U) == 0x80) continue;  // inside a character
    if (count + 1 == characters) keep = at;
    if (count++ == characters) return std::string(text.substr(0, keep)) + "…";
  }
  return std::string(text);
}

double text_width(std::string_view text, double size) {
  double units = 0;
  for (const char c : text) {
    if ((static_cast<std::uint8_t>(c) & 0xc0U) == 0x80) continue;
    units += c == 'm' || c == 'w' || (c >= 'A' && c <= 'Z')             ? 0.75
             : c == '.' || c == ',' || c == 'i' || c == 'l' || c == ' ' ? 0.32
                                                                        : 0.57;
  }
  return units * size;
}

void make_names_safe(std::vector<Plot>& plots) {
  constexpr std::size_t longest = 100;
  std::set<std::string> taken;
  for (Plot& plot : plots) {
    for (char& c : plot.name)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' &&
          c != '.')
        c = '_';
    const std::string wanted = plot.name.substr(0, longest);
    plot.name = wanted;
    for (int number = 2; !taken.insert(plot.name).second; ++number) plot.name = fmt::format("{}-{}", wanted, number);
  }
}

void Canvas::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>", coordinate(x1), coordinate(y1),
                       coordinate(x2), coordinate(y2), style);
}

void Canvas::rect(double x, double y, double width, double height, std::string_view style, double opacity) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", coordinate(x), coordinate(y),
                       coordinate(width), coordinate(height), style);
  body_ += opacity == 1 ? "/>" : fmt::format(" fill-opacity=\"{}\"/>", coordinate(opacity));
}

void Canvas::text(double x, double y, Anchor anchor, std::string_view style, std::string_view text) {
  constexpr std::array<std::string_view, 3> words = {"start", "middle", "end"};
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\"", coordinate(x), coordinate(y),
                       words[static_cast<std::size_t>(anchor)]);
  if (!style.empty()) body_ += fmt::format(" class=\"{}\"", style);
  body_ += ">" + escaped(text) + "</text>";
}

void Canvas::vertical_text(double x, double y, std::string_view style, std::string_view text) {
  body_ += fmt::format("<text transform=\"translate({},{}) rotate(-90)\" text-anchor=\"middle\" class=\"{}\">{}</text>",
                       coordinate(x), coordinate(y), style, escaped(text));
}

void Canvas::path(const std::string& d, std::string_view style, const std::string& attributes) {
  if (d.empty()) return;
  body_ += fmt::format("<path d=\"{}\" class=\"{}\"{}{}/>", d, style, attributes.empty() ? "" : " ", attributes);
}

void Canvas::marker(double x, double y, std::size_t series) {
  const std::string style = fill_style(series) + " dot";
  const auto at = [&](double dx, double dy) { return coordinate(x + dx) + " " + coordinate(y + dy); };
  switch (series % styles) {
    case 0:
      body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"3.5\" class=\"{}\"/>", coordinate(x), coordinate(y), style);
      break;
    case 1:
      rect(x - 3.2, y - 3.2, 6.4, 6.4, style);
      break;
    case 2:
      path("M" + at(0, -4.4) + "L" + at(4.2, 3.2) + "L" + at(-4.2, 3.2) + "z", style);
      break;
    case 3:
      path("M" + at(0, -4.6) + "L" + at(4.6, 0) + "L" + at(0, 4.6) + "L" + at(-4.6, 0) + "z", style);
      break;
    case 4:
      path("M" + at(0, 4.4) + "L" + at(4.2, -3.2) + "L" + at(-4.2, -3.2) + "z", style);
      break;
    default:
      rect(x - 1.8, y - 4.2, 3.6, 8.4, style);
      break;
  }
}

std::string line_style(std::size_t series) { return fmt::format("s{}", series % styles + 1); }
std::string fill_style(std::size_t series) { return fmt::format("f{}", series % styles + 1); }

std::string_view page_style() {
  static const std::string text = fmt::format(
      ":root{{color-scheme:light dark;{}}}@media (prefers-color-scheme:dark)"
      "{{:root{{{}}}}}{}",
      variables(false), variables(true), rules);
  return text;
}

std::string inline_svg(const Plot& plot) { return head(plot, "") + plot.body + "</svg>"; }

std::string standalone_svg(const Plot& plot) {
  const std::string size =
      fmt::format(" xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\"", plot.width, plot.height);
  return fmt::format(
      "{}<title>{}</title><desc>{}</desc><style>{}</style>"
      "<rect width=\"{}\" height=\"{}\" class=\"paper\"/>{}</svg>\n",
      head(plot, size), escaped(plot.title), escaped(plot.caption), paper_style(), plot.width, plot.height, plot.body);
}

}  // namespace crosspike::report
