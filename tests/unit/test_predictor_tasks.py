"""The task routes over a queue that a test holds in its hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from services.predictor import task_routes
from services.predictor.app import App
from services.predictor.instances import Instances
from services.predictor.metrics import Metrics
from services.predictor.schemas import example
from services.predictor.task_routes import Tasks
from services.tasks import KeyReusedError, QueueFullError, QueueUnavailableError, TaskView
from tests import models
from tests.asgi import Answered, call

BODY = json.dumps({"instances": [example(models.EMPLOYMENT)]}).encode()
TASK = "ab" * 16
LONG_S = 10.0


class Queue:
    """Remembers what it was told; `fails` is raised by every call."""

    def __init__(self) -> None:
        self.put_with: list[str | None] = []
        self.waited: list[float] = []
        self.finish = asyncio.Event()
        self.waiting = asyncio.Event()
        self.fails: Exception | None = None
        self.views = {TASK: TaskView(id=TASK, state="queued", attempts=0, created_s=1.0)}

    async def put(self, payload: bytes, *, idempotency_key: str | None = None) -> str:
        if self.fails:
            raise self.fails
        self.put_with.append(idempotency_key)
        return TASK

    async def get(self, task_id: str) -> TaskView | None:
        if self.fails:
            raise self.fails
        return self.views.get(task_id)

    async def wait(self, task_id: str, timeout_s: float) -> TaskView | None:
        self.waited.append(timeout_s)
        self.waiting.set()
        await self.finish.wait()
        return self.views.get(task_id)


Ask = Callable[..., Awaitable[Answered]]


def run(monkeypatch: pytest.MonkeyPatch, test: Callable[[Queue, Ask, asyncio.Event], Awaitable[None]]) -> None:
    async def whole() -> None:
        queue, stopping = Queue(), asyncio.Event()

        async def opened(url: str) -> Any:
            return queue

        monkeypatch.setattr(task_routes, "_open", opened)
        tasks = Tasks("redis://nowhere", Instances(models.EMPLOYMENT, max_rows=4), stopping)
        metrics = Metrics(name="m", version="1", release="r", region="x")
        app = App(tasks.routes, metrics, stopping, max_body_bytes=1 << 20, body_s=LONG_S)

        async def ask(method: str, path: str, **rest: Any) -> Answered:
            return await call(app, method, path, **rest)

        await asyncio.wait_for(test(queue, ask, stopping), LONG_S)

    asyncio.run(whole())


def test_a_task_is_taken_with_202_and_the_place_to_look(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        taken = await ask("POST", "/tasks", body=BODY)
        assert (taken.status, taken.headers["location"], taken.json["id"]) == (202, f"/tasks/{TASK}", TASK)

    run(monkeypatch, test)


def test_a_task_that_the_model_would_refuse_never_reaches_the_queue(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        assert (await ask("POST", "/tasks", body=b'{"instances": [{}]}')).status == 422
        assert queue.put_with == []

    run(monkeypatch, test)


def test_the_callers_key_goes_before_the_edges_request_id(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        edge = {"x-request-id": "r1"}
        await ask("POST", "/tasks", body=BODY, headers=edge | {"idempotency-key": "k1"})
        await ask("POST", "/tasks", body=BODY, headers=edge)
        await ask("POST", "/tasks", body=BODY)
        assert queue.put_with == ["idempotency-key:k1", "x-request-id:r1", None]

    run(monkeypatch, test)


@pytest.mark.parametrize("key", ["", "k" * 201, "k k", "\x7f"])
def test_a_key_that_is_empty_long_or_unprintable_is_refused(monkeypatch: pytest.MonkeyPatch, key: str):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        assert (await ask("POST", "/tasks", body=BODY, headers={"idempotency-key": key})).status == 422

    run(monkeypatch, test)


@pytest.mark.parametrize(
    ("error", "status"),
    [(QueueFullError("full"), 503), (QueueUnavailableError("away"), 503), (KeyReusedError("reused"), 409)],
)
def test_what_the_queue_refuses_is_told_with_a_status(monkeypatch: pytest.MonkeyPatch, error: Exception, status: int):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        queue.fails = error
        refused = await ask("POST", "/tasks", body=BODY)
        assert refused.status == status
        assert ("retry-after" in refused.headers) == (status == 503)

    run(monkeypatch, test)


def test_a_queue_that_is_away_is_told_to_who_asks_for_a_task(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        queue.fails = QueueUnavailableError("away")
        assert (await ask("GET", f"/tasks/{TASK}")).status == 503

    run(monkeypatch, test)


def test_a_task_that_is_not_done_is_told_without_what_has_not_happened(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        expected = {"id": TASK, "state": "queued", "attempts": 0, "created_s": 1.0}
        assert (await ask("GET", f"/tasks/{TASK}")).json == expected

    run(monkeypatch, test)


def test_a_result_is_given_as_the_json_that_it_is(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        done = TaskView(id=TASK, state="done", attempts=1, created_s=1.0, result=b'{"predictions":[]}')
        queue.views[TASK] = done
        assert (await ask("GET", f"/tasks/{TASK}")).json["result"] == {"predictions": []}

    run(monkeypatch, test)


def test_an_unknown_task_is_not_found(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        assert (await ask("GET", "/tasks/none")).status == 404

    run(monkeypatch, test)


def test_a_long_poll_is_answered_when_the_task_has_finished(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        polling = asyncio.ensure_future(ask("GET", f"/tasks/{TASK}", query="wait=20"))
        await queue.waiting.wait()
        queue.views[TASK] = TaskView(id=TASK, state="done", attempts=1, created_s=1.0, result=b"1")
        queue.finish.set()
        assert (await polling).json["state"] == "done"
        assert queue.waited == [20]

    run(monkeypatch, test)


def test_a_long_poll_ends_before_the_edge_gives_it_up(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        queue.finish.set()
        await ask("GET", f"/tasks/{TASK}", query="wait=20", headers={"x-envoy-expected-rq-timeout-ms": "5000"})
        assert queue.waited == [4.5]

    run(monkeypatch, test)


def test_a_long_poll_does_not_hold_up_a_replica_that_must_go(monkeypatch: pytest.MonkeyPatch):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        polling = asyncio.ensure_future(ask("GET", f"/tasks/{TASK}", query="wait=20"))
        await queue.waiting.wait()
        stopping.set()
        assert (await polling).json["state"] == "queued"

    run(monkeypatch, test)


@pytest.mark.parametrize("wait", ["-1", "31", "soon", "nan", "inf", ""])
def test_a_wait_out_of_bounds_is_refused_with_the_bounds(monkeypatch: pytest.MonkeyPatch, wait: str):
    async def test(queue: Queue, ask: Ask, stopping: asyncio.Event) -> None:
        refused = await ask("GET", f"/tasks/{TASK}", query=f"wait={wait}")
        faults = cast(list[dict[str, str]], refused.json["faults"])
        assert (refused.status, faults[0]["expected"]) == (422, "seconds from 0 to 30")

    run(monkeypatch, test)
