#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# config/container and config/kubernetes, as far as that goes without a container engine and a cluster: the files are read
# (tests/support/node/check_deploy.mjs), and what they name and call is there. LIVECOL_LONG=1: the image's build, here.
set -eu
: "${LIVECOL_BUILD:?}" "${LIVECOL_SOURCE:?}"
export NODE_DIR=${LIVECOL_NODE_CLIENT:?the folder that holds node_modules}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
dockerfile=$LIVECOL_SOURCE/config/container/Dockerfile
server=$LIVECOL_SOURCE/config/container/server.Dockerfile
job=$LIVECOL_SOURCE/config/kubernetes/livecol-up.yaml
patch=$LIVECOL_SOURCE/config/kubernetes/clickhouse-patch.yaml

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
[ -d "$NODE_DIR/node_modules/kubernetes-models" ] || fail "kubernetes-models is not in $NODE_DIR: run scripts/bootstrap test"
check() { node "$LIVECOL_SOURCE/tests/support/node/check_deploy.mjs" "$@"; }

# A server that the patch is for.
cat >server.yaml <<'END'
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: clickhouse
spec:
  serviceName: clickhouse
  selector:
    matchLabels: {app: clickhouse}
  template:
    metadata:
      labels: {app: clickhouse}
    spec:
      containers:
        - name: clickhouse
          image: clickhouse/clickhouse-server
          volumeMounts:
            - {name: data, mountPath: /var/lib/clickhouse}
      volumes:
        - name: data
          emptyDir: {}
END
for file in "$dockerfile" "$server"; do check dockerfile "$file" || fail "$file"; done
check kubernetes "$job" >containers || fail "the Job: $(cat containers)"
check kubernetes "$patch" server.yaml >patched || fail "the patch: $(cat patched)"
# The check is no rubber stamp.
refused() { # WORDS FILE EXPRESSION [BASE]
  sed -e "$3" "$2" >changed
  ! cmp -s "$2" changed || fail "nothing is changed by $3"
  if check "$([ "$2" = "$dockerfile" ] && echo dockerfile || echo kubernetes)" changed ${4+"$4"} >said; then fail "passes: $3"; fi
  grep -qF "$1" said || fail "$3: $(cat said)"
}
refused 'Unknown instruction' "$dockerfile" 's/^COPY/COPPY/'
refused 'there is no such kind' "$job" 's/^kind: Job/kind: Jobb/'
refused 'must be integer' "$job" 's/backoffLimit: 3/backoffLimit: three/'
refused 'required property' "$job" 's/image: livecol/imagine: livecol/;s/- name: livecol$/- called: livecol/'
refused 'no such field: Job.spec.template.spec.containers.0.argz' "$job" 's/args:/argz:/'
refused 'there is no volume' "$job" 's/- name: migrations$/- name: other/;0,/- name: other/s//- name: migrations/'
refused 'there is no container' "$job" 's/containerName: livecol/containerName: other/'
refused 'must be equal' "$job" 's/restartPolicy: Never/restartPolicy: Seldom/'
refused 'has no image' "$patch" 's/- name: clickhouse$/- name: another/' server.yaml
refused 'Map keys must be unique' "$job" 's/^  name: livecol-up/&\n&/'

# What the image holds is what is installed.
DESTDIR=$work/image cmake --install "$LIVECOL_BUILD" --prefix /usr >installed
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$dockerfile")
[ -x "image$entry" ] || fail "the image has no $entry"
# packages STAGE: what the n-th stage installs.
packages() {
  awk -v stage="$1" '/^FROM/ { n++ } n == stage { print }' "$dockerfile" | tr -d '\\&' |
    sed -n '/apt-get install/,/rm -rf/p' | tr ' ' '\n' | grep -xE '[a-z0-9.+-]+' | grep -vxE 'apt-get|install|update|rm|-.*' | sort
}
built_with=$(sed -n '/^packages_demo="/,/"$/p' "$LIVECOL_SOURCE/scripts/bootstrap" | sed 's/packages_demo=//' | tr -d '"' |
  xargs -n 1 | grep -vx git | sort)
[ "$(packages 1 | grep -v '^groff-base$')" = "$built_with" ] ||
  fail "the image is built with other packages than scripts/bootstrap installs: $(packages 1)"
readelf -d "image$entry" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | while read -r library; do
  package=$(dpkg -S "*/$library" | grep -oE '^[a-z0-9.+-]+' | sort -u | head -n 1)
  [ "$package" = libc6 ] || packages 2 | grep -qx "$package" || fail "the image lacks $package, for $library"
done

# The commands by which the Dockerfile builds, in folders of this test; all of them, or the first.
sed -n '/^RUN cmake/,/[^\\]$/p' "$dockerfile" | tr -d '\\\n' | sed -e 's/^RUN //' -e "s|/src|$LIVECOL_SOURCE|; s|/build|$work/build|g; s|=/image|=$work/built|" >build.sh
[ -n "${LIVECOL_LONG:-}" ] || sed -i 's/ && .*//' build.sh
grep -q "cmake --preset release -S $LIVECOL_SOURCE -B $work/build" build.sh || fail "the Dockerfile's build is not understood: $(cat build.sh)"
bash -e build.sh >log 2>&1 || { cat log && fail 'the image does not build'; }
if [ -n "${LIVECOL_LONG:-}" ]; then
  "built$entry" --version >/dev/null || fail 'what the image builds does not run'
  (cd built && find . -type f | sort) >built.files
  (cd image && find . -type f | sort) | diff - built.files || fail 'the image has other files than a build here'
fi

# The Job's arguments are livecol's, and its secret is enough: it gets as far as the server, which is not there.
IFS=$'\t ' read -ra called <containers
[ "${called[0]}" = livecol ] || fail "the Job's container: ${called[0]}"
mkdir migrations
printf 'SELECT 1;\n' >migrations/0001_t.sql
code=0
CLICKHOUSE_URL=http://127.0.0.1:1/ "image$entry" "${called[@]:1:2}" "$work${called[3]}" "${called[@]:4}" >said 2>&1 || code=$?
[ $code = 1 ] || fail "livecol ${called[*]:1} ends with $code: $(cat said)"

# The heads of patch and server's image: their first commands make what ConfigMap and image hold.
cp "$LIVECOL_SOURCE/config/region.csv" .
for file in "$server" "$patch"; do
  rm -rf out
  PATH=$work/image/usr/bin:$PATH bash -e <<<"$(sed -n 's/^# *\(mkdir .*\|livecol config install .*\)$/\1/p' "$file")" >said 2>&1 ||
    fail "$file: $(cat said)"
  [ -s out/region_v1.csv ] || fail "$file: its head installs nothing"
done
while read -r from to; do
  case $from in --from=livecol) read -r from to <<<"$to" && from=image$from ;; *) from=out/$from ;; esac
  [ -s "$from" ] || fail "the server's image copies $from, which nobody makes"
  mkdir -p "server$to" && cp "$from" "server$to"
done < <(sed -n 's/^COPY //p' "$server")
[ "$(find server -type f | wc -l)" = 3 ] || fail 'the server image has program, rules and definition'
moved=$(sed -n "s|.*<user_scripts_path>\(.*\)</user_scripts_path>.*|\1|p" "$server")
[ -x "server$moved/livecol-udf" ] || fail "the server looks in $moved"
# The init container copies the same; and the definition calls what it has copied.
mkdir rules user_scripts
sed -n 's/^#.*create configmap//p' "$patch" | grep -oE 'from-file=[^ ]+' | while IFS='=' read -r _ file; do
  [ -s "$file" ] || fail "livecol config install makes no $file"
  cp "$file" rules/
done
init=$(sed -n 's/^livecol-udf\t//p' patched)
bash -e <<<"$(sed "s| /usr/| image/usr/|; s| /rules/| rules/|; s| /user_scripts/| user_scripts/|" <<<"$init")" || fail "$init"
grep -qF "subPath: $(cd rules && echo ./*.xml | sed 's|\./||')" "$patch" || fail 'the definition is not mounted'
read -ra command <<<"$(sed -n 's|.*<command>\(.*\)</command>.*|\1|p' rules/*.xml)"
[ "$(cd user_scripts && printf 'u1\n' | "./${command[0]}" "${command[@]:1}" --format TSV)" = us-east ] ||
  fail "the server's call does not answer: ${command[*]}"
