"""The task queue on a real Valkey, with real worker processes, under kill -9 of both."""

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import numpy as np
import pytest
from redis import Redis

from services.tasks import (
    Claim,
    KeyReusedError,
    Policy,
    QueueFullError,
    QueueUnavailableError,
    TaskView,
    open_queue,
)
from services.tasks.scripts import COUNTS, DEAD, GROUP, STREAM
from services.tasks.valkey import ValkeyQueue
from tests.models import Built, employment
from tests.valkey import Valkey, running
from tests.workers import Worker, worker_on

pytestmark = [pytest.mark.system, pytest.mark.anyio]

_DEADLINE_S = 20
_T = TypeVar("_T")
_EAGER = Policy(max_attempts=3, backoff_s=0.05, visibility_s=0.2)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running(tmp_path / "valkey") as server:
        yield server


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return employment(tmp_path_factory.mktemp("releases") / "employment")


@pytest.fixture(scope="module")
def bodies(release: Built) -> list[bytes]:
    """A payload for each golden row."""
    return [msgspec.json.encode({"instances": [instance]}) for instance in release.instances()]


@contextlib.asynccontextmanager
async def queue_on(valkey: Valkey, policy: Policy = _EAGER) -> AsyncIterator[ValkeyQueue]:
    queue = open_queue(valkey.url, policy=policy)
    try:
        yield queue
    finally:
        await queue.aclose()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not await condition():
            await asyncio.sleep(0.01)


async def claim_one(queue: ValkeyQueue) -> Claim:
    [claim] = await queue.claim(1, _DEADLINE_S)
    return claim


def counts(valkey: Valkey) -> dict[str, int]:
    """The queue's own totals: `done` grows only when a task becomes done."""
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        found: Any = client.hgetall(COUNTS)
    return {name: int(value) for name, value in found.items()}


async def test_the_same_key_gives_the_same_task_however_often_and_at_once(valkey: Valkey):
    async with queue_on(valkey) as queue:
        ids = await asyncio.gather(*(queue.put(b"task", idempotency_key="k") for _ in range(50)))
        assert len(set(ids)) == 1
        assert (await queue.depth()).queued == 1


async def test_a_key_that_comes_with_another_payload_is_refused(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task", idempotency_key="k")
        with pytest.raises(KeyReusedError):
            await queue.put(b"other", idempotency_key="k")


async def test_a_task_is_tried_again_later_and_then_is_a_dead_letter_with_its_reason(valkey: Valkey):
    async with queue_on(valkey) as queue:
        task_id = await queue.put(b"task")
        states = [await queue.fail(await claim_one(queue), f"reason {attempt}") for attempt in (1, 2, 3)]
        assert states == ["failed", "failed", "dead"]
        view = await queue.get(task_id)
        assert view is not None
        assert (view.state, view.attempts, view.error) == ("dead", 3, "reason 3")
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        [(_, letter)] = client.xrange(DEAD)  # type: ignore[misc]
    assert letter == {"id": task_id, "error": "reason 3", "attempts": "3", "payload": "task"}


async def test_a_failed_task_waits_for_its_backoff(valkey: Valkey):
    async with queue_on(valkey, Policy(backoff_s=0.4)) as queue:
        await queue.put(b"task")
        await queue.fail(await claim_one(queue), "reason")
        assert await queue.claim(1, 0) == []
        began = time.monotonic()
        assert (await claim_one(queue)).attempt == 2
        assert time.monotonic() - began < 1


async def test_what_a_silent_worker_held_goes_to_another(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task")
        first = await claim_one(queue)
        second = await claim_one(queue)
        assert (second.id, second.attempt) == (first.id, 2)


async def test_a_worker_that_says_it_is_alive_keeps_its_task(valkey: Valkey):
    async with queue_on(valkey, Policy(visibility_s=1)) as queue:
        await queue.put(b"task")
        claim = await claim_one(queue)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            await queue.keep([claim])
            assert await queue.claim(1, 0.05) == []


async def test_a_task_that_ends_every_worker_becomes_a_dead_letter(valkey: Valkey):
    async with queue_on(valkey) as queue:
        task_id = await queue.put(b"poison")
        for _ in range(_EAGER.max_attempts):
            await claim_one(queue)
        assert await queue.claim(1, 2 * _EAGER.visibility_s) == []
        view = await queue.get(task_id)
        assert view is not None
        assert view.state == "dead"
        assert view.error is not None
        assert "fell silent in each of 3 attempts" in view.error


async def test_the_first_of_two_results_stands(valkey: Valkey):
    async with queue_on(valkey) as queue:
        task_id = await queue.put(b"task")
        slow, fast = await claim_one(queue), await claim_one(queue)
        assert await queue.complete(fast, b"first")
        assert not await queue.complete(slow, b"second")
        view = await queue.get(task_id)
        assert view is not None
        assert view.result == b"first"
    assert counts(valkey)["done"] == 1


async def test_a_worker_that_lost_its_task_cannot_fail_it(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task")
        lost, _ = await claim_one(queue), await claim_one(queue)
        assert await queue.fail(lost, "late") is None
        assert (await queue.depth()).running == 1


async def test_a_late_result_saves_a_task_that_waits_for_its_retry(valkey: Valkey):
    async with queue_on(valkey, Policy(backoff_s=60, visibility_s=0.2)) as queue:
        task_id = await queue.put(b"task")
        slow, failing = await claim_one(queue), await claim_one(queue)
        await queue.fail(failing, "reason")
        assert await queue.complete(slow, b"result")
        view = await queue.get(task_id)
        assert view is not None
        assert (view.state, view.error) == ("done", None)
        assert (await queue.depth()).delayed == 0


async def test_an_attempt_that_was_given_back_does_not_count(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task")
        await queue.give_back([await claim_one(queue)])
        assert (await claim_one(queue)).attempt == 1


async def test_a_result_and_its_key_expire(valkey: Valkey):
    async with queue_on(valkey, Policy(result_ttl_s=0.1)) as queue:
        task_id = await queue.put(b"task", idempotency_key="k")
        await queue.complete(await claim_one(queue), b"result")

        async def is_gone() -> bool:
            return await queue.get(task_id) is None

        await eventually(is_gone)
        assert await queue.put(b"task", idempotency_key="k") != task_id


async def test_whoever_waits_is_told_at_once_and_all_share_one_connection(valkey: Valkey):
    async with queue_on(valkey) as queue:
        ids = [await queue.put(b"task") for _ in range(200)]
        waiting = [asyncio.create_task(queue.wait(task_id, _DEADLINE_S)) for task_id in ids]
        claims = await queue.claim(200, 0)
        await asyncio.sleep(0)
        with Redis.from_url(valkey.url) as client:
            info: Any = client.info("clients")
        assert info["connected_clients"] <= 4  # commands, announcements, a claim that waits, this one
        began = time.monotonic()
        await asyncio.gather(*(queue.complete(claim, b"result") for claim in claims))
        views = await asyncio.gather(*waiting)
        assert time.monotonic() - began < 1
        assert {view.result for view in views if view} == {b"result"}


async def test_waiting_ends_with_the_task_as_it_is_when_the_time_is_up(valkey: Valkey):
    async with queue_on(valkey) as queue:
        view = await queue.wait(await queue.put(b"task"), 0.1)
        assert view is not None
        assert view.state == "queued"
        assert await queue.wait("never put", 0.1) is None


async def test_whoever_waits_across_a_restart_of_the_broker_is_told(valkey: Valkey):
    async with queue_on(valkey) as queue:
        task_id = await queue.put(b"task")
        waiting = asyncio.create_task(queue.wait(task_id, _DEADLINE_S))
        claim = await claim_one(queue)
        valkey.kill()
        valkey.start()
        assert await insist(lambda: queue.complete(claim, b"result"))
        with contextlib.suppress(QueueUnavailableError):
            await waiting
        view = await insist(lambda: queue.wait(task_id, _DEADLINE_S))
        assert view is not None
        assert view.result == b"result"


async def test_a_full_queue_refuses_and_takes_again_when_there_is_room(valkey: Valkey):
    async with queue_on(valkey, Policy(max_tasks=2)) as queue:
        first = await queue.put(b"first", idempotency_key="first")
        await queue.put(b"second")
        with pytest.raises(QueueFullError):
            await queue.put(b"third")
        assert await queue.put(b"first", idempotency_key="first") == first
        await queue.complete(await claim_one(queue), b"result")
        await queue.put(b"third")


async def test_a_full_memory_refuses_puts_and_lets_workers_drain_the_queue(tmp_path: Path):
    with running(tmp_path / "valkey", memory_gib=0.01) as valkey:
        async with queue_on(valkey) as queue:
            payload = secrets.token_bytes(100_000)
            puts = await asyncio.gather(*(queue.put(payload) for _ in range(500)), return_exceptions=True)
            assert {type(put) for put in puts} == {str, QueueFullError}
            for _ in range(sum(isinstance(put, str) for put in puts)):
                assert await queue.complete(await claim_one(queue), b"result")
            await queue.put(b"there is room again")


async def test_a_put_is_refused_at_once_while_the_broker_is_away(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task")
        valkey.kill()
        began = time.monotonic()
        with pytest.raises(QueueUnavailableError):
            await queue.put(b"task")
        assert time.monotonic() - began < 0.5


async def test_puts_are_refused_in_bounded_time_by_a_broker_that_hangs(valkey: Valkey):
    async with queue_on(valkey) as queue:
        await queue.put(b"task")
        valkey.freeze()
        began = time.monotonic()
        puts = await asyncio.gather(*(queue.put(b"task") for _ in range(2000)), return_exceptions=True)
        valkey.thaw()
        assert all(isinstance(put, QueueUnavailableError) for put in puts)
        assert time.monotonic() - began < 4


async def test_a_lost_group_is_made_again_with_all_that_was_unfinished(valkey: Valkey):
    async with queue_on(valkey) as queue:
        task_id = await queue.put(b"task")
        await claim_one(queue)
        with Redis.from_url(valkey.url) as client:
            client.xgroup_destroy(STREAM, GROUP)
        assert (await claim_one(queue)).id == task_id


async def test_a_worker_answers_as_the_predictor_would(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    with worker_on(valkey, release, tmp_path):
        async with queue_on(valkey) as queue:
            view = await queue.wait(await queue.put(bodies[3]), _DEADLINE_S)
    check(view, release, 3)


async def test_a_wrong_payload_is_told_why_and_harms_no_other(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    async with queue_on(valkey) as queue:
        good = await queue.put(bodies[1])
        bad = await queue.put(b'{"instances": [{"AGEP": 200}]}')
        with worker_on(valkey, release, tmp_path):
            answers = await asyncio.gather(queue.wait(good, _DEADLINE_S), queue.wait(bad, _DEADLINE_S))
    check(answers[0], release, 1)
    assert answers[1] is not None
    assert (answers[1].state, answers[1].attempts) == ("dead", 1)
    assert answers[1].error is not None
    assert "AGEP" in answers[1].error


async def test_a_worker_is_ready_while_the_queue_answers_and_alive_all_the_time(
    valkey: Valkey, release: Built, tmp_path: Path
):
    with worker_on(valkey, release, tmp_path) as worker:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{worker.port}") as client:

            async def status(path: str) -> int:
                with contextlib.suppress(httpx.TransportError):
                    return (await client.get(path)).status_code
                return 0

            async def is_ready() -> bool:
                return await status("/health/ready") == 200

            async def is_alive_only() -> bool:
                return (await status("/health/live"), await status("/health/ready")) == (200, 503)

            await eventually(is_ready)
            valkey.kill()
            await eventually(is_alive_only)
            valkey.start()
            await eventually(is_ready)
            assert "slipway_ready 1.0" in (await client.get("/metrics")).text


async def test_a_worker_told_to_stop_leaves_nothing_half_done(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    async with queue_on(valkey) as queue:
        await asyncio.gather(*(queue.put(bodies[n % len(bodies)]) for n in range(3000)))

        async def has_begun() -> bool:
            return counts(valkey).get("done", 0) > 100

        with worker_on(valkey, release, tmp_path) as worker:
            await eventually(has_begun)
            worker.process.terminate()
            assert worker.process.wait(_DEADLINE_S) == 0
        depth = await queue.depth()
        assert depth.running == 0
        assert depth.queued == 3000 - counts(valkey)["done"] > 0


async def test_no_task_is_lost_or_done_twice_when_worker_and_broker_are_killed(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    """5,000 tasks from 500 callers, each of which repeats what was not answered, with the same idempotency key."""
    tasks, callers = 5000, 500
    unanswered = 0
    views: dict[int, TaskView | None] = {}

    def count() -> None:
        nonlocal unanswered
        unanswered += 1

    async with queue_on(valkey) as queue, contextlib.AsyncExitStack() as workers:

        async def call(caller: int) -> None:
            for number in range(caller, tasks, callers):
                body, key = bodies[number % len(bodies)], f"task {number}"
                task_id = await insist(lambda: queue.put(body, idempotency_key=key), count)  # noqa: B023  # awaited here
                views[number] = await insist(lambda: queue.wait(task_id, _DEADLINE_S), count)  # noqa: B023

        async def killings() -> None:
            first = workers.enter_context(worker_on(valkey, release, tmp_path))
            await done(1000)
            await kill_with_tasks_in_hand(first, queue)
            for _ in range(2):
                workers.enter_context(worker_on(valkey, release, tmp_path))
            await done(2500)
            valkey.kill()
            await asyncio.sleep(1)  # the outage
            valkey.start()

        async def done(number: int) -> None:
            async def are_done() -> bool:
                return len(views) >= number

            await eventually(are_done)

        async with asyncio.timeout(60):
            await asyncio.gather(killings(), *(call(caller) for caller in range(callers)))
        depth = await queue.depth()

    for number in range(tasks):
        check(views[number], release, number)
    assert len({view.id for view in views.values() if view}) == tasks
    assert {name: counts(valkey)[name] for name in ("put", "done")} == {"put": tasks, "done": tasks}
    assert (depth.queued, depth.running, depth.delayed, depth.dead) == (0, 0, 0, 0)
    assert unanswered > 0, "nobody noticed the outage"
    assert any(view.attempts > 1 for view in views.values() if view), "the worker died with nothing in hand"


async def kill_with_tasks_in_hand(worker: Worker, queue: ValkeyQueue) -> None:
    """kill -9 of the only worker at a moment when it holds tasks: stopped first, to look."""

    async def stopped_with_tasks() -> bool:
        worker.process.send_signal(signal.SIGSTOP)
        if (await queue.depth()).running:
            return True
        worker.process.send_signal(signal.SIGCONT)
        return False

    await eventually(stopped_with_tasks)
    worker.process.kill()


async def insist(call: Callable[[], Awaitable[_T]], unanswered: Callable[[], None] = lambda: None) -> _T:
    """What a caller does while the broker is away: ask again."""
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            try:
                return await call()
            except QueueUnavailableError:
                unanswered()
                await asyncio.sleep(0.05)


def check(view: TaskView | None, release: Built, number: int) -> None:
    """The task is done with the trainer's own answer to its row."""
    assert view is not None
    assert view.state == "done", view.error
    assert view.result is not None
    answer = msgspec.json.decode(view.result)
    assert answer["release"] == release.release.short
    golden = release.golden["answers"]
    given = list(answer["predictions"][0][release.release.signature.outputs[0].name].values())
    np.testing.assert_allclose(given, golden[number % len(golden)], atol=1e-5)
