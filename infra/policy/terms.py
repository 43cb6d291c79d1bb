"""What a stack is judged by: its environment, where it may be, what it may cost, and the date.

They come from the stack's own settings, which the engine tells the pack. A program without Slipway's settings is judged
as production, by what needs no settings. Nothing here looks at a clock: the date is given.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.catalog import Catalog
from infra.settings import NAMESPACE, ServingGoal, Settings
from infra.settings.rules.dual_regions import dual_location, key_location
from slipway.errors import SettingsError

STRICTEST = "prod"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """regions: where resources may be; empty when nothing says so. budget_usd_per_month: None when nothing says so."""

    today: date
    environment: str = STRICTEST
    regions: frozenset[str] = frozenset()
    budget_usd_per_month: float | None = None

    @property
    def lasting(self) -> bool:
        """Whether anything in the stack is meant to stay; what a developer makes for a day is not."""
        return self.environment != "dev"


def terms_of(config: Mapping[str, str], today: date) -> Terms:
    """Terms from a stack's configuration as the engine hands it over, objects as JSON text.

    Settings that are wrong are judged as production: the program itself refuses them, with a better message.
    """
    mine = {key: _structured(value) for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
    if not mine:
        return Terms(today=today)
    try:
        settings = Settings.parse(mine)
    except SettingsError:
        return Terms(today=today)
    parts = [settings.part(name) for name in settings.clouds] or [settings]
    return Terms(
        today=today,
        environment=settings.environment or STRICTEST,
        regions=frozenset(region for part in parts for region in _allowed(part)),
        budget_usd_per_month=sum(budgets) if (budgets := [*_budgets(parts)]) else None,
    )


def _allowed(settings: Settings) -> frozenset[str]:
    """Of one cloud: its regions; and the pair that holds its bucket, with the part of the world that holds its key."""
    regions = frozenset(settings.regions) if settings.regions else _served(settings.serving)
    pair = settings.storage.dual_region
    if not regions or not pair:
        return regions
    location = dual_location(pair)
    return regions | {*pair, location, key_location(location)}


def _budgets(parts: Iterable[Settings]) -> Iterator[float]:
    return (part.budget.usd_per_month for part in parts if part.budget)


def _served(goal: ServingGoal | None) -> frozenset[str]:
    """Regions that placement may choose from: those in which some user's requests may be answered."""
    if goal is None:
        return frozenset()
    open_to_all = any(not group.countries for group in goal.users)
    if open_to_all:
        return frozenset(goal.regions)
    allowed = {country for group in goal.users for country in group.countries}
    found = {region.region for region in Catalog.load().regions.values() if region.country in allowed}
    return frozenset(found & set(goal.regions) if goal.regions else found)


def _structured(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
