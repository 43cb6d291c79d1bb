"""One region of the platform, in the order in which its parts depend on each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output, ResourceOptions
from pulumi_gcp import Provider

from infra.capacity import Chosen, order_of
from infra.catalog import Catalog
from infra.gcp.cluster import Cluster, ClusterArgs
from infra.gcp.encryption import Encryption, EncryptionArgs
from infra.gcp.expander import priorities
from infra.gcp.gateway import Gateway, GatewayArgs
from infra.gcp.gpu_pools import GpuPool, gpu_pools
from infra.gcp.identity import PodIdentity, PodIdentityArgs
from infra.gcp.network import Network
from infra.gcp.observability import Observability, ObservabilityArgs
from infra.gcp.queue import Queue, QueueArgs
from infra.gcp.registry import Registry, RegistryArgs, image_in
from infra.gcp.serverless import Predictor, PredictorArgs
from infra.gcp.storage import Storage, StorageArgs
from infra.gcp.training import Training, TrainingArgs
from infra.gcp.workloads import pod_roles
from infra.naming import cluster_name
from infra.settings import Settings
from infra.zones import zones_of
from slipway.release import Pin


@dataclass(frozen=True, kw_only=True)
class RegionArgs:
    """network: the stack's. shared: the store of two regions, where settings ask for one. channel: of alarms.

    deployer: e-mail of the account that CI acts as. chosen: capacity by pool, all regions. asks: this region asks from
    outside whether the name answers.
    """

    region: str
    stack: str
    settings: Settings
    catalog: Catalog
    network: Network
    shared: Storage | None
    channel: Output[str]
    deployer: Output[str]
    labels: Mapping[str, str]
    chosen: Mapping[str, Chosen]
    pin: Pin | None
    asks: bool


class Region:
    """Everything of a stack that is in one region. It is no component: its parts are, and stand beside each other."""

    def __init__(self, args: RegionArgs, provider: Provider) -> None:
        settings, region, identity = args.settings, args.region, args.settings.cloud.identity
        here, protect = ResourceOptions(provider=provider), settings.deletion_protection
        project, number = identity.account, identity.project_number

        self._encryption = Encryption(
            f"encryption-{region}",
            EncryptionArgs(location=region, project_number=number, protect=protect),
            opts=here,
        )
        key_id, used_by = self._encryption.key_id, self._encryption.used_by
        self.storage = args.shared or Storage(
            f"storage-{region}",
            StorageArgs(
                location=region,
                settings=settings.storage,
                key_id=key_id,
                key_use=used_by["storage"],
                protect=protect,
            ),
            opts=here,
        )
        self.registry = Registry(
            f"registry-{region}",
            RegistryArgs(
                stack=args.stack,
                region=region,
                settings=settings.registry,
                key_id=key_id,
                key_use=used_by["registry"],
                protect=protect,
            ),
            opts=here,
        )
        self.queue = Queue(
            f"queue-{region}",
            QueueArgs(
                project=project,
                project_number=number,
                region=region,
                settings=settings.worker,
                key_id=key_id,
                key_use=used_by["pubsub"],
            ),
            opts=here,
        )
        self.cluster = self._cluster(args, here)
        self._pools(args, here)
        PodIdentity(
            f"pods-{region}",
            PodIdentityArgs(
                project=project,
                project_number=number,
                # a store of two regions binds pods once, beside it: two bindings of one member are one to Google
                roles=pod_roles(storage=None if args.shared else self.storage, queue=self.queue),
            ),
            opts=ResourceOptions(provider=provider, depends_on=[self.cluster]),  # which makes the pool of identities
        )
        self.training = Training(
            f"training-{region}",
            TrainingArgs(
                project=project,
                project_number=number,
                region=region,
                image=image_in(settings.cloud.images, "trainer", project=project, region=region),
                settings=settings.vertex,
                network=args.network,
                storage=self.storage,
                key_id=key_id,
                key_use=used_by["vertex"],
                deployer=args.deployer,
            ),
            opts=here,
        )
        self.gateway = self._serve(args, args.pin, here) if args.pin else None
        self.observability = Observability(
            f"observability-{region}",
            ObservabilityArgs(
                project=project,
                region=region,
                drawn=args.network.drawn,
                settings=settings.observability,
                channel=args.channel,
                queue=self.queue,
                gateway=self.gateway,
                key_id=key_id,
                key_use=used_by["logging"],
                asked=settings.domain if args.asks else None,
            ),
            opts=here,
        )

    def _cluster(self, args: RegionArgs, here: ResourceOptions) -> Cluster:
        settings, region, identity = args.settings, args.region, args.settings.cloud.identity
        return Cluster(
            f"cluster-{region}",
            ClusterArgs(
                cluster_name=cluster_name(args.stack),
                region=region,
                zones=zones_of(settings, region, args.catalog),
                network=args.network,
                settings=settings.cluster,
                project=identity.account,
                project_number=identity.project_number,
                ring_id=self._encryption.ring_id,
                disk_key_id=self._encryption.key_id,
                disk_key_use=self._encryption.used_by["compute"],
                deployer=args.deployer,
                labels=args.labels,
                deletion_protection=settings.deletion_protection,
            ),
            opts=here,
        )

    def _serve(self, args: RegionArgs, pin: Pin, here: ResourceOptions) -> Gateway:
        settings, region, project = args.settings, args.region, args.settings.cloud.identity.account
        predictor = Predictor(
            f"predictor-{region}",
            PredictorArgs(
                project=project,
                region=region,
                image=image_in(settings.cloud.images, "predictor", project=project, region=region),
                pin=pin,
                serverless=settings.serverless,
                predictor=settings.predictor,
                network=args.network,
                storage=self.storage,
                queue=self.queue,
                key_id=self._encryption.key_id,
                key_use=self._encryption.used_by["run"],
                deployer=args.deployer,
                protect=settings.deletion_protection,
            ),
            opts=here,
        )
        return Gateway(f"gateway-{region}", GatewayArgs(region=region, predictor=predictor), opts=here)

    def _pools(self, args: RegionArgs, here: ResourceOptions) -> None:
        settings, region = args.settings, args.region
        orders = {pool.name: order_of(pool, [region]) for pool in settings.gpu_pools}
        self.priorities = priorities((choice for order in orders.values() for choice in order), settings.gone)
        for pool in gpu_pools(settings, region, args.catalog, args.chosen, self.cluster, self._encryption.key_id):
            GpuPool(f"gpu-{region}-{pool.settings.name}", pool, opts=here)
