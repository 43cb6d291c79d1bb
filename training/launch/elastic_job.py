"""An elastic job on this machine: as many workers as the settings say, each started again when it was lost.

Nothing outlives the job: its workers are asked to stop, write a checkpoint, and are made to stop if they do not.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from training.launch import torchrun
from training.launch.elastic import ElasticWorkers
from training.launch.folder import conclude
from training.launch.protocol import JobSpec, JobState
from training.outcome import Outcome, TrainingResult
from training.preempt import EXIT_PREEMPTED

_KILL_GRACE_S = 5.0


class ElasticJob:
    """See JobHandle. Each place of a worker is filled again up to `preemption.retries` times. Raises TrainingError when
    another job uses the work folder, or it cannot be written."""

    def __init__(self, job: JobSpec, *, show: Callable[[str], None]) -> None:
        self._job, self._show = job, show
        self._state = JobState.RUNNING
        self._outcome: Outcome | None = None
        self._cancelled = False
        self._turn = threading.Lock()  # a cancellation and a new start exclude each other
        places = job.settings.workers or torchrun.workers_here()
        self._starts_left = places * job.settings.preemption.retries
        self._workers = ElasticWorkers(job, show=show)
        for _ in range(places):
            self._workers.start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def state(self) -> JobState:
        return self._state

    def wait(self) -> TrainingResult:
        self._watcher.join()
        return conclude(self._job, self._outcome, was_cancelled=self._state is JobState.CANCELLED)

    def cancel(self) -> None:
        with self._turn:
            self._cancelled = True
            self._notice_all()
        deadline = time.monotonic() + self._job.settings.preemption.notice_s + _KILL_GRACE_S
        while self._workers.living() and time.monotonic() < deadline:
            self._workers.wait(timeout_s=max(0.0, deadline - time.monotonic()))
        for worker in self._workers.living():
            self._workers.kill(worker)
        self._watcher.join()

    def _watch(self) -> None:
        seen = 0
        try:
            while self._workers.living():
                self._workers.wait(seen=seen)
                self._outcome = self._workers.outcome()
                codes = [*self._workers.ended().values()][seen:]
                seen += len(codes)
                if self._has_ended or any(code > 0 and code != EXIT_PREEMPTED for code in codes):
                    break
                self._fill_again(sum(code != 0 for code in codes))
        finally:
            self._workers.close()
            self._outcome = self._workers.outcome()
            succeeded = self._outcome is not None and self._outcome.result is not None
            ended = JobState.CANCELLED if self._cancelled else JobState.FAILED
            self._state = JobState.SUCCEEDED if succeeded else ended

    @property
    def _has_ended(self) -> bool:
        return self._outcome is not None and self._outcome.state != "preempted"

    def _fill_again(self, places: int) -> None:
        with self._turn:
            if self._cancelled:
                return
            for _ in range(min(places, self._starts_left)):
                self._starts_left -= 1
                self._workers.start()
                with suppress(Exception):
                    self._show("a worker was lost; another takes its place")
            if len(self._workers.living()) < (self._job.settings.elastic.min_workers or 1):
                self._notice_all()  # those who are left would wait for others who never come

    def _notice_all(self) -> None:
        for worker in self._workers.living():
            self._workers.notice(worker)
