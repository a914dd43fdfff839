// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/core/plan.hpp>

namespace crosspike::cli {

namespace {

constexpr int default_width = 100, narrowest_last_column = 24;

// Characters, not bytes: UTF-8's continuation bytes do not count.
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string blanks(width - std::min(width, length(text)), ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string short_number(double number) {
  if (number < 0) return "-" + short_number(-number);
  if (number >= 999.5e9) return fmt::format("{:.3g}", number);
  if (number >= 999.5e6) return fmt::format("{:.3g} G", number / 1e9);
  if (number >= 999.5e3) return fmt::format("{:.3g} M", number / 1e6);
  if (number < 999.5) return fmt::format("{:.3g}", number);
  return grouped(static_cast<std::uint64_t>(std::llround(number)));
}

std::string bytes_text(std::size_t bytes) { return crosspike::bytes_text(static_cast<double>(bytes)); }

std::string counted(std::uint64_t number, std::string_view thing) {
  return fmt::format("{} {}{}", grouped(number), thing, number == 1 ? "" : "s");
}

std::string rate_text(double hz) {
  const std::string number = short_number(hz);
  const bool has_prefix = number.ends_with('M') || number.ends_with('G');
  return number + (has_prefix ? "Hz" : " Hz");
}

std::string duration_text(double seconds) {
  if (seconds < 0.9995e-3) return fmt::format("{:.3g} us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.3g} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(std::min(seconds, 1e15)));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", grouped(static_cast<std::uint64_t>(whole / 3600)), whole / 60 % 60);
}

int terminal_width(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : default_width;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string word(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    if (!lines.back().empty() && length(lines.back()) + 1 + length(word) > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

std::string TextTable::text(int width) const {
  std::vector<std::vector<std::string>> all = rows_;
  if (!head_.empty()) all.insert(all.begin(), head_);
  std::vector<std::size_t> widths;
  for (const auto& cells : all)
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c == widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], length(cells[c]));
    }
  std::size_t before_last = 2;
  for (std::size_t c = 0; c + 1 < widths.size(); ++c) before_last += widths[c] + 2;
  const auto room = static_cast<std::size_t>(std::max(narrowest_last_column, width - static_cast<int>(before_last)));
  std::string out;
  for (const auto& cells : all) {
    std::string line = "  ";
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const bool right = std::find(right_.begin(), right_.end(), c) != right_.end();
      if (c + 1 < widths.size() || right) {
        line += padded(cells[c], widths[c], right) + "  ";
        continue;
      }
      const auto parts = wrapped(cells[c], room);
      for (std::size_t p = 0; p < parts.size(); ++p)
        line += (p == 0 ? "" : "\n" + std::string(before_last, ' ')) + parts[p];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace crosspike::cli
