#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The .deb packages: cpack makes them, their control data and files are looked at, they are unpacked into an empty folder,
# and the main job is done from there, on the embedded engine. Nothing is installed.
set -eu
: "${LIVECOL_BUILD:?}" "${LIVECOL_SOURCE:?}" "${LIVECOL_LIBCHDB:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

(cd "$work" && cpack --config "$LIVECOL_BUILD/CPackConfig.cmake" -B "$work/made") >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  fail 'cpack'
}
mapfile -t debs < <(find "$work/made" -maxdepth 1 -name '*.deb' | sort)
[ ${#debs[@]} = 2 ] || fail "two packages are made, not ${#debs[@]}"
for deb in "${debs[@]}"; do
  package=$(dpkg-deb -f "$deb" Package)
  dpkg-deb -e "$deb" "$work/control.$package"
  dpkg-deb -x "$deb" "$work/root"
  # A maintainer script could touch a service: there is none, nor a list of triggers.
  (cd "$work/control.$package" && find . -type f | sort) >"$work/control"
  printf './control\n./md5sums\n' | diff - "$work/control" || fail "$package: control files"
  for field in Version Architecture Maintainer Section Priority Description Installed-Size; do
    [ -n "$(dpkg-deb -f "$deb" $field)" ] || fail "$package has no $field"
  done
  dpkg-deb -f "$deb" Description | awk 'length > 80 { exit 1 }' || fail "$package: a long line in the description"
  (cd "$work/root" && md5sum --quiet -c "$work/control.$package/md5sums")
  # Mode, owner, and where a package may put files.
  dpkg-deb -c "$deb" | awk '
    $2 != "root/root" { print "owner:", $0 }
    $1 !~ /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/ { print "mode:", $0 }
    $1 ~ /^-..x/ && $6 !~ /^\.\/usr\/bin\// { print "executable:", $0 }
    $6 !~ /^\.\/usr\/($|bin\/|share\/)/ { print "place:", $0 }' >"$work/wrong"
  [ ! -s "$work/wrong" ] || fail "$package: $(cat "$work/wrong")"
  doc=$work/root/usr/share/doc/$package
  [ -s "$doc/copyright" ] || fail "$package has no copyright"
  gzip -dc "$doc/changelog.gz" | diff -q - "$LIVECOL_SOURCE/CHANGELOG.md" >&2
done

# On a machine for the function alone, without the libraries of livecol: one package.
(cmake -S "$LIVECOL_SOURCE" -B "$work/udf" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIVECOL_CLI=OFF -DLIVECOL_TESTS=OFF &&
  cmake --build "$work/udf" && cd "$work" && cpack --config "$work/udf/CPackConfig.cmake" -B "$work/alone") >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  fail 'cpack of livecol-udf alone'
}
alone=$(find "$work/alone" -maxdepth 1 -name '*.deb' -printf '%f ')
case $alone in livecol-udf_*.deb\ ) ;; *) fail "livecol-udf alone: $alone" ;; esac
dpkg-deb -x "$work"/alone/livecol-udf_*.deb "$work/alone/root"
[ "$(printf 'u1\n' | "$work/alone/root/usr/bin/livecol-udf" --rules "$LIVECOL_SOURCE/config/region.csv" --format TSV)" = us-east ] ||
  fail 'livecol-udf alone does not answer'
cd "$work/root/usr"

depends=$(dpkg-deb -f "$work"/made/livecol_*.deb Depends)
for library in libc6 libcurl libjansson4 libpopt0 libssl; do
  case $depends in *"$library"*) ;; *) fail "livecol does not depend on $library: $depends" ;; esac
done
[ -z "$(dpkg-deb -f "$work"/made/livecol-udf_*.deb Depends)" ] || fail 'livecol-udf depends on something'
! readelf -d bin/livecol-udf | grep -q NEEDED || fail 'livecol-udf is not static'
for program in bin/*; do
  ! readelf -S "$program" | grep -q '\.symtab' || fail "$program is not stripped"
  if strings "$program" | grep -qF "$LIVECOL_BUILD"; then fail "$program names the build folder"; fi
done
find . -type f | sort >"$work/files"
for file in share/man/man1/livecol.1.gz share/man/man1/livecol-udf.1.gz share/man/man5/livecol-rules.5.gz \
  share/man/man5/livecol-rules.5livecol.gz share/doc/livecol/docs/status.schema.json \
  share/bash-completion/completions/livecol share/livecol/config/livecol_function.xml share/livecol/config/region.csv \
  share/livecol/migrations/0001_add_region_to_events.sql share/doc/livecol/README.md; do
  [ -s "$file" ] || fail "not in the packages: $file"
done
# Every guide is there, and each that another names.
(cd "$LIVECOL_SOURCE" && find docs -name '*.md' | sort) | while read -r page; do
  [ -s "share/doc/livecol/$page" ] || fail "not in the packages: $page"
done
for page in share/doc/livecol/README.md share/doc/livecol/*/*.md; do
  grep -oE '\]\([^):#]+\.md' "$page" | sed 's/](//' | sort -u | while read -r link; do
    case $link in *CONTRIBUTING.md | *CHANGELOG.md) continue ;; esac # of the source; its changelog is changelog.gz
    [ -s "${page%/*}/$link" ] || fail "${page#share/doc/livecol/} names $link, which is not in the packages"
  done
done
for page in share/man/man*/*.gz; do
  gzip -dc "$page" | GROFF_NO_SGR=1 groff -K utf8 -man -ww -Tutf8 >/dev/null 2>"$work/groff"
  [ ! -s "$work/groff" ] || fail "$page: $(cat "$work/groff")"
done
bash -n share/bash-completion/completions/livecol

# The main job, from the unpacked folder alone: its own rules, migrations and livecol-udf.
mkdir "$work/empty"
cd "$work/empty"
code=0
env -i PATH=/usr/bin:/bin HOME=/nonexistent NO_COLOR=1 LIVECOL_LIBCHDB="$LIVECOL_LIBCHDB" \
  "$work/root/usr/bin/livecol" bench live --backend embedded --path "$work/engine" --rows 20k --phase-seconds 0.5 \
  --samples 10 --repeat-seconds 600 --budget errors=0 >"$work/demo" 2>&1 || code=$?
[ $code = 0 ] || {
  cat "$work/demo" >&2
  fail "the demo ends with $code"
}
grep -q '^ok  .*the five named rows: e1 us-east' "$work/demo" || fail 'the demo proves nothing'
