"""The AWS platform, put together: what is once for the account, then each region, then what spans the regions."""

from collections.abc import Mapping

from pulumi import Output, ResourceOptions

from infra.aws.budget import Budget, BudgetArgs
from infra.aws.check import check
from infra.aws.domain import Certificate, Origin, OriginArgs
from infra.aws.edge import Edge, EdgeArgs
from infra.aws.identity import Identity, IdentityArgs
from infra.aws.providers import Providers
from infra.aws.region import Region, RegionArgs
from infra.aws.registry import ImageReplication, ImageReplicationArgs
from infra.aws.storage import Replication, ReplicationArgs
from infra.aws.training import spot
from infra.capacity import choose_capacity
from infra.catalog import Catalog
from infra.contract import Front, KubernetesCluster, Platform
from infra.labels import labels
from infra.settings import Settings
from slipway.release import Pin

_GLOBAL = "us-east-1"
"""Where AWS keeps what has no region: CloudFront, its certificates and its firewall."""


def build(settings: Settings, stack: str, pin: Pin | None, *, shares_name: bool = False) -> Platform:
    """Register the whole stack, in the regions that settings name or placement has put there.

    Without a pinned release there is a platform that serves nothing yet. shares_name: the domain is another cloud's
    too, so its records are put by who knows both, from the platform's front.

    Raises SettingsError as `check` does, before the first resource is registered.
    """
    cloud, catalog, regions = settings.cloud, Catalog.load(), settings.regions
    check(settings, catalog)
    chosen = choose_capacity(settings, regions)

    home, tags = regions[0], labels(settings, stack)
    providers = Providers(account=cloud.identity.account, labels=tags)
    at_home = ResourceOptions(provider=providers.of(home))
    token = settings.origin_token.get_secret_value() if settings.origin_token else None
    identity = Identity(
        "identity",
        IdentityArgs(stack=stack, environment=cloud.environment, settings=cloud.identity, origin_token=token),
        opts=at_home,
    )
    Budget("budget", BudgetArgs(settings=cloud.budget), opts=at_home)
    built = {
        region: Region(
            RegionArgs(
                region=region,
                position=position,
                stack=stack,
                settings=settings,
                catalog=catalog,
                identity=identity,
                labels=tags,
                chosen=chosen,
                pin=pin,
            ),
            providers.of(region),
        )
        for position, region in enumerate(regions)
    }
    _replicate(built, providers, identity, stack)
    origins = _origins(settings, built, providers)
    edge = _edge(settings, built, providers, identity, origins, shares_name=shares_name)
    tracking = Output.from_input("")
    if settings.tracking.server:
        tracking = _track(built[home], identity, protect=settings.deletion_protection, opts=at_home)

    trains = next((each.choice for each in chosen.values()), None)  # the first pool is the trainer's
    return Platform(
        endpoint=edge.endpoint if edge else Output.from_input(""),
        store=built[home].storage.url,
        tracking=tracking,
        queue=built[home].queue.url,
        launcher={
            **built[trains.region if trains else home].training.launcher,
            **spot(trains),
            "tracking": tracking,
            "deploy_role_arn": identity.deploy_arn,
        },
        release="" if pin is None else pin.digest,
        regions=regions,
        dashboards={region: here.observability.dashboard for region, here in built.items()},
        capacity=chosen,
        clusters={
            region: KubernetesCluster(
                kind="eks",
                location=region,
                name=here.cluster.name,
                endpoint=here.cluster.endpoint,
                certificate=here.cluster.certificate,
                priorities=here.priorities,
                store=here.storage.url,
                queue=here.queue.url,
                interruptions=here.interruptions.url,
            )
            for region, here in built.items()
        },
        front=Front(alias=edge.alias, checks={region: origin.check_id for region, origin in origins.items()})
        if edge
        else None,
    )


def _replicate(built: Mapping[str, Region], providers: Providers, identity: Identity, stack: str) -> None:
    """Every region gets what any region makes, and the images that are pushed to the first."""
    home, *others = built
    for region, here in built.items() if others else ():
        destinations = {other: there.storage for other, there in built.items() if other != region}
        Replication(
            f"replication-{region}",
            ReplicationArgs(source=here.storage, destinations=destinations, realm=identity.realm),
            opts=ResourceOptions(provider=providers.of(region)),
        )
    if others:
        registries = {region: built[region].registry for region in others}
        ImageReplication(
            "image-replication",
            ImageReplicationArgs(account=identity.realm.account, stack=stack, to=registries),
            opts=ResourceOptions(provider=providers.of(home)),
        )


def _track(home: Region, identity: Identity, *, protect: bool, opts: ResourceOptions) -> Output[str]:
    """Imported here: SageMaker's module takes a twelfth of a preview's start, and most stacks track nothing."""
    from infra.aws.tracking import Tracking, TrackingArgs

    return Tracking("tracking", TrackingArgs(storage=home.storage, realm=identity.realm, protect=protect), opts).uri


def _origins(settings: Settings, built: Mapping[str, Region], providers: Providers) -> dict[str, Origin]:
    """Each region that serves under the name that they share, once there is a domain."""
    origins: dict[str, Origin] = {}
    proof: Certificate | None = None
    for region, here in built.items():
        if settings.domain and here.gateway:
            origins[region] = Origin(
                f"origin-{region}",
                OriginArgs(region=region, domain=settings.domain, gateway=here.gateway, proof=proof),
                opts=ResourceOptions(provider=providers.of(region)),
            )
            proof = proof or origins[region].certificate
    return origins


def _edge(
    settings: Settings,
    built: Mapping[str, Region],
    providers: Providers,
    identity: Identity,
    origins: Mapping[str, Origin],
    *,
    shares_name: bool,
) -> Edge | None:
    """What callers meet, once there is something to call."""
    gateways = {region: here.gateway for region, here in built.items() if here.gateway}
    if not gateways:
        return None
    return Edge(
        "edge",
        EdgeArgs(
            domain=settings.domain,
            gateways=gateways,
            origins=list(origins.values()),
            token=identity.origin_token,
            throttle=settings.throttle,
            settings=settings.edge,
            shares_name=shares_name,
        ),
        opts=ResourceOptions(provider=providers.of(_GLOBAL)),
    )
