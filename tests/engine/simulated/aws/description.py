"""What resources/*.yaml says of a type beyond the SDK and botocore: names, ids, outputs, which call makes it.

A type that is not described still has its SDK types checked, gets an id and an ARN by AWS' usual form, and is changed
in place unless the SDK's own words say otherwise.
"""

import functools
from pathlib import Path
from typing import Any, Literal

import msgspec

from tests.engine.simulated.core.shapes import Shape

_FOLDER = Path(__file__).parent / "resources"

DocumentKind = Literal["identity", "trust", "resource", "json"]


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """property: that names it; a name is drawn where the program gives none. max: characters. lower: in lower case."""

    property: str = "name"
    max: int = 255
    lower: bool = False
    fixed: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON text. max: characters without white space, as IAM counts them."""

    kind: DocumentKind = "json"
    max: int = 0


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One resource type.

    id and outputs: templates, see outputs.py. counts: outputs that are the revision. moving: outputs that an update may
    change, besides those. handles: templates of what else others know it by. call: `service.Operation`; within: where
    in its input the properties lie; members: by property, where names differ too much, the path of the member. limits:
    what the service model does not say. refers: types that an input names, by its path. whole_world: belongs to no
    region. guard: an input that forbids a deletion while it is true. apart: paths of ARNs that are patterns or need not
    exist. stays: what a change does not replace after all.
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
    documents: dict[str, Document] = {}
    replaces: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    refers: dict[str, tuple[str, ...] | str] = {}
    whole_world: bool = False
    guard: str = ""
    apart: tuple[str, ...] = ()

    def referred(self, path: str) -> frozenset[str]:
        named = self.refers.get(path, ())
        return frozenset(f"aws:{each}" for each in ([named] if isinstance(named, str) else named))


@functools.cache
def descriptions() -> dict[str, Description]:
    """By token. Raises msgspec.ValidationError for a file that says what this does not know."""
    found: dict[str, Description] = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        types = msgspec.yaml.decode(file.read_bytes(), type=dict[str, Description])
        found.update({f"aws:{short}": each for short, each in types.items()})
    return found


_NONE = Description()


def description(token: str) -> Description:
    return descriptions().get(token, _NONE)
