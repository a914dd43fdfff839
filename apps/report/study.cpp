// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <crosspike/apps/report/study.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/shown.hpp>
#include <crosspike/datasets/files.hpp>
#include <map>
#include <set>

namespace crosspike::report {
namespace {

constexpr std::string_view comment = "# crosspike sweep 1", comment_of_runs = "# crosspike sweep runs ";
const std::vector<std::string> last_columns = {"figure", "mean", "sd", "n"};

// Records of CSV text, which may hold commas, quotes and line ends inside quotes.
class Records {
 public:
  Records(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  // False at the end. An empty line is no record.
  bool next(std::vector<std::string>& fields) {
    fields.clear();
    while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) take_line();
    if (rest_.empty()) return false;
    at_ = line_;
    for (bool more = true; more;) more = take_field(fields);
    return true;
  }
  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  std::string_view rest() const { return rest_; }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Fault::input, fmt::format("{}:{}: {}", file_, at_, what));
  }

 private:
  // True where a comma follows.
  bool take_field(std::vector<std::string>& fields) {
    std::string& field = fields.emplace_back();
    if (rest_.starts_with('"')) {
      take_quoted(field);
    } else {
      const std::size_t end = std::min(rest_.find_first_of(",\n"), rest_.size());
      field = rest_.substr(0, end);
      rest_.remove_prefix(end);
      if (field.ends_with('\r')) field.pop_back();
      if (field.find('"') != std::string::npos)
        refuse(fmt::format("a quote inside the field '{}'; put the whole field into quotes and double those inside",
                           shown(field)));
    }
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    const bool more = rest_.front() == ',';
    if (!more && rest_.front() != '\n') refuse("text follows a closing quote; a comma or the line's end is expected");
    if (!more) ++line_;
    rest_.remove_prefix(1);
    return more;
  }
  void take_quoted(std::string& field) {
    rest_.remove_prefix(1);
    while (true) {
      const std::size_t end = rest_.find('"');
      if (end == std::string_view::npos) refuse("a quote is opened and never closed");
      field += rest_.substr(0, end);
      line_ +=
          static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      rest_.remove_prefix(end + 1);
      if (!rest_.starts_with('"')) return;
      field += '"';
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  const std::string& file_;
  std::size_t line_ = 1, at_ = 1;  // of the text that is left; where the record began
};

double number(const Records& records, const char* column, const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty() || code == std::errc::invalid_argument)
    records.refuse(fmt::format("{} is '{}'; a number is expected, or nan", column, shown(text)));
  if (code != std::errc())
    records.refuse(fmt::format("{} is '{}', which is beyond the range of a number", column, shown(text)));
  return value;
}

StudyRow row_of(const Records& records, const std::vector<std::string>& fields, std::size_t keys) {
  StudyRow row;
  row.point.assign(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(keys));
  row.figure = fields[keys];
  if (row.figure.empty()) records.refuse("figure is empty; a figure's name is expected");
  row.mean = number(records, "mean", fields[keys + 1]);
  if (!fields[keys + 2].empty()) row.sd = number(records, "sd", fields[keys + 2]);
  if (row.sd < 0) records.refuse(fmt::format("sd is '{}'; it cannot be negative", shown(fields[keys + 2])));
  const std::string& n = fields[keys + 3];
  const auto [end, code] = std::from_chars(n.data(), n.data() + n.size(), row.n);
  if (code != std::errc() || end != n.data() + n.size() || row.n < 0)
    records.refuse(fmt::format("n is '{}'; a whole number from 0 is expected", shown(n)));
  return row;
}

std::vector<std::string> keys_of(const Records& records, const std::vector<std::string>& header) {
  const bool long_enough = header.size() >= last_columns.size();
  const auto last = header.end() - static_cast<std::ptrdiff_t>(long_enough ? last_columns.size() : header.size());
  if (!long_enough || !std::equal(last, header.end(), last_columns.begin()))
    records.refuse(fmt::format("the header is '{}'; a study's names the keys of its grid, then figure,mean,sd,n",
                               shown(fmt::format("{}", fmt::join(header, ",")))));
  std::vector<std::string> keys(header.begin(), last);
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (key->empty()) records.refuse("the header has a key without a name");
    if (std::find(keys.begin(), key, *key) != key)
      records.refuse(fmt::format("the header names '{}' twice", shown(*key)));
  }
  return keys;
}

[[noreturn]] void refuse_runs(const std::string& file) {
  constexpr std::string_view end = ".runs.csv";
  const std::string points =
      file.ends_with(end) ? file.substr(0, file.size() - end.size()) + ".csv" : "the one without .runs in its name";
  throw Error(Fault::input,
              fmt::format("{} is a sweep's table of runs, a row each; a report is drawn of the means at its "
                          "points: name {}",
                          file, points));
}

}  // namespace

std::vector<std::string> Study::figures() const {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const StudyRow& row : rows)
    if (seen.insert(row.figure).second) names.push_back(row.figure);
  return names;
}

Study parse_study(std::string_view text, const std::string& file) {
  if (text.find('\0') != std::string_view::npos)
    throw Error(Fault::input, fmt::format("{}: holds a NUL byte, so it is no CSV text", file));
  if (text.starts_with(comment_of_runs)) refuse_runs(file);
  Records records(text, file);
  if (text.starts_with('#') && records.take_line() != comment)
    throw Error(Fault::input, fmt::format("{}:1: '{}' is not the comment of a study that this version reads; '{}' is "
                                          "expected",
                                          file, shown(text.substr(0, text.find('\n'))), comment));
  std::vector<std::string> fields;
  if (!records.next(fields))
    throw Error(Fault::input,
                fmt::format("{}: is empty; a study has a header and rows, as `crosspike sweep` writes them", file));
  Study study;
  study.keys = keys_of(records, fields);
  const std::size_t columns = fields.size();
  std::map<std::vector<std::string>, std::size_t> seen;  // point and figure -> row
  while (records.next(fields)) {
    if (fields.size() != columns)
      records.refuse(
          fmt::format("{} field{}; the header has {}", fields.size(), fields.size() == 1 ? "" : "s", columns));
    study.rows.push_back(row_of(records, fields, study.keys.size()));
    fields.resize(study.keys.size() + 1);
    if (!seen.emplace(fields, study.rows.size()).second)
      records.refuse(
          fmt::format("the figure '{}' of this grid point stands in a row above already", shown(fields.back())));
  }
  if (study.rows.empty()) throw Error(Fault::input, fmt::format("{}: has a header but no rows", file));
  return study;
}

Study load_study(const std::filesystem::path& path) {
  std::vector<std::uint8_t> bytes;
  read_file(path, largest_study, bytes);
  return parse_study({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

}  // namespace crosspike::report
