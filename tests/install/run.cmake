# SPDX-License-Identifier: Apache-2.0
# cmake -DBUILD=... -DWORK=... -DCOMPILER=... -P run.cmake: installs a build into WORK, then configures, builds and runs
# the program of this folder with what is installed.
file(REMOVE_RECURSE ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/installed)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_PREFIX_PATH=${WORK}/installed -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=TRUE)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
if(NOT output STREQUAL "lif\n")
  message(FATAL_ERROR "the program printed: ${output}")
endif()
run(${WORK}/installed/bin/crosspike explain lif)
