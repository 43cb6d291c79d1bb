"""The scale of a plot's axis: round ticks that enclose all that is drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SAME = 1e-6
_ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """ticks: in order, evenly spaced, the first and last at the ends. start, end: where those are drawn."""

    ticks: tuple[float, ...]
    start: float
    end: float

    def at(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return self.start + (self.end - self.start) * (value - low) / (high - low)


def axis(values: Sequence[float], *, start: float, end: float, most: int) -> Axis:
    """About `most` steps around the values, none below zero, which may all be the same."""
    low, high = min(values), max(values)
    if high - low < max(_SAME * high, _SAME):
        low, high = low * 0.9, max(high * 1.1, 1.0)
    step = _step((high - low) / (most - 1))
    first, last = math.floor(low / step), math.ceil(high / step)
    return Axis(ticks=tuple(step * index for index in range(first, max(last, first + 1) + 1)), start=start, end=end)


def _step(least: float) -> float:
    scale = 10 ** math.floor(math.log10(least))
    return next(scale * each for each in _ROUND if scale * each >= least * (1 - 1e-9))
