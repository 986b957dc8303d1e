"""A web server of our own, slow and faulty as asked."""

import collections
import contextlib
import http.server
import threading
import time
from pathlib import Path


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder at `address`, with ranges.

    Attributes:
        faults: of the next requests: a status, "drop" (no answer), "cut" (half of an answer),
            "whole" (ranges are ignored), "wrong" (a bit is) or None; then there are none.
        always: the fault of all requests of files whose path contains its key.
        latency: seconds before each answer.
        sent: {path: bytes of all answers}.
        requests: (method, path) of all requests.
    """

    def __init__(self, folder: Path):
        super().__init__(("localhost", 0), _Handler)
        self.folder, self.address = folder, f"http://localhost:{self.server_address[1]}"
        self.faults, self.always, self.latency = collections.deque(), {}, 0.0
        self.sent, self.requests = collections.Counter(), []

    def fault(self, path):
        for part, fault in self.always.items():
            if part in path:
                return fault
        return self.faults.popleft() if self.faults else None


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server = self.server
        server.requests.append((self.command, self.path))
        time.sleep(server.latency)
        fault, file = server.fault(self.path), server.folder / self.path[1:]
        if fault == "drop":
            self.close_connection = True
            return
        if isinstance(fault, int) or not file.is_file():
            self.send_error(fault or 404)
            return
        data, span = file.read_bytes(), self.headers.get("Range")
        if span and fault != "whole":
            begin, end = map(int, span.removeprefix("bytes=").split("-"))
            data = data[begin : end + 1]
        if fault == "wrong":
            data = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
        self.send_response(206 if span and fault != "whole" else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            data = data[: len(data) // 2] if fault == "cut" else data
            self.wfile.write(data)
            server.sent[self.path] += len(data)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(folder: Path):
    """A `Server` of a folder, until the end of the block."""
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
