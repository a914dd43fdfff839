# SPDX-License-Identifier: Apache-2.0
# cmake -DBUILD=... -DWORK=... -DCOMPILER=... -P run.cmake: installs a build into WORK, then builds two programs with what
# is installed: this folder's, which includes every header, and the example of a closed loop, which runs.
file(REMOVE_RECURSE ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/installed)

function(build source to)
  run(${CMAKE_COMMAND} -S ${source} -B ${to} -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_PREFIX_PATH=${WORK}/installed -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=TRUE)
  run(${CMAKE_COMMAND} --build ${to})
endfunction()

build(${CMAKE_CURRENT_LIST_DIR} ${WORK}/build)
build(${WORK}/installed/share/crosspike/examples/cpp/closed_loop ${WORK}/closed_loop)
run(${WORK}/closed_loop/closed_loop)
if(NOT output MATCHES "^([0-9.]+) Hz in the second half, 20 Hz wanted\n$" OR CMAKE_MATCH_1 LESS 18 OR CMAKE_MATCH_1 GREATER 22)
  message(FATAL_ERROR "the closed loop printed: ${output}")
endif()
run(${WORK}/installed/bin/crosspike explain lif)
