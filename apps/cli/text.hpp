// SPDX-License-Identifier: Apache-2.0
// How numbers, sizes and tables look on a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::cli {

std::string grouped(std::uint64_t number);                          // "1,234,567"
std::string short_number(double number);                            // three figures: "0.123", "12.3", "1,230", "4.56 M"
std::string bytes_text(std::size_t bytes);                          // "1.2 MiB"
std::string rate_text(double hz);                                   // "12.3 Hz", "1.2 MHz"
std::string counted(std::uint64_t number, std::string_view thing);  // "1 tick", "65,536 ticks"
std::string duration_text(double seconds);                          // "85 ms", "1.9 s", "2 min 05 s", "1 h 02 min"
int terminal_width(int descriptor);                                 // columns; 100 where it is no terminal

// Rows of cells in aligned columns, two blanks apart, indented by two. The last column is wrapped to `width`.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head = {}) : head_(std::move(head)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void align_right(std::size_t column) { right_.push_back(column); }
  bool empty() const { return rows_.empty(); }
  std::string text(int width) const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> right_;
};

std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace crosspike::cli
