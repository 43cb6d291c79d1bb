"""Each way to do the work, priced: its expected bill with a band, its time, and what finishes it when spot does not."""

from collections.abc import Sequence

from infra.catalog import Capacity, CatalogError
from infra.placement.training.estimate import Job, Rates, estimate, on_demand
from infra.placement.training.plan import Band, Candidate, CostLine, Loser
from infra.placement.training.rents import Moves, Rent, lost
from infra.placement.training.supply import from_offer
from infra.settings.placement import TrainingWork

_NOTICE_S = {"aws": 95.0, "gcp": 10.0}
"""What a trainer's pod has of the notice of a spot instance, 120 s on EC2 and 30 s on GCE: its time from SIGTERM to
SIGKILL (GRACE_S of infra/kubernetes/nodes.py) without what torchrun keeps for itself."""


def saved_on_notice(work: TrainingWork, provider: str) -> bool:
    """Whether a checkpoint can be written between the notice and the end, so that no work is lost."""
    return work.checkpoint_s <= _NOTICE_S[provider]


def job_of(work: TrainingWork, provider: str) -> Job:
    """The work in hours. A checkpoint that fits into the notice saves all; else half an interval is done twice."""
    return Job(
        work_h=work.machine_hours,
        deadline_h=work.deadline_h,
        restart_h=work.restart_s / 3600,
        repeated_h=0.0 if saved_on_notice(work, provider) else work.checkpoint_every_s / 2 / 3600,
    )


def candidates(work: TrainingWork, able: Sequence[Rent], moves: Moves) -> tuple[list[Candidate], list[Loser]]:
    """What each costs and takes; spot is finished on demand, wherever that is cheapest."""
    fallbacks = [rent for rent in able if rent.offer.capacity is Capacity.ON_DEMAND]
    found: list[Candidate] = []
    losers: list[Loser] = []
    for rent in able:
        if rent.offer.capacity is not Capacity.SPOT:
            found.append(_kept(rent, job_of(work, rent.offer.provider)))
        elif fallback := _cheapest_fallback(rent, fallbacks, moves, work):
            found.append(_spot(rent, *fallback, job_of(work, rent.offer.provider)))
        else:
            losers.append(lost(rent.offer, "no on-demand machine with a known price could finish in time"))
    return found, losers


def _cheapest_fallback(
    rent: Rent, fallbacks: Sequence[Rent], moves: Moves, work: TrainingWork
) -> tuple[Rent, float] | None:
    """Where on-demand would finish what spot began, and what the move there costs."""

    def move_usd(other: Rent) -> float:
        return 0.0 if other.key == rent.key else other.move_usd + moves.checkpoint_usd(rent.key, other.key)

    priced: list[tuple[float, str, Rent, float]] = []
    for other in fallbacks:
        try:
            usd = move_usd(other)
        except CatalogError:
            continue
        priced.append((other.usd_per_hour * work.machine_hours + usd, other.key + other.offer.machine, other, usd))
    if not priced:
        return None
    _, _, best, usd = min(priced, key=lambda row: row[:2])
    return best, usd


def _kept(rent: Rent, job: Job) -> Candidate:
    use = on_demand(job)
    usd = use.on_demand_h * rent.usd_per_hour + rent.move_usd
    lines = [_compute(rent, use.on_demand_h), *_data(rent.move_usd)]
    return _candidate(
        rent,
        usd=Band(low=usd, expected=usd, high=usd),
        hours=Band(low=use.elapsed_h, expected=use.elapsed_h, high=use.elapsed_h),
        lines=lines,
        overhead_hours=job.restart_h,
        known="kept once it is had; whether it can be had is not in the catalog",
    )


def _spot(rent: Rent, fallback: Rent, fallback_move_usd: float, job: Job) -> Candidate:
    supply = from_offer(rent.offer, rent.machines)
    rates = Rates(spot=rent.usd_per_hour, on_demand=fallback.usd_per_hour)
    found = estimate(job, rates, supply)
    moved = found.on_demand_h > 0 and fallback_move_usd > 0
    needed = 1 - found.on_time_alone
    lines = [_compute(rent, found.spot_h), _compute(fallback, found.on_demand_h)]
    lines += _data(rent.move_usd)
    if moved:
        lines.append(CostLine(kind="checkpoints", what=f"a move to {fallback.key}", usd=fallback_move_usd * needed))
    high_usd = fallback_move_usd if moved else 0.0
    usd = Band(
        low=found.usd.low + rent.move_usd,
        expected=sum(line.usd for line in lines),
        high=found.usd.high + rent.move_usd + high_usd,
    )
    return _candidate(
        rent,
        usd=usd,
        hours=found.hours,
        lines=lines,
        fallback=f"{fallback.key} {fallback.offer.machine}",
        spot_share=supply.expected_share(job.deadline_h),
        interruptions=found.interruptions,
        overhead_hours=found.overhead_h,
        on_time_alone=found.on_time_alone,
        known=supply.known,
    )


def _candidate(
    rent: Rent,
    *,
    usd: Band,
    hours: Band,
    lines: Sequence[CostLine],
    overhead_hours: float,
    known: str,
    fallback: str = "",
    spot_share: float | None = None,
    interruptions: float = 0.0,
    on_time_alone: float = 1.0,
) -> Candidate:
    offer = rent.offer
    return Candidate(
        provider=offer.provider,
        region=offer.region,
        zones=offer.zones,
        machine=offer.machine,
        machines=rent.machines,
        capacity=offer.capacity,
        usd_per_hour=rent.usd_per_hour,
        fallback=fallback,
        usd=usd,
        hours=hours,
        lines=tuple(line for line in lines if line.usd),
        spot_share=spot_share,
        interruptions=interruptions,
        overhead_hours=overhead_hours,
        on_time=1.0,
        on_time_alone=on_time_alone,
        known=known,
        estimated=offer.estimated,
        source=offer.source,
        date=offer.date,
    )


def _compute(rent: Rent, hours: float) -> CostLine:
    mode = rent.offer.capacity.value.replace("_", "-")
    count = f"{rent.machines} x " if rent.machines > 1 else ""
    what = f"{hours:,.1f} h of {count}{rent.offer.machine} {mode} in {rent.key} at {rent.usd_per_hour:,.2f} USD"
    return CostLine(kind=rent.offer.capacity, what=what, usd=hours * rent.usd_per_hour)


def _data(usd: float) -> list[CostLine]:
    return [CostLine(kind="data", what="the data, once", usd=usd)] if usd else []
