"""What the queue promises to callers and workers, on a real Valkey."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from services.tasks import KeyReusedError, Policy, QueueFullError, QueueUnavailableError
from services.tasks.scripts import DEAD, GROUP, STREAM
from tests.queues import DEADLINE_S, EAGER, claim_one, counts, eventually, insist, queue_on
from tests.valkey import Valkey, running

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running(tmp_path / "valkey") as server:
        yield server


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
        [(_, letter)] = client.xrange(DEAD)  # type: ignore[misc] - redis declares one type for both its clients
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
        for _ in range(EAGER.max_attempts):
            await claim_one(queue)
        assert await queue.claim(1, 2 * EAGER.visibility_s) == []
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
        waiting = [asyncio.create_task(queue.wait(task_id, DEADLINE_S)) for task_id in ids]
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
        waiting = asyncio.create_task(queue.wait(task_id, DEADLINE_S))
        claim = await claim_one(queue)
        valkey.kill()
        valkey.start()
        assert await insist(lambda: queue.complete(claim, b"result"))
        with contextlib.suppress(QueueUnavailableError):
            await waiting
        view = await insist(lambda: queue.wait(task_id, DEADLINE_S))
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
