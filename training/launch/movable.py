"""A training job on a cluster that is moved between spot and on-demand capacity while it lasts.

It is moved by ending it, which writes a checkpoint, and starting it again on the other nodes, where it goes on. Who
says when is not here (slipway/steward). Whether spot is to be had is known by asking: a job that was sent to spot is
itself the request; beside one that is on-demand, or waits, a request of its own stands (capacity.asking).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from slipway.errors import TrainingError
from training.launch.capacity import Capacity
from training.launch.protocol import JobHandle, JobState
from training.outcome import TrainingResult


class OnNodes(JobHandle, Protocol):
    """A job of the cluster's, or a request for its nodes."""

    def look(self) -> JobState:
        """Its state, told to who watches; RUNNING while the cluster is away."""
        ...

    def has_nodes(self) -> bool:
        """Whether all its pods have one."""
        ...

    def done(self) -> float | None:
        """Share of the work that is done, None while it does not say."""
        ...


class MovableJob:
    """Nothing runs until it is sent somewhere.

    start: creates the job on nodes of that capacity. ask: creates a request for spot nodes. patience_s: after which
    nodes that did not come count as refused. ask_again_s: between two requests when nodes came and were not taken.
    clear: deletes what those two may have created when they failed. clock: seconds. All but the constructor block for a
    call or two to the cluster, and raise TrainingError, and ClusterAwayError while it does not answer; each may be
    called again then.
    """

    def __init__(
        self,
        *,
        start: Callable[[Capacity], OnNodes],
        ask: Callable[[], OnNodes],
        patience_s: float,
        ask_again_s: float,
        clear: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start, self._ask, self._clear, self._clock = start, ask, clear, clock
        self._patience_s, self._ask_again_s = patience_s, ask_again_s
        self._on: Capacity | None = None
        self._job: OnNodes | None = None
        self._request: OnNodes | None = None
        self._asked_at = self._ask_at = clock()
        self._came = False  # nodes, to what asks now
        self._leaves = False  # told to go, and perhaps not gone
        self._there = True  # to be had until it has been refused

    @property
    def state(self) -> JobState:
        """RUNNING as well while it waits for capacity, or is on its way."""
        if self._job is None:
            return JobState.RUNNING
        state = self._job.look()
        return JobState.RUNNING if self._leaves and state is JobState.CANCELLED else state

    def spot_is_there(self) -> bool:
        """Whether spot nodes would be given for the whole job, or are. What was not asked yet counts as yes."""
        asks = self._job if self._on == "spot" else self._standing_request()
        if asks is None:
            return self._there
        if asks.has_nodes():
            self._came = self._there = True
            if asks is self._request:
                self._withdraw()
        elif self._came or self._clock() - self._asked_at >= self._patience_s:
            self._came = self._there = False
        return self._there

    def done(self) -> float | None:
        """Share of the work that is done; None while the job does not say."""
        return None if self._job is None else self._job.done()

    def be_on(self, capacity: Capacity | None) -> None:
        """Run there, or nowhere; blocks until it has left where it was. Does nothing when it is there.

        A job that spot was refused to goes on waiting there when it is to run nowhere: so it starts as soon as it can.
        One that has told its last epoch stays: it exports, and what it made would be lost. Where early stopping by
        patience ends it before, nothing tells of the export, and it is moved.
        """
        waits_on_spot = capacity is None and self._on == "spot" and not self._there
        if not self._leaves and (capacity == self._on or waits_on_spot):
            return
        if self._job is not None and not self._leaves and self._job.done() == 1.0:
            return
        if self._job is not None and not self._left(self._job):
            return
        if self._on == "spot":
            self._ask_at = self._clock() + (self._ask_again_s if self._came else 0.0)
        self._job, self._on, self._leaves = None, None, False
        if capacity == "spot":
            self._withdraw()
        if capacity is not None:
            self._job, self._on = self._start(capacity), capacity
        self._asked_at, self._came = self._clock(), False

    def wait(self) -> TrainingResult:
        """What it made, once `state` says that it has ended. Raises TrainingError when it made nothing."""
        with suppress(TrainingError):  # a request ends by itself, and is no reason to lose the result
            self._leave_nothing()
        assert self._job is not None  # noqa: S101 - nothing ends that was not started
        return self._job.wait()

    def cancel(self) -> None:
        """Stop it after a checkpoint, and ask for nothing more. Blocks until nothing of it runs."""
        try:
            if self._job is not None:
                self._job.cancel()
        finally:
            self._leave_nothing()

    def _left(self, job: OnNodes) -> bool:
        """Not while a pod of it is there, or two would train at once; and never when it has just ended by itself."""
        if job.look() is JobState.RUNNING:
            self._leaves = True
            job.cancel()
        return job.look() is JobState.CANCELLED

    def _standing_request(self) -> OnNodes | None:
        """One that ended, since nobody came for its nodes or none came to it, is made again."""
        if self._request is not None and self._request.look() is not JobState.RUNNING:
            self._withdraw()
            self._ask_at = self._clock()
        if self._request is None and self._clock() >= self._ask_at:
            self._request, self._asked_at = self._ask(), self._clock()
        return self._request

    def _withdraw(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._ask_at, self._came = self._clock() + self._ask_again_s, False
        self._request = None

    def _leave_nothing(self) -> None:
        try:
            self._withdraw()
        finally:
            self._clear()
