#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Start and stop Debian's clickhouse-server 18.16, unpacked in .deps, on loopback and a free port.
#
#   url=$(tests/support/server1816.sh start DIR)   prints the server's URL; all it writes is in DIR.
#                                                  DIR/config.d/ is merged in; DIR/ports, where it is
#                                                  there, holds the ports: HTTP, TCP, interserver
#   tests/support/server1816.sh stop DIR           by its pid, and waits until it has gone
#   tests/support/server1816.sh available          exit 0 where it is unpacked
#
# Dictionaries: DIR/*_dictionary.xml. Blocks are of 8,192 rows, since a cached dictionary answers nobody
# while it asks for what it lacks of a block.
#
# Exit codes: 0 good · 1 it did not start (its log's last lines are shown) · 2 usage.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/support/process.sh
. "$root/tests/support/process.sh"
home=${LIVECOL_CLICKHOUSE_1816:-$root/.deps/clickhouse-18.16}
server=$home/usr/sbin/clickhouse-server
library=$home/usr/lib/x86_64-linux-gnu

write_config() {
  local dir=$1 http=$2 tcp=$3 interserver=$4
  cat >"$dir/config.xml" <<XML
<yandex>
  <logger><level>warning</level><log>$dir/server.log</log><errorlog>$dir/server.err</errorlog></logger>
  <http_port>$http</http_port><tcp_port>$tcp</tcp_port>
  <interserver_http_port>$interserver</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <listen_host>127.0.0.1</listen_host>
  <path>$dir/data/</path><tmp_path>$dir/tmp/</tmp_path>
  <users_config>$dir/users.xml</users_config>
  <keep_alive_timeout>3600</keep_alive_timeout><mark_cache_size>67108864</mark_cache_size>
  <timezone>UTC</timezone>
  <dictionaries_config>*_dictionary.xml</dictionaries_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <query_log><database>system</database><table>query_log</table>
    <flush_interval_milliseconds>200</flush_interval_milliseconds></query_log>
</yandex>
XML
  cat >"$dir/users.xml" <<'XML'
<yandex>
  <profiles><default><log_queries>1</log_queries><max_block_size>8192</max_block_size></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
XML
}

# answers URL: true when the server says Ok.
answers() {
  curl -sf --noproxy '*' -m 2 "$1/ping" >/dev/null 2>&1
}

# processor_ticks PID: what it has used, in hundredths of a second.
processor_ticks() {
  local stat
  read -ra stat <"/proc/$1/stat" && echo $((stat[13] + stat[14]))
}

# That server may hang at its start: where a table cannot be loaded, a thread that wants to say so waits for
# a mutex that is gone, and the main thread for that thread. One that neither answers nor works for ten
# seconds is started again.
start() {
  local dir=$1 attempt ports pid url n worked before
  mkdir -p "$dir/data" "$dir/tmp"
  dir=$(cd "$dir" && pwd)
  for attempt in 1 2 3; do
    if [ -f "$dir/ports" ]; then
      read -ra ports <"$dir/ports"
    else
      read -ra ports <<<"$(free_ports 3)"
    fi
    write_config "$dir" "${ports[@]}"
    LD_LIBRARY_PATH=$library setsid "$server" --config-file="$dir/config.xml" \
      >"$dir/stdout" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$dir/pid"
    url="http://127.0.0.1:${ports[0]}"
    worked=0
    for n in $(seq 6000); do # until it answers, has ended, or hangs
      if answers "$url"; then
        echo "$url"
        return 0
      fi
      process_runs "$pid" || break
      if [ $((n % 200)) = 0 ]; then
        before=$worked
        worked=$(processor_ticks "$pid")
        [ $((worked - before)) -gt 5 ] || break
      fi
      sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
    echo "server1816: attempt $attempt failed" >&2
  done
  tail -n 5 "$dir/server.err" "$dir/stdout" >&2 || true
  return 1
}

stop() {
  local pid
  [ -f "$1/pid" ] || return 0
  pid=$(cat "$1/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 1200); do # it writes what it has in memory, which takes long on a busy machine
    process_runs "$pid" || break
    sleep 0.05
  done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1/pid"
}

case ${1:-} in
  available) [ -x "$server" ] ;;
  start) start "${2:?usage: server1816.sh start DIR}" ;;
  stop) stop "${2:?usage: server1816.sh stop DIR}" ;;
  *)
    echo "usage: server1816.sh start DIR | stop DIR | available" >&2
    exit 2
    ;;
esac
