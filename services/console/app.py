"""Five routes of plain ASGI: the page, its style and script, the status as JSON, and readiness."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from slipway.errors import SlipwayError
from slipway.example import example
from slipway.inventory import read_inventory
from slipway.release import Release, load
from slipway.status import Observation, observe, summarise

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_PAGE = Path(__file__).parent / "page"
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
_FRESH_S = 1.0  # viewers within this time share one observation
_SECURITY = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


class Console:
    def __init__(self, inventory: Path) -> None:
        self._inventory = inventory
        self._looking = asyncio.Lock()
        self._now: Observation | None = None
        self._answer = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _reply(send, 405, "text/plain", b"GET only\n")
        elif path in _FILES:
            name, kind = _FILES[path]
            await _reply(send, 200, kind, (_PAGE / name).read_bytes())
        elif path == "/health/ready":
            await _reply(send, 200, "text/plain", b"ready\n")
        elif path == "/status.json":
            await self._status(send)
        else:
            await _reply(send, 404, "text/plain", b"not found\n")

    async def _status(self, send: Send) -> None:
        try:
            async with self._looking:
                if self._now is None or time.monotonic() - self._now.at_s > _FRESH_S:
                    await asyncio.to_thread(self._look)
        except SlipwayError as error:
            await _reply(
                send, 503, "application/json", msgspec.json.encode({"title": error.message, "detail": error.hint})
            )
            return
        await _reply(send, 200, "application/json", self._answer)

    def _look(self) -> None:
        inventory = read_inventory(self._inventory)
        now = observe(inventory)
        status = summarise(inventory, now, self._now)
        release, sample = _served(inventory.release_folder, inventory.release) if inventory.release else (None, None)
        self._now = now
        self._answer = msgspec.json.encode({"status": status, "release": release, "example": sample})


@functools.lru_cache(maxsize=1)
def _served(folder: str, digest: str) -> tuple[Release, dict[str, Any]]:
    release = load(Path(folder), digest)
    return release, example(Path(folder), release.signature)


async def _reply(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        *_SECURITY,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
