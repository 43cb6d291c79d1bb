"""The cheapest way to do the work that keeps its deadline, the order of capacity, and why the others lost."""

import math
from collections.abc import Iterable, Sequence

from infra.catalog import Capacity, Catalog, CatalogError, Offer, Tariff
from infra.placement.errors import Infeasible
from infra.placement.training.candidates import candidates, job_of
from infra.placement.training.machines import accelerator_named
from infra.placement.training.plan import Candidate, Loser, Step, TrainingPlan
from infra.placement.training.rents import KEPT, Moves, rents
from infra.settings.placement import TrainingWork

_REGIONS_IN_ORDER = 3


def place(work: TrainingWork, catalog: Catalog) -> TrainingPlan:
    """Where the work runs. The least expected cost wins; of equals, the one first by name.

    No price is too old for it, so that every day has the same answer; `check_age` over the plan's prices refuses what
    nobody should build on. Raises PlacementError for an accelerator that the catalog does not know or that may be two,
    CatalogError for a region that it does not know, and Infeasible, with the settings that bind and what would be
    feasible without each.
    """
    _check_data_region(work, catalog)
    moves = Moves(work=work, catalog=catalog)
    able, refused = rents(work, _offers(work, catalog), moves)
    priced, stuck = candidates(work, able, moves)
    if not priced:
        raise _infeasible(work, catalog, [*refused, *stuck])
    ranked = sorted(priced, key=lambda one: (one.usd.expected, one.key, one.machine, one.capacity))
    chosen = ranked[0]
    kept = [one for one in ranked if one.capacity in KEPT]
    prices = _prices(chosen, ranked, moves)
    return TrainingPlan(
        chosen=chosen,
        order=order_of(ranked, moves),
        candidates=tuple(ranked),
        losers=(*(_outbid(one, chosen) for one in ranked[1:]), *stuck, *refused),
        always_on_demand_usd=kept[0].usd.expected if kept else None,
        checkpoint_every_s=best_interval_s(work, chosen),
        catalog_digest=catalog.digest,
        prices=prices,
        oldest_price=min(price.date for price in prices),
    )


def order_of(ranked: Sequence[Candidate], moves: Moves) -> tuple[Step, ...]:
    """Zone by zone, by what an hour of work costs there with the move to it spread over the work; the chosen first.

    One machine type for each region and mode. It ends with a mode that is kept once it is had.
    """
    chosen = ranked[0]
    regions = list(dict.fromkeys([chosen.key, *chosen.fallback.split()[:1], *(one.key for one in ranked)]))
    best: dict[tuple[str, Capacity], Candidate] = {}
    for one in ranked:
        if one.key in regions[:_REGIONS_IN_ORDER]:
            best.setdefault((one.key, one.capacity), one)
    for one in ranked:
        if _finishes(one, chosen):
            best[one.key, one.capacity] = one

    def rank(one: Candidate) -> tuple[bool, float, str]:
        hour_usd = _usd_per_work_hour(one, moves.work) + _move_usd(chosen, one, moves) / moves.work.machine_hours
        return (one is not chosen, hour_usd, one.key)

    steps = [step for one in sorted(best.values(), key=rank) for step in _steps(one, chosen, moves)]
    while steps and steps[-1].capacity not in KEPT:
        steps.pop()
    return tuple(steps)


def best_interval_s(work: TrainingWork, chosen: Candidate) -> float | None:
    """Between checkpoints, so that writing them and doing work twice cost least: sqrt(2 x checkpoint x time between
    interruptions) (Young 1974; Daly 2006 refines it where a checkpoint is long against that time).
    """
    if not work.checkpoint_s or not chosen.interruptions:
        return None
    between_s = work.machine_hours / chosen.interruptions * 3600
    return math.sqrt(2 * work.checkpoint_s * between_s)


def _check_data_region(work: TrainingWork, catalog: Catalog) -> None:
    if work.data_region:
        try:
            catalog.region(*work.data_region.split("/"))
        except CatalogError as error:
            raise CatalogError(f"slipway:work.data_region: {error.message}", hint=error.hint) from None


def _prices(chosen: Candidate, ranked: Sequence[Candidate], moves: Moves) -> tuple[Offer | Tariff, ...]:
    """What the bill of the choice rests on: its own price, that of what finishes it, and those of moving between."""
    paid = [chosen, *(one for one in ranked if one is not chosen and _finishes(one, chosen))]
    offers = [moves.catalog.offer(one.provider, one.region, one.machine, one.capacity) for one in paid]
    return (*offers, *moves.tariffs(one.key for one in paid))


def _offers(work: TrainingWork, catalog: Catalog) -> list[Offer]:
    accelerator = accelerator_named(work.accelerator, catalog)
    for region in work.regions:
        if not any(f"{provider}/{region}" in catalog.regions for provider in work.providers):
            catalog.region(work.providers[0], region)
    return [
        offer
        for offer in catalog.offers(accelerator=accelerator)
        if offer.provider in work.providers and (not work.regions or offer.region in work.regions)
    ]


def _steps(one: Candidate, chosen: Candidate, moves: Moves) -> Iterable[Step]:
    for zone in one.zones or ("",):
        yield Step(
            provider=one.provider,
            region=one.region,
            zone=zone,
            machine=one.machine,
            machines=one.machines,
            capacity=one.capacity,
            usd_per_hour=one.usd_per_hour,
            usd_per_work_hour=_usd_per_work_hour(one, moves.work),
            move_usd=_move_usd(chosen, one, moves),
        )


def _usd_per_work_hour(one: Candidate, work: TrainingWork) -> float:
    """With restarts and repeated work, as far as this mode has them."""
    if one.spot_share is None:
        return one.usd_per_hour
    job = job_of(work, one.provider)
    lost_h = (job.restart_h + job.repeated_h) * one.interruptions
    return one.usd_per_hour * (1 + lost_h / work.machine_hours)


def _move_usd(chosen: Candidate, one: Candidate, moves: Moves) -> float:
    """0 within the chosen region, to which the data comes in any case; infinite where no price is known."""
    if one.key == chosen.key:
        return 0.0
    try:
        return moves.data_usd(one.key) + moves.checkpoint_usd(chosen.key, one.key)
    except CatalogError:
        return math.inf


def _finishes(one: Candidate, chosen: Candidate) -> bool:
    return one.capacity is Capacity.ON_DEMAND and chosen.fallback == f"{one.key} {one.machine}"


def _outbid(one: Candidate, chosen: Candidate) -> Loser:
    """The largest difference in words."""
    more = one.usd.expected - chosen.usd.expected
    moved = _moved_usd(one) - _moved_usd(chosen)
    if more < 0.005:
        reason = "costs the same; the first by name was taken"
    elif moved > more / 2:
        reason = f"{more:,.0f} USD more: bringing data there costs {moved:,.0f} USD more"
    elif one.spot_share is not None and chosen.spot_share is not None and one.usd_per_hour <= chosen.usd_per_hour:
        reason = f"{more:,.0f} USD more: spot is expected {one.spot_share:.0%} of the time there, "
        reason += f"{chosen.spot_share:.0%} at the choice, and the rest is on demand"
    else:
        reason = f"{more:,.0f} USD more: its hour costs {one.usd_per_hour:,.2f} USD, the choice's "
        reason += f"{chosen.usd_per_hour:,.2f}"
    return Loser(
        provider=one.provider,
        region=one.region,
        machine=one.machine,
        capacity=one.capacity,
        usd=one.usd.expected,
        reason=reason,
    )


def _moved_usd(one: Candidate) -> float:
    return sum(line.usd for line in one.lines if line.kind in ("data", "checkpoints"))


def _infeasible(work: TrainingWork, catalog: Catalog, losers: Sequence[Loser]) -> Infeasible:
    """Each setting that narrows the choice is opened alone, and the work placed again."""
    everything = ("reserved", "spot", "flex_start", "on_demand")
    opened = {
        "regions": work.model_copy(update={"regions": ()}),
        "providers": work.model_copy(update={"providers": ("aws", "gcp")}),
        "capacity": work.model_copy(update={"capacity": everything}),
        "accelerators_per_machine": work.model_copy(update={"accelerators_per_machine": 1}),
        "providers and regions": work.model_copy(update={"providers": ("aws", "gcp"), "regions": ()}),
    }
    nearest: dict[str, str] = {}
    for name, wider in opened.items():
        if name == "providers and regions" and nearest:
            break
        if wider == work:
            continue
        moves = Moves(work=wider, catalog=catalog)
        able, _ = rents(wider, _offers(wider, catalog), moves)
        found, _ = candidates(wider, able, moves)
        if found:
            best = min(found, key=lambda one: one.usd.expected)
            nearest[name] = f"without {name}: {best.label}, about {best.usd.expected:,.0f} USD"
    why = list(dict.fromkeys(f"{one.machine} in {one.key} {one.reason}" for one in losers))
    what = f"{work.accelerators} x {work.accelerator}"
    return Infeasible(
        f"slipway:work: nowhere to train on {what}: {_listed(why) or 'no machine has it where it may run'}",
        binds=tuple(nearest),
        nearest=tuple(nearest.values()),
    )


def _listed(reasons: Sequence[str]) -> str:
    shown = 3
    rest = len(reasons) - shown
    return "; ".join(reasons[:shown]) + (f"; and {rest} more" if rest > 0 else "")
