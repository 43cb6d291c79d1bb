"""The cheapest way to finish on average: a stochastic dynamic program over time left and work left.

Time runs in steps of about one restart. In each step the job is on spot, on on-demand or nowhere, and spot capacity is
there or not, in a phase of its spell (outlook.py); the program knows how likely each change is and picks what costs
least to the end. It sees one zone and, behind it, the chance of another. Costs are in steps of on-demand.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.placement.spot.outlook import DOWN, UP, Outlook, Shape

_STEPS_MOST = 400
_NEVER = 1e9
"""The cost of what misses the deadline: more than any job's."""

Costs = NDArray[np.float64]
Choices = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a plan depends on besides the outlook. price: of spot, as a share of on-demand's."""

    work_s: float
    deadline_s: float
    restart_s: float
    price: float

    @property
    def step_s(self) -> float:
        return max(self.restart_s, self.deadline_s / _STEPS_MOST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do, by [phase, time left, work left] in steps.

    start_when_up, start_when_down: take spot, or on-demand, rather than wait, with nothing held. pass_when_up: take
    on-demand although there is spot, where spot is not taken. leave: give up on-demand for spot. stay: on on-demand
    while there is no spot.
    """

    step_s: float
    start_when_up: Choices
    pass_when_up: Choices
    leave: Choices
    start_when_down: Choices
    stay: Choices

    def cell(self, left_s: float, work_s: float) -> tuple[int, int]:
        """Time is rounded down and work up, so that the plan never thinks it has more than it has."""
        most_time, most_work = self.stay.shape[1] - 1, self.stay.shape[2] - 1
        time = min(most_time, max(0, math.floor(left_s / self.step_s)))
        return time, min(most_work, math.ceil(work_s / self.step_s - 1e-9))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spell:
    """One kind of spell in steps, by phase. ends: chance to end in a step. older: chance to be in the next phase."""

    ends: NDArray[np.float64]
    older: NDArray[np.float64]

    @classmethod
    def of(cls, shape: Shape, rate: float) -> "_Spell":
        older = [min(1.0, rate / length) for length in shape.lengths] + [0.0]
        return cls(ends=-np.expm1(-rate * np.array(shape.factors)), older=np.array(older))

    def lasts(self, costs: Costs) -> Costs:
        """Expected costs a step later, given that the spell lasts. costs: [phase, work]."""
        ahead = np.concatenate((costs[1:], costs[-1:]))
        return costs + self.older[:, None] * (ahead - costs)

    def then(self, lasting: Costs, ended: Costs) -> Costs:
        """Expected costs a step later. ended: what it costs from there when the spell ended."""
        ends = self.ends[:, None]
        return (1 - ends) * self.lasts(lasting) + ends * ended


@lru_cache(maxsize=256)
def plan(terms: Terms, outlook: Outlook) -> Plan:
    """Solve backwards from the deadline; some 30 ms, and once for each rounded outlook."""
    return _Solver(terms, outlook).solve()


class _Solver:
    """Cost-to-go tables [phase, time left, work left]: `down_*` while there is no spot, `up_*` while there is."""

    def __init__(self, terms: Terms, outlook: Outlook) -> None:
        step = terms.step_s
        self._step_s, self._price = step, terms.price
        self._times, self._works = math.floor(terms.deadline_s / step) + 1, math.ceil(terms.work_s / step) + 1
        self._idle = terms.restart_s / step  # of the first step after a start, without progress
        self._held = _Spell.of(UP, outlook.loss_per_s * step)
        self._good = _Spell.of(UP, outlook.outage_per_s * step)
        self._bad = _Spell.of(DOWN, outlook.comeback_per_s * step)
        self._refuge = outlook.refuge
        # when spot is lost within a step: the share of the step that had passed, 1 / rate - 1 / (e^rate - 1)
        rates = outlook.loss_per_s * step * np.array(UP.factors)
        self._passed = np.clip(1 / rates - (1 - self._held.ends) / self._held.ends, 0, 1)[:, None]

    def solve(self) -> Plan:
        shape = (self._times, self._works)
        down, up = (len(DOWN.factors), *shape), (len(UP.factors), *shape)
        tables: dict[str, Any] = {name: _unsolved(down) for name in ("down_idle", "down_on_demand")}
        tables |= {name: _unsolved(up) for name in ("up_idle", "up_on_demand", "up_spot")}
        choices = {
            "start_when_down": np.zeros(down, bool),
            "stay": np.zeros(down, bool),
            "start_when_up": np.zeros(up, bool),
            "pass_when_up": np.zeros(up, bool),
            "leave": np.zeros(up, bool),
        }
        for time in range(1, self._times):
            self._solve_down(tables, choices, time)
            self._solve_up(tables, choices, time)
        return Plan(step_s=self._step_s, **choices)

    def _solve_down(self, tables: dict[str, Costs], choices: dict[str, Choices], time: int) -> None:
        wait = self._bad.then(tables["down_idle"][:, time - 1], tables["up_idle"][0, time - 1])
        on = 1 + self._bad.then(_worked(tables["down_on_demand"], time), _worked(tables["up_on_demand"], time)[0])
        warm = 1 + self._bad.then(tables["down_on_demand"][:, time - 1], tables["up_on_demand"][0, time - 1])
        start = self._mixed(warm, on)
        choices["start_when_down"][:, time] = start <= wait
        choices["stay"][:, time] = on <= wait
        _settle(tables["down_idle"], time, np.minimum(start, wait))
        _settle(tables["down_on_demand"], time, np.minimum(on, wait))

    def _solve_up(self, tables: dict[str, Costs], choices: dict[str, Choices], time: int) -> None:
        wait = self._good.then(tables["up_idle"][:, time - 1], tables["down_idle"][0, time - 1])
        on = 1 + self._good.then(_worked(tables["up_on_demand"], time), _worked(tables["down_on_demand"], time)[0])
        warm = 1 + self._good.then(tables["up_on_demand"][:, time - 1], tables["down_on_demand"][0, time - 1])
        on_demand = self._mixed(warm, on)

        # what is lost early in a step was lost at its beginning, as far as this grid can tell
        passed, fallen = self._passed, tables["down_idle"][0]
        elsewhere, elsewhere_worked = tables["up_idle"][-1, time - 1], _worked(tables["up_idle"], time)[-1]
        at_once = fallen[time]
        lost_warm = self._either(elsewhere, passed * fallen[time - 1] + (1 - passed) * at_once)
        lost = self._either(
            passed * elsewhere_worked + (1 - passed) * elsewhere,
            passed * _worked(tables["down_idle"], time)[0] + (1 - passed) * at_once,
        )
        paid = self._price * (1 - self._held.ends[:, None] * (1 - passed))
        spot = paid + self._held.then(_worked(tables["up_spot"], time), lost)
        spot_warm = paid + self._held.then(tables["up_spot"][:, time - 1], lost_warm)
        launch = self._mixed(spot_warm, spot)

        choices["start_when_up"][:, time] = launch <= np.minimum(on_demand, wait)
        choices["pass_when_up"][:, time] = on_demand <= wait
        choices["leave"][:, time] = launch < on
        _settle(tables["up_idle"], time, np.minimum(launch, np.minimum(on_demand, wait)))
        _settle(tables["up_on_demand"], time, np.minimum(launch, on))
        _settle(tables["up_spot"], time, np.minimum(spot, np.minimum(on_demand, wait)))

    def _mixed(self, warming: Costs, working: Costs) -> Costs:
        """A first step that is partly without progress."""
        return self._idle * warming + (1 - self._idle) * working

    def _either(self, elsewhere: Costs, nowhere: Costs) -> Costs:
        return self._refuge * elsewhere + (1 - self._refuge) * nowhere


def _unsolved(shape: tuple[int, ...]) -> Costs:
    """Work that is left when time is over is never done; no work left costs nothing."""
    costs = np.full(shape, _NEVER)
    costs[:, :, 0] = 0.0
    return costs


def _worked(costs: Costs, time: int) -> Costs:
    """Costs a step later with a step of work done: [phase, work]."""
    later = np.zeros(costs.shape[::2])
    later[:, 1:] = costs[:, time - 1, :-1]
    return later


def _settle(costs: Costs, time: int, cost: Costs) -> None:
    costs[:, time, 1:] = cost[:, 1:]
