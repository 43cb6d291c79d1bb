"""What a cloud says of one offer today."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.catalog.rows import Capacity

Tell = Callable[[str], None]  # where a fetcher reports its progress, a line a step


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """usd_per_hour: None where the cloud named no price. zones: None where it was not asked for them.

    note: what a person should know of the price, as the cheapest zone's. source: the API that said it.
    """

    provider: str
    region: str
    machine: str
    capacity: Capacity
    usd_per_hour: float | None
    zones: tuple[str, ...] | None
    note: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How likely a request for spot capacity succeeds now: 1 to 10 by EC2. Of the moment, so shown and never stored."""

    accelerator: str
    region: str
    score: int
