#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both programs are hardened as cmake/harden.cmake says: read from the files themselves.
set -eu
failed=0

# has FILE WHAT PATTERN TEXT: TEXT has a line with PATTERN; lacks: it has none.
has() { grep -qE -e "$3" <<<"$4" || fail "$1" "no $2"; }
lacks() { if grep -qE -e "$3" <<<"$4"; then fail "$1" "it has $2"; fi; }
fail() { echo "FAILED: $1: $2" && failed=1; }

program() {
  local file=$1 text
  text=$(readelf -W -h -l -d "$file")
  has "$file" 'random addresses (PIE)' '^ *Type: *DYN' "$text"
  has "$file" 'flag PIE' 'FLAGS_1.*PIE' "$text"
  has "$file" 'read-only relocations' ' GNU_RELRO ' "$text"
  has "$file" 'binding at start' 'FLAGS_1.*NOW' "$text"
  has "$file" 'mark for its stack' ' GNU_STACK .* RW ' "$text"
  lacks "$file" 'memory that is written and run' ' (LOAD|GNU_STACK) .* RWE ' "$text"
  lacks "$file" 'relocations in its code' 'TEXTREL' "$text"
  lacks "$file" 'a path to look for libraries' '\((RPATH|RUNPATH)\)' "$text"
}

program "$LIVECOL_UDF"
setting() { sed -n "s/^$1:[A-Z]*=//p" "$LIVECOL_BUILD/CMakeCache.txt"; }
if [ "$(setting LIVECOL_STATIC_UDF)" = ON ]; then
  lacks "$LIVECOL_UDF" 'an interpreter' ' INTERP ' "$(readelf -W -l "$LIVECOL_UDF")"
  lacks "$LIVECOL_UDF" 'a library that it needs' '\(NEEDED\)' "$(readelf -W -d "$LIVECOL_UDF")"
fi
[ -z "${LIVECOL_BIN:-}" ] || program "$LIVECOL_BIN"

# The programs may be stripped: what the compiler put in is read from the rooms.
optimised=no
case $(setting CMAKE_BUILD_TYPE) in Release | RelWithDebInfo | MinSizeRel) optimised=yes ;; esac
sanitized=no
case $(setting CMAKE_C_FLAGS) in *-fsanitize=* | *-O0*) sanitized=yes ;; esac
rooms="$LIVECOL_BUILD/base/liblc_base.a $LIVECOL_BUILD/udf/liblc_udf.a $LIVECOL_BUILD/udf/liblc_udf_rules.a"
[ -z "${LIVECOL_BIN:-}" ] || rooms="$rooms $LIVECOL_BUILD/cli/liblc_cli_server.a"
for room in $rooms; do
  symbols=$(readelf -W -s "$room")
  has "$room" 'stack protector' 'UND __stack_chk_fail$' "$symbols"
  if [ "$optimised$sanitized" = yesno ]; then
    has "$room" 'checked copies' 'UND __[a-z]+_chk$' "$symbols"
  fi
  if [ "$(setting HAVE_fcf_protection_full)" = 1 ]; then
    objects=$(readelf -W -n "$room" | grep -c '^File:')
    marked=$(readelf -W -n "$room" | grep -c 'x86 feature: IBT, SHSTK')
    [ "$objects" = "$marked" ] || fail "$room" "$marked of $objects objects are marked for CET"
  fi
done
[ "$failed" = 0 ] && echo "hardened"
