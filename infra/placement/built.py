"""What plans become in a cloud stack's settings: pools of nodes in the order of capacity, and serverless instances.

A stack answers either from functions and serverless services, behind its own edge, or from nodes of its clusters, where
a stack of the target kubernetes puts the predictor. What a stack cannot build is refused here, never left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from infra.catalog import Catalog
from infra.placement.errors import PlacementError
from infra.placement.serving import PlannedRegion, ServingPlan
from infra.placement.training import TrainingPlan
from infra.placement.training.machines import accelerator_named
from infra.settings import PoolSettings, ServerlessSettings, ServingGoal, TrainingWork
from infra.zones import has

_CLOUD_RUN_ACCELERATORS = {"cloud-run-l4": "nvidia-l4"}
_LAMBDA_ARCHITECTURES = {"lambda-arm": "arm64", "lambda-x86": "x86_64"}

_TRAIN = "train"
_ATTACHED = "+"  # in the catalog's names, as of an N1 with a T4

Pool = dict[str, Any]
"""PoolSettings as a stack file says them, checked with the rest of the stack."""


def check_buildable(plan: ServingPlan, catalog: Catalog) -> None:
    """Raises PlacementError, with the regions and what to set, for a plan that no stack of one cloud can run."""
    modes = {mode: [each for each in plan.regions if each.mode == mode] for mode in ("serverless", "node_pool")}
    if all(modes.values()):
        raise PlacementError(
            f"slipway:serving: the plan serves {_listed(modes['serverless'])} serverless and "
            f"{_listed(modes['node_pool'])} from nodes, and a stack does one of the two",
            hint="set slipway:serving.modes to [serverless] or to [node_pool]",
        )
    if bare := [each for each in modes["node_pool"] if accelerator_of(each, catalog) is None]:
        raise PlacementError(
            f"slipway:serving: the plan serves {_listed(bare)} from nodes without an accelerator, and a stack has "
            "node pools for accelerators alone",
            hint="set slipway:serving.modes to [serverless], or measure the model on an accelerator",
        )
    _refuse_attached("serving", ((each.region, each.machine) for each in modes["node_pool"]))
    machines = sorted({each.machine for each in modes["serverless"]})
    if len(machines) > 1:
        raise PlacementError(
            f"slipway:serving: the plan serves from {' and '.join(machines)}, and a stack has one kind of serverless "
            "instance for all its regions",
            hint="leave one of them in slipway:serving.model.service_ms",
        )


def check_trainable(plan: TrainingPlan) -> None:
    """Raises PlacementError for an order of capacity that no stack can make a pool for."""
    _refuse_attached("work", ((step.region, step.machine) for step in plan.order))


def accelerator_of(region: PlannedRegion, catalog: Catalog) -> str | None:
    """Of a planned region's machine; None where it has none."""
    offers = catalog.offers(region.provider, region.region, region.machine)
    return next((offer.accelerator for offer in offers), None)


def serving_pools(
    goal: ServingGoal, plan: ServingPlan, catalog: Catalog, by_hand: Sequence[PoolSettings]
) -> Iterator[Pool]:
    """A pool for each accelerator that the plan serves on, its regions in the plan's order, where none is by hand.

    No node is kept: the predictor's pods keep those that they need. max: the busiest region's machines in the busiest
    hour, with what a lost region needs.
    """
    by_accelerator: dict[str, list[PlannedRegion]] = {}
    for region in plan.regions:
        accelerator = accelerator_of(region, catalog)
        stands = any(region.machine in pool.machines and has(pool, region.region) for pool in by_hand)
        if region.mode == "node_pool" and accelerator is not None and not stands:
            by_accelerator.setdefault(accelerator, []).append(region)
    for number, (accelerator, regions) in enumerate(by_accelerator.items(), 1):
        steps = [(each.region, mode, each.machine) for each in regions for mode in each.capacity]
        yield _pool(
            "serve" if number == 1 else f"serve-{number}",
            accelerator,
            steps,
            in_turn=goal.capacity,
            most=max(each.replicas for each in regions),
        )


def training_pool(work: TrainingWork, plan: TrainingPlan, catalog: Catalog) -> Pool:
    """The nodes that the order of capacity asks for, in that order. Raises what check_trainable does."""
    check_trainable(plan)
    steps = [(step.region, step.capacity.value, step.machine) for step in plan.order]
    most = max(step.machines for step in plan.order)
    return _pool(_TRAIN, accelerator_named(work.accelerator, catalog), steps, in_turn=work.capacity, most=most)


def serverless(plan: ServingPlan, by_hand: ServerlessSettings) -> dict[str, Any]:
    """What serverless instances get of the plan; what settings say by hand stays."""
    planned = [each for each in plan.regions if each.mode == "serverless"]
    if not planned:
        return {}
    machine = planned[0].machine
    wanted: dict[str, Any] = {}
    if kept := max(each.min_replicas for each in planned):
        wanted["provisioned"] = kept
    if machine in _LAMBDA_ARCHITECTURES:
        wanted["architecture"] = _LAMBDA_ARCHITECTURES[machine]
    if machine in _CLOUD_RUN_ACCELERATORS:
        wanted["accelerator"] = _CLOUD_RUN_ACCELERATORS[machine]
        wanted["max_instances"] = max(by_hand.max_instances, *(each.replicas for each in planned))
    return {name: value for name, value in wanted.items() if name not in by_hand.model_fields_set}


def _pool(
    name: str, accelerator: str, steps: Iterable[tuple[str, str, str]], *, in_turn: Sequence[str], most: int
) -> Pool:
    """steps: region, kind of capacity and machine, best first. in_turn: the kinds of capacity, in order."""
    machines: dict[tuple[str, str], dict[str, None]] = {}
    for region, capacity, machine in steps:
        machines.setdefault((region, capacity), {})[machine] = None
    kinds = {capacity for _, capacity in machines}
    return {
        "name": name,
        "accelerator": accelerator,
        "machines": tuple(dict.fromkeys(machine for each in machines.values() for machine in each)),
        "capacity": tuple(kind for kind in in_turn if kind in kinds),
        "regions": tuple(dict.fromkeys(region for region, _ in machines)),
        "order": tuple(
            {"region": region, "capacity": capacity, "machines": tuple(each)}
            for (region, capacity), each in machines.items()
        ),
        "max": most,
    }


def _refuse_attached(section: str, places: Iterable[tuple[str, str]]) -> None:
    """places: region and machine."""
    for region, machine in places:
        if _ATTACHED in machine:
            raise PlacementError(
                f"slipway:{section}: the plan takes {machine} in {region}, and a stack has no pools of machines to "
                "which an accelerator is attached",
                hint="take an accelerator that is built into its machines, as L4, or another cloud",
            )


def _listed(regions: Iterable[PlannedRegion]) -> str:
    return ", ".join(f"{each.key} ({each.machine})" for each in regions)
