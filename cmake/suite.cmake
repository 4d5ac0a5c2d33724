# What ./scripts/test runs besides the tests of one build: checks of the source, and the other builds with their tests,
# each as a test, so that one run of ctest says it all.
set(check "${PROJECT_SOURCE_DIR}/scripts/check")

foreach(what IN ITEMS format shell text)
  lc_add_test(check.${what} "${check}" ${what})
  set_tests_properties(check.${what} PROPERTIES LABELS check)
endforeach()
# An arrow that the rule of a room forbids: see cmake/room.cmake.
lc_add_test(check.rooms python3 "${PROJECT_SOURCE_DIR}/tests/support/check_rooms.py" "${PROJECT_SOURCE_DIR}"
            "${LC_ROOMS}")
set_tests_properties(check.rooms PROPERTIES LABELS check)
lc_add_test(check.tidy "${check}" tidy "${PROJECT_BINARY_DIR}")
set_tests_properties(check.tidy PROPERTIES LABELS check)

# lc_suite_build(PRESET CTEST-OPTION...): build/PRESET is made, then its tests are run; nothing is run without options.
function(lc_suite_build preset)
  add_test(NAME ${preset}.build COMMAND "${check}" build ${preset})
  set_tests_properties(${preset}.build PROPERTIES FIXTURES_SETUP ${preset} LABELS build
                       PROCESSORS 2 TIMEOUT 600)
  if(ARGN)
    add_test(NAME ${preset}.tests
             COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${PROJECT_SOURCE_DIR}/build/${preset}"
                     --output-on-failure --no-tests=error -j 2 ${ARGN})
    # Half of what they do is to wait for servers: two of them side by side keep two cores busy.
    set_tests_properties(${preset}.tests PROPERTIES FIXTURES_REQUIRED ${preset} LABELS build
                         TIMEOUT 600)
  endif()
endfunction()

lc_suite_build(clang)
# A program under ASan dies when it loads libchdb: such tests are run under UBSan alone.
lc_suite_build(asan -LE chdb)
lc_suite_build(ubsan -L chdb)
# livecol-udf under ASan and UBSan, as the child of an engine that is not instrumented.
add_test(NAME asan.udf_in_engine COMMAND test_udf)
lc_test_properties(asan.udf_in_engine engine CHDB TIMEOUT 240)
get_test_property(asan.udf_in_engine ENVIRONMENT environment)
list(FILTER environment EXCLUDE REGEX "^LIVECOL_UDF=")
set_tests_properties(asan.udf_in_engine PROPERTIES
  FIXTURES_REQUIRED asan
  ENVIRONMENT "${environment};LIVECOL_UDF=${PROJECT_SOURCE_DIR}/build/asan/udf/livecol-udf")
# livecol under ASan and UBSan, over HTTP to the same engine, which runs livecol-udf under them too.
foreach(script IN ITEMS engine/test_live_http.sh cli/test_golden_server.sh)
  get_filename_component(what "${script}" NAME_WE)
  string(REPLACE "test_" "asan." what "${what}")
  add_test(NAME ${what} COMMAND bash "${PROJECT_SOURCE_DIR}/tests/${script}")
  lc_test_properties(${what} engine CHDB TIMEOUT 240)
  get_test_property(${what} ENVIRONMENT environment)
  list(FILTER environment EXCLUDE REGEX "^LIVECOL_(UDF|BIN)=")
  set_tests_properties(${what} PROPERTIES
    FIXTURES_REQUIRED asan
    ENVIRONMENT "${environment};LIVECOL_UDF=${PROJECT_SOURCE_DIR}/build/asan/udf/livecol-udf;LIVECOL_BIN=${PROJECT_SOURCE_DIR}/build/asan/cli/livecol")
endforeach()
# A few seconds a parser; scripts/test --fuzz gives each a minute.
lc_suite_build(fuzz -L fuzz)
set_tests_properties(fuzz.tests PROPERTIES TIMEOUT 1800)
