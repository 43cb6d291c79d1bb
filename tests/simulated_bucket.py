"""A simulated S3 on loopback: reads of whole objects and of ranges, over real HTTP, by what S3's own clients send."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class SimulatedBucket:
    """objects: by path below the server, with the bucket's name first. asked: ranges of each request, in order."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = dict(objects)
        self.asked: list[str] = []

    def answer(self, path: str, headers: Mapping[str, str | None]) -> tuple[int, dict[str, str], bytes]:
        content = self.objects.get(path)
        if content is None:
            return 404, {}, b""
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        if headers.get("If-Match") not in (None, etag):
            return 412, {}, b""
        told = {"ETag": etag, "Last-Modified": "Mon, 23 Nov 2026 17:00:00 GMT"}
        wanted = headers.get("Range")
        if wanted is None:
            return 200, told, content
        self.asked.append(wanted)
        first, last = (int(bound) for bound in wanted.removeprefix("bytes=").split("-"))
        last = min(last, len(content) - 1)
        if first > last:
            return 416, {}, b""
        return 206, told | {"Content-Range": f"bytes {first}-{last}/{len(content)}"}, content[first : last + 1]


@contextmanager
def served(bucket: SimulatedBucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let s3:// mean `bucket` for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: self.headers.get(name) for name in ("Range", "If-Match")}
            status, told, content = bucket.answer(self.path.lstrip("/"), headers)
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
