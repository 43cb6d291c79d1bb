"""One region of the platform, in the order in which its parts depend on each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output, ResourceOptions
from pulumi_aws import Provider

from infra.aws.cluster import Cluster, ClusterArgs
from infra.aws.encryption import Encryption, EncryptionArgs
from infra.aws.expander import priorities
from infra.aws.gateway import Gateway, GatewayArgs
from infra.aws.gpu_pools import GpuPool, GpuPoolArgs
from infra.aws.identity import Identity, PodIdentity, PodIdentityArgs
from infra.aws.interruptions import Interruptions, InterruptionsArgs
from infra.aws.network import Network, NetworkArgs
from infra.aws.observability import Observability, ObservabilityArgs
from infra.aws.queue import Queue, QueueArgs
from infra.aws.registry import Registry, RegistryArgs, image_in
from infra.aws.serverless import Predictor, PredictorArgs
from infra.aws.storage import Storage, StorageArgs
from infra.aws.training import Training, TrainingArgs
from infra.aws.workloads import pod_roles
from infra.capacity import Chosen, order_of
from infra.catalog import Catalog
from infra.naming import cluster_name
from infra.settings import Settings
from infra.zones import accelerators_of, has, zones_for, zones_of
from slipway.release import Pin


@dataclass(frozen=True, kw_only=True)
class RegionArgs:
    """position: in the order of preference, which gives the region its range. chosen: capacity by pool, all regions."""

    region: str
    position: int
    stack: str
    settings: Settings
    catalog: Catalog
    identity: Identity
    labels: Mapping[str, str]
    chosen: Mapping[str, Chosen]
    pin: Pin | None


class Region:
    """Everything of a stack that is in one region. It is no component: its parts are, and stand beside each other."""

    def __init__(self, args: RegionArgs, provider: Provider) -> None:
        settings, region, realm = args.settings, args.region, args.identity.realm
        here, protect = ResourceOptions(provider=provider), settings.deletion_protection
        name = cluster_name(args.stack)
        disposable = settings.environment == "dev" and not protect

        key_arn = Encryption(
            f"encryption-{region}",
            EncryptionArgs(account=realm.account, region=region, protect=protect),
            opts=here,
        ).key_arn
        self.network = Network(
            f"network-{region}",
            NetworkArgs(
                region=region,
                zones=zones_of(settings, region, args.catalog),
                range=settings.network.range_of(region, args.position),
                settings=settings.network,
                realm=realm,
                key_arn=key_arn,
            ),
            opts=here,
        )
        self.storage = Storage(
            f"storage-{region}",
            StorageArgs(settings=settings.storage, key_arn=key_arn, protect=protect, disposable=disposable),
            opts=here,
        )
        self.registry = Registry(
            f"registry-{region}",
            RegistryArgs(
                stack=args.stack, settings=settings.registry, key_arn=key_arn, protect=protect, disposable=disposable
            ),
            opts=here,
        )
        self.queue = Queue(f"queue-{region}", QueueArgs(settings=settings.worker, key_arn=key_arn), opts=here)
        self.cluster = Cluster(
            f"cluster-{region}",
            ClusterArgs(
                cluster_name=name,
                network=self.network,
                settings=settings.cluster,
                realm=realm,
                key_arn=key_arn,
                admin_arn=args.identity.deploy_arn,
                labels=args.labels,
                deletion_protection=protect,
            ),
            opts=here,
        )
        self.interruptions = Interruptions(f"interruptions-{region}", InterruptionsArgs(key_arn=key_arn), opts=here)
        self._pools(args, here)
        PodIdentity(
            f"pods-{region}",
            PodIdentityArgs(
                cluster=self.cluster.name,
                realm=realm,
                roles=pod_roles(
                    cluster=name,
                    region=region,
                    account=realm.account,
                    storage=self.storage,
                    queue=self.queue,
                    interruptions=self.interruptions,
                ),
            ),
            opts=here,
        )
        self.training = Training(
            f"training-{region}",
            TrainingArgs(
                region=region,
                image=image_in(settings.cloud.images, "trainer", account=realm.account, region=region),
                network=self.network,
                storage=self.storage,
                registry=self.registry,
                realm=realm,
                key_arn=key_arn,
                log_days=settings.observability.log_days,
                makes_logs=settings.observability.job_logs,
            ),
            opts=here,
        )
        self.gateway = self._serve(args, args.pin, key_arn, here) if args.pin else None
        self.observability = Observability(
            f"observability-{region}",
            ObservabilityArgs(
                region=region,
                stack=args.stack,
                account=realm.account,
                email=settings.cloud.budget.alert,
                settings=settings.observability,
                key_arn=key_arn,
                queue=self.queue,
                interruptions=self.interruptions,
                gateway=self.gateway,
            ),
            opts=here,
        )

    def _serve(self, args: RegionArgs, pin: Pin, key_arn: Output[str], here: ResourceOptions) -> Gateway:
        settings, region, realm = args.settings, args.region, args.identity.realm
        predictor = Predictor(
            f"predictor-{region}",
            PredictorArgs(
                region=region,
                image=image_in(settings.cloud.images, "predictor", account=realm.account, region=region),
                pin=pin,
                serverless=settings.serverless,
                predictor=settings.predictor,
                storage=self.storage,
                queue=self.queue,
                realm=realm,
                key_arn=key_arn,
                log_days=settings.observability.log_days,
            ),
            opts=here,
        )
        return Gateway(
            f"gateway-{region}",
            GatewayArgs(
                predictor=predictor,
                token=args.identity.origin_token,
                throttle=settings.throttle,
                timeout_s=settings.serverless.timeout_s,
                realm=realm,
                key_arn=key_arn,
                log_days=settings.observability.log_days,
            ),
            opts=here,
        )

    def _pools(self, args: RegionArgs, here: ResourceOptions) -> None:
        settings, region = args.settings, args.region
        zones = zones_of(settings, region, args.catalog)
        orders = {pool.name: order_of(pool, [region]) for pool in settings.gpu_pools}
        self.priorities = priorities((choice for order in orders.values() for choice in order), settings.gone)
        for position, pool in enumerate(settings.gpu_pools):
            if not has(pool, region):
                continue
            chosen = args.chosen[pool.name].choice
            GpuPool(
                f"gpu-{region}-{pool.name}",
                GpuPoolArgs(
                    settings=pool,
                    key=f"slipway:gpu_pools[{position}]",
                    zones=zones_for("aws", pool, region, zones, args.catalog),
                    accelerators=accelerators_of("aws", pool, region, args.catalog),
                    choices=orders[pool.name],
                    chosen=chosen if chosen.region == region else None,
                    network=self.network,
                    cluster=self.cluster,
                    labels=args.labels,
                ),
                opts=here,
            )
