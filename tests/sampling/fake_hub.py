"""A server with the part of the API of the Hugging Face hub that loading and uploading use."""

import base64
import contextlib
import functools
import hashlib
import http.server
import json
import threading

COMMIT = "a" * 40
_NAME = "me/demo"


class Handler(http.server.BaseHTTPRequestHandler):
    """One repository, me/demo, whose files are those of a folder."""

    def __init__(self, folder, *args):
        self.folder = folder
        super().__init__(*args)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        files = list(self.folder.iterdir()) if self.folder.exists() else []
        if path.startswith(f"/api/models/{_NAME}/revision/"):
            siblings = [{"rfilename": file.name} for file in files]
            self.answer({"id": _NAME, "sha": COMMIT, "siblings": siblings})
        elif path.startswith(f"/api/models/{_NAME}/tree/"):
            self.answer(
                [
                    {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": "b" * 40}
                    for f in files
                ]
            )
        elif path.startswith(f"/{_NAME}/resolve/"):
            data = (self.folder / path.rpartition("/")[2]).read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()}"'
            self.answer(data, **{"X-Repo-Commit": COMMIT, "ETag": tag})
        else:
            self.answer({"error": "none"}, 404, **{"X-Error-Code": "RepoNotFound"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/repos/create":
            assert b"private" in body
            self.answer({"url": f"https://huggingface.co/{_NAME}", "name": _NAME})
        elif self.path == "/api/validate-yaml":
            assert json.loads(body)["content"].startswith("---\nlicense: ")
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            paths = [file["path"] for file in json.loads(body)["files"]]
            how = {"uploadMode": "regular", "shouldIgnore": False}
            self.answer({"files": [{"path": path} | how for path in paths]})
        elif "/commit/" in self.path:
            self.folder.mkdir()
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    data = base64.b64decode(line["value"]["content"])
                    (self.folder / line["value"]["path"]).write_bytes(data)
            url = f"https://huggingface.co/{_NAME}/commit/{COMMIT}"
            self.answer({"success": True, "commitOid": COMMIT, "commitUrl": url})
        else:
            self.answer({"error": "none"}, 404)

    def answer(self, content, status=200, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": len(body)}).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(folder):
    """Yields the address of a server whose repository is `folder`."""
    handler = functools.partial(Handler, folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
