"""What befalls a stack on its way up, alike on both clouds: the provider dies in the middle, then there is no spot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.engine.simulated.core.faults import Crash, StockOut
from tests.engine.simulated.project import Ran, SimulatedProject


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What each run gave. pool: that keeps a node. held_by_then: what the cloud held when the provider had died.

    mended: once settings say that the region's spot is gone.
    """

    pool: Mapping[str, Any]
    died: Ran
    held_by_then: int
    sold_out: Ran
    mended: Ran


def meet(project: SimulatedProject, region: str, *, dies_at: str) -> Trouble:
    """Takes three runs of the engine. dies_at: the type at which the provider dies, as `ec2/subnet`."""
    pool = yaml.safe_load(project.file.read_text())["config"]["slipway:gpu_pools"][0] | {"min": 1}
    project.configure(gpu_pools=[pool])  # one that scales from zero would meet no stock-out yet
    project.faults.write(Crash(type=dies_at))
    died = project.up()
    held_by_then = len(project.holdings.all())
    project.faults.write(StockOut(region=region, capacity="SPOT"))
    sold_out = project.up()
    project.configure(gone=[{"region": region, "capacity": "spot"}])
    return Trouble(pool=pool, died=died, held_by_then=held_by_then, sold_out=sold_out, mended=project.up())
