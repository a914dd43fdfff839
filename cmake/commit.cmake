# SPDX-License-Identifier: Apache-2.0
# cmake -DSOURCE=... -DHEADER=... -P commit.cmake: writes CROSSPIKE_COMMIT, `-dirty` where files differ from the commit.
# safe.directory: a build as root of a user's checkout is no reason to lose the commit.
cmake_minimum_required(VERSION 3.25)
execute_process(
  COMMAND git -c safe.directory=* -C ${SOURCE} describe --always --abbrev=12 --dirty --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR NOT commit MATCHES "^[0-9a-f]+(-dirty)?$")
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${HEADER}
  CONTENT "// Made by the build.\n#pragma once\n\n#define CROSSPIKE_COMMIT \"@commit@\"\n" @ONLY)
