// SPDX-License-Identifier: Apache-2.0
// The one exception type that crosspike throws. Its message is written for the person at the terminal;
// its fault decides the exit code of the program.
#pragma once

#include <stdexcept>
#include <string>

namespace crosspike {

enum class Fault {
  check = 1,          // a check that was asked for failed
  input = 2,          // a config, file, option or request is wrong
  cannot = 3,         // right, but this build, machine or backend cannot
  system = 4,         // disk, pipe, device, or a bug in crosspike
  interrupted = 130,  // Ctrl-C
};

class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}
  Fault fault() const { return fault_; }
  int exit_code() const { return static_cast<int>(fault_); }

 private:
  Fault fault_;
};

}  // namespace crosspike
