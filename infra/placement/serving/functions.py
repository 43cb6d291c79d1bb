"""Serverless: Lambda and Cloud Run by the request, and Cloud Run's instances with an L4.

By the request, the provider starts as many instances as there are requests side by side, and bills their time. With a
GPU, Cloud Run bills an instance for as long as it stands; those are counted, at least one, as machines are.
"""

import math
from collections.abc import Callable

from infra.catalog import Catalog, CatalogError, Offer, Region
from infra.placement.serving.availability import FUNCTION
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.charge import MONTH_H, MONTH_S, Charge, at_tariff
from infra.placement.serving.edge import balancer
from infra.placement.serving.plan import Rejected
from infra.placement.serving.power import watts
from infra.placement.serving.traffic import billed_s, egress_tiers, requests_per_rps
from infra.placement.serving.unfit import Unfit, measured_ms
from infra.settings.placement import ServingGoal

CLOUD_RUN_L4 = "cloud-run-l4"

# Lambda: AWS documentation of function memory (1,769 MB are one vCPU; at most 10,240 MB), billed by the millisecond
_MB_PER_VCPU, _MOST_MB, _LAMBDA_STEP_MS = 1769, 10_240, 1.0
_LAMBDA_IDLE_S = 300.0  # AWS publishes none; instances were seen to stay 5 to 15 minutes, so the least of it
# Cloud Run: Google's documentation of CPU, memory, billable time and concurrency
_MOST_VCPUS, _MOST_GIB, _CLOUD_RUN_STEP_MS, _CLOUD_RUN_IDLE_S = 8, 32, 100.0, 900.0
_TARGET = 0.6  # of an instance's concurrency, at which Cloud Run starts another
_GPU_VCPUS, _GPU_GIB = 4, 16  # least of an instance with an L4
_BUSY = 0.6


def functions(goal: ServingGoal, catalog: Catalog, region: Region) -> tuple[list[Candidate], list[Rejected]]:
    """The services of a region that are billed by the request, as candidates or with the reason why they are none."""
    makers: dict[str, Callable[[], Candidate]] = (
        {
            "lambda-arm": lambda: _lambda(goal, catalog, region, "arm", "cpu-arm"),
            "lambda-x86": lambda: _lambda(goal, catalog, region, "x86", "cpu"),
        }
        if region.provider == "aws"
        else {"cloud-run-cpu": lambda: _cloud_run(goal, catalog, region)}
    )
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    for machine, make in makers.items():
        try:
            candidates.append(make())
        except (Unfit, CatalogError) as reason:
            words = reason.message if isinstance(reason, CatalogError) else str(reason)
            rejected.append(Rejected(provider=region.provider, region=region.region, machine=machine, reason=words))
    return candidates, rejected


def _lambda(goal: ServingGoal, catalog: Catalog, region: Region, kind: str, measured_on: str) -> Candidate:
    service_ms = measured_ms(goal, measured_on)
    model = goal.model
    memory_mb = max(128.0, model.memory_gib * 1024, model.vcpus * _MB_PER_VCPU)
    if memory_mb > _MOST_MB:
        raise Unfit(f"{model.vcpus:g} vCPU and {model.memory_gib:g} GiB are more than Lambda's {_MOST_MB:,} MB hold")
    requests = requests_per_rps(goal)
    gb_s = billed_s(service_ms, step_ms=_LAMBDA_STEP_MS, side_by_side=1) * memory_mb / 1024
    name = region.region
    charges = (
        at_tariff("compute", "rps", requests * gb_s, catalog.tariff("aws", "lambda", f"duration-{kind}", name)),
        at_tariff("requests", "rps", requests / 1e6, catalog.tariff("aws", "lambda", "requests", name)),
        *balancer(goal, catalog, region, function=True),
    )
    try:
        kept = catalog.tariff("aws", "lambda", f"provisioned-capacity-{kind}", name)
        warm = (at_tariff("idle minimum", "region", MONTH_S * memory_mb / 1024, kept),)
    except CatalogError:  # no price of a warm instance here, so no candidate with one
        warm = ()
    return _by_request(
        goal,
        catalog,
        region,
        machine=f"lambda-{kind}",
        service_ms=service_ms,
        idle_s=_LAMBDA_IDLE_S,
        charges=charges,
        warm=warm,
        vcpus=memory_mb / _MB_PER_VCPU,
        memory_gib=memory_mb / 1024,
        busy_s=requests * service_ms / 1000,
    )


def _cloud_run(goal: ServingGoal, catalog: Catalog, region: Region) -> Candidate:
    service_ms = measured_ms(goal, "cpu")
    model = goal.model
    if model.vcpus > _MOST_VCPUS or model.memory_gib > _MOST_GIB:
        raise Unfit(
            f"{model.vcpus:g} vCPU and {model.memory_gib:g} GiB are more than an instance of Cloud Run holds "
            f"({_MOST_VCPUS} vCPU, {_MOST_GIB} GiB)"
        )
    requests = requests_per_rps(goal)
    name = region.region
    together = 1.0 if model.concurrency == 1 else model.concurrency * _TARGET
    busy_s = requests * billed_s(service_ms, step_ms=_CLOUD_RUN_STEP_MS, side_by_side=together)

    def of(item: str, what: str, per_month: float, *, always: bool = False) -> Charge:
        return at_tariff(what, "region" if always else "rps", per_month, catalog.tariff("gcp", "cloud-run", item, name))

    charges = (
        of("cpu-request", "compute", busy_s * model.vcpus),
        of("memory-request", "compute, memory", busy_s * model.memory_gib),
        of("requests", "requests", requests / 1e6),
        *balancer(goal, catalog, region, function=True),
    )
    warm = (
        of("cpu-instance", "idle minimum", MONTH_S * model.vcpus, always=True),
        of("memory-instance", "idle minimum, memory", MONTH_S * model.memory_gib, always=True),
    )
    return _by_request(
        goal,
        catalog,
        region,
        machine="cloud-run-cpu",
        service_ms=service_ms,
        idle_s=_CLOUD_RUN_IDLE_S,
        charges=charges,
        warm=warm,
        vcpus=model.vcpus,
        memory_gib=model.memory_gib,
        busy_s=busy_s,
    )


def _by_request(
    goal: ServingGoal,
    catalog: Catalog,
    region: Region,
    *,
    machine: str,
    service_ms: float,
    idle_s: float,
    charges: tuple[Charge, ...],
    warm: tuple[Charge, ...],
    vcpus: float,
    memory_gib: float,
    busy_s: float,
) -> Candidate:
    """busy_s: of instances, in a month, for each request per second in the busiest hour."""
    drawn = watts(region.provider, vcpus=vcpus, memory_gib=memory_gib, busy=1.0)
    return Candidate(
        region=region,
        mode="serverless",
        machine=machine,
        capacity=(),
        service_ms=service_ms,
        servers=1,
        counted=False,
        spare_replicas=0,
        idle_s=idle_s,
        charges=charges,
        warm=warm,
        egress=egress_tiers(catalog.tiers(region.provider, "egress", "internet", region.region), goal),
        kwh_per_replica=0.0,
        kwh_per_rps=drawn * busy_s / 3600 / 1000,
        g_per_kwh=catalog.carbon_g_per_kwh(region.provider, region.region),
        availability=FUNCTION[region.provider],
    )


def cloud_run_gpu(goal: ServingGoal, catalog: Catalog, region: Region, offer: Offer, service_ms: float) -> Candidate:
    """Instances with an L4, in several zones as is Cloud Run's default. Raises CatalogError without a price."""
    model = goal.model
    vcpus, memory_gib = max(_GPU_VCPUS, math.ceil(model.vcpus)), max(_GPU_GIB, math.ceil(model.memory_gib))

    def of(item: str, what: str, units: float) -> tuple[Charge, Charge]:
        tariff = catalog.tariff("gcp", "cloud-run", item, region.region)
        part = goal.mean_to_peak
        seconds = MONTH_S * units
        return (
            at_tariff(what, "replica", seconds * part, tariff),
            at_tariff(f"idle minimum{what.removeprefix('instances')}", "minimum", seconds * (1 - part), tariff),
        )

    gpu = catalog.accelerators["L4"].watts
    drawn = gpu and watts("gcp", vcpus=vcpus, memory_gib=memory_gib, busy=_BUSY, accelerator_watts=gpu, accelerators=1)
    return Candidate(
        region=region,
        mode="serverless",
        machine=offer.machine,
        capacity=(),
        service_ms=service_ms,
        servers=model.concurrency,
        counted=True,
        spare_replicas=0,
        idle_s=0.0,
        charges=(
            *of("gpu-l4-zonal", "instances", 1),
            *of("cpu-instance", "instances, vCPU", vcpus),
            *of("memory-instance", "instances, memory", memory_gib),
            *balancer(goal, catalog, region),
        ),
        warm=(),
        egress=egress_tiers(catalog.tiers("gcp", "egress", "internet", region.region), goal),
        kwh_per_replica=drawn and drawn * MONTH_H * goal.mean_to_peak / 1000,
        kwh_per_rps=0.0,
        g_per_kwh=catalog.carbon_g_per_kwh("gcp", region.region),
        availability=FUNCTION["gcp"],
    )
