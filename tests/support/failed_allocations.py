#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The n-th allocation of a command fails, for n = 1 … until none is left to fail, against the answers
that were recorded of it (replay.py), so that a run takes milliseconds.

  failed_allocations.py SCENARIOS --livecol PROGRAM --upstream HOST:PORT [--step N] [--from N]

SCENARIOS is as for hostile_answers.py, PROGRAM is livecol-oom (fail_alloc.c). The rule, for each n:

  - no crash, and a message where the command fails;
  - statements that change the server's data are a prefix of the truth's, and all of them where it ends with 0;
  - nothing is recorded as done before what the truth had sent by then was sent.

Prints how many allocations each command makes, and a line "stops NAME N" for the first n of each place
that a run was left at (its effects): what the next run makes of that is for an engine to show.
Exit codes: 0 good, 1 a run broke the rule.
"""
import argparse
import multiprocessing
import re
import sys
import tempfile

import replay

# Of a worker, a process of its own.
options = scenarios = truths = runner = None


def begin_worker(*given):
    global options, scenarios, truths, runner
    options, scenarios, truths, folder = given
    runner = replay.Runner(options.livecol, folder, options.sanitized)


def judge(truth, run, ended):
    """What is wrong with that run, or None."""
    if ended.code is None:
        return f"more than {replay.TIME_S} s"
    if ended.code < 0 or ended.code >= 124 or b"Sanitizer" in ended.err:
        return f"exit {ended.code}"
    if ended.code != truth.code and b"livecol: " not in ended.err:
        return f"exit {ended.code} without a word"
    data = replay.data_effects(run.effects)
    for i, (what, _) in enumerate(data):
        if i >= len(truth.data) or what != truth.data[i][0]:
            return f"a wrong effect: {what[:300]}"
    if ended.code == truth.code and replay.missing(data, truth.data):
        return f"exit {ended.code} without {replay.missing(data, truth.data)[:300]}"
    return replay.wrong_claim(run.effects, truth.texts())


def with_failure(scenario, n):
    truth = truths[scenario["name"]]
    run = replay.Replay(truth, options.upstream)
    ended = runner.run(scenario["args"], scenario["database"], run.serve, {"LIVECOL_TEST_FAIL_ALLOC": n})
    return run, ended, judge(truth, run, ended)


def count(i):
    _, ended, _ = with_failure(scenarios[i], "count")
    return int(re.search(rb"^allocations: (\d+)$", ended.err, re.M)[1])


def one(task):
    """(scenario, n, exit code, where it was left, what is wrong)"""
    i, n = task
    run, ended, wrong = with_failure(scenarios[i], n)
    if wrong:
        wrong = (f"FAILED: allocation {n} of {scenarios[i]['name']}: {wrong}\n{ended.err.decode(errors='replace')[:2000]}"
                 f"effects: {run.effects}")
    return i, n, ended.code, (ended.code, tuple(run.effects)), wrong


def campaign(given, folder):
    listed = replay.load(given.scenarios)
    recorder = replay.Runner(given.livecol, folder, given.sanitized)
    recorded = {s["name"]: replay.record(recorder, s, given.upstream) for s in listed}
    recorder.close()
    failed, runs, ends, places = 0, 0, {}, {}
    with multiprocessing.get_context("fork").Pool(
        given.jobs, begin_worker, (given, listed, recorded, folder)) as pool:
        counts = pool.map(count, range(len(listed)))
        tasks = [(i, n) for i, all_of in enumerate(counts)
                 for n in range(given.first % given.step + 1, all_of + 1, given.step)]
        for i, n, code, place, wrong in pool.imap(one, tasks, chunksize=8):
            runs, failed = runs + 1, failed + bool(wrong)
            ends.setdefault(i, []).append(code)
            if wrong:
                print(wrong, flush=True)
            if code and (i, place) not in places:
                places[i, place] = n
                print(f"stops {listed[i]['name']} {n}")
            if failed >= 10:
                break
    for i, s in enumerate(listed):
        codes = ends.get(i, [])
        said = ", ".join(f"{codes.count(c)} exit {c}" for c in sorted(set(codes)))
        print(f"{s['name']}: {counts[i]} allocations, {len(codes)} failed one by one: {said}")
        if codes and not any(codes):
            print(f"FAILED: {s['name']}: no allocation matters")
            failed += 1
    print(f"{runs} runs, {failed} failed")
    return 1 if failed or not runs else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios")
    parser.add_argument("--livecol", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", help="which one of each step")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sanitized", action="store_true", help="the program has ASan: no limit of addresses")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(campaign(parser.parse_args(), folder))


if __name__ == "__main__":
    main()
