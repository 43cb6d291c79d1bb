"""Plays a schedule to a training: starts its workers, tells them to go, kills them. Nothing is decided here but when.

The rehearsal's clock stands still from a change until as many workers as there are to be have taken a step together:
between two changes of a real trace lie minutes, a recovery takes seconds and cannot be compressed as the quiet is.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from training.outcome import Outcome
from training.rehearsal.played import Move, Played
from training.rehearsal.schedule import Change
from training.rehearsal.written import Written

_TICK_S = 0.02
PATIENCE_S = 15.0
"""After a change, for a step together; the clock then goes on without."""
STALLED_S = 180.0
"""For a step that was never taken before, with workers there; a run that takes none is given up. Before the first step
all data are read, after the last the release is made."""

MOST_CRASHES = 20
"""Workers that may end without being told to, and be started again, without a new step; then a run is given up too."""


class Workers(Protocol):
    """Of one job; see training.launch.elastic.ElasticWorkers."""

    def start(self) -> int: ...

    def notice(self, worker: int) -> None: ...

    def kill(self, worker: int) -> None: ...

    def living(self) -> tuple[int, ...]: ...

    def ended(self) -> Mapping[int, int]: ...

    def outcome(self) -> Outcome | None: ...


@dataclass(kw_only=True)
class Stage:
    """One run, played once. notice_s: from being told to go to the kill; 0 kills without a word. dice: whom it hits.

    show: told of each change. now: Unix seconds, as in the journal. rest: sleeps so many seconds.
    """

    workers: Workers
    written: Written
    notice_s: float
    dice: Random
    show: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.time
    rest: Callable[[float], None] = time.sleep

    _moves: list[Move] = field(default_factory=list, init=False)
    _present: set[int] = field(default_factory=set, init=False)  # started and not told to go
    _leaving: dict[int, float] = field(default_factory=dict, init=False)  # told to go, with the time of the kill
    _unasked: int = field(default=0, init=False)
    _furthest: int = field(default=0, init=False)  # step that was ever taken
    _idle_s: float = field(default=0.0, init=False)  # with workers wanted, since then
    _crashes: int = field(default=0, init=False)  # since then

    def play(self, changes: Iterator[Change]) -> Played:
        """Until the training has ended or is given up. Blocks. Workers that still run are left to their owner."""
        began = seen = self.now()
        clock_s = 0.0
        upcoming = next(changes, None)
        while not self._is_over and self._idle_s <= STALLED_S and self._crashes <= MOST_CRASHES:
            self.written.read()
            now = self.now()
            clock_s += now - seen if self._has_settled(now) else 0.0
            self._follow(now - seen)
            seen = now
            if upcoming is not None and clock_s >= upcoming.at_s:
                self._change(upcoming, now)
                upcoming = next(changes, None)
            self._end_leave(now)
            self._fill()
            self.rest(_TICK_S)
        self.written.read()
        return Played(
            began=began,
            ended=self.now(),
            moves=tuple(self._moves),
            steps=tuple(self.written.steps),
            events=tuple(self.written.events),
            unasked=self._unasked,
            outcome=self.workers.outcome(),
        )

    @property
    def _wanted(self) -> int:
        return self._moves[-1].after if self._moves else 0

    @property
    def _taken(self) -> int:
        return self.written.steps[-1].step if self.written.steps else 0

    @property
    def _is_over(self) -> bool:
        outcome = self.workers.outcome()
        return outcome is not None and outcome.state != "preempted"

    def _has_settled(self, now: float) -> bool:
        if not self._moves:
            return True
        if not self._wanted:
            return not self.workers.living()
        changed = self._moves[-1].at
        last = self.written.steps[-1] if self.written.steps else None
        together = last is not None and last.at > changed and last.workers == self._wanted
        return together or now - changed > PATIENCE_S

    def _change(self, change: Change, now: float) -> None:
        self._moves.append(Move(at=now, before=change.before, after=change.after))
        living = sorted(self._present & {*self.workers.living()})
        hit = self.dice.sample(living, min(change.lost, len(living)))
        for worker in hit:
            self._present.discard(worker)
            if self.notice_s:
                self.workers.notice(worker)
                self._leaving[worker] = now + self.notice_s
            else:
                self.workers.kill(worker)
        self.show(self._words(change))

    def _words(self, change: Change) -> str:
        what = ("told to go" if self.notice_s else "killed") if change.lost else "come"
        return f"step {self._taken}: {abs(change.after - change.before)} {what}, {change.after} there"

    def _end_leave(self, now: float) -> None:
        """Kill those whose notice is over."""
        for worker in [worker for worker, until in self._leaving.items() if now >= until]:
            del self._leaving[worker]
            self.workers.kill(worker)

    def _fill(self) -> None:
        """Start as many as there are to be: a machine that was not taken back starts its worker again.

        Not while a run ends, when workers leave one after the other and the last one makes the release.
        """
        gone = self._present - {*self.workers.living()}
        ended = self.workers.ended()
        if self._present - gone and any(ended.get(worker) == 0 for worker in gone):
            return
        crashed = sum(ended.get(worker) != 0 for worker in gone)
        self._unasked += crashed
        self._crashes += crashed
        self._present -= gone
        while len(self._present) < self._wanted and not self._is_over:
            self._present.add(self.workers.start())

    def _follow(self, passed_s: float) -> None:
        if self._taken > self._furthest:
            self._furthest, self._idle_s, self._crashes = self._taken, 0.0, 0
        elif self._wanted:
            self._idle_s += passed_s
