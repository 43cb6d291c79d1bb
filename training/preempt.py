"""Notice that this machine is about to go, or that someone wants to stop.

A signal only sets a flag: the loop reads it between steps, the processes agree, and all stop after the same step.
Imports nothing heavy, so that signals are heeded while torch is still being imported.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_PREEMPTED = 75
"""EX_TEMPFAIL of sysexits.h: a checkpoint was written, start again to go on."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Preempted(Exception):  # noqa: N818 - no error: the run goes on elsewhere
    """Training stopped after a checkpoint because it was asked to."""


class Preemption:
    """requested: whether a signal has come."""

    def __init__(self) -> None:
        self.requested = False

    def request(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        self.requested = True


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
