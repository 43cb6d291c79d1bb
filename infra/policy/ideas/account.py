"""Whose a resource is, where it is and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A resource that can carry labels, and those that it carries."""

    labels: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """How many budgets a stack has with one cloud, and how many of them tell somebody."""

    cloud: str
    count: int
    alerting: int


@dataclass(frozen=True, kw_only=True)
class Placed:
    """region: where a resource is. worldwide: it is managed there, but belongs to no region."""

    region: str
    worldwide: bool


@dataclass(frozen=True, kw_only=True)
class Managed:
    """by_default: nobody made the provider that manages a resource."""

    by_default: bool


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What a stack costs a month, and what of it is dearest, in words. unpriced: how many resources have no figure."""

    usd_per_month: float
    dearest: str
    unpriced: int = 0
