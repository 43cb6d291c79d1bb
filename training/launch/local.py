"""Training on this machine: torchrun, watched by a thread, started again when it was preempted.

Nothing outlives the job: it is asked to stop, writes its checkpoint, and is made to stop if it does not.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from slipway.errors import TrainingError
from training.launch import torchrun
from training.launch.folder import JOB, LOG, MEETING, claim
from training.launch.protocol import JobSpec, JobState
from training.outcome import OUTCOME, Outcome, TrainingResult, read_outcome

_TAIL_BYTES = 8192


class LocalLauncher:
    """show: given each line of progress as it comes, from another thread. All output is in the work folder's log."""

    def __init__(self, *, show: Callable[[str], None] = lambda _: None) -> None:
        self._show = show

    def submit(self, job: JobSpec) -> "LocalJob":
        """See Launcher. Raises TrainingError when another job uses the work folder, or it cannot be written."""
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
        log = self._job.work_folder / LOG
        if self._outcome is not None and self._outcome.result is not None:
            return self._outcome.result
        if self._state is JobState.CANCELLED:
            raise TrainingError("training was stopped", hint="train again: it goes on from its last checkpoint")
        if self._outcome is None:
            raise TrainingError(f"training ended without a word: {_first_error(log)}", hint=f"all it said is in {log}")
        if self._outcome.state == "preempted":
            starts = self._job.settings.preemption.retries + 1
            raise TrainingError(f"training was preempted {starts} times", hint="train again: it goes on from there")
        raise TrainingError(self._outcome.message, hint=self._outcome.hint or f"all it said is in {log}")

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
            preempted = self._outcome is not None and self._outcome.state == "preempted"
            if not preempted or not starts_left or self._cancelled:
                return False
            self._process = self._start()
        with suppress(Exception):
            self._show("preempted; going on from the checkpoint")
        return True

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


def _first_error(log: Path) -> str:
    """The first line at the log's end that looks like an exception: torchrun's own summary follows it."""
    tail = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").splitlines()
    errors = [line for line in tail if "Error" in line and not line.startswith((" ", "torch.distributed.elastic"))]
    return errors[0] if errors else "no error was logged"
