"""Inputs against the published SDK's types: every property known, nothing required missing, every value of its type."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.engine.simulated.core.kinds import Kind, Type
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN, Asset, Plain, below

_WORDS = {
    "text": "text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "asset": "an asset or an archive",
    "list": "a list",
    "map": "a mapping",
    "object": "an object",
}


def problems(kind: Kind, inputs: Plain) -> Iterator[Problem]:
    """What the SDK's own types refuse; an unknown of a preview is not judged."""
    yield from _object(kind, kind.inputs, inputs, "")


def _object(kind: Kind, name: str, value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    fields = kind.classes[name]
    for missing in sorted(fields.required - value.keys()):
        yield Problem(path=below(path, missing), reason=f"is required by {name}")
    for key, item in value.items():
        if key not in fields.types:
            yield Problem(path=below(path, key), reason=f"{name} has no such property{_meant(key, fields.types)}")
        else:
            yield from _value(kind, fields.types[key], item, below(path, key))


def _value(kind: Kind, wanted: Type, value: Any, path: str) -> Iterator[Problem]:
    if value == UNKNOWN or wanted.sort == "any":
        return
    if wanted.sort == "either":
        if all(any(_value(kind, choice, value, path)) for choice in wanted.of):
            meant = [choice for choice in wanted.of if _fits(choice, value)] or wanted.of
            yield from _value(kind, meant[0], value, path)
    elif not _fits(wanted, value):
        yield Problem(path=path, reason=f"must be {_WORDS[wanted.sort]}, and is {_described(value)}")
    elif wanted.values and value not in wanted.values:
        yield Problem(path=path, reason=f"{value!r} is none of {', '.join(map(str, wanted.values))}")
    elif wanted.sort == "list":
        for index, item in enumerate(value):
            yield from _value(kind, wanted.of[0], item, f"{path}[{index}]")
    elif wanted.sort == "map":
        for key, item in value.items():
            yield from _value(kind, wanted.of[0], item, below(path, key))
    elif wanted.sort == "object":
        yield from _object(kind, wanted.name, value, path)


def _fits(wanted: Type, value: Any) -> bool:
    match wanted.sort:
        case "text":
            return isinstance(value, str) and not isinstance(value, Asset)
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "asset":
            return isinstance(value, Asset)
        case "list":
            return isinstance(value, list)
        case _:
            return isinstance(value, Mapping)


def _described(value: Any) -> str:
    """Never the value itself: it may be a secret."""
    for sort in ("flag", "whole", "number", "asset", "text", "list", "map"):
        if _fits(Type(sort=sort), value):
            return _WORDS[sort]
    return "nothing"


def _meant(key: str, known: Mapping[str, Type]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"; {close[0]} is meant?" if close else ""
