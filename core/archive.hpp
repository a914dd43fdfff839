// SPDX-License-Identifier: Apache-2.0
// Named arrays of bytes: what a State and its kernels save and load.
#pragma once

#include <algorithm>
#include <crosspike/core/wires.hpp>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace crosspike {

class Archive {
 public:
  template <class T>
  void put(const std::string& name, std::span<const T> values) {
    const auto bytes = std::as_bytes(values);
    arrays_[name].assign(bytes.begin(), bytes.end());
  }
  // Throws Error(input) when there is no such array, or its bytes are no whole number of T.
  template <class T>
  std::vector<T> get(const std::string& name) const {
    const std::vector<std::byte>& bytes = find(name, sizeof(T));
    std::vector<T> values(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(values)).begin());
    return values;
  }

  bool has(const std::string& name) const { return arrays_.count(name) != 0; }

  // Rows of a wire. `get_*` throw Error(input) when they do not fit the lanes and the width (elements of the port).
  void put(const std::string& name, const Spikes& rows);
  void put(const std::string& name, const Values& rows);
  SpikeBuffer get_spikes(const std::string& name, int lanes, std::size_t width) const;
  ValueBuffer get_values(const std::string& name, int lanes, std::size_t width) const;

 private:
  const std::vector<std::byte>& find(const std::string& name, std::size_t width) const;
  std::map<std::string, std::vector<std::byte>> arrays_;
};

}  // namespace crosspike
