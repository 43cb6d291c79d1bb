"""The platform on Google, put together: what is once for the project, then each region, then what spans the regions."""

from collections.abc import Mapping

from pulumi import Output, ResourceOptions

from infra.capacity import choose_capacity
from infra.catalog import Catalog
from infra.contract import Front, KubernetesCluster, Platform
from infra.gcp.budget import Budget, BudgetArgs
from infra.gcp.check import check
from infra.gcp.edge import Edge, EdgeArgs
from infra.gcp.encryption import Encryption, EncryptionArgs
from infra.gcp.identity import Identity, IdentityArgs, PodIdentity, PodIdentityArgs
from infra.gcp.network import Network, NetworkArgs
from infra.gcp.providers import Providers
from infra.gcp.region import Region, RegionArgs
from infra.gcp.storage import Replication, ReplicationArgs, Storage, StorageArgs
from infra.gcp.training import spot
from infra.gcp.workloads import pod_roles
from infra.labels import labels
from infra.settings import Settings
from infra.settings.rules.dual_regions import dual_location, key_location
from slipway.release import Pin


def build(settings: Settings, stack: str, pin: Pin | None, *, shares_name: bool = False) -> Platform:
    """Register the whole stack, in the regions that settings name or placement has put there.

    Without a pinned release there is a platform that serves nothing yet. shares_name: the domain is another cloud's
    too, so its records are put by who knows both, from the platform's front.

    Raises SettingsError as `check` does, before the first resource is registered.
    """
    cloud, catalog, regions = settings.cloud, Catalog.load(), settings.regions
    check(settings, stack, catalog)
    chosen = choose_capacity(settings, regions)

    home, tags = regions[0], labels(settings, stack)
    providers = Providers(project=cloud.identity.account, labels=tags)
    at_home = ResourceOptions(provider=providers.of(home))
    budget = Budget(
        "budget",
        BudgetArgs(project_number=cloud.identity.project_number, settings=cloud.budget),
        opts=at_home,
    )
    network = Network(
        "network",
        NetworkArgs(
            ranges={region: settings.network.range_of(region, at) for at, region in enumerate(regions)},
            settings=settings.network,
        ),
        opts=at_home,
    )
    identity = Identity(
        "identity",
        IdentityArgs(stack=stack, drawn=network.drawn, environment=cloud.environment, settings=cloud.identity),
        opts=at_home,
    )
    shared = _shared_store(settings, at_home)
    built = {
        region: Region(
            RegionArgs(
                region=region,
                stack=stack,
                settings=settings,
                catalog=catalog,
                network=network,
                shared=shared,
                channel=budget.channel,
                deployer=identity.deploy_account,
                labels=tags,
                chosen=chosen,
                pin=pin,
                asks=region == home,
            ),
            providers.of(region),
        )
        for region in regions
    }
    if shared:
        _let_pods_in(settings, shared, built[home], at_home)
    else:
        _replicate(settings, built, at_home)
    edge = _edge(settings, built, at_home, shares_name=shares_name)

    trains = next((each.choice for each in chosen.values()), None)  # the first pool is the trainer's
    return Platform(
        endpoint=edge.endpoint if edge else Output.from_input(""),
        store=built[home].storage.url,
        tracking=Output.from_input(""),
        queue=built[home].queue.url,
        launcher={
            **built[trains.region if trains else home].training.launcher,
            **spot(trains),
            "deploy_account": identity.deploy_account,
            "deploy_provider": identity.provider,
        },
        release="" if pin is None else pin.digest,
        regions=regions,
        dashboards={region: here.observability.dashboard for region, here in built.items()},
        capacity=chosen,
        clusters={
            region: KubernetesCluster(
                kind="gke",
                location=region,
                name=here.cluster.name,
                endpoint=here.cluster.endpoint,
                certificate=here.cluster.certificate,
                priorities=here.priorities,
                store=here.storage.url,
                queue=here.queue.url,
            )
            for region, here in built.items()
        },
        front=Front(addresses=edge.addresses, proof=edge.proof) if edge else None,
    )


def _shared_store(settings: Settings, at_home: ResourceOptions) -> Storage | None:
    """The one store of a stack whose settings put it into two regions at once."""
    pair = settings.storage.dual_region
    if not pair:
        return None
    location, protect = dual_location(pair), settings.deletion_protection
    encryption = Encryption(
        f"encryption-{location}",
        EncryptionArgs(
            location=key_location(location), project_number=settings.cloud.identity.project_number, protect=protect
        ),
        opts=at_home,
    )
    return Storage(
        "storage",
        StorageArgs(
            location=location,
            settings=settings.storage,
            key_id=encryption.key_id,
            key_use=encryption.used_by["storage"],
            protect=protect,
            dual_region=pair,
        ),
        opts=at_home,
    )


def _let_pods_in(settings: Settings, shared: Storage, home: Region, at_home: ResourceOptions) -> None:
    """Once for all regions: their pods are the same members, known from the first cluster on."""
    identity = settings.cloud.identity
    PodIdentity(
        "pods",
        PodIdentityArgs(
            project=identity.account, project_number=identity.project_number, roles=pod_roles(storage=shared)
        ),
        opts=ResourceOptions.merge(at_home, ResourceOptions(depends_on=[home.cluster])),
    )


def _replicate(settings: Settings, built: Mapping[str, Region], at_home: ResourceOptions) -> None:
    """Every region gets what the first one makes."""
    home, *others = built
    if others:
        Replication(
            "replication",
            ReplicationArgs(
                project=settings.cloud.identity.account,
                project_number=settings.cloud.identity.project_number,
                source=built[home].storage,
                destinations={region: built[region].storage for region in others},
            ),
            opts=at_home,
        )


def _edge(
    settings: Settings, built: Mapping[str, Region], at_home: ResourceOptions, *, shares_name: bool
) -> Edge | None:
    """What callers meet, once there is something to call."""
    gateways = {region: here.gateway for region, here in built.items() if here.gateway}
    if not gateways or settings.domain is None:
        return None
    return Edge(
        "edge",
        EdgeArgs(domain=settings.domain, gateways=gateways, throttle=settings.throttle, shares_name=shares_name),
        opts=at_home,
    )
