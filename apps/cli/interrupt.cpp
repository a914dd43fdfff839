// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <crosspike/apps/cli/interrupt.hpp>
#include <crosspike/core/error.hpp>
#include <string_view>

namespace crosspike::cli {

namespace {

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // or a handler might not touch it

constexpr int interrupted_code = static_cast<int>(Fault::interrupted);

// Only async-signal-safe calls.
void stop(int) {
  if (asked_to_stop.exchange(true)) ::_exit(interrupted_code);
  constexpr std::string_view text = "\nstopping; once more to stop at once\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = stop;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction inherited {};
    ::sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
  // A closed pipe and a file at its size limit are errors of write, which says so and cleans up.
  action.sa_handler = SIG_IGN;
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaction(signal, &action, nullptr);
}

void check_interrupted() {
  if (asked_to_stop.load()) throw Error(Fault::interrupted, "interrupted; nothing was written");
}

}  // namespace crosspike::cli
