"""A headless Chromium at the other end of a pipe: real keys, downloads, files, reloads and window sizes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
)
FLAGS += ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe")
STARTER = """import fcntl, os, sys
for at, fd in [(at, fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10)) for at, fd in zip((3, 4), sys.argv[1:3])]:
    os.dup2(fd, at)
os.execv(sys.argv[3], sys.argv[3:])
"""  # the browser reads from descriptor 3 and writes to 4
NAMED = {"Enter": 13, "Backspace": 8, "Tab": 9, " ": 32}


class Browser:
    """One page of one profile. Use as a context manager."""

    def __init__(self, program: str, profile: Path) -> None:
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        fds = (theirs_in, theirs_out)
        started = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        call = [sys.executable, "-c", STARTER, *map(str, fds), *started]
        self._process = subprocess.Popen(call, pass_fds=fds, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in fds:
            os.close(fd)
        self._number, self._held, self._session = 0, b"", None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command of the DevTools protocol."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        asked = json.dumps({"id": self._number, "method": method, "params": parameters, **session}).encode() + b"\0"
        while asked:
            asked = asked[os.write(self._out, asked) :]
        while True:
            while b"\0" not in self._held:
                part = os.read(self._in, 1 << 20)
                assert part, f"the browser ended during {method}"
                self._held += part
            text, _, self._held = self._held.partition(b"\0")
            message = json.loads(text)
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self.events.append(message)

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def go(self, url: str, ready: str = "true") -> None:
        self.call("Page.navigate", url=url)
        self.wait(f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete' && ({ready})")

    def reload(self) -> None:
        self.js("window.before = true")
        self.call("Page.reload")
        self.wait("!window.before && document.readyState === 'complete'")

    def wait(self, expression: str | Callable[[], Any]) -> Any:
        """The first true value of an expression in the page, or of a function."""
        patience = time.monotonic() + 30
        while True:
            try:
                found = expression() if callable(expression) else self.js(expression)
            except AssertionError:  # between two pages
                found = None
            if found:
                return found
            assert time.monotonic() < patience, f"never came true: {expression}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Press and release keys, as a person would."""
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            code = NAMED.get(key, ord(key.upper()) if len(key) == 1 else 0)
            of = {"key": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **of)
            self.call("Input.dispatchKeyEvent", type="keyUp", **of)

    def window(self, width: int, height: int, phone: bool = False, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        said = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(said["data"]))

    def downloads(self, folder: Path) -> None:
        """Let downloads go to a folder."""
        session, self._session = self._session, None
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self._session = session

    def upload(self, selector: str, path: Path) -> None:
        """Choose a file in a file input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def complaints(self) -> list[str]:
        """What pages complained of: errors, and what their policy refused; and what they asked of the network."""
        found = []
        for e in self.events:
            of = e.get("params", {})
            if e["method"] == "Runtime.exceptionThrown":
                found.append(str(of["exceptionDetails"]))
            elif e["method"] == "Log.entryAdded" and of["entry"]["level"] == "error":
                found.append(of["entry"]["text"])
            elif e["method"] == "Network.requestWillBeSent" and not of["request"]["url"].startswith(
                ("data:", "about:")
            ):
                found += [of["request"]["url"][:200]] * (of["type"] != "Document")
        return found
