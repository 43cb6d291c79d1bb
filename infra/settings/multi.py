"""One cloud's part in a stack of two: what is its own. What the stack says once holds for both."""

from typing import Literal

from pydantic import Field

from infra.settings.cloud import (
    BudgetSettings,
    ClusterSettings,
    IdentitySettings,
    Images,
    NetworkSettings,
    RegistrySettings,
    ServerlessSettings,
    StorageSettings,
    VertexSettings,
)
from infra.settings.gpu_pools import Gone, PoolSettings
from infra.settings.strict import Region, Strict

CloudName = Literal["aws", "gcp"]


class CloudPart(Strict):
    """weight: its share of the requests beside the other's, 0 to 255; 0 keeps it ready and sends nothing there while
    another with a weight is well.

    The rest as in a stack of this cloud alone; a section that is left out is the stack's own.
    """

    weight: int = Field(default=50, ge=0, le=255)
    regions: tuple[Region, ...] = Field(min_length=1, max_length=8)
    identity: IdentitySettings
    budget: BudgetSettings
    images: Images
    network: NetworkSettings | None = None
    cluster: ClusterSettings | None = None
    gpu_pools: tuple[PoolSettings, ...] | None = Field(default=None, max_length=16)
    gone: tuple[Gone, ...] | None = Field(default=None, max_length=64)
    storage: StorageSettings | None = None
    registry: RegistrySettings | None = None
    serverless: ServerlessSettings | None = None
    vertex: VertexSettings | None = None
