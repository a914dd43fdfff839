// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/config.hpp>
#include <crosspike/core/shown.hpp>

namespace crosspike {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          result += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";  // else TOML reads an integer
  return text;
}

void write_inline(std::string& out, const Value& value) {
  if (const bool* flag = value.as<bool>()) {
    out += *flag ? "true" : "false";
  } else if (const std::int64_t* integer = value.as<std::int64_t>()) {
    out += fmt::format("{}", *integer);
  } else if (const double* number = value.as<double>()) {
    out += number_text(*number);
  } else if (const std::string* text = value.as<std::string>()) {
    out += in_quotes(*text);
  } else if (const Array* array = value.as<Array>()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ", ";
      write_inline(out, (*array)[i]);
    }
    out += ']';
  } else {
    const Table& table = *value.as<Table>();
    out += '{';
    const char* separator = " ";
    for (const auto& [key, entry] : table) {
      out += separator + to_toml_key(key) + " = ";
      write_inline(out, entry);
      separator = ", ";
    }
    out += table.empty() ? "}" : " }";
  }
}

// A line of a document and the value on it; null for headers and blank lines.
struct Line {
  std::string text;
  const Value* value = nullptr;
};

// Tables after the last other entry get a [section]; one before it is written inline, or its order would be lost.
void write_sections(std::vector<Line>& out, const Table& table, const std::string& path) {
  const auto reversed_end = std::make_reverse_iterator(table.begin());
  const auto last_plain = std::find_if(std::make_reverse_iterator(table.end()), reversed_end,
                                       [](const auto& entry) { return entry.second.template as<Table>() == nullptr; });
  const auto first_section = last_plain.base();
  if (!path.empty() && (first_section != table.begin() || table.empty())) {
    if (!out.empty()) out.push_back({});
    out.push_back({"[" + path + "]"});
  }
  for (auto entry = table.begin(); entry != first_section; ++entry)
    out.push_back({to_toml_key(entry->first) + " = " + to_inline_toml(entry->second), &entry->second});
  for (auto entry = first_section; entry != table.end(); ++entry) {
    write_sections(out, *entry->second.as<Table>(), (path.empty() ? "" : path + ".") + to_toml_key(entry->first));
  }
}

std::vector<Line> lines_of(const Value& table) {
  const Table* root = table.as<Table>();
  if (root == nullptr) fail_at(table.where(), "only a table can be written as a TOML document");
  std::vector<Line> lines;
  write_sections(lines, *root, "");
  return lines;
}

// Keys inside `value` that were written elsewhere than it, by the place where they were. What stands on its line is of
// its place.
void collect_strays(const Value& value, const Location& home, const std::string& path,
                    std::vector<std::pair<std::string, std::string>>& strays) {
  const Table* table = value.as<Table>();
  if (!table) {
    if (value.where().file != home.file || value.where().line != home.line)
      strays.emplace_back(value.where().text(), path);
    return;
  }
  for (const auto& [key, inner] : *table)
    collect_strays(inner, home, (path.empty() ? "" : path + ".") + to_toml_key(key), strays);
}

std::string origin_of(const Value& value) {
  std::vector<std::pair<std::string, std::string>> strays;
  collect_strays(value, value.where(), "", strays);
  std::string text = value.where().text();
  std::vector<std::string> places;
  for (const auto& [place, path] : strays)
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  for (const std::string& place : places) {
    std::vector<std::string> paths;
    for (const auto& [where, path] : strays)
      if (where == place) paths.push_back(path);
    text += fmt::format("; {}: {}", fmt::join(paths, ", "), place);
  }
  return one_line(text);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string to_toml(const Value& table) {
  std::string out;
  for (const Line& line : lines_of(table)) out += line.text + '\n';
  return out;
}

std::string to_annotated_toml(const Value& table) {
  constexpr std::size_t widest = 60;  // a longer line pushes only its own comment to the right
  const std::vector<Line> lines = lines_of(table);
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0 || !lines[i - 1].value) {  // the first of a block
      width = 0;
      for (std::size_t j = i; j < lines.size() && lines[j].value; ++j)
        if (const std::size_t n = characters(lines[j].text); n <= widest) width = std::max(width, n);
    }
    out += lines[i].text;
    if (lines[i].value) {
      const std::size_t n = characters(lines[i].text);
      out += std::string(n < width ? width - n : 0, ' ') + "  # " + origin_of(*lines[i].value);
    }
    out += '\n';
  }
  return out;
}

std::string to_inline_toml(const Value& value) {
  std::string out;
  write_inline(out, value);
  return out;
}

std::string to_toml_key(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : in_quotes(key);
}

}  // namespace crosspike
