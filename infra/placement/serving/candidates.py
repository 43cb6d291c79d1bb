"""Every way to run the model that the goal allows and the catalog can price, and why each other one is none."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from infra.catalog import Catalog, CatalogError, Region
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.charge import Charge, Per
from infra.placement.serving.functions import functions
from infra.placement.serving.node_pools import machines
from infra.placement.serving.plan import Rejected
from infra.settings.placement import ServingGoal


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """rtt_ms: median round trip by (index of the user group, provider/region); pairs without a figure are left out.

    reasons: why machines and whole regions are no candidates, and of how many each is true.
    """

    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    rtt_ms: Mapping[tuple[int, str], float]
    reasons: Mapping[str, int]


def candidates(goal: ServingGoal, catalog: Catalog) -> Found:
    """Raises CatalogError for a region or a place that the catalog does not know."""
    for group in goal.users:
        catalog.place(group.place)
    found: list[Candidate] = []
    rejected: list[Rejected] = []
    rtt_ms: dict[tuple[int, str], float] = {}
    reasons: Counter[str] = Counter()
    for region in _regions(goal, catalog):
        latencies, missing = _latencies(goal, catalog, region)
        if not latencies:
            rejected.append(Rejected(provider=region.provider, region=region.region, machine="", reason=missing))
            reasons[missing] += 1
            continue
        rtt_ms |= latencies
        made, refused = _of(goal, catalog, region)
        found += made
        reasons.update(row.reason for row in refused)
        rejected += refused if made else _in_one(region, refused)
    return Found(candidates=tuple(found), rejected=tuple(rejected), rtt_ms=rtt_ms, reasons=reasons)


def _regions(goal: ServingGoal, catalog: Catalog) -> list[Region]:
    known = [region for _, region in sorted(catalog.regions.items()) if region.provider in goal.providers]
    names = {region.region for region in known}
    for name in goal.regions:
        if name not in names:
            catalog.region(goal.providers[0], name)  # raises with the nearest name
    return [region for region in known if not goal.regions or region.region in goal.regions]


def _latencies(goal: ServingGoal, catalog: Catalog, region: Region) -> tuple[dict[tuple[int, str], float], str]:
    """Of every user group that has a figure, and in words what is missing of the last that has none."""
    latencies: dict[tuple[int, str], float] = {}
    missing = ""
    for index, group in enumerate(goal.users):
        try:
            latencies[index, region.key] = catalog.rtt_ms(group.place, region.provider, region.region).ms
        except CatalogError as gap:
            missing = gap.message
    return latencies, missing


def _of(goal: ServingGoal, catalog: Catalog, region: Region) -> tuple[list[Candidate], list[Rejected]]:
    pooled, refused = machines(goal, catalog, region)
    called, uncalled = functions(goal, catalog, region)
    kept: list[Candidate] = []
    rejected = [*refused, *uncalled]
    for candidate in (*pooled, *called):
        if candidate.mode not in goal.modes:
            reason = f"slipway:serving.modes does not name {candidate.mode}"
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=candidate.machine, reason=reason)
            )
        elif goal.carbon_usd_per_tonne and carbon_unknown(candidate):
            reason = "carbon_usd_per_tonne has a price, but no source says how much carbon this causes"
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=candidate.machine, reason=reason)
            )
        else:
            kept.append(replace(candidate, carbon=_carbon(goal, candidate)))
    return kept, rejected


def _carbon(goal: ServingGoal, candidate: Candidate) -> tuple[Charge, ...]:
    """Its price by replica and by load, none where carbon has no price."""
    if not goal.carbon_usd_per_tonne or candidate.g_per_kwh is None:
        return ()
    following = (candidate.kwh_per_replica or 0.0) * candidate.g_per_kwh / 1e6
    idle = following * (1 - goal.mean_to_peak) / goal.mean_to_peak
    by_load = (candidate.kwh_per_rps or 0.0) * candidate.g_per_kwh / 1e6
    causes: tuple[tuple[Per, float], ...] = (("replica", following), ("minimum", idle), ("rps", by_load))
    return tuple(
        Charge(
            what="carbon",
            per=per,
            quantity=tonnes,
            unit="t CO2e",
            unit_usd=goal.carbon_usd_per_tonne,
            source="carbon_usd_per_tonne of the goal",
            date=candidate.charges[0].date,
            estimated=True,
        )
        for per, tonnes in causes
        if tonnes
    )


def carbon_unknown(candidate: Candidate) -> bool:
    return None in (candidate.g_per_kwh, candidate.kwh_per_replica, candidate.kwh_per_rps)


def _in_one(region: Region, refused: list[Rejected]) -> list[Rejected]:
    """A region with nothing to offer is one line, with its reasons; twenty machines of it would drown the table."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row in refused:
        by_reason[row.reason].append(row.machine)
    said = [f"{_few(names)}: {reason}" for reason, names in by_reason.items()]
    return [
        Rejected(
            provider=region.provider,
            region=region.region,
            machine="",
            reason="; ".join(said) or "the catalog has no offer here",
        )
    ]


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
