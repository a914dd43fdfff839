// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first asks the program to stop between two slices or samples, so that destructors remove what is half
// written; the second ends it at once.
#pragma once

namespace crosspike::cli {

// SIGINT, SIGTERM and SIGHUP as above, unless the parent had it ignored (`nohup`, `&` in a script); SIGPIPE becomes a
// failed write.
void catch_signals();
void check_interrupted();  // throws Error(interrupted) once a signal came

}  // namespace crosspike::cli
