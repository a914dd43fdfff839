# SPDX-License-Identifier: Apache-2.0
# What the build writes for the sources: the <crosspike/...> include path, <crosspike_generated/...> headers, and the
# file that registers the linked-in backends.
set(CROSSPIKE_GENERATED ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include ${CROSSPIKE_GENERATED}/crosspike_generated)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/crosspike SYMBOLIC)

configure_file(cmake/version.hpp.in ${CROSSPIKE_GENERATED}/crosspike_generated/version.hpp @ONLY)

# The commit changes without a configure, so it is read at each build; the header is touched only when it differs.
add_custom_target(crosspike_commit
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR}
          -DHEADER=${CROSSPIKE_GENERATED}/crosspike_generated/commit.hpp -P ${PROJECT_SOURCE_DIR}/cmake/commit.cmake
  BYPRODUCTS ${CROSSPIKE_GENERATED}/crosspike_generated/commit.hpp
  COMMENT "" VERBATIM)

# crosspike_read_list(FILE NAMES TYPES): the two columns `header_name TypeName` of a list of kinds. A third word,
# `scalar`, exempts a kind from scripts/check-vectorised.
function(crosspike_read_list file names_variable types_variable)
  set(names "")
  set(types "")
  if(EXISTS ${file})
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} lines)
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "#.*" "" line "${line}")
      string(STRIP "${line}" line)
      if(line STREQUAL "")
        continue()
      endif()
      if(NOT line MATCHES "^([a-z][a-z0-9_]*)[ \t]+([A-Z][A-Za-z0-9]*)([ \t]+scalar)?$")
        message(FATAL_ERROR "${file}: `${line}` is not `header_name TypeName` or `header_name TypeName scalar`")
      endif()
      set(name ${CMAKE_MATCH_1})
      set(type ${CMAKE_MATCH_2})
      if(name IN_LIST names)
        message(FATAL_ERROR "${file}: `${name}` is listed twice")
      endif()
      list(APPEND names ${name})
      list(APPEND types ${type})
    endforeach()
  endif()
  set(${names_variable} ${names} PARENT_SCOPE)
  set(${types_variable} ${types} PARENT_SCOPE)
endfunction()

# crosspike_write_kinds(FOLDER WORD MACRO): <crosspike_generated/WORD_kinds.hpp> from FOLDER/list.txt.
function(crosspike_write_kinds folder word macro)
  crosspike_read_list(${PROJECT_SOURCE_DIR}/${folder}/list.txt names types)
  set(text "// Made by CMake from ${folder}/list.txt.\n#pragma once\n\n")
  foreach(name IN LISTS names)
    string(APPEND text "#include <crosspike/${folder}/${name}.hpp>\n")
  endforeach()
  string(APPEND text "\n#define ${macro}(X)")
  foreach(type IN LISTS types)
    string(APPEND text " X(${type})")
  endforeach()
  file(CONFIGURE OUTPUT ${CROSSPIKE_GENERATED}/crosspike_generated/${word}_kinds.hpp CONTENT "${text}\n" @ONLY)
endfunction()

crosspike_write_kinds(neurons neuron CROSSPIKE_FOR_EACH_NEURON)
crosspike_write_kinds(operators operator CROSSPIKE_FOR_EACH_OPERATOR)

# crosspike_add_backend(NAME SOURCES...): links a backend in. It defines crosspike::make_NAME_backend().
function(crosspike_add_backend name)
  target_sources(crosspike_library PRIVATE ${ARGN})
  set_property(GLOBAL APPEND PROPERTY CROSSPIKE_LINKED_BACKENDS ${name})
endfunction()

# The core names no backend: this file is the only place that does.
function(crosspike_register_backends)
  get_property(names GLOBAL PROPERTY CROSSPIKE_LINKED_BACKENDS)
  set(DECLARATIONS "")
  set(CALLS "")
  foreach(name IN LISTS names)
    string(APPEND DECLARATIONS "std::unique_ptr<Backend> make_${name}_backend();\n")
    string(APPEND CALLS "  library.add(make_${name}_backend());\n")
  endforeach()
  configure_file(cmake/backends.cpp.in ${CROSSPIKE_GENERATED}/backends.cpp @ONLY)
  target_sources(crosspike_library PRIVATE ${CROSSPIKE_GENERATED}/backends.cpp)
endfunction()

# <crosspike_generated/examples.hpp>: the configs of examples/ and the scripts of examples/python, so that
# `crosspike init` needs no file.
function(crosspike_write_examples)
  file(GLOB example_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.toml)
  set(text "// Made by CMake from examples/.\n#pragma once\n\nnamespace crosspike {\n\n")
  string(APPEND text "struct Example {\n  const char *name, *text;\n};\ninline constexpr Example examples[] = {\n")
  foreach(example_file IN LISTS example_files)
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${example_file})
    cmake_path(GET example_file STEM name)
    file(READ ${example_file} content)
    string(APPEND text "    {\"${name}\", R\"TOML_TEXT(${content})TOML_TEXT\"},\n")
  endforeach()
  string(APPEND text "};\ninline constexpr Example example_scripts[] = {\n")
  file(GLOB script_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/python/*.py)
  foreach(script_file IN LISTS script_files)
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script_file})
    cmake_path(GET script_file FILENAME name)
    file(READ ${script_file} content)
    string(APPEND text "    {\"${name}\", R\"PYTHON_TEXT(${content})PYTHON_TEXT\"},\n")
  endforeach()
  string(APPEND text "};\n\n}  // namespace crosspike\n")
  file(CONFIGURE OUTPUT ${CROSSPIKE_GENERATED}/crosspike_generated/examples.hpp CONTENT "@text@" @ONLY)
endfunction()

crosspike_write_examples()
