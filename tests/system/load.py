"""A bounded load on the local edge: a fixed rate over keep-alive connections, every failure kept.

Speaks just enough HTTP/1.1 for its own requests, so that the client costs little on a machine that also serves.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_MOST_SECONDS = 60.0
_REQUEST_TIMEOUT_S = 20.0


@dataclass
class Report:
    """failures: what went wrong, one line each. took_s: of every answered request."""

    sent: int = 0
    failures: list[str] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0

    @property
    def requests_per_s(self) -> float:
        return self.sent / (self.ended - self.started)


@dataclass(frozen=True, kw_only=True)
class Target:
    port: int
    token: str
    path: str
    body: bytes

    @property
    def request(self) -> bytes:
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {self.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@asynccontextmanager
async def load(target: Target, *, rate_per_s: float, connections: int = 16) -> AsyncIterator[Report]:
    """Requests at `rate_per_s` for as long as the block runs, at most a minute."""
    report = Report()
    stop = asyncio.Event()
    period_s = connections / rate_per_s
    clients = [
        asyncio.create_task(_client(target, report, stop, period_s, first_s=period_s * index / connections))
        for index in range(connections)
    ]
    try:
        yield report
    finally:
        stop.set()
        await asyncio.gather(*clients)
        report.ended = time.monotonic()


async def _client(target: Target, report: Report, stop: asyncio.Event, period_s: float, first_s: float) -> None:
    due = report.started + first_s
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    while not stop.is_set() and due - report.started < _MOST_SECONDS:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += period_s
        report.sent += 1
        began = time.monotonic()
        try:
            status, headers = await asyncio.wait_for(_exchange(reader, writer, target.request), _REQUEST_TIMEOUT_S)
        except (OSError, EOFError, TimeoutError) as error:
            report.failures.append(f"{type(error).__name__}: {error}")
            reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
            continue
        report.took_s.append(time.monotonic() - began)
        report.releases.add(headers.get("x-slipway-release", ""))
        if status != 200:
            report.failures.append(f"status {status}")
    writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, dict[str, str]]:
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split()[1]), headers
