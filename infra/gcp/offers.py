"""What Cloud Run offers where: from the catalog, before anything is registered. Pure."""

from collections.abc import Iterable

from infra.catalog import Capacity, Catalog
from infra.settings import Settings
from slipway.errors import SettingsError

_MACHINES = {"nvidia-l4": "cloud-run-l4"}
"""The catalog's name of a Cloud Run instance with an accelerator."""


def check_serverless(settings: Settings, regions: Iterable[str], catalog: Catalog) -> None:
    """Raises SettingsError for an accelerator that Cloud Run does not give to whoever asks in a region of the stack."""
    wanted = settings.serverless.accelerator
    if not wanted:
        return
    key, way_out = (
        "slipway:serverless.accelerator",
        "leave it out and serve on CPUs, or leave the region out",
    )
    if wanted not in _MACHINES:
        raise SettingsError(f"{key}: Cloud Run has no {wanted}", hint=f"it has {', '.join(_MACHINES)}; or {way_out}")
    machine = _MACHINES[wanted]
    for region in regions:
        offers = catalog.offers("gcp", region, machine)
        if any(offer.capacity == Capacity.INVITATION for offer in offers):
            raise SettingsError(
                f"{key}: {wanted} on Cloud Run in {region} is by invitation of Google only", hint=way_out
            )
        if not any(offer.offered for offer in offers):
            there = sorted({o.region for o in catalog.offers("gcp", machine=machine) if o.offered})
            raise SettingsError(
                f"{key}: {wanted} on Cloud Run is not offered in {region}",
                hint=f"it is in {', '.join(there)}; {way_out}",
            )
