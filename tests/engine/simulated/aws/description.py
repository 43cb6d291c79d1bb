"""What resources/*.yaml says of AWS' types beyond the core's words: the documents in their inputs.

A type that is not described still has its SDK types checked, gets an id and an ARN by AWS' usual form, and is changed
in place unless the SDK's own words say otherwise. `call` is `service.Operation`.
"""

import functools
from pathlib import Path
from typing import Literal

import msgspec

from tests.engine.simulated.core import description as core

_FOLDER = Path(__file__).parent / "resources"

DocumentKind = Literal["identity", "trust", "resource", "json"]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON text. max: characters without white space, as IAM counts them."""

    kind: DocumentKind = "json"
    max: int = 0


class Description(core.Description, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """documents: JSON texts, by the input that holds one."""

    documents: dict[str, Document] = msgspec.field(default_factory=dict[str, Document])


@functools.cache
def descriptions() -> dict[str, Description]:
    """By token. Raises msgspec.ValidationError for a file that says what this does not know."""
    return {f"aws:{short}": each for short, each in core.read(_FOLDER, Description).items()}


_NONE = Description()


def description(token: str) -> Description:
    return descriptions().get(token, _NONE)
