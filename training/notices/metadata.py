"""One question to a cloud's metadata server, which answers at a link-local address, without TLS and without a name.

No proxy, no redirect, no lookup of a name: whatever stands in the environment, the question goes to this link alone.
"""

import http.client
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from training.notices.source import NoAnswerError

ADDRESS = "169.254.169.254"
"""Of EC2's and of Compute Engine's."""

_MOST_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Server:
    """host, port: others only in tests."""

    host: str = ADDRESS
    port: int = 80


@dataclass(frozen=True, kw_only=True)
class Reply:
    """headers: by name in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(server: Server, method: str, path: str, headers: Mapping[str, str], *, timeout_s: float) -> Reply:
    """timeout_s: of the connection and of each read. Raises NoAnswerError when there is none."""
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=timeout_s)) as connection:
        try:
            connection.request(method, path, headers=dict(headers))
            reply = connection.getresponse()
            body = reply.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{method} {path}: {error or type(error).__name__}") from error
    return Reply(status=reply.status, headers={name.lower(): value for name, value in reply.getheaders()}, body=body)
