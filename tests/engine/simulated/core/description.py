"""What resources/*.yaml of a cloud says of a type beyond its SDK and published API: names, ids, outputs, references.

A cloud adds to the class what only it has.
"""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tests.engine.simulated.core.shapes import Shape


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """property: that names it; a name is drawn where the program gives none. max: characters. lower: in lower case.

    fixed: none is drawn.
    """

    property: str = "name"
    max: int = 255
    lower: bool = False
    fixed: bool = False


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One resource type.

    id and outputs: templates, see templates.py. counts: outputs that are the revision. moving: outputs that an update
    may change, besides those. handles: templates of what else others know it by. call: what of the published API makes
    it; within: where in that the properties lie; members: by property, where names differ too much, the path of the
    member. limits: what the published API does not say. refers: types that an input names, by its path. whole_world:
    belongs to no region. guard: an input that forbids a deletion while it is true. apart: paths of what looks like a
    name of another resource and is none. stays: what a change does not replace after all.
    """

    naming: Naming | None = None
    id: str = ""
    outputs: dict[str, Any] = {}
    counts: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    call: str = ""
    within: str = ""
    members: dict[str, str] = {}
    limits: dict[str, Shape] = {}
    replaces: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    refers: dict[str, tuple[str, ...] | str] = {}
    whole_world: bool = False
    guard: str = ""
    apart: tuple[str, ...] = ()

    def referred(self, path: str) -> frozenset[str]:
        """Types as the files write them: without the cloud's name."""
        named = self.refers.get(path, ())
        return frozenset([named] if isinstance(named, str) else named)


_D = TypeVar("_D", bound=Description)


def read(folder: Path, of: type[_D]) -> dict[str, _D]:
    """By type as the files write it. Raises msgspec.ValidationError for a file that says what `of` does not know."""
    found: dict[str, _D] = {}
    for file in sorted(folder.glob("*.yaml")):
        found.update(msgspec.yaml.decode(file.read_bytes(), type=dict[str, of]))
    return found
