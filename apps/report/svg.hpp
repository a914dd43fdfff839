// SPDX-License-Identifier: Apache-2.0
// SVG as text: a canvas with the few shapes that plots need, and the two ways in which a plot leaves: inline in a page
// whose style sheet colours it, or as a file of its own on white paper. Colours are classes, never attributes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crosspike::report {

inline constexpr int plot_width = 520;  // user units; at the width of a phone the smallest text has 8 pixels

std::string escaped(std::string_view text);  // for XML: markup escaped, what is no UTF-8 or no character replaced
std::string coordinate(double value);        // at most two decimals: "12", "3.5", "0"
std::string shortened(std::string_view text, std::size_t characters);  // "..." in place of the end
double text_width(std::string_view text, double size = 12);            // an estimate, rather too wide

struct Plot {
  std::string name;            // of its file, and its anchor in a page: "raster-exc"
  std::string title, caption;  // plain text
  std::string section;         // heading that it belongs under
  int height = 0;              // user units
  std::string body;            // SVG inside the <svg> element
  int width = plot_width;      // user units; small plots are narrower
};

// Makes each name one that any file system takes, and that no other plot has.
void make_names_safe(std::vector<Plot>& plots);

// What anchors a text at its point.
enum class Anchor { start, middle, end };

class Canvas {
 public:
  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void rect(double x, double y, double width, double height, std::string_view style, double opacity = 1);
  void text(double x, double y, Anchor anchor, std::string_view style, std::string_view text);
  void vertical_text(double x, double y, std::string_view style, std::string_view text);  // reads upwards, centred
  void path(const std::string& d, std::string_view style, const std::string& attributes = {});
  void marker(double x, double y, std::size_t series);  // of a point; its form differs by series as its colour does
  void raw(std::string_view element) { body_ += element; }

  std::string take() { return std::move(body_); }

 private:
  std::string body_;
};

// "s1" to "s6": strokes of series, with "line" dashed in a way of their own; "f1" to "f6": fills.
std::string line_style(std::size_t series);
std::string fill_style(std::size_t series);

std::string_view page_style();                 // the rules of plots and the colours of both schemes
std::string inline_svg(const Plot& plot);      // an <svg> element for a page with page_style()
std::string standalone_svg(const Plot& plot);  // a file: the light colours on white, whatever shows it

}  // namespace crosspike::report
