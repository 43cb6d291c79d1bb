"""What differs between two sets of inputs, by path. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.engine.simulated.core.wire import Plain, below

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, kw_only=True)
class Change:
    """before or after is None where there was nothing, or is nothing any more."""

    path: str
    before: Any
    after: Any

    @property
    def kind(self) -> str:
        return "ADD" if self.before is None else "DELETE" if self.after is None else "UPDATE"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """replaces: paths among the changes. delete_first: two with the same name cannot stand beside each other."""

    changes: list[Change]
    replaces: frozenset[str]
    delete_first: bool


def changes(before: Plain, after: Plain) -> list[Change]:
    return list(_changes(before, after, ""))


def _changes(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            yield from _changes(before.get(name), after.get(name), below(path, name))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            new = after[index] if index < len(after) else None
            yield from _changes(old, new, f"{path}[{index}]")
    elif before != after:
        yield Change(path=path, before=before, after=after)


def is_among(path: str, replacing: Iterable[str]) -> bool:
    """Whether a path is one that replaces, or lies below one; which item of a list it is does not matter."""
    plain = _INDEX.sub("", path)
    return any(plain == each or plain.startswith((f"{each}.", f'{each}["')) for each in replacing)
