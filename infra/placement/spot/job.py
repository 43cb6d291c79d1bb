"""What a training job asks of spot capacity: work, a deadline, what a restart costs, and where it may run."""

from dataclasses import dataclass

from infra.placement.errors import PlacementError


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """Where spot capacity may be had. move_usd: to bring the newest checkpoint here from another zone (egress)."""

    name: str
    usd_per_hour: float
    move_usd: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job that runs on one group of instances at a time: on spot in one of `zones`, or on-demand.

    work_s: of undisturbed running. deadline_s: after the start. restart_s: from asking for instances to the first new
    step, paid for but without progress. look_s: the policy is asked at least so often, and at once when a zone starts
    or stops giving instances. checkpoint_every_s: what a loss of instances may undo; 0 where the notice suffices to
    write a checkpoint. overrun: what the job may cost above a run on on-demand alone, as a share of it.

    Raises PlacementError for a job that even on-demand would not finish in time.
    """

    work_s: float
    deadline_s: float
    restart_s: float
    zones: tuple[Zone, ...]
    on_demand_usd_per_hour: float
    look_s: float = 600.0
    checkpoint_every_s: float = 0.0
    overrun: float = 0.02

    def __post_init__(self) -> None:
        if min(self.work_s, self.look_s, self.on_demand_usd_per_hour) <= 0 or self.restart_s < 0 or self.overrun < 0:
            raise PlacementError("a job needs work, a price and time between two looks above 0, a restart of 0 or more")
        if self.deadline_s < self.work_s + self.restart_s:
            raise PlacementError(
                f"the deadline of {self.deadline_s / 3600:.1f} h is less than the work of {self.work_s / 3600:.1f} h "
                f"and one start of {self.restart_s / 60:.0f} min: even on-demand would miss it",
                hint="ask for more accelerators or more time",
            )

    @property
    def on_demand_usd(self) -> float:
        """What the job costs on on-demand alone."""
        return (self.work_s + self.restart_s) / 3600 * self.on_demand_usd_per_hour

    def zone(self, name: str) -> Zone:
        return next(zone for zone in self.zones if zone.name == name)
