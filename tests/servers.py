"""HTTP servers on loopback that misbehave as real ones do, and count what they send. Nothing else is ever contacted."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        server, self.sent = self.server, 0
        path = urlsplit(self.path).path
        content = server.content.get(path, b"")
        with server.lock:
            queue = server.answers.get(path, [])
            answer = queue.pop(0) if len(queue) > 1 else queue[0] if queue else honest
        entry = {"path": self.path, **{k.lower(): v for k, v in self.headers.items()}}
        server.log.append(entry)
        with contextlib.suppress(ConnectionError):
            answer(self, content)
        entry["sent"] = self.sent

    @property
    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}

    def head(self, code: int, **headers: object) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()

    def body(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.sent += len(data)

    def cut(self) -> None:
        """End the connection here, whatever was announced."""
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """``content`` is served by path; ``answers[path]`` are given one after another, the last one for good."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content: dict[str, bytes] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.log: list[dict] = []
        self.lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""

    @property
    def wire(self) -> int:
        """Bytes of bodies sent."""
        return sum(entry.get("sent", 0) for entry in self.log)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def etag(data: bytes) -> str:
    return f'"{len(data)}-{sum(data[:64])}-{sum(data[-64:])}"'


def part_asked(h: Handler, data: bytes) -> int | None:
    """The byte that a fair server begins with, None where the whole file is to be sent."""
    match = re.fullmatch(r"bytes=(\d+)-", h.headers.get("Range", ""))
    if match is None or h.headers.get("If-Range", etag(data)) != etag(data):
        return None
    return int(match[1])


def honest(h: Handler, data: bytes) -> None:
    fair(len(data) + 1)(h, data)


def fair(cut_after: int, wait: Callable[[], None] = lambda: None) -> Answer:
    """As the standard says, but the connection ends after so many bytes of the body; ``wait`` is called before it does."""

    def answer(h: Handler, data: bytes) -> None:
        start = part_asked(h, data)
        if start is not None and start >= len(data):
            h.head(416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
            return
        told = {"ETag": etag(data), "Accept_Ranges": "bytes", "Content_Length": len(data) - (start or 0)}
        if start is None:
            h.head(200, **told)
        else:
            h.head(206, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}", **told)
        h.body(data[start or 0 :][:cut_after])
        if cut_after < len(data) - (start or 0):
            wait()
            h.cut()

    return answer


def status(code: int, **headers: object) -> Answer:
    def answer(h: Handler, data: bytes) -> None:
        h.head(code, Content_Length=0, **headers)

    return answer


def page(text: str, code: int = 200) -> Answer:
    def answer(h: Handler, data: bytes) -> None:
        h.head(code, Content_Type="text/html; charset=utf-8", Content_Length=len(text.encode()))
        h.body(text.encode())

    return answer


def plain(data: bytes | None = None, code: int = 200, **headers: object) -> Answer:
    """A body with the headers given and no others; without Content_Length the end of the connection is its end."""

    def answer(h: Handler, content: bytes) -> None:
        h.head(code, **headers)
        h.body(content if data is None else data)
        h.cut()

    return answer


def chunked(cut_after: int | None = None) -> Answer:
    def answer(h: Handler, data: bytes) -> None:
        h.head(200, Transfer_Encoding="chunked")
        for at in range(0, len(data) if cut_after is None else cut_after, 10_000):
            piece = data[at : at + 10_000]
            h.body(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if cut_after is None:
            h.body(b"0\r\n\r\n")
        h.cut()

    return answer
