"""Simulated metadata servers of EC2 and Compute Engine on loopback: real HTTP, answers as their documentation says.

They tell nothing (404, FALSE, NONE) until a test does, and refuse what the real ones refuse.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from training.notices.metadata import Server

LONGEST_TTL_S = 21_600


class SimulatedEc2:
    """tell: a path below meta-data and what it answers from now on. tokens: in the order they were given out."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        self.tokens: list[str] = []
        self.withdrawn: set[str] = set()

    def tell(self, path: str, content: str) -> None:
        self.told[path] = content

    def withdraw_tokens(self) -> None:
        self.withdrawn |= set(self.tokens)

    def answer(self, method: str, path: str, headers: Any) -> tuple[int, dict[str, str], str]:
        if "X-Forwarded-For" in headers:
            return 403, {}, ""
        if method == "PUT":
            ttl = headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
            if path != "/latest/api/token" or not ttl.isdigit() or not 1 <= int(ttl) <= LONGEST_TTL_S:
                return 400, {}, ""
            self.tokens.append(uuid.uuid4().hex)
            return 200, {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": ttl}, self.tokens[-1]
        token = headers.get("X-aws-ec2-metadata-token")
        if token not in self.tokens or token in self.withdrawn:
            return 401, {}, ""
        content = self.told.get(path.removeprefix("/latest/meta-data/"))
        return (404, {}, "") if content is None else (200, {}, content)


class SimulatedGce:
    """values: below instance; a key that is taken away answers 404, as on GKE. waiting: set while a request waits."""

    def __init__(self) -> None:
        self.values = {"preempted": "FALSE", "maintenance-event": "NONE"}
        self.waiting = threading.Event()
        self._changed = threading.Condition()

    def tell(self, key: str, value: str) -> None:
        with self._changed:
            self.values[key] = value
            self._changed.notify_all()

    def answer(self, method: str, path: str, headers: Any) -> tuple[int, dict[str, str], str]:
        if method != "GET" or headers.get("Metadata-Flavor") != "Google" or "X-Forwarded-For" in headers:
            return 403, {}, ""
        if headers.get("Host") != "metadata.google.internal":
            return 404, {}, ""
        parts = urlsplit(path)
        key, query = parts.path.removeprefix("/computeMetadata/v1/instance/"), parse_qs(parts.query)
        if query.get("wait_for_change") == ["true"]:
            self._wait(key, query["last_etag"][0], float(query["timeout_sec"][0]))
        if key not in self.values:
            return 404, {"Metadata-Flavor": "Google"}, ""
        return 200, {"Metadata-Flavor": "Google", "ETag": _etag(self.values[key])}, self.values[key]

    def _wait(self, key: str, etag: str, timeout_s: float) -> None:
        with self._changed:
            self.waiting.set()
            self._changed.wait_for(lambda: _etag(self.values.get(key, "")) != etag, timeout=timeout_s)


def _etag(value: str) -> str:
    return value.encode().hex()


@contextmanager
def served(cloud: SimulatedEc2 | SimulatedGce) -> Iterator[Server]:
    """Where `cloud` answers, for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            status, headers, content = cloud.answer(self.command, self.path, self.headers)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        do_GET = do_PUT = _reply  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
