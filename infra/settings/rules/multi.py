"""What only a stack of two clouds refuses. What each of them would refuse, it refuses as that cloud's part. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.rules.common import meaningless, overlapping, required, unknown_places

if TYPE_CHECKING:
    from infra.settings.model import Settings

_OF_A_CLOUD = ("regions", "identity", "budget", "images", "gpu_pools", "gone")
"""What is each cloud's own, and so stands under clouds."""

_PLACED = {"serving": "regions", "work": "gpu_pools"}
"""What is placed for one cloud, and what each cloud's part says in its stead."""


def multi(settings: "Settings") -> Iterator[str]:
    """Every refusal of a stack of two clouds as a whole."""
    yield from required(settings, ("environment", "ownership"))
    yield from meaningless(settings, ("kubernetes",))
    for section in _OF_A_CLOUD:
        if getattr(settings, section):
            yield f"{section}: is each cloud's own; put it under clouds.aws and clouds.gcp"
    for section, said in _PLACED.items():
        if getattr(settings, section):
            yield (
                f"{section}: is not placed on multi, whose weights share requests and know no distance; plan it with "
                f"`slipway plan --goal` and write what it chooses as clouds.aws.{said} and clouds.gcp.{said}"
            )
    if missing := sorted({"aws", "gcp"} - set(settings.clouds)):
        yield f"clouds.{missing[0]}: is required on multi; a stack of one cloud has that cloud as its target"
    if settings.domain is None:
        yield "domain: two clouds without a shared name would be two services; name what users call"
    yield from unknown_places(
        settings.network, [region for part in settings.clouds.values() for region in part.regions]
    )
    yield from overlapping(
        {
            f"{cloud}/{region}": (part.network or settings.network).range_of(region, at)
            for cloud, part in settings.clouds.items()
            for at, region in enumerate(part.regions)
        }
    )
    if settings.clouds and not any(part.weight for part in settings.clouds.values()):
        yield "clouds: every weight is 0, which Route 53 takes for equal shares; give one of them a weight"
