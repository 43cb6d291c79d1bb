"""The losses of a run beside those of the same run undisturbed, step by step. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan

from training.journal import Step

TOLERANCE = 1e-5
"""Of a step's loss: the same sums in another order differ by less."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The losses of a run beside those of the undisturbed one.

    steps: of the undisturbed one. missing: of these, not written by the other. unwritten: not written either, but their
    leading worker was killed right then: survivors went on from the step, and the next loss is compared.
    difference: the widest, whichever time a step was taken; at_step: where.
    """

    steps: int
    missing: int
    unwritten: int
    difference: float
    at_step: int

    @property
    def is_undisturbed(self) -> bool:
        return bool(self.steps) and not self.missing and self.difference <= TOLERANCE


def compare(undisturbed: Iterable[Step], disturbed: Iterable[Step], *, killed_at: Sequence[float] = ()) -> Curve:
    """Step by step. A step that was taken twice must have had the same loss both times."""
    expected = {step.step: step.loss for step in undisturbed}
    taken = list(disturbed)
    apart = [(_apart(step.loss, expected[step.step]), step.step) for step in taken if step.step in expected]
    difference, at_step = max(apart, default=(0.0, 0))
    absent = expected.keys() - {step.step for step in taken}
    unwritten = sum(_is_excused(step, taken, killed_at) for step in absent)
    return Curve(
        steps=len(expected),
        missing=len(absent) - unwritten,
        unwritten=unwritten,
        difference=difference,
        at_step=at_step,
    )


def _is_excused(absent: int, taken: Sequence[Step], killed_at: Sequence[float]) -> bool:
    """Whether there was a kill between the steps before and after the one that was not written."""
    before = min((step.at for step in taken if step.step == absent - 1), default=0.0)
    after = max((step.at for step in taken if step.step == absent + 1), default=0.0)
    return any(before <= at <= after for at in killed_at)


def _apart(one: float, other: float) -> float:
    """What is no number is as far apart as can be."""
    apart = abs(one - other)
    return inf if isnan(apart) else apart
