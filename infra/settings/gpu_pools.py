"""Pools of accelerator nodes: what machines, which capacity in which order, how many."""

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.cloud import ZoneId
from infra.settings.placement import Capacity
from infra.settings.strict import Machine, Region, Strict
from infra.settings.zones import lies_in

BOUGHT_AHEAD = frozenset({"reserved", "capacity_block"})
"""Kinds of capacity that are machines of one type in one zone, paid for before they run."""


class Gone(Strict):
    """Capacity that cannot be had now, written down by whoever met it; remove it to try again.

    A key that is empty means all of them: a region alone is gone as a whole.
    """

    region: Region
    machine: Machine | Literal[""] = ""
    capacity: Capacity | Literal[""] = ""


class PoolStep(Strict):
    """One kind of capacity of a pool in one region. machines: interchangeable types there, first choice first."""

    region: Region
    capacity: Capacity
    machines: tuple[Machine, ...] = Field(min_length=1, max_length=10)


class Reservation(Strict):
    """What was bought ahead. id: of the capacity reservation or block, on Google its name. zone: that it is in."""

    id: str = Field(min_length=1, max_length=128, examples=["cr-0123456789abcdef0"])
    zone: ZoneId


class PoolSettings(Strict):
    """One accelerator, in several machine types and kinds of capacity.

    machines: interchangeable types, first choice first; several make spot last longer. capacity: in order of choice;
    the last is followed by the next region. regions: that have the pool, in order of choice; empty means all of the
    stack's. order: steps, best first, where the order is not region by region; placement writes it. min: nodes kept in
    the capacity that is chosen; 0 costs nothing when idle. image: of the nodes, empty for the cloud's usual. efa: AWS'
    fabric between nodes, all in one zone. reservation: what reserved or capacity_block takes; a pool has one of the
    two, in the reservation's region, and its other kinds of capacity in all.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,20}$", examples=["train", "serve-l4"])
    accelerator: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$", examples=["L4", "H100"])
    machines: tuple[Machine, ...] = Field(min_length=1, max_length=10)
    capacity: tuple[Capacity, ...] = Field(default=("spot", "on_demand"), min_length=1)
    regions: tuple[Region, ...] = ()
    order: tuple[PoolStep, ...] = Field(default=(), max_length=40)
    min: int = Field(default=0, ge=0, le=1000)
    max: int = Field(default=4, ge=1, le=1000)
    disk_gib: int = Field(default=200, ge=50, le=16_384)
    image: Literal["", "al2023", "bottlerocket", "cos"] = ""
    efa: bool = False
    reservation: Reservation | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if "spot" in self.capacity and "on_demand" not in self.capacity[self.capacity.index("spot") + 1 :]:
            raise ValueError("capacity: spot without a fallback would leave training stuck; add on_demand after it")
        if len(set(self.capacity)) < len(self.capacity):
            raise ValueError("capacity: each kind may stand once")
        held = BOUGHT_AHEAD & set(self.capacity)
        if held and not self.reservation:
            raise ValueError(f"reservation: {min(held)} capacity needs the id and the zone of what was reserved")
        if self.reservation and not held:
            raise ValueError("reservation: is paid for and would stay unused; put reserved first in capacity")
        if len(held) > 1:
            raise ValueError("capacity: a reservation is reserved or a capacity_block; make a pool of each")
        if held and len(self.machines) > 1:
            raise ValueError(
                "machines: what was bought ahead is of one type; name that alone, and make a pool of the others"
            )
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.order:
            return self
        steps = [(step.region, step.capacity) for step in self.order]
        if len(set(steps)) < len(steps):
            raise ValueError("order: each kind of capacity may stand once for a region")
        said = {
            "regions": {step.region for step in self.order},
            "capacity": {step.capacity for step in self.order},
            "machines": {machine for step in self.order for machine in step.machines},
        }
        for section, named in said.items():
            if named != set(getattr(self, section)):
                raise ValueError(f"order: names other {section} than {section} does; the two must be the same")
        return self

    def capacity_in(self, region: str) -> tuple[Capacity, ...]:
        """The kinds of capacity that the pool has in one of its regions, in order of choice."""
        if self.reservation is None or lies_in(self.reservation.zone, region):
            return self.capacity
        return tuple(kind for kind in self.capacity if kind not in BOUGHT_AHEAD)
