"""From a stack's settings and the catalog to what the policy needs to know of a job. Pure."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

from infra.catalog import Capacity, Catalog, Offer
from infra.catalog.age import check_age
from infra.placement.spot import Job, Zone
from infra.placement.training import saved_on_notice
from infra.settings import PoolSettings, Settings, TrainingWork
from slipway.errors import SettingsError

_PROVIDERS: dict[str, Literal["aws", "gcp"]] = {"eks": "aws", "gke": "gcp"}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """job: with one zone, the cluster's region, in which the cluster finds the zone. Its prices are those of one node.
    pool: whose nodes. workers: processes in all."""

    job: Job
    pool: str
    workers: int


def terms(settings: Settings, catalog: Catalog, *, deadline_h: float, today: date) -> Terms:
    """The stack's `slipway:work`, with a deadline of so many hours from now.

    Raises SettingsError for a stack that has no work or no spot to do it on, PricesTooOld, and PlacementError for a
    deadline that even on-demand would miss.
    """
    cluster, work = settings.kubernetes, settings.work
    if cluster is None:
        raise SettingsError(
            f"slipway:target: {settings.target} has no nodes on spot and on demand to move a training between",
            hint="train on a stack of the target kubernetes, or without --deadline-h",
        )
    if work is None:
        raise SettingsError(
            "slipway:work: says how much there is to do, which a deadline needs",
            hint="add accelerator, accelerators and hours; `slipway plan` reads the same section",
        )
    provider = _PROVIDERS.get(cluster.kind)
    if provider is None or not cluster.region:
        raise SettingsError(
            "slipway:kubernetes: kind and region say what nodes cost, which weighs spot against on-demand",
            hint="set kind to eks or gke, and region",
        )
    pool = _pool(settings, work)
    workers = settings.training.workers or work.accelerators
    if workers != work.accelerators:
        raise SettingsError(
            f"slipway:training.workers: {workers} are not the {work.accelerators} accelerators that slipway:work.hours "
            "were measured on",
            hint="measure the work on as many, or leave workers out",
        )
    spot, on_demand = (
        _offer(catalog, provider, cluster.region, pool.machines[0], kind)
        for kind in (Capacity.SPOT, Capacity.ON_DEMAND)
    )
    nodes = math.ceil(workers / spot.accelerators)
    if pool.max < 2 * nodes:
        raise SettingsError(
            f"slipway:gpu_pools: {pool.name} has at most {pool.max} nodes, and beside {nodes} on demand as many spot "
            "nodes are asked for",
            hint=f"set its max to {2 * nodes}",
        )
    check_age(catalog, today, settings.prices.max_age_days, (spot, on_demand))
    job = Job(
        work_s=work.machine_hours * 3600,
        deadline_s=deadline_h * 3600,
        restart_s=work.restart_s,
        zones=(Zone(name=cluster.region, usd_per_hour=spot.usd_per_hour or 0.0),),
        on_demand_usd_per_hour=on_demand.usd_per_hour or 0.0,
        checkpoint_every_s=0.0 if saved_on_notice(work, provider) else work.checkpoint_every_s,
    )
    return Terms(job=job, pool=pool.name, workers=workers)


def _pool(settings: Settings, work: TrainingWork) -> PoolSettings:
    for pool in settings.gpu_pools:
        if pool.accelerator.casefold() == work.accelerator.casefold() and {"spot", "on_demand"} <= {*pool.capacity}:
            return pool
    raise SettingsError(
        f"slipway:gpu_pools: none has {work.accelerator}, as slipway:work says, on both spot and on_demand",
        hint="add the kind of capacity to a pool of it, or train without --deadline-h",
    )


def _offer(catalog: Catalog, provider: str, region: str, machine: str, capacity: Capacity) -> Offer:
    for offer in catalog.offers(provider, region, machine, capacity=capacity):
        if offer.usd_per_hour is not None:
            return offer
    raise SettingsError(
        f"slipway:gpu_pools: the catalog has no {capacity.value.replace('_', '-')} price of {machine} in "
        f"{provider}/{region}",
        hint="put a machine first that has both, or train without --deadline-h",
    )
