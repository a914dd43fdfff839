# SPDX-License-Identifier: Apache-2.0
# Installs the library, the program, the public headers in the shape of <crosspike/...>, and find_package(crosspike).
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/crosspike)

install(TARGETS crosspike_library EXPORT crosspike_targets)
install(EXPORT crosspike_targets FILE crosspikeTargets.cmake NAMESPACE crosspike:: DESTINATION ${package_folder})
foreach(folder IN ITEMS core neurons operators datasets models)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/crosspike FILES_MATCHING PATTERN "*.hpp"
    PATTERN *_internal.hpp EXCLUDE PATTERN blas.hpp EXCLUDE)  # they need what only the build finds
endforeach()
install(DIRECTORY ${CROSSPIKE_GENERATED}/crosspike_generated DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DATADIR}/crosspike)

configure_package_config_file(cmake/crosspikeConfig.cmake.in ${PROJECT_BINARY_DIR}/crosspikeConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/crosspikeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/crosspikeConfig.cmake ${PROJECT_BINARY_DIR}/crosspikeConfigVersion.cmake
  DESTINATION ${package_folder})
