# SPDX-License-Identifier: Apache-2.0
# The .deb packages, by cpack: livecol (component cli) and livecol-udf (component udf, static). Neither has a maintainer
# script: nothing is started, restarted or reloaded by an installation.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME livecol)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "${LIVECOL_PACKAGE_CONTACT}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL udf)
if(LIVECOL_CLI)
  list(PREPEND CPACK_COMPONENTS_ALL cli)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_CLI_PACKAGE_NAME livecol)
set(CPACK_DEBIAN_CLI_PACKAGE_SECTION database)
set(CPACK_DEBIAN_CLI_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS "livecol-udf (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_CLI_PACKAGE_SUGGESTS "bash-completion, gnuplot-nox")
set(CPACK_COMPONENT_CLI_DESCRIPTION
    "Rules in a CSV file say what a key gives; versioned migrations add a column\n\
that a function in the server computes by them, fill it in while people read\n\
and write, and compare what is stored with the rules.")
set(CPACK_DEBIAN_UDF_PACKAGE_NAME livecol-udf)
set(CPACK_DEBIAN_UDF_PACKAGE_SECTION database)
set(CPACK_DEBIAN_UDF_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_UDF_DESCRIPTION
    "The program that a ClickHouse server runs: it derives a column from another by\n\
rules in a CSV file, as an executable function or as the source of a\n\
dictionary. One static program.")

# lc_install_doc(COMPONENT PACKAGE): what Debian wants of every package.
function(lc_install_doc component package)
  set(doc "${CMAKE_INSTALL_DATADIR}/doc/${package}")
  install(FILES "${PROJECT_SOURCE_DIR}/docs/copyright" DESTINATION "${doc}" COMPONENT ${component})
  install(FILES "${PROJECT_BINARY_DIR}/changelog.gz" DESTINATION "${doc}" COMPONENT ${component})
endfunction()

# Without name and time in it: the same input gives the same bytes.
add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/changelog.gz"
  COMMAND "${CMAKE_COMMAND}" -E copy "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_BINARY_DIR}/changelog"
  COMMAND "${LIVECOL_GZIP}" -9nf "${PROJECT_BINARY_DIR}/changelog"
  DEPENDS "${PROJECT_SOURCE_DIR}/CHANGELOG.md" VERBATIM)
add_custom_target(livecol-changelog ALL DEPENDS "${PROJECT_BINARY_DIR}/changelog.gz")
lc_install_doc(udf livecol-udf)
if(LIVECOL_CLI)
  lc_install_doc(cli livecol)
  install(FILES config/livecol_function.xml config/livecol_dictionary.xml config/region.csv
          DESTINATION "${CMAKE_INSTALL_DATADIR}/livecol/config" COMPONENT cli)
  install(DIRECTORY migrations/ DESTINATION "${CMAKE_INSTALL_DATADIR}/livecol/migrations" COMPONENT cli
          FILES_MATCHING PATTERN "*.sql")
  install(DIRECTORY config/container config/kubernetes DESTINATION "${CMAKE_INSTALL_DATADIR}/livecol/config" COMPONENT cli)
  # The pages name each other as they do in the source.
  install(FILES README.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/livecol" COMPONENT cli)
  install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/livecol/docs" COMPONENT cli
          FILES_MATCHING PATTERN "*.md" PATTERN "*.json" PATTERN man EXCLUDE)
  install(FILES bench/README.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/livecol/bench" COMPONENT cli)
endif()
include(CPack)
