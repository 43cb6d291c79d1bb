"""Which changes of an object make another object of it: by rules of Pulumi's provider, and by what the API server says.

Pure. The API server is asked with a dry run elsewhere; its refusal is read here.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any

from tests.cluster.api import ApiRefusedError
from tests.cluster.standin.settings import Settings

IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_CONTENT = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData", "type")}
"""Replaced with another name, or in a gap, so that pods never see half of a change."""

_IMMUTABLE = re.compile(r"immutable|may not (be )?change|may not be updated|cannot change|updates to .* are forbidden")


def by_rule(inputs: dict[str, Any], changed: Iterable[str], settings: Settings) -> frozenset[str]:
    """The changed paths that Pulumi's provider replaces by itself."""
    rules = list(IDENTITY)
    mutable = {"ConfigMap": settings.config_maps_mutable, "Secret": settings.secrets_mutable}
    kind = inputs.get("kind", "")
    if inputs.get("apiVersion") == "v1" and kind in _CONTENT and not mutable[kind]:
        rules += _CONTENT[kind]
    return frozenset(path for path in changed if any(_is_within(path, rule) for rule in rules))


def is_immutable(refused: ApiRefusedError) -> bool:
    """Whether the API server says that something cannot change, and nothing else is wrong."""
    said = [cause.message for cause in refused.causes] or [str(refused)]
    return refused.code == "Invalid" and all(_IMMUTABLE.search(words) for words in said)


def by_server(refused: ApiRefusedError, changed: Collection[str]) -> frozenset[str]:
    """The changed paths that the API server calls immutable; all of them where it names none that was changed."""
    named = [cause.path for cause in refused.causes if _IMMUTABLE.search(cause.message)]
    found = {path for path in changed for name in named if _is_within(path, name) or _is_within(name, path)}
    return frozenset(found or changed)


def _is_within(path: str, of: str) -> bool:
    return path == of or path.startswith((f"{of}.", f"{of}["))
