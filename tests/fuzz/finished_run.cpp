// SPDX-License-Identifier: Apache-2.0
// What a sweep keeps of a finished run: any text is read, and then written and read again as it was, or refused.
#include <crosspike/apps/cli/finished_run.hpp>

#include "bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosspike;
  fuzz::unless_refused([&] {
    const cli::FinishedRun run = cli::finished_run({reinterpret_cast<const char*>(data), size});
    const std::string text = cli::to_json(run);
    fuzz::demand(cli::to_json(cli::finished_run(text)) == text);  // of texts: NaN is unlike itself
  });
  return 0;
}
