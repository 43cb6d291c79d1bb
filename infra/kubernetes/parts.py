"""Every object of the stack by component, in one place: pure, so that a test sees all of them without an engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import Catalog
from infra.kubernetes.access import Home
from infra.kubernetes.autoscaling import AutoscalerArgs, autoscaler, compute_classes, priorities_of
from infra.kubernetes.deployment import PORT, Tasks
from infra.kubernetes.draining import DrainerArgs, drainer
from infra.kubernetes.drift import drift
from infra.kubernetes.gateway import GatewayArgs, gateway
from infra.kubernetes.job import JobShape
from infra.kubernetes.monitoring import monitoring
from infra.kubernetes.namespaces import NamespacesArgs, devices, namespaces, quotas
from infra.kubernetes.network_policies import NetworkPoliciesArgs, network_policies
from infra.kubernetes.nodes import NodeSize, node_size
from infra.kubernetes.objects import Manifest, labelled
from infra.kubernetes.predictor import PredictorArgs, predictor
from infra.kubernetes.system import system
from infra.kubernetes.trainer import TRAINING, TrainerArgs, priorities, trainer
from infra.kubernetes.worker import WorkerArgs, worker
from infra.settings import Images, KubernetesSettings, Settings
from slipway.release import Pin


@dataclass(frozen=True)
class Part:
    """One component to be: its concern, as `Predictor`, and its objects by a short name."""

    concern: str
    manifests: Mapping[str, Manifest]


def parts(
    settings: Settings,
    cluster: KubernetesSettings,
    images: Images,
    home: Home,
    pin: Pin | None,
    stamp: Mapping[str, str],
) -> dict[str, Part]:
    """Every object by component, labelled. Pure: which there are follows from settings, never from outputs."""
    found = _unlabelled(settings, cluster, images, home, pin, stamp)
    made = {name: _labelled(part, stamp) for name, part in found.items() if part.manifests}
    report = drift(images.predictor, cluster.drift_schedule, objects(made))
    return made | {"drift": _labelled(Part("Drift", report), stamp)}


def objects(planned: Mapping[str, Part]) -> list[Manifest]:
    return [manifest for part in planned.values() for manifest in part.manifests.values()]


def _unlabelled(
    settings: Settings,
    cluster: KubernetesSettings,
    images: Images,
    home: Home,
    pin: Pin | None,
    stamp: Mapping[str, str],
) -> dict[str, Part]:
    pools, kind = settings.gpu_pools, cluster.kind
    sizes = _sizes(settings, cluster)
    most = max((size.accelerators for size in sizes.values()), default=0)
    on_nodes = system(cluster.images, pools, kind)
    bounds = NamespacesArgs(
        cpus=cluster.cpus + sum(sizes[pool.name].cpus * pool.max for pool in pools),
        memory_gib=cluster.memory_gib + sum(sizes[pool.name].memory_gib * pool.max for pool in pools),
        devices=devices((sizes[pool.name].device, sizes[pool.name].accelerators * pool.max) for pool in pools),
        system=bool(on_nodes),
    )
    ways = NetworkPoliciesArgs(
        kind=kind,
        port=PORT,
        gateway=cluster.gateway,
        queue=cluster.queue,
        scraper=cluster.prometheus_namespace if cluster.prometheus else "",
        system=bool(on_nodes),
        trainers=most,
    )
    shapes = {
        pool.name: JobShape(
            kind=kind,
            pool=pool,
            size=sizes[pool.name],
            image=images.trainer,
            store=home.store,
            priority=TRAINING,
            retries=settings.training.preemption.retries,
            by_class=kind == "gke" and home.priorities is not None,
            scraped=cluster.prometheus,
        )
        for pool in pools
    }
    made = {
        "namespaces": Part("Namespaces", namespaces(bounds)),
        "quotas": Part("Quotas", quotas(bounds)),
        "priorities": Part("Priorities", priorities()),
        "network": Part("NetworkPolicies", network_policies(ways)),
        "trainer": Part("Trainer", trainer(TrainerArgs(shapes=shapes, labels=stamp))),
        "system": Part("System", on_nodes),
        "autoscaling": Part("Autoscaling", _autoscaling(settings, cluster, home)),
        "draining": Part("Draining", _draining(cluster, home)),
    }
    if pin is not None:
        made |= _serving(settings, cluster, images, home, pin)
    if cluster.prometheus:
        watched = monitoring(
            settings.observability,
            serves=pin is not None,
            works=pin is not None and bool(cluster.queue),
            watches_gpus=cluster.images.dcgm_exporter is not None and bool(pools),
            trainers=most,
        )
        made["monitoring"] = Part("Monitoring", watched)
    return made


def _serving(settings: Settings, cluster: KubernetesSettings, images: Images, home: Home, pin: Pin) -> dict[str, Part]:
    tasks = Tasks(url=cluster.queue, secret=cluster.queue_secret)
    served = PredictorArgs(
        image=images.predictor,
        pin=pin,
        region=cluster.region or cluster.cluster,
        store=home.store,
        settings=settings.predictor,
        tasks=tasks,
        prometheus=cluster.prometheus_url if cluster.keda and cluster.prometheus else "",
        p95_s=settings.observability.p95_ms / 1e3,
    )
    made = {"predictor": Part("Predictor", predictor(served))}
    if cluster.queue:
        working = WorkerArgs(
            image=images.worker, pin=pin, store=home.store, settings=settings.worker, tasks=tasks, keda=cluster.keda
        )
        made["worker"] = Part("Worker", worker(working))
    if cluster.gateway:
        way_in = GatewayArgs(settings=cluster.gateway, timeout_s=settings.edge.timeout_s)
        made["gateway"] = Part("Gateway", gateway(way_in))
    return made


def _autoscaling(settings: Settings, cluster: KubernetesSettings, home: Home) -> dict[str, Manifest]:
    if cluster.kind == "gke" and home.priorities is not None:
        return compute_classes(settings.gpu_pools, home.priorities)
    if cluster.kind == "eks" and cluster.images.cluster_autoscaler:
        return autoscaler(
            AutoscalerArgs(
                image=cluster.images.cluster_autoscaler,
                cluster=home.cluster,
                region=cluster.region,
                priorities=home.priorities or priorities_of(settings.gpu_pools),
            )
        )
    return {}


def _draining(cluster: KubernetesSettings, home: Home) -> dict[str, Manifest]:
    image = cluster.images.node_termination_handler
    if image is None or home.interruptions is None:
        return {}
    return drainer(DrainerArgs(image=image, queue=home.interruptions, region=cluster.region))


def _sizes(settings: Settings, cluster: KubernetesSettings) -> dict[str, NodeSize]:
    catalog = Catalog.load()
    return {
        pool.name: node_size(pool, cluster.kind, catalog, f"slipway:gpu_pools[{position}]")
        for position, pool in enumerate(settings.gpu_pools)
    }


def _labelled(part: Part, stamp: Mapping[str, str]) -> Part:
    return Part(part.concern, {key: labelled(manifest, stamp) for key, manifest in part.manifests.items()})
