# SPDX-License-Identifier: Apache-2.0
# A room of the house: a folder, a static library, and the rooms below it that it may use.
#
#   lc_room(cli/server SOURCES a.c b.c BELOW base cli/sql LIBRARIES PkgConfig::CURL)
#
# makes lc_cli_server of the folder's sources. BELOW is the room's rule, kept in two ways:
#   - its code: the whole room is linked with nothing but the rooms below it, and fails to link where
#     it calls another one (rule_cli_server, built with the tests);
#   - its includes: rooms.txt in the build folder lists the rules, and `scripts/check rooms` compares
#     every #include with it.
set(LC_ROOMS "${PROJECT_BINARY_DIR}/rooms.txt")
file(WRITE "${LC_ROOMS}" "")

function(lc_room room)
  cmake_parse_arguments(arg "" "" "SOURCES;BELOW;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "lc_${room}")
  list(TRANSFORM arg_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/${room}/")
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
  set(below)
  foreach(other IN LISTS arg_BELOW)
    string(REPLACE "/" "_" other "lc_${other}")
    list(APPEND below ${other})
  endforeach()
  target_link_libraries(${target} PUBLIC ${below} PRIVATE ${arg_LIBRARIES})
  list(JOIN arg_BELOW " " below_text)
  file(APPEND "${LC_ROOMS}" "${room}: ${below_text}\n")
  if(LIVECOL_TESTS)
    add_executable(rule_${target} "${PROJECT_SOURCE_DIR}/cmake/rule.c")
    target_link_libraries(rule_${target} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>")
    set_target_properties(rule_${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/rules")
  endif()
endfunction()
