# SPDX-License-Identifier: Apache-2.0
# Processes by their ids, and free ports; to be sourced.
# shellcheck shell=bash

# process_runs PID: it is there, and no zombie. One that has ended keeps its id until init asks for it,
# which in a container may take seconds; its files and ports are free before.
process_runs() {
  local state
  read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 1
  [ "$state" != Z ]
}

# free_ports N: ports that nobody listens on right now.
free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
held = []
for _ in range(int(sys.argv[1])):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    held.append(s)
print(" ".join(str(s.getsockname()[1]) for s in held))
PY
}
