"""How much of the time spot can be had, as far as that is known: never a number alone, always with how sure it is.

A catalog tells how often running instances were taken back, not how often a start is refused, so it leaves the share
open. A record of a zone (asked every few minutes whether it gave an instance) tells both. The spread over what the job
will meet follows from the length of the record and from how long good and bad times last; nothing is fitted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from infra.catalog import Offer

_HOURS_PER_MONTH = 730.0
_LIFE_UNKNOWN_H = 24.0
"""What an instance is taken to live where no source says it: Compute Engine's preemptible VMs ended after 24 hours."""
_LIFE_PARTS = (1.0, 10**-0.5, 0.1)
"""What part of that an instance may live where nobody recorded it: hours in place of a day make restarts a cost."""
_OPEN_BUCKET = 2.0  # a bucket without an upper end (`more than 20 %`) is taken to reach twice its lower one
_GRID = 100
_FEWEST_BLOCKS = 4
_LEAST_TOTAL = 0.5  # a beta distribution with less has nearly all of its mass at 0 and 1


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotSupply:
    """share: of the time, as recorded, or as a prior where nothing was. recorded_h: how long was looked; 0 for a prior.

    prior_share, prior_scatter: what is assumed with no record; they count as one window of the job's length beside
    those recorded. turnover_h: half of the time that one independent look at a zone takes. lives_h: what the mean
    time that an instance is kept may be, each as likely. spells_h: the recorded ones. known: in words, what this rests
    on.
    """

    share: float
    recorded_h: float
    prior_share: float
    prior_scatter: float
    turnover_h: float
    lives_h: tuple[float, ...]
    spells_h: tuple[float, ...]
    known: str

    def expected_share(self, window_h: float) -> float:
        windows = self.recorded_h / window_h
        return (self.share * windows + self.prior_share) / (windows + 1)

    def spread(self, window_h: float) -> list[tuple[float, float]]:
        """(share, probability) pairs, over what a window of so many hours may have: a beta distribution.

        Its scatter (variance over mean x (1 - mean)) has two sources. What one window looks like even if the share were
        known: it holds window / (2 turnover) independent looks. And what is not known of the share, which starts at the
        prior's scatter and shrinks with each window of this length that was recorded: a record shorter than the job
        cannot promise what the job will meet, however often it was asked.
        """
        mean = self.expected_share(window_h)
        scatter = 2 * self.turnover_h / window_h + self.prior_scatter / (self.recorded_h / window_h + 1)
        total = max(1 / scatter - 1, _LEAST_TOTAL)
        alpha, beta = mean * total, (1 - mean) * total
        middles = [(step + 0.5) / _GRID for step in range(_GRID)]
        logs = [(alpha - 1) * math.log(x) + (beta - 1) * math.log(1 - x) for x in middles]
        top = max(logs)
        masses = [math.exp(value - top) for value in logs]
        whole = sum(masses)
        return [(x, mass / whole) for x, mass in zip(middles, masses, strict=True)]

    def interruptions_per_hour(self, share: float, window_h: float, life_h: float) -> float:
        """Of spot, in a window with this share. An instance lives longer where there are fewer outages."""
        if not self.recorded_h:
            return 1 / life_h
        return (1 - share) / (1 - self.expected_share(window_h)) / life_h

    def lost_h(self, overhead_h: float) -> float:
        """Of a spell, when a restart and repeated work take `overhead_h`: no more than the spell has."""
        if not self.spells_h:
            return min(overhead_h, min(self.lives_h))
        return sum(min(spell, overhead_h) for spell in self.spells_h) / len(self.spells_h)


def from_offer(offer: Offer, machines: int = 1) -> SpotSupply:
    """What the catalog knows of a spot offer: how many zones there are to try, and how long an instance lasts.

    Nothing is known of a zone's share, so each is as likely as any other, and the best of n zones is distributed as
    beta(n, 1): its mean is n / (n + 1). Several machines are all lost with one.
    """
    zones = max(1, len(offer.zones))
    low, high = offer.interruption_per_month_low, offer.interruption_per_month_high
    if low is None and high is None:
        life_h, words = _LIFE_UNKNOWN_H, f"no interruption figure: an instance is taken to last {_LIFE_UNKNOWN_H:g} h"
    else:
        high = high if high is not None else (low or 0.0) * _OPEN_BUCKET
        taken = ((low or 0.0) + high) / 2
        life_h = -_HOURS_PER_MONTH / math.log1p(-min(taken, 0.95))
        words = f"{taken:.0%} of instances interrupted a month, of {offer.date}"
    return unrecorded(
        zones=zones,
        life_h=life_h / machines,
        known=f"{words}; how much of the time {zones} zone{'s' * (zones > 1)} give spot is not recorded",
    )


def unrecorded(*, zones: int, life_h: float = _LIFE_UNKNOWN_H, known: str = "nothing is recorded") -> SpotSupply:
    """The prior alone."""
    share = zones / (zones + 1)
    return SpotSupply(
        share=share,
        recorded_h=0.0,
        prior_share=share,
        prior_scatter=1 / (zones + 2),
        turnover_h=0.0,
        lives_h=tuple(life_h * part for part in _LIFE_PARTS),
        spells_h=(),
        known=known,
    )


def from_record(zones: Sequence[Sequence[bool]], gap_s: float) -> SpotSupply:
    """What records of some zones say, each asked at the same times, `gap_s` seconds apart, whether it gave an instance.

    Spot is there when any zone gives it; an instance lasts as long as its own zone does. Empty records say nothing.
    """
    gap_h = gap_s / 3600
    any_zone = [any(given) for given in zip(*zones, strict=True)]
    prior = unrecorded(zones=max(1, len(zones)))
    if not any_zone:
        return prior
    hours = len(any_zone) * gap_h
    spells_h = tuple(len(list(run)) * gap_h for zone in zones for up, run in groupby(zone) if up)
    share = sum(any_zone) / len(any_zone)
    return replace(
        prior,
        share=share,
        recorded_h=hours,
        turnover_h=_turnover_h(any_zone, gap_h),
        lives_h=(sum(spells_h) / len(spells_h),) if spells_h else prior.lives_h,
        spells_h=spells_h,
        known=f"available {share:.0%} of {hours / 24:.1f} days recorded",
    )


def _turnover_h(available: Sequence[bool], gap_h: float) -> float:
    """Half of the time that one independent look takes, from how much the means of blocks differ.

    Blocks of a length b that are independent looks would differ by share (1 - share) / (b / 2 turnover). Good and bad
    times are nested (minutes in hours in days), so longer blocks differ by more than short ones let expect: the longest
    turnover over block lengths counts, up to blocks of which the record holds four (batch means; Law, Simulation
    Modeling and Analysis, ch. 9). A record without a change says nothing of this.
    """
    ticks = len(available)
    sums = [0, *accumulate(available)]
    share = sums[-1] / ticks
    spread = share * (1 - share)
    if not spread:
        return 0.0
    longest_h, block = gap_h / 2, 1
    while ticks // block >= _FEWEST_BLOCKS:
        # laid from the end, so that what is dropped is the oldest
        means = [(sums[end] - sums[end - block]) / block for end in range(ticks, block - 1, -block)]
        middle = sum(means) / len(means)
        variance = sum((mean - middle) ** 2 for mean in means) / (len(means) - 1)
        longest_h = max(longest_h, variance / spread * block * gap_h / 2)
        block = block * 3 // 2 + 1
    return min(longest_h, ticks * gap_h / 2)
