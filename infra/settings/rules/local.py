"""What means nothing on one machine. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.rules.common import CLOUD_SECTIONS, meaningless

if TYPE_CHECKING:
    from infra.settings.model import Settings

_NOT_HERE = (*CLOUD_SECTIONS, "gpu_pools", "gone", "domain", "origin_token", "clouds", "kubernetes")


def local(settings: "Settings") -> Iterator[str]:
    """Every refusal of the local target."""
    yield from meaningless(settings, _NOT_HERE)
