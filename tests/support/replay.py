# SPDX-License-Identifier: Apache-2.0
"""A command of livecol is run once against an engine, and what was asked and answered is recorded;
then many times more against what was recorded, with no engine in the way. For hostile_answers.py and
failed_allocations.py.

Runs are alike: LIVECOL_TEST_RANDOM gives the same ids to each (tests/support/forks.c), so that what
was answered once can be answered again, with its seal. A read is known by its text and by the
effects before it. What was not recorded is asked of the engine once; effects never reach it again.
"""
import ast
import http.client
import json
import os
import re
import resource
import select
import socket
import subprocess
import time

MEMORY_BYTES = 1 << 30
TIME_S = 60
# Written for livecol's own sake: its history and its lock.
OWN = re.compile(r"schema_migrations")
BEAT = re.compile(r"^INSERT INTO .*schema_migrations_lock_\d+` \(at, beat_of\)")
LOCK = re.compile(r"^(CREATE|DROP) TABLE \S*schema_migrations_lock_")
PROBE = re.compile(r"livecol_probe_of_no_table")
READS = re.compile(r"^\s*(SELECT|WITH|SHOW|EXISTS|DESCRIBE|EXPLAIN|CHECK|SYSTEM FLUSH)\b", re.I)
CLOCK = re.compile(r"toUInt32\('\d{9,}'\)")
LOCK_DEFAULT = re.compile(r"DEFAULT '[^']*'")
TEXT_OF = re.compile(r"\btoString\((\w+)\)")
FILL = re.compile(r"^ALTER TABLE \S+ (MATERIALIZE COLUMN .*)$", re.S)
EVENT = re.compile(r"\(2, \d+, '[^']*', (\d+), '(?:[^'\\]|\\.)*', '(\w+)', '(\w+)', (\d+),\s")


def tracking_events(sql):
    """[(version, direction, event, statement)] that an INSERT into the tracking table writes."""
    return [(int(v), d, e, int(s)) for v, d, e, s in EVENT.findall(sql)]


def is_tracking(sql):
    return sql.startswith("INSERT INTO") and "layout, seq" in sql


def normal(sql):
    """The statement without what differs from run to run."""
    if is_tracking(sql):
        events = tracking_events(sql)
        if not events:
            raise SystemExit(f"no events in: {sql}")
        return f"TRACKING {events}"
    sql = CLOCK.sub("toUInt32('NOW')", sql)
    if sql.startswith("CREATE TABLE") and "beat_of String" in sql:
        return LOCK_DEFAULT.sub("DEFAULT", sql)
    return sql


def is_effect(sql):
    return not READS.match(sql) and not PROBE.search(sql) and not BEAT.match(sql)


def data_effects(effects):
    """The statements that change data, as (what, how much of it): a column is filled in as a whole or
    partition by partition, which is the same in the end."""
    out = []
    for sql in effects:
        if OWN.search(sql) or sql.startswith("TRACKING"):
            continue
        # What has no type that is known is compared as its text: the same, and compared for every key.
        sql = TEXT_OF.sub(r"\1", sql)
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


# What the tracking table says is done, and would be believed.
DONE = ("stmt_done", "applied", "reverted", "baselined", "repaired")


def claims(effects):
    """[(claim, the data effects before it)]: what was recorded as done."""
    out = []
    for i, sql in enumerate(effects):
        if sql.startswith("TRACKING"):
            out += [(event, i) for event in ast.literal_eval(sql[9:]) if event[2] in DONE]
    return out


def wrong_claim(effects, truth):
    """A thing that is recorded as done before its effects were sent, or that the truth has not; None: none."""
    wanted = dict(claims(truth))
    for claim, at in claims(effects):
        if claim not in wanted:
            return f"recorded {claim}, which is not so"
        lost = missing(data_effects(effects[:at]), data_effects(truth[: wanted[claim]]))
        if lost:
            return f"recorded {claim} without {lost}"
    return None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def ask(upstream, path, body):
    connection = http.client.HTTPConnection(upstream, timeout=120)
    try:
        connection.request("POST", path, body)
        got = connection.getresponse()
        keep = [(k, v) for k, v in got.getheaders() if k.lower().startswith("x-clickhouse")]
        return Answer(got.status, keep, got.read())
    finally:
        connection.close()


class Truth:
    """What a command asked and was answered: reads by the number of effects before them."""

    def __init__(self):
        self.reads, self.effects, self.order, self.asked = {}, [], [], {}
        self.code = self.data = self.out = None

    def add(self, sql, answer):
        if BEAT.match(sql):
            return
        text = normal(sql)
        if is_effect(sql):
            self.effects.append((text, answer))
        else:
            self.reads.setdefault((len(self.effects), text), []).append(answer)
            self.order.append(text)

    def texts(self):
        return [text for text, _ in self.effects]


class Replay:
    """One run against a truth. changed() may give another answer than the one recorded."""

    def __init__(self, truth, upstream):
        self.truth, self.upstream = truth, upstream
        self.effects, self.at, self.unknown = [], {}, 0
        self.reached = 0  # how many of the truth's effects were sent, one after the other

    def recorded(self, sql):
        text = normal(sql)
        if BEAT.match(sql):
            return Answer(200, [], b"")
        truth = self.truth
        if is_effect(sql):
            self.effects.append(text)
            k = self.reached
            if k < len(truth.effects) and truth.effects[k][0] == text:
                self.reached += 1
                return truth.effects[k][1]
            return Answer(200, [], b"")  # another one, or the last one again: what is read stays as it was
        # A lock that was left changes nothing of what is read of the data.
        beyond = self.reached
        while beyond < len(truth.effects) and LOCK.search(truth.effects[beyond][0]):
            beyond += 1
        for k in [self.reached, *range(beyond, -1, -1)]:
            answers = truth.reads.get((k, text))
            if answers:
                i = self.at[k, text] = self.at.get((k, text), -1) + 1
                return answers[min(i, len(answers) - 1)]
        return None

    def serve(self, path, body):
        sql = body.decode("utf-8", "surrogateescape")
        answer = self.recorded(sql)
        if answer is None:
            self.unknown += 1
            key = (path.split("&query_id=")[0].split("&session_id=")[0], normal(sql))
            answer = self.truth.asked.get(key)
            if answer is None:
                answer = self.truth.asked[key] = ask(self.upstream, path, body)
        return self.changed(path, sql, answer)

    def changed(self, path, sql, answer):
        return answer


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


class Connection:
    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(TIME_S)
        self.sock, self.got = sock, b""

    def request(self):
        """(path, body) of a request that has arrived, or None."""
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.got[:end]
        found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        size = end + 4 + (int(found[1]) if found else 0)
        if len(self.got) < size:
            return None
        body, self.got = self.got[end + 4 : size], self.got[size:]
        return head.split(b" ", 2)[1].decode(), body

    def answer(self, answer):
        head = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
        head += [f"{name}: {value}" for name, value in answer.headers]
        self.sock.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + answer.body)


class Ended:
    """How a run ended: code as of subprocess, or None where it was killed after TIME_S."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


class Runner:
    """Runs of one program, one at a time, and the server that they ask."""

    def __init__(self, program, folder, sanitized=False):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.out, self.err = (os.path.join(folder, f"{name}.{os.getpid()}") for name in ("out", "err"))
        environment = dict(os.environ, LIVECOL_TEST_FORKS="1", LIVECOL_TEST_RANDOM="1", NO_COLOR="1",
                           LIVECOL_TEST_BACKOFF_MS="4", ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:"
                           "max_allocation_size_mb=1024:hard_rss_limit_mb=1024")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                        env=environment, preexec_fn=None if sanitized else limits)
        self.words = b""

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.listener.close()

    def word(self):
        """The next line of the program that forks; None: it is not there yet."""
        line, end, rest = self.words.partition(b"\n")
        if not end:
            return None
        self.words = rest
        return line.split()

    def run(self, arguments, database, serve, environment=None):
        lines = [f"out {self.out}", f"err {self.err}",
                 f"set CLICKHOUSE_URL=http://127.0.0.1:{self.port}/{database}"]
        lines += [f"set {name}={value}" for name, value in (environment or {}).items()]
        lines += [f"arg {word}" for word in arguments] + ["run"]
        self.process.stdin.write(("\n".join(lines) + "\n").encode())
        status, late = self.until_end(serve)
        with open(self.out, "rb") as out, open(self.err, "rb") as err:
            return Ended(None if late else os.waitstatus_to_exitcode(status), out.read(), err.read())

    def until_end(self, serve):
        poll, connections = select.poll(), {}
        pid, late, due = None, False, time.monotonic() + TIME_S
        told, listening = self.process.stdout.fileno(), self.listener.fileno()
        poll.register(told, select.POLLIN)
        poll.register(listening, select.POLLIN)
        try:
            while True:
                ready = [fd for fd, _ in poll.poll(max(0, due - time.monotonic()) * 1000)]
                if not ready and not late and pid:
                    late, due = True, due + TIME_S
                    os.kill(pid, 9)
                for fd in ready:
                    if fd == listening:
                        one = Connection(self.listener.accept()[0])
                        connections[one.sock.fileno()] = one
                        poll.register(one.sock.fileno(), select.POLLIN)
                    elif fd != told and not self.talk(connections[fd], serve):
                        poll.unregister(fd)
                        connections.pop(fd).sock.close()
                if told in ready:
                    self.words += os.read(told, 4096) or self.ended()
                    while word := self.word():
                        if word[0] == b"end":
                            return int(word[1]), late
                        pid = int(word[1])
        finally:
            for one in connections.values():
                one.sock.close()

    def ended(self):
        raise SystemExit(f"the program that forks has ended: {self.process.wait()}")

    @staticmethod
    def talk(connection, serve):
        """False: the connection has ended."""
        try:
            piece = connection.sock.recv(1 << 20)
            connection.got += piece
            while request := connection.request():
                connection.answer(serve(*request))
            return bool(piece)
        except OSError:
            return False


def record(runner, scenario, upstream):
    """Run it against the engine; its truth. Then again against that: it must come out the same."""
    truth = Truth()

    def serve(path, body):
        answer = ask(upstream, path, body)
        truth.add(body.decode("utf-8", "surrogateescape"), answer)
        return answer

    ended = runner.run(scenario["args"], scenario["database"], serve)
    truth.code = ended.code
    if truth.code not in scenario.get("codes", [0]):
        raise SystemExit(f"{scenario['name']}: exit {truth.code} with true answers\n"
                         f"{ended.out.decode()}{ended.err.decode()}")
    truth.data = data_effects(truth.texts())
    if bool(truth.data) != scenario["changes"]:
        raise SystemExit(f"{scenario['name']}: its true effects are {truth.data}")
    again = Replay(truth, upstream)
    ended = runner.run(scenario["args"], scenario["database"], again.serve)
    if ended.code != truth.code or again.effects != truth.texts() or again.unknown:
        raise SystemExit(f"{scenario['name']}: a replay differs: exit {ended.code}, {again.unknown} unknown, "
                         f"{again.effects}\n{ended.out.decode()}{ended.err.decode()}")
    truth.out = ended.out
    return truth


def load(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]
