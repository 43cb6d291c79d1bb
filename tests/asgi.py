"""Calls an ASGI application in the test's own process: no socket, no server, the messages as uvicorn sends them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def call(
    app: Any,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    chunks: Sequence[bytes] | None = None,
    headers: dict[str, str] | None = None,
    query: str = "",
    receive: Any = None,
) -> Answered:
    """chunks: the body in parts. receive: in place of one that gives the body at once."""
    parts = list(chunks or [body])
    sent: list[dict[str, Any]] = []

    async def give() -> dict[str, Any]:
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    await app(scope, receive or give, take)
    start, end = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    assert int(answered["content-length"]) == len(end["body"])
    return Answered(start["status"], answered, end["body"])
