#!/usr/bin/env python3
"""An HTTP proxy on loopback that breaks requests as it is told.

  fault_proxy.py TARGET_HOST:PORT DIR

Prints "port N" when it listens. Before each request it looks at DIR/fault, a line

  MODE COUNT TEXT

and applies MODE to the next COUNT requests whose body holds TEXT, or begins with it where it is
written ^TEXT (each use counts down):
  before      the request is read, and the connection cut: the server never sees it
  after       the server runs it; the connection is cut in place of the answer
  early       it goes to the server, and the connection is cut at once, while it runs
  middle      half of the answer arrives, then the connection is cut
  truncate    half of the answer arrives as if it were all of it
  delay       the answer comes a second late
  503         answered with status 503, the server never sees it
  503-after   the server runs it; answered with status 503
  error-N     answered with ClickHouse's error N, the server never sees it
  kill        it goes to the server; the process whose id is in DIR/victim gets SIGKILL
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
        mode = take_fault(body)
        if mode == "before":
            return self.cut()
        if mode == "503":
            return self.answer(503, [], b"no server is ready")
        if mode and mode.startswith("error-"):
            code = mode.split("-")[1]
            text = f"Code: {code}. DB::Exception: made by the test. (MADE) (version 1.1)"
            return self.answer(500, [("X-ClickHouse-Exception-Code", code)], text.encode())
        server = self.forward(body)
        if mode == "early":
            threading.Thread(target=server.getresponse, daemon=True).start()
            time.sleep(0.1)
            return self.cut()
        if mode == "kill":
            time.sleep(0.05)
            with open(os.path.join(folder, "victim"), encoding="utf-8") as f:
                os.kill(int(f.read()), signal.SIGKILL)
            server.getresponse().read()
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
        if mode == "delay":
            time.sleep(1)
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
