"""The Kubernetes half, put together: its objects in an order in which they can live, on the cluster they go to."""

from collections.abc import Mapping

from pulumi import Output, ResourceOptions
from pulumi_kubernetes import Provider

from infra.contract import Platform
from infra.kubernetes.access import Home, home_of, provider_for
from infra.kubernetes.objects import Objects, stack_labels
from infra.kubernetes.parts import Part, objects, parts
from infra.kubernetes.rights import Ask, ask_cluster, check
from infra.kubernetes.trainer import JOBS
from infra.labels import labels
from infra.naming import NAMESPACE
from infra.settings import KubernetesSettings, Settings
from slipway.errors import SettingsError
from slipway.release import Pin

_GROUND = {"namespaces"}
_BOUNDS = {"quotas", "priorities", "network"}


def build(settings: Settings, stack: str, pin: Pin | None, *, ask: Ask = ask_cluster) -> Platform:
    """Register the whole stack. Without a pinned release there is a platform that trains and serves nothing yet.

    ask: who may say what the kubeconfig's user may do; the cluster itself unless a test hands in another.

    Raises SettingsError, before the first resource is registered, for a kubeconfig that does not answer or lacks rights
    and for a pool of machines that nobody knows.
    """
    if settings.kubernetes is None or settings.images is None:
        raise SettingsError(
            "slipway:target: kubernetes is the target, and the sections of that name and images are not"
        )
    cluster = settings.kubernetes
    home, stamp = home_of(cluster), stack_labels(labels(settings, stack))
    planned = parts(settings, cluster, settings.images, home, pin, stamp)
    if cluster.kubeconfig:
        check(cluster, objects(planned), ask)
    _register(planned, provider_for(cluster, home))
    return _platform(cluster, home, pin)


def _register(planned: Mapping[str, Part], provider: Provider) -> None:
    """In waves: what all stand in, what bounds them, then they themselves; a destroy goes the other way."""
    done: list[Objects] = []
    for wave in (_GROUND, _BOUNDS, planned.keys() - _GROUND - _BOUNDS):
        opts = ResourceOptions(provider=provider, depends_on=list(done))
        done += [Objects(part.concern, name, part.manifests, opts) for name, part in planned.items() if name in wave]


def _platform(cluster: KubernetesSettings, home: Home, pin: Pin | None) -> Platform:
    served = cluster.gateway is not None and pin is not None
    store = Output.from_input(home.store)
    return Platform(
        endpoint=Output.from_input(f"https://{cluster.gateway.host}" if cluster.gateway and served else ""),
        store=store,
        tracking=Output.from_input(""),
        queue=Output.from_input(cluster.queue),
        launcher={
            "kind": "kubernetes",
            "cluster": cluster.cluster,
            "kubeconfig": home.kubeconfig,
            "context": cluster.context,
            "namespace": NAMESPACE,
            "jobs": JOBS,
            "store": store,
            "checkpoints": Output.concat(store, "/checkpoints"),
            "releases": Output.concat(store, "/releases"),
        },
        release="" if pin is None else pin.digest,
        regions=(cluster.region,) if cluster.region else (),
        dashboards={},
    )
