"""The local platform, put together in the order in which things depend on each other."""

from pulumi import Output, ResourceOptions

from infra.contract import Platform
from infra.local.budget import Budget
from infra.local.cluster import Cluster
from infra.local.edge import Edge, EdgeArgs
from infra.local.gpu_pools import GpuPool
from infra.local.identity import Identity
from infra.local.network import Network
from infra.local.observability import Observability, ObservabilityArgs
from infra.local.queue import Queue, QueueArgs
from infra.local.registry import Registry, RegistryArgs
from infra.local.serverless import Predictor, PredictorArgs, Worker, WorkerArgs
from infra.local.storage import Storage
from infra.local.training import Training
from infra.settings import Settings
from slipway.paths import State
from slipway.release import Pin


def build(settings: Settings, stack: str, pin: Pin | None, *, state: State | None = None) -> Platform:
    """Register the whole stack. Without a pinned release there is a platform that serves nothing yet.

    state: where it lies, for whichever stack; this machine's unless said.

    Raises ReleaseError when the pinned release is missing or altered, SettingsError when the machine is too small:
    both before the first resource is registered.
    """
    Budget.check(settings)
    state = state or State.locate()
    release = None if pin is None else Registry.bring(pin, state)

    network = Network(edge_port=settings.edge.port, queue_port=settings.queue.port)
    cluster = Cluster("cluster", state)
    here = ResourceOptions(provider=cluster.provider)
    identity = Identity("identity", opts=here)
    storage = Storage(state)
    registry = Registry("registry", RegistryArgs(state=state, network=network, settings=settings.tracking), opts=here)
    queue = Queue(
        "queue",
        QueueArgs(state=state, network=network, settings=settings.queue, password=identity.queue_password),
        opts=here,
    )
    training = Training(storage=storage, registry=registry, pool=GpuPool.of_this_machine())

    predictors: dict[str, Predictor] = {}
    workers: list[Worker] = []
    if release is not None:
        for region in settings.regions:
            predictors[region] = Predictor(
                f"predictor-{region}",
                PredictorArgs(region=region, release=release, settings=settings.predictor, queue=queue),
                opts=here,
            )
        workers = [Worker("worker", WorkerArgs(release=release, settings=settings.worker, queue=queue), opts=here)]

    observability = Observability("observability", ObservabilityArgs(state=state, network=network), opts=here)
    edge = Edge(
        "edge",
        EdgeArgs(
            network=network,
            settings=settings.edge,
            token=identity.edge_token,
            predictors=predictors,
            console=observability.console,
            folder=state.run / "edge",
        ),
        opts=here,
    )
    observability.record(
        settings=settings,
        release=release,
        edge=edge,
        queue=queue,
        registry=registry,
        predictors=predictors,
        workers=workers,
    )
    return Platform(
        endpoint=edge.endpoint,
        store=Output.from_input(storage.url),
        tracking=Output.from_input(registry.tracking_uri),
        queue=queue.url,
        launcher=training.launcher,
        release="" if release is None else release.digest,
        regions=settings.regions,
        dashboards={"status": edge.endpoint, "api": edge.endpoint.apply(lambda url: f"{url}/docs")}
        | dict(registry.dashboards),
    )
