"""What a person watching a run is told: one plain line at a time, on standard output, by the first worker only.

Standard output holds nothing else, so that a launcher can show it as it comes; warnings and tracebacks go to standard
error.
"""

import time
from collections.abc import Callable

_QUIET_S = 1.0  # between lines about epochs
_LONG_EPOCH_S = 5.0  # of silence, after which a line comes from within an epoch


class Progress:
    """clock: seconds, monotonic. Says at most one line a second, but never leaves out the last epoch. rate: how fast
    the steps go, in words, as far as it is known."""

    def __init__(self, *, epochs: int, leads: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._epochs, self.leads, self._clock = epochs, leads, clock
        self._start = self._said = clock()
        self._from_epoch = 0.0
        self.rate = ""

    def resume(self, epoch: float) -> None:
        """Count the rate from here: epochs before it were computed by an earlier start."""
        self._from_epoch, self._start = epoch, self._clock()

    def say(self, line: str) -> None:
        if self.leads:
            print(line, flush=True)
            self._said = self._clock()

    def within_epoch(self, done: float) -> None:
        """done: epochs behind us, with the part of this one."""
        if self._clock() - self._said >= _LONG_EPOCH_S:
            rate = f" · {self.rate}" if self.rate else ""
            self.say(f"epoch {done:.2f}/{self._epochs}{rate} · {self._left(done)}")

    def epoch(self, done: int, *, loss: float, figure: str, is_best: bool, rows_per_s: float) -> None:
        if self._clock() - self._said >= _QUIET_S or done == self._epochs:
            mark, rate = " *" if is_best else "", self.rate or f"{rows_per_s:,.0f} rows/s"
            self.say(f"epoch {done}/{self._epochs} · loss {loss:.4f} · {figure}{mark} · {rate} · {self._left(done)}")

    def _left(self, done: float) -> str:
        computed = done - self._from_epoch
        if computed <= 0:
            return "time left unknown"
        left_s = (self._clock() - self._start) / computed * (self._epochs - done)
        return f"{left_s / 60:.0f} min left" if left_s >= 120 else f"{left_s:.0f} s left"
