"""What resources/*.yaml says of Google's types beyond the core's words: standing names, defaults, documents.

A type that is not described still has its SDK types checked, gets an id of Google's usual form, and is replaced when
its name, project, region or location changes. `call` is a schema of a discovery document: `container.v1.NodePool`.
"""

import functools
import re
from pathlib import Path

import msgspec

from tests.engine.simulated.core import description as core

_FOLDER = Path(__file__).parent / "resources"
_LAST = re.compile(r"/([A-Za-z0-9]+)/[^/]*\{[^/]*$")


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Inputs of which one may be given, below a path. needed: one has to be. several: more may be."""

    at: str = ""
    of: tuple[str, ...]
    needed: bool = False
    several: bool = False


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long something may take, and in which steps. or_none: or not at all."""

    min_s: float = 0
    max_s: float
    step_s: float = 0
    or_none: bool = False


class Description(core.Description, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """guarded: what the guard is where the program says nothing. location: likewise, in the provider's place.

    lingers: its name stays taken after a deletion. documents: schemas of inputs that are texts of JSON, as `call`.
    labels: paths of labels of Google besides `labels`. ranges: paths of ranges of addresses. choices: inputs that rule
    each other out. spans: by path, how long a time may be.
    """

    guarded: bool = False
    location: str = ""
    lingers: bool = False
    documents: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    labels: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    spans: dict[str, Span] = msgspec.field(default_factory=dict[str, Span])

    @property
    def collection(self) -> str:
        """What stands before its name in its id: `subnetworks`; empty for an id of another form."""
        found = _LAST.search(self.id)
        return found[1] if found and self.id.startswith("projects/") else ""


@functools.cache
def descriptions() -> dict[str, Description]:
    """By token. Raises msgspec.ValidationError for a file that says what this does not know."""
    return {f"gcp:{short}": each for short, each in core.read(_FOLDER, Description).items()}


@functools.cache
def collections() -> dict[str, frozenset[str]]:
    """Types by the collection that their ids name."""
    named = {each.collection for each in descriptions().values()} - {""}
    return {name: frozenset(token for token, it in descriptions().items() if it.collection == name) for name in named}


_NONE = Description()


def description(token: str) -> Description:
    return descriptions().get(token, _NONE)
