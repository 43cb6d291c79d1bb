"""Puts a worker together, runs it, and ends it without losing a task.

Order of a start: take the port, bring and verify the release, reproduce its golden answers, claim. Order of a stop
(SIGTERM): claim no more, give back what was not begun, finish and tell the rest within `stop_s`, exit 0. What is cut
off then goes to another worker, as after kill -9.
"""

import asyncio
import logging
import signal
import time
from http import HTTPStatus
from pathlib import Path

import uvloop

from services.predictor.batcher import Batcher
from services.predictor.exchange import Request
from services.predictor.model import Model, warm_up
from services.predictor.prediction import Prediction
from services.predictor.problem import Problem
from services.released import released
from services.tasks.valkey import ValkeyQueue
from services.worker.metrics import Metrics
from services.worker.pages import Page, Pages, serve
from services.worker.settings import Settings
from services.worker.worker import Answer, UnanswerableError, Worker
from slipway.release import load

log = logging.getLogger("slipway.worker")

_MOST_ROWS = 4096  # in a task, and in a run of the model; as many as a predictor may be set to let through
_KEEPS_PER_VISIBILITY = 3  # two may be lost before another worker takes over


def run(settings: Settings, queue: ValkeyQueue) -> None:
    """Work until told to stop. Raises SlipwayError when the worker cannot become ready."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, queue))


async def _run(settings: Settings, queue: ValkeyQueue) -> None:
    folder = released(Path(settings.release), settings.digest, store=settings.store, name=settings.name)
    release = load(folder, settings.digest)
    metrics = Metrics(release)
    model = Model(folder, release)
    batcher = Batcher(model.infer, max_rows=_MOST_ROWS, limit_rows=2**62, observe=metrics.rows)
    worker = Worker(
        queue,
        answering(Prediction(release, batcher, max_rows=_MOST_ROWS)),
        metrics,
        batch=settings.batch,
        concurrency=settings.concurrency,
        keep_s=settings.visibility_s / _KEEPS_PER_VISIBILITY,
    )
    metrics.watch(held=lambda: worker.held, ready=lambda: worker.connected)
    server = await serve(settings.host, settings.port, _pages(worker, metrics))
    rows = warm_up(model, folder, release, batch=settings.batch)
    log.info("release %s of %s reproduces its %d golden answers", release.short, release.name, rows)

    await _until_told(worker, settings.stop_s)
    batcher.close()
    server.close()
    await queue.aclose()


def answering(prediction: Prediction) -> Answer:
    """What POST /predict answers to a payload. Raises UnanswerableError with what it would have told the caller."""

    async def answer(payload: bytes) -> bytes:
        try:
            return (await prediction.predict(Request([], b"", payload, began=time.monotonic()))).body
        except Problem as problem:
            if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            raise UnanswerableError(problem.detail) from None

    return answer


async def _until_told(worker: Worker, stop_s: float) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    working = asyncio.create_task(worker.work())
    stop = asyncio.create_task(told.wait())
    await asyncio.wait([working, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    worker.stop()
    try:
        await asyncio.wait_for(working, stop_s)
        log.info("stopped with nothing in hand")
    except TimeoutError:
        log.warning("stopped with %d tasks in hand: another worker gets them", worker.held)


def _pages(worker: Worker, metrics: Metrics) -> Pages:
    def ready() -> Page:
        status = HTTPStatus.OK if worker.connected else HTTPStatus.SERVICE_UNAVAILABLE
        return Page(b'{"ready":true}' if worker.connected else b'{"ready":false}', status)

    return {
        "/health/live": lambda: Page(b'{"live":true}'),
        "/health/ready": ready,
        "/metrics": lambda: Page(metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8"),
    }
