"""`redraw rank collect`: serves one page on loopback and keeps what raters send; asks and tells nobody else."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ..core import RedrawError, disk_trouble
from ..report.page import POLICY
from ..report.words import text
from .judgements import keep, read_key

HOST = "127.0.0.1"
LARGEST = 8 << 20  # bytes of a request


class _Handler(BaseHTTPRequestHandler):
    """GET / is the page, POST / a rater's form; everything else is refused."""

    server: _Server
    timeout = 30
    server_version, sys_version = "redraw", ""

    def do_GET(self) -> None:
        if self._own():
            self._say(200, self.server.page)

    def do_POST(self) -> None:
        if not self._own():
            return
        # A browser says whose page sends a form: no other page may.
        if self.headers.get("Origin", self.server.origin) not in self.server.origins:
            return self._refuse(403, "sent by another page")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            return self._refuse(413, f"a form of {length or 'unknown'} bytes: at most {LARGEST}")
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            return self._refuse(415, "not a form")
        try:
            form = parse_qs(self.rfile.read(int(length)).decode(), strict_parsing=True, max_num_fields=1)
            value = json.loads(form["judgements"][0])
        except (ValueError, KeyError, RecursionError):
            return self._refuse(400, "not a rater's file")
        try:
            with self.server.one:
                path = keep(value, self.server.key, self.server.folder)
        except RedrawError as e:
            return self._refuse(409, str(e))
        except OSError as e:
            return self._refuse(507, disk_trouble(self.server.folder, e))
        print(f"{path}: {len(value['judgements'])} judgements", file=sys.stderr, flush=True)
        self.send_response(303)
        self.send_header("Location", f"/#sent-{len(value['judgements'])}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _own(self) -> bool:
        """Whether the request is for this server under its own name, and for its page; answered where it is not."""
        if self.headers.get("Host") not in self.server.names:  # a name that was made to point here
            self._refuse(403, "asked under another name")
        elif self.path != "/":
            self._refuse(404, "no such page")
        else:
            return True
        return False

    def _refuse(self, status: int, reason: str) -> None:
        self.close_connection = True
        body = f'<!doctype html><meta charset="utf-8"><title>{status}</title><p>{text(reason)}</p><p><a href="/">Back</a></p>'
        self._say(status, body.encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY + "; frame-ancestors 'none'")
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Who looked at what is nobody's business."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # raters in one room may send at once

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.key = folder, read_key(folder)
        try:
            self.page = (folder / "index.html").read_bytes()
        except FileNotFoundError:
            raise RedrawError(f"{folder}/index.html: not here: run `redraw rank page` again") from None
        super().__init__((HOST, port), _Handler)
        self.one = threading.Lock()
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.origins = {f"http://{name}" for name in self.names}
        self.origin = f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news."""


def collect(folder: Path, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises RedrawError where the port is taken."""
    try:
        server = _Server(folder, port)
    except OSError as e:
        raise RedrawError(f"port {port}: {e.strerror}: name another one with --port, or --port 0 for any") from None
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs begin deaf to the second
        signal.signal(number, signal.default_int_handler)
    with server:
        try:
            print(f"{server.origin}/  (process {os.getpid()}; Ctrl-C ends it)", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped; what was sent is kept", file=sys.stderr)
