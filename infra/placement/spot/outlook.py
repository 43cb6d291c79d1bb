"""What is expected of spot capacity: rates at which good and bad times end, learned from what was seen.

A spell's end is a Poisson event whose rate falls with the spell's age, as every published trace shows: what was just
given is often taken back at once, and a bad hour that became a bad night is likely to stay one. The shape is fixed and
scale-free (multiples of the mean); only the two means are learned, as a gamma prior's posterior. The shape and the
caution were picked among a few plain ones on the published traces (docs/guides/spot.md), not fitted.
"""

import math
from dataclasses import dataclass

from infra.placement.spot.history import ANYWHERE, History, Spells

_PRIOR_UP_S = 6 * 3600.0
_PRIOR_DOWN_S = 3 * 3600.0
"""Weak guesses before anything was seen: two thirds of the time up, changing a few times a day."""
_PRIOR_EVENTS = 1.0
"""How many seen spells the guess counts as."""
_CAUTION = 1.5
"""Losses are planned for at so many times their learned rate: slack that ran out costs more than slack left over."""
_ROUNDING = 1.35
"""Rates are rounded to powers of this, so that one plan serves many states; a rate is never known better anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How an ending rate depends on a spell's age. factors: of the mean rate, by phase. lengths: of all phases but the
    last, in mean spells."""

    factors: tuple[float, ...]
    lengths: tuple[float, ...]

    def phase(self, age_s: float, rate_per_s: float) -> int:
        ends = [sum(self.lengths[: index + 1]) for index in range(len(self.lengths))]
        return sum(age_s * rate_per_s >= end for end in ends)


UP = Shape(factors=(2.0, 0.7), lengths=(0.3,))
DOWN = Shape(factors=(3.0, 1.0, 0.3), lengths=(0.3, 2.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """Mean rates per second. loss: of the zone that would be taken. outage: of the last zone. comeback: of any zone.

    Hashable, because the plan for an outlook is computed once.
    """

    loss_per_s: float
    outage_per_s: float
    comeback_per_s: float

    @property
    def refuge(self) -> float:
        """The chance that another zone gives instances when one takes its own back."""
        return max(0.0, 1 - self.outage_per_s / self.loss_per_s)


def outlook(history: History, zone: str) -> Outlook:
    """For a job that is in `zone` or would go there."""
    anywhere = history.of(ANYWHERE)
    outage = _CAUTION * loss_rate(anywhere)
    return Outlook(
        loss_per_s=_rounded(max(_CAUTION * loss_rate(history.of(zone)), outage)),
        outage_per_s=_rounded(outage),
        comeback_per_s=_rounded((anywhere.returns + _PRIOR_EVENTS) / (anywhere.down_s + _PRIOR_EVENTS * _PRIOR_DOWN_S)),
    )


def loss_rate(spells: Spells) -> float:
    """Expected losses per second of good time."""
    return (spells.losses + _PRIOR_EVENTS) / (spells.up_s + _PRIOR_EVENTS * _PRIOR_UP_S)


def loss_rate_now(spells: Spells) -> float:
    """As `loss_rate`, for a spell of this age: the zone with the lowest is the one to take."""
    mean = loss_rate(spells)
    return mean * UP.factors[UP.phase(spells.age_s, mean)]


def _rounded(rate_per_s: float) -> float:
    return _ROUNDING ** round(math.log(rate_per_s, _ROUNDING))
