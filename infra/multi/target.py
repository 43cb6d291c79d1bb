"""Two platforms and the name that they share."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pulumi import Output, ResourceOptions
from pulumi_aws import Provider

from infra.aws.check import check as check_aws
from infra.aws.target import build as build_aws
from infra.catalog import Catalog
from infra.contract import Platform
from infra.gcp.check import check as check_gcp
from infra.gcp.target import build as build_gcp
from infra.labels import labels
from infra.multi.names import Names, NamesArgs, Share
from infra.settings import CloudName, Settings
from slipway.errors import SettingsError
from slipway.release import Pin

_T = TypeVar("_T")


def build(settings: Settings, stack: str, pin: Pin | None) -> Platform:
    """Register both clouds' platforms, and the records that share the requests between them.

    Both serve the same release: one pin. The first cloud of the settings is the home, where training and tracking are.
    Raises SettingsError, before the first resource is registered, for what either cloud refuses.
    """
    if settings.domain is None:
        raise SettingsError("slipway:domain: two clouds without a shared name would be two services")
    _check(settings, stack)
    platforms: dict[CloudName, Platform] = {
        "aws": build_aws(settings.part("aws"), stack, pin, shares_name=True),
        "gcp": build_gcp(settings.part("gcp"), stack, pin, shares_name=True),
    }
    shares = {
        cloud: Share(front=platform.front, weight=settings.clouds[cloud].weight)
        for cloud, platform in platforms.items()
        if platform.front
    }
    if shares:
        account = settings.clouds["aws"].identity.account
        zone = Provider(
            "names",
            region="us-east-1",  # Route 53 has no region; its metrics are there
            allowed_account_ids=[account],
            default_tags={"tags": labels(settings.part("aws"), stack)},
        )
        Names("names", NamesArgs(domain=settings.domain, shares=shares), opts=ResourceOptions(provider=zone))
    endpoint = Output.from_input(f"https://{settings.domain.name}" if shares else "")
    return _joined([platforms[cloud] for cloud in settings.clouds], endpoint)


def _check(settings: Settings, stack: str) -> None:
    """Both clouds' own checks, before either is built: one platform of two would be left half made."""
    catalog = Catalog.load()
    with settings.speaking_of("aws"):
        check_aws(settings.part("aws"), catalog)
    with settings.speaking_of("gcp"):
        check_gcp(settings.part("gcp"), stack, catalog)


def _joined(platforms: Sequence[Platform], endpoint: Output[str]) -> Platform:
    """One platform of several: the first is the home, the others' regions follow."""
    home = platforms[0]
    return Platform(
        endpoint=endpoint,
        store=home.store,
        tracking=home.tracking,
        queue=home.queue,
        launcher=home.launcher,
        release=home.release,
        regions=tuple(region for platform in platforms for region in platform.regions),
        dashboards=_merged([platform.dashboards for platform in platforms]),
        capacity=_merged([platform.capacity for platform in platforms]),
        clusters=_merged([platform.clusters for platform in platforms]),
    )


def _merged(parts: Sequence[Mapping[str, _T]]) -> dict[str, _T]:
    return {name: value for part in parts for name, value in part.items()}
