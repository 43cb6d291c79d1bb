"""Notice that this machine is about to go, or that someone wants to stop.

A notice only sets a flag: the loop reads it between steps, the processes agree, and all do the same after the same
step. Signals come by the handler here; what a cloud tells is asked for by a thread (training/notices). Imports nothing
heavy, so that signals are heeded while torch is still being imported.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

EXIT_PREEMPTED = 75
"""EX_TEMPFAIL of sysexits.h: start again to go on from the newest checkpoint."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Preempted(Exception):  # noqa: N818 - no error: the run goes on elsewhere
    """Training stopped after a checkpoint because it was asked to."""


class Left(Preempted):
    """This worker of an elastic run goes, and writes nothing. others: whether some go on without it."""

    def __init__(self, *, others: bool) -> None:
        super().__init__()
        self.others = others


class Orphaned(Preempted):
    """Another worker died, and with it what the two exchanged: this one can only begin at the newest checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """said: who takes what and when, for the log. leaves: whether to stop; else a checkpoint soon, and on."""

    said: str
    leaves: bool = True


class Preemption:
    """What this process was told. notice: the first that says to leave. came_at: when, on the monotonic clock."""

    def __init__(self) -> None:
        self.notice: Notice | None = None
        self.came_at = 0.0
        self._advised = False

    @property
    def requested(self) -> bool:
        return self.notice is not None

    def heed(self, notice: Notice) -> None:
        """Safe from any thread and from a signal's handler: it takes no lock."""
        if not notice.leaves:
            self._advised = True
        elif self.notice is None:
            self.came_at, self.notice = time.monotonic(), notice

    def take_advice(self) -> bool:
        """Whether a checkpoint soon was advised since this was last asked."""
        advised, self._advised = self._advised, False
        return advised

    def request(self, number: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        self.heed(Notice(said=f"{signal.Signals(number).name} asks to stop"))


@contextmanager
def heeded() -> Iterator[Preemption]:
    """Turn SIGTERM and SIGINT into a request for as long as the block runs. Main thread only."""
    preemption = Preemption()
    before = {number: signal.signal(number, preemption.request) for number in _SIGNALS}
    try:
        yield preemption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
