# SPDX-License-Identifier: Apache-2.0
"""check_exposition.py FILE [NAME...]: the file is Prometheus text as its format says, and has these metrics; prints each
sample as NAME{LABELS} VALUE with its labels as JSON. Else it says where it is not, and exits with 1.

https://prometheus.io/docs/instrumenting/exposition_formats/, and what node_exporter's textfile collector refuses: time
stamps, samples twice. The names of gauges do not end with _total, as promtool asks.
"""
import json
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def labels_of(text, where):
    labels, at = {}, 0
    while at < len(text):
        one = LABEL.match(text, at)
        if not one or one[1] in labels or one[1].startswith("__"):
            raise SystemExit(f"{where}: labels: {text[at:]}")
        labels[one[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), one[2])
        at = one.end()
    return labels


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    if not text.endswith("\n"):
        raise SystemExit("no line break at the end")
    family, families, seen, helped = None, set(), set(), set()
    for n, line in enumerate(text[:-1].split("\n"), 1):
        where = f"{sys.argv[1]}:{n}"
        if re.fullmatch(rf"# HELP {NAME} \S.*", line):
            name = line.split()[2]
            if name in helped:
                raise SystemExit(f"{where}: HELP twice")
            helped.add(name)
            continue
        kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|untyped)", line)
        if kind:
            family = kind[1]
            if family in families or family not in helped or (kind[2] == "gauge" and family.endswith("_total")):
                raise SystemExit(f"{where}: {line}")
            families.add(family)
            continue
        sample = re.fullmatch(rf"({NAME})\{{(.*)\}} (\S+)", line)
        if not sample or sample[1] != family:
            raise SystemExit(f"{where}: {line}")
        labels = labels_of(sample[2], where)
        float(sample[3])
        key = (sample[1], tuple(sorted(labels.items())))
        if key in seen:
            raise SystemExit(f"{where}: a sample twice: {line}")
        seen.add(key)
        print(sample[1] + json.dumps(labels, ensure_ascii=False, sort_keys=True), sample[3])
    missing = set(sys.argv[2:]) - {name for name, _ in seen}
    if missing:
        raise SystemExit(f"not there: {sorted(missing)}")


main()
