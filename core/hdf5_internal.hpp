// SPDX-License-Identifier: Apache-2.0
// What hdf5.cpp and hdf5_read.cpp share. They and this header are the only files that see hdf5.h.
#pragma once

#include <hdf5.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/hdf5.hpp>
#include <string>
#include <utility>

namespace crosspike::hdf5::internal {

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

// Owns any kind of HDF5 identifier; negative means that the call which made it failed.
class Id {
 public:
  explicit Id(hid_t id) : id_(id) {}
  Id(Id&& other) noexcept : id_(other.release()) {}
  Id& operator=(Id&&) = delete;
  ~Id() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  operator hid_t() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }

 private:
  hid_t id_;
};

[[noreturn]] void fail(Fault fault, const std::string& where, const std::string& what);

// Pass a non-negative status on; else throw Error(input) or Error(system) with libhdf5's reason.
hid_t check_read(hid_t status, const std::string& where, const char* what);
hid_t check_write(hid_t status, const std::string& where, const char* what);

hid_t native(Type type);

}  // namespace crosspike::hdf5::internal
