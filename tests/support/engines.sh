# SPDX-License-Identifier: Apache-2.0
# Engines for tests that are scripts; to be sourced. What is started ends by its pid, in engines_stop.
#   LIVECOL_CHDB_HTTP, LIVECOL_UDF, LIVECOL_SOURCE must be set.
# shellcheck shell=bash
engine_pids=()
engine_dirs=()

# engine_functions DIR: put the function region_v1 and its program where the engine looks.
engine_functions() {
  mkdir -p "$1/user_scripts"
  cp "$LIVECOL_UDF" "$1/user_scripts/livecol-udf"
  cp "$LIVECOL_SOURCE/config/region.csv" "$1/user_scripts/region_v1.csv"
  cp "$LIVECOL_SOURCE/config/livecol_function.xml" "$1/livecol_function.xml"
}

# engine_function_like DIR NAME [SED-OPTION...]: the function NAME, configured as region_v1 but for what
# sed changes. Its rules are to be at DIR/user_scripts/NAME.csv.
engine_function_like() {
  local dir=$1 name=$2
  shift 2
  sed -e "s/region_v1/$name/g" "$@" "$LIVECOL_SOURCE/config/livecol_function.xml" >"$dir/${name}_function.xml"
}

# engine_program DIR NAME ARGUMENT: the function NAME(ARGUMENT) is the program DIR/user_scripts/NAME, which
# answers line by line. The server waits for it for ten minutes: a test may hold it.
engine_program() {
  cat >"$1/$2_function.xml" <<END
<functions><function>
  <type>executable</type><name>$2</name><command>$2</command>
  <argument><type>String</type><name>$3</name></argument>
  <return_type>String</return_type><return_name>result</return_name><format>TabSeparated</format>
  <command_read_timeout>600000</command_read_timeout><command_write_timeout>600000</command_write_timeout>
  <max_command_execution_time>600</max_command_execution_time>
  <check_exit_code>1</check_exit_code><stderr_reaction>throw</stderr_reaction>
</function></functions>
END
}

# engine_breakable_function DIR: next to it region_breakable, the same, one process a block, which fails
# while user_scripts/broken is there.
engine_breakable_function() {
  cat >"$1/user_scripts/breakable" <<'END'
#!/bin/sh
here=$(dirname "$0")
if [ -e "$here/broken" ]; then
  cat >/dev/null # else the server may meet the closed pipe first, and shows that instead of these words
  echo 'broken on purpose' >&2
  exit 1
fi
exec "$here/livecol-udf" "$@"
END
  chmod +x "$1/user_scripts/breakable"
  sed -e 's/region_v1(/region_breakable(/; s/<name>region_v1/<name>region_breakable/' \
    -e 's/<type>executable_pool/<type>executable/' -e 's/<command>livecol-udf /<command>breakable /' \
    "$LIVECOL_SOURCE/config/livecol_function.xml" >"$1/breakable_function.xml"
}

# engine_gated_function DIR NAME: a function NAME that answers as region_v1 does, one process a block,
# and passes the gate DIR/gate before each block (tests/support/wait.sh): gate_close "$dir/gate" NAME
# holds every call, gate_open lets them go on. While gate/NAME.broken is there it fails behind the gate.
engine_gated_function() {
  mkdir -p "$1/gate"
  cat >"$1/user_scripts/gated_$2" <<END
#!/bin/sh
here=\${0%/*}
gate=\$here/../gate/$2
waits() {
  [ -e "\$gate.hold" ] || return 1
  for pass in "\$gate".pass.*; do
    ! rmdir "\$pass" 2>/dev/null || return 1
  done
}
if waits; then
  echo \$\$ >"\$gate.writing" && mv "\$gate.writing" "\$gate.reached"
  while [ -e "\$gate.hold" ] || [ -e "\$gate.keep" ]; do sleep 0.02; done
fi
if [ -e "\$gate.broken" ]; then
  cat >/dev/null # else the server may meet the closed pipe first, and shows that instead of these words
  echo 'broken on purpose' >&2
  exit 1
fi
exec "\$here/livecol-udf" "\$@"
END
  chmod +x "$1/user_scripts/gated_$2"
  # The server ends a function that takes longer than it is told: a gate may be held for long.
  sed -e "s/region_v1(/$2(/; s/<name>region_v1/<name>$2/" \
    -e 's/<type>executable_pool/<type>executable/' -e "s/<command>livecol-udf /<command>gated_$2 /" \
    -e 's/60000</600000</' -e 's/time>60</time>600</' \
    "$LIVECOL_SOURCE/config/livecol_function.xml" >"$1/$2_function.xml"
}

# engine_gate DIR: a function at_gate(name) that answers its argument, row by row, and waits before at
# the gate DIR/gate of that name (tests/support/wait.sh). It holds a statement in its middle:
# INSERT ... SELECT at_gate(if(number = 10, 'half', 'go')) FROM numbers(20) SETTINGS max_block_size = 1
engine_gate() {
  mkdir -p "$1/gate" "$1/user_scripts"
  cat >"$1/user_scripts/at_gate" <<'END'
#!/bin/sh
gate=$(dirname "$0")/../gate
while IFS= read -r name; do
  if [ -e "$gate/$name.hold" ]; then
    : >"$gate/$name.reached"
    while [ -e "$gate/$name.hold" ]; do sleep 0.02; done
  fi
  echo "$name"
done
END
  chmod +x "$1/user_scripts/at_gate"
  engine_program "$1" at_gate name
}

# engine_start_chdb DIR [OPTION...]: the embedded engine over HTTP; its URL goes into engine_url.
engine_start_chdb() {
  local dir=$1 port=''
  shift
  mkdir -p "$dir"
  : >"$dir/port"
  "$LIVECOL_CHDB_HTTP" --path "$dir" "$@" >"$dir/port" 2>"$dir/stderr" &
  engine_pids+=($!)
  for _ in $(seq 6000); do # until it listens, or has ended
    port=$(sed -n 's/^port //p' "$dir/port")
    if [ -n "$port" ] || ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.05
  done
  if [ -z "$port" ]; then
    echo "chdb-http does not answer:" >&2
    cat "$dir/stderr" >&2
    return 1
  fi
  # shellcheck disable=SC2034 # for the script that sources this
  engine_url=http://127.0.0.1:$port
}

# engine_start_1816 DIR: Debian's server.
engine_start_1816() {
  # shellcheck disable=SC2034 # for the script that sources this
  engine_url=$("$LIVECOL_SOURCE/tests/support/server1816.sh" start "$1") || return 1
  engine_dirs+=("$1")
}

engines_stop() {
  local pid dir
  for pid in "${engine_pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  for dir in "${engine_dirs[@]}"; do
    "$LIVECOL_SOURCE/tests/support/server1816.sh" stop "$dir" || true
  done
  engine_pids=()
  engine_dirs=()
}

# engine_sql URL QUERY: the answer, TabSeparated; the error's text and 1 where it is refused.
engine_sql() {
  local answer code
  answer=$(curl -s --noproxy '*' -w '\n%{http_code}' "$1/?default_format=TabSeparated" \
    --data-binary "$2")
  code=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  [ -z "$answer" ] || printf '%s\n' "${answer%$'\n'}"
  [ "$code" = 200 ]
}
