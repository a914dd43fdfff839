// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/config.hpp>

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

// Tables after the last other entry get a [section]; one before it is written inline, or its order would be lost.
void write_sections(std::string& out, const Table& table, const std::string& path) {
  const auto reversed_end = std::make_reverse_iterator(table.begin());
  const auto last_plain = std::find_if(std::make_reverse_iterator(table.end()), reversed_end,
                                       [](const auto& entry) { return entry.second.template as<Table>() == nullptr; });
  const auto first_section = last_plain.base();
  if (!path.empty() && (first_section != table.begin() || table.empty())) {
    out += (out.empty() ? "[" : "\n[") + path + "]\n";
  }
  for (auto entry = table.begin(); entry != first_section; ++entry) {
    out += to_toml_key(entry->first) + " = ";
    write_inline(out, entry->second);
    out += '\n';
  }
  for (auto entry = first_section; entry != table.end(); ++entry) {
    write_sections(out, *entry->second.as<Table>(), (path.empty() ? "" : path + ".") + to_toml_key(entry->first));
  }
}

}  // namespace

std::string to_toml(const Value& table) {
  const Table* root = table.as<Table>();
  if (root == nullptr) fail_at(table.where(), "only a table can be written as a TOML document");
  std::string out;
  write_sections(out, *root, "");
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
