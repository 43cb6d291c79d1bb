"""What tests of the task queue share: a driver on a real Valkey, and callers that wait for a condition or insist."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from redis import Redis

from services.tasks import Claim, Policy, QueueUnavailableError, open_queue
from services.tasks.scripts import COUNTS
from services.tasks.valkey import ValkeyQueue
from tests.valkey import Valkey

DEADLINE_S = 20
EAGER = Policy(max_attempts=3, backoff_s=0.05, visibility_s=0.2)
_T = TypeVar("_T")


@contextlib.asynccontextmanager
async def queue_on(valkey: Valkey, policy: Policy = EAGER) -> AsyncIterator[ValkeyQueue]:
    queue = open_queue(valkey.url, policy=policy)
    try:
        yield queue
    finally:
        await queue.aclose()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():
            await asyncio.sleep(0.01)


async def claim_one(queue: ValkeyQueue) -> Claim:
    [claim] = await queue.claim(1, DEADLINE_S)
    return claim


def counts(valkey: Valkey) -> dict[str, int]:
    """The queue's own totals: `done` grows only when a task becomes done."""
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        found: Any = client.hgetall(COUNTS)
    return {name: int(value) for name, value in found.items()}


async def insist(call: Callable[[], Awaitable[_T]], unanswered: Callable[[], None] = lambda: None) -> _T:
    """What a caller does while the broker is away: ask again."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                return await call()
            except QueueUnavailableError:
                unanswered()
                await asyncio.sleep(0.05)
