"""The queue on Valkey (or Redis 7, ElastiCache, Memorystore): Streams with a consumer group, one script per change.

Durable as far as the server is: with server.py's configuration an answered put is on disk. One clock rules, the
server's. Not here: authentication of callers, limits on payloads (the predictor), what a task means (the worker).
"""

import asyncio
import contextlib
import hashlib
import random
import secrets
import time
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from services.tasks import scripts
from services.tasks.announcements import Announcements
from services.tasks.pipe import Pipe, connect, unavailable
from services.tasks.protocol import Claim, Depth, KeyReusedError, QueueFullError, TaskState, TaskView
from services.tasks.retry import Policy, retry_delay_s

_ID_BYTES = 16
_FIELDS = ("state", "attempts", "created", "started", "finished", "result", "error")
_MAX_ERROR_CHARACTERS = 4000


class ValkeyQueue:
    """A TaskQueue and a TaskSource. Belongs to the event loop that it is used in; connects when first used.

    url: as redis-py takes it (redis, rediss, unix); never shown. timeout_s: the longest that any answer may take.
    """

    def __init__(self, url: str, *, policy: Policy | None = None, timeout_s: float = 2.0) -> None:
        self.policy = policy or Policy()
        self._timeout_s = timeout_s
        self._client = connect(url, timeout_s=timeout_s)
        self._pipe = Pipe(self._client)
        self._announcements = Announcements(self._client)
        self._cursor: bytes | str = "0-0"

    async def put(self, payload: bytes, *, idempotency_key: str | None = None) -> str:
        digest = hashlib.blake2b(payload, digest_size=_ID_BYTES).digest() if idempotency_key else b""
        outcome, task_id = await self._pipe.run(
            scripts.PUT, secrets.token_hex(_ID_BYTES), payload, idempotency_key or "", digest, self.policy.max_tasks
        )
        if outcome == b"full":
            raise QueueFullError(
                f"the task queue holds its {self.policy.max_tasks} tasks", hint="try again later, or add workers"
            )
        if outcome == b"reused":
            raise KeyReusedError(
                "this idempotency key came with another payload", hint="use a fresh key for every new task"
            )
        return task_id.decode()

    async def get(self, task_id: str) -> TaskView | None:
        values = await self._pipe.send("HMGET", f"{scripts.TASK}{task_id}", *_FIELDS)
        return _view(task_id, dict(zip(_FIELDS, values, strict=True))) if values[0] else None

    async def wait(self, task_id: str, timeout_s: float) -> TaskView | None:
        view = await self.get(task_id)
        if view is None or view.finished or timeout_s <= 0:
            return view
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._announcements.of(task_id) as told:
                while view is not None and not view.finished:
                    await told.wait()
                    told.clear()
                    view = await self.get(task_id)
                return view
        return await self.get(task_id)

    async def depth(self) -> Depth:
        queued, running, delayed, dead = await self._pipe.run(scripts.DEPTH)
        return Depth(queued=queued, running=running, delayed=delayed, dead=dead)

    async def claim(self, max_tasks: int, wait_s: float) -> list[Claim]:
        deadline = time.monotonic() + wait_s
        while True:
            claims, next_due_s, newest = await self._claim_now(max_tasks)
            remaining_s = deadline - time.monotonic()
            if claims or remaining_s <= 0:
                return claims
            look_again_s = min(self.policy.visibility_s, self._timeout_s / 2)  # a worker that dies leaves no entry
            await self._await_entry(newest, min(remaining_s, next_due_s, look_again_s))

    async def complete(self, claim: Claim, result: bytes) -> bool:
        ttl_ms = round(self.policy.result_ttl_s * 1e3)
        return bool(await self._pipe.run(scripts.COMPLETE, claim.id, result, ttl_ms))

    async def fail(self, claim: Claim, error: str, *, final: bool = False) -> TaskState | None:
        delay_s = retry_delay_s(claim.attempt, self.policy, final=final, jitter=random.random())  # noqa: S311  # no secret
        state = await self._pipe.run(
            scripts.FAIL,
            claim.id,
            claim.attempt,
            error[:_MAX_ERROR_CHARACTERS],
            "" if delay_s is None else round(delay_s * 1e3),
            *self._burial(),
        )
        return state.decode() if state else None

    async def give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            await self._pipe.run(scripts.GIVE_BACK, *_held(claims))

    async def keep(self, claims: Sequence[Claim]) -> None:
        if claims:
            await self._pipe.run(scripts.KEEP, *_held(claims))

    async def aclose(self) -> None:
        await self._announcements.aclose()
        await self._pipe.aclose()

    async def _claim_now(self, max_tasks: int) -> tuple[list[Claim], float, bytes]:
        """What can be had, seconds until a retry is due, and the stream's newest entry."""
        visibility_ms = round(self.policy.visibility_s * 1e3)
        arguments = (max_tasks, visibility_ms, self.policy.max_attempts, self._cursor, *self._burial())
        reply = await self._pipe.run(scripts.CLAIM, *arguments)
        claimed, self._cursor, due_ms, newest = reply
        claims = [Claim(id=id_.decode(), attempt=attempt, payload=payload) for id_, attempt, payload in claimed]
        return claims, (due_ms / 1e3 if due_ms >= 0 else float("inf")), newest

    async def _await_entry(self, newest: bytes, wait_s: float) -> None:
        """Until there is an entry after `newest`. Takes nothing, so whoever waits may be cancelled at any time."""
        block_ms = max(1, round(wait_s * 1e3))  # 0 would mean forever
        try:
            await self._client.execute_command(
                "XREAD", "COUNT", 1, "BLOCK", block_ms, "STREAMS", scripts.STREAM, newest
            )
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    def _burial(self) -> tuple[int, int]:
        return round(self.policy.dead_ttl_s * 1e3), self.policy.max_dead


def _held(claims: Sequence[Claim]) -> list[str | int]:
    return [value for claim in claims for value in (claim.id, claim.attempt)]


def _view(task_id: str, values: dict[str, Any]) -> TaskView:
    def seconds(name: str) -> float | None:
        return int(values[name]) / 1e3 if values[name] else None

    return TaskView(
        id=task_id,
        state=values["state"].decode(),
        attempts=int(values["attempts"]),
        created_s=seconds("created") or 0.0,
        started_s=seconds("started"),
        finished_s=seconds("finished"),
        result=values["result"],
        error=values["error"].decode() if values["error"] is not None else None,
    )
