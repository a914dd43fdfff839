// SPDX-License-Identifier: Apache-2.0
#include <crosspike/core/library.hpp>
#include <cstdio>

int main() {
  const crosspike::Library library = crosspike::builtin();
  std::puts(library.kind("lif").name.c_str());
}
