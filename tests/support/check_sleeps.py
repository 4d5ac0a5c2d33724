#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Find sleeps in tests and scripts that wait for a time, where they should wait for a state.

  check_sleeps.py FILE...

A sleep is good in a loop that looks for something: one with a condition, or with a way out. Shell,
also where it is quoted or in a here document; C; Python; JavaScript. In C a function that is named
for it (pause, sleep) and does no more is a sleep itself. Prints what it finds, a line each; exit 1
where it found something.

A shell loop looks for something where its condition runs a command but `:`, `true`, `[ 1 ]`; or where
it can be left by break, return or exit.
"""
import ast
import re
import sys

found = 0


def say(path, line, text):
    global found
    found += 1
    print(f"{path}:{line}: {text.strip()}")


# --- shell: words at the place of a command, and loops by their words --------------------------------

# Where a command begins: at the start, behind a separator or a quote, behind a word that takes one.
BEFORE = r"""(?:^|[;&|({`"'!]|\b(?:do|then|else|if|while|until|exec|time|setsid|nohup|env|command))[ \t]*"""
WORD = re.compile(BEFORE + r"(while|until|for|select|done|sleep|break|return|exit)(?![\w(=.:/-])", re.M)
ENDLESS = re.compile(r"^\s*(?::|true|\[ 1 \]|\(\( *1 *\)\))\s*(?:;|\n)?\s*$")


def blank_comments(text):
    """The same text with spaces in place of comments: a # that begins a word."""
    return re.sub(r"(?m)(^|\s)#(?![!{]).*$", lambda m: m.group(1) + " " * (len(m.group(0)) - len(m.group(1))), text)


def check_shell(path, text):
    clean = blank_comments(text)
    loops, sleeps = [], []  # loops: [has a condition or a way out, the sleeps in it]

    for m in WORD.finditer(clean):
        word, at = m.group(1), m.start(1)
        if word in ("while", "until", "for", "select"):
            head = re.split(r"\bdo\b", clean[m.end(1):], maxsplit=1)[0]
            loops.append([word in ("while", "until") and not ENDLESS.match(head), []])
        elif word in ("break", "return", "exit"):
            for loop in loops[-1:]:
                loop[0] = True
        elif word == "done" and loops:
            looks, inside = loops.pop()
            if not looks:
                sleeps += inside
        elif word == "sleep":
            (loops[-1][1] if loops else sleeps).append(at)
    for _, inside in loops:
        sleeps += inside
    lines = text.splitlines()
    for at in sorted(sleeps):
        line = clean.count("\n", 0, at) + 1
        say(path, line, lines[line - 1])


# --- C and JavaScript: blocks by their braces --------------------------------------------------------

C_SLEEPS = r"usleep|nanosleep|clock_nanosleep|sleep|thrd_sleep|lc_sleep_ms"


def blank(text):
    """The same text with spaces in place of comments and of what is in quotes."""
    def spaces(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", spaces, text, flags=re.S)


def sleep_pieces(clean, names):
    """For each call of one of the names: where it is, and the heads of the blocks and statements around it."""
    heads, start, depth, calls = [], 0, 0, []
    pattern = re.compile(r"[{}();]|\b(?:" + names + r")(?=\s*\()")

    for m in pattern.finditer(clean):
        piece = m.group(0)
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        elif piece == "{" and depth == 0:
            heads.append(clean[start:m.start()])
            start = m.end()
        elif piece == "}" and depth == 0:
            if heads:
                heads.pop()
            start = m.end()
        elif piece == ";" and depth == 0:
            start = m.end()
        elif piece not in "{};":
            calls.append((m.start(), heads + [clean[start:m.start()]]))
    return calls


def in_loop(heads):
    return any(re.search(r"\b(?:while|for|do)\b", head) for head in heads)


def check_c(path, text, names=C_SLEEPS):
    clean = blank(text)
    own = set(re.findall(r"^[\w* ]*?\b(\w*(?:pause|sleep)\w*)\([^;{]*\)\s*\{", clean, flags=re.M))
    for at, heads in sleep_pieces(clean, "|".join([names, *sorted(own)])):
        name = re.match(r"\w+", clean[at:]).group(0)
        outer = heads[0] if heads else ""
        # A definition of its own, or in the body of such a one.
        if (name in own and len(heads) == 1) or any(re.search(rf"\b{o}\s*\(", outer) for o in own):
            continue
        if not in_loop(heads):
            line = clean.count("\n", 0, at) + 1
            say(path, line, text.splitlines()[line - 1])


# --- Python ------------------------------------------------------------------------------------------


def looks(loop):
    if isinstance(loop, ast.While) and not (isinstance(loop.test, ast.Constant) and loop.test.value):
        return True
    return any(isinstance(node, (ast.Break, ast.Return, ast.Raise)) for node in ast.walk(loop))


def check_python(path, text):
    def visit(node, good):
        if isinstance(node, (ast.While, ast.For)):
            good = good or looks(node)
        if isinstance(node, ast.Call) and not good:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "sleep":
                say(path, node.lineno, text.splitlines()[node.lineno - 1])
        for child in ast.iter_child_nodes(node):
            visit(child, good)

    visit(ast.parse(text), False)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith((".c", ".h")):
        check_c(path, text)
    elif path.endswith((".js", ".mjs")):
        check_c(path, text, "setTimeout")
    elif path.endswith(".py"):
        check_python(path, text)
    else:
        check_shell(path, text)
sys.exit(1 if found else 0)
