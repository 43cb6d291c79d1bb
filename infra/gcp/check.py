"""What a stack on Google asks for and cannot have, told before the first resource is registered. Pure."""

from infra.capacity import choose_capacity
from infra.catalog import Catalog
from infra.gcp.machines import accelerator_type
from infra.gcp.naming import account_id
from infra.gcp.offers import check_serverless
from infra.gcp.registry import image_in
from infra.settings import Settings
from infra.stores import IMAGES
from infra.zones import check_offers


def check(settings: Settings, stack: str, catalog: Catalog) -> None:
    """Raises SettingsError for what settings alone could not refuse.

    That is a machine type or an accelerator that is not offered, a pool of which nothing is left, an image that is not
    in the project's registry, a stack whose name is too long for the account that deploys it.
    """
    cloud, regions = settings.cloud, settings.regions
    check_offers(settings, regions, catalog)
    check_serverless(settings, regions, catalog)
    for position, pool in enumerate(settings.gpu_pools):
        for machine in pool.machines:
            accelerator_type(machine, f"slipway:gpu_pools[{position}]")
    for name in IMAGES:
        image_in(cloud.images, name, project=cloud.identity.account, region=regions[0])
    account_id("deploy", stack)
    choose_capacity(settings, regions)
