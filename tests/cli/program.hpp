// SPDX-License-Identifier: Apache-2.0
// Runs the crosspike program in a folder of its own, which disappears with the test.
#pragma once

#include <sys/types.h>

#include <crosspike_generated/version.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike::testing {

struct Finished {
  int code = 0;  // exit code; 128 + signal where a signal ended it
  std::string out, err;
};

class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  std::vector<std::string> files() const;  // sorted, hidden ones included; without what run() itself leaves

  // `environment` as "NAME=VALUE". Waits for the end.
  Finished run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {}) const;
  // The same in two steps, for tests that send signals.
  pid_t start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {}) const;
  Finished wait(pid_t process) const;

 private:
  std::filesystem::path folder_, streams_;
};

// Whether a process of this build can start where no file may grow: clang's thread sanitizer and the OpenMP that goes
// with it write files of their own.
constexpr bool starts_without_files =
    std::string_view(CROSSPIKE_TOOLCHAIN).find("thread sanitizer") == std::string_view::npos;

std::filesystem::path example(const std::string& name);  // in examples/

}  // namespace crosspike::testing
