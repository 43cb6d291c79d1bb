"""Which checkpoints are kept: a pure decision."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Keep:
    """last: the newest ones. best: those with the highest figure, the earlier of equals. every: the first of each so
    many steps, for good; 0 is none."""

    last: int = 2
    best: int = 0
    every: int = 0

    def of(self, figures: Mapping[int, float | None]) -> frozenset[int]:
        """The steps to keep, of all that are whole. figures: how good each was when it was last judged, if it was."""
        steps = sorted(figures)
        judged = [(-figure, step) for step, figure in figures.items() if figure is not None]
        firsts = {step // self.every: step for step in reversed(steps)} if self.every else {}
        return frozenset([*steps[-self.last :], *(step for _, step in sorted(judged)[: self.best]), *firsts.values()])
