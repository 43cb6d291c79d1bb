"""Ranges of addresses: whether each is one, and which of a network overlap."""

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import combinations

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.published import at
from tests.engine.simulated.core.wire import UNKNOWN, Plain

Range = ipaddress.IPv4Network | ipaddress.IPv6Network


def problems(paths: Iterable[str], inputs: Plain) -> Iterator[Problem]:
    """A range that is none, or does not begin at its own first address."""
    for path, value in at(inputs, paths):
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text != UNKNOWN and text != "*" and not _read(text):
                yield Problem(path=path, reason=f"{text!r} is no range of addresses, or not the first address of one")


def of_subnet(inputs: Plain) -> list[Range]:
    """The primary range of a subnet and the secondary ones, as far as they are known."""
    secondary = inputs.get("secondaryIpRanges", [])
    texts = [inputs.get("ipCidrRange"), *(each.get("ipCidrRange") for each in secondary if isinstance(each, dict))]
    return [found for text in texts if isinstance(text, str) and (found := _read(text))]


def overlap(ours: Iterable[Range], theirs: Iterable[Range]) -> str:
    """The first two that overlap, as text; empty where none do."""
    others = list(theirs)
    for one in ours:
        for other in others:
            if one.version == other.version and one.overlaps(other):
                return f"{one} overlaps {other}"
    return ""


def overlap_within(ours: Iterable[Range]) -> str:
    found = (overlap([one], [other]) for one, other in combinations(ours, 2))
    return next(filter(None, found), "")


def read(text: str) -> list[Range]:
    """The range that a text is; none for another text."""
    found = _read(text)
    return [found] if found else []


def _read(text: str) -> Range | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
