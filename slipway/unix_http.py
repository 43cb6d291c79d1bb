"""HTTP over a unix socket, for the two parts that listen on nothing else: supervisord and Envoy's admin interface."""

import http.client
import socket
from pathlib import Path


class UnixConnection(http.client.HTTPConnection):
    """http.client on the socket at `path`; every step is bounded by timeout_s. Raises OSError when nobody listens."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
