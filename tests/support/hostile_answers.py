#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands of livecol against a server whose answers are changed: empty, cut at a line, a column
dropped, added or renamed, another type, numbers huge, negative or none, rows repeated or dropped,
bytes flipped, bombs of tabs, an error behind the rows.

  hostile_answers.py SCENARIOS --livecol PROGRAM --upstream HOST:PORT [--runs N] [--seed S] [--only K]

SCENARIOS is a file of JSON lines: {"name", "args": [...], "database", "changes": BOOL}. Each is run
once with true answers, which are recorded (the truth; replay.py). Then come N runs against the recorded
answers, some of which are changed; reads that were not recorded are asked of the server. The rule:

  - no crash (a sanitizer's word, a signal, more than 1 GiB of memory, 60 s);
  - statements that change the server's data are a prefix of the truth's, whatever the exit code;
  - exit 0 only if they are all of the truth's, in its order;
  - nothing is recorded as done before what the truth had sent by then was sent.

Before them come those that once broke it (FOUND), as runs below 0. Run K of seed S is the same again by
--only K --seed S. Exit codes: 0 good, 1 a run broke the rule.
"""
import argparse
import multiprocessing
import random
import sys
import tempfile
import time

import replay

TSV = "TabSeparatedWithNamesAndTypes"


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


# What went wrong once: of that scenario, that change to an answer to a statement that holds those words.
FOUND = [
    ("rederive", drop_rows, "AS part_rows FROM"),
    ("rederive", repeat_row, "AS part_rows FROM"),
    ("verify-full", other_numbers, "AS livecol_d FROM"),
    ("inline", other_numbers, "AS livecol_differ"),
    ("inline", drop_column, "AS livecol_x FROM (SELECT CAST("),
    ("inline", not_a_table, "AS livecol_x FROM (SELECT CAST("),
    ("down", swap_columns, "SELECT version() AS version"),
    ("backfill", swap_columns, "SELECT version() AS version"),
]
TRIES = 3  # of each, since most changes have a choice left


class Run(replay.Replay):
    def __init__(self, truth, upstream, rng, found=None):
        super().__init__(truth, upstream)
        self.change = found[1] if found else rng.choice(CHANGES)
        # one answer, or all answers to a statement
        texts = truth.order
        k = next(i for i, t in enumerate(texts) if found[2] in t) if found else rng.randrange(len(texts))
        self.text, self.once = texts[k], rng.random() < 0.6
        self.skip = texts[:k].count(self.text) if self.once else 0
        self.summary = rng.random() < 0.5  # 18.16 sends none
        self.seed, self.done = rng.random(), False

    def is_chosen(self, path, sql, answer):
        if answer.status != 200 or TSV not in path or answer.body.count(b"\n") < 2 or replay.normal(sql) != self.text:
            return False
        if not self.once:
            return True
        self.skip -= 1
        return self.skip == -1

    def changed(self, path, sql, answer):
        body = answer.body
        headers = [h for h in answer.headers if self.summary or h[0].lower() != "x-clickhouse-summary"]
        if self.is_chosen(path, sql, answer):
            body = self.change(random.Random(self.seed), body)
            self.done |= body != answer.body
        return replay.Answer(answer.status, headers, body)


def judge(truth, run, ended):
    """What is wrong with that run, or None."""
    if ended.code is None:
        return f"more than {replay.TIME_S} s"
    if ended.code < 0 or b"Sanitizer" in ended.err or b"runtime error" in ended.err:
        return f"crash ({ended.code})"
    data = replay.data_effects(run.effects)
    for i, (what, _) in enumerate(data):
        if i >= len(truth.data) or what != truth.data[i][0]:
            return f"a wrong effect: {what[:300]}"
    if ended.code == 0 and truth.code == 0 and replay.missing(data, truth.data):
        return f"exit 0 without {replay.missing(data, truth.data)[:300]}"
    return replay.wrong_claim(run.effects, truth.texts())


# Of a worker, a process of its own.
options = scenarios = truths = runner = None


def begin_worker(*given):
    global options, scenarios, truths, runner
    options, scenarios, truths, folder = given
    runner = replay.Runner(options.livecol, folder, options.sanitized)


def one(k):
    """Run k: what is to be counted, and what is to be said of it."""
    rng = random.Random(f"{options.seed}.{k}")
    found = FOUND[(-1 - k) // TRIES] if k < 0 else None
    scenario = next(s for s in scenarios if s["name"] == found[0]) if found else rng.choice(scenarios)
    truth = truths[scenario["name"]]
    run = Run(truth, options.upstream, rng, found)
    ended = runner.run(scenario["args"], scenario["database"], run.serve)
    wrong = judge(truth, run, ended)
    said = ""
    if wrong or options.only is not None:
        said = (f"{'FAILED: ' if wrong else ''}--seed {options.seed} --only {k}: {wrong}\n  {scenario['name']}: "
                f"{run.change.__name__} of {'one answer' if run.once else 'each answer'} to: {run.text[:150]!r}\n"
                f"  exit {ended.code}\n  {ended.err.decode(errors='replace')[:3000]}").replace("\n", "\n  ")
    return bool(wrong), ended.code == 0, run.unknown, run.done, said


def campaign(given, folder):
    listed = replay.load(given.scenarios)
    recorder = replay.Runner(given.livecol, folder, given.sanitized)
    recorded = {s["name"]: replay.record(recorder, s, given.upstream) for s in listed}
    recorder.close()
    print(f"seed {given.seed}; {len(listed)} scenarios, {sum(len(t.order) for t in recorded.values())} answers "
          f"recorded", flush=True)
    begun, runs, failed, good, unknown, changed = time.time(), 0, 0, 0, 0, 0

    def say():
        print(f"{runs} runs in {time.time() - begun:.0f} s: {changed} met a changed answer, {good} ended well all the "
              f"same, {unknown} statements were not recorded, {failed} failed", flush=True)

    todo = [given.only] if given.only is not None else range(-TRIES * len(FOUND), given.runs)
    with multiprocessing.get_context("fork").Pool(
        given.jobs, begin_worker, (given, listed, recorded, folder)) as pool:
        for wrong, well, asked, met, said in pool.imap_unordered(one, todo, chunksize=4):
            runs, failed, good, unknown, changed = runs + 1, failed + wrong, good + well, unknown + asked, changed + met
            if said:
                print(said, flush=True)
            if runs % 5000 == 0:
                say()
            if failed >= given.failures:
                break
    say()
    return 1 if failed or changed == 0 else 0


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
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(campaign(parser.parse_args(), folder))


if __name__ == "__main__":
    main()
