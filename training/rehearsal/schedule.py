"""From a trace of spot capacity to what a rehearsal does, and when. Pure.

A trace tells for days, tick by tick, how many instances there were. Almost always nothing happens, so that its time is
not scaled: the changes are played in their order and size, evenly spaced, and every stretch of quiet is as short as the
others. Where a trace is read is not here: whoever calls has its numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count, groupby

from slipway.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """at_s: on the rehearsal's clock. before, after: workers there are to be."""

    at_s: float
    before: int
    after: int

    @property
    def lost(self) -> int:
        return max(0, self.before - self.after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """levels: numbers of workers, one after the other, no two neighbours alike. spacing_s: how long each lasts.

    again: whether it begins anew after the last, since a training may take longer than its trace.
    """

    levels: tuple[int, ...]
    spacing_s: float = 0.0
    again: bool = True

    def lasting(self, seconds: float) -> "Schedule":
        """The same, with one pass in so many seconds."""
        return replace(self, spacing_s=seconds / len(self.levels))

    def once(self) -> "Schedule":
        """The same, with all workers there to stay after the last change."""
        ended = self.levels if self.levels[-1] == self.workers else (*self.levels, self.workers)
        return replace(self, levels=ended, again=False)

    @property
    def workers(self) -> int:
        """The most at a time."""
        return max(self.levels)

    @property
    def turns(self) -> int:
        """Changes in one pass, without the first arrival."""
        return len(self.levels) - (1 if self.levels[0] else 2)

    def changes(self) -> Iterator[Change]:
        """Every change in order of time, from nobody there: a trace that begins with none waits for its first.

        Without an end, unless nothing changes or it is played once.
        """
        before = 0
        for turn in count() if self.again and len(self.levels) > 1 else range(len(self.levels)):
            after = self.levels[turn % len(self.levels)]
            if after != before:
                yield Change(at_s=turn * self.spacing_s, before=before, after=after)
            before = after


def schedule(instances: Iterable[int], *, workers: int | None = None) -> Schedule:
    """The changes of a trace, given the instances at each tick. workers: at its most; None is one for each instance.

    A worker goes with its instance: with twice as many workers as instances, each instance lost takes two.
    Raises TrainingError when the trace never has an instance, or its instances cannot have equally many workers.
    """
    levels = [number for number, _ in groupby(instances)]
    most = max(levels, default=0)
    if not most:
        raise TrainingError("the trace never has an instance, so nothing can be rehearsed", hint="use another trace")
    each, uneven = divmod(most if workers is None else workers, most)
    if uneven or not each:
        raise TrainingError(
            f"{workers} workers cannot be spread evenly over the trace's {most} instances",
            hint=f"rehearse with a multiple of {most} workers",
        )
    return Schedule(levels=tuple(level * each for level in levels))


def steady(workers: int) -> Schedule:
    """Nothing happens: the run that the other is compared with."""
    return Schedule(levels=(workers,))
