"""Rows that a broken answer breaks: load that what is open to a part cannot carry, found by sorting.

Say options are open to a part, y. Whatever is not carried by the cheap ones must be carried by the dear ones, T: users
W bring at least load(W) - sum over u in W and o not in T of load(u) y(o) to T. For open options that is the cut of a
flow in which user u may send at most load(u) y(o) to o; where T is empty it says that every user needs an open option.
With T the dearest options of a ranking by cost, W follows by itself: all users whose cheap options are open to less
than one. That family is what a facility location without capacities needs for its strongest relaxation (the Benders
cuts of Fischetti, Ljubic and Sinnl, Management Science 2017), and costs a sort and a sum.

Where least loads and places taken by others bend that ranking, T is none of its ends. `mixed` then looks for the T that
is broken most by moving one option at a time in or out of it; each T makes a row that holds, so nothing rests on having
found the best.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_MOST = 12  # cuts from one answer
_OPEN = 1e-9  # part to which an option counts as open
_BROKEN = 1e-4  # of the whole load, by which a row must be broken to be worth adding


class Coverage:
    """Which options serve which users, ranked by what a request costs there."""

    def __init__(self, loads: Mapping[frozenset[int], float], costs: Sequence[float]) -> None:
        kinds = list(loads)
        self._loads: _Floats = np.array([loads[kind] for kind in kinds])
        serves = np.zeros((len(kinds), len(costs)))
        for row, kind in enumerate(kinds):
            serves[row, list(kind)] = 1.0
        self._ranking = np.argsort(np.array(costs), kind="stable")
        self._serves: _Floats = serves[:, self._ranking]
        self._costs: _Floats = np.array(costs)[self._ranking]

    def broken(
        self, on: Sequence[float], load: Sequence[float]
    ) -> list[tuple[dict[int, float], dict[int, float], float]]:
        """The rows that are broken most: factors of `load` and of `on` by option, and the least their sum must be."""
        opened, carried = np.array(on)[self._ranking], np.array(load)[self._ranking]
        covered = np.cumsum(self._serves * opened, axis=1)
        covered = np.hstack([np.zeros((len(self._loads), 1)), covered])  # by the options before each rank
        missing = np.clip(1.0 - covered, 0.0, None)
        needed = self._loads @ missing
        left = np.concatenate([np.cumsum(carried[::-1])[::-1], [0.0]])  # by the options from each rank on
        short = needed - left
        worst = [int(rank) for rank in np.argsort(-short, kind="stable")[:_MOST]]
        return [self._row(rank, missing[:, rank] > 0) for rank in worst if short[rank] > _BROKEN * self._loads.sum()]

    def _row(self, rank: int, who: npt.NDArray[Any]) -> tuple[dict[int, float], dict[int, float], float]:
        weights: _Floats = self._loads[who] @ self._serves[who]
        served = np.nonzero(weights)[0]
        dear = {int(self._ranking[at]): 1.0 for at in served if at >= rank}
        cheap = {int(self._ranking[at]): float(weights[at]) for at in served if at < rank}
        return dear, cheap, float(self._loads[who].sum())

    def mixed(
        self, on: Sequence[float], load: Sequence[float]
    ) -> list[tuple[dict[int, float], dict[int, float], float]]:
        """Rows as `broken` has them, for other T than ends of the ranking."""
        opened, carried = np.array(on)[self._ranking], np.array(load)[self._ranking]
        active = np.nonzero(opened > _OPEN)[0]
        part: _Floats = self._serves[:, active] * opened[active]
        rows: dict[bytes, npt.NDArray[np.bool_]] = {}
        for first in {0, len(active) // 2, len(active)}:
            dear = np.arange(len(active)) >= first
            short = self._climb(dear, part, carried[active])
            if short > _BROKEN * self._loads.sum():
                rows[dear.tobytes()] = dear
        return [self._lifted(active, dear, part) for dear in rows.values()]

    def _climb(self, dear: npt.NDArray[np.bool_], part: _Floats, carried: _Floats) -> float:
        """Moves options in and out of T in place while that breaks its row more; by how much it is broken then."""
        while True:
            covered = part[:, ~dear].sum(axis=1)
            short = self._loads @ np.clip(1.0 - covered, 0.0, None) - carried[dear].sum()
            moved = covered[:, None] + np.where(dear, part, -part)
            shorts = self._loads @ np.clip(1.0 - moved, 0.0, None) - carried[dear].sum()
            shorts += np.where(dear, carried, -carried)
            best = int(np.argmax(shorts))
            if shorts[best] <= short + _BROKEN * self._loads.sum() * 1e-3:
                return float(short)
            dear[best] = not dear[best]

    def _lifted(
        self, active: npt.NDArray[Any], dear: npt.NDArray[np.bool_], part: _Floats
    ) -> tuple[dict[int, float], dict[int, float], float]:
        """Options that are closed now go to T where they are as dear as the cheapest in it."""
        who = part[:, ~dear].sum(axis=1) < 1.0
        weights: _Floats = self._loads[who] @ self._serves[who]
        within = [at for at, is_dear in zip(active, dear, strict=True) if is_dear and weights[at]]
        from_cost = min((self._costs[at] for at in within), default=np.inf)
        is_dear = self._costs >= from_cost
        is_dear[active] = dear
        served = np.nonzero(weights)[0]
        carrying = {int(self._ranking[at]): 1.0 for at in served if is_dear[at]}
        standing = {int(self._ranking[at]): float(weights[at]) for at in served if not is_dear[at]}
        return carrying, standing, float(self._loads[who].sum())
