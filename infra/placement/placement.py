"""What a stack's settings and the catalog come to: the regions it has, and why, for the program and its outputs.

Deterministic: the catalog is a file in the repository, so a preview asks no price service and no clock. How old prices
may be is `slipway plan`'s to refuse, before anyone builds on them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from infra.catalog import Catalog
from infra.placement.errors import PlacementError
from infra.placement.serving import ServingPlan, choose
from infra.placement.training import TrainingPlan, place
from infra.settings import PoolSettings, ServingGoal, Settings, TrainingWork
from infra.settings.placement import Capacity as SettledCapacity
from infra.settings.placement import Provider

CLOUDS: dict[str, Provider] = {"aws": "aws", "gcp": "gcp"}
"""The provider that a target builds on. The local target stands for any: its regions are names."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """regions: to serve from, in order of preference; empty where settings name them. catalog: digest of its files."""

    regions: tuple[str, ...]
    serving: ServingPlan | None
    training: TrainingPlan | None
    catalog: str

    def told(self) -> dict[str, Any]:
        """As a stack's output says it."""
        said: dict[str, Any] = {"catalog": self.catalog}
        if self.serving is not None:
            said["serving"] = {
                "regions": [f"{region.key} {region.machine}" for region in self.serving.regions],
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
    """None where the settings name their regions and no work. Raises PlacementError, CatalogError."""
    if settings.serving is None and settings.work is None:
        return None
    provider = CLOUDS.get(settings.target)
    serving = choose(serving_on(settings.serving, provider), catalog) if settings.serving else None
    regions = tuple(dict.fromkeys(region.region for region in serving.regions)) if serving else ()
    work = work_on(settings.work, provider, regions or settings.regions) if settings.work else None
    return Placement(
        regions=regions,
        serving=serving,
        training=place(work, catalog, today=date.min, max_age_days=0) if work else None,
        catalog=catalog.digest,
    )


def settled(settings: Settings, placement: Placement | None) -> Settings:
    """The settings with what placement chose in the place of what was wanted: regions, and a pool for the work.

    A pool that the settings name themselves stays as it is. Raises SettingsError where what was chosen does not go
    together with the rest.
    """
    if placement is None:
        return settings
    chosen: dict[str, Any] = {"serving": None, "regions": placement.regions} if placement.regions else {}
    on_cloud = settings.target in CLOUDS
    if on_cloud and settings.work and placement.training and not settings.gpu_pools:
        chosen["gpu_pools"] = (pool_for(settings.work, placement.training),)
    return settings.but(chosen)


def pool_for(work: TrainingWork, plan: TrainingPlan) -> PoolSettings:
    """The nodes that the order of capacity asks for."""
    return PoolSettings(
        name="train",
        accelerator=work.accelerator,
        machines=tuple(dict.fromkeys(step.machine for step in plan.order)),
        capacity=tuple(dict.fromkeys(cast(SettledCapacity, step.capacity.value) for step in plan.order)),
        max=max(step.machines for step in plan.order),
        regions=tuple(dict.fromkeys(step.region for step in plan.order)),
    )


def serving_on(goal: ServingGoal, provider: Provider | None) -> ServingGoal:
    """The goal with the candidates that this target can build."""
    return goal.model_copy(update={"providers": (provider,)}) if _can(goal.providers, provider, "serving") else goal


def work_on(work: TrainingWork, provider: Provider | None, regions: tuple[str, ...]) -> TrainingWork:
    """The work with the candidates that this target can build: in the stack's regions, unless it names others."""
    if not _can(work.providers, provider, "work"):
        return work
    return work.model_copy(update={"providers": (provider,), "regions": work.regions or regions})


def _can(providers: tuple[Provider, ...], provider: Provider | None, section: str) -> bool:
    """False where the target stands for any provider."""
    if provider is not None and provider not in providers:
        raise PlacementError(
            f"slipway:{section}.providers: names {', '.join(providers)}, and this stack builds on {provider}",
            hint=f"add {provider}, or choose another target",
        )
    return provider is not None
