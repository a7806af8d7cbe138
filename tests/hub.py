"""A hub on this machine that speaks the wire format of the Hugging Face hub, for its own client."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves the files of `folder` as the model "org/name", at the revisions "main" and "v1".

    `asked` lists the path and the authorization of every request. "org/gated" is gated, and
    `broken` makes every answer a 500.
    """

    def __init__(self, folder: Path, license: str = "mit") -> None:
        self.folder, self.license = folder, license
        self.asked: list[tuple[str, str]] = []
        self.broken = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self) -> Hub:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def files(self) -> dict[str, Path]:
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in found}

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """(status, body, headers) of a GET."""
        path = path.partition("?")[0]
        if self.broken:
            return 500, b"{}", {}
        if path.startswith("/api/models/org/gated"):
            return 403, b"{}", {"X-Error-Code": "GatedRepo"}
        if "/org/name" not in path:
            return 404, b"{}", {"X-Error-Code": "RepoNotFound"}
        for revision in ("main", "v1", COMMIT):
            if path in ("/api/models/org/name", f"/api/models/org/name/revision/{revision}"):
                return self._json(self._info())
            if path.startswith(f"/api/models/org/name/tree/{revision}"):
                return self._json([
                    {"type": "file", "path": name, "size": file.stat().st_size, "oid": _sha(file)}
                    for name, file in self.files().items()
                ])  # fmt: skip
            name = path.removeprefix(f"/org/name/resolve/{revision}/")
            if name in self.files():
                file = self.files()[name]
                headers = {"ETag": f'"{_sha(file)}"', "X-Repo-Commit": COMMIT}
                return 200, file.read_bytes(), headers
        return 404, b"{}", {"X-Error-Code": "RevisionNotFound"}

    def _info(self) -> dict[str, object]:
        siblings = [
            {"rfilename": name, "size": file.stat().st_size, "blobId": _sha(file)}
            for name, file in self.files().items()
        ]
        card = {"license": self.license}
        return {"id": "org/name", "sha": COMMIT, "siblings": siblings, "cardData": card}

    @staticmethod
    def _json(record: object) -> tuple[int, bytes, dict[str, str]]:
        return 200, json.dumps(record).encode(), {"Content-Type": "application/json"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.asked.append((self.path, self.headers.get("authorization", "")))
                status, body, headers = hub.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the library's name

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
