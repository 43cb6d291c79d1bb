"""The stage with a simulated training on a clock of its own: two seconds to start, a quarter to go on after a loss."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.journal import Step
from training.outcome import Outcome, TrainingResult
from training.rehearsal import schedule
from training.rehearsal.played import Played
from training.rehearsal.schedule import Change, steady
from training.rehearsal.stage import MOST_CRASHES, STALLED_S, Stage
from training.rehearsal.written import Written

TRACES = st.lists(st.integers(0, 4), min_size=1, max_size=12).filter(any)
MADE = Outcome(
    state="succeeded",
    result=TrainingResult(name="tiny", digest="0" * 64, metrics={}, epochs=1, best_epoch=1, seconds=1.0),
)
_START_S, _REGROUP_S, _STEP_S = 2.0, 0.25, 0.1


class Simulated(Written):
    """Workers that step together, and their journal. every: steps between checkpoints. leaves: when told to."""

    def __init__(self, *, steps: int, every: int = 5, leaves: bool = True, works: bool = True) -> None:
        super().__init__(Path())
        self.time = 1000.0
        self.signals: list[tuple[str, int, float]] = []
        self.most = 0
        self._steps, self._every, self._leaves, self._works = steps, every, leaves, works
        self._ready_at: dict[int, float] = {}
        self._codes: dict[int, int] = {}
        self._taken = self._saved = 0
        self._next_at = 0.0

    def start(self) -> int:
        worker = len(self._ready_at) + len(self._codes)
        self._ready_at[worker] = self.time + _START_S
        self.most = max(self.most, len(self._ready_at))
        return worker

    def notice(self, worker: int) -> None:
        self.signals.append(("notice", worker, self.time))
        if self._leaves:
            self._saved = self._taken
            self._go(worker, 75)

    def kill(self, worker: int) -> None:
        if worker in self._ready_at:
            self.signals.append(("kill", worker, self.time))
            self._go(worker, -9)

    def living(self) -> tuple[int, ...]:
        return tuple(self._ready_at)

    def ended(self) -> dict[int, int]:
        return self._codes

    def outcome(self) -> Outcome | None:
        return MADE if self._taken == self._steps else None

    def read(self) -> None:
        together = sum(at <= self.time for at in self._ready_at.values())
        if not together or not self._works or self.time < self._next_at or self._taken == self._steps:
            return
        self._taken += 1
        self._saved = max(self._saved, self._taken - self._taken % self._every)
        self._next_at = self.time + _STEP_S
        self.steps.append(Step(step=self._taken, loss=0.5, workers=together, at=self.time))

    def crash(self) -> None:
        self._go(min(self._ready_at), 1)

    def rest(self, seconds: float) -> None:
        self.time += seconds

    def _go(self, worker: int, code: int) -> None:
        del self._ready_at[worker]
        self._codes[worker] = code
        self._next_at = self.time + _REGROUP_S
        if not self._ready_at:
            self._taken = self._saved


def stage(training: Simulated, *, notice_s: float = 0.0) -> Stage:
    return Stage(
        workers=training,
        written=training,
        notice_s=notice_s,
        dice=Random(0),
        now=lambda: training.time,
        rest=training.rest,
    )


def play(trace: list[int], training: Simulated, *, notice_s: float = 0.0) -> Played:
    plan = schedule(trace).lasting(3.0 * len(trace))
    return stage(training, notice_s=notice_s).play(plan.changes())


@given(TRACES, st.sampled_from([0.0, 1.0]))
@settings(deadline=None, max_examples=30)
def test_every_trace_is_played_until_the_training_has_ended(trace: list[int], notice_s: float):
    played = play(trace, Simulated(steps=100), notice_s=notice_s)
    assert played.outcome is MADE
    assert played.unasked == 0


@given(TRACES)
@settings(deadline=None, max_examples=30)
def test_there_are_never_more_workers_than_the_trace_has_instances(trace: list[int]):
    training = Simulated(steps=100)
    play(trace, training)
    assert training.most <= max(trace)


def test_the_next_change_waits_until_all_have_taken_a_step_together():
    played = play([3, 1, 2], Simulated(steps=200))
    for first, second in pairwise(played.moves):
        together = [step for step in played.steps if first.at < step.at < second.at and step.workers == first.after]
        assert together


def test_each_change_lasts_as_long_as_the_others_once_they_step():
    played = play([2, 1], Simulated(steps=200))
    calm = []
    for first, second in pairwise(played.moves):
        settled = next(step.at for step in played.steps if step.at > first.at and step.workers == first.after)
        calm.append(second.at - settled)
    assert calm == pytest.approx([3.0] * len(calm), abs=0.1)


def test_without_notice_a_worker_is_killed_without_a_word():
    training = Simulated(steps=100)
    play([2, 1], training)
    assert {what for what, _, _ in training.signals} == {"kill"}


def test_one_that_leaves_when_it_is_told_to_is_not_killed():
    training = Simulated(steps=100)
    play([2, 1], training, notice_s=1.0)
    assert {what for what, _, _ in training.signals} == {"notice"}


def test_one_that_stays_after_its_notice_is_killed_when_that_is_over():
    training = Simulated(steps=100, leaves=False)
    play([2, 1], training, notice_s=1.0)
    (_, told, told_at), (_, killed, killed_at) = training.signals[:2]
    assert told == killed
    assert killed_at - told_at == pytest.approx(1.0, abs=0.1)


def test_any_worker_may_be_hit_also_the_one_that_leads():
    training = Simulated(steps=2000)
    play([4, 3], training)
    oldest = [worker for _, worker, _ in training.signals if worker == min(w for _, w, _ in training.signals)]
    assert oldest


def test_a_worker_that_crashes_is_counted_and_started_again():
    training = Simulated(steps=100)

    def changes() -> Iterator[Change]:
        yield from steady(2).changes()

    before = training.rest

    def rest(seconds: float) -> None:
        before(seconds)
        if len(training.steps) == 20 and len(training.living()) == 2 and not training.ended():
            training.crash()

    training.rest = rest
    played = stage(training).play(changes())
    assert (played.unasked, played.steps[-1].workers) == (1, 2)


def test_a_training_that_takes_no_step_is_given_up():
    played = play([2, 1], Simulated(steps=100, works=False))
    assert played.outcome is None
    assert played.seconds == pytest.approx(STALLED_S, abs=10)


def test_a_training_whose_workers_crash_again_and_again_is_given_up_soon():
    training = Simulated(steps=100, works=False)
    before = training.rest

    def rest(seconds: float) -> None:
        before(seconds)
        if training.living():
            training.crash()

    training.rest = rest
    played = stage(training).play(steady(2).changes())
    assert played.outcome is None
    assert played.unasked == MOST_CRASHES + 1


def test_a_training_that_loses_every_step_again_is_given_up():
    played = play([1, 0], Simulated(steps=1000, every=1000))
    assert played.outcome is None
