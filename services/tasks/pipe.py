"""Many callers, one connection: what waits while a round trip is under way leaves together as the next one.

So a busy queue pays one system call and one fsync for many tasks, an idle one adds no delay. Nothing is repeated here
but a script that Valkey has forgotten (it was restarted): a command whose connection broke may have happened.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, NoScriptError, OutOfMemoryError, ReadOnlyError, RedisError

from services.tasks.protocol import QueueFullError, QueueUnavailableError
from services.tasks.scripts import STREAM, Script

_MOST_AT_ONCE = 512
_CONNECT_TIMEOUT_S = 1.0

Argument = str | bytes | int | float
Command = Sequence[Argument]


def connect(url: str, *, timeout_s: float | None) -> Redis:
    """A client that connects when first used, and tells a failure at once instead of trying again.

    timeout_s: the longest an answer may take; None for a connection that only listens.
    """
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=timeout_s,
        socket_connect_timeout=_CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def unavailable(error: Exception) -> QueueUnavailableError:
    reason = str(error) or type(error).__name__
    return QueueUnavailableError(f"the task queue does not answer: {reason}", hint="try again; it reconnects by itself")


class Pipe:
    """Belongs to the event loop that it is used in. All calls raise QueueUnavailableError when the broker is away."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: list[tuple[Command, asyncio.Future[Any]]] = []
        self._pump: asyncio.Task[None] | None = None

    async def run(self, script: Script, *arguments: Argument) -> Any:
        """The script's reply. Raises QueueFullError when it needs memory and there is none."""
        try:
            return await self.send("EVALSHA", script.sha, 1, STREAM, *arguments)
        except NoScriptError:
            return await self.send("EVAL", script.source, 1, STREAM, *arguments)

    async def send(self, *command: Argument) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        return await answer

    async def aclose(self) -> None:
        if self._pump is not None:
            await asyncio.wait([self._pump])
        await self._client.aclose()

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            try:
                replies = await self._exchange([command for command, _ in batch])
            except Exception as error:
                # what waited behind it fails with it, so that nobody waits for two timeouts
                batch, self._waiting = batch + self._waiting, []
                replies = [unavailable(error) if isinstance(error, RedisError | OSError) else error] * len(batch)
            for (_, answer), reply in zip(batch, replies, strict=True):
                _settle(answer, reply)

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)


def _settle(answer: asyncio.Future[Any], reply: Any) -> None:
    if answer.done():  # its caller was cancelled
        return
    if not isinstance(reply, Exception):
        answer.set_result(reply)
    elif isinstance(reply, OutOfMemoryError):
        answer.set_exception(QueueFullError("the task queue's memory is full", hint="results make room as they expire"))
    elif isinstance(reply, ReadOnlyError | ClusterDownError):  # failing over, or cut off from its primary
        answer.set_exception(unavailable(reply))
    else:
        answer.set_exception(reply)
