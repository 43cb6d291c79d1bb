"""What `slipway train` and the first run start: a training on this machine or on the stack's cluster."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from slipway.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import KubernetesSettings, Settings
    from slipway.steward import Terms
    from slipway.workspace import Workspace
    from training.launch import Launcher, TrainingResult


def run_training(
    workspace: "Workspace", *, quiet: bool, task: str = "", profile: bool = False, deadline_h: float | None = None
) -> "TrainingResult":
    """Train as the stack's settings say, here or on its cluster, and return the release that was written."""
    from training.launch import train as launch

    show: Callable[[str], None] = (lambda line: None) if quiet else (lambda line: typer.echo(f"  {line}"))
    terms = None if deadline_h is None else _terms(workspace.settings, deadline_h)
    settings = workspace.settings.training
    chosen = ({"task": task} if task else {}) | ({"workers": terms.workers} if terms else {})
    if chosen:
        settings = type(settings).model_validate(settings.model_dump() | chosen)
    if profile:
        settings = settings.model_copy(update={"observe": settings.observe.model_copy(update={"profile": True})})
    cluster = workspace.settings.kubernetes
    return launch(
        settings,
        store_url=cluster.store if cluster else workspace.state.store_url,
        tracking_uri=None if cluster else f"sqlite:///{workspace.state.tracking}",
        work_folder=workspace.state.store / "training",
        show=show,
        launcher=_cluster_launcher(cluster, terms, show) if cluster else None,
    )


def _terms(settings: "Settings", deadline_h: float) -> "Terms":
    from datetime import date

    from infra.catalog import Catalog
    from slipway.steward import terms

    return terms(settings, Catalog.load(), deadline_h=deadline_h, today=date.today())


def _cluster_launcher(
    cluster: "KubernetesSettings", terms: "Terms | None", show: "Callable[[str], None]"
) -> "Launcher":
    if not cluster.kubeconfig:
        raise SettingsError(
            "slipway:kubernetes.of: training is started through a kubeconfig",
            hint="put one of that cluster into a stack of its own, with kubeconfig, context and store",
        )
    from training.launch.kubernetes import KubernetesLauncher

    launcher = KubernetesLauncher(
        kubeconfig=Path(cluster.kubeconfig), context=cluster.context, pool=terms.pool if terms else "", show=show
    )
    if terms is None:
        return launcher
    from slipway.steward import StewardLauncher

    return StewardLauncher(launcher, terms.job, show=show)
