// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first asks the program to stop between two slices or samples, so that destructors remove what is half
// written; the second ends it at once.
#pragma once

namespace crosspike::cli {

void catch_signals();      // SIGINT and SIGTERM as above; SIGPIPE becomes a failed write
void check_interrupted();  // throws Error(interrupted) once a signal came

}  // namespace crosspike::cli
