"""The worker's loops against a TaskSource in memory: what it claims, answers, gives back and repeats."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from services.tasks import Claim, QueueUnavailableError, TaskState
from services.worker.metrics import Metrics
from services.worker.worker import Answer, UnanswerableError, Worker
from slipway.release import Hardware, Release
from slipway.signature import Signature

RELEASE = Release(
    name="test",
    version="1",
    git_commit="0" * 40,
    data_digest="sha256:0",
    metrics={},
    signature=Signature(inputs=(), outputs=()),
    hardware=Hardware(machine="test"),
    files={},
)


class MemorySource:
    """A queue whose broker can be away: each of the next `away` calls but claims raises."""

    def __init__(self, *payloads: bytes, away: int = 0) -> None:
        self.waiting = [Claim(id=str(index), attempt=1, payload=payload) for index, payload in enumerate(payloads)]
        self.away = away
        self.results: dict[str, bytes] = {}
        self.failures: dict[str, tuple[str, bool]] = {}
        self.returned: list[str] = []
        self.kept: set[str] = set()
        self.on_claim: Callable[[], object] = lambda: None

    async def claim(self, max_tasks: int, wait_s: float) -> list[Claim]:
        claims, self.waiting = self.waiting[:max_tasks], self.waiting[max_tasks:]
        self.on_claim()
        await asyncio.sleep(0)
        return claims

    async def complete(self, claim: Claim, result: bytes) -> bool:
        self._answer()
        return self.results.setdefault(claim.id, result) is result

    async def fail(self, claim: Claim, error: str, *, final: bool = False) -> TaskState | None:
        self._answer()
        self.failures[claim.id] = (error, final)
        return "dead" if final else "failed"

    async def give_back(self, claims: Sequence[Claim]) -> None:
        self._answer()
        self.returned += [claim.id for claim in claims]

    async def keep(self, claims: Sequence[Claim]) -> None:
        self.kept |= {claim.id for claim in claims}

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise QueueUnavailableError("away")


async def shout(payload: bytes) -> bytes:
    match payload:
        case b"bad":
            raise UnanswerableError("no such thing")
        case b"unlucky":
            raise RuntimeError("out of luck")
    return payload.upper()


def worker_on(source: MemorySource, answer: Answer = shout, *, keep_s: float = 60.0) -> Worker:
    return Worker(source, answer, Metrics(RELEASE), batch=2, concurrency=2, keep_s=keep_s)


async def until(condition: Callable[[], object], running: Awaitable[None]) -> None:
    working = asyncio.ensure_future(running)
    async with asyncio.timeout(5):
        while not condition():
            assert not working.done()
            await asyncio.sleep(0.005)
    working.cancel()
    await asyncio.wait([working])


def test_every_task_is_answered():
    source = MemorySource(*[f"task {number}".encode() for number in range(7)])
    asyncio.run(until(lambda: len(source.results) == 7, worker_on(source).work()))
    assert source.results["6"] == b"TASK 6"


@pytest.mark.parametrize(
    ("payload", "failure"),
    [(b"bad", ("no such thing", True)), (b"unlucky", ("RuntimeError: out of luck", False))],
)
def test_a_task_that_fails_leaves_its_batch_unharmed(payload: bytes, failure: tuple[str, bool]):
    source = MemorySource(payload, b"good")
    asyncio.run(until(lambda: source.results and source.failures, worker_on(source).work()))
    assert source.failures == {"0": failure}
    assert source.results == {"1": b"GOOD"}


def test_a_result_is_told_again_until_the_queue_is_back():
    source = MemorySource(b"task", away=2)
    asyncio.run(until(lambda: source.results, worker_on(source).work()))
    assert source.results == {"0": b"TASK"}


def test_what_was_claimed_while_told_to_stop_is_given_back():
    source = MemorySource(b"task")
    worker = worker_on(source)
    source.on_claim = worker.stop
    asyncio.run(asyncio.wait_for(worker.work(), 5))
    assert source.returned == ["0"]
    assert not source.results


def test_a_worker_told_to_stop_finishes_what_it_began():
    source = MemorySource(b"task")

    async def scenario() -> None:
        async def slow(payload: bytes) -> bytes:
            worker.stop()
            await asyncio.sleep(0.05)
            return payload.upper()

        worker = worker_on(source, slow)
        await asyncio.wait_for(worker.work(), 5)
        assert worker.held == 0

    asyncio.run(scenario())
    assert source.results == {"0": b"TASK"}


def test_a_slow_task_is_kept_from_other_workers():
    source = MemorySource(b"slow")

    async def never(payload: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    asyncio.run(until(lambda: source.kept == {"0"}, worker_on(source, never, keep_s=0.01).work()))
