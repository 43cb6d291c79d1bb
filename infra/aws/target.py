"""The AWS platform, put together: what is once for the account, then each region, then what spans the regions."""

from pulumi import Output, ResourceOptions

from infra.aws.identity import Identity, IdentityArgs
from infra.aws.providers import Providers
from infra.aws.region import Region, RegionArgs
from infra.aws.registry import ImageReplication, ImageReplicationArgs, Tracking, TrackingArgs
from infra.aws.storage import Replication, ReplicationArgs
from infra.aws.zones import check_offers
from infra.capacity import Chosen, fallback, order_of
from infra.catalog import Catalog
from infra.contract import KubernetesCluster, Platform
from infra.labels import labels
from infra.regions import Placement, regions_of
from infra.settings import Settings
from slipway.release import Pin


def build(settings: Settings, stack: str, pin: Pin | None, placement: Placement | None = None) -> Platform:
    """Register the whole stack. Without a pinned release there is a platform that serves nothing yet.

    Raises SettingsError, before the first resource is registered, for what settings alone could not refuse: a machine
    type that is not offered, a pool of which nothing is left, an image that is not in the account's registry.
    """
    cloud, catalog = settings.cloud, Catalog.load()
    regions = regions_of(settings, placement)
    check_offers(settings, regions, catalog)
    chosen = choose_capacity(settings, regions)

    home, tags = regions[0], labels(settings, stack)
    providers = Providers(account=cloud.identity.account, labels=tags)
    at_home = ResourceOptions(provider=providers.of(home))
    identity = Identity(
        "identity",
        IdentityArgs(stack=stack, environment=cloud.environment, settings=cloud.identity),
        opts=at_home,
    )
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
    for region, here in built.items():
        others = {other: there.storage for other, there in built.items() if other != region}
        if others:
            Replication(
                f"replication-{region}",
                ReplicationArgs(source=here.storage, destinations=others, realm=identity.realm),
                opts=ResourceOptions(provider=providers.of(region)),
            )
    if len(regions) > 1:
        ImageReplication(
            "image-replication",
            ImageReplicationArgs(
                account=cloud.identity.account,
                stack=stack,
                to={region: built[region].registry for region in regions[1:]},
            ),
            opts=at_home,
        )
    tracking = Output.from_input("")
    if settings.tracking.server:
        args = TrackingArgs(storage=built[home].storage, realm=identity.realm)
        tracking = Tracking("tracking", args, opts=at_home).uri

    return Platform(
        endpoint=Output.from_input(""),
        store=built[home].storage.url,
        tracking=tracking,
        queue=built[home].queue.url,
        launcher={},
        release="" if pin is None else pin.digest,
        regions=regions,
        dashboards={},
        capacity=chosen,
        clusters={
            region: KubernetesCluster(
                name=here.cluster.name,
                endpoint=here.cluster.endpoint,
                certificate=here.cluster.certificate,
                priorities=here.priorities,
                interruptions=here.interruptions.url,
            )
            for region, here in built.items()
        },
    )


def choose_capacity(settings: Settings, regions: tuple[str, ...]) -> dict[str, Chosen]:
    """By pool, what it gets and why. Raises SettingsError for a pool of which nothing is left."""
    return {pool.name: fallback(order_of(pool, regions), settings.gone) for pool in settings.gpu_pools}
