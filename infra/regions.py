"""Which regions a stack has, in order of preference: as its settings say, or as placement chose them."""

from collections.abc import Sequence
from typing import Protocol

from infra.settings import Settings
from slipway.errors import SettingsError


class Placement(Protocol):
    """What placement chose. regions: of this stack's provider, in order of preference."""

    @property
    def regions(self) -> Sequence[str]: ...


def regions_of(settings: Settings, placement: Placement | None) -> tuple[str, ...]:
    """Raises SettingsError when neither says any."""
    found = settings.regions or tuple(placement.regions if placement else ())
    if not found:
        raise SettingsError(
            f"slipway:serving: no region of {settings.target} was chosen",
            hint="name regions in slipway:regions, or widen slipway:serving.regions",
        )
    return found
