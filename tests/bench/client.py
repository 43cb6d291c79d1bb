"""A load generator that gets out of the way: keep-alive connections, requests made beforehand, one look at an answer.

`python -m tests.bench.client PORT CONNECTIONS SECONDS BODIES` prints a Report as JSON. It is a process of its own, so
that a server under test shares the machine with it but not the interpreter. Closed loop: each connection sends its
next request when it has the answer to the last, so the figures are what the server can do at this concurrency.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop

_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Report:
    """requests: answered with 200 in the measured time. failed: any other answer, or a connection cut.

    cpu_us: the server's processor time for each request, where whoever runs it can tell.
    """

    requests: int
    failed: int
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float = 0.0


class _Caller(asyncio.Protocol):
    def __init__(self, requests: list[bytes], start: int, seconds_of_200: list[float]) -> None:
        self._requests = requests
        self._next = start
        self._seconds = seconds_of_200
        self._buffer = b""
        self._sent = 0.0
        self.failed = 0
        self.stopped = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's shares no base class with it
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(body) < _content_length(head):
            return
        if head.startswith(b"HTTP/1.1 200"):
            self._seconds.append(time.perf_counter() - self._sent)
        else:
            self.failed += 1
        self._buffer = b""
        if self.stopped:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += not self.stopped
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1


def _content_length(head: bytes) -> int:
    start = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[start:].split(b"\r\n", 1)[0])


async def load(port: int, connections: int, seconds: float, bodies: list[bytes]) -> Report:
    """Keep `connections` requests under way for `seconds`, taking the bodies in turn."""
    requests = [
        b"POST /predict HTTP/1.1\r\nhost: %s:%d\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (_HOST.encode(), port, len(body), body)
        for body in bodies
    ]
    took: list[float] = []
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda start=number * 31: _Caller(requests, start, took), _HOST, port)
        for number in range(connections)
    ]
    callers = [caller for _, caller in pairs]
    took.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    elapsed, answered = time.perf_counter() - began, sorted(took)
    for caller in callers:
        caller.stopped = True
    await asyncio.wait_for(asyncio.gather(*(caller.done for caller in callers)), 10)
    return Report(
        requests=len(answered),
        failed=sum(caller.failed for caller in callers),
        per_s=len(answered) / elapsed,
        p50_ms=answered[len(answered) // 2] * 1e3,
        p99_ms=answered[len(answered) * 99 // 100] * 1e3,
    )


def main() -> None:
    port, connections, seconds, bodies = sys.argv[1:]
    lines = Path(bodies).read_bytes().splitlines()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(load(int(port), int(connections), float(seconds), lines))
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()
