#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy on loopback for clients that read answers in newer Native blocks than the engine of the tests writes.

  native_proxy.py TARGET_HOST:PORT

Prints "port N" when it listens. clickhouse-go asks for client_protocol_version=54460. A server then writes each
block of an answer with two things that it has not in version 0: the block info before it, and for each column a
byte that says whether its serialization is a custom one. This proxy asks in version 0 and adds those; statements,
errors and all else pass as they are. Columns of numbers, dates, strings and Nullable of them are known; an answer
with another type is a 501, never a guess.
"""
import http.client
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

target = sys.argv[1]
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # no overflow row, no bucket
SERVED_VERSION = 54460
WIDTHS = {"UInt8": 1, "Int8": 1, "Bool": 1, "UInt16": 2, "Int16": 2, "Date": 2, "UInt32": 4, "Int32": 4, "Date32": 4,
          "Float32": 4, "DateTime": 4, "UInt64": 8, "Int64": 8, "Float64": 8, "UUID": 16}


class Unknown(Exception):
    """A column's type that is not known here, or bytes that are no block."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def skip_column(data, at, kind, rows):
    """Where the values of a column of that type end."""
    if kind.startswith("Nullable("):
        return skip_column(data, at + rows, kind[len("Nullable("):-1], rows)
    if kind == "String":
        for _ in range(rows):
            size, at = varint(data, at)
            at += size
        return at
    if kind.startswith("Enum8("):
        return at + rows
    name = re.sub(r"^(DateTime)\(.*\)$", r"\1", kind)
    if name not in WIDTHS:
        raise Unknown(kind)
    return at + rows * WIDTHS[name]


def newer_blocks(data):
    """An answer of version 0 as one of SERVED_VERSION."""
    out, at = bytearray(), 0
    while at < len(data):
        out += BLOCK_INFO
        start = at
        columns, at = varint(data, at)
        rows, at = varint(data, at)
        out += data[start:at]
        for _ in range(columns):
            start = at
            size, at = varint(data, at)
            size, at = varint(data, at + size)
            kind = data[at:at + size].decode()
            at += size
            out += data[start:at] + b"\x00"
            start, at = at, skip_column(data, at, kind, rows)
            out += data[start:at]
    if at != len(data):
        raise Unknown("an answer that ends in the middle of a block")
    return bytes(out)


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        version = params.pop("client_protocol_version", "0")
        if version not in ("0", str(SERVED_VERSION)):
            self.answer(501, f"client_protocol_version {version} is not known here\n".encode())
            return
        connection = http.client.HTTPConnection(target)
        sent = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
        connection.request("POST", f"{path}?{urlencode(params)}", body, sent)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        kept = [(k, v) for k, v in reply.getheaders() if k.lower().startswith("x-clickhouse-")]
        if reply.status == 200 and version != "0":
            try:
                data = newer_blocks(data)
            except (Unknown, IndexError, UnicodeDecodeError) as fault:
                self.answer(501, f"not known here: {fault}\n".encode())
                return
        self.answer(reply.status, data, kept)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    print("port", server.server_port, flush=True)
    server.serve_forever()
