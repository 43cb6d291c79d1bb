"""Which region a zone is in, by its name alone. Pure; whether there is such a zone, the catalog may know.

Google's zones are called after their region (us-central1-a). An id of AWS' begins with the region's letters: us-east-1
is use1 (use1-az4), ap-southeast-1 is apse1.
"""

import re

EKS_REFUSES = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""Zones without room for a cluster, from the EKS user guide on network requirements, November 2026."""

_DIRECTION = re.compile(r"north|south|east|west|central")


def lies_in(zone: str, region: str) -> bool:
    """Whether a zone's name is one of this region's."""
    return zone.rpartition("-")[0] in (region, letters_of(region))


def letters_of(region: str) -> str:
    """How the ids of a region's zones begin on AWS: `use1` for us-east-1."""
    area, *directions, number = region.split("-")
    return area + "".join(found[0] for part in directions for found in _DIRECTION.findall(part)) + number
