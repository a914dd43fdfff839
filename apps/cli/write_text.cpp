// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <crosspike/apps/cli/write_text.hpp>
#include <crosspike/core/error.hpp>
#include <cstring>
#include <fstream>

namespace crosspike::cli {

void write_text(const std::filesystem::path& path, std::string_view text, Existing existing, std::string_view mend) {
  AtomicFile file(path, existing);
  std::ofstream out(file.temporary(), std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out)
    throw Error(Fault::system, fmt::format("cannot write {} ({}); {}", path.string(), std::strerror(errno), mend));
  file.commit();
}

}  // namespace crosspike::cli
