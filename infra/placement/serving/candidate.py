"""One way to run the model in one region: what it is, what it charges and what it can bear. Values only."""

from dataclasses import dataclass

from infra.catalog import Region
from infra.placement.serving.charge import Charge
from infra.placement.serving.plan import Mode


@dataclass(frozen=True, kw_only=True, slots=True)
class EgressTier:
    """A straight line that the price of a month's egress never lies above: usd_at_zero + charge x load.

    Prices fall with volume, so the bill is the lowest of its tiers' lines; choosing the cheapest line is the bill.
    from_quantity: in the charge's unit, where the tier begins.
    """

    usd_at_zero: float
    from_quantity: float
    charge: Charge


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What `candidates` found to be possible.

    service_ms: mean, on this hardware. servers: requests that one replica computes side by side; replicas: None where
    the provider starts instances by itself and bills requests, and then idle_s says how long it keeps an unused one.
    warm: what one instance that always runs costs; none where nothing says its price. charges: without egress, which
    stands in egress by tier. kwh_per_replica, kwh_per_rps: a month; None where not known. g_per_kwh: of the grid.
    carbon: charges for it, where it has a price. spare_replicas: that stand in case some are taken back (spot).
    """

    region: Region
    mode: Mode
    machine: str
    capacity: tuple[str, ...]
    service_ms: float
    servers: int
    counted: bool
    spare_replicas: int
    idle_s: float
    charges: tuple[Charge, ...]
    warm: tuple[Charge, ...]
    egress: tuple[EgressTier, ...]
    kwh_per_replica: float | None
    kwh_per_rps: float | None
    g_per_kwh: float | None
    availability: float
    carbon: tuple[Charge, ...] = ()

    @property
    def key(self) -> str:
        return self.region.key

    @property
    def name(self) -> str:
        """Unique: the region, the machine and how it is had."""
        return "/".join((self.region.key, self.machine, *self.capacity[:1]))
