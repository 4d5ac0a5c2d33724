# SPDX-License-Identifier: Apache-2.0
# What ./scripts/test runs besides the tests of one build: checks of the source, and of the other builds, which it has
# made before, what proves something there. All are tests of this one, so that one run of ctest does it all.
#   clang        optimised by another compiler: the unit tests
#   asan         ASan and UBSan: the unit tests, with all parsers; the command line; livecol and livecol-udf with
#                the engine of this build, since a program under ASan dies when it loads libchdb
#   ubsan        UBSan with libchdb in the process
#   fuzz         a few seconds a parser; scripts/test --fuzz gives each a minute, --fuzz=overnight an hour
set(check "${PROJECT_SOURCE_DIR}/scripts/check")

foreach(what IN ITEMS format shell text sleeps tidy)
  lc_add_test(check.${what} "${check}" ${what} "${PROJECT_BINARY_DIR}")
  set_tests_properties(check.${what} PROPERTIES LABELS check)
endforeach()
# An arrow that the rule of a room forbids: see cmake/room.cmake.
lc_add_test(check.rooms python3 "${PROJECT_SOURCE_DIR}/tests/support/check_rooms.py" "${PROJECT_SOURCE_DIR}"
            "${LC_ROOMS}")
set_tests_properties(check.format check.shell check.text check.sleeps check.rooms PROPERTIES LABELS "check;quick")

# lc_suite_test(PRESET NAME COMMAND...): a test of the programs of build/PRESET, with the engine of this one.
function(lc_suite_test preset name)
  set(build "${PROJECT_SOURCE_DIR}/build/${preset}")
  lc_add_test(${preset}.${name} ${ARGN})
  lc_test_properties(${preset}.${name} ${preset})
  get_test_property(${preset}.${name} ENVIRONMENT environment)
  list(FILTER environment EXCLUDE REGEX "^LIVECOL_(UDF|BIN)=")
  list(APPEND environment "LIVECOL_UDF=${build}/udf/livecol-udf" "LIVECOL_BIN=${build}/cli/livecol")
  if(preset STREQUAL ubsan)
    list(FILTER environment EXCLUDE REGEX "^LIVECOL_CHDB_HTTP=")
    list(APPEND environment "LIVECOL_CHDB_HTTP=${build}/tests/support/chdb-http")
  endif()
  set_tests_properties(${preset}.${name} PROPERTIES ENVIRONMENT "${environment}")
endfunction()

function(lc_suite_script preset folder what)
  lc_suite_test(${preset} ${folder}.${what} bash "${PROJECT_SOURCE_DIR}/tests/${folder}/test_${what}.sh")
endfunction()

get_property(unit_tests GLOBAL PROPERTY LIVECOL_UNIT_TESTS)
foreach(preset IN ITEMS clang asan)
  foreach(what IN LISTS unit_tests)
    lc_suite_test(${preset} unit.${what} "${PROJECT_SOURCE_DIR}/build/${preset}/tests/unit/test_${what}")
  endforeach()
endforeach()

foreach(what IN ITEMS golden golden_server rules udf)
  lc_suite_script(asan cli ${what})
endforeach()
lc_suite_script(asan engine live_http)
lc_suite_script(asan server hostile_answers)
lc_suite_test(asan engine.udf $<TARGET_FILE:test_udf>)

foreach(what IN ITEMS udf backend)
  lc_suite_test(ubsan engine.${what} "${PROJECT_SOURCE_DIR}/build/ubsan/tests/engine/test_${what}")
endforeach()
lc_suite_script(ubsan engine live_http)
lc_suite_script(ubsan engine verify)

get_property(fuzzers GLOBAL PROPERTY LIVECOL_FUZZERS)
foreach(what IN LISTS fuzzers)
  lc_suite_test(fuzz ${what} bash "${PROJECT_SOURCE_DIR}/tests/fuzz/run.sh"
                "${PROJECT_SOURCE_DIR}/build/fuzz/tests/fuzz/fuzz_${what}"
                "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${what}")
  # by scripts/test: how long each is run for
  if(LIVECOL_FUZZ_SECONDS GREATER 60)
    math(EXPR limit "1200 + 2 * ${LIVECOL_FUZZ_SECONDS}")
    set_tests_properties(fuzz.${what} PROPERTIES TIMEOUT ${limit})
  endif()
endforeach()
