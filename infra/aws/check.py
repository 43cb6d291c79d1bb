"""What a stack on AWS asks for and cannot have, told before the first resource is registered. Pure."""

from infra.aws.machines import ami_type, check_system_machines, efa_cards
from infra.aws.registry import image_in
from infra.capacity import choose_capacity
from infra.catalog import Catalog
from infra.settings import Settings
from infra.stores import IMAGES
from infra.zones import check_offers


def check(settings: Settings, catalog: Catalog) -> None:
    """Raises SettingsError for what settings alone could not refuse.

    That is a machine type that is not offered, types of a pool that do not go together, a pool of which nothing is
    left, an image that is not in the account's registry.
    """
    cloud, regions = settings.cloud, settings.regions
    check_offers(settings, regions, catalog)
    for position, pool in enumerate(settings.gpu_pools):
        ami_type(pool, f"slipway:gpu_pools[{position}]")
        efa_cards(pool, f"slipway:gpu_pools[{position}]")
    for name in IMAGES:
        image_in(cloud.images, name, account=cloud.identity.account, region=regions[0])
    check_system_machines(settings.cluster.system_machines, regions, catalog)
    choose_capacity(settings, regions)
