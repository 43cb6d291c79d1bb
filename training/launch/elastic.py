"""Workers of one elastic job on this machine, which come and go while the job goes on.

They meet by themselves (training/elastic), so each is started, told to go and killed alone. Who decides that is not
here: a launcher keeps as many as the settings say (elastic_job.py), a rehearsal does what a trace says.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from training.launch import torchrun
from training.launch.folder import JOB, LOG, MEETING, claim
from training.launch.protocol import JobSpec
from training.outcome import OUTCOME, Outcome, read_outcome


class ElasticWorkers:
    """Holds the work folder until it is closed. Nothing runs before the first start.

    show: given each line of progress as it comes, from another thread; all output is in the work folder's log.

    Raises TrainingError when another job uses the work folder, or it cannot be written.
    """

    def __init__(self, job: JobSpec, *, show: Callable[[str], None] = lambda _: None) -> None:
        self._folder, self._show = job.work_folder, show
        self._slots = job.settings.workers or torchrun.workers_here()
        self._lock = claim(job)
        shutil.rmtree(self._folder / MEETING, ignore_errors=True)
        (self._folder / MEETING).mkdir(mode=0o700)
        self._living: dict[int, int] = {}  # worker: its slot, which is its GPU
        self._ended: dict[int, int] = {}
        self._changed = threading.Condition()
        self._told, theirs = socket.socketpair()
        self._process = self._open(theirs)
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._listen, self._follow)]
        for thread in self._threads:
            thread.start()

    def start(self) -> int:
        """Start one more worker; returns its number, at once. It joins the others at the end of a step of theirs."""
        with self._changed:
            if not self._living:
                (self._folder / OUTCOME).unlink(missing_ok=True)  # of the workers before
            worker = len(self._living) + len(self._ended)
            slot = min({*range(len(self._living) + 1)} - {*self._living.values()})
            self._living[worker] = slot
        self._say("start", worker, {"LOCAL_RANK": str(slot), "LOCAL_WORLD_SIZE": str(self._slots)})
        return worker

    def notice(self, worker: int) -> None:
        """Tell one that it must go (SIGTERM): it leaves after the step in hand, and the others go on. When all are
        told, a checkpoint is written. Does nothing when it has ended."""
        self._say("signal", worker, signal.SIGTERM)

    def kill(self, worker: int) -> None:
        """End one without a word (SIGKILL). Does nothing when it has ended."""
        self._say("signal", worker, signal.SIGKILL)

    def living(self) -> tuple[int, ...]:
        """Those that were started and have not ended."""
        with self._changed:
            return tuple(self._living)

    def ended(self) -> dict[int, int]:
        """The exit code of each that has ended, in that order; the negative number of the signal that killed it."""
        with self._changed:
            return dict(self._ended)

    def wait(self, *, seen: int | None = None, timeout_s: float | None = None) -> None:
        """Block until more workers have ended than were `seen`, or than when this was called; or none lives, or the
        time is over."""
        with self._changed:
            before = len(self._ended) if seen is None else seen
            self._changed.wait_for(lambda: len(self._ended) > before or not self._living, timeout_s)

    def outcome(self) -> Outcome | None:
        """How the job ended, None while it has not. Workers may still be about to exit."""
        return read_outcome(self._folder)

    def close(self) -> None:
        """Kill what still runs, and give the work folder free. Does nothing the second time."""
        for worker in self.living():
            self.kill(worker)
        with suppress(OSError):
            self._told.shutdown(socket.SHUT_WR)
        self._process.wait()
        for thread in self._threads:
            thread.join()
        self._told.close()
        self._lock.close()
        shutil.rmtree(self._folder / MEETING, ignore_errors=True)

    def _open(self, theirs: socket.socket) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "training.launch.warm", str(theirs.fileno()), str(self._folder / JOB)]
        with theirs, (self._folder / LOG).open("a") as log:
            return subprocess.Popen(
                command,
                env=torchrun.environment(self._folder / MEETING),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                pass_fds=[theirs.fileno(), self._lock.fileno()],  # the lock lasts as long as a worker
            )

    def _say(self, *order: object) -> None:
        with suppress(OSError):  # it has ended, and with it all workers
            self._told.sendall(json.dumps(order).encode() + b"\n")

    def _listen(self) -> None:
        with suppress(ConnectionError), self._told.makefile("r") as reports:
            for line in reports:
                what, worker, code = json.loads(line)
                if what == "ended":
                    self._end(worker, code)
        for worker in self.living():  # the process that forked them has ended before them
            self._end(worker, os.EX_SOFTWARE)

    def _end(self, worker: int, code: int) -> None:
        with self._changed:
            del self._living[worker]
            self._ended[worker] = code
            self._changed.notify_all()

    def _follow(self) -> None:
        """Show and keep what the workers say."""
        assert self._process.stdout is not None  # noqa: S101 - asked for in _open
        with (self._folder / LOG).open("a") as log, self._process.stdout as said:
            for line in said:
                log.write(line)
                log.flush()
                with suppress(Exception):  # whoever watches may go away, the run goes on
                    self._show(line.rstrip())
