"""Values against a cloud's own description of a call: lengths, patterns, ranges, enums, as a tree without a protocol.

A cloud turns its published model into Shapes. Here they meet the properties of a registration, whose names differ a
little: `subnetIds` for `subnets`, `cidrBlock` for `CidrBlock`. What has no member of a like name is not judged.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN, below

_KEY, _VALUE = "key", "value"  # of a tag, where a cloud has a list of pairs for what a program writes as a mapping


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """min and max: of a text's or list's length, or of a number. members: of a structure, by name in lower case.

    item: of a list, or a mapping's value. pattern: that all of a text matches. required: members that a structure
    must have, by the cloud's own names.
    """

    sort: Literal["text", "number", "flag", "list", "map", "structure", "other"] = "other"
    min: float | None = None
    max: float | None = None
    pattern: str = ""
    values: tuple[str, ...] = ()
    members: dict[str, "Shape"] = {}
    required: tuple[str, ...] = ()
    item: "Shape | None" = None


def normal(name: str) -> str:
    """A name of a property or a member, so that both can be compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def meant(shape: Shape, name: str) -> str:
    """The name of the member that a property means: the same, or its singular or plural; empty for none."""
    wanted = normal(name)
    for candidate in (wanted, f"{wanted}s", wanted.removesuffix("s"), wanted.removesuffix("es")):
        if candidate in shape.members:
            return candidate
    return ""


def problems(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    """What the description refuses of one value."""
    if value == UNKNOWN:
        return
    match shape.sort:
        case "structure" if isinstance(value, Mapping):
            given = {name: meant(shape, name) for name in value}
            for missing in shape.required:
                if normal(missing) not in given.values():
                    yield Problem(path=below(path, missing), reason="is required by the API")
            for name, item in value.items():
                if given[name]:
                    yield from problems(shape.members[given[name]], item, below(path, name))
        case "structure" if isinstance(value, list):  # a program writes a list where the call takes one
            for index, item in enumerate(value):
                yield from problems(shape, item, f"{path}[{index}]")
        case "list" if isinstance(value, list):
            yield from _length(shape, len(value), path, "items")
            for index, item in enumerate(value):
                yield from problems(shape.item or Shape(), item, f"{path}[{index}]")
        case "list" if isinstance(value, Mapping) and shape.item:
            yield from _pairs(shape, value, path)
        case "map" if isinstance(value, Mapping):
            yield from _length(shape, len(value), path, "entries")
            for key, item in value.items():
                yield from problems(shape.item or Shape(), item, below(path, key))
        case "text" if isinstance(value, str):
            yield from _text(shape, value, path)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            yield from _range(shape, value, path)


def _pairs(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """A mapping where the cloud takes a list: of pairs of key and value, or of one structure."""
    item = shape.item or Shape()
    if not {_KEY, _VALUE} <= item.members.keys():
        yield from problems(item, value, path)
        return
    yield from _length(shape, len(value), path, "entries")
    for key, text in value.items():
        yield from problems(item.members[_KEY], key, f"{below(path, key)} (its key)")
        yield from problems(item.members[_VALUE], text, below(path, key))


def _text(shape: Shape, value: str, path: str) -> Iterator[Problem]:
    yield from _length(shape, len(value), path, "characters")
    if shape.values and value not in shape.values:
        yield Problem(path=path, reason=f"{value!r} is none of {_some(shape.values)}")
    if shape.pattern and not _matches(shape.pattern, value):
        yield Problem(path=path, reason=f"{value!r} does not match {shape.pattern}")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # a pattern of another language than Python's
        return True


def _length(shape: Shape, length: int, path: str, what: str) -> Iterator[Problem]:
    if shape.min is not None and length < shape.min:
        yield Problem(path=path, reason=f"has {length} {what}, at least {shape.min:g} are needed")
    if shape.max is not None and length > shape.max:
        yield Problem(path=path, reason=f"has {length} {what}, at most {shape.max:g} are allowed")


def _range(shape: Shape, value: float, path: str) -> Iterator[Problem]:
    if (shape.min is not None and value < shape.min) or (shape.max is not None and value > shape.max):
        least = "" if shape.min is None else f"{shape.min:g}"
        most = "" if shape.max is None else f"{shape.max:g}"
        yield Problem(path=path, reason=f"{value:g} is not in {least}..{most}")
    if shape.values and f"{value:g}" not in shape.values:
        yield Problem(path=path, reason=f"{value:g} is none of {_some(shape.values)}")


def _some(values: tuple[str, ...]) -> str:
    shown = ", ".join(values[:12])
    return shown if len(values) <= 12 else f"{shown} and {len(values) - 12} more"
