#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy on loopback that breaks requests as it is told.

  fault_proxy.py TARGET_HOST:PORT DIR

Prints "port N" when it listens. Before each request it looks at DIR/fault, a line

  MODE COUNT TEXT

and applies MODE to the next COUNT requests whose body holds TEXT, or begins with it where it is
written ^TEXT (each use counts down):
  before      the request is read, and the connection cut: the server never sees it
  after       the server runs it; the connection is cut in place of the answer
  early       it goes to the server, and the connection is cut once the server works on it
  middle      half of the answer arrives, then the connection is cut
  truncate    half of the answer arrives as if it were all of it
  hold        the server runs it; the answer waits at the gate DIR "answer"
  hold-before it waits at the gate DIR "request", and goes to the server then
  503         answered with status 503, the server never sees it
  503-after   the server runs it; answered with status 503
  error-N     answered with ClickHouse's error N, the server never sees it
  kill        it goes to the server; once the server works on it, the process whose id is in
              DIR/victim gets SIGKILL

While there is a file DIR/requests it gets a line a request: the first line of its body.

A gate is one of tests/support/wait.sh: who comes to it leaves DIR/NAME.reached, and waits while
DIR/NAME.hold is there.
"""
import http.client
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

target, folder = sys.argv[1], sys.argv[2]
lock = threading.Lock()


def take_fault(body):
    """The mode that applies to this request, or None; counts it down."""
    path = os.path.join(folder, "fault")
    with lock:
        try:
            with open(path, encoding="utf-8") as f:
                mode, count, text = f.read().rstrip("\n").split(" ", 2)
        except (FileNotFoundError, ValueError):
            return None
        wanted = text.encode()
        found = body.startswith(wanted[1:]) if wanted[:1] == b"^" else wanted in body
        if not found or int(count) <= 0:
            return None
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"{mode} {int(count) - 1} {text}\n")
        with open(os.path.join(folder, "applied"), "a", encoding="utf-8") as f:
            f.write(mode + "\n")
        return mode


def note_request(body):
    path = os.path.join(folder, "requests")
    if os.path.exists(path):
        with lock, open(path, "ab") as f:
            f.write(body.split(b"\n", 1)[0][:200] + b"\n")


def wait_at_gate(name):
    hold = os.path.join(folder, name + ".hold")
    if not os.path.exists(hold):
        return
    with open(os.path.join(folder, name + ".reached"), "w", encoding="utf-8"):
        pass
    while os.path.exists(hold):
        time.sleep(0.01)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write an answer: two would wait for each other's acknowledgement
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def forward(self, body):
        server = http.client.HTTPConnection(target, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        server.request(self.command, self.path, body=body, headers=headers)
        return server

    def is_running(self, body):
        """The server lists the statement. Of an INSERT it lists what is before the data."""
        text = body.decode(errors="replace").replace("\\", "\\\\").replace("'", "\\'")
        server = http.client.HTTPConnection(target, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower().startswith("authorization")}
        server.request("POST", "/", headers=headers, body=(
            f"SELECT count() FROM system.processes WHERE startsWith('{text}', query)").encode())
        answer = server.getresponse().read()
        server.close()
        return answer.strip() != b"0"

    def until_in_work(self, server, body):
        """Until the server works on the request, or has answered it. The answer goes nowhere."""
        def read():
            server.getresponse().read()
            server.close()

        answer = threading.Thread(target=read, daemon=True)
        answer.start()
        while answer.is_alive() and not self.is_running(body):
            time.sleep(0.01)
        return answer

    def answer(self, status, headers, body, length=None):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date",
                                    "server", "keep-alive"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        note_request(body)
        mode = take_fault(body)
        if mode == "before":
            return self.cut()
        if mode == "503":
            return self.answer(503, [], b"no server is ready")
        if mode and mode.startswith("error-"):
            code = mode.split("-")[1]
            text = f"Code: {code}. DB::Exception: made by the test. (MADE) (version 1.1)"
            return self.answer(500, [("X-ClickHouse-Exception-Code", code)], text.encode())
        if mode == "hold-before":
            wait_at_gate("request")
        server = self.forward(body)
        if mode == "early":
            self.until_in_work(server, body)
            return self.cut()
        if mode == "kill":
            answer = self.until_in_work(server, body)
            with open(os.path.join(folder, "victim"), encoding="utf-8") as f:
                os.kill(int(f.read()), signal.SIGKILL)
            answer.join()
            return self.cut()
        response = server.getresponse()
        data = response.read()
        headers = response.getheaders()
        status = response.status
        server.close()
        if mode == "after":
            return self.cut()
        if mode == "503-after":
            return self.answer(503, [], b"the server is gone")
        if mode == "middle":
            self.answer(status, headers, data[: len(data) // 2], len(data) + 1)
            return self.cut()
        if mode == "truncate":
            return self.answer(status, headers, data[: len(data) // 2])
        if mode == "hold":
            wait_at_gate("answer")
        return self.answer(status, headers, data)

    do_GET = do_POST


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # a client that is killed leaves a broken pipe


proxy = Server(("127.0.0.1", 0), Handler)
print("port", proxy.server_address[1], flush=True)
proxy.serve_forever()
