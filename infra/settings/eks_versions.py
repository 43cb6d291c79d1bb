"""Versions of Kubernetes that EKS has, and until when each is in standard support. Pure; what day it is, others ask."""

from datetime import date

EKS_ENDS = {
    "1.31": date(2025, 11, 26),
    "1.32": date(2026, 3, 23),
    "1.33": date(2026, 7, 29),
    "1.34": date(2026, 12, 2),
    "1.35": date(2027, 3, 27),
}
"""End of EKS' standard support by minor version. Source: EKS user guide, release calendar, as collected by
endoflife.date, February 2026. An older version has ended; a newer one comes in with the day on which it ends."""

_OLDEST = "1.35"

EKS_VERSIONS = tuple(version for version in EKS_ENDS if version >= _OLDEST)  # all have two digits, as settings ask
"""What a stack may say."""
