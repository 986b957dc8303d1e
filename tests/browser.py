"""A headless Chromium for tests, spoken to by its DevTools protocol over two pipes."""

import base64
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_FLAGS += ("--remote-debugging-pipe", "--no-first-run", "--disable-background-networking")
_SECONDS = 60  # until something has come, on a busy machine


class Browser:
    """One page of a browser.

    Attributes:
        errors: what the page wrote to the console as errors or warnings, or threw, and requests
            that failed.
    """

    def __init__(self, send, receive):
        self._send, self._receive, self._number = send, receive, itertools.count(1)
        self._buffer, self._session, self._loaded, self.errors = b"", None, False, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Calls a method of the protocol, and returns its result."""
        number, session = next(self._number), {}
        if self._session:
            session = {"sessionId": self._session}
        message = {"id": number, "method": method, "params": parameters} | session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, page: Path | str):
        """Opens a file or a URL, and waits until all of it is loaded."""
        self._loaded = False
        url = page if isinstance(page, str) else page.resolve().as_uri()
        self.call("Page.navigate", url=url)
        while not self._loaded:
            self._note(self._next())

    def read(self, expression: str):
        """The value of a JavaScript expression, which may be a promise."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression: str, seconds: float = _SECONDS):
        """Waits until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.read(expression):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.05)

    def press(self, key: str):
        """Presses a key, such as "ArrowLeft" or "1"."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def show(self, width: int, height: int = 900, dark: bool = False):
        """Gives the page another size, and a light or a dark scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path, full: bool = True):
        """Writes a picture of the page as PNG."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(found["data"]))

    def _next(self):
        end = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            assert time.monotonic() < end, "no answer"
            part = os.read(self._receive, 2**16)
            assert part, "the browser has ended"
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event):
        kind, about = event.get("method"), event.get("params", {})
        if kind == "Page.loadEventFired":
            self._loaded = True
        elif kind == "Runtime.exceptionThrown":
            self.errors.append(about["exceptionDetails"]["text"])
        elif kind == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.errors.append(str(about["args"]))
        elif kind == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif kind == "Network.loadingFailed" and not about.get("canceled"):
            self.errors.append(about["errorText"])


@contextlib.contextmanager
def open_browser(profile: Path):
    """Yields a `Browser` with a new profile in a folder; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium")
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    # Chromium reads from 3 and writes to 4: ours must have other numbers.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 64) for end in (theirs_in, theirs_out)]

    def connect():
        for end, number in zip(high, (3, 4), strict=True):
            os.dup2(end, number)

    process = subprocess.Popen(
        [program, *_FLAGS, f"--user-data-dir={profile}"],
        preexec_fn=connect,
        pass_fds=(3, 4),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for end in (theirs_in, theirs_out, *high):
        os.close(end)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        process.terminate()
        process.wait(30)
        os.close(ours_out)
        os.close(ours_in)
