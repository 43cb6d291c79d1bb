"""The labels that every resource of a cloud stack carries: who owns it, what it is for, where its cost is booked."""

from infra.settings import Settings


def labels(settings: Settings, stack: str) -> dict[str, str]:
    """Labels by name, the same on every cloud."""
    cloud = settings.cloud
    return {
        "owner": cloud.ownership.owner,
        "environment": cloud.environment,
        "cost-center": cloud.ownership.cost_center,
        "project": "slipway",
        "stack": stack,
    }
