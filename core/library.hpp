// SPDX-License-Identifier: Apache-2.0
// The kinds and backends that a program knows. Made once by main and passed by reference.
#pragma once

#include <crosspike/core/backend.hpp>
#include <crosspike/core/kind.hpp>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

class Library {
 public:
  void add(Kind kind);  // throws Error(system): two kinds of one name
  void add(std::unique_ptr<Backend> backend);
  // Loads every *.so in the folders of `path` (separated by ':'). What is refused is kept in rejected().
  void load_plugins(std::string_view path);

  const Kind& kind(std::string_view name) const;  // throws Error(input) with the nearest name
  const Kind* find_kind(std::string_view name) const;
  const Backend& backend(std::string_view name) const;  // throws Error(cannot) with the names that exist
  const Backend* find_backend(std::string_view name) const;
  const std::deque<Kind>& kinds() const { return kinds_; }
  const std::vector<std::unique_ptr<Backend>>& backends() const { return backends_; }
  const std::vector<std::string>& rejected() const { return rejected_; }  // "file: reason"

 private:
  void load_plugin(const std::filesystem::path& file);
  std::deque<Kind> kinds_;  // nodes point at kinds: addresses must stay
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<std::string> rejected_;
};

// Everything that is linked in: all kinds of neurons/ and operators/, all linked backends.
Library builtin();

}  // namespace crosspike
