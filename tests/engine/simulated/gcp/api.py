"""Google's discovery documents as shapes: what Google itself publishes of the bodies of the calls that make resources.

They come with google-api-python-client. A document is megabytes of JSON, so the few schemas that are used are kept by
themselves. What a discovery document says in words only ("Required.") is read from its words.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tests.engine.simulated.core import published
from tests.engine.simulated.core.kept import Kept
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.published import Row, Rows
from tests.engine.simulated.core.shapes import Shape, normal
from tests.engine.simulated.core.wire import Plain
from tests.engine.simulated.gcp.description import Description

_KEPT = Kept("google-api-python-client", __file__)
_REQUIRED = re.compile(r"(Immutable\. )?Required\.\s")
_WHOLE = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_FORMS = {
    "google-duration": r"(-?\d+(\.\d{1,9})?s)?",  # an empty text is what the provider takes for none
    "google-datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",
}


def problems(description: Description, inputs: Plain) -> Iterator[Problem]:
    """What the call would refuse of the inputs that it has members for, and what the description adds to that."""
    whole = schema(description.call) if description.call else Shape(sort="structure")
    yield from published.problems(description, whole, inputs)


@functools.cache
def schema(name: str) -> Shape:
    """`api.version.Schema`. Raises FileNotFoundError or KeyError for one that there is not."""
    content = _KEPT.get(name, lambda: msgspec.json.encode(_flat(name)))
    assert content is not None
    return published.read(content, name.rsplit(".", 1)[1])


def _flat(name: str) -> Rows:
    """All shapes of a schema by Google's names."""
    document, top = name.rsplit(".", 1)
    rows: Rows = {}
    _Reader(_document(document), top, rows).named(top)
    return rows


class _Reader:
    """Of one discovery document, from one schema on."""

    def __init__(self, document: Mapping[str, Any], top: str, into: Rows) -> None:
        self._schemas, self._top, self._into = document["schemas"], top, into
        plural = f"{top[0].lower()}{top[1:]}"
        self._inserts = {f"{document['name']}.{plural}{end}.insert" for end in ("s", "es")}

    def named(self, name: str) -> str:
        if name not in self._into:
            self._into[name] = Row(shape=Shape())  # first, since schemas may hold themselves
            self._structure(name, self._schemas[name])
        return name

    def _structure(self, name: str, described: Mapping[str, Any]) -> None:
        properties = described.get("properties", {})
        required = tuple(key for key, it in properties.items() if self._is_required(name, key, it))
        members: dict[str, str] = {}
        self._into[name] = Row(shape=Shape(sort="structure", required=required), members=members)
        members.update({normal(key): self._value(f"{name}.{key}", it) for key, it in properties.items()})

    def _is_required(self, name: str, key: str, described: Mapping[str, Any]) -> bool:
        """A resource's own name is part of the URL, whatever the program calls it."""
        if name == self._top and key == "name":
            return False
        asked = set(described.get("annotations", {}).get("required", ()))
        return bool(_REQUIRED.match(described.get("description", "")) or asked & self._inserts)

    def _value(self, name: str, described: Mapping[str, Any]) -> str:
        if "$ref" in described:
            return self.named(described["$ref"])
        if described.get("type") == "array":
            self._into[name] = Row(shape=Shape(sort="list"), item=self._value(f"{name}[]", described["items"]))
        elif "additionalProperties" in described:
            of = self._value(f"{name}{{}}", described["additionalProperties"])
            self._into[name] = Row(shape=Shape(sort="map"), item=of)
        elif "properties" in described:
            self._structure(name, described)
        else:
            self._into[name] = Row(shape=_leaf(described))
        return name


def _leaf(described: Mapping[str, Any]) -> Shape:
    form = described.get("format", "")
    if form in _WHOLE:  # those of 64 bits are texts in JSON
        return Shape(sort="number", min=_WHOLE[form][0], max=_WHOLE[form][1])
    match described.get("type"):
        case "string":
            pattern: str = _FORMS.get(form) or described.get("pattern", "")
            return Shape(sort="text", pattern=pattern, values=_in_use(described))
        case "number" | "integer":
            return Shape(sort="number")
        case "boolean":
            return Shape(sort="flag")
        case _:
            return Shape()


def _in_use(described: Mapping[str, Any]) -> tuple[str, ...]:
    """The members of an enum that Google has not given up: a program of ours should not begin with one that it has.

    Its zero stays: it says that nothing is chosen, and Google takes it, as it takes the field's absence.
    """
    members: list[str] = described.get("enum", [])
    given_up = described.get("enumDeprecated", [False] * len(members))
    return tuple(
        member for member, gone in zip(members, given_up, strict=True) if not gone or member.endswith("UNSPECIFIED")
    )


@functools.cache
def _document(name: str) -> Mapping[str, Any]:
    import googleapiclient  # only where a schema was not kept

    file = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / f"{name}.json"
    return json.loads(file.read_text())
