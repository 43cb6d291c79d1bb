"""Tells those who wait for a task that it has finished: one connection for all of them, one channel a task.

A message is only a reason to look. So is every subscription that Valkey confirms, the first one and those after a lost
connection: what was announced while nobody listened is found by looking, and nothing is ever polled for.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from services.tasks.scripts import FINISHED

_RECONNECT_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_ANY = f"{FINISHED}*listening"
"""A channel on which nothing is ever said: keeps the connection subscribed while nobody waits."""


class Announcements:
    """Belongs to the event loop that it is used in. Connects when somebody first waits."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._connected: PubSub | None = None
        self._listener: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def of(self, task_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever there is a reason to look at the task."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        channel, event = f"{FINISHED}{task_id}", asyncio.Event()
        first = channel not in self._waiting
        self._waiting[channel].add(event)
        try:
            if first:
                await self._tell("subscribe", channel)
            else:
                event.set()  # its confirmation may have come already
            yield event
        finally:
            self._waiting[channel].discard(event)
            if not self._waiting[channel]:
                del self._waiting[channel]
                await self._tell("unsubscribe", channel)

    async def aclose(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def _tell(self, verb: str, channel: str) -> None:
        """Without a connection there is nothing to tell: the listener subscribes to all channels when it has one."""
        if self._connected is not None:
            with contextlib.suppress(RedisError, OSError):  # the listener sees it too, and reconnects
                await getattr(self._connected, verb)(channel)

    async def _listen(self) -> None:
        failures = 0
        while True:
            pubsub = self._client.pubsub()
            with contextlib.suppress(RedisError, OSError):
                await pubsub.subscribe(_ANY)
                self._connected, failures = pubsub, 0
                await pubsub.subscribe(*self._waiting or [_ANY])
                async for message in pubsub.listen():
                    self._wake(message)
            self._connected = None
            with contextlib.suppress(RedisError, OSError):
                await pubsub.aclose()
            await asyncio.sleep(_RECONNECT_S[min(failures, len(_RECONNECT_S) - 1)])
            failures += 1

    def _wake(self, message: dict[str, Any]) -> None:
        if message["type"] in ("message", "subscribe"):
            for event in self._waiting.get(message["channel"].decode(), ()):
                event.set()
