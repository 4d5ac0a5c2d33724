# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=PATH -DFILES=a.sql;b.sql -P embed_sql.cmake: writes PATH.c and PATH.h, which hold the
# statements of those files. A file is a row of blocks:
#
#   -- :name find_column (database, table, column) -> at most one row: name, type, made_s uint
#   SELECT …;
#
# A block is struct lc_sql lc_sql_find_column[1] (cli/sql/quote.h) and an enum of its columns:
# LC_SQL_FIND_COLUMN_NAME, …, LC_SQL_FIND_COLUMN_WIDTH. The head says:
#
#   (a, b)            the arguments; the text uses each as {id:a}, {str:a} or {num:a}, and no other
#   -> x, y uint      what it answers: columns by name, each with its kind (none: text; key: a text that
#                     no two rows share)
#   -> one row: x     as that, in exactly one row; "at most one row:" in none or one
#   -> sealed …: x    as one of those, sealed: the server adds how many rows there are and a hash of
#                     each, so that an answer that lost a row or a bit on its way is found out; for
#                     what decides on changes (cli/server/answer_check.h)
#   -> as other       what the block `other` answers; it comes first, and its enum is used
#   -> anything       columns that differ between servers
#   nothing           an answer is not looked at
#
# A head goes on in lines that begin with "--     ". The text ends with a semicolon. What breaks
# these rules ends the build with the file and the block.
cmake_minimum_required(VERSION 3.25)

set(kinds text key uint int number)
set(rows_any LC_SQL_ROWS_ANY)
set(names)

function(fail text)
  message(FATAL_ERROR "${at}: ${text}")
endfunction()

# A C string of any text, byte by byte.
function(c_bytes out text)
  string(HEX "${text}" hex)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  set(${out} "{${hex}0}" PARENT_SCOPE)
endfunction()

# Make the text seal its rows. An empty answer has a row too, whose rows_n is 0.
function(seal out text columns)
  set(elements "")
  set(cells "")
  set(hashed "")
  set(n 0)
  foreach(column IN LISTS columns)
    string(REGEX REPLACE " .*" "" column "${column}")
    math(EXPR n "${n} + 1")
    string(APPEND elements "${column}, ")
    string(APPEND cells "sealed.${n} AS ${column}, ")
    string(APPEND hashed "ifNull(toString(${column}), ''), '\\n', ")
  endforeach()
  string(REGEX REPLACE ", $" "" elements "${elements}")
  set(${out} "SELECT ${cells}rows_n,
    lower(hex(SHA256(concat(${hashed}toString(rows_n), '\\n', toString(row_i))))) AS row_sha256
FROM (SELECT count() AS rows_n, groupArray(tuple(${elements})) AS sealed_rows FROM (
${text}
))
LEFT ARRAY JOIN sealed_rows AS sealed, arrayEnumerate(sealed_rows) AS row_i
ORDER BY row_i" PARENT_SCOPE)
endfunction()

# The words of "a, b uint" as a list of its items; an empty text gives none.
function(items out text)
  string(STRIP "${text}" text)
  string(REGEX REPLACE " *, *" ";" list "${text}")
  foreach(item IN LISTS list)
    if(NOT item MATCHES "^[a-z][a-z0-9_]*( [a-z]+)?$")
      fail("\"${item}\" is no name, nor a name and a kind")
    endif()
  endforeach()
  set(${out} "${list}" PARENT_SCOPE)
endfunction()

# Every placeholder of the text is an argument, and the other way round.
function(check_arguments text arguments)
  string(REGEX MATCHALL "{[^}]*}" used "${text}")
  set(found)
  foreach(one IN LISTS used)
    if(NOT one MATCHES "^{(id|str|num):([a-z][a-z0-9_]*)}$")
      fail("the placeholder ${one} is none of {id:x}, {str:x} and {num:x}")
    endif()
    set(argument "${CMAKE_MATCH_2}")
    if(NOT argument IN_LIST arguments)
      fail("${one} is no argument of it")
    endif()
    list(APPEND found "${argument}")
  endforeach()
  foreach(argument IN LISTS arguments)
    if(NOT argument IN_LIST found)
      fail("the argument ${argument} is not used")
    endif()
  endforeach()
endfunction()

# Add a block to header and source. `head` is one line, behind ":name ".
function(add_block head text)
  if(NOT head MATCHES "^([a-z][a-z0-9_]*) *\\(([^()]*)\\) *(->(.*))?$")
    fail("the head is not NAME (ARGUMENTS) -> COLUMNS: ${head}")
  endif()
  set(name "${CMAKE_MATCH_1}")
  set(argument_text "${CMAKE_MATCH_2}")
  set(arrow "${CMAKE_MATCH_3}")
  string(STRIP "${CMAKE_MATCH_4}" columns_text)
  set(at "${at}: ${name}")
  if(name IN_LIST names)
    fail("there are two of it")
  endif()
  items(arguments "${argument_text}")
  string(STRIP "${text}" text)
  if(NOT text MATCHES "[^;]+;$")
    fail("its text does not end with a semicolon")
  endif()
  string(REGEX REPLACE ";$" "" text "${text}")
  check_arguments("${text}" "${arguments}")

  string(TOUPPER "LC_SQL_${name}" upper)
  set(rows LC_SQL_ROWS_ANY)
  set(enum "")
  set(sealed false)
  if(columns_text MATCHES "^sealed *(.*)$")
    set(sealed true)
    string(REGEX REPLACE "^: *" "" columns_text "${CMAKE_MATCH_1}")
  endif()
  if(arrow STREQUAL "")
    set(rows LC_SQL_ROWS_NONE)
    set(columns)
  elseif(columns_text STREQUAL "anything")
    set(rows LC_SQL_ROWS_UNKNOWN)
    set(columns)
  elseif(columns_text MATCHES "^as ([a-z][a-z0-9_]*)$")
    set(other "${CMAKE_MATCH_1}")
    if(NOT DEFINED columns_of_${other})
      fail("there is no block ${other} before it whose columns it could have")
    endif()
    set(columns "${columns_of_${other}}")
    set(sealed "${sealed_of_${other}}")
    set(rows "${rows_of_${other}}")
  else()
    if(columns_text MATCHES "^(one row|at most one row): *(.*)$")
      set(columns_text "${CMAKE_MATCH_2}")
      set(rows LC_SQL_ROWS_ONE)
      if(CMAKE_MATCH_1 STREQUAL "at most one row")
        set(rows LC_SQL_ROWS_AT_MOST_ONE)
      endif()
    endif()
    items(columns "${columns_text}")
    if(columns STREQUAL "")
      fail("it promises no column")
    endif()
    foreach(column IN LISTS columns)
      string(REGEX REPLACE " .*" "" column "${column}")
      string(TOUPPER "${upper}_${column}" member)
      string(APPEND enum "    ${member},\n")
    endforeach()
    set(enum "enum {\n${enum}    ${upper}_WIDTH\n};\n")
    set(columns_of_${name} "${columns}" PARENT_SCOPE)
    set(rows_of_${name} "${rows}" PARENT_SCOPE)
    set(sealed_of_${name} "${sealed}" PARENT_SCOPE)
  endif()
  if(sealed)
    seal(text "${text}" "${columns}")
  endif()

  set(args_c "")
  foreach(argument IN LISTS arguments)
    string(APPEND args_c "\"${argument}\", ")
  endforeach()
  set(columns_c "")
  foreach(column IN LISTS columns)
    string(REGEX MATCH "^[^ ]+" column_name "${column}")
    string(REGEX MATCH "[^ ]+$" kind "${column} text")
    if(column MATCHES " ")
      string(REGEX REPLACE ".* " "" kind "${column}")
    endif()
    if(NOT kind IN_LIST kinds)
      fail("the kind of \"${column}\" is none of ${kinds}")
    endif()
    string(TOUPPER "${kind}" kind)
    string(APPEND columns_c "{\"${column_name}\", LC_SQL_${kind}}, ")
  endforeach()
  list(LENGTH columns width)
  c_bytes(bytes "${text}")
  set(source "${source}static const char text_${name}[] = ${bytes};
static const char *const args_${name}[] = {${args_c}NULL};
static const struct lc_sql_column columns_${name}[] = {${columns_c}{NULL, LC_SQL_TEXT}};
const struct lc_sql lc_sql_${name}[1] = {
    {\"${name}\", text_${name}, args_${name}, columns_${name}, ${width}, ${rows}, ${sealed}}};
" PARENT_SCOPE)
  set(header "${header}extern const struct lc_sql lc_sql_${name}[1];\n${enum}" PARENT_SCOPE)
  set(names "${names};${name}" PARENT_SCOPE)
endfunction()

set(header "/* Made from sql/: do not edit. */\n#ifndef LIVECOL_SQL_H\n#define LIVECOL_SQL_H\n#include \"cli/sql/quote.h\"\n")
set(source "/* Made from sql/: do not edit. */\n#include \"livecol_sql.h\"\n\n#include <stdbool.h>\n#include <stddef.h>\n\n")
foreach(file IN LISTS FILES)
  get_filename_component(at "${file}" NAME)
  string(APPEND header "\n/* ${at} */\n")
  file(READ "${file}" left)
  string(REPLACE "\n--     " " " left "\n${left}")
  string(FIND "${left}" "\n-- :name " from)
  if(from EQUAL -1)
    fail("there is no block in it")
  endif()
  while(NOT from EQUAL -1)
    math(EXPR from "${from} + 10")
    string(SUBSTRING "${left}" ${from} -1 left)
    string(FIND "${left}" "\n" eol)
    string(SUBSTRING "${left}" 0 ${eol} head)
    string(SUBSTRING "${left}" ${eol} -1 left)
    # a comment, or the next head, ends the text
    string(FIND "${left}" "\n--" end)
    string(SUBSTRING "${left}" 0 ${end} text)
    add_block("${head}" "${text}")
    string(FIND "${left}" "\n-- :name " from)
  endwhile()
endforeach()
string(APPEND header "\n#endif\n")
file(WRITE "${OUT}.h" "${header}")
file(WRITE "${OUT}.c" "${source}")
