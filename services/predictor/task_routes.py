"""POST /tasks and GET /tasks/{id}: long work handed to a queue, whose drivers and promises are services/tasks'.

A task is a body of /predict, checked here so that a worker never meets one that the model would refuse. Its result is
what /predict would have answered.
"""

import asyncio
import contextlib
import logging
import math
import re
from collections.abc import Awaitable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from services.predictor.exchange import Answer, Endpoint, Request, Routes, as_json
from services.predictor.instances import Instances
from services.predictor.problem import Fault, Problem, refuse
from slipway.errors import SettingsError

if TYPE_CHECKING:  # what it imports is for the thread in `_open`
    from services.tasks import TaskQueue, TaskView

log = logging.getLogger(__name__)

MAX_WAIT_S = 30.0
_ANSWER_S = 0.5  # of what the edge grants a long poll, kept for the answer's way back
_KEY = re.compile(rb"[!-~]{1,200}")
_T = TypeVar("_T")


class Tasks:
    """Endpoints over one queue. stopping: ends long polls early, with the state as it is, when the replica must go."""

    def __init__(self, url: str, instances: Instances, stopping: asyncio.Event) -> None:
        self._instances = instances
        self._stopping = stopping
        self._queue = asyncio.create_task(_open(url))

    @property
    def routes(self) -> Routes:
        return {
            "/tasks": {"POST": Endpoint("tasks_put", self.put, takes_body=True)},
            "/tasks/": {"GET": Endpoint("tasks_get", self.get)},
        }

    async def put(self, request: Request) -> Answer:
        """202 with the task's place. The same Idempotency-Key, or a request that the edge tries twice, is one task."""
        self._instances.decode(request.body)
        task_id = await self._ask(self._put(request.body, _key(request)))
        location = f"/tasks/{task_id}"
        headers = [(b"location", location.encode())]
        return as_json({"id": task_id, "state": "queued", "location": location}, HTTPStatus.ACCEPTED, headers)

    async def get(self, request: Request) -> Answer:
        """The task now, or as soon as it has finished within the `wait` seconds of the query."""
        wait_s = min(_wait_s(request.query), request.patience_s - _ANSWER_S)
        view = await self._ask(self._wait(request.rest, wait_s))
        if view is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"there is no task {request.rest[:64]!r}: never put, or its result has expired"
            )
        return as_json(_document(view))

    async def aclose(self) -> None:
        with contextlib.suppress(SettingsError, asyncio.CancelledError):
            queue = await self._queue
            await queue.aclose()

    async def _put(self, body: bytes, key: str | None) -> str:
        return await (await self._queue).put(body, idempotency_key=key)

    async def _wait(self, task_id: str, wait_s: float) -> "TaskView | None":
        queue = await self._queue
        if wait_s <= 0 or self._stopping.is_set():
            return await queue.get(task_id)
        waiting = asyncio.ensure_future(queue.wait(task_id, wait_s))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        return await queue.get(task_id)

    async def _ask(self, answer: Awaitable[_T]) -> _T:
        """The queue's answer, its refusals as problems."""
        from services.tasks import KeyReusedError, QueueFullError, QueueUnavailableError

        try:
            return await answer
        except KeyReusedError as error:
            fault = Fault(field="idempotency-key", problem="came before with another body", expected="a fresh key")
            raise Problem(HTTPStatus.CONFLICT, error.message, faults=[fault]) from error
        except QueueFullError as error:
            raise _try_again("the task queue is full; try again later") from error
        except QueueUnavailableError as error:
            log.warning("%s", error.message)  # which names the broker: nothing for a caller
            raise _try_again("the task queue does not answer; try again, with the same Idempotency-Key") from error


async def _open(url: str) -> "TaskQueue":
    """On a thread, after the replica listens: the queue's client takes a quarter of a second to import."""

    def load() -> "TaskQueue":
        from services.tasks import open_queue

        return open_queue(url)

    return await asyncio.to_thread(load)


def _try_again(detail: str) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=[(b"retry-after", b"1")])


def _key(request: Request) -> str | None:
    """The caller's key, else the id that the edge gives a request and keeps when it tries it on another replica."""
    headers = dict(request.headers)
    for name in (b"idempotency-key", b"x-request-id"):
        value = headers.get(name)
        if value is not None:
            if not _KEY.fullmatch(value):
                problem = f"is {value[:40].decode('latin-1')!r}"
                expected = "1 to 200 visible ASCII characters"
                raise refuse([Fault(field=name.decode(), problem=problem, expected=expected)])
            return f"{name.decode()}:{value.decode()}"
    return None


def _wait_s(query: bytes) -> float:
    written = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)).get("wait", "0")
    try:
        wait_s = float(written)
    except ValueError:
        wait_s = math.nan
    if not 0 <= wait_s <= MAX_WAIT_S:
        problem = f"is {written[:40]!r}"
        raise refuse([Fault(field="wait", problem=problem, expected=f"seconds from 0 to {MAX_WAIT_S:g}")])
    return wait_s


def _document(view: "TaskView") -> dict[str, Any]:
    """Without what has not happened; the result is JSON already and goes in as it is."""
    document = {name: value for name, value in msgspec.structs.asdict(view).items() if value is not None}
    if view.result is not None:
        document["result"] = msgspec.Raw(view.result)
    return document
