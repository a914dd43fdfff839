// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the configs: any text is read or refused with crosspike::Error, what was read is written and read back
// as the same tree, any text is a fit or refused override, and what the tree says of a network or a liquid is read or
// refused.
#include <algorithm>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/models/lsm/settings.hpp>
#include <crosspike/models/network/model.hpp>
#include <cstdlib>

namespace {

using namespace crosspike;

// By hand, as NDEBUG may be set.
void demand(bool condition) {
  if (!condition) std::abort();
}

// Returns whether `act` was not refused. A fault of the system would be a bug: nothing here touches it.
template <class Act>
bool accepted(Act act) {
  try {
    act();
    return true;
  } catch (const Error& error) {
    demand(error.fault() != Fault::system);
    return false;
  }
}

// The same tree for small networks that read no files: a size asks for memory, which is no bug.
Value small(const Value& value) {
  if (const auto* number = value.as<std::int64_t>()) return Value(std::min<std::int64_t>(*number, 20), value.where());
  if (const auto* list = value.as<Array>()) {
    Array kept;
    for (const Value& element : *list) kept.push_back(small(element));
    return Value(std::move(kept), value.where());
  }
  if (const auto* table = value.as<Table>()) {
    Table kept;
    for (const auto& [key, inner] : *table) {
      const auto* shape = key == "shape" ? inner.as<Array>() : nullptr;
      if (key != "file" && !(shape && shape->size() > 3)) kept.set(key, small(inner));
    }
    return Value(std::move(kept), value.where());
  }
  return value;
}

const Library& library() {
  static const Library all = builtin();
  return all;
}

Value of_model(const Value& root, const char* model) {
  Value config = root;
  config.as<Table>()->set("format", Value(std::int64_t{1}));
  config.as<Table>()->set("model", Value(std::string(model)));
  return config;
}

void read_models(const Value& root) {
  accepted([&] { build_network(small(of_model(root, "network")), library()); });
  accepted([&] { read_lsm(small(of_model(root, "lsm")), library()); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Value root{Table()};
  const auto survives = [&] { demand(parse_config(to_toml(root), "fuzz") == root); };
  if (accepted([&] { root = parse_config(text, "fuzz"); })) {
    survives();
    read_models(root);
  }
  if (accepted([&] { apply_override(root, text); })) survives();
  return 0;
}
