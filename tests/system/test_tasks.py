"""Worker processes on a real Valkey, under kill -9 of both."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

from services.tasks import TaskView
from services.tasks.valkey import ValkeyQueue
from tests.models import Built, employment
from tests.queues import DEADLINE_S, counts, eventually, insist, queue_on
from tests.valkey import Valkey, running
from tests.workers import Worker, worker_on

pytestmark = [pytest.mark.system, pytest.mark.anyio]


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


async def test_a_worker_answers_as_the_predictor_would(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    with worker_on(valkey, release, tmp_path):
        async with queue_on(valkey) as queue:
            view = await queue.wait(await queue.put(bodies[3]), DEADLINE_S)
    check(view, release, 3)


async def test_a_wrong_payload_is_told_why_and_harms_no_other(
    valkey: Valkey, release: Built, bodies: list[bytes], tmp_path: Path
):
    async with queue_on(valkey) as queue:
        good = await queue.put(bodies[1])
        bad = await queue.put(b'{"instances": [{"AGEP": 200}]}')
        with worker_on(valkey, release, tmp_path):
            answers = await asyncio.gather(queue.wait(good, DEADLINE_S), queue.wait(bad, DEADLINE_S))
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
            assert worker.process.wait(DEADLINE_S) == 0
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
                views[number] = await insist(lambda: queue.wait(task_id, DEADLINE_S), count)  # noqa: B023

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
