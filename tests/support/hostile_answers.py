#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands of livecol against a server whose answers are changed: empty, cut at a line, a column
dropped, added or renamed, another type, numbers huge, negative or none, rows repeated or dropped,
bytes flipped, bombs of tabs, an error behind the rows.

  hostile_answers.py SCENARIOS --livecol PROGRAM --upstream HOST:PORT [--runs N] [--seed S] [--only K]

SCENARIOS is a file of JSON lines: {"name", "args": [...], "database", "changes": BOOL}. Each is run
once through a recorder, with true answers (the truth). Then come N runs against the recorded answers,
some of which are changed; what was not recorded is asked of the server. The rule:

  - no crash (a sanitizer's word, a signal, more than 1 GiB of memory, 60 s);
  - statements that change the server's data are a prefix of the truth's, whatever the exit code;
  - exit 0 only if they are all of the truth's, in its order.

Run K of seed S is the same again by --only K --seed S. Exit codes: 0 good, 1 a run broke the rule.
"""
import argparse
import http.client
import json
import os
import random
import re
import resource
import socket
import subprocess
import sys
import threading
import time

TSV = "TabSeparatedWithNamesAndTypes"
MEMORY_BYTES = 1 << 30
TIME_S = 60
# Written for livecol's own sake: its history and its lock. They differ from run to run.
OWN = re.compile(r"schema_migrations")
BEAT = re.compile(r"^INSERT INTO .*schema_migrations_lock_\d+` \(at, beat_of\)")
PROBE = re.compile(r"livecol_probe_of_no_table")
READS = re.compile(r"^\s*(SELECT|WITH|SHOW|EXISTS|DESCRIBE|EXPLAIN|CHECK|SYSTEM FLUSH)\b", re.I)


def normal(sql):
    """The statement without what differs from run to run."""
    sql = re.sub(r"[0-9a-f]{32}", "RUN", sql)
    sql = re.sub(r"toUInt32\('\d{9,}'\)", "toUInt32('NOW')", sql)
    if sql.startswith("INSERT INTO") and "layout, seq" in sql:
        # up to the hash of the statement: times, process and host come behind it
        return sql[: sql.index("now()")]
    if sql.startswith("CREATE TABLE") and "beat_of String" in sql:
        return re.sub(r"DEFAULT '[^']*'", "DEFAULT", sql)
    return sql


FILL = re.compile(r"^ALTER TABLE \S+ (MATERIALIZE COLUMN .*)$", re.S)


def data_effects(effects):
    """The statements that change data, as (what, how much of it): a column is filled in as a whole or
    partition by partition, which is the same in the end."""
    out = []
    for sql in effects:
        if OWN.search(sql):
            continue
        fill = FILL.match(sql)
        if not fill:
            out.append((sql, None))
            continue
        parts = set(re.findall(r"IN PARTITION ID '(\w+)'", fill[1])) or {"all"}
        if out and out[-1][0] == "MATERIALIZE":
            parts |= out.pop()[1]
        out.append(("MATERIALIZE", parts))
    return out


def missing(data, truth):
    """What of the truth's effects is not among these."""
    for i, (what, parts) in enumerate(truth):
        if i >= len(data):
            return what
        if parts and "all" not in data[i][1] and not parts <= data[i][1]:
            return f"{what} of {parts - data[i][1]}"
    return None


def is_effect(sql):
    return not READS.match(sql) and not PROBE.search(sql) and not BEAT.match(sql)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Truth:
    """What a command asked and was answered: reads by the number of effects before them."""

    def __init__(self):
        self.reads, self.effects, self.order, self.run_id = {}, [], [], None

    def add(self, sql, answer):
        text = normal(sql)
        if is_effect(sql):
            self.effects.append((text, answer))
        else:
            key = (len(self.effects), text)
            self.reads.setdefault(key, []).append(answer)
            self.order.append(text)
        self.note_run(sql)

    def note_run(self, sql):
        found = re.search(r"'([0-9a-f]{32})'", sql)
        if found and "schema_migrations" in sql and not READS.match(sql):
            self.run_id = found[1]


def ask(upstream, path, body):
    connection = http.client.HTTPConnection(upstream, timeout=120)
    try:
        connection.request("POST", path, body)
        got = connection.getresponse()
        keep = [(k, v) for k, v in got.getheaders() if k.lower().startswith("x-clickhouse")]
        return Answer(got.status, keep, got.read())
    finally:
        connection.close()


class Server:
    """One server of a run at a time; serve(path, sql) gives the answer."""

    def __init__(self):
        self.serve = None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while self.one(connection, stream):
                    pass
        except OSError:
            pass

    def one(self, connection, stream):
        line = stream.readline()
        if not line:
            return False
        path, length = line.split()[1].decode(), 0
        while (header := stream.readline().strip()) != b"":
            name, value = header.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        body = stream.read(length)
        answer = self.serve(path, body)
        head = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
        head += [f"{name}: {value}" for name, value in answer.headers]
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + answer.body)
        return True


# ---- what is done to an answer ----


def cells(body):
    return [line.split(b"\t") for line in body.rstrip(b"\n").split(b"\n")]


def joined(rows):
    return b"\n".join(b"\t".join(row) for row in rows) + b"\n"


def some_row(rng, rows):
    return rng.randrange(2, len(rows)) if len(rows) > 2 else None


def empty(rng, body):
    return b""


def cut_at_line(rng, body):
    ends = [i + 1 for i, c in enumerate(body) if c == 10]
    return body[: rng.choice(ends[:-1] or [0])]


def cut_anywhere(rng, body):
    return body[: rng.randrange(len(body))]


def drop_column(rng, body):
    rows = cells(body)
    k = rng.randrange(len(rows[0]))
    return joined([row[:k] + row[k + 1 :] for row in rows]) if len(rows[0]) > 1 else b"\n\n"


def add_column(rng, body):
    rows = cells(body)
    k, new = rng.randrange(len(rows[0]) + 1), [b"more", b"UInt8"]
    return joined([row[:k] + [(new + [b"1"])[min(i, 2)]] + row[k:] for i, row in enumerate(rows)])


def rename_column(rng, body):
    rows = cells(body)
    rows[0][rng.randrange(len(rows[0]))] = rng.choice([b"", b"x", b"name", b"n", b"a" * 3000])
    return joined(rows)


def swap_columns(rng, body):
    rows = cells(body)
    a, b = rng.randrange(len(rows[0])), rng.randrange(len(rows[0]))
    for row in rows[rng.randrange(2) :]:
        row[a], row[b] = row[b], row[a]
    return joined(rows)


def other_type(rng, body):
    rows = cells(body)
    k = rng.randrange(len(rows[0]))
    rows[1][k] = rng.choice([b"String", b"UInt8", b"Array(String)", b"Nullable(Nothing)", b"", b"("])
    return joined(rows)


def other_cell(rng, body):
    rows = cells(body)
    i = some_row(rng, rows)
    if i is None:
        return b""
    rows[i][rng.randrange(len(rows[i]))] = rng.choice(
        [b"", b"-1", b"4294967295", b"18446744073709551615", b"99999999999999999999", b"1e308", b"nan",
         b"\\N", b"0", b"1", b"x" * 70000, b"\xff\xfe", b"\\0", b"'); DROP TABLE t; --", b"%s%n%s"])
    return joined(rows)


def other_numbers(rng, body):
    new = rng.choice([b"4294967295", b"18446744073709551615", b"0", b"-9223372036854775808", b"1e999"])
    rows = cells(body)
    for row in rows[2:]:
        for i, cell in enumerate(row):
            if cell.isdigit():
                row[i] = new
    return joined(rows)


def drop_row(rng, body):
    rows = cells(body)
    i = some_row(rng, rows)
    return joined(rows[:i] + rows[i + 1 :]) if i is not None else b""


def drop_rows(rng, body):
    return joined(cells(body)[:2])


def repeat_row(rng, body):
    rows = cells(body)
    i = some_row(rng, rows)
    if i is None:
        return joined(rows + [[b""] * len(rows[0])])
    return joined(rows[:i] + [rows[i]] * rng.choice([2, 3, 5000]) + rows[i + 1 :])


def shuffle_rows(rng, body):
    rows = cells(body)
    tail = rows[2:]
    rng.shuffle(tail)
    return joined(rows[:2] + tail)


def flip_bytes(rng, body):
    out = bytearray(body)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        i = rng.randrange(len(out))
        out[i] ^= 1 << rng.randrange(8)
    return bytes(out)


def flip_in_cells(rng, body):
    start = body.index(b"\n", body.index(b"\n") + 1) + 1
    if start == len(body):
        return flip_bytes(rng, body)
    return body[:start] + flip_bytes(rng, body[start:])


def bomb(rng, body):
    n = rng.choice([1 << 10, 1 << 16, 1 << 20, 1 << 23])
    one = rng.choice([b"\t", b"\n", b"\\N\t", b"\\"])
    return rng.choice([one * n + b"\n", body + one * n + b"\n", body[: body.index(b"\n")] + one * n + b"\n\n"])


def fail_behind_rows(rng, body):
    """As a server before 25.11 says that it failed in mid-answer; something on the way has made it whole."""
    error = rng.choice([b"49. DB::Exception: x (LOGICAL_ERROR)", b"241. DB::Exception: x (MEMORY_LIMIT_EXCEEDED)",
                        b"394. DB::Exception: x (QUERY_WAS_CANCELLED)", b"159. DB::Exception: x (TIMEOUT_EXCEEDED)"])
    failed = cut_at_line(rng, body) + b"__exception__\r\nCode: " + error + b" (version 25.3.1.1)\n"
    return failed if rng.randrange(2) else failed[: rng.randrange(len(failed)) + 1]


def not_a_table(rng, body):
    return rng.choice([b"<html>\n<body>busy</body>\n</html>\n", b"Ok.\n", b"\n", b"\n\n", b"\n\n\n", b"\0" * 64,
                       b"1\n", b"Code: 60. DB::Exception: Table x doesn't exist. (UNKNOWN_TABLE)\n"])


CHANGES = [empty, cut_at_line, cut_anywhere, drop_column, add_column, rename_column, swap_columns, other_type,
           other_cell, other_cell, other_numbers, drop_row, drop_rows, repeat_row, shuffle_rows, flip_bytes,
           flip_in_cells, flip_in_cells, bomb, not_a_table, fail_behind_rows]


# ---- runs ----


class Run:
    def __init__(self, truth, upstream, rng, counts):
        self.truth, self.upstream, self.rng = truth, upstream, rng
        self.lock, self.effects, self.at, self.run_id = threading.Lock(), [], {}, None
        self.change = rng.choice(CHANGES)
        # one answer, or all answers to a statement
        texts = truth.order
        k = rng.randrange(len(texts))
        self.text, self.once = texts[k], rng.random() < 0.6
        self.skip = sum(t == self.text for t in texts[:k]) if self.once else 0
        self.summary = rng.random() < 0.5  # 18.16 sends none
        self.seed, self.changed, self.unknown, self.counts = rng.random(), 0, 0, counts

    def recorded(self, sql, path):
        text = normal(sql)
        found = self.truth.run_id and self.truth.note_run
        if found and not READS.match(sql) and "schema_migrations" in sql:
            run = re.search(r"'([0-9a-f]{32})'", sql)
            self.run_id = run[1] if run else self.run_id
        if is_effect(sql):
            k = len(self.effects)
            self.effects.append(text)
            if k < len(self.truth.effects) and self.truth.effects[k][0] == text:
                return self.truth.effects[k][1]
            return Answer(200, [], b"")
        if BEAT.match(sql):
            return Answer(200, [], b"")
        for k in range(min(len(self.effects), len(self.truth.effects)), -1, -1):
            answers = self.truth.reads.get((k, text))
            if answers:
                i = self.at[k, text] = self.at.get((k, text), -1) + 1
                return answers[min(i, len(answers) - 1)]
        self.unknown += 1
        return None

    def serve(self, path, body):
        sql = body.decode("utf-8", "surrogateescape")
        with self.lock:
            answer = self.recorded(sql, path)
            if answer is None:
                answer = ask(self.upstream, path, body)
            out = answer.body
            if self.run_id and self.truth.run_id:
                out = out.replace(self.truth.run_id.encode(), self.run_id.encode())
            headers = [h for h in answer.headers if self.summary or h[0].lower() != "x-clickhouse-summary"]
            if answer.status == 200 and TSV in path and out.count(b"\n") >= 2 and normal(sql) == self.text:
                if not self.once or self.skip == 0:
                    self.changed += self.once
                    if not self.once or self.changed == 1:
                        out = self.change(random.Random(self.seed), out)
                        self.changed = 1
                self.skip -= 1
            return Answer(answer.status, headers, out)


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def start(options, scenario, port):
    sanitized = options.sanitized
    environment = dict(os.environ, CLICKHOUSE_URL=f"http://127.0.0.1:{port}/{scenario['database']}",
                       NO_COLOR="1", LIVECOL_TEST_BACKOFF_MS="4", ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:"
                       "max_allocation_size_mb=1024:hard_rss_limit_mb=1024")
    return subprocess.Popen([options.livecol] + scenario["args"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment, preexec_fn=None if sanitized else limits)


def record(options, scenario):
    truth, server, lock = Truth(), Server(), threading.Lock()

    def serve(path, body):
        answer = ask(options.upstream, path, body)
        with lock:
            sql = body.decode("utf-8", "surrogateescape")
            if not BEAT.match(sql):
                truth.add(sql, answer)
        return answer

    server.serve = serve
    process = start(options, scenario, server.port)
    out, err = process.communicate(timeout=300)
    truth.code = process.returncode
    if truth.code not in scenario.get("codes", [0]):
        sys.exit(f"{scenario['name']}: exit {truth.code} with true answers\n{out.decode()}{err.decode()}")
    truth.data = data_effects(e for e, _ in truth.effects)
    if bool(truth.data) != scenario["changes"]:
        sys.exit(f"{scenario['name']}: its true effects are {truth.data}")
    return truth


def judge(scenario, truth, run, code, err):
    """What is wrong with that run, or None."""
    if code < 0 or b"Sanitizer" in err or b"runtime error" in err:
        return f"crash ({code})"
    data = data_effects(run.effects)
    for i, (what, _) in enumerate(data):
        if i >= len(truth.data) or what != truth.data[i][0]:
            return f"a wrong effect: {what[:300]}"
    if code == 0 and truth.code == 0 and missing(data, truth.data):
        return f"exit 0 without {missing(data, truth.data)[:300]}"
    return None


def campaign(options, scenarios):
    truths = {s["name"]: record(options, s) for s in scenarios}
    print(f"seed {options.seed}; {len(scenarios)} scenarios, "
          f"{sum(len(t.order) for t in truths.values())} answers recorded", flush=True)
    todo = iter([options.only] if options.only is not None else range(options.runs))
    lock, failures, counts, begun = threading.Lock(), [], {"runs": 0, "good": 0, "unknown": 0, "changed": 0}, time.time()

    def work():
        server = Server()
        while True:
            with lock:
                k = next(todo, None)
            if k is None or len(failures) >= options.failures:
                return
            rng = random.Random(f"{options.seed}.{k}")
            scenario = rng.choice(scenarios)
            truth = truths[scenario["name"]]
            run = Run(truth, options.upstream, rng, counts)
            server.serve = run.serve
            process = start(options, scenario, server.port)
            try:
                out, err = process.communicate(timeout=TIME_S)
                wrong = judge(scenario, truth, run, process.returncode, err)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                wrong = f"more than {TIME_S} s"
            with lock:
                counts["runs"] += 1
                counts["good"] += process.returncode == 0
                counts["unknown"] += run.unknown
                counts["changed"] += run.changed > 0
                if wrong:
                    failures.append(k)
                    print(f"FAILED: --seed {options.seed} --only {k}: {wrong}\n  {scenario['name']}: "
                          f"{run.change.__name__} of {'one answer' if run.once else 'each answer'} to: "
                          f"{run.text[:150]!r}\n  exit {process.returncode}\n  "
                          + err.decode(errors="replace")[:3000].replace("\n", "\n  "), flush=True)
                elif options.only is not None:
                    print(scenario["name"], run.change.__name__, run.once, repr(run.text[:200]), process.returncode)
                    print(out.decode(errors="replace"), err.decode(errors="replace"))

    threads = [threading.Thread(target=work) for _ in range(options.jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(f"{counts['runs']} runs in {time.time() - begun:.0f} s: {counts['changed']} met a changed answer, "
          f"{counts['good']} ended well all the same, {counts['unknown']} statements were not recorded, "
          f"{len(failures)} failed")
    return 1 if failures or counts["changed"] == 0 else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios")
    parser.add_argument("--livecol", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--failures", type=int, default=10, help="stop after so many")
    parser.add_argument("--sanitized", action="store_true", help="the program has ASan: no limit of addresses")
    options = parser.parse_args()
    with open(options.scenarios, encoding="utf-8") as f:
        scenarios = [json.loads(line) for line in f if line.strip()]
    sys.exit(campaign(options, scenarios))


if __name__ == "__main__":
    main()
