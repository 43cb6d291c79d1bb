"""What was seen of spot capacity so far: how long good and bad times lasted, in each zone and in all together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

ANYWHERE = ""
"""The key of the union: good while any zone gives instances."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spells:
    """One zone's record. up_s, down_s: seen in each. losses, returns: how often it went from one to the other.

    age_s: of the spell that lasts now. up: which of the two it is; None before the first look.
    """

    up_s: float = 0.0
    down_s: float = 0.0
    losses: int = 0
    returns: int = 0
    age_s: float = 0.0
    up: bool | None = None

    def after(self, elapsed_s: float, up: bool) -> "Spells":
        """`elapsed_s` passed as it was, and now it is `up`."""
        passed = replace(
            self,
            up_s=self.up_s + (elapsed_s if self.up else 0.0),
            down_s=self.down_s + (elapsed_s if self.up is False else 0.0),
            age_s=self.age_s + elapsed_s,
            up=up,
        )
        if self.up is None or self.up == up:
            return passed
        return replace(passed, age_s=0.0, losses=self.losses + (not up), returns=self.returns + up)


@dataclass(frozen=True, slots=True)
class History:
    """Records by zone, and of ANYWHERE. It may begin before the job does, where a zone was watched already."""

    spells: Mapping[str, Spells] = field(default_factory=dict[str, Spells])

    def after(self, elapsed_s: float, zones: tuple[str, ...], visible: frozenset[str]) -> "History":
        """`elapsed_s` passed since the last look, and now the zones in `visible` give instances."""
        looks = {zone: zone in visible for zone in zones} | {ANYWHERE: bool(visible)}
        return History({zone: self.of(zone).after(elapsed_s, up) for zone, up in looks.items()})

    def of(self, zone: str) -> Spells:
        return self.spells.get(zone, _UNSEEN)


_UNSEEN = Spells()
