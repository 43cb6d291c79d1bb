"""The labels that every resource of a cloud stack carries: who owns it, what it is for, where its cost is booked."""

from infra.settings import Settings
from slipway.errors import SettingsError


def labels(settings: Settings, stack: str) -> dict[str, str]:
    """Labels by name, the same on every cloud. Raises SettingsError on the local target, which has no owner."""
    if settings.ownership is None or settings.environment is None:
        raise SettingsError(f"slipway:ownership: {settings.target} says neither owner nor environment")
    return {
        "owner": settings.ownership.owner,
        "environment": settings.environment,
        "cost-center": settings.ownership.cost_center,
        "project": "slipway",
        "stack": stack,
    }
