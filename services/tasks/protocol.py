"""What a task queue promises, whichever broker is behind it: to those who put tasks, and to the workers that do them.

A task is delivered at least once and done once: when two workers finish the same task, because the first was thought
dead, the first result stands and the second is dropped. Payload and result are opaque bytes here.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from slipway.errors import SlipwayError

TaskState = Literal["queued", "running", "failed", "done", "dead"]
"""failed: an attempt failed and the next one is due later. done and dead are final; dead has no attempts left."""


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as its caller sees it. Times are seconds since 1970 by the broker's clock; None until it happened.

    attempts: how often a worker began it. error: of the last failed attempt. result: once done.
    """

    id: str
    state: TaskState
    attempts: int
    created_s: float
    started_s: float | None = None
    finished_s: float | None = None
    result: bytes | None = None
    error: str | None = None

    @property
    def finished(self) -> bool:
        return self.state in ("done", "dead")


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks by what they wait for: a worker, their worker's answer, their next attempt's time, a person."""

    queued: int
    running: int
    delayed: int
    dead: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's hold on a task. attempt: 1 for the first; a claim that was lost to another worker has an older one."""

    id: str
    attempt: int
    payload: bytes


class QueueFullError(SlipwayError):
    """The queue holds as many tasks, or as much memory, as it may; the task was not taken. 503 at the edge."""


class QueueUnavailableError(SlipwayError):
    """The broker did not answer in time. A put may have been taken: repeat it with the same idempotency key."""


class KeyReusedError(SlipwayError):
    """The idempotency key came before, with another payload: answering with that task's result would be wrong."""


class TaskQueue(Protocol):
    """The side of those who put tasks. Every method raises QueueUnavailableError within a bounded time."""

    async def put(self, payload: bytes, *, idempotency_key: str | None = None) -> str:
        """Queue a task and give its id, once the broker has it on disk.

        The same key gives the same id for as long as the task is known, also when the first answer was lost.
        Raises QueueFullError, KeyReusedError.
        """
        ...

    async def get(self, task_id: str) -> TaskView | None:
        """The task now; None when it was never put or its result has expired."""
        ...

    async def wait(self, task_id: str, timeout_s: float) -> TaskView | None:
        """As `get`, but as soon as the task is done or dead, or as it is when `timeout_s` has passed.

        Does not poll, and shares one connection among all who wait.
        """
        ...

    async def depth(self) -> Depth: ...

    async def aclose(self) -> None:
        """Let go of all connections; tasks stay."""
        ...


class TaskSource(Protocol):
    """The side of workers. Every method raises QueueUnavailableError within a bounded time and may be repeated then."""

    async def claim(self, max_tasks: int, wait_s: float) -> list[Claim]:
        """Up to `max_tasks`, oldest first; when there is none, waits up to `wait_s` for one to come.

        Among them what a dead worker left, and retries that are due.
        """
        ...

    async def complete(self, claim: Claim, result: bytes) -> bool:
        """Make the task done. False, and nothing changed, when it was done or dead already."""
        ...

    async def fail(self, claim: Claim, error: str, *, final: bool = False) -> TaskState | None:
        """Count the attempt as failed: the task is retried later, or dead when it had its last attempt or `final`.

        final: the same payload would fail again. Gives the state it has now; None when the claim was lost meanwhile.
        """
        ...

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Return tasks that were not begun; the attempt does not count."""
        ...

    async def keep(self, claims: Sequence[Claim]) -> None:
        """Say that their worker is alive: nobody else gets them for another `visibility_s`."""
        ...
