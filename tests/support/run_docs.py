# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of the documentation, as a reader types them: run_docs.py SOURCE WORK ENGINE_URL

Every block of code has a language: sh and console are commands, sql is sent, text is neither. A page is one session, in a
folder and with a table of its own; what it takes for granted is in GIVEN. Output that a page shows must come, in its
order, but for figures; … stands for anything. A block that cannot run here says so in the line above it:

    <!-- not run: REASON -->     one of REASONS, which is true of what the block holds
    <!-- run by tests/… -->      that test reads the page itself
    <!-- is FILE -->             the block's lines are in that file, which a test runs

Where a command stands in running text its name and its options are compared with --help.
LIVECOL_BIN, LIVECOL_UDF and livecol on the PATH are the caller's.
"""
import glob
import os
import re
import shlex
import subprocess
import sys

source, work, engine = sys.argv[1:4]
wrong = []
ran = 0

REASONS = {
    "builds or installs": r"\./scripts/|\bcmake\b|\bapt\b|\bgit clone\b|\bnpm\b",
    "needs a cluster": r"--cluster\b|ON CLUSTER",
    "it measures": r"\blivecol (bench|advise)\b|--narrow measured\b",
    "needs a container engine or Kubernetes": r"\bdocker\b|\bkubectl\b",
}
# What a page names and what it is here.
HERE = [
    (r"http://[^ /@]+@[a-z-]+:8123/", engine + "/"),
    (r"/var/lib/clickhouse/user_scripts", f"{work}/engine/user_scripts"),
    (r"/etc/clickhouse-server", f"{work}/engine"),
    (r"/run/secrets/clickhouse", f"{work}/password"),
    (r"/run/livecol\.hold", f"{work}/livecol.hold"),
    (r"/var/lib/node_exporter", work),
    (r"PASSWORD=…", "PASSWORD="),
]
TABLE = """clickhouse-client -q "DROP DATABASE IF EXISTS analytics"
clickhouse-client -q "DROP TABLE IF EXISTS default.schema_migrations"
clickhouse-client -q "CREATE DATABASE analytics"
clickhouse-client -q "CREATE TABLE analytics.events (event_id String, event_time DateTime('UTC'), user_id String,
  email Nullable(String)) ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, user_id)"
clickhouse-client -q "INSERT INTO analytics.events (event_id, event_time, user_id, email) SELECT 'e' || toString(number),
  toDateTime('2026-10-01', 'UTC') + number * 200, 'u' || toString(number % 7) || '_' || toString(number),
  'U' || toString(number % 7) || '@x' FROM numbers(30000)"
"""
WITH_REGION = """clickhouse-client -q "ALTER TABLE analytics.events ADD COLUMN IF NOT EXISTS region LowCardinality(String)
  DEFAULT region_v1(user_id)"
clickhouse-client -q "ALTER TABLE analytics.events MATERIALIZE COLUMN region SETTINGS mutations_sync = 1"
"""
DICTIONARY = """for v in region_v1 region_v2 regions; do
  clickhouse-client -q "CREATE OR REPLACE TABLE default.${v}_rows (user_id String, region String) ENGINE = Memory"
  clickhouse-client -q "CREATE OR REPLACE DICTIONARY default.$v (user_id String, region String DEFAULT 'unknown')
    PRIMARY KEY user_id SOURCE(CLICKHOUSE(TABLE '${v}_rows' DB 'default')) LAYOUT(complex_key_hashed()) LIFETIME(0)"
done
"""
FILL = """clickhouse-client -q "INSERT INTO default.regions_rows (user_id, region) SELECT user_id, region FROM analytics.events"
"""
INSTALL = "livecol config install --rules {}.csv --name {} --version {} --key {} --attribute {} " \
    f"--scripts {work}/engine/user_scripts --config {work}/engine\n"
FUNCTIONS = (INSTALL.format("region_v1", "region", 1, "user_id", "region") +
             INSTALL.format("region_v2", "region", 2, "user_id", "region") +
             INSTALL.format("continent_v1", "continent", 1, "region", "continent") +
             "clickhouse-client -q 'SYSTEM RELOAD FUNCTIONS'\n")
NEW = "livecol new add_region --table analytics.events --column region --key user_id --function region_v1\n"
# (page, heading): what is done before each block below it. "each": before each command, since they are alternatives.
GIVEN = {
    ("docs/backfill.md", "A full disk"): WITH_REGION,
    # The second block is of a column that has been added meanwhile.
    ("docs/derived-columns.md", "What may be a key"): "if [ -d migrations ]; then livecol up; fi\n",
    ("docs/migrations.md", "Removing the function"): ("each", TABLE + FUNCTIONS + WITH_REGION + DICTIONARY + FILL + f"""
if [ -n "$rescue" ]; then
  rm {work}/engine/region_v1_function.xml {work}/engine/region_v1.livecol.json
  clickhouse-client -q 'SYSTEM RELOAD FUNCTIONS'
fi
"""),
    # Of two servers.
    ("docs/dictionaries.md", "Which layout"): ("each", f"rm -f {work}/engine/region_v1* {work}/engine/user_scripts/region_v1*\n"),
    ("README.md", "Your own table in ten minutes"): 'clickhouse-client -q "DROP FUNCTION IF EXISTS region_v1"\n',
    ("docs/operations.md", "Install"): NEW,
    ("docs/switching.md", "Switching from another migration tool"): """clickhouse-client -q "CREATE DATABASE db"
clickhouse-client -q "CREATE TABLE db.t (a UInt8) ENGINE = MergeTree ORDER BY a"
clickhouse-client -q "CREATE TABLE db.goose_db_version (version_id Int64, is_applied UInt8, date Date, tstamp DateTime)
  ENGINE = MergeTree ORDER BY tstamp"
clickhouse-client -q "INSERT INTO db.goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)"
""",
    ("docs/operations.md", "What to watch"): WITH_REGION,
    ("docs/operations.md", "Upgrade the rules"): DICTIONARY + """rm -rf migrations
clickhouse-client -q "DROP TABLE IF EXISTS default.events"
clickhouse-client -q "DROP TABLE IF EXISTS default.schema_migrations"
clickhouse-client -q "CREATE TABLE default.events (user_id String, region String DEFAULT
  dictGetString('region_v1', 'region', tuple(user_id))) ENGINE = MergeTree ORDER BY user_id"
""",
}


# These install region_v1 themselves, or make another thing of that name; the others find it.
FIRST = ["docs/deploy.md", "README.md"]


def blocks(page):
    """Each block of the page: (line, language, text, mark above it, heading)."""
    lines = open(f"{source}/{page}", encoding="utf-8").read().split("\n")
    heading, i = "", 0
    while i < len(lines):
        fence = re.match(r"^\s*```(\w*)\s*$", lines[i])
        if re.match(r"^#+ ", lines[i]):
            heading = lines[i].lstrip("# ")
        if fence:
            end = next(k for k in range(i + 1, len(lines)) if re.match(r"^\s*```\s*$", lines[k]))
            mark = re.match(r"^<!-- (.*) -->$", lines[i - 1])
            yield i + 1, fence[1], "\n".join(lines[i + 1:end]), mark[1] if mark else "", heading
            i = end
        i += 1


def complain(page, line, text):
    wrong.append(f"{page}:{line}: {text}")


def marked(page, line, text, mark):
    """Is the mark true?"""
    kind, _, what = mark.partition(": ")
    if kind == "not run":
        if what not in REASONS:
            complain(page, line, f"no reason that is known: {what}")
        elif not re.search(REASONS[what], text):
            complain(page, line, f"this is not true of it: {what}")
        return
    kind, _, what = mark.rpartition(" ")
    if kind == "run by":
        if not os.path.exists(f"{source}/{what}") or page not in open(f"{source}/{what}", encoding="utf-8").read():
            complain(page, line, f"{what} does not read this page")
    elif kind == "is":
        there = " ".join(open(f"{source}/{what}", encoding="utf-8").read().split())
        if " ".join(text.split()) not in there:
            complain(page, line, f"{what} has other text")
    else:
        complain(page, line, f"an unknown mark: {mark}")


def words_of(command):
    """The words of a command line, also of one that has … or a comment."""
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


HELP = {}


def help_of(*words):
    if words not in HELP:
        run = subprocess.run(["livecol", *words, "--help"], capture_output=True, text=True, encoding="utf-8", check=False)
        HELP[words] = run.stdout if run.returncode == 0 else None
    return HELP[words]


def known(page, line, command):
    """The name of the command and its options are those of --help."""
    words = words_of(command)[1:]
    end = next((i for i, w in enumerate(words) if w in ("|", "&&", "||", ";", "<", ">", ")")), len(words))
    words = words[:end]
    name = [w for w in words[:2] if re.fullmatch(r"[a-z][a-z-]*", w)]
    if not words or words[0] in ("…", "COMMAND", "--version", "--help", "help"):
        return
    if words[1:2] == ["…"] and re.match(r"Usage: livecol \S+ COMMAND", help_of(words[0]) or ""):  # one of a family
        name, text = words[:1], "".join(help_of(*n.split()) or "" for n in re.findall(
            rf"^  ({words[0]} \w+)", help_of(words[0]) or "", re.M))
    else:
        text = help_of(*name) if len(name) == 2 and help_of(name[0]) is not None and re.match(
            r"Usage: livecol \S+ COMMAND", help_of(name[0])) else help_of(*name[:1]) if name else None
    if not text:
        complain(page, line, f"livecol has no such command: {command}")
        return
    for option in (w.split("=")[0].rstrip("…") for w in words if w.startswith("--") and len(w) > 2):
        if not re.search(rf"^ +(-\w, )?{re.escape(option)}\b(?!-)", text, re.M):
            complain(page, line, f"livecol {' '.join(name)} has no {option}: {command}")


def spoken(page):
    """Commands in running text, and in blocks of commands."""
    text = open(f"{source}/{page}", encoding="utf-8").read()
    fenced = re.compile(r"^\s*```(\w*)\n(.*?)^\s*```\s*$", re.M | re.S)
    for block in fenced.finditer(text):
        if block[1] in ("sh", "console"):
            joined = block[2].replace("\\\n", "  ")
            for command in re.finditer(r"(?:^|\$ |&& |; )(?:\w+=\S+ )*(livecol [^\n;&|]*)", joined, re.M):
                known(page, text[:block.start()].count("\n") + 1, command[1])
        elif block[1] != "sql" and re.search(r"^(\$ |livecol [a-z]+( |$))", block[2], re.M):
            complain(page, text[:block.start()].count("\n") + 1, f"commands in a block of {block[1] or 'no language'}")
    rest = fenced.sub(lambda m: "\n" * m[0].count("\n"), text)
    for code in re.finditer(r"`(livecol [a-z][^`]*)`", rest):
        known(page, rest[:code.start()].count("\n") + 1, " ".join(code[1].split()))


def stable(text):
    return re.sub(r"\d[\d,]*(\.\d+)?( ?[kMGT]?i?B\b| ms\b| [skM]\b)?", "N", " ".join(text.split()))


def commands_of(language, text):
    """[(command, the output that is shown)]; a command may go on in the next lines."""
    found = []
    for line in text.split("\n"):
        if found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0] + "\n" + line, [])
        elif language == "sh":
            if line.strip():
                found.append((line, []))
        elif line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip() and not line.startswith("#"):
            found[-1][1].append(line)
    return found


def here(text):
    for pattern, what in HERE:
        text = re.sub(pattern, what, text)
    return text


class Session:
    """A page's: what it has exported and made is there for the next block."""

    def __init__(self, page):
        self.page = page
        self.dir = os.path.join(work, re.sub(r"\W", "_", page))
        subprocess.run(["cp", "-r", f"{work}/template", self.dir], check=True)
        self.state = os.path.join(self.dir, ".exports")
        open(self.state, "w", encoding="utf-8").close()
        self.bash(TABLE + (FUNCTIONS if page not in FIRST else ""), 0)

    def bash(self, text, line):
        """Output and exit code of the text, in the session's folder and environment."""
        body = f"set -eu -o pipefail\nset -a; . {self.state}; set +a\n{text}\n" \
            f"export -p | grep -E ' (CLICKHOUSE|LIVECOL_MIGRATIONS)_' | sed 's/^declare -x //' >{self.state}.new; mv {self.state}.new {self.state}\n"
        run = subprocess.run(["bash", "-c", body], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False,
                             env={**os.environ, "CLICKHOUSE_URL": engine + "/default"})
        if line == 0 and run.returncode != 0:
            complain(self.page, 0, f"what the page takes for granted fails: {run.stdout}")
        return run.stdout, run.returncode

    def command(self, line, command, shown):
        global ran
        ran += 1
        said, code = self.bash(here(command), line)
        refused = any(re.match("livecol: (?!warning: )", s) for s in shown)
        if (code != 0) != refused:
            complain(self.page, line, f"exit {code} of {command}:\n{said}")
            return
        lines, at = [stable(s) for s in said.split("\n")], 0
        for wanted in shown:
            pattern = re.escape(stable(wanted)).replace("…", ".*")
            at = next((i + 1 for i in range(at, len(lines)) if re.fullmatch(pattern, lines[i])), None)
            if at is None:
                complain(self.page, line, f"{command} does not say <{wanted}> but:\n{said}")
                return

    def sql(self, line, text, heading):
        """A migration is run as one; one that livecol writes is compared with what it wrote; else it is sent."""
        global ran
        ran += 1
        written = sorted(glob.glob(f"{self.dir}/migrations/*.sql"))
        if "migrate:" in text and written and heading == "New rules":
            there = " ".join(open(written[-1], encoding="utf-8").read().split())
            if " ".join(text.split()) not in there:
                complain(self.page, line, f"livecol new writes something else: {there}")
        elif "migrate:" in text:
            os.makedirs(f"{self.dir}/migrations", exist_ok=True)
            with open(f"{self.dir}/migrations/0001_page.sql", "w", encoding="utf-8") as file:
                file.write(text + "\n")
            said, code = self.bash("livecol up", line)
            if code != 0:
                complain(self.page, line, f"the migration fails: {said}")
        else:
            said, code = self.bash(f"clickhouse-client -q {shlex.quote(text)}", line)
            if code != 0:
                complain(self.page, line, f"the statement fails: {said}")


def run_page(page):
    session = None
    for line, language, text, mark, heading in blocks(page):
        if language not in ("sh", "console", "sql", "text"):
            complain(page, line, "a block without a language: sh, console, sql or text")
        elif mark:
            marked(page, line, text, mark)
        elif language != "text":
            session = session or Session(page)
            given = GIVEN.get((page, heading), "")
            each = given[1] if isinstance(given, tuple) else ""
            if not each:
                session.bash(given, 0)
            if language == "sql":
                session.sql(line, text, heading)
                continue
            for command, shown in commands_of(language, text):
                if each:
                    session.bash("rescue=" + ("1" if "--rescue" in command else "''") + "\n" + each, 0)
                session.command(line, command, shown)


pages = [p for p in ("README.md", "bench/README.md", "CONTRIBUTING.md", "SECURITY.md") if os.path.exists(f"{source}/{p}")]
pages += sorted("docs/" + os.path.basename(p) for p in glob.glob(f"{source}/docs/*.md"))
for page in pages:
    spoken(page)
for page in [p for p in FIRST if p in pages] + [p for p in pages if p not in FIRST]:
    run_page(page)
headings = {(p, b[4]) for p in pages for b in blocks(p)}
wrong.extend(f"{p}: no block below {h} any more" for p, h in GIVEN if p in pages and (p, h) not in headings)
print("\n".join(wrong))
print(f"{ran} commands and statements of {len(pages)} pages, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
