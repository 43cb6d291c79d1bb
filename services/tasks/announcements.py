"""Tells those who wait for a task that it has finished: one connection for all of them, one channel a task.

A message is only a reason to look. So is every subscription that Valkey confirms, the first one and those after a lost
connection: what was announced while nobody listened is found by looking, and nothing is ever polled for.
"""

import asyncio
import contextlib
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from services.tasks.scripts import FINISHED

_RECONNECT_S = (0.05, 0.1, 0.2, 0.5, 1.0)


class Announcements:
    """Belongs to the event loop that it is used in. Connects when somebody first waits."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._connection: AbstractConnection | None = None
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
                await self._tell("SUBSCRIBE", channel)
            else:
                event.set()  # its confirmation may have come already
            yield event
        finally:
            self._waiting[channel].discard(event)
            if not self._waiting[channel]:
                del self._waiting[channel]
                await self._tell("UNSUBSCRIBE", channel)

    async def aclose(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def _tell(self, verb: str, channel: str) -> None:
        """Writes only: reading is the listener's, and so is connecting, after which it subscribes to all channels."""
        connection = self._connection
        if connection is not None and connection.is_connected:
            with contextlib.suppress(RedisError, OSError):  # the listener sees it too, and reconnects
                await connection.send_command(verb, channel)

    async def _listen(self) -> None:
        failures = 0
        while True:
            connection = self._client.connection_pool.make_connection()
            try:
                await connection.connect()
                self._connection, failures = connection, 0
                if self._waiting:
                    await connection.send_command("SUBSCRIBE", *self._waiting)
                while True:
                    self._hear(await connection.read_response(timeout=math.inf, push_request=True))
            except (RedisError, OSError):
                await asyncio.sleep(_RECONNECT_S[min(failures, len(_RECONNECT_S) - 1)])
                failures += 1
            finally:
                self._connection = None
                await connection.disconnect(nowait=True)

    def _hear(self, said: Any) -> None:
        kind, channel, _ = said
        if kind in (b"message", b"subscribe"):
            for event in self._waiting.get(channel.decode(), ()):
                event.set()
