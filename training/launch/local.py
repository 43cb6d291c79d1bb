"""Training on this machine: torchrun, watched by a thread, started again when it was preempted.

Nothing outlives the job: it is asked to stop, writes its checkpoint, and is made to stop if it does not.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from training.launch import torchrun
from training.launch.elastic_job import ElasticJob
from training.launch.folder import JOB, LOG, MEETING, claim, conclude
from training.launch.protocol import JobHandle, JobSpec, JobState
from training.outcome import OUTCOME, Outcome, TrainingResult, read_outcome


class LocalLauncher:
    """show: given each line of progress as it comes, from another thread. All output is in the work folder's log."""

    def __init__(self, *, show: Callable[[str], None] = lambda _: None) -> None:
        self._show = show

    def submit(self, job: JobSpec) -> JobHandle:
        """See Launcher. Raises TrainingError when another job uses the work folder, or it cannot be written."""
        if job.settings.is_elastic:
            return ElasticJob(job, show=self._show)
        return LocalJob(job, lock=claim(job), show=self._show)


class LocalJob:
    """See JobHandle."""

    def __init__(self, job: JobSpec, *, lock: IO[str], show: Callable[[str], None]) -> None:
        self._job, self._lock, self._show = job, lock, show
        self._state = JobState.RUNNING
        self._outcome: Outcome | None = None
        self._cancelled = False
        self._turn = threading.Lock()  # a cancellation and a new start exclude each other
        self._process = self._start()
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
            torchrun.end(self._process, notice_s=self._job.settings.preemption.notice_s)
        self._watcher.join()

    def _watch(self) -> None:
        starts = self._job.settings.preemption.retries + 1
        try:
            while True:
                self._follow()
                self._outcome = read_outcome(self._job.work_folder)
                starts -= 1
                if not self._start_again(starts):
                    break
        finally:
            succeeded = self._outcome is not None and self._outcome.result is not None
            ended = JobState.CANCELLED if self._cancelled else JobState.FAILED
            self._state = JobState.SUCCEEDED if succeeded else ended
            shutil.rmtree(self._job.work_folder / MEETING, ignore_errors=True)
            self._lock.close()

    def _follow(self) -> None:
        """Show and keep what torchrun says until it has ended."""
        assert self._process.stdout is not None  # noqa: S101 - asked for in _start
        with (self._job.work_folder / LOG).open("a") as log, self._process.stdout as said:
            for line in said:
                log.write(line)
                log.flush()
                with suppress(Exception):  # whoever watches may go away, the run goes on
                    self._show(line.rstrip())
        self._process.wait()

    def _start_again(self, starts_left: int) -> bool:
        with self._turn:
            if not self._may_go_on or not starts_left or self._cancelled:
                return False
            self._process = self._start()
        with suppress(Exception):
            why = self._outcome.message if self._outcome else ""
            self._show(f"{why or 'preempted'}; going on from the checkpoint")
        return True

    @property
    def _may_go_on(self) -> bool:
        """It was preempted; or one that may lose workers, but whose model is spread over them, has lost one."""
        if self._outcome is None:
            return self._job.settings.elastic.min_workers is not None
        return self._outcome.state == "preempted"

    def _start(self) -> "subprocess.Popen[str]":
        folder = self._job.work_folder
        (folder / OUTCOME).unlink(missing_ok=True)
        (folder / MEETING).mkdir(exist_ok=True)
        workers = self._job.settings.workers or torchrun.workers_here()
        with (folder / LOG).open("a") as log:
            return subprocess.Popen(
                torchrun.command(folder / JOB, workers=workers, meeting=folder / MEETING),
                env=torchrun.environment(folder / MEETING),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                pass_fds=[self._lock.fileno()],  # the lock lasts as long as torchrun, even if this process is killed
            )
