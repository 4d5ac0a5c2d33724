#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the includes of the source with the rules of its rooms.

  check_rooms.py SOURCE ROOMS

ROOMS is the rooms.txt that CMake writes (cmake/room.cmake): "cli/server: base cli/sql", a line a
room. Each "#include" that leaves its folder must go to a room that the rule names; no rule may make
a circle of rooms; and no two files may include each other in a circle, where a .c, its .h and its
_impl.h count as one. Prints what it finds; exit 1 where it found something.
"""
import os
import re
import subprocess
import sys

source, rooms_file = sys.argv[1], sys.argv[2]
rules = {}
with open(rooms_file, encoding="utf-8") as lines:
    for line in lines:
        room, _, below = line.strip().partition(":")
        # base_json is the part of base that needs libraries.
        rules[room] = {"base" if name == "base_json" else name for name in below.split()}
# The programs stand above the rooms: main.c and what only it uses.
programs = {"cli/main.c": "cli/commands", "udf/main.c": "udf", "udf/options.c": "udf", "udf/options.h": "udf"}
found = 0


def say(text):
    global found
    found += 1
    print(text)


def unit(path):
    return re.sub(r"(_impl)?\.[ch]$", "", path)


tops = sorted({room.split("/")[0] for room in rules})
files = subprocess.run(["git", "-C", source, "ls-files", "--cached", "--others", "--exclude-standard",
                        "--", *tops], text=True, capture_output=True, check=True).stdout.split()
files = [f for f in files if f.endswith((".c", ".h")) and os.path.exists(os.path.join(source, f))]
graph = {}
includes = 0
for path in files:
    room = os.path.dirname(path)
    if path not in programs and room not in rules:
        say(f"{path}: its folder is no room: add lc_room({room} …)")
        continue
    with open(os.path.join(source, path), encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            match = re.match(r'#include "([^"]+)"', line)
            if not match:
                continue
            includes += 1
            other = match.group(1)
            if "/" not in other:
                if not other.startswith("livecol_"):
                    say(f'{path}:{number}: "{other}" is not written from the root')
                continue
            graph.setdefault(unit(path), set()).add(unit(other))
            to = os.path.dirname(other)
            if path not in programs and to != room and to not in rules[room]:
                say(f"{path}:{number}: {room} may not use {to} ({other})")
for room, below in rules.items():
    reached, todo = set(), list(below)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(rules.get(name, ()))
    if room in reached:
        say(f"{room}: the rules make a circle")


def circle_from(start):
    seen, path = set(), [(start, iter(graph.get(start, ())))]
    while path:
        for name in path[-1][1]:
            if name == start and len(path) > 1:
                return [at for at, _ in path]
            if name not in seen and name != start:
                seen.add(name)
                path.append((name, iter(graph.get(name, ()))))
                break
        else:
            path.pop()
    return None


for name in sorted(graph):
    circle = circle_from(name)
    if circle and name == min(circle):
        say("a circle of files: " + " -> ".join([*circle, name]))
if not includes or len(rules) < 2:
    say("nothing was compared")
print(f"{len(files)} files, {includes} includes, {len(rules)} rooms, {found} findings")
sys.exit(1 if found else 0)
