# SPDX-License-Identifier: Apache-2.0
# One place for what a program says of its own build: version and commit.
find_package(Git QUIET)
set(LIVECOL_COMMIT "unknown")
if(Git_FOUND)
  execute_process(COMMAND "${GIT_EXECUTABLE}" rev-parse --short=12 HEAD
                  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
                  OUTPUT_VARIABLE LIVECOL_COMMIT_OUT OUTPUT_STRIP_TRAILING_WHITESPACE
                  ERROR_QUIET RESULT_VARIABLE LIVECOL_COMMIT_RC)
  if(LIVECOL_COMMIT_RC EQUAL 0)
    set(LIVECOL_COMMIT "${LIVECOL_COMMIT_OUT}")
  endif()
endif()
string(TOUPPER "${CMAKE_BUILD_TYPE}" LIVECOL_BUILD_UPPER)
set(LIVECOL_BUILD_FLAGS "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${LIVECOL_BUILD_UPPER}}")
string(STRIP "${LIVECOL_BUILD_FLAGS}" LIVECOL_BUILD_FLAGS)
configure_file(cmake/version.h.in "${PROJECT_BINARY_DIR}/generated/livecol_version.h" @ONLY)
