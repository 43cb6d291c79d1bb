"""What differs between two sets of inputs, and whether that can be mended in place. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from infra.local.provider.values import is_mapping, is_sequence

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

SERVICE_IN_PLACE = frozenset({"slots_min", "slots_max", "stop_grace_s", "restart", "logs"})
"""Whatever else differs makes another process, which is started beside the old one."""

_FILE_REPLACES = frozenset({"path"})


class Kind(Enum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """changed: by input path. replaces: the paths among them that cannot be changed in place. delete_first: the new
    resource cannot stand beside the old one. drift: the output that is no longer what it was, for the machine changed.
    """

    changed: Mapping[str, Kind]
    replaces: frozenset[str] = frozenset()
    delete_first: bool = False
    drift: str | None = None

    @property
    def any(self) -> bool:
        return bool(self.changed) or self.drift is not None


def service_difference(old: Mapping[str, Any], new: Mapping[str, Any], *, drift: str | None = None) -> Difference:
    """A service is replaced create-before-delete, unless a given port stays: two cannot listen on one."""
    changed = changes(old, new)
    replaces = frozenset(path for path in changed if _root(path) not in SERVICE_IN_PLACE)
    collide = bool(_ports(old) & _ports(new))
    return Difference(changed=changed, replaces=replaces, delete_first=bool(replaces) and collide, drift=drift)


def file_difference(old: Mapping[str, Any], new: Mapping[str, Any], *, drift: str | None = None) -> Difference:
    changed = changes(old, new)
    return Difference(changed=changed, replaces=frozenset(_FILE_REPLACES & changed.keys()), drift=drift)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Kind]:
    """The input paths that differ, one level into mappings, so that one variable of an environment is named."""
    found: dict[str, Kind] = {}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if is_mapping(before) and is_mapping(after):
            found |= {_below(key, name): kind for name, kind in changes(before, after).items()}
        elif before != after:
            found[key] = Kind.ADD if before is None else Kind.DELETE if after is None else Kind.UPDATE
    return found


def _below(key: str, name: str) -> str:
    if _IDENTIFIER.match(name):
        return f"{key}.{name}"
    return f'{key}["{name}"]'


def _ports(inputs: Mapping[str, Any]) -> frozenset[int]:
    ports = inputs.get("ports")
    return frozenset(ports) if is_sequence(ports) else frozenset()


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]
