"""Where Cloud Storage puts a bucket that lies in two regions, and where the key that encrypts it has to be. Pure.

A pair is either one that Google has a name of its own for, or two regions of one of its locations; any other is
refused by the API. From its documentation on bucket locations (configurable and predefined dual-regions) and on the
locations of Cloud KMS, November 2026.
"""

from collections.abc import Iterable

PREDEFINED = {
    "asia1": frozenset({"asia-northeast1", "asia-northeast2"}),
    "eur4": frozenset({"europe-north1", "europe-west4"}),
    "eur5": frozenset({"europe-west1", "europe-west2"}),
    "eur7": frozenset({"europe-west2", "europe-west3"}),
    "eur8": frozenset({"europe-west3", "europe-west6"}),
    "nam4": frozenset({"us-central1", "us-east1"}),
}
"""Pairs under a name: the name alone is the bucket's location."""

CONFIGURABLE = {
    "asia": frozenset({"asia-east1", "asia-southeast1"}),
    "au": frozenset({"australia-southeast1", "australia-southeast2"}),
    "ca": frozenset({"northamerica-northeast1", "northamerica-northeast2"}),
    "de": frozenset({"europe-west3", "europe-west10"}),
    "it": frozenset({"europe-west8", "europe-west12"}),
    "eu": frozenset(
        {
            "europe-central2",
            "europe-north1",
            "europe-southwest1",
            "europe-west1",
            "europe-west3",
            "europe-west4",
            "europe-west8",
            "europe-west9",
            "europe-west10",
            "europe-west12",
        }
    ),
    "in": frozenset({"asia-south1", "asia-south2"}),
    "us": frozenset(
        {
            "us-central1",
            "us-east1",
            "us-east4",
            "us-east5",
            "us-south1",
            "us-west1",
            "us-west2",
            "us-west3",
            "us-west4",
        }
    ),
}
"""Regions of which any two may be taken, by the location that the bucket gets beside them. A country of two regions
stands before the continent that it is part of."""

_KEYS = {"eu": "europe"}
"""Locations that Cloud KMS calls otherwise."""


def dual_location(pair: Iterable[str]) -> str:
    """The location of a bucket in two regions, or empty where Cloud Storage puts none into the two."""
    wanted = frozenset(pair)
    if named := next((name for name, both in PREDEFINED.items() if both == wanted), ""):
        return named
    return next((name for name, regions in CONFIGURABLE.items() if len(wanted) == 2 and wanted <= regions), "")


def key_location(location: str) -> str:
    """Where the key of a bucket in this location has to be."""
    return _KEYS.get(location, location)


def partners(region: str) -> list[str]:
    """Regions that a bucket may lie in beside this one."""
    pairs = [*PREDEFINED.values(), *CONFIGURABLE.values()]
    return sorted({other for regions in pairs if region in regions for other in regions if other != region})
