# SPDX-License-Identifier: Apache-2.0
# Flags of every translation unit. No -march (variants are chosen at run time) and no -ffast-math.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS")

# Without these a spike could depend on which instructions the compiler happened to pick; -fno-trapping-math and
# -fno-math-errno change no value and are what lets g++ vectorise the neuron loops.
set(CROSSPIKE_ARITHMETIC_FLAGS -ffp-contract=off -fno-trapping-math -fno-math-errno)
add_compile_options(${CROSSPIKE_ARITHMETIC_FLAGS})

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # False alarms of g++ 12 at -O3: "..." + std::string (gcc.gnu.org/PR105651), and Boost.Graph's edge iterator, which
  # holds a boost::optional. clang checks the same code.
  add_compile_options(-Wno-restrict)
  set_source_files_properties(core/graph.cpp PROPERTIES COMPILE_OPTIONS -Wno-maybe-uninitialized)
endif()
if(CROSSPIKE_WERROR)
  add_compile_options(-Werror)
endif()

# Packages hand on libraries that only their own static builds need.
add_link_options(-Wl,--as-needed)

if(CROSSPIKE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address)
  add_link_options(-fsanitize=address)
elseif(CROSSPIKE_SANITIZE)
  add_compile_options(-fsanitize=${CROSSPIKE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CROSSPIKE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-maybe-uninitialized) # false alarms on every std::variant that is instrumented
  endif()
endif()
