"""Combinations of settings that no single section can see, each refused with the key and a way out.

Pure: the settings in, the problems out; a file per target, and what clouds share in common.py. Whether a machine type
is offered in a region is in the catalog and is asked when the program places its pools.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.rules.aws import aws
from infra.settings.rules.common import common
from infra.settings.rules.gcp import gcp
from infra.settings.rules.kubernetes import kubernetes
from infra.settings.rules.local import local
from infra.settings.rules.multi import multi

if TYPE_CHECKING:
    from infra.settings.model import Settings


def problems(settings: "Settings") -> Iterator[str]:
    """Every refusal of this stack, as `key: what is wrong; what to do`."""
    match settings.target:
        case "local":
            yield from local(settings)
        case "aws":
            yield from common(settings)
            yield from aws(settings)
        case "gcp":
            yield from common(settings)
            yield from gcp(settings)
        case "multi":
            yield from multi(settings)
        case "kubernetes":
            yield from kubernetes(settings)
