"""Turns many small requests into few runs of the model: a bounded queue in front of one inference thread.

Adaptive: a run takes what is waiting at that moment, up to `max_rows`. Nothing ever waits for company, so an idle
replica answers at once and a busy one fills its batches by itself. The queue lives on the event loop and the thread
sees whole batches only: two crossings a batch, since each one may cost a fight over the interpreter's lock.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

import numpy as np

Tensors = Mapping[str, np.ndarray]
Infer = Callable[[Tensors], Tensors]


class QueueFullError(Exception):
    """As many rows as the queue may hold are admitted and not yet answered."""


class DeadlinePassedError(Exception):
    """The request waited longer than its caller would; it was not computed."""


@dataclass(slots=True, eq=False)
class _Job:
    inputs: Tensors
    rows: int
    deadline: float  # on the clock of time.monotonic
    answer: asyncio.Future[Tensors]
    outcome: "Tensors | Exception | None" = None

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """What two jobs must share to fit in one run: all dimensions but the rows."""
        return tuple(tensor.shape[1:] for tensor in self.inputs.values())


class Batcher:
    """Belongs to the event loop that it is made in: all but `infer` and `observe` runs there.

    infer: runs on the inference thread. max_rows: most rows in a run. limit_rows: most rows admitted at a time.
    observe: told the rows of every run, on the inference thread.
    """

    def __init__(
        self,
        infer: Infer,
        *,
        max_rows: int,
        limit_rows: int,
        observe: Callable[[int], object] = lambda rows: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._infer = infer
        self._max_rows = max_rows
        self._limit_rows = limit_rows
        self._observe = observe
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Job] = deque()
        self._running = False  # a batch is on its way to the thread, on it, or on its way back
        self._admitted_rows = 0
        self._batches: SimpleQueue[list[_Job]] = SimpleQueue()
        self._thread = Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Rows admitted and not yet answered."""
        return self._admitted_rows

    def submit(self, inputs: Tensors, rows: int, deadline: float) -> asyncio.Future[Tensors]:
        """Queue `rows` rows; the future gives the outputs for them, in their order.

        It fails with DeadlinePassedError when `deadline` (time.monotonic) came first, or with what `infer` raised for
        these rows alone. Raises QueueFullError at once when there is no room.
        """
        if self._admitted_rows + rows > self._limit_rows:
            raise QueueFullError
        job = _Job(inputs, rows, deadline, self._loop.create_future())
        self._admitted_rows += rows
        self._waiting.append(job)
        if not self._running:
            self._running = True
            # not at once: what else arrived in this turn of the loop goes into the same batch
            self._loop.call_soon(self._send)
        return job.answer

    def close(self) -> None:
        """End the inference thread once it has run the batch that it has, if any; what waits is left unanswered."""
        self._batches.put([])

    def _send(self) -> None:
        """Hand the thread what is waiting, up to the most rows of a run; without what came too late."""
        now, batch, rows = self._clock(), list[_Job](), 0
        while self._waiting and (not batch or rows + self._waiting[0].rows <= self._max_rows):
            job = self._waiting.popleft()
            if job.deadline <= now:
                job.outcome = DeadlinePassedError()
                self._answer(job)
            elif not job.answer.done():  # else its caller has gone
                batch.append(job)
                rows += job.rows
            else:
                self._admitted_rows -= job.rows
        self._running = bool(batch)
        if batch:
            self._batches.put(batch)

    def _work(self) -> None:
        while batch := self._batches.get():
            alike: defaultdict[tuple[tuple[int, ...], ...], list[_Job]] = defaultdict(list)
            for job in batch:
                alike[job.shape].append(job)
            for group in alike.values():
                self._run(group)
            self._loop.call_soon_threadsafe(self._deliver, batch)

    def _run(self, jobs: Sequence[_Job]) -> None:
        """One run for all; when that fails, one run each, so that a bad request fails alone."""
        self._observe(sum(job.rows for job in jobs))
        try:
            _share(jobs, self._infer(_join(jobs)))
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].outcome = error
                return
            for job in jobs:
                self._run([job])

    def _deliver(self, batch: Sequence[_Job]) -> None:
        self._send()  # first, so that the thread works while the answers are written
        for job in batch:
            self._answer(job)

    def _answer(self, job: _Job) -> None:
        self._admitted_rows -= job.rows
        if job.answer.done():  # its caller has gone
            return
        if isinstance(job.outcome, Exception):
            job.answer.set_exception(job.outcome)
        elif job.outcome is not None:
            job.answer.set_result(job.outcome)


def _join(jobs: Sequence[_Job]) -> Tensors:
    if len(jobs) == 1:
        return jobs[0].inputs
    return {name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs}


def _share(jobs: Sequence[_Job], outputs: Tensors) -> None:
    start = 0
    for job in jobs:
        end = start + job.rows
        job.outcome = {name: tensor[start:end] for name, tensor in outputs.items()}
        start = end
