# SPDX-License-Identifier: Apache-2.0
# Finds what docs/dependencies.md lists; tests/CMakeLists.txt finds what only tests need. crosspike_dependencies is what
# the library's sources need beyond the public fmt; it is not exported.
find_package(Boost 1.74 REQUIRED)
find_package(fmt REQUIRED)
find_package(hwy REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(hdf5 REQUIRED IMPORTED_TARGET hdf5)
pkg_check_modules(openblas REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(lbfgs REQUIRED IMPORTED_TARGET liblbfgs)
find_path(CROSSPIKE_RANDOM123 Random123/philox.h REQUIRED)

add_library(crosspike_dependencies INTERFACE)
target_include_directories(crosspike_dependencies SYSTEM INTERFACE ${CROSSPIKE_RANDOM123})
target_link_libraries(crosspike_dependencies INTERFACE Boost::headers hwy::hwy nlohmann_json::nlohmann_json
  OpenMP::OpenMP_CXX PkgConfig::hdf5 PkgConfig::openblas PkgConfig::lbfgs Threads::Threads
  tomlplusplus::tomlplusplus ZLIB::ZLIB)
