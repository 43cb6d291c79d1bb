"""Tasks a second: `python -m tests.bench.tasks`. Into the queue, out of it without a model, and through real workers.

On a real Valkey that has every task on disk before it answers. Prints one line of JSON.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from services.tasks import Policy, open_queue
from services.tasks.scripts import COUNTS
from services.tasks.valkey import ValkeyQueue
from tests.models import employment
from tests.valkey import running
from tests.workers import worker_on

_TASKS = 20_000
_CALLERS = 256  # puts in flight
_BATCH = 64
_WORKERS = 2


async def put_all(queue: ValkeyQueue, bodies: list[bytes]) -> float:
    """Tasks a second, by callers that each wait for one answer before they put the next."""
    remaining = iter(range(_TASKS))

    async def call() -> None:
        for number in remaining:
            await queue.put(bodies[number % len(bodies)])

    began = time.monotonic()
    await asyncio.gather(*(call() for _ in range(_CALLERS)))
    return _TASKS / (time.monotonic() - began)


async def take_all(queue: ValkeyQueue) -> float:
    """Tasks a second, claimed and completed by two loops of one process that do nothing with them."""

    async def work() -> None:
        while claims := await queue.claim(_BATCH, 0):
            await asyncio.gather(*(queue.complete(claim, claim.payload) for claim in claims))

    began = time.monotonic()
    await asyncio.gather(work(), work())
    return _TASKS / (time.monotonic() - began)


async def work_all(client: Redis, done_before: int) -> float:
    """Tasks a second from the first that a worker process has done to the last: not its start."""
    began, first = 0.0, 0
    while (done := int(await client.hget(COUNTS, "done") or 0) - done_before) < _TASKS:  # type: ignore[misc] - redis declares one type for both its clients
        if done and not began:
            began, first = time.monotonic(), done
        await asyncio.sleep(0.02)
    return (_TASKS - first) / (time.monotonic() - began)


async def bench(folder: Path) -> dict[str, float]:
    release = employment(folder / "release")
    bodies = [msgspec.json.encode({"instances": [instance]}) for instance in release.instances()]
    with contextlib.ExitStack() as stack:
        valkey = stack.enter_context(running(folder / "valkey"))
        queue = open_queue(valkey.url, policy=Policy(result_ttl_s=60))
        figures = {"put": await put_all(queue, bodies), "claim_and_complete": await take_all(queue)}
        await put_all(queue, bodies)
        for index in range(_WORKERS):
            (folder / str(index)).mkdir()
            stack.enter_context(worker_on(valkey, release, folder / str(index)))
        async with Redis.from_url(valkey.url) as client:
            figures[f"through_{_WORKERS}_workers"] = await work_all(client, _TASKS)
        await queue.aclose()
    return {f"{name}_per_s": round(value) for name, value in figures.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(bench(Path(folder)))), file=sys.stdout)


if __name__ == "__main__":
    main()
