#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What cmake/embed_sql.cmake makes of a file, and what it refuses, with the place.
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/livecol.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

fail() {
  echo "FAILED: $*"
  failed=1
}

embed() { # of the text on stdin
  rm -f "$dir/out.c" "$dir/out.h"
  cat >"$dir/room.sql"
  cmake -DOUT="$dir/out" -DFILES="$dir/room.sql" -P "$LIVECOL_SOURCE/cmake/embed_sql.cmake" >"$dir/log" 2>&1
}

refused() { # MESSAGE, of the text on stdin
  if embed; then
    fail "taken: $1"
  elif ! tr -s ' \n' ' ' <"$dir/log" | grep -qF -- "$1"; then
    fail "other message than: $1"
    cat "$dir/log"
  elif [ -e "$dir/out.c" ]; then
    fail "written all the same: $1"
  fi
}

embed <<'SQL'
-- What this room asks.

-- :name find (table, database) -> at most one row: name, made_s uint,
--     progress number, delta int
SELECT name, [1;2], 'a;b\\', "c"
FROM {id:table} WHERE database = {str:database} OR {str:table} = '';

-- A word about the next.
-- :name drop_it (table)
DROP TABLE {id:table};

-- :name find_plain (table) -> as find
SELECT {str:table};
-- :name part () -> anything
CHECK TABLE x;
-- :name one () -> one row: n uint
SELECT 1 AS n;
-- :name sealed_one (table) -> sealed at most one row: name key, n uint
SELECT name, n FROM {id:table};
-- :name sealed_too (table) -> as sealed_one
SELECT name, n FROM {id:table} AS x;
-- :name sealed_any () -> sealed: name
SELECT name FROM y;
SQL
cat >"$dir/main.c" <<'C'
#include "out.h"
#include <assert.h>
#include <string.h>
int main(void)
{
    const struct lc_sql *find = lc_sql_find, *plain = lc_sql_find_plain;
    assert(strcmp(find->text, "SELECT name, [1;2], 'a;b\\\\', \"c\"\n"
                              "FROM {id:table} WHERE database = {str:database} OR {str:table} = ''") == 0);
    assert(strcmp(find->name, "find") == 0 && find->rows == LC_SQL_ROWS_AT_MOST_ONE);
    assert(strcmp(find->args[0], "table") == 0 && strcmp(find->args[1], "database") == 0 && !find->args[2]);
    assert(find->width == 4 && LC_SQL_FIND_WIDTH == 4);
    assert(LC_SQL_FIND_NAME == 0 && LC_SQL_FIND_MADE_S == 1 && LC_SQL_FIND_PROGRESS == 2 && LC_SQL_FIND_DELTA == 3);
    assert(strcmp(find->columns[0].name, "name") == 0 && find->columns[0].kind == LC_SQL_TEXT);
    assert(strcmp(find->columns[1].name, "made_s") == 0 && find->columns[1].kind == LC_SQL_UINT);
    assert(find->columns[2].kind == LC_SQL_NUMBER && find->columns[3].kind == LC_SQL_INT);
    assert(strcmp(lc_sql_drop_it->text, "DROP TABLE {id:table}") == 0);
    assert(lc_sql_drop_it->rows == LC_SQL_ROWS_NONE && lc_sql_drop_it->width == 0);
    assert(plain->width == 4 && plain->rows == find->rows && plain->columns[3].kind == LC_SQL_INT);
    assert(lc_sql_part->rows == LC_SQL_ROWS_UNKNOWN && lc_sql_part->width == 0 && !lc_sql_part->args[0]);
    assert(lc_sql_one->rows == LC_SQL_ROWS_ONE && LC_SQL_ONE_WIDTH == 1 && !lc_sql_one->sealed);
    assert(lc_sql_sealed_one->sealed && lc_sql_sealed_one->rows == LC_SQL_ROWS_AT_MOST_ONE);
    assert(lc_sql_sealed_one->width == 2 && LC_SQL_SEALED_ONE_WIDTH == 2);
    assert(lc_sql_sealed_one->columns[0].kind == LC_SQL_KEY);
    assert(strcmp(lc_sql_sealed_one->text,
                  "SELECT sealed.1 AS name, sealed.2 AS n, rows_n,\n"
                  "    lower(hex(SHA256(concat(ifNull(toString(name), ''), '\\n', ifNull(toString(n), ''), '\\n', "
                  "toString(rows_n), '\\n', toString(row_i))))) AS row_sha256\n"
                  "FROM (SELECT count() AS rows_n, groupArray(tuple(name, n)) AS sealed_rows FROM (\n"
                  "SELECT name, n FROM {id:table}\n))\n"
                  "LEFT ARRAY JOIN sealed_rows AS sealed, arrayEnumerate(sealed_rows) AS row_i\n"
                  "ORDER BY row_i") == 0);
    assert(lc_sql_sealed_too->sealed && strstr(lc_sql_sealed_too->text, "AS x\n))") != NULL);
    assert(lc_sql_sealed_any->sealed && lc_sql_sealed_any->rows == LC_SQL_ROWS_ANY);
    assert(strstr(lc_sql_sealed_any->text, "groupArray(tuple(name))") != NULL);
    return 0;
}
C
sed "s/\"livecol_sql.h\"/\"out.h\"/" "$dir/out.c" >"$dir/made.c"
cc -Wall -Werror -I"$dir" -I"$LIVECOL_SOURCE" "$dir/made.c" "$dir/main.c" -o "$dir/main"
"$dir/main" || fail "what it makes"

refused 'room.sql: there is no block in it' <<<'SELECT 1;'
refused 'room.sql: the head is not NAME (ARGUMENTS) -> COLUMNS: find' <<<$'-- :name find\nSELECT 1;'
refused 'room.sql: the head is not NAME' <<<$'-- :name Find ()\nSELECT 1;'
refused 'room.sql: find: its text does not end with a semicolon' <<<$'-- :name find ()\nSELECT 1'
refused 'room.sql: find: its text does not end with a semicolon' <<<$'-- :name find ()\n-- :name b ()\nSELECT 1;'
refused 'room.sql: find: {str:b} is no argument of it' <<<$'-- :name find (a)\nSELECT {str:a}, {str:b};'
refused 'room.sql: find: the argument b is not used' <<<$'-- :name find (a, b)\nSELECT {str:a};'
refused 'room.sql: find: the placeholder {a} is none of {id:x}, {str:x} and {num:x}' <<<$'-- :name find (a)\nSELECT {a};'
refused 'room.sql: find: the placeholder {int:a} is none of' <<<$'-- :name find (a)\nSELECT {int:a};'
refused 'room.sql: find: "2" is no name' <<<$'-- :name find () -> 2\nSELECT 2;'
refused 'room.sql: find: "a b c" is no name' <<<$'-- :name find () -> a b c\nSELECT 2;'
refused 'room.sql: find: the kind of "a float" is none of' <<<$'-- :name find () -> a float\nSELECT 2;'
refused 'room.sql: find: it promises no column' <<<$'-- :name find () ->\nSELECT 2;'
refused 'room.sql: find: it promises no column' <<<$'-- :name find () -> sealed:\nSELECT 2;'
refused 'room.sql: find: it promises no column' <<<$'-- :name find () -> one row:\nSELECT 2;'
refused 'room.sql: find: there is no block other before it' <<<$'-- :name find () -> as other\nSELECT 2;'
refused 'room.sql: find: there are two of it' <<<$'-- :name find ()\nDROP 1;\n-- :name find ()\nDROP 2;'
exit $failed
