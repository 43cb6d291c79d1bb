"""What a stack's settings and the catalog come to: the regions it has, and why, for the program and its outputs.

Deterministic: the catalog is a file in the repository, so a preview asks no price service and no clock. How old prices
may be is `slipway plan`'s to refuse, before anyone builds on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog import Catalog
from infra.placement.built import check_buildable, serverless, serving_pools, training_pool
from infra.placement.errors import PlacementError
from infra.placement.serving import ServingPlan, choose
from infra.placement.training import TrainingPlan, place
from infra.settings import ServingGoal, Settings, TrainingWork
from infra.settings.placement import Provider

CLOUDS: dict[str, Provider] = {"aws": "aws", "gcp": "gcp"}
"""The provider that a target builds on. The local target stands for any: its regions are names."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """regions: to serve from, in order of preference; empty where settings name them. sections: of the settings, as
    they follow from the plans. catalog: digest of its files.
    """

    regions: tuple[str, ...]
    sections: Mapping[str, Any]
    serving: ServingPlan | None
    training: TrainingPlan | None
    catalog: str

    def told(self) -> dict[str, Any]:
        """As a stack's output says it."""
        said: dict[str, Any] = {"catalog": self.catalog}
        if self.serving is not None:
            said["serving"] = {
                "regions": [f"{region.key} {region.machine}" for region in self.serving.regions],
                "replicas": {
                    region.key: [region.min_replicas, region.replicas]
                    for region in self.serving.regions
                    if region.replicas  # else the provider counts them
                },
                "usd_per_month": round(self.serving.usd_per_month, 2),
                "p95_ms": round(self.serving.p95_ms, 1),
            }
        if self.training is not None:
            said["training"] = {
                "chosen": self.training.chosen.label,
                "usd": round(self.training.chosen.usd.expected, 2),
                "order": [f"{step.key} {step.zone} {step.machine} {step.capacity}" for step in self.training.order],
            }
        return said


def placed(settings: Settings, catalog: Catalog) -> Placement | None:
    """None where the settings name their regions and no work, and on a cluster that is there: its work is done there.

    Raises CatalogError, and PlacementError also for a plan that the stack cannot build.
    """
    if settings.target == "kubernetes" or (settings.serving is None and settings.work is None):
        return None
    provider = CLOUDS.get(settings.target)
    goal = serving_on(settings.serving, provider) if settings.serving else None
    serving = choose(goal, catalog) if goal else None
    regions = tuple(dict.fromkeys(region.region for region in serving.regions)) if serving else ()
    work = work_on(settings.work, provider, regions or settings.regions) if settings.work else None
    training = place(work, catalog) if work else None
    sections: dict[str, Any] = {"serving": None, "regions": regions} if regions else {}
    if provider and goal and serving:
        check_buildable(serving, catalog)
        sections["serverless"] = dict(settings.serverless) | serverless(serving, settings.serverless)
    if provider:
        trains = [training_pool(work, training, catalog)] if work and training and not settings.gpu_pools else []
        serves = serving_pools(goal, serving, catalog, settings.gpu_pools) if goal and serving else ()
        # the trainer's pool is the first, as the targets want it
        sections["gpu_pools"] = (*settings.gpu_pools, *trains, *serves)
    return Placement(regions=regions, sections=sections, serving=serving, training=training, catalog=catalog.digest)


def settled(settings: Settings, placement: Placement | None, *, released: bool = False) -> Settings:
    """The settings with what placement chose in the place of what was wanted: regions, pools, serverless instances.

    A pool for the work is added where the settings name no pools. released: the stack is to serve a release. Raises
    SettingsError where what was chosen does not go together with the rest, and PlacementError for a release on a stack
    that was placed on nodes: its own edge leads to serverless instances, which the plan did not choose.
    """
    if placement is None:
        return settings
    on_nodes = placement.serving and any(region.mode == "node_pool" for region in placement.serving.regions)
    if released and on_nodes and settings.target in CLOUDS:
        raise PlacementError(
            "slipway:serving: the plan serves from nodes, and a release on this stack would be served serverless",
            hint="serve it from a stack of the target kubernetes on these clusters, or set slipway:serving.modes to "
            "[serverless]",
        )
    network = {"network": settings.network.within(placement.regions)} if placement.regions else {}
    return settings.but({**placement.sections, **network})  # ranges of candidates that were not chosen mean nothing


def serving_on(goal: ServingGoal, provider: Provider | None) -> ServingGoal:
    """The goal with the candidates that this target can build."""
    return goal.model_copy(update={"providers": (provider,)}) if _can(goal.providers, provider, "serving") else goal


def work_on(work: TrainingWork, provider: Provider | None, regions: tuple[str, ...]) -> TrainingWork:
    """The work with the candidates that this target can build: in the stack's regions, or in those of them it names."""
    if not _can(work.providers, provider, "work"):
        return work
    if strange := [region for region in work.regions if region not in regions]:
        raise PlacementError(
            f"slipway:work.regions: {strange[0]} is none of the stack's regions, {', '.join(regions)}",
            hint="leave it out, or add it to slipway:regions",
        )
    return work.model_copy(update={"providers": (provider,), "regions": work.regions or regions})


def _can(providers: tuple[Provider, ...], provider: Provider | None, section: str) -> bool:
    """False where the target stands for any provider."""
    if provider is not None and provider not in providers:
        raise PlacementError(
            f"slipway:{section}.providers: names {', '.join(providers)}, and this stack builds on {provider}",
            hint=f"add {provider}, or choose another target",
        )
    return provider is not None
